package place

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is written and not yet in its place. The zero value is none.
type File struct{ Path, temp string }

// Stage writes data beside file.
func Stage(file string, data []byte) (File, error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".checkout-deploy-*.tmp")
	if err != nil {
		return File{}, err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return File{}, errors.Join(err, os.Remove(f.Name()))
	}
	return File{file, f.Name()}, nil
}

// Commit puts the file in its place, whole or not at all. A link is replaced
// itself: a repository may have one that leads anywhere.
func (s *File) Commit() error {
	err := os.Rename(s.temp, s.Path)
	if err == nil {
		s.temp = ""
	}
	return err
}

// Discard removes what was not put in its place.
func (s *File) Discard() {
	if s.temp != "" {
		_ = os.Remove(s.temp)
	}
}

// Remove removes a file that may not be there.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
