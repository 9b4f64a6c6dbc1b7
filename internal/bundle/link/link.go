// Package link makes the files that reach the page of the chunks that esbuild
// has split: classic scripts around a registry of functions, or native modules
// around an import map. It renames, rewires and pins; what a chunk does stays
// esbuild's.
package link

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
	"github.com/org/checkout-deploy/internal/timing"
)

// EnvName is the free variable by which chunks reach the run time:
// EnvName.p (public path), .n (nonce), .u (script URL), .css("key"),
// .t("root") for a late require().
const EnvName = "__checkout_deploy_env__"

// ValuePrefix starts the members of EnvName that stand for Input.Values.
const ValuePrefix = "value_"

// RootExport is the name under which a root's chunk exports its namespace object.
const RootExport = "ns"

// Chunk is one of esbuild's output files.
type Chunk struct {
	Name    string   // base name; other chunks import "./Name"
	Code    []byte   // an ES module
	Map     []byte   // its source map, nil for none
	Modules []string // what it holds, project-relative, in order
	Parts   []Part   // how many bytes each of them left, in the order of their code

	// For chunks that are kept apart (Input.Apart):

	// CommonJS is set where the code is a script for `module` and `require`.
	CommonJS bool
	// Node is set where the code sees CommonJS modules as Node.js does: as their
	// default export, whatever __esModule says.
	Node bool
	// Imports, Requires and Starts say what specifiers mean: the names of chunks,
	// and for import() the IDs of roots. What is in none of them fails when asked for.
	Imports, Requires, Starts map[string]string
	// Pure are the chunks that an import only for their effects does not evaluate.
	Pure map[string]bool
}

// Root is a module that something other than a static import evaluates.
type Root struct {
	ID       string   // "lazy|src/a.ts": stable, and the same on any machine
	Chunk    string   // the chunk that exports RootExport for it
	Name     string   // names its file
	Units    []string // chunks it evaluates, in the order of the source
	Styles   []string // style sources it evaluates, in that order
	Initial  bool     // its files are there before it is asked for
	Prefetch []string // IDs of roots to fetch once this one has run
	Preload  []string // IDs of roots to fetch together with this one
	Parents  []string // IDs of the roots that can start this one, sorted
	Named    bool     // the source names the file (webpackChunkName)
}

// Group puts chunks into one file.
type Group struct {
	Name     string
	Initial  bool                     // takes initial chunks, else lazy ones
	MinShare int                      // takes chunks of at least so many lazy roots
	Takes    func(module string) bool // a module's path, or a style source's
}

// Input is everything the linker needs.
type Input struct {
	Format     Format
	Pass       string // tells this pass's run time and modules from others on the page
	Name       string // names the entry's files
	Library    string
	PublicPath *string // nil: found from the running script
	Entry      string  // ID of the entry root
	Chunks     []Chunk
	Roots      []Root
	Groups     []Group // files that the configuration asks for, in order of priority
	// Styles makes a style sheet of the given sources, in order; the result's
	// path is content-addressed.
	Styles func(ctx context.Context, name string, keys []string) (*StyleFile, error)
	// Original gives, for a source that was rewritten before esbuild saw it, the
	// way from a place in that text to the source; nil for others.
	Original func(source string) func(line, column int) (int, int)
	// SourceName gives the name in the files' maps for one in the chunks' maps;
	// nil keeps it. Original and Content are asked by that name.
	SourceName func(name string) string
	// Content gives the original text of such a source, JSON encoded; nil for others.
	Content func(source string) []byte
	// Values has expressions that chunks read as EnvName.value_<hex of the name>.
	Values map[string]string
	Maps   bool
	// SmallFile is the size in bytes under which unnamed lazy files are packed
	// together with others that the same roots start; 0 packs none.
	SmallFile int
	Link      bool // reference the maps from the files
	Minify    bool
	// Apart keeps each chunk, which holds one module, a function of its own: then
	// an edit costs that module, where splitting costs the page. Format Classic.
	Apart   *Memory
	Timings *timing.Recorder // may be nil
	// Banner is put before the entry's script.
	Banner string
}

// Format is the shape of the files.
type Format int

// The formats.
const (
	Classic Format = iota
	Module
)

// StyleFile is a style sheet ready to be written.
type StyleFile struct {
	Path  string
	CSS   []byte
	Map   []byte
	Parts []Part
}

// File is one output file.
type File struct {
	Path      string
	Content   []byte
	Integrity string // sha384-…
	Role      Role
	Units     []string // keys of the modules' chunks it holds
	Roots     []string // IDs of the roots that need it; empty for initial files
	Sources   []string // of an asset: the files that modules import it by, relative to the project
	Parts     []Part   // whose its bytes are, by module; the rest is nobody's
}

// Role says what a file is.
type Role string

// The roles.
const (
	Script    Role = "script"
	Style     Role = "style"
	SourceMap Role = "map"
	Asset     Role = "asset"
)

// Output is what Link gives.
type Output struct {
	Files      []File
	InitialJS  []string // in load order
	InitialCSS []string
	Lazy       []LazyRoot
	ImportMap  []byte // format Module: the JSON of the import map
}

// LazyRoot tells what loading a root fetches.
type LazyRoot struct {
	ID, Name string
	JS, CSS  []string
	Prefetch bool
	Preload  bool
}

// linker holds one run's state.
type linker struct {
	Input
	units    map[string]*unit // by chunk name
	order    []*unit          // in Input order
	roots    map[string]*Root
	rootIDs  map[string]string  // ID → short id
	needs    map[string][]*unit // root ID → its units, in evaluation order
	alphabet *scope.Alphabet    // one for all files: they are compressed alike
}

// Link runs the linker. The result depends on the input alone.
func Link(ctx context.Context, in Input) (*Output, error) {
	l := &linker{Input: in, units: map[string]*unit{}, roots: map[string]*Root{}}
	if in.Apart != nil {
		return l.apart(ctx)
	}
	read := l.begun("link: read chunks")
	if err := l.parse(ctx); err != nil {
		return nil, err
	}
	read.End()
	rename := l.begun("link: rename")
	if err := l.connect(); err != nil {
		return nil, err
	}
	if err := l.render(ctx); err != nil {
		return nil, err
	}
	rename.End()
	defer l.begun("link: write files and maps").End()
	if in.Format == Module {
		return l.modules(ctx)
	}
	return l.scripts(ctx)
}

func (l *linker) begun(step string) timing.Mark {
	return l.Timings.Begin(timing.Work{Stage: timing.Optimisation, Pass: l.Pass, Step: step})
}

// each runs f for every unit, on all processors.
func (l *linker) each(ctx context.Context, f func(*unit) error) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, u := range l.order {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(u)
		})
	}
	return work.Wait()
}

// enrol makes a unit of every chunk.
func (l *linker) enrol() error {
	for i := range l.Chunks {
		u := &unit{chunk: &l.Chunks[i]}
		l.units[u.chunk.Name] = u
		l.order = append(l.order, u)
	}
	for i := range l.Roots {
		l.roots[l.Roots[i].ID] = &l.Roots[i]
	}
	if l.roots[l.Entry] == nil {
		return fmt.Errorf("the entry root %q is not among the roots", l.Entry)
	}
	return nil
}

func (l *linker) parse(ctx context.Context) error {
	if err := l.enrol(); err != nil {
		return err
	}
	if err := l.each(ctx, (*unit).parse); err != nil {
		return err
	}
	var freq scope.Frequency
	for _, u := range l.order {
		u.file.CountChars(&freq)
	}
	alphabet := scope.NewAlphabet(&freq)
	l.alphabet = &alphabet
	return nil
}
