package artifact

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// stage is where a download becomes a folder: a hidden sibling of the folder it
// is to be, on the same file system, with the zip beside the files.
type stage struct {
	target string
	hidden string
	zip    *os.File
	files  *os.Root
}

// newStage prepares to make target, which must not be there or be an empty
// directory; its parent must be.
func newStage(target string) (*stage, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	if err := checkTarget(target); err != nil {
		return nil, err
	}
	s := &stage{target: target, hidden: filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".download-"+rand.Text()[:10])}
	if err := os.Mkdir(s.hidden, 0o700); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	return s, nil
}

func checkTarget(target string) error {
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%q: got a file or link there, want an empty directory or nothing", target)
	}
	entries, err := os.ReadDir(target)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%q: got a directory with files in it, want an empty one or nothing", target)
	}
	return err
}

func (s *stage) open() (err error) {
	if s.zip, err = os.OpenFile(filepath.Join(s.hidden, "zip"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	dir := filepath.Join(s.hidden, "files")
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	s.files, err = os.OpenRoot(dir)
	return err
}

// take checks and unpacks a zip, and puts its files in the target's place.
func (s *stage) take(ctx context.Context, zip io.ReaderAt, size int64, limits Limits) error {
	a, err := openArchive(zip, size, limits)
	if err != nil {
		return err
	}
	if err := a.extract(ctx, s.files); err != nil {
		return err
	}
	return s.commit()
}

// commit puts the files in the target's place.
func (s *stage) commit() error {
	if err := s.files.Close(); err != nil { // some systems don't rename an open directory
		return err
	}
	// os.Rename replaces no directory, and os.Remove takes a file too: one that
	// came meanwhile is not ours.
	if err := checkTarget(s.target); err != nil {
		return err
	}
	if err := os.Remove(s.target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(filepath.Join(s.hidden, "files"), s.target)
}

// discard removes what is not in the target's place.
func (s *stage) discard() error {
	if s.zip != nil {
		_ = s.zip.Close()
	}
	if s.files != nil {
		s.files.Close()
	}
	return os.RemoveAll(s.hidden)
}
