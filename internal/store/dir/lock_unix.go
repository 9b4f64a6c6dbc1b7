//go:build unix

package dir

import (
	"errors"
	"os"
	"syscall"
)

// exclusive waits until this opened file alone has the lock.
func exclusive(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
