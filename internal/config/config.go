// Package config reads checkout-deploy.yml, the one file a project writes.
//
// Everything wrong with the file is reported at once, each problem with its
// line and column, before anything is done. What is returned is complete:
// defaults are filled in, each pass has inherited what the build says for all,
// and ${NAME} is replaced. Paths are relative to the project's root, with "/".
package config

import (
	"regexp"

	"github.com/org/checkout-deploy/internal/release"
)

// Version is the one version of the file that is known.
const Version = 1

// Names of the file, looked for in this order.
var Names = []string{"checkout-deploy.yml", "checkout-deploy.yaml"}

// Config is a project's configuration.
type Config struct {
	// File is the name the configuration was read from, or "" for Default's.
	File      string
	Build     Build
	Report    Report
	Integrity Integrity
	Scan      Scan
	// Environments are in the file's order.
	Environments []Environment
}

// Build says how files are made from sources.
type Build struct {
	Profile release.Profile // default production
	// Minify, SourceMaps and NodeEnv are the profile's where the file says nothing.
	Minify     bool
	SourceMaps SourceMaps
	NodeEnv    NodeEnv
	OutDir     string // default "dist"
	Passes     []Pass // at least one, in order
	// TSConfig is the path of a tsconfig.json, or "" for the one next to the sources.
	TSConfig string
	// Alias replaces the start of an import path: "@app" → "src/app".
	Alias map[string]string
	// SideEffects overrides what package.json files say; the last match wins.
	SideEffects []SideEffect
	// PublicPath is the URL that lazy files and assets are loaded from, or "" for
	// that of the script that asks for them.
	PublicPath string
	// Loaders says for extensions (".svg") how files are brought in, where the
	// builder's own table is not what is wanted.
	Loaders map[string]Loader
	// Conditions are those of package.json's "exports", besides the usual ones.
	Conditions []string
	// External are import paths left to the page; formats without imports have none.
	External []string
	// Views are the manifests to write, in formats of others.
	Views []View
	// Precompress asks for compressed copies of texts.
	Precompress []Compression
}

// View is a format of manifests.
type View string

const (
	ViewCheckout View = "checkout-js"    // of checkout-js, version 2: a file an entry
	ViewWebpack  View = "webpack-assets" // of webpack-assets-manifest: a file a pass
	ViewVite     View = "vite"           // of Vite, likewise
)

var views = []View{ViewCheckout, ViewWebpack, ViewVite}

// Compression is how a file is made smaller.
type Compression string

const (
	CompressGzip   Compression = "gzip"
	CompressBrotli Compression = "brotli"
)

var compressions = []Compression{CompressGzip, CompressBrotli}

// Pass is one run of the bundler over entries that share chunks. A pass may use
// the manifest of an earlier one as a define.
type Pass struct {
	Name    string
	Format  release.Format // default classic
	Entries []Entry        // at least one, in the order of the file
	Library string         // global that the entries set; may be empty
	// AppVersion goes into manifests; "" for that of package.json.
	AppVersion string
	// Target are browserslist queries, such as "chrome >= 61"; empty for those of
	// package.json, or the builder's default.
	Target []string
	// Define are the build's and the pass's own, sorted by name.
	Define []Define
	Groups []Group
	// MainFields of package.json, by preference; empty for the builder's default.
	MainFields []string
}

// Entry is a named start of a page. Its modules run in order.
type Entry struct {
	Name    string
	Modules []string
}

// Define replaces a name in the sources by an expression. Just one of Expr and
// Manifest says which.
type Define struct {
	Name string // identifiers joined by dots
	// Expr is a JavaScript expression; for everything but {expr: …} it is JSON.
	Expr string
	// Manifest is an earlier pass's.
	Manifest *ManifestRef
}

// ManifestRef names what a manifest describes.
type ManifestRef struct{ Pass, Entry string }

// SideEffect says whether modules whose path matches a glob do something by
// being imported.
type SideEffect struct {
	Glob string
	Has  bool
}

// SourceMaps says where source maps go.
type SourceMaps string

const (
	MapsNone   SourceMaps = "none"
	MapsApart  SourceMaps = "apart"  // files beside the scripts that nothing refers to
	MapsLinked SourceMaps = "linked" // the same, and scripts refer to them
)

var sourceMapKinds = []SourceMaps{MapsNone, MapsApart, MapsLinked}

// Loader says how a file's content becomes a module.
type Loader string

const (
	LoadJS      Loader = "js"
	LoadJSX     Loader = "jsx"
	LoadTS      Loader = "ts"
	LoadTSX     Loader = "tsx"
	LoadJSON    Loader = "json"
	LoadText    Loader = "text"    // a string
	LoadFile    Loader = "file"    // the URL of a copy in the release
	LoadDataURL Loader = "dataurl" // the URL with the content in it
	LoadBinary  Loader = "binary"  // a Uint8Array
	LoadBase64  Loader = "base64"  // a string
	LoadEmpty   Loader = "empty"   // nothing
)

var loaders = []Loader{LoadJS, LoadJSX, LoadTS, LoadTSX, LoadJSON, LoadText, LoadFile, LoadDataURL, LoadBinary, LoadBase64, LoadEmpty}

// Group gathers modules in one chunk, like a cacheGroup of webpack's splitChunks.
type Group struct {
	Name string
	// Pattern is searched in the module's path relative to the project.
	Pattern  *regexp.Regexp
	Chunks   Chunks // default all
	MinShare int    // chunks that must share a module for it to move; default 1
	Priority int    // of the groups that match a module the highest takes it, then the first; default 0
}

// Chunks says of which chunks a group takes modules.
type Chunks string

const (
	InitialChunks Chunks = "initial"
	AsyncChunks   Chunks = "async"
	AllChunks     Chunks = "all"
)

var chunkKinds = []Chunks{InitialChunks, AsyncChunks, AllChunks}
