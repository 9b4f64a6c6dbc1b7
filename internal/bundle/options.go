// Package bundle turns source modules into pinned files: esbuild compiles and
// splits, package style makes the style sheets, package link makes classic
// scripts or native modules of esbuild's chunks.
package bundle

import (
	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/timing"
)

// Format says how the files reach the page.
type Format string

// The formats of the "classic | esm | iife".
const (
	Classic Format = "classic" // plain <script> tags, split
	ESM     Format = "esm"     // native modules and an import map
	IIFE    Format = "iife"    // one script
)

// Entry is one page's start: its modules are evaluated in order, and the last
// one's exports are the library.
type Entry struct {
	Name    string   // names the entry file
	Modules []string // relative to Options.Root, or package names
}

// Group merges chunks into one file, as splitChunks.cacheGroups does.
type Group struct {
	Name     string
	Pattern  Matcher // on the module's path relative to Root, `/` separated
	Chunks   Load    // which chunks' modules it takes
	MinShare int     // the number of lazy roots that must share the module, at least
	Priority int     // higher first; equal: file order
}

// Matcher decides on a slash-separated path. *regexp.Regexp is one.
type Matcher interface{ MatchString(path string) bool }

// Load tells initial chunks from lazy ones.
type Load string

// The values of Load.
const (
	LoadInitial Load = "initial"
	LoadAsync   Load = "async"
	LoadAll     Load = "all"
)

// Override says whether importing a module only for its effects matters,
// against what its package.json says.
type Override struct {
	Pattern     Matcher
	SideEffects bool
}

// Maps says where source maps go.
type Maps string

// The values of Maps.
const (
	MapsNone   Maps = "none"
	MapsApart  Maps = "apart"  // written, not referenced
	MapsLinked Maps = "linked" // written and referenced
)

// Options describe one pass. Paths inside are relative to Root.
type Options struct {
	Root       string // absolute
	Bound      string // the folder that all files must lie in, absolute and without links; "" for no bound
	Pass       string
	Entries    []Entry
	Format     Format
	Library    string // the name on window that holds the entry's exports; "" for none
	Engines    []api.Engine
	Target     api.Target
	Targets    string // the two in one word, for the record
	TSConfig   string // "" finds the nearest, as esbuild does
	Alias      map[string]string
	Define     map[string]string // JavaScript expressions
	NodeEnv    string            // process.env.NODE_ENV, and what follows from it; "" is "production"
	Overrides  []Override
	PublicPath string // "" finds it from the running script
	Maps       Maps
	Minify     bool
	Loaders    map[string]string // extension with dot → esbuild loader name
	MainFields []string
	Conditions []string
	External   []string // format esm
	Groups     []Group
	Styles     *style.Compiler
	Timings    *timing.Recorder // may be nil
	// Apart keeps every module a function of its own instead of linking them: for
	// a laptop, where a rebuild has to cost what changed. Format classic. It is not
	// to be shared between passes.
	Apart *Apart
	// Banner is script text that runs before an entry's own.
	Banner string
}
