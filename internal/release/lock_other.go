//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package release

import (
	"errors"
	"os"
)

func lock(string) (*os.File, error) { return nil, errors.ErrUnsupported }
