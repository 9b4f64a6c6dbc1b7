package site

import (
	"context"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/store/dir"
)

// store opens what an environment names: a folder, or a URL.
func (s *Site) store(_ context.Context, name string) (store.Store, func() error, error) {
	scheme, rest, ok := strings.Cut(name, "://")
	switch {
	case !ok:
		rest = name
	case scheme != "file":
		return nil, nil, action.Misuse(fmt.Errorf("environments.%s.store: got the scheme %s, want a folder", s.Env.Name, scheme))
	}
	path, err := s.folder(rest)
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
