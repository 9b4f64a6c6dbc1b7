//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package release

import (
	"errors"
	"os"
	"syscall"
)

// lock opens dir and locks it with flock(2) until the file is closed or the
// process ends. errHeld: another has it.
func lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // only opened
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errHeld
		}
		return nil, &os.PathError{Op: "lock", Path: dir, Err: err}
	}
	return f, nil
}
