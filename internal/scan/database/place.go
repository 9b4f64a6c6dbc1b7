package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// errHeld says that another has the lock.
var errHeld = errors.New("another process has it")

// prefix begins the names of what is beside the folder while it is being written.
func (g *getter) prefix() string { return "." + g.Kind.folder + "-" }

const (
	lockWait  = 200 * time.Millisecond
	lockTries = 3000 // ten minutes
)

// lock waits until no other process writes to the cache folder. Who comes second
// finds what the first has brought. Where there are no locks it goes on without:
// each has files of its own, and the last one's stay.
func (g *getter) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(g.Cache, 0o755); err != nil {
		return nil, local(fmt.Errorf("making the cache folder: %w", err))
	}
	for range lockTries {
		f, err := flock(filepath.Join(g.Cache, "."+g.Kind.folder+".lock"))
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil // it holds nothing but the lock
		case errors.Is(err, errors.ErrUnsupported):
			return func() {}, nil
		case !errors.Is(err, errHeld):
			return nil, local(fmt.Errorf("locking the cache folder: %w", err))
		}
		if err := g.Sleep(ctx, lockWait); err != nil {
			return nil, fmt.Errorf("waiting for another process that writes to the cache folder %q: %w", g.Cache, err)
		}
	}
	return nil, &failure{ErrUnavailable, fmt.Sprintf("another process has been writing to the cache folder %q for %s", g.Cache, lockTries*lockWait)}
}

// sweep removes what a process that was killed has left, now that the lock is ours.
func (g *getter) sweep() error {
	list, err := os.ReadDir(g.Cache)
	if err != nil {
		return local(err)
	}
	for _, entry := range list {
		if !strings.HasPrefix(entry.Name(), g.prefix()) {
			continue
		}
		if err := g.restore(entry.Name()); err != nil {
			return local(err)
		}
		if err := os.RemoveAll(filepath.Join(g.Cache, entry.Name())); err != nil {
			return local(err)
		}
	}
	return nil
}

const replaced = "replaced" // ends the name of a folder that makes room

// restore puts back the folder of a process that was killed between swap's two
// steps.
func (g *getter) restore(name string) error {
	if name != g.prefix()+replaced {
		return nil
	}
	if _, err := os.Lstat(g.folder); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(filepath.Join(g.Cache, name), g.folder)
}

// swap puts the folder fresh in target's place, in one step where the file system
// can: who reads the old files meanwhile goes on with them. What was there is
// removed; where that fails, the next Get does it.
func swap(fresh, target string) error {
	if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, target)
	}
	if exchange(fresh, target) == nil {
		return nil // install removes fresh, which now is the old one
	}
	old := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"-"+replaced)
	if err := os.Rename(target, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return os.RemoveAll(old)
}
