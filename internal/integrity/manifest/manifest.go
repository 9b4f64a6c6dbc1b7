// Package manifest reads the files in which bundlers and loaders keep what a page
// loads, and writes integrity into them.
//
// Reading is strict: the text is a stranger's, and a browser, a loader and this
// package must never disagree about what it says. Writing is gentle: only integrity
// values change, and what this package doesn't know stays byte for byte.
package manifest

// Format is a manifest's form.
type Format string

const (
	// Checkout is BigCommerce's checkout-js, version 2:
	// {"version": 2, "appVersion", "js", "css", "dynamicChunks": {"js", "css"}, "integrity": {file: value}}.
	Checkout Format = "checkout"
	// WebpackAssets is the plugin webpack-assets-manifest's:
	// {"a.js": {"src", "integrity"}, …, "entrypoints": {"a": {"assets": {"js", "css"}, "preload", "prefetch"}}}.
	WebpackAssets Format = "webpack-assets"
	// Vite is .vite/manifest.json: {source: {"file", "isEntry", "imports", "css", …}}.
	// Vite itself writes no integrity; plugins add "integrity" to an item.
	Vite Format = "vite"
	// Map is the sidecar for manifests without a place for integrity: {file: value}.
	Map Format = "map"
	// ImportMap is HTML's import map: {"imports", "scopes", "integrity": {URL: value}}.
	ImportMap Format = "importmap"
)

// Formats lists every Format.
var Formats = []Format{Checkout, WebpackAssets, Vite, Map, ImportMap}

// Limits of a manifest: they bound what reading a stranger's can cost.
const (
	MaxSize  = 16 << 20  // bytes
	MaxFiles = 100_000   // files that may have integrity, and likewise entries, and chunks
	MaxLoads = 2_000_000 // files in the lists of all entries and chunks, and chunks in those of entries
)

// Manifest is what a text says.
type Manifest struct {
	Format     Format
	AppVersion string  // Checkout's
	Entries    []Entry // in the text's order; Map and ImportMap have none
	Chunks     []Chunk // lazily loaded, in the text's order
	// Pins has a place for each file that may have integrity, in the text's order, and
	// then the files that the manifest loads and has no place for.
	Pins []Pin
}

// Entry is where a page starts: all of JS, in load order, and all of CSS.
type Entry struct {
	Name    string
	JS, CSS []string
	Chunks  []string // names of those that are reachable from it; all, where the format doesn't say
	Source  string   // Vite's
}

// Chunk is loaded on demand. JS and CSS are complete and in load order, as far as
// the format says so.
type Chunk struct {
	Name    string
	JS, CSS []string
	Hint    Hint
	Source  string // Vite's
}

// Hint is how early a chunk is worth fetching.
type Hint string

const (
	NoHint   Hint = ""
	Preload  Hint = "preload"
	Prefetch Hint = "prefetch"
)

// Pin is a file, and the integrity that the manifest gives it.
type Pin struct {
	File string // its path: without the base and without what follows "?"
	Name string // as the manifest has it
	// Value is as it stands there, for integrity.Parse; "" for none. It may be anything.
	Value string
	// Missing: the manifest loads the file and has no value for it.
	Missing      bool
	Line, Column int // of the value, or of what names the file; from 1, in UTF-16 code units
}
