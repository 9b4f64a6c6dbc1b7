package style

import (
	"fmt"
	"path/filepath"
	"strings"
)

// locate applies Sass's rules to a path without asking where it came from: the
// extension may be left out, a partial begins with "_", a folder stands for its
// index file. It returns "" when there is no such file, and an error when there
// are two. See https://sass-lang.com/documentation/at-rules/use/#partials.
func (f *folderNames) locate(path string, forImport bool) (string, error) {
	if kindOf(path) != unknownKind {
		return f.pick(variants(path, forImport))
	}
	if found, err := f.locateStem(path, forImport); found != "" || err != nil {
		return found, err
	}
	return f.locateStem(filepath.Join(path, "index"), forImport)
}

func (f *folderNames) locateStem(stem string, forImport bool) (string, error) {
	// Sass before CSS, and both Sass syntaxes at once: two are an error.
	if forImport {
		if found, err := f.pick(stemVariants(stem + ".import")); found != "" || err != nil {
			return found, err
		}
	}
	return f.pick(stemVariants(stem))
}

func stemVariants(stem string) [][]string {
	both := func(path string) []string { return []string{path, partial(path)} }
	return [][]string{append(both(stem+".scss"), both(stem+".sass")...), both(stem + ".css")}
}

// variants are the names a path with an extension may have.
func variants(path string, forImport bool) [][]string {
	own := []string{path, partial(path)}
	if !forImport {
		return [][]string{own}
	}
	ext := filepath.Ext(path)
	only := strings.TrimSuffix(path, ext) + ".import" + ext
	return [][]string{{only, partial(only)}, own}
}

func partial(path string) string {
	return filepath.Join(filepath.Dir(path), "_"+filepath.Base(path))
}

// pick returns the one file of the first group that has any.
func (f *folderNames) pick(groups [][]string) (string, error) {
	for _, group := range groups {
		var found []string
		for _, path := range group {
			if f.isFile(path) {
				found = append(found, path)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return "", fmt.Errorf("it is not clear which of %s is meant: remove one, or write the extension", strings.Join(baseNames(found), ", "))
		}
	}
	return "", nil
}

func baseNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = filepath.Base(path)
	}
	return names
}
