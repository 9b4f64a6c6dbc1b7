package release

import (
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
// killed leaves the sibling behind, and the target as it was; the next NewStage
// of that target removes the sibling.
type Stage struct {
	target string
	dir    string
	root   *os.Root
	claim  *os.File // locks dir as long as this process lives; nil where nothing can
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
	sweep(target)
	s := &Stage{target: target}
	if s.dir, s.claim, err = claimSibling(target); err != nil {
		return nil, fmt.Errorf("staging %q: %w", target, err)
	}
	if s.root, err = os.OpenRoot(s.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("staging %q: %w", target, err), s.release(), os.Remove(s.dir))
	}
	return s, nil
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

// WriteStatement adds what is known of the release as attestations/<name>.json.
// Its id has to be that of the record that Commit will write.
func (s *Stage) WriteStatement(name string, st Statement) error {
	if err := CheckName(name); err != nil {
		return fmt.Errorf("staging a statement: %w", err)
	}
	data, err := st.Encode()
	if err != nil {
		return err
	}
	return s.create(StatementDir+"/"+name+".json", data)
}

func (s *Stage) create(name string, data []byte) error {
	f, err := s.open(name)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("staging %q: %w", name, err)
	}
	return nil
}

// open makes a file that is not there yet.
func (s *Stage) open(name string) (*os.File, error) {
	if dir := path.Dir(name); dir != "." {
		if err := s.root.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("staging %q: %w", name, err)
		}
	}
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("staging %q: %w", name, err)
	}
	return f, nil
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
	return DigestOf(data), s.release()
}

// Discard removes what has been written. After Commit it does nothing.
func (s *Stage) Discard() error {
	_ = s.root.Close() // holds nothing; Commit may have closed it
	if err := errors.Join(os.RemoveAll(s.dir), s.release()); err != nil {
		return fmt.Errorf("discarding the staged %q: %w", s.target, err)
	}
	return nil
}

// release ends the claim on the sibling.
func (s *Stage) release() error {
	if s.claim == nil {
		return nil
	}
	err := s.claim.Close()
	s.claim = nil
	return err
}

// swap puts the directory fresh in target's place and removes what was there.
func swap(fresh, target string) error {
	if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, target)
	}
	if err := exchange(fresh, target); err == nil {
		return os.RemoveAll(fresh) // it is the old directory now
	}
	old := hidden(target, replacedName)
	if err := os.Rename(target, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		return errors.Join(err, os.Rename(old, target))
	}
	return os.RemoveAll(old)
}
