package artifact

import (
	"errors"
	"io/fs"
	"os"
)

// scratch is a temporary file that is gone once closed, and where the system
// allows it before: then a killed process leaves nothing either.
type scratch struct{ *os.File }

func newScratch(dir string) (scratch, error) {
	f, err := os.CreateTemp(dir, "checkout-artifact-*.zip")
	if err != nil {
		return scratch{}, err
	}
	_ = os.Remove(f.Name()) // Close tries again
	return scratch{f}, nil
}

func (s scratch) Close() error {
	err := s.File.Close()
	if gone := os.Remove(s.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
