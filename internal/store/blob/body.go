package blob

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// source reads a body and, where it ends, either says that it was what it should be
// or fails. What a server got by then is incomplete, and is not stored.
type source struct {
	ctx    context.Context //nolint:containedctx // a reader has no other place for it
	body   store.Body
	r      io.ReadCloser
	hash   hash.Hash
	n      int64
	err    error // why reading failed, io.EOF apart
	failed func()
}

func open(ctx context.Context, body store.Body) (*source, error) {
	r, err := body.Open()
	if err != nil {
		return nil, err
	}
	return &source{ctx: ctx, body: body, r: r, hash: sha512.New384(), failed: func() {}}, nil
}

func (s *source) Read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	// The bytes past the end are asked for, and not passed on.
	n, err = s.r.Read(p)
	s.n += int64(n)
	s.hash.Write(p[:n])
	switch {
	case s.n > s.body.Size:
		err = s.mismatch("more than")
	case errors.Is(err, io.EOF) && (s.n != s.body.Size || release.Integrity(s.hash.Sum(nil)) != s.body.Integrity):
		err = s.mismatch("")
	case err == nil && s.ctx.Err() != nil:
		err = s.ctx.Err()
	}
	if err == nil || err == io.EOF { //nolint:errorlint // as io.Reader has it
		return n, err
	}
	s.err = err
	s.failed()
	return 0, err
}

func (s *source) mismatch(more string) error {
	text := fmt.Sprintf("got %s %d bytes, want %d", more, s.n, s.body.Size)
	if s.n == s.body.Size {
		text = fmt.Sprintf("got %s, want %s", release.Integrity(s.hash.Sum(nil)), s.body.Integrity)
	}
	return &store.Error{Code: store.Mismatch, Op: "reading", Name: "the body", Err: errors.New(text)}
}

// sum hashes the body before it is read, and fails as reading it would.
func (s *source) sum(h hash.Hash) error {
	first, err := open(s.ctx, s.body)
	if err != nil {
		s.err = err
		return err
	}
	_, err = io.Copy(h, first)
	s.err = first.err
	return errors.Join(err, first.close())
}

func (s *source) close() error { return s.r.Close() }
