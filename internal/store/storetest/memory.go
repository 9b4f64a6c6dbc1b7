// Package storetest has what the tests of stores, and of what is built on them,
// share: a store in memory that is linearizable, and the suite that every driver
// passes.
package storetest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Memory is a store in memory. Its versions follow the bytes, as the ETags of
// S3 do: what a real store lets pass, it lets pass too.
type Memory struct {
	mu      sync.Mutex
	objects map[string]object
}

type object struct {
	data   []byte
	header store.Header
}

func (o object) version() store.Version {
	return store.Version(fmt.Sprintf("%x", sha256.Sum256(o.data)))
}

// Open is Store's.
func (m *Memory) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	if err := possible(ctx, "opening", name); err != nil {
		return nil, store.Info{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[name]
	if !ok {
		return nil, store.Info{}, &store.Error{Code: store.NotFound, Op: "opening", Name: name}
	}
	info := store.Info{Name: name, Size: int64(len(o.data)), Version: o.version(), Header: o.header}
	return io.NopCloser(bytes.NewReader(o.data)), info, nil
}

// Write is Store's.
func (m *Memory) Write(ctx context.Context, name string, body store.Body, header store.Header, when store.When) (store.Version, error) {
	if err := possible(ctx, "writing", name); err != nil {
		return "", err
	}
	fail := func(code store.Code, err error) (store.Version, error) {
		return "", &store.Error{Code: code, Op: "writing", Name: name, Err: err}
	}
	data, err := whole(ctx, body)
	if err != nil {
		return fail(store.CodeOf(err), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch old, ok := m.objects[name]; {
	case when == store.Anew && ok:
		return fail(store.Exists, nil)
	case when != store.Anew && (!ok || old.version() != when.Version):
		return fail(store.Changed, nil)
	}
	if m.objects == nil {
		m.objects = map[string]object{}
	}
	m.objects[name] = object{data, header}
	return m.objects[name].version(), nil
}

func whole(ctx context.Context, body store.Body) (_ []byte, err error) {
	r, err := body.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, body.Size+1))
	if err == nil && (int64(len(data)) != body.Size || release.IntegrityOf(data) != body.Integrity) {
		err = &store.Error{Code: store.Mismatch, Err: fmt.Errorf("got %d bytes of %s", len(data), release.IntegrityOf(data))}
	}
	return data, cmp.Or(err, ctx.Err())
}

// possible is what no store begins with.
func possible(ctx context.Context, op, name string) error {
	return cmp.Or(ctx.Err(), store.CheckName(op, name))
}

// Delete is Store's.
func (m *Memory) Delete(ctx context.Context, name string, version store.Version) error {
	if err := possible(ctx, "deleting", name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch o, ok := m.objects[name]; {
	case !ok:
		return &store.Error{Code: store.NotFound, Op: "deleting", Name: name}
	case o.version() != version:
		return &store.Error{Code: store.Changed, Op: "deleting", Name: name}
	}
	delete(m.objects, name)
	return nil
}

// List is Store's.
func (m *Memory) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		if err := cmp.Or(ctx.Err(), store.CheckFolder(folder)); err != nil {
			yield(store.Info{}, err)
			return
		}
		for _, info := range m.listed(folder) {
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (m *Memory) listed(folder string) (list []store.Info) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.objects)) {
		if folder == "" || strings.HasPrefix(name, folder+"/") {
			o := m.objects[name]
			list = append(list, store.Info{Name: name, Size: int64(len(o.data)), Version: o.version()})
		}
	}
	return list
}

// Capabilities is Store's.
func (m *Memory) Capabilities() store.Capabilities {
	return store.Capabilities{Swap: true, Headers: true}
}
