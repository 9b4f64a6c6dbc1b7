// Package dir is a store in a folder: below a web server's root, or on a laptop.
//
// An object is a file. One is written beside the others first, flushed to the
// disk, and then put in its place at once: by a link where there was none, which
// fails if there is one, or by a rename over the version that was seen, under a
// lock that the kernel takes back from a process that dies.
package dir

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/org/checkout-deploy/internal/store"
)

// Dir is a store.Store. Close it in the end.
type Dir struct {
	root *os.Root
	now  func() time.Time
	// turn is held by who asks for the kernel's lock: one of this process at a time.
	turn  chan struct{}
	swept sync.Once
}

var _ store.Store = (*Dir)(nil)

// hidden has what is being written, and the lock. No object is below it, and no
// other user may look into it.
const hidden = ".checkout-deploy"

// writing is the one operation for which nothing has to be there.
const writing = "writing"

// A web server is another user: it may read what is there.
const (
	fileMode   = 0o644
	folderMode = 0o755
)

// Open opens a folder, and makes it if it is not there.
func Open(folder string, now func() time.Time) (*Dir, error) {
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return &Dir{root: root, now: now, turn: make(chan struct{}, 1)}, nil
}

// Close frees the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Capabilities is store.Store's. Headers are a web server's to send.
func (d *Dir) Capabilities() store.Capabilities { return store.Capabilities{Swap: true} }

// Open is store.Store's.
func (d *Dir) Open(ctx context.Context, name string) (io.ReadCloser, store.Info, error) {
	if err := possible(ctx, "opening", name); err != nil {
		return nil, store.Info{}, err
	}
	f, info, err := d.open(ctx, name)
	if err != nil {
		return nil, store.Info{}, failed("opening", name, err)
	}
	return f, info, nil
}

// open reads a file to its end, as its version is that of its bytes, and again from
// the start. A file's times tell less: two writes within a tick of the kernel's
// clock have the same. Nobody writes into a file that is in its place.
func (d *Dir) open(ctx context.Context, name string) (_ *os.File, info store.Info, err error) {
	// A pipe would wait for its other end, and a link is not what was written.
	if stat, err := d.root.Lstat(name); err != nil {
		return nil, info, err
	} else if !stat.Mode().IsRegular() || d.linked(name) {
		return nil, info, fs.ErrNotExist
	}
	f, err := d.root.Open(name)
	if err != nil {
		return nil, info, err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // was only read
		}
	}()
	hash := sha256.New()
	n, err := io.Copy(hash, &cancelling{ctx, f})
	if err != nil {
		return nil, info, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, info, err
	}
	return f, store.Info{Name: name, Size: n, Version: version(hash.Sum(nil))}, nil
}

// linked says whether a folder of a name is a link: what is below one is not listed,
// and so is no object.
func (d *Dir) linked(name string) bool {
	for i, r := range name {
		if r != '/' {
			continue
		}
		if stat, err := d.root.Lstat(name[:i]); err == nil && stat.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

func version(sum []byte) store.Version { return store.Version(hex.EncodeToString(sum)) }

// is compares what is there with what was seen.
func (d *Dir) is(ctx context.Context, name string, want store.Version) error {
	f, info, err := d.open(ctx, name)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if info.Version != want {
		return &store.Error{Code: store.Changed, Op: "comparing", Name: name}
	}
	return nil
}

// cancelling ends a copy when its context does.
type cancelling struct {
	ctx context.Context //nolint:containedctx // a reader has no other place for it
	r   io.Reader
}

func (c *cancelling) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// possible refuses what is no name of an object, before anything is done.
func possible(ctx context.Context, op, name string) error {
	// Not all file systems tell capitals from small letters.
	if first, _, _ := strings.Cut(name, "/"); strings.EqualFold(first, hidden) {
		return &store.Error{Code: store.Invalid, Op: op, Name: name, Err: errors.New("this folder is the store's own; take another name")}
	}
	return cmp.Or(ctx.Err(), store.CheckName(op, name))
}

// failed gives an error of the system its code. What is below a file is not there.
func failed(op, name string, err error) error {
	code, e := store.Other, (*store.Error)(nil)
	switch {
	case errors.As(err, &e):
		code, err = e.Code, e.Err
	case op == writing && errors.Is(err, syscall.ENOTDIR):
		code = store.Invalid
	case op == writing && errors.Is(err, fs.ErrNotExist): // the store's own folder, not the object
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		code = store.NotFound
	case errors.Is(err, fs.ErrExist):
		code = store.Exists
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		code = store.Denied
	}
	return &store.Error{Code: code, Op: op, Name: name, Err: err}
}
