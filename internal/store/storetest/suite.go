package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Run has a driver show that it keeps the contract of store.Store. open makes a
// new store that is empty, and cleans up with the test. A store that can't compare
// and swap is asked less: there one writer is assumed. lacks names the tests that the
// server which the driver is tested with does not pass, whatever the driver does.
func Run(t *testing.T, open func(t *testing.T) store.Store, lacks ...string) {
	for _, test := range []struct {
		name string
		do   func(*testing.T, *subject)
		swap bool
	}{
		{"create", create, false},
		{"replace", replace, true},
		{"replace is refused", replaceRefused, false},
		{"bytes that come back", bytesComeBack, true},
		{"delete", deletes, false},
		{"delete compares", deleteCompares, true},
		{"versions of nothing", versionsOfNothing, true},
		{"sizes", sizes, false},
		{"headers", headers, false},
		{"bodies that are wrong", wrongBodies, false},
		{"bodies in pieces", pieces, false},
		{"reading a part", readingPart, false},
		{"names", names, false},
		{"names that look escaped", escapedNames, false},
		{"names that are none", noNames, false},
		{"folders", folders, false},
		{"list in the order of bytes", listOrder, false},
		{"list of many", listMany, false},
		{"errors", errorsOf, false},
		{"cancelled", cancelled, false},
		{"race to create", raceToCreate, true},
		{"race to replace", raceToReplace, true},
		{"race to delete", raceToDelete, true},
		{"replace against delete", replaceAgainstDelete, true},
		{"counting together", counting, true},
		{"readers see whole objects", wholeObjects, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if slices.Contains(lacks, test.name) {
				t.Skip("the server lacks this")
			}
			s := &subject{open(t), t}
			if test.swap && !s.Capabilities().Swap {
				t.Skip("one writer is assumed where Capabilities.Swap is not")
			}
			test.do(t, s)
		})
	}
}

// subject is a store with what tests say to it again and again.
type subject struct {
	store.Store
	t *testing.T
}

var plain = store.Header{ContentType: "text/plain; charset=utf-8", CacheControl: "no-store"}

func (s *subject) put(name, text string) store.Version {
	s.t.Helper()
	v, err := s.Write(s.t.Context(), name, store.Bytes([]byte(text)), plain, store.Anew)
	if err != nil {
		s.t.Fatalf("creating %q: %v", name, err)
	}
	if v == "" {
		s.t.Fatalf("creating %q: got no version", name)
	}
	return v
}

func (s *subject) swap(name, text string, old store.Version) (store.Version, error) {
	return s.Write(s.t.Context(), name, store.Bytes([]byte(text)), plain, store.Replacing(old))
}

func (s *subject) get(name string) (string, store.Info) {
	s.t.Helper()
	data, info, err := store.Read(s.t.Context(), s, name, 64<<20)
	if err != nil {
		s.t.Fatalf("reading %q: %v", name, err)
	}
	if info.Name != name || info.Size != int64(len(data)) || info.Version == "" {
		s.t.Fatalf("reading %q: got %d bytes and %+v", name, len(data), info)
	}
	return string(data), info
}

// has fails unless an object has this text, and returns its version.
func (s *subject) has(name, text string) store.Version {
	s.t.Helper()
	got, info := s.get(name)
	if got != text {
		s.t.Fatalf("%q has %q, want %q", name, short(got), short(text))
	}
	return info.Version
}

// lacks fails if there is an object, to readers or in a list.
func (s *subject) lacks(name string) {
	s.t.Helper()
	s.code("reading what is not there", second(s.Open(s.t.Context(), name)), store.NotFound)
	if slices.Contains(s.list(""), name) {
		s.t.Fatalf("%q is listed, and can't be read", name)
	}
}

func second(r io.ReadCloser, _ store.Info, err error) error {
	if err == nil {
		_ = r.Close()
	}
	return err
}

func (s *subject) list(folder string) (list []string) {
	s.t.Helper()
	for info, err := range s.List(s.t.Context(), folder) {
		if err != nil {
			s.t.Fatalf("listing %q: %v", folder, err)
		}
		if info.Header != (store.Header{}) {
			s.t.Errorf("listing %q: got the header %+v, want none", folder, info.Header)
		}
		list = append(list, info.Name)
	}
	return list
}

func (s *subject) code(what string, err error, want ...store.Code) {
	s.t.Helper()
	if err == nil {
		s.t.Fatalf("%s: got no error, want %q", what, want)
	}
	if got := store.CodeOf(err); !slices.Contains(want, got) {
		s.t.Fatalf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

// settled is try again while the store is busy, as callers do.
func settled(do func() error) (err error) {
	for range 100 {
		if err = do(); store.CodeOf(err) != store.Busy {
			return err
		}
	}
	return err
}

func short(text string) string {
	if len(text) > 64 {
		return text[:64] + "…"
	}
	return text
}

// noise is bytes that no compression makes smaller, the same ones each time.
func noise(size int) []byte {
	source := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	data := make([]byte, size)
	_, _ = source.Read(data) // never fails
	return data
}

// body is of data that says to be something else, or fails.
func body(size int, integrity release.Integrity, open func() (io.ReadCloser, error)) store.Body {
	return store.Body{Size: int64(size), Integrity: integrity, Open: open}
}

func reading(r io.Reader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
}

var errBody = errors.New("the body's own error")

func cancelledContext(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func equal(a, b []byte) bool { return bytes.Equal(a, b) }
