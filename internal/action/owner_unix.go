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
