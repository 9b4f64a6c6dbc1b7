package webdav

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Support is what of WebDAV a server keeps to.
type Support struct {
	// Overwrite: "Overwrite: F" on MOVE is obeyed. Write needs it.
	Overwrite bool
	// IfNoneMatch: "If-None-Match: *" on PUT is obeyed. Nothing here depends on it.
	IfNoneMatch bool
}

// Probe tries out what Write depends on, with two small uploads that it removes
// again. An error is a server that can't be written to.
func (s *Store) Probe(ctx context.Context) (Support, error) {
	const op = "trying out"
	one, two := Uploads+"/"+rand.Text(), Uploads+"/"+rand.Text()
	defer s.discard(ctx, one)
	defer s.discard(ctx, two)
	for name, text := range map[string]string{one: "one", two: "two"} {
		if err := s.upload(ctx, name, name, store.Bytes([]byte(text))); err != nil {
			return Support{}, fmt.Errorf("%s: %w", op, err)
		}
	}
	res, err := s.client.do(ctx, request{method: http.MethodPut, url: s.at(two), header: http.Header{"If-None-Match": {"*"}}, body: text("two"), size: 3})
	if err != nil {
		return Support{}, lost(op, two, err, store.Busy)
	}
	_ = res.Body.Close()
	support := Support{IfNoneMatch: res.StatusCode == http.StatusPreconditionFailed}
	moved, err := s.moved(ctx, one, two)
	if err != nil {
		return Support{}, lost(op, two, err, store.Busy)
	}
	_ = moved.Body.Close()
	data, _, err := s.open(ctx, op, two)
	if err != nil {
		return Support{}, err
	}
	defer data.Close()
	got, _, err := release.IntegrityFrom(data)
	support.Overwrite = moved.StatusCode == http.StatusPreconditionFailed && got == release.IntegrityOf([]byte("two"))
	if err == nil && !support.Overwrite {
		err = &store.Error{Code: store.Invalid, Op: op, Name: two, Err: errors.New("the server replaces what is there although it is told not to (MOVE with Overwrite: F): it is not safe to deploy to")}
	}
	return support, err
}
