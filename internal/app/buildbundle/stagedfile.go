package buildbundle

import (
	"errors"
	"os"
	"path/filepath"
)

// stagedFile is written and not yet in its place. The zero value is none.
type stagedFile struct{ file, temp string }

// stageFile writes data beside file.
func stageFile(file string, data []byte) (stagedFile, error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".report-*.tmp")
	if err != nil {
		return stagedFile{}, err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return stagedFile{}, errors.Join(err, os.Remove(f.Name()))
	}
	return stagedFile{file, f.Name()}, nil
}

// commit puts the file in its place, whole or not at all. A link is replaced
// itself: a repository may have one that leads anywhere.
func (s *stagedFile) commit() error {
	err := os.Rename(s.temp, s.file)
	if err == nil {
		s.temp = ""
	}
	return err
}

// discard removes what was not put in its place.
func (s *stagedFile) discard() {
	if s.temp != "" {
		_ = os.Remove(s.temp)
	}
}
