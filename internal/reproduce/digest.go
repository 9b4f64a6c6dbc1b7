package reproduce

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sums has files' SHA-256 in hexadecimal digits, by their path in a folder, with
// "/". A file that is not there has "".
type Sums map[string]string

// SumsOf reads files, whose paths are absolute and in the folder.
func SumsOf(folder string, files []string) (Sums, error) {
	sums := Sums{}
	for _, file := range files {
		rel, err := filepath.Rel(folder, file)
		if err != nil {
			return nil, fmt.Errorf("hashing %q: %w", file, err)
		}
		if sums[filepath.ToSlash(rel)], err = sumOf(file); err != nil {
			return nil, fmt.Errorf("hashing the build's inputs: %w", err)
		}
	}
	return sums, nil
}

// Again has the sums of the same paths, now, in another folder or the same.
func (s Sums) Again(folder string) (Sums, error) {
	files := make([]string, 0, len(s))
	for path := range s {
		files = append(files, filepath.Join(folder, filepath.FromSlash(path)))
	}
	return SumsOf(folder, files)
}

func sumOf(file string) (sum string, err error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Of keeps the sums whose path is in an installed package, or those whose is not.
func (s Sums) Of(packages bool) Sums {
	out := Sums{}
	for path, sum := range s {
		if inPackage(path) == packages {
			out[path] = sum
		}
	}
	return out
}

// Digest is the SHA-256 of the lines that sha256sum prints of the files, sorted
// by path.
func (s Sums) Digest() string {
	paths := make([]string, 0, len(s))
	for path := range s {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var lines strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&lines, "%s  %s\n", s[path], path)
	}
	sum := sha256.Sum256([]byte(lines.String()))
	return hex.EncodeToString(sum[:])
}

// Changed lists the paths whose sums differ, sorted.
func (s Sums) Changed(later Sums) []string {
	var out []string
	for path, sum := range s {
		if later[path] != sum {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// lockFiles say which packages an installer takes.
var lockFiles = []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"}

// Locks has the SHA-256 of the lock files nearest to a project, by their paths in
// base.
func Locks(base, dir string) (Sums, error) {
	for at := dir; inside(at, base); at = filepath.Dir(at) {
		var found []string
		for _, name := range lockFiles {
			if path := filepath.Join(at, name); isFile(path) {
				found = append(found, path)
			}
		}
		if len(found) > 0 {
			return SumsOf(base, found)
		}
	}
	return Sums{}, nil
}
