// Package adopt makes a release of a folder that another tool built: webpack's,
// Vite's or Rollup's output.
package adopt

import (
	"context"
	"io/fs"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/manifest"
	"github.com/org/checkout-deploy/internal/release"
)

// ToolName is the tool of an adopted release: what the record has instead of the
// bundler's, which it can't know.
const ToolName = "checkout-deploy/sri-manifest"

// Options says what the folder's own files can't.
type Options struct {
	Name    string // the project's, may be empty
	Version string // of this tool
	// Manifest is the bundler's, where it wrote one; ManifestPaths are all manifests' paths in the
	// folder, for their role.
	Manifest      *manifest.Manifest
	ManifestPaths []string
	// Pages are the folder's HTML pages, where there is no manifest: an entry each.
	Pages []Page
	// Format is how the scripts are loaded; "" for ESM with Vite's manifest or a page
	// with modules, else Classic.
	Format release.Format
	// Library is the global that entries set; may be empty.
	Library string
}

// Page is what a page loads, by paths in the folder: scripts and styles in order.
type Page struct {
	Path    string // such as "index.html": the entry is named after it
	JS, CSS []string
	Module  bool // its scripts are modules
}

// Problem is what keeps a folder from being a release, or a manifest from being its.
type Problem struct {
	Path      string // of the file, or what the manifest names; "" for the folder
	Got, Want string
}

// Release makes the record of dir, with the profile production: its passes from the manifest, else from
// the pages, its files as they are on disk. Equal folders give equal ids.
// Problems are told all at once, and then there is no release. The error is ctx's or that of
// listing dir. Give the folder as integrity.Root's result. Stage and copy the files yourself.
func Release(ctx context.Context, dir fs.FS, o Options) (*release.Release, []Problem, error) {
	_ = integrity.SHA384
	return nil, nil, nil
}
