package site

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/blob"
	"github.com/org/checkout-deploy/internal/store/dir"
)

// store opens what an environment names: a folder, or a bucket's URL.
func (s *Site) store(ctx context.Context, name string) (store.Store, func() error, error) {
	scheme, _, ok := strings.Cut(name, "://")
	switch {
	case !ok:
		return s.openFolder(name)
	case slices.Contains(blob.Schemes(), scheme):
		return s.bucket(ctx, name)
	}
	return nil, nil, s.misused(fmt.Errorf("got the scheme %s, want a folder, or a URL with one of %s", scheme, strings.Join(blob.Schemes(), ", ")))
}

func (s *Site) misused(err error) error {
	return action.Misuse(fmt.Errorf("environments.%s.store: %w", s.Env.Name, err))
}

func (s *Site) openFolder(name string) (store.Store, func() error, error) {
	path, err := s.folder(name)
	if err != nil {
		return nil, nil, action.Misuse(err)
	}
	d, err := dir.Open(path, s.Now)
	if err != nil {
		return nil, nil, err
	}
	s.Wrote(path)
	return d, d.Close, nil
}

func (s *Site) bucket(ctx context.Context, name string) (store.Store, func() error, error) {
	u, err := url.Parse(name)
	if err == nil {
		err = blob.Check(u)
	}
	if err != nil {
		return nil, nil, s.misused(err)
	}
	if token, ok := s.Lookup("ACTIONS_ID_TOKEN_REQUEST_TOKEN"); ok {
		s.Mask(token)
	}
	b, err := blob.Open(ctx, u, blob.Options{Lookup: s.Lookup})
	if err != nil {
		return nil, nil, fmt.Errorf("opening the store: %w", err)
	}
	if !b.Capabilities().Swap {
		return nil, nil, s.misused(errors.Join(errors.New("it can't replace an object on a condition"), b.Close()))
	}
	return b, b.Close, nil
}
