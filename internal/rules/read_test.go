package rules_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// pkg is a folder of Go files.
type pkg struct {
	path        string // in the module, slashed
	name        string
	imports     []string // import paths, sorted
	testImports []string // its tests', sorted
}

// read finds the module's packages as the go command's ./... does, but for every
// system and build tag: a file that is left out here is built elsewhere.
func read(tree fs.FS) ([]pkg, error) {
	found := map[string]*folder{}
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && left(tree, file):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(file) != ".go":
			return nil
		}
		dir := path.Dir(file)
		if found[dir] == nil {
			found[dir] = &folder{product: map[string]bool{}, test: map[string]bool{}}
		}
		return found[dir].add(tree, file)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the module's imports: %w", err)
	}
	var pkgs []pkg
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		f := found[dir]
		pkgs = append(pkgs, pkg{dir, f.name, slices.Sorted(maps.Keys(f.product)), slices.Sorted(maps.Keys(f.test))})
	}
	return pkgs, nil
}

// left tells the folders that are no part of the module.
func left(tree fs.FS, dir string) bool {
	name := path.Base(dir)
	if dir == "." {
		return false
	}
	if name[0] == '.' || name[0] == '_' || name == "testdata" || name == "node_modules" || name == "vendor" {
		return true
	}
	_, err := fs.Stat(tree, path.Join(dir, "go.mod"))
	return err == nil
}

type folder struct {
	name          string
	product, test map[string]bool
}

func (f *folder) add(tree fs.FS, file string) error {
	src, err := fs.ReadFile(tree, file)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
	if err != nil {
		return err
	}
	imports := f.product
	if strings.HasSuffix(file, "_test.go") {
		imports = f.test
	}
	f.name = strings.TrimSuffix(parsed.Name.Name, "_test")
	for _, spec := range parsed.Imports {
		at, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("reading %q: %w", file, err)
		}
		imports[at] = true
	}
	return nil
}
