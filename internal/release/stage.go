package release

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Stage is a release's directory while it is being written: a hidden sibling of
// the directory it is to become, so that readers of that one see the old files
// or all of the new ones. End it with Commit or Discard. A process that is
// killed leaves the sibling behind, and the target as it was.
type Stage struct {
	target string
	dir    string
	root   *os.Root
}

// NewStage prepares to replace target, which may not exist yet. Its parent must
// exist. A link is followed, and what it points to is replaced.
func NewStage(target string) (*Stage, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return nil, fmt.Errorf("staging %q: %w", target, err)
	}
	if real, err := filepath.EvalSymlinks(target); err == nil {
		target = real
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("staging %q: %w", target, err)
	}
	if info, err := os.Lstat(target); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("staging %q: got a %s there, want a directory or nothing", target, describeMode(info.Mode()))
	}
	if filepath.Dir(target) == target {
		return nil, fmt.Errorf("staging %q: got the root of the file system, want a directory in it", target)
	}
	s := &Stage{target: target, dir: hidden(target, "staging")}
	if err := os.Mkdir(s.dir, 0o777); err != nil {
		return nil, fmt.Errorf("staging %q: %w", target, err)
	}
	if s.root, err = os.OpenRoot(s.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("staging %q: %w", target, err), os.Remove(s.dir))
	}
	return s, nil
}

// hidden names a sibling that nothing else uses.
func hidden(target, what string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+what+"-"+rand.Text()[:10])
}

func describeMode(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m&fs.ModeSymlink != 0:
		return "link"
	}
	return "special file"
}

// Write adds a file. Writing one path twice is an error. It may be called from
// several goroutines.
func (s *Stage) Write(name string, data []byte) error {
	if err := CheckPath(name); err != nil {
		return fmt.Errorf("staging a file: %w", err)
	}
	return s.create(name, data)
}

// WriteStatement adds what was proved of the release that will be committed, as
// attestations/<name>.json.
func (s *Stage) WriteStatement(name string, statement Statement) error {
	data, err := statement.Encode()
	if err != nil {
		return err
	}
	name = path.Join(StatementDir, name+".json")
	return s.create(name, data)
}

func (s *Stage) create(name string, data []byte) error {
	if dir := path.Dir(name); dir != "." {
		if err := s.root.MkdirAll(dir, 0o777); err != nil {
			return fmt.Errorf("staging %q: %w", name, err)
		}
	}
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("staging %q: %w", name, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("staging %q: %w", name, err)
	}
	return nil
}

// FS shows what has been written.
func (s *Stage) FS() fs.FS { return s.root.FS() }

// Commit writes the record and puts the directory in the target's place. Where
// the system can exchange two names in one step it does; elsewhere the target is
// moved away first, and back if the second step fails. On any error before that
// the target is untouched and the stage discarded.
func (s *Stage) Commit(r *Release) (Digest, error) {
	data, err := r.Encode()
	if err == nil {
		err = s.create(RecordName, data)
	}
	if err == nil {
		err = s.root.Close() // some systems don't rename an open directory
	}
	if err == nil {
		err = swap(s.dir, s.target)
	}
	if err != nil {
		return Digest{}, errors.Join(fmt.Errorf("committing %q: %w", s.target, err), s.Discard())
	}
	return DigestOf(data), nil
}

// Discard removes what has been written. After Commit it does nothing.
func (s *Stage) Discard() error {
	_ = s.root.Close() // holds nothing; Commit may have closed it
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("discarding the staged %q: %w", s.target, err)
	}
	return nil
}

// swap puts the directory fresh in target's place and removes what was there.
func swap(fresh, target string) error {
	if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, target)
	}
	if err := exchange(fresh, target); err == nil {
		return os.RemoveAll(fresh) // it is the old directory now
	}
	old := hidden(target, "replaced")
	if err := os.Rename(target, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return os.RemoveAll(old)
}
