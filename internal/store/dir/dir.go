// Package dir is a store in a folder: below a web server's root, or on a laptop.
//
// An object is a file. One is written beside the others first, flushed to the
// disk, and then put in its place at once: by a link where there was none, which
// fails if there is one, or by a rename over the version that was seen, under a
// lock that the kernel takes back from a process that dies.
package dir

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Dir is a store.Store. Close it in the end.
type Dir struct {
	root *os.Root
	now  func() time.Time
}

var _ store.Store = (*Dir)(nil)

// hidden has what is being written, and the lock. No object is below it.
const hidden = ".checkout-deploy"

// abandoned is how old a file is that nobody is writing any more.
const abandoned = 24 * time.Hour

// Open opens a folder, and makes it if it is not there.
func Open(folder string, now func() time.Time) (*Dir, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a web server reads it
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return &Dir{root, now}, nil
}

// Close frees the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Capabilities is store.Store's.
func (d *Dir) Capabilities() store.Capabilities { return store.Capabilities{Swap: true} }

// Open is store.Store's. The version is of the bytes.
func (d *Dir) Open(ctx context.Context, name string) (_ io.ReadCloser, info store.Info, err error) {
	if err := check(ctx, "opening", name); err != nil {
		return nil, info, err
	}
	f, info, err := d.open(name)
	return f, info, failed("opening", name, err)
}

func (d *Dir) open(name string) (_ *os.File, info store.Info, err error) {
	f, err := d.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, info, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	stat, err := f.Stat()
	if err != nil {
		return nil, info, err
	}
	if !stat.Mode().IsRegular() {
		return nil, info, fs.ErrNotExist // a folder is no object
	}
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return f, store.Info{Name: name, Size: n, Version: store.Version(hex.EncodeToString(hash.Sum(nil)))}, err
}

// Write is store.Store's. Headers are a web server's to send.
func (d *Dir) Write(ctx context.Context, name string, body store.Body, _ store.Header, when store.When) (_ store.Version, err error) {
	if err := check(ctx, "writing", name); err != nil {
		return "", err
	}
	temporary, version, err := d.lay(ctx, body)
	if err != nil {
		return "", failed("writing", name, err)
	}
	defer func() { _ = d.root.Remove(temporary) }() // it is gone where it was renamed
	if when == store.Anew {
		err = d.link(temporary, name)
	} else {
		err = d.replace(temporary, name, when.Version)
	}
	if err != nil {
		return "", failed("writing", name, err)
	}
	return version, nil
}

// lay writes a body beside the objects, flushed.
func (d *Dir) lay(ctx context.Context, body store.Body) (temporary string, _ store.Version, err error) {
	if err := d.root.MkdirAll(hidden, 0o755); err != nil {
		return "", "", err
	}
	temporary = path.Join(hidden, rand.Text())
	f, err := d.root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = d.root.Remove(temporary)
		}
	}()
	r, err := body.Open()
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	hash := sha256.New()
	got, n, err := release.IntegrityFrom(io.TeeReader(&cancelling{ctx, io.LimitReader(r, body.Size+1)}, io.MultiWriter(f, hash)))
	if err != nil {
		return "", "", err
	}
	if n != body.Size || got != body.Integrity {
		return "", "", &store.Error{Code: store.Mismatch, Op: "writing", Err: fmt.Errorf("got %d bytes of %s, want %d of %s", n, got, body.Size, body.Integrity)}
	}
	return temporary, store.Version(hex.EncodeToString(hash.Sum(nil))), f.Sync()
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

// link puts a file where there is none. Its folder may be taken away meanwhile.
func (d *Dir) link(temporary, name string) (err error) {
	for range 3 {
		if err = d.root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		if err = d.root.Link(temporary, name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) {
		return d.locked(func() error { return d.moveAnew(temporary, name) }) // no links here
	}
	return errors.Join(err, d.flush(name))
}

func (d *Dir) moveAnew(temporary, name string) error {
	if _, err := d.root.Lstat(name); err == nil {
		return fs.ErrExist
	}
	return errors.Join(d.root.Rename(temporary, name), d.flush(name))
}

func (d *Dir) replace(temporary, name string, version store.Version) error {
	return d.locked(func() error {
		if err := d.is(name, version); err != nil {
			return err
		}
		return errors.Join(d.root.Rename(temporary, name), d.flush(name))
	})
}

// Delete is store.Store's.
func (d *Dir) Delete(ctx context.Context, name string, version store.Version) error {
	if err := check(ctx, "deleting", name); err != nil {
		return err
	}
	return failed("deleting", name, d.locked(func() error {
		if err := d.is(name, version); err != nil {
			return err
		}
		if err := d.root.Remove(name); err != nil {
			return err
		}
		err := d.flush(name)
		for folder := path.Dir(name); folder != "." && d.root.Remove(folder) == nil; {
			folder = path.Dir(folder)
		}
		return err
	}))
}

// is compares what is there with what was seen.
func (d *Dir) is(name string, version store.Version) error {
	f, info, err := d.open(name)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if info.Version != version {
		return &store.Error{Code: store.Changed, Op: "comparing", Name: name}
	}
	return nil
}

// locked lets one process at a time replace or delete. The lock is the kernel's: it
// ends with the process.
func (d *Dir) locked(do func() error) (err error) {
	if err := d.root.MkdirAll(hidden, 0o755); err != nil {
		return err
	}
	f, err := d.root.OpenFile(path.Join(hidden, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := exclusive(f); err != nil {
		return err
	}
	return do()
}

// flush has the disk know of a name that came or went.
func (d *Dir) flush(name string) error {
	f, err := d.root.Open(path.Dir(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// List is store.Store's.
func (d *Dir) List(ctx context.Context, folder string) iter.Seq2[store.Info, error] {
	return func(yield func(store.Info, error) bool) {
		list, err := d.walk(ctx, folder)
		if err != nil {
			yield(store.Info{}, failed("listing", folder, err))
			return
		}
		for _, info := range list {
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (d *Dir) walk(ctx context.Context, folder string) (list []store.Info, err error) {
	start := "."
	if folder != "" {
		if err := check(ctx, "listing", folder); err != nil {
			return nil, err
		}
		start = folder
	}
	err = fs.WalkDir(d.root.FS(), start, func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it went meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name == hidden:
			d.sweep()
			return fs.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		if info, err := e.Info(); err == nil {
			list = append(list, store.Info{Name: name, Size: info.Size()})
		}
		return nil
	})
	slices.SortFunc(list, func(a, b store.Info) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// sweep removes what processes that died were writing. It may fail: nobody sees it.
func (d *Dir) sweep() {
	entries, err := fs.ReadDir(d.root.FS(), hidden)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.Name() != "lock" && d.now().Sub(info.ModTime()) > abandoned {
			_ = d.root.Remove(path.Join(hidden, e.Name()))
		}
	}
}

// check refuses what is no name of an object, before anything is done.
func check(ctx context.Context, op, name string) error {
	err := release.CheckPath(name)
	if err == nil && (name == hidden || strings.HasPrefix(name, hidden+"/")) {
		err = errors.New("this folder is the store's own")
	}
	if err != nil {
		return &store.Error{Code: store.Invalid, Op: op, Name: name, Err: err}
	}
	return ctx.Err()
}

// failed gives an error of the system its code.
func failed(op, name string, err error) error {
	if err == nil {
		return nil
	}
	code := store.CodeOf(err)
	switch {
	case code != store.Other:
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		code = store.NotFound
	case errors.Is(err, fs.ErrExist):
		code = store.Exists
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		code = store.Denied
	}
	return &store.Error{Code: code, Op: op, Name: name, Err: err}
}
