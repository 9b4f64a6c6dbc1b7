package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/address"
	"github.com/org/checkout-deploy/internal/store/dir"
)

// store opens what an environment names: a folder of the project's, or a URL.
func (s *Site) store(ctx context.Context, name string, peek bool) (store.Store, func() error, error) {
	a, err := address.Parse(name)
	if err != nil {
		return nil, nil, s.misused(err)
	}
	if path, ok := a.Folder(); ok {
		return s.openFolder(path, peek)
	}
	if token, ok := s.Lookup("ACTIONS_ID_TOKEN_REQUEST_TOKEN"); ok {
		s.Mask(token)
	}
	st, end, err := a.Open(ctx, address.Options{Now: s.Now, Lookup: s.Lookup})
	if err != nil {
		return nil, nil, fmt.Errorf("opening the store: %w", err)
	}
	if !st.Capabilities().Swap {
		return nil, nil, s.misused(errors.Join(fmt.Errorf("got %s, which can't replace an object on a condition: two deploys would overwrite each other unseen; want a folder, or a bucket", a), end()))
	}
	return st, end, nil
}

func (s *Site) misused(err error) error {
	return action.Misuse(fmt.Errorf("environments.%s.store: %w", s.Env.Name, err))
}

func (s *Site) openFolder(name string, peek bool) (store.Store, func() error, error) {
	path, err := s.folder(name)
	if err != nil {
		return nil, nil, action.Misuse(err)
	}
	if _, err := os.Stat(path); peek && errors.Is(err, fs.ErrNotExist) {
		return s.nothing()
	}
	d, err := dir.Open(path, s.Now)
	if err != nil {
		return nil, nil, err
	}
	s.Wrote(path)
	return d, d.Close, nil
}

// nothing is an empty store, for a look at what is not there yet.
func (s *Site) nothing() (store.Store, func() error, error) {
	empty, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return nil, nil, err
	}
	d, err := dir.Open(empty, s.Now)
	if err != nil {
		return nil, nil, err
	}
	return d, func() error { return errors.Join(d.Close(), os.RemoveAll(empty)) }, nil
}
