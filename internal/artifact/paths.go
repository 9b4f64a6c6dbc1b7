package artifact

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/org/checkout-deploy/internal/release"
)

// paths is the tree that files are to make. It refuses what would not be the
// same tree on every file system, with the rules of a release's paths, except
// that the record and its statements are welcome; and more than maxDirs
// directories, which files of few bytes could ask for.
type paths struct {
	maxDirs int
	files   map[string]string // folded path → as spelled
	dirs    map[string]string
}

// addFile takes the path of one more file and says why it can't have it.
func (p *paths) addFile(name string) error {
	if err := p.check(name); err != nil {
		return err
	}
	key := fold(name)
	if other, ok := p.files[key]; ok {
		return fmt.Errorf("%q: there is %q already", name, other)
	}
	if other, ok := p.dirs[key]; ok {
		return fmt.Errorf("%q: there is the directory %q already", name, other)
	}
	p.files[key] = name
	return p.addDirs(name, parent(name), parent(key))
}

// addDir takes the path of a directory that is named by itself.
func (p *paths) addDir(name string) error {
	if err := p.check(name); err != nil {
		return err
	}
	return p.addDirs(name, name, fold(name))
}

// addDirs adds dir and what it lies in, for name. Folding keeps slashes, so key,
// the folded dir, has as many segments.
func (p *paths) addDirs(name, dir, key string) error {
	for ; dir != ""; dir, key = parent(dir), parent(key) {
		if other, ok := p.files[key]; ok {
			return fmt.Errorf("%q: there is the file %q already", name, other)
		}
		switch other, ok := p.dirs[key]; {
		case ok && other == dir:
			return nil // and so are its parents
		case ok:
			return fmt.Errorf("%q: there is the directory %q already", name, other)
		case len(p.dirs) == p.maxDirs:
			return fmt.Errorf("%q: there are %d directories already, want at most that", name, p.maxDirs)
		}
		p.dirs[key] = dir
	}
	return nil
}

// parent returns what is before the last slash, "" at the top.
func parent(name string) string { return name[:max(strings.LastIndexByte(name, '/'), 0)] }

func (p *paths) check(name string) error {
	if p.files == nil {
		p.files, p.dirs = map[string]string{}, map[string]string{}
	}
	// Below another directory no name is kept for the record.
	return release.CheckPath("artifact/" + name)
}

// fold returns the same text for names that a case-insensitive file system may
// hold to be one, among those that release.CheckPath lets pass: the least rune
// of each one's orbit under simple folding, and "ss" for ß.
func fold(name string) string {
	name = strings.NewReplacer("ß", "ss", "ẞ", "ss").Replace(name)
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
}
