// Package composition says what the files of a release are made of and why:
// the modules of each pass, who imports them, their packages, and how many bytes
// of each file are whose. It is what a build knows beyond its record; the record
// stays as it is, and this is laid beside it as a statement.
//
// Equal builds give equal compositions: there is no clock and no path of a
// machine in one. All analyses are functions of a Pass and do no I/O.
package composition

import "strings"

// PredicateType is the type of the statement whose predicate Encode writes.
const PredicateType = "https://github.com/org/checkout-deploy/attestations/composition/v1"

// StatementName is the statement's file, without its ending.
const StatementName = "composition"

// Composition is what all passes of a build are made of.
type Composition struct {
	Passes []Pass
}

// Pass has one graph of modules for all its entries.
type Pass struct {
	Name     string
	Entries  []Entry
	Packages []Package // sorted by folder
	Modules  []Module  // sorted by path
	Files    []File    // sorted by path
}

// Entry is where a page starts.
type Entry struct {
	Name    string
	Modules []int // indices into Pass.Modules, in the order in which they run
}

// Package is one installed package: another version, or the same one in another
// folder, is another Package.
type Package struct {
	Name    string
	Version string // "" where its package.json has none
	Folder  string // such as "node_modules/react"
}

// None is the package of a module that is the project's own.
const None = -1

// Module is a source file that the build has read.
type Module struct {
	Path    string // relative to the project, with "/"
	Size    int64  // bytes of the source as it was compiled
	Package int    // index into Pass.Packages, or None
	Imports []Import
}

// Import leads from a module to another of the pass. What is imported for its
// types alone is none.
type Import struct {
	To    int // index into Pass.Modules
	Kind  Kind
	Route Route
}

// Kind is how a module is imported.
type Kind int

// The kinds.
const (
	Static  Kind = iota // import or export … from
	Dynamic             // import()
	Require             // require()
)

func (k Kind) String() string {
	return [...]string{"import", "import()", "require()"}[k]
}

// Route says whose word an import is: a build leads imports past barrel files,
// straight to the module that has the name.
type Route int

// The routes.
const (
	Kept     Route = iota // the source has it, and the build follows it
	Bypassed              // the source has it, and the build goes past it
	Direct                // the build has it in a bypassed one's stead
)

// File is one script or style sheet of the release.
type File struct {
	Path  string
	Size  int64
	Parts []Part // sorted by module
}

// Part is how many bytes of a file came of a module.
type Part struct {
	Module int // index into Pass.Modules
	Bytes  int64
}

// Rest is what is no module's: the run time, and what holds the modules together.
func (f File) Rest() int64 {
	rest := f.Size
	for _, p := range f.Parts {
		rest -= p.Bytes
	}
	return rest
}

// Sizes is how many bytes each module has in all files of the pass.
func (p *Pass) Sizes() []int64 {
	out := make([]int64, len(p.Modules))
	for _, f := range p.Files {
		for _, part := range f.Parts {
			out[part.Module] += part.Bytes
		}
	}
	return out
}

// Installed reports a file of an installed package.
func Installed(path string) bool {
	return strings.HasPrefix(path, "node_modules/") || strings.Contains(path, "/node_modules/")
}

// FolderOf is the folder of the package that a file is installed with.
func FolderOf(path string) (folder string, ok bool) {
	const mark = "node_modules/"
	i := strings.LastIndex(path, mark)
	if i < 0 || i > 0 && path[i-1] != '/' {
		return "", false
	}
	parts := strings.SplitN(path[i+len(mark):], "/", 3)
	n := 1
	if strings.HasPrefix(parts[0], "@") {
		n = 2
	}
	if len(parts) <= n {
		return "", false
	}
	return path[:i+len(mark)] + strings.Join(parts[:n], "/"), true
}
