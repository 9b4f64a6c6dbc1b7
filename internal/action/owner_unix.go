//go:build unix

package action

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// within says whether path is folder or in it.
func within(folder, path string) bool {
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// handOver gives what the action wrote to the workspace's owner. A container
// action is root; the runner's user could not remove root's files. Links are
// changed themselves, never followed.
func (r *Run) handOver() error {
	if !r.OnRunner() || os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(r.Dir)
	if err != nil {
		return fmt.Errorf("looking for the workspace's owner: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	var errs []error
	for _, path := range r.written {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real // the folder that a link named, and was written to
		}
		if !within(r.Dir, path) {
			continue // not the workspace's
		}
		err := filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, int(owner.Uid), int(owner.Gid))
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("giving %q to the workspace's owner: %w", r.Shown(path), err))
		}
	}
	return errors.Join(errs...)
}
