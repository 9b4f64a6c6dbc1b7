package store

import (
	"context"
	"fmt"
	"io"

	"github.com/org/checkout-deploy/internal/release"
)

// Read reads an object whole. One of more than limit bytes is Invalid.
func Read(ctx context.Context, s Store, name string, limit int64) (_ []byte, _ Info, err error) {
	r, info, err := s.Open(ctx, name)
	if err != nil {
		return nil, Info{}, err
	}
	defer func() { err = closing(r, "reading", name, err) }()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, Info{}, fmt.Errorf("reading %q: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, Info{}, &Error{Code: Invalid, Op: "reading", Name: name, Err: fmt.Errorf("got more than %d bytes", limit)}
	}
	return data, info, nil
}

// Check reads an object to its end, and is Mismatch if its bytes are not those
// of the size and integrity.
func Check(ctx context.Context, s Store, name string, size int64, integrity release.Integrity) error {
	_, err := check(ctx, s, name, size, integrity)
	return err
}

func check(ctx context.Context, s Store, name string, size int64, integrity release.Integrity) (_ Version, err error) {
	r, info, err := s.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer func() { err = closing(r, "checking", name, err) }()
	got, n, err := release.IntegrityFrom(io.LimitReader(r, size+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("checking %q: %w", name, err)
	case n > size:
		return "", mismatch(name, fmt.Sprintf("got more than %d bytes", size))
	case n < size:
		return "", mismatch(name, fmt.Sprintf("got %d bytes, want %d", n, size))
	case got != integrity:
		return "", mismatch(name, fmt.Sprintf("got %s, want %s", got, integrity))
	}
	return info.Version, nil
}

func mismatch(name, text string) error {
	return &Error{Code: Mismatch, Op: "checking", Name: name, Err: fmt.Errorf("%s", text)}
}

func closing(c io.Closer, op, name string, err error) error {
	if closed := c.Close(); closed != nil && err == nil {
		return fmt.Errorf("%s %q: %w", op, name, closed)
	}
	return err
}
