package release

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// SignatureExtension ends the name of a Sigstore bundle, after that of the file it
// is of.
const SignatureExtension = ".sigstore.json"

// Lay puts a file beside the record of the release in dir, below StatementDir:
// whole or not at all, in the place of one of that name. Nothing that the record
// lists changes.
func Lay(dir, name string, data []byte) (err error) {
	if err := checkBeside(name); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("laying %q beside a release: %w", name, err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := root.MkdirAll(path.Dir(name), 0o777); err != nil {
		return fmt.Errorf("laying %q beside a release: %w", name, err)
	}
	fresh := path.Dir(name) + "/." + path.Base(name) + "." + rand.Text()[:10]
	f, err := root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = root.Rename(fresh, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("laying %q beside a release: %w", name, err), removeIfThere(root, fresh))
	}
	return nil
}

// Lay does the same for a release that is staged. One path twice is an error.
func (s *Stage) Lay(name string, data []byte) error {
	if err := checkBeside(name); err != nil {
		return err
	}
	return s.create(name, data)
}

func checkBeside(name string) error {
	below, ok := strings.CutPrefix(name, StatementDir+"/")
	if !ok {
		return fmt.Errorf("laying %q beside a release: want a path below %s/", name, StatementDir)
	}
	if err := CheckPath(below); err != nil {
		return fmt.Errorf("laying a file beside a release: %w", err)
	}
	return nil
}

func removeIfThere(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// LayStatement lays a statement beside the record, as StatementDir/<name>.json,
// and returns its path and its bytes.
func LayStatement(dir, name string, s Statement) (string, []byte, error) {
	if err := CheckName(name); err != nil {
		return "", nil, fmt.Errorf("laying a statement beside a release: %w", err)
	}
	data, err := s.Encode()
	if err != nil {
		return "", nil, err
	}
	file := StatementDir + "/" + name + ".json"
	return file, data, Lay(dir, file, data)
}
