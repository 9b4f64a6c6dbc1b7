// Package place is about the files and folders that users name: where they are,
// what they lie in, and how a file is written whole.
package place

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// Cause is why something could not be done with a file, for those who say by
// themselves with which: the operating system has it by its absolute path.
func Cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// Within makes a path absolute that is relative to folder.
func Within(folder, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(folder, path)
}

// Real follows the links of a path whose end may not be there yet.
func Real(path string) string {
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if found, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(found, rest)
		}
		if at == filepath.Dir(at) {
			return path
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// Inside says whether path is folder, or lies in it, by their names.
func Inside(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
