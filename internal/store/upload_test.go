package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/storetest"
)

// failing is a store whose writes fail by name, and that counts.
type failing struct {
	storetest.Memory
	mu     sync.Mutex
	by     func(name string) error
	writes int
	opens  int
	now    atomic.Int32
	most   int32
	spoils bool // keeps other bytes than it was given
}

func (f *failing) Write(ctx context.Context, name string, body store.Body, h store.Header, when store.When) (store.Version, error) {
	defer f.now.Add(-1)
	now := f.now.Add(1)
	f.mu.Lock()
	f.writes++
	f.most = max(f.most, now)
	var err error
	if f.by != nil {
		err = f.by(name)
	}
	f.mu.Unlock()
	if err != nil {
		return "", err
	}
	if f.spoils {
		body = store.Bytes([]byte("spoiled"))
	}
	return f.Memory.Write(ctx, name, body, h, when)
}

func (f *failing) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	f.mu.Lock()
	f.opens++
	f.mu.Unlock()
	return f.Memory.Open(ctx, name)
}

func list(n int) (objects []store.Object) {
	for i := range n {
		objects = append(objects, store.Object{Name: fmt.Sprintf("r/1/%03d.js", i), Body: store.Bytes(bytes.Repeat([]byte{byte(i)}, i)), Header: store.Header{ContentType: "text/javascript"}})
	}
	return objects
}

func TestUpload(t *testing.T) {
	f := &failing{}
	var heard []store.Uploaded
	o := store.UploadOptions{Parallel: 8, Progress: func(u store.Uploaded) { heard = append(heard, u) }}
	got, err := store.Upload(t.Context(), f, list(100), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := (store.Uploaded{Objects: 100, Of: 100, Bytes: 99 * 100 / 2}); got != want || len(heard) != 100 || heard[99] != got {
		t.Errorf("got %+v, heard %d times, want %+v", got, len(heard), want)
	}
	if f.opens != 100 || f.most > 8 {
		t.Errorf("read %d back, want 100; %d at once, want at most 8", f.opens, f.most)
	}
	for _, object := range list(100) {
		if err := store.Check(t.Context(), f, object.Name, object.Body.Size, object.Body.Integrity); err != nil {
			t.Error(err)
		}
	}
}

// TestUploadAgain: what is there is not sent again, with a list or without one.
func TestUploadAgain(t *testing.T) {
	for _, row := range []struct {
		name    string
		listed  bool
		trusted bool
		writes  int
	}{
		{"by its own look", false, false, 100},
		{"by a list", true, false, 40},
		{"by a list, trusting", true, true, 40},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &failing{}
			if _, err := store.Upload(t.Context(), f, list(60), store.UploadOptions{Parallel: 4}); err != nil {
				t.Fatal(err)
			}
			f.writes = 0
			o := store.UploadOptions{Parallel: 4, Trust: row.trusted}
			if row.listed {
				var err error
				if o.Present, err = store.Sizes(t.Context(), f, "r"); err != nil {
					t.Fatal(err)
				}
			}
			got, err := store.Upload(t.Context(), f, list(100), o)
			if err != nil || got.Objects != 100 || got.Skipped != 60 || f.writes != row.writes {
				t.Errorf("got %+v, %v with %d writes, want %d", got, err, f.writes, row.writes)
			}
		})
	}
}

func TestUploadFails(t *testing.T) {
	denied := &store.Error{Code: store.Denied, Op: "writing", Name: "x"}
	for _, row := range []struct {
		name  string
		by    func(string) error
		setup func(*testing.T, *failing)
		want  []string
		// tried is the most that may have been begun.
		tried int
	}{
		{
			"a right that is lacking stops the rest", func(string) error { return denied }, nil,
			[]string{`writing "x": denied`, "objects were not tried"},
			20,
		},
		{
			"busy for some", func(name string) error {
				if strings.HasSuffix(name, "7.js") {
					return &store.Error{Code: store.Busy, Op: "writing", Name: name}
				}
				return nil
			}, nil,
			[]string{`"r/1/007.js": busy`, `"r/1/097.js": busy`},
			100,
		},
		{
			"busy for all", func(name string) error { return &store.Error{Code: store.Busy, Op: "writing", Name: name} }, nil,
			[]string{"and 90 more"},
			100,
		},
		{
			"other bytes are there", nil, func(t *testing.T, f *failing) {
				if _, err := f.Write(t.Context(), "r/1/005.js", store.Bytes([]byte("other")), store.Header{}, store.Anew); err != nil {
					t.Fatal(err)
				}
			},
			[]string{`uploading "r/1/005.js": already there: it has other bytes, want sha384-`},
			101,
		},
		{
			"a store that keeps other bytes", nil, func(_ *testing.T, f *failing) { f.spoils = true },
			[]string{`checking "r/1/`, "other bytes", "and 90 more"},
			100,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &failing{by: row.by}
			if row.setup != nil {
				row.setup(t, f)
			}
			got, err := store.Upload(t.Context(), f, list(100), store.UploadOptions{Parallel: 4})
			if err == nil || got.Objects == 100 {
				t.Fatalf("got %+v, %v", got, err)
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if lines := strings.Count(err.Error(), "\n") + 1; lines > 12 || f.writes > row.tried {
				t.Errorf("got %d lines after %d writes, want at most %d", lines, f.writes, row.tried)
			}
		})
	}
}

func TestUploadCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &failing{by: func(name string) error {
		if name == "r/1/010.js" {
			cancel()
		}
		return nil
	}}
	got, err := store.Upload(ctx, f, list(100), store.UploadOptions{Parallel: 2})
	if !errors.Is(err, context.Canceled) || got.Objects > 20 {
		t.Errorf("got %+v, %v", got, err)
	}
	names, err := store.Sizes(t.Context(), f, "")
	if err != nil || len(names) > 20 || len(names) < got.Objects || got.Objects == 0 {
		t.Errorf("got %d objects, %v", len(names), err)
	}
}
