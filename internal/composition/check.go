package composition

import (
	"errors"
	"fmt"
	"path"
	"unicode/utf8"
)

// Limits of a composition. They bound what reading a stranger's can cost, and
// are far above any real build.
const (
	MaxSize     = 64 << 20  // bytes of JSON
	MaxPasses   = 64        // passes
	MaxModules  = 200_000   // modules of a pass, and likewise entries, files and packages
	MaxImports  = 2_000_000 // imports of a pass, and likewise parts
	MaxText     = 4096      // bytes of a name or path
	maxFileSize = 1 << 40
)

// maxProblems are told; a text that is something else has one everywhere.
const maxProblems = 10

// checker collects what is wrong.
type checker struct{ errs []error }

func (k *checker) add(format string, args ...any) {
	if len(k.errs) < maxProblems {
		k.errs = append(k.errs, fmt.Errorf(format, args...))
	}
}

// Check reports what a composition can't be: an index that leads nowhere, names
// out of order, parts larger than their whole.
func (c *Composition) Check() error {
	var k checker
	if len(c.Passes) > MaxPasses {
		k.add("got %d passes, want at most %d", len(c.Passes), MaxPasses)
		return errors.Join(k.errs...)
	}
	seen := map[string]bool{}
	for i := range c.Passes {
		p := &c.Passes[i]
		k.text("a pass's name", p.Name)
		if seen[p.Name] {
			k.add("got the pass %q twice", p.Name)
		}
		seen[p.Name] = true
		k.pass(p)
	}
	return errors.Join(k.errs...)
}

func (k *checker) pass(p *Pass) {
	if len(p.Entries) > MaxModules || len(p.Modules) > MaxModules || len(p.Packages) > MaxModules || len(p.Files) > MaxModules {
		k.add("pass %q: got %d entries, %d modules, %d packages and %d files, want at most %d of each",
			p.Name, len(p.Entries), len(p.Modules), len(p.Packages), len(p.Files), MaxModules)
		return
	}
	entries := map[string]bool{}
	for _, e := range p.Entries {
		k.text("an entry's name", e.Name)
		if entries[e.Name] {
			k.add("pass %q: got the entry %q twice", p.Name, e.Name)
		}
		entries[e.Name] = true
		for _, m := range e.Modules {
			k.index(p, "entry "+e.Name, m)
		}
	}
	folder := ""
	for _, pkg := range p.Packages {
		k.text("a package's name", pkg.Name)
		if len(pkg.Version) > MaxText || !utf8.ValidString(pkg.Version) {
			k.add("package %q: got a version of %d bytes, want UTF-8 of at most %d", pkg.Name, len(pkg.Version), MaxText)
		}
		folder = k.next("package", folder, pkg.Folder)
	}
	k.modules(p)
	k.files(p)
}

func (k *checker) modules(p *Pass) {
	last, imports := "", 0
	for _, m := range p.Modules {
		last = k.next("module", last, m.Path)
		if m.Size < 0 || m.Size > maxFileSize {
			k.add("module %q: got the size %d, want one from 0 to %d", m.Path, m.Size, int64(maxFileSize))
		}
		if m.Package < None || m.Package >= len(p.Packages) {
			k.add("module %q: got the package %d, the pass has %d", m.Path, m.Package, len(p.Packages))
		}
		imports += len(m.Imports)
		for i, imp := range m.Imports {
			k.index(p, m.Path, imp.To)
			if imp.Kind < Static || imp.Kind > Require || imp.Route < Kept || imp.Route > Direct {
				k.add("module %q: got an import of kind %d and route %d, want kinds 0 to %d and routes 0 to %d", m.Path, imp.Kind, imp.Route, Require, Direct)
			}
			if i > 0 && !less(m.Imports[i-1], imp) {
				k.add("module %q: got imports out of order, want them sorted, each once", m.Path)
			}
		}
	}
	if imports > MaxImports {
		k.add("pass %q: got %d imports, want at most %d", p.Name, imports, MaxImports)
	}
}

func less(a, b Import) bool {
	if a.To != b.To {
		return a.To < b.To
	}
	return a.Kind < b.Kind
}

func (k *checker) files(p *Pass) {
	last, parts := "", 0
	for _, f := range p.Files {
		last = k.next("file", last, f.Path)
		parts += len(f.Parts)
		rest, module := f.Size, -1
		for _, part := range f.Parts {
			k.index(p, f.Path, part.Module)
			if part.Module <= module {
				k.add("file %q: got parts out of order, want them sorted by module, each once", f.Path)
			}
			module = part.Module
			if part.Bytes <= 0 || part.Bytes > maxFileSize {
				k.add("file %q: got a part of %d bytes, want some", f.Path, part.Bytes)
				return
			}
			rest -= part.Bytes
		}
		if f.Size < 0 || f.Size > maxFileSize || rest < 0 {
			k.add("file %q: got the size %d, want at least the %d of its parts", f.Path, f.Size, f.Size-rest)
		}
	}
	if parts > MaxImports {
		k.add("pass %q: got files of %d parts, want at most %d", p.Name, parts, MaxImports)
	}
}

func (k *checker) text(what, s string) {
	if s == "" || len(s) > MaxText || !utf8.ValidString(s) {
		k.add("got %s of %d bytes, want UTF-8 of 1 to %d", what, len(s), MaxText)
	}
}

// next checks a path and that it comes after the last one.
func (k *checker) next(what, last, name string) string {
	k.text("a "+what+"'s path", name)
	if path.IsAbs(name) {
		k.add("got the %s %q, want a path relative to the project", what, name)
	}
	if name <= last && last != "" {
		k.add("got the %s %q after %q, want them sorted, each once", what, name, last)
	}
	return name
}

func (k *checker) index(p *Pass, at string, i int) {
	if i < 0 || i >= len(p.Modules) {
		k.add("%s: got the module %d, the pass has %d", at, i, len(p.Modules))
	}
}
