// Package shop serves an example checkout the way a shop does: the page and the
// store's API on one origin, the built files on another.
package shop

import (
	"fmt"
	"os"
	"slices"

	"github.com/org/checkout-deploy/internal/release"
)

// Build is what the page and its checks need to know of a finished build.
type Build struct {
	Dir     string // holds the files and release.json
	Release *release.Release
}

// ReadBuild reads the record of the build in a directory.
func ReadBuild(dir string) (*Build, error) {
	rel, err := release.Open(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("build in %q: %w (run build-bundle first)", dir, err)
	}
	if len(rel.Passes) == 0 {
		return nil, fmt.Errorf("build in %q: got a release without passes, want at least one", dir)
	}
	return &Build{Dir: dir, Release: rel}, nil
}

// IsModule reports whether the build's first pass is ES modules, which a page
// starts in another way than plain scripts.
func (b *Build) IsModule() bool { return b.Release.Passes[0].Format == release.ESM }

// Format is the format of the build's first pass.
func (b *Build) Format() release.Format { return b.Release.Passes[0].Format }

// Tag is what a script or link element says of a file.
type Tag struct {
	Path      string
	Integrity string
}

// Scripts returns an entry's scripts in load order.
func (b *Build) Scripts(entry string) ([]Tag, error) {
	e, err := b.entry(entry)
	if err != nil {
		return nil, err
	}
	return b.tags(e.JS)
}

// Styles returns an entry's style sheets in cascade order.
func (b *Build) Styles(entry string) ([]Tag, error) {
	e, err := b.entry(entry)
	if err != nil {
		return nil, err
	}
	return b.tags(e.CSS)
}

// Lazy returns the paths of the scripts and styles that only chunks load.
func (b *Build) Lazy() []string { return b.pathsOf(release.Lazy) }

// Initial returns the paths of the scripts and styles that entries load.
func (b *Build) Initial() []string { return b.pathsOf(release.Initial) }

func (b *Build) pathsOf(load release.Load) []string {
	var paths []string
	for _, f := range b.Release.Files {
		if f.Load == load && (f.Role == release.Script || f.Role == release.Style) {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// Chunk returns the scripts and styles of a named chunk that no entry loads.
func (b *Build) Chunk(name string) ([]string, error) {
	for _, p := range b.Release.Passes {
		if c, ok := p.Chunk(name); ok {
			initial := b.Initial()
			return slices.DeleteFunc(slices.Concat(c.JS, c.CSS), func(path string) bool {
				return slices.Contains(initial, path)
			}), nil
		}
	}
	return nil, fmt.Errorf("chunk %q: the build has no such chunk", name)
}

func (b *Build) entry(name string) (release.Entry, error) {
	var have []string
	for _, p := range b.Release.Passes {
		if e, ok := p.Entry(name); ok {
			return e, nil
		}
		for _, e := range p.Entries {
			have = append(have, e.Name)
		}
	}
	return release.Entry{}, fmt.Errorf("entry %q: the build has only %q", name, have)
}

func (b *Build) tags(paths []string) ([]Tag, error) {
	tags := make([]Tag, 0, len(paths))
	for _, path := range paths {
		f, ok := b.Release.File(path)
		if !ok {
			return nil, fmt.Errorf("file %q: an entry names it, the release does not have it", path)
		}
		tags = append(tags, Tag{path, f.Integrity.String()})
	}
	return tags, nil
}
