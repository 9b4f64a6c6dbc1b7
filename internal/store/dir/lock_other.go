//go:build !unix

package dir

import (
	"errors"
	"os"
)

func exclusive(*os.File) error { return errors.ErrUnsupported }
