package place

import (
	"fmt"
	"os"
	"path/filepath"
)

// Read reads a file that a user named, relative to the project dir: a regular one
// of at most so many bytes, in the workspace unless that is "".
func Read(dir, workspace, name string, most int64) ([]byte, error) {
	path := Within(dir, filepath.FromSlash(name))
	if workspace != "" && !Inside(Real(path), workspace) {
		return nil, fmt.Errorf("got %q, which lies outside the workspace, want a file in it", name)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("got %q, want a file: %w", name, Cause(err))
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("got %q, want a regular file of at most %d bytes", name, most)
	}
	data, err := os.ReadFile(path) //nolint:gosec // a user's own
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", name, Cause(err))
	}
	return data, nil
}
