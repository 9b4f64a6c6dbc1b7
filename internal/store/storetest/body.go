package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

const mebibyte = 1 << 20

// large is more than drivers keep in memory or send in one part.
const large = 32*mebibyte + 1

func sizes(t *testing.T, s *subject) {
	for _, size := range []int{0, 1, 4096, 5 * mebibyte, 8 * mebibyte, 8*mebibyte + 1, large} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			s := &subject{s.Store, t}
			name, data := "r/1/"+strconv.Itoa(size), noise(size)
			v, err := s.Write(t.Context(), name, store.Bytes(data), plain, store.Anew)
			if err != nil {
				t.Fatal(err)
			}
			got, info, err := store.Read(t.Context(), s, name, int64(size))
			if err != nil {
				t.Fatal(err)
			}
			if !equal(got, data) || info.Version != v || info.Size != int64(size) {
				t.Errorf("got %d bytes, %+v, want %d of version %q", len(got), info, size, v)
			}
			if err := store.Check(t.Context(), s, name, int64(size), release.IntegrityOf(data)); err != nil {
				t.Error(err)
			}
			for range 20 { // a server that refuses may hang up on the bytes
				_, err = s.Write(t.Context(), name, store.Bytes(data), plain, store.Anew)
				if store.CodeOf(err) != store.Unknown {
					break
				}
			}
			s.code("creating it again", err, store.Exists)
			if !s.Capabilities().Swap {
				return
			}
			_, err = s.Write(t.Context(), name, store.Bytes(append(data, 'x')), plain, store.Replacing(v+"0"))
			s.code("replacing another version", err, store.Changed, store.Invalid)
			if _, err = s.Write(t.Context(), name, store.Bytes(append(data, 'x')), plain, store.Replacing(v)); err != nil {
				t.Error(err)
			}
		})
	}
}

func headers(t *testing.T, s *subject) {
	rows := []store.Header{
		{ContentType: "text/javascript; charset=utf-8", CacheControl: "public, max-age=31536000, immutable"},
		{ContentType: "application/json", CacheControl: "public, max-age=0, s-maxage=5, stale-if-error=86400"},
		{ContentType: "font/woff2", CacheControl: "no-store"},
		{ContentType: "text/css; charset=utf-8", CacheControl: "public, max-age=31536000, immutable, no-transform", ContentEncoding: "br"},
		{ContentType: "text/html; charset=utf-8", CacheControl: "no-cache", ContentEncoding: "gzip"},
	}
	if !s.Capabilities().Headers {
		s.put("a", "a")
		if _, info := s.get("a"); info.Header != (store.Header{}) {
			t.Errorf("got %+v of a store that keeps no headers", info.Header)
		}
		return
	}
	for i, h := range rows {
		name := "r/1/" + strconv.Itoa(i)
		// Bytes that are no gzip: nobody is to decode them on the way.
		v, err := s.Write(t.Context(), name, store.Bytes([]byte("same bytes")), h, store.Anew)
		if err != nil {
			t.Fatal(err)
		}
		if got, info := s.get(name); info.Header != h || got != "same bytes" {
			t.Errorf("got %q with %+v, want %+v", got, info.Header, h)
		}
		if !s.Capabilities().Swap {
			continue
		}
		next := rows[(i+1)%len(rows)]
		if _, err := s.Write(t.Context(), name, store.Bytes([]byte("same bytes")), next, store.Replacing(v)); err != nil {
			t.Fatal(err)
		}
		if _, info := s.get(name); info.Header != next {
			t.Errorf("replaced: got %+v, want %+v", info.Header, next)
		}
	}
}

// wrongBodies: what is not the bytes that were named is not stored, anew or over
// another; and who replaced nothing can try again.
func wrongBodies(t *testing.T, s *subject) {
	data := noise(large)
	other := bytes.Clone(data)
	other[len(other)-1] ^= 1 // only the last byte tells
	little, small := data[:1000], other[len(other)-1000:]
	of := release.IntegrityOf
	for name, b := range map[string]struct {
		body store.Body
		is   func(error) bool
	}{
		"other bytes":             {body(1000, of(little), reading(bytes.NewReader(small))), mismatched},
		"other bytes, large":      {body(large, of(data), reading(bytes.NewReader(other))), mismatched},
		"fewer bytes":             {body(1000, of(little), reading(bytes.NewReader(little[:999]))), mismatched},
		"fewer bytes, large":      {body(large, of(data), reading(bytes.NewReader(data[:large-1]))), mismatched},
		"more bytes":              {body(999, of(little[:999]), reading(bytes.NewReader(little))), mismatched},
		"more bytes, large":       {body(large-1, of(data[:large-1]), reading(bytes.NewReader(data))), mismatched},
		"no bytes":                {body(1000, of(little), reading(bytes.NewReader(nil))), mismatched},
		"no integrity":            {body(1000, release.Integrity{}, reading(bytes.NewReader(little))), mismatched},
		"empty that is not":       {body(0, of(nil), reading(bytes.NewReader(little))), mismatched},
		"without end":             {body(1000, of(little), reading(endless{})), mismatched},
		"fails to open":           {body(1000, of(little), func() (io.ReadCloser, error) { return nil, errBody }), itsOwn},
		"its file is gone":        {body(1000, of(little), func() (io.ReadCloser, error) { return nil, fmt.Errorf("%w: %w", errBody, fs.ErrNotExist) }), itsOwn},
		"its file can't be read":  {body(1000, of(little), reading(iotest.ErrReader(fmt.Errorf("%w: %w", errBody, fs.ErrPermission)))), itsOwn},
		"fails at once":           {body(1000, of(little), reading(iotest.ErrReader(errBody))), itsOwn},
		"fails in the middle":     {body(1000, of(little), reading(failing(little[:500]))), itsOwn},
		"fails late, large":       {body(large, of(data), reading(failing(data[:large-1]))), itsOwn},
		"fails in the end":        {body(1000, of(little), reading(failing(little))), itsOwn},
		"fails in the end, large": {body(large, of(data), reading(failing(data))), itsOwn},
	} {
		t.Run(name, func(t *testing.T) {
			s := &subject{s.Store, t}
			_, err := s.Write(t.Context(), "r/1/a.js", b.body, plain, store.Anew)
			if !b.is(err) {
				t.Errorf("got %q: %v", store.CodeOf(err), err)
			}
			s.lacks("r/1/a.js")
		})
	}
	if s.Capabilities().Swap {
		v := s.put("channel.json", "one")
		_, err := s.Write(t.Context(), "channel.json", body(1000, of(little), reading(bytes.NewReader(small))), plain, store.Replacing(v))
		s.code("replacing by other bytes", err, store.Mismatch)
		if s.has("channel.json", "one") != v {
			t.Error("the version is another")
		}
	}
	if list := s.list("r"); len(list) > 0 {
		t.Errorf("got %q, want nothing", list)
	}
}

func mismatched(err error) bool { return store.CodeOf(err) == store.Mismatch }

func itsOwn(err error) bool { return errors.Is(err, errBody) && store.CodeOf(err) == store.Other }

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func failing(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errBody))
}

// pieces: readers may give their bytes as they like, and each is closed once.
func pieces(t *testing.T, s *subject) {
	data := noise(100_000)
	for name, of := range map[string]func(io.Reader) io.Reader{
		"byte by byte": iotest.OneByteReader, "half of what is wanted": iotest.HalfReader, "the end with the last bytes": iotest.DataErrReader,
	} {
		var opened, closed atomic.Int32
		b := store.Bytes(data)
		b.Open = func() (io.ReadCloser, error) {
			opened.Add(1)
			return closing{of(bytes.NewReader(data)), &closed}, nil
		}
		if _, err := s.Write(t.Context(), "r/"+name, b, plain, store.Anew); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s.has("r/"+name, string(data))
		if opened.Load() == 0 || opened.Load() != closed.Load() {
			t.Errorf("%s: opened %d times, closed %d times", name, opened.Load(), closed.Load())
		}
	}
}

type closing struct {
	io.Reader
	closed *atomic.Int32
}

func (c closing) Close() error {
	c.closed.Add(1)
	return nil
}

// readingPart: who has seen enough closes, and the store goes on.
func readingPart(t *testing.T, s *subject) {
	data := noise(large)
	if _, err := s.Write(t.Context(), "r/1/a.js", store.Bytes(data), plain, store.Anew); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r, _, err := s.Open(t.Context(), "r/1/a.js")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1000)
		if _, err := io.ReadFull(r, got); err != nil || !equal(got, data[:1000]) {
			t.Fatalf("got other bytes, or %v", err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if _, _, err := store.Read(t.Context(), s, "r/1/a.js", 1000); store.CodeOf(err) != store.Invalid {
		t.Errorf("reading with a limit: got %v", err)
	}
	s.has("r/1/a.js", string(data))
}

// cancelled: nothing is done for who has gone.
func cancelled(t *testing.T, s *subject) {
	v := s.put("channel.json", "one")
	ctx := cancelledContext(t)
	is := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", what, err)
		}
	}
	is("opening", second(s.Open(ctx, "channel.json")))
	_, err := s.Write(ctx, "other.json", store.Bytes(noise(1000)), plain, store.Anew)
	is("creating", err)
	_, err = s.Write(ctx, "channel.json", store.Bytes(noise(1000)), plain, store.Replacing(v))
	if s.Capabilities().Swap {
		is("replacing", err)
	}
	is("deleting", s.Delete(ctx, "channel.json", v))
	is("listing", last(s.List(ctx, "")))
	s.has("channel.json", "one")
	s.lacks("other.json")

	// A reader that is left by its context ends, and not as if all had been read.
	ctx, cancel := context.WithCancel(t.Context())
	b := store.Bytes(noise(large))
	whole := b.Open
	b.Open = func() (io.ReadCloser, error) {
		r, err := whole()
		return closing{&hangingUp{r, large / 2, cancel}, new(atomic.Int32)}, err
	}
	_, err = s.Write(ctx, "other.json", b, plain, store.Anew)
	is("creating, and leaving halfway", err)
	s.lacks("other.json")
}

// hangingUp calls cancel after some bytes.
type hangingUp struct {
	r      io.Reader
	after  int
	cancel func()
}

func (h *hangingUp) Read(b []byte) (int, error) {
	if h.after <= 0 {
		h.cancel()
	}
	n, err := h.r.Read(b)
	h.after -= n
	return n, err
}
