package storetest

import (
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
)

// names: what a release may call its files goes to the store and comes back.
func names(t *testing.T, s *subject) {
	want := []string{
		"channel.json", "r/1/checkout.js", "r/1/a b.js", "r/1/a+b=c&d.js", "r/1/~@!$'(),;[]{}^`.js", "r/1/.hidden", "r/1/..js",
		"r/1/über/ñandú.js", "r/1/字.js", "r/1/" + strings.Repeat("n", 200), "r/" + strings.Repeat("deep/", 20) + "x", "-", "A", "b",
		"r/1/a.js.attrs", "r/1/x.md5", "index.html", "r/index.html",
	}
	for _, name := range want {
		s.put(name, "of "+name)
	}
	for _, name := range want {
		s.has(name, "of "+name)
	}
	slices.Sort(want)
	if got := s.list(""); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// escapedNames are kept, or refused, and never another's.
func escapedNames(t *testing.T, s *subject) {
	for _, name := range []string{"r/1/__0x2e__", "r/1/__0xfc__.js", "r/1/=2e", "r/1/&amp;"} {
		_, err := s.Write(t.Context(), name, store.Bytes([]byte(name)), plain, store.Anew)
		switch {
		case err == nil:
			s.has(name, name)
			if !slices.Contains(s.list(""), name) {
				t.Errorf("%q is not listed", name)
			}
		case store.CodeOf(err) != store.Invalid:
			t.Errorf("%q: %v", name, err)
		}
	}
}

// last is the error that a list ends with.
func last(list iter.Seq2[store.Info, error]) (last error) {
	for _, err := range list {
		last = err
	}
	return last
}

func noNames(t *testing.T, s *subject) {
	v := s.put("a", "a")
	for _, name := range []string{
		"", "/", "/a", "a/", "b//c", ".", "..", "../a", "b/../a", "b/./c", "./a", "b/..", `b\c`, `..\a`, "b\x00c", "b\nc", "b?c", "b#c",
		"b%2fc", "%2e%2e/a", "b\xffc", "C:/a", "nul", "b.", "b ", strings.Repeat("a", 256), strings.Repeat("a/", 600) + "a", "u\u0308.js",
	} {
		s.code("opening "+name, second(s.Open(t.Context(), name)), store.Invalid)
		_, err := s.Write(t.Context(), name, store.Bytes([]byte("x")), plain, store.Anew)
		s.code("creating "+name, err, store.Invalid)
		_, err = s.Write(t.Context(), name, store.Bytes([]byte("x")), plain, store.Replacing(v))
		s.code("replacing "+name, err, store.Invalid)
		s.code("deleting "+name, s.Delete(t.Context(), name, v), store.Invalid)
		if name == "" {
			continue // all
		}
		s.code("listing "+name, last(s.List(t.Context(), name)), store.Invalid)
	}
	s.has("a", "a")
	if got := s.list(""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q", got)
	}
}

// folders are a part of names, and nothing that could be missing, empty or read.
func folders(t *testing.T, s *subject) {
	v := s.put("r/1/a.js", "a")
	s.put("r/10/b.js", "b")
	s.put("r.js", "c")
	s.put("r-1/d.js", "d")
	for folder, want := range map[string][]string{
		"":       {"r-1/d.js", "r.js", "r/1/a.js", "r/10/b.js"},
		"r":      {"r/1/a.js", "r/10/b.js"},
		"r/1":    {"r/1/a.js"},
		"r/2":    nil,
		"absent": nil,
		"r.js":   nil, // itself is not below it
		"r/1/a":  nil,
	} {
		if got := s.list(folder); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", folder, got, want)
		}
	}
	s.code("reading a folder", second(s.Open(t.Context(), "r/1")), store.NotFound)
	s.code("deleting a folder", s.Delete(t.Context(), "r/1", v), store.NotFound)
	if err := s.Delete(t.Context(), "r/1/a.js", v); err != nil {
		t.Fatal(err)
	}
	if got := s.list("r"); !slices.Equal(got, []string{"r/10/b.js"}) {
		t.Errorf("got %q", got)
	}
	s.put("r/1/a.js", "again")
	s.put("r/2/a.js", "another")
}

// listOrder is that of the bytes of whole names, which is not that of folders.
func listOrder(t *testing.T, s *subject) {
	want := []string{"a b", "a!c", "a+", "a-b", "a-c/d", "a.b", "a/b", "a/b.c", "a0", "aB", "ab", "a~", "aé", "a字", "a\U00020000"}
	for _, name := range slices.Backward(want) {
		s.put("r/"+name, name)
	}
	var got []string
	for info, err := range s.List(t.Context(), "r") {
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(info.Name, "r/")
		got = append(got, name)
		if info.Size != int64(len(name)) {
			t.Errorf("%q: got %d bytes, want %d", info.Name, info.Size, len(name))
		}
		if version := s.has(info.Name, name); info.Version != "" && info.Version != version {
			t.Errorf("%q: listed as %q, read as %q", info.Name, info.Version, version)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// listMany is more than a server lists at once.
func listMany(t *testing.T, s *subject) {
	const many = 1100
	var want []string
	limit := make(chan struct{}, 16)
	var wait sync.WaitGroup
	for i := range many {
		name := "r/" + strconv.Itoa(i)
		want = append(want, name)
		limit <- struct{}{}
		wait.Go(func() {
			defer func() { <-limit }()
			if err := s.made(name); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	slices.Sort(want)
	if got := s.list("r"); !slices.Equal(got, want) {
		t.Errorf("got %d names, want %d", len(got), many)
	}
	for _, err := range s.List(t.Context(), "r") {
		if err != nil {
			t.Error(err)
		}
		break // and no more is asked
	}
}

// made creates an object as callers do, who don't know better where no answer came.
func (s *subject) made(name string) (err error) {
	lost := false
	for range 100 {
		_, err = s.Write(s.t.Context(), name, store.Bytes([]byte(name)), plain, store.Anew)
		switch code := store.CodeOf(err); {
		case err == nil, code == store.Exists && lost:
			return nil
		case code != store.Unknown && code != store.Busy:
			return err
		case code == store.Unknown:
			lost = true
		}
	}
	return err
}

// errorsOf: an error says what was done to which object.
func errorsOf(t *testing.T, s *subject) {
	v := s.put("a", "a")
	_, exists := s.Write(t.Context(), "a", store.Bytes(nil), plain, store.Anew)
	for what, err := range map[string]error{
		"opening":  second(s.Open(t.Context(), "missing")),
		"creating": exists,
		"deleting": s.Delete(t.Context(), "missing", v),
	} {
		var e *store.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want a store.Error", what, err)
			continue
		}
		want := "missing"
		if what == "creating" {
			want = "a"
		}
		if e.Name != want || e.Op == "" || len(e.Error()) > 600 {
			t.Errorf("%s: got %+v: %s", what, e, e)
		}
	}
}
