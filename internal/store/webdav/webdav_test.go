package webdav

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/store"
)

func opened(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, name, text string) store.Version {
	t.Helper()
	v, err := s.Write(t.Context(), name, store.Bytes([]byte(text)), store.Header{}, store.Anew)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func listed(t *testing.T, s *Store, folder string) (names []string) {
	t.Helper()
	for info, err := range s.List(t.Context(), folder) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Name)
	}
	return names
}

// files are what lies in a server's folder, without the uploads' collection.
func files(t *testing.T, root string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(path, "/.DAV") {
			name, _ := filepath.Rel(root, path)
			names = append(names, name)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went away meanwhile
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestStore(t *testing.T) {
	at, root := apache(t)
	for _, kind := range []string{"dav", "digest", "basic"} {
		t.Run(kind, func(t *testing.T) {
			if err := os.Mkdir(filepath.Join(root, kind+" é"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(root, kind+" é"), 0o777); err != nil {
				t.Fatal(err)
			}
			s := opened(t, Options{URL: at + "/" + kind + "/" + kind + "%20%C3%A9/", User: user, Password: password})
			v := life(t, s)
			refusals(t, s, v)
			for info, err := range s.List(t.Context(), "r/gone") {
				if err := errors.Join(err, s.Delete(t.Context(), info.Name, info.Version)); err != nil {
					t.Error(err)
				}
			}
			if got := listed(t, s, "r/gone"); got != nil {
				t.Errorf("after it was deleted: got %q", got)
			}
			if support, err := s.Probe(t.Context()); err != nil || !support.Overwrite || !support.IfNoneMatch {
				t.Errorf("got %+v and error %v", support, err)
			}
			if got := files(t, filepath.Join(root, kind+" é")); !slices.Equal(got, []string{"a.js", "r/1/b+&=41 c.css", "r/1/é.js", "r/1.js", "z"}) {
				t.Errorf("the server has %q", got)
			}
		})
	}
}

// life writes some objects, lists and reads them, and returns the version of a.js.
func life(t *testing.T, s *Store) store.Version {
	t.Helper()
	ctx := t.Context()
	if got := listed(t, s, ""); got != nil {
		t.Errorf("at first: got %q", got)
	}
	v := put(t, s, "a.js", "checkout();")
	names := []string{"r/1/é.js", "r/1/b+&=41 c.css", "r/1.js", "r/gone/deep/x.js"}
	for _, name := range names {
		put(t, s, name, name)
	}
	put(t, s, "z", "")
	want := []string{"a.js", "r/1.js", "r/1/b+&=41 c.css", "r/1/é.js", "r/gone/deep/x.js", "z"}
	if got := listed(t, s, ""); !slices.Equal(got, want) || !slices.IsSorted(got) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := listed(t, s, "r/1"); !slices.Equal(got, want[2:4]) {
		t.Errorf("below a folder: got %q", got)
	}
	for _, none := range []string{"r/2", "a.js"} {
		if got := listed(t, s, none); got != nil {
			t.Errorf("below %q: got %q", none, got)
		}
	}
	for info, err := range s.List(ctx, "") {
		data, opened, readErr := store.Read(ctx, s, info.Name, 100)
		if err != nil || readErr != nil || opened != info || int64(len(data)) != info.Size || info.Version == "" {
			t.Errorf("listed as %+v, opened as %+v, with errors %v and %v", info, opened, err, readErr)
		}
	}
	for range s.List(ctx, "") { //nolint:errcheck // it is left early
		break
	}
	return v
}

// refusals are what can't be done to the objects of life.
func refusals(t *testing.T, s *Store, v store.Version) {
	t.Helper()
	ctx := t.Context()
	code := func(want store.Code, what string, err error) {
		t.Helper()
		if store.CodeOf(err) != want || err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%s: got %v, want it %s", what, err, want)
		}
	}
	_, err := s.Write(ctx, "a.js", store.Bytes([]byte("evil();")), store.Header{}, store.Anew)
	code(store.Exists, "written again", err)
	_, err = s.Write(ctx, "a.js", store.Bytes([]byte("evil();")), store.Header{}, store.Replacing(v))
	code(store.Invalid, "replaced", err)
	_, err = s.Write(ctx, "r/1", store.Bytes([]byte("x")), store.Header{}, store.Anew)
	code(store.Invalid, "written where a collection is", err)
	_, err = s.Write(ctx, "a.js/b", store.Bytes([]byte("x")), store.Header{}, store.Anew)
	code(store.Invalid, "written below an object", err)
	for _, none := range []string{"b.js", "r", "r/1", "a.js/b"} {
		_, _, err = s.Open(ctx, none)
		code(store.NotFound, "opening "+none, err)
	}
	code(store.Changed, "another version", s.Delete(ctx, "a.js", v+"x"))
	code(store.NotFound, "what is not there", s.Delete(ctx, "b.js", v))
	if data, _, err := store.Read(ctx, s, "a.js", 100); err != nil || string(data) != "checkout();" {
		t.Errorf("got %q and error %v", data, err)
	}
}

func TestBodies(t *testing.T) {
	at, root := apache(t)
	s := opened(t, Options{URL: at + "/dav"})
	right := store.Bytes(bytes.Repeat([]byte("checkout();"), 100_000))
	text := func(n int) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(bytes.Repeat([]byte("checkout();"), n))), nil
		}
	}
	broken := errors.New("the disk is broken")
	for _, test := range []struct {
		name string
		want store.Code
		open func() (io.ReadCloser, error)
	}{
		{"another byte", store.Mismatch, func() (io.ReadCloser, error) {
			data := bytes.Repeat([]byte("checkout();"), 100_000)
			data[len(data)-1]++
			return io.NopCloser(bytes.NewReader(data)), nil
		}},
		{"shorter", store.Mismatch, text(99_999)},
		{"longer", store.Mismatch, text(100_001)},
		{"empty", store.Mismatch, text(0)},
		{"it can't be opened", store.Other, func() (io.ReadCloser, error) { return nil, broken }},
		{"it can't be read", store.Other, func() (io.ReadCloser, error) {
			r, w := io.Pipe()
			go func() { _, _ = w.Write(make([]byte, 1000)); _ = w.CloseWithError(broken) }()
			return r, nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := right
			body.Open = test.open
			_, err := s.Write(t.Context(), "a.js", body, store.Header{}, store.Anew)
			if want := test.want; store.CodeOf(err) != want {
				t.Errorf("got %v, want it %s", err, want)
			}
			if _, _, err := s.Open(t.Context(), "a.js"); store.CodeOf(err) != store.NotFound {
				t.Errorf("then: got %v, want nothing there", err)
			}
		})
	}
	// Apache removes what it has of an upload that broke off when it notices.
	for deadline := time.Now().Add(20 * time.Second); files(t, root) != nil; {
		if time.Now().After(deadline) {
			t.Fatalf("left behind: %q", files(t, root))
		}
	}
	if _, err := s.Write(t.Context(), "a.js", right, store.Header{}, store.Anew); err != nil {
		t.Error(err)
	}
	if err := store.Check(t.Context(), s, "a.js", right.Size, right.Integrity); err != nil {
		t.Error(err)
	}
}

// While an object is written, readers see nothing or all of it, and an upload that
// breaks off is never seen.
func TestReadersSeeAllOrNothing(t *testing.T) {
	at, root := apache(t)
	s := opened(t, Options{URL: at + "/dav"})
	data := bytes.Repeat([]byte("checkout();"), 50_000)
	half := make(chan struct{})
	slow := store.Bytes(data)
	slow.Open = func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			_, _ = w.Write(data[:len(data)/2])
			<-half
			_, err := w.Write(data[len(data)/2:])
			_ = w.CloseWithError(err)
		}()
		return r, nil
	}
	ctx, kill := context.WithCancel(t.Context())
	written := make(chan error, 1)
	go func() {
		_, err := s.Write(ctx, "r/1/a.js", slow, store.Header{}, store.Anew)
		written <- err
	}()
	look := func() bool {
		got, _, err := store.Read(t.Context(), s, "r/1/a.js", 1<<20)
		if err == nil && !bytes.Equal(got, data) {
			t.Errorf("a reader saw %d bytes of %d", len(got), len(data))
		}
		return err == nil
	}
	for deadline := time.Now().Add(5 * time.Second); len(files(t, root)) == 0; { // until some of it has arrived
		if look() || time.Now().After(deadline) {
			t.Fatal("it was there before it was whole, or nothing arrives")
		}
	}
	kill()
	if err := <-written; err == nil || store.CodeOf(err) != store.Busy {
		t.Errorf("killed: got %v, want it busy: nothing was written", err)
	}
	if look() {
		t.Error("it was there after its writer was killed")
	}
	close(half)
	go func() {
		_, err := s.Write(t.Context(), "r/1/a.js", slow, store.Header{}, store.Anew)
		written <- err
	}()
	for done := false; !done; {
		select {
		case err := <-written:
			if done = true; err != nil {
				t.Error(err)
			}
		default:
			look()
		}
	}
	if !look() {
		t.Error("it was written, and is not there")
	}
}

// Of writers of the same bytes all but one are told that it is there, and none
// harms what is.
func TestWritersAtOnce(t *testing.T) {
	at, root := apache(t)
	var running sync.WaitGroup
	const writers, objects = 4, 10
	won := make([][writers]bool, objects)
	for w := range writers {
		s := opened(t, Options{URL: at + "/dav"})
		running.Go(func() {
			for i := range objects {
				name := fmt.Sprintf("r/%d/a.js", i)
				_, err := s.Write(t.Context(), name, store.Bytes([]byte(name)), store.Header{}, store.Anew)
				if won[i][w] = err == nil; err != nil && store.CodeOf(err) != store.Exists {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	running.Wait()
	s := opened(t, Options{URL: at + "/dav"})
	for i := range objects {
		name := fmt.Sprintf("r/%d/a.js", i)
		if data, _, err := store.Read(t.Context(), s, name, 100); err != nil || string(data) != name || !slices.Contains(won[i][:], true) {
			t.Errorf("%s: got %q, error %v and the winners %v", name, data, err, won[i])
		}
	}
	if got := files(t, root); len(got) != objects {
		t.Errorf("left behind: %q", got)
	}
}

func TestDenied(t *testing.T) {
	at, _ := apache(t)
	for _, kind := range []string{"digest", "basic"} {
		for name, o := range map[string]Options{
			"another password": {User: user, Password: "hunter2"},
			"another user":     {User: "mallory", Password: password},
			"nobody":           {},
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				o.URL = at + "/" + kind
				counted := &counting{}
				o.HTTP = counted
				s := opened(t, o)
				_, err := s.Write(t.Context(), "a.js", store.Bytes([]byte("x")), store.Header{}, store.Anew)
				if store.CodeOf(err) != store.Denied || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), password) || counted.n > 2 {
					t.Errorf("got %v after %d requests, want it denied after two", err, counted.n)
				}
				for _, err := range s.List(t.Context(), "") {
					if store.CodeOf(err) != store.Denied {
						t.Errorf("listing: got %v", err)
					}
				}
			})
		}
	}
}

type counting struct{ n int }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n++
	return http.DefaultTransport.RoundTrip(r)
}

func TestNew(t *testing.T) {
	for _, test := range []struct {
		name string
		o    Options
		says string
	}{
		{"https", Options{URL: "https://store.example/dav/content"}, ""},
		{"this machine", Options{URL: "http://127.0.0.1:80/dav"}, ""},
		{"no address", Options{}, "want https://host/path"},
		{"a user in it", Options{URL: "https://u:hunter2@store.example/"}, "the user by itself"},
		{"a query", Options{URL: "https://store.example/?token=hunter2"}, "without"},
		{"a password in the open", Options{URL: "http://store.example/dav"}, "by https only"},
		{"another scheme", Options{URL: "webdav:content"}, "want https://host/path"},
		{"a password with a line's end", Options{URL: "https://store.example/", User: "u", Password: "hunter2\n"}, "without a line's end"},
		{"a password of nobody", Options{URL: "https://store.example/", Password: "hunter2"}, "without a user"},
		{"all at once", Options{URL: "ftp://store.example/", Password: "hunter2"}, "without a user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.o)
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if test.name == "a query" {
				test.says = "with a user, query or fragment"
			}
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestNames(t *testing.T) {
	s := opened(t, Options{URL: "https://store.invalid/", HTTP: &counting{}})
	for _, name := range []string{"", ".", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\nb", `a\b`, Uploads + "/a", strings.Repeat("a/", 32) + "a", strings.Repeat("a", 1025)} {
		_, _, opening := s.Open(t.Context(), name)
		_, writing := s.Write(t.Context(), name, store.Bytes(nil), store.Header{}, store.Anew)
		for _, err := range []error{opening, writing, s.Delete(t.Context(), name, "v")} {
			if store.CodeOf(err) != store.Invalid {
				t.Errorf("%q: got %v, want it invalid", name, err)
			}
		}
	}
}

var _ store.Store = (*Store)(nil)
