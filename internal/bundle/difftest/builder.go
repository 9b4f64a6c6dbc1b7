package difftest

import (
	"context"
	"errors"
	"io/fs"
)

// Format names a bundler's output format as checkout-deploy.yml does.
type Format string

// The formats whose pages this package can lay out.
const (
	ESM     Format = "esm"
	Classic Format = "classic"
	// Apart is classic with every module a function of its own, as a laptop's
	// rebuilds have it.
	Apart Format = "apart"
)

// ErrUnsupported is what a Builder returns for a format that it does not have.
var ErrUnsupported = errors.New("format not supported by this builder")

// Builder bundles the graph in dir, whose entry is Entry, for one format.
type Builder interface {
	Build(ctx context.Context, dir string, format Format) (*Output, error)
}

// Library is the global that the initial files set.
const Library = "graph"

// Output is what a page needs to run a build.
type Output struct {
	// Files holds everything that the page may ask for, by slash-separated path.
	Files fs.FS
	// Scripts are the initial scripts in tag order.
	Scripts []Resource
	// Exports is the script whose exports are the library; "" if the scripts set window[Library].
	Exports string
	// Styles are the initial style sheets in tag order.
	Styles []Resource
	// ImportMap is the inline import map of esm, or nil.
	ImportMap []byte
	// Globals are the names that the output may add to the global scope besides Library.
	Globals []string
}

// Resource is a file with its Subresource Integrity metadata, which may be empty.
type Resource struct {
	Path      string
	Integrity string
}
