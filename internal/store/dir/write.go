package dir

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Write is store.Store's.
func (d *Dir) Write(ctx context.Context, name string, body store.Body, _ store.Header, when store.When) (store.Version, error) {
	if err := possible(ctx, writing, name); err != nil {
		return "", err
	}
	written, err := d.write(ctx, name, body, when)
	if err != nil {
		return "", failed(writing, name, err)
	}
	return written, nil
}

func (d *Dir) write(ctx context.Context, name string, body store.Body, when store.When) (store.Version, error) {
	if err := d.free(name, when); err != nil {
		return "", err
	}
	temporary, written, err := d.lay(ctx, body)
	if err != nil {
		return "", err
	}
	defer func() { _ = d.root.Remove(temporary) }() // it is gone where it was renamed
	if when == store.Anew {
		err = d.link(ctx, temporary, name)
	} else {
		err = d.replace(ctx, temporary, name, when.Version)
	}
	if err != nil {
		return "", err
	}
	return written, nil
}

// free finds out early, and for folders alone, what the link or the rename would.
func (d *Dir) free(name string, when store.When) error {
	stat, err := d.root.Lstat(name)
	switch {
	case err == nil && stat.IsDir():
		return &store.Error{Code: store.Invalid, Err: errors.New("got the name of a folder that holds other objects; take another name")}
	case d.linked(name):
		return &store.Error{Code: store.Invalid, Err: errors.New("got a name below a link; take another name, or put a folder in its place")}
	case errors.Is(err, syscall.ENOTDIR):
		return &store.Error{Code: store.Invalid, Err: errors.New("got a name below that of an object; take another name")}
	case err == nil && when == store.Anew:
		return fs.ErrExist
	case errors.Is(err, fs.ErrNotExist) && when != store.Anew:
		return &store.Error{Code: store.Changed, Err: errors.New("it was deleted")}
	}
	return nil
}

// lay writes a body beside the objects, flushed.
func (d *Dir) lay(ctx context.Context, body store.Body) (temporary string, _ store.Version, err error) {
	if err := d.root.Mkdir(hidden, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", "", err
	}
	d.swept.Do(d.sweep)
	temporary = path.Join(hidden, rand.Text())
	f, err := d.root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return "", "", err
	}
	written, err := fill(ctx, f, body)
	if e := (*store.Error)(nil); err != nil && !errors.As(err, &e) {
		err = &store.Error{Err: err} // that a body's own file is missing is not about the object
	}
	if err == nil {
		err = errors.Join(f.Chmod(fileMode), f.Sync()) // whatever the umask
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = d.root.Remove(temporary)
		return "", "", err
	}
	return temporary, written, nil
}

// fill copies a body, if it is what it says.
func fill(ctx context.Context, f io.Writer, body store.Body) (_ store.Version, err error) {
	r, err := body.Open()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	hash := sha256.New()
	source := io.TeeReader(&cancelling{ctx, io.LimitReader(r, body.Size+1)}, io.MultiWriter(f, hash))
	got, n, err := release.IntegrityFrom(source)
	if err != nil {
		return "", err
	}
	if n != body.Size || got != body.Integrity {
		return "", &store.Error{Code: store.Mismatch, Err: fmt.Errorf("got %d bytes of %s, want %d of %s", n, got, body.Size, body.Integrity)}
	}
	return version(hash.Sum(nil)), ctx.Err()
}

// link puts a file where there is none. Its folder may be taken away meanwhile by
// who deletes the last object in it, so it is made again.
func (d *Dir) link(ctx context.Context, temporary, name string) (err error) {
	for range 100 {
		if err = d.folders(path.Dir(name)); err != nil {
			return err
		}
		if err = d.root.Link(temporary, name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &store.Error{Code: store.Busy, Err: err}
	case errors.Is(err, syscall.EPERM), errors.Is(err, errors.ErrUnsupported): // no links here
		return d.locked(ctx, func() error { return d.move(temporary, name) })
	case err != nil:
		return err
	}
	return d.flush(path.Dir(name))
}

func (d *Dir) move(temporary, name string) error {
	if _, err := d.root.Lstat(name); err == nil {
		return fs.ErrExist
	}
	// Folders are removed by who has the lock: it stays.
	if err := d.folders(path.Dir(name)); err != nil {
		return err
	}
	if err := d.root.Rename(temporary, name); err != nil {
		return err
	}
	return d.flush(path.Dir(name))
}

func (d *Dir) replace(ctx context.Context, temporary, name string, old store.Version) error {
	return d.locked(ctx, func() error {
		switch err := d.is(ctx, name, old); {
		case errors.Is(err, fs.ErrNotExist):
			return &store.Error{Code: store.Changed, Err: errors.New("it was deleted")}
		case err != nil:
			return err
		}
		if err := d.root.Rename(temporary, name); err != nil {
			return err
		}
		return d.flush(path.Dir(name))
	})
}

// Delete is store.Store's.
func (d *Dir) Delete(ctx context.Context, name string, seen store.Version) error {
	if err := possible(ctx, "deleting", name); err != nil {
		return err
	}
	err := d.locked(ctx, func() error {
		if err := d.is(ctx, name, seen); err != nil {
			return err
		}
		if err := d.root.Remove(name); err != nil {
			return err
		}
		err := d.flush(path.Dir(name))
		for folder := path.Dir(name); folder != "." && d.root.Remove(folder) == nil; {
			folder = path.Dir(folder) // empty ones go
		}
		return err
	})
	if err != nil {
		return failed("deleting", name, err)
	}
	return nil
}

// folders makes a folder and those above it, readable whatever the umask.
func (d *Dir) folders(folder string) error {
	if folder == "." {
		return nil
	}
	for i := range len(folder) + 1 {
		if i < len(folder) && folder[i] != '/' {
			continue
		}
		switch err := d.root.Mkdir(folder[:i], folderMode); {
		case err == nil:
			err = d.root.Chmod(folder[:i], folderMode)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		case errors.Is(err, fs.ErrNotExist): // it went meanwhile; the link will say so
			return nil
		case !errors.Is(err, fs.ErrExist):
			return err
		}
	}
	return nil
}

// flush has the disk know what came to a folder or went, and the folders above of
// those, whoever made them. Until then nobody knows what a crash leaves.
func (d *Dir) flush(folder string) error {
	for {
		f, err := d.root.Open(folder)
		if err == nil {
			err = f.Sync()
			if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
				err = nil // some file systems have nothing to flush in a folder
			}
			err = errors.Join(err, f.Close())
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &store.Error{Code: store.Unknown, Err: err}
		}
		if folder == "." {
			return nil
		}
		folder = path.Dir(folder)
	}
}

// locked lets one process at a time replace or delete. The lock is the kernel's: it
// ends with the process, however that does.
func (d *Dir) locked(ctx context.Context, do func() error) error {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := d.root.Mkdir(hidden, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := d.root.OpenFile(path.Join(hidden, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	got := make(chan error, 1)
	go func() { got <- exclusive(f) }()
	select {
	case err := <-got:
		defer func() { _ = f.Close() }() // which gives the lock back
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		return do()
	case <-ctx.Done():
		go func() { // the kernel can't be told to stop waiting
			_ = errors.Join(<-got, f.Close())
		}()
		return ctx.Err()
	}
}

// abandoned is how old a file is that nobody is writing any more.
const abandoned = 24 * time.Hour

// sweep removes what processes that died were writing. It may fail: nobody sees it.
func (d *Dir) sweep() {
	entries, err := fs.ReadDir(d.root.FS(), hidden)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && !strings.HasPrefix(e.Name(), "lock") && d.now().Sub(info.ModTime()) > abandoned {
			_ = d.root.Remove(path.Join(hidden, e.Name()))
		}
	}
}
