// Package style turns style sources (.css, .scss, .sass and their CSS-module
// forms) into CSS: Compile one file into a Sheet, Bundle sheets into one file.
//
// Sass runs in one Dart Sass process for the whole build, over the embedded
// protocol. The process starts at the first Sass source or at Start, and ends
// with Close.
package style

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/org/checkout-deploy/internal/bundle/origin"
	"github.com/org/checkout-deploy/internal/timing"
)

// Options configures a Compiler. Only Root is required.
type Options struct {
	// Root is the absolute path of the project. Names and messages are
	// relative to it, so that they are the same on any machine.
	Root string
	// Bound is the folder that all files must lie in, absolute and without links;
	// empty for no bound.
	Bound string
	// Sass is the Dart Sass executable. Empty: see FindSass.
	Sass string
	// ProgramFolder is the folder of the running program; a release ships
	// dart-sass/sass in it. Empty: not looked at.
	ProgramFolder string
	// LookPath finds a program on PATH (exec.LookPath). Nil: PATH is not looked at.
	LookPath func(name string) (string, error)
	// LoadPaths are the folders Sass looks in after the importing file's own.
	LoadPaths []string
	// Resolve answers an import that is not relative: tsconfig paths and
	// aliases. It returns an absolute path, with or without an extension, as
	// Sass would write it; false: not an alias. It must be safe for concurrent
	// use. May be nil.
	Resolve func(spec, fromFile string) (path string, ok bool)
	// SourceMap asks for source maps.
	SourceMap bool
	// Readable keeps the file's name in the generated names of CSS modules.
	Readable bool
	// Timings gets what each Sass source takes; may be nil.
	Timings *timing.Recorder
	// MaxWarnings bounds the warnings of one sheet; 0 means 20.
	MaxWarnings int
}

// Compiler compiles style sources. It is safe for concurrent use.
type Compiler struct {
	options Options
	origin  *origin.Checker
	root    string // Root without symbolic links, as the files found are
	process process
	find    func() (string, error) // FindSass, once
	sources flights[*source]
	sheets  flights[*Sheet]

	mu     sync.Mutex
	scopes map[string]string // CSS-module scope to the file that has it
	loose  looseLog
	read   map[string]bool // see Inputs
}

// New prepares a compiler. No process is started.
func New(options Options) (*Compiler, error) {
	if !filepath.IsAbs(options.Root) {
		return nil, fmt.Errorf("style compiler: root %q is not an absolute path", options.Root)
	}
	root, err := filepath.EvalSymlinks(options.Root)
	if err != nil {
		return nil, fmt.Errorf("style compiler: root %q: %w", options.Root, err)
	}
	if options.MaxWarnings == 0 {
		options.MaxWarnings = 20
	}
	c := &Compiler{options: options, origin: origin.New(options.Bound), root: root, scopes: map[string]string{}, read: map[string]bool{}}
	c.process.compiler = c
	c.find = sync.OnceValues(func() (string, error) { return FindSass(options) })
	return c, nil
}

// Start starts Sass in the background, for a caller that knows the project has
// Sass sources before it has found the first: the process needs about as long
// to start as to compile a small sheet. Errors are those of the first Compile.
func (c *Compiler) Start() { c.process.warm() }

// CanCompile tells before anything is compiled that a source could not be: the
// error is FindSass's.
func (c *Compiler) CanCompile(path string) error {
	if kind := kindOf(path); kind != scssKind && kind != sassKind {
		return nil
	}
	_, err := c.find()
	return err
}

// Close ends the Sass process, also in the middle of a compilation; those
// waiting get an error. A closed compiler compiles no more Sass.
func (c *Compiler) Close() error { return c.process.close() }

// Inputs lists the files read so far, absolute, without links and sorted: sources,
// what they import, and the assets they name.
func (c *Compiler) Inputs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.read))
}

// readFile is os.ReadFile, noted.
func (c *Compiler) readFile(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.read[path] = true
	}
	return content, err
}

// Compile compiles the file at path (absolute, or relative to Root). A second
// call returns the same Sheet as long as none of the files it was made of has
// changed. When ctx ends, Compile returns at once; the compilation itself is
// left to end for others who wait, or until Close.
func (c *Compiler) Compile(ctx context.Context, path string) (*Sheet, error) {
	path, err := c.locateSource(path)
	if err != nil {
		return nil, err
	}
	return c.sheets.do(ctx, path, func() (*Sheet, error) { return c.sheet(path) })
}

// locateSource is the real path of a source: one file has one sheet, whatever
// the symbolic links it was reached by.
func (c *Compiler) locateSource(path string) (string, error) {
	if kindOf(path) == unknownKind {
		return "", fmt.Errorf("style source %q: got extension %q, allowed are .css, .scss and .sass", c.display(path), filepath.Ext(path))
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.root, path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("style source %q: %w", c.display(path), err)
	}
	return real, nil
}

// sheet makes the sheet of a real path.
func (c *Compiler) sheet(path string) (*Sheet, error) {
	src, err := c.source(context.Background(), path)
	if err != nil {
		return nil, err
	}
	sheet := &Sheet{
		Path: c.present(path), CSS: src.css, Map: src.sourceMap, Deps: c.presentAll(src.files()),
		Warnings: src.warnings, Omitted: src.omitted, inputs: src.inputs,
	}
	if isModule(path) {
		return c.module(path, sheet)
	}
	return sheet, nil
}

// source compiles path down to CSS whose names are still as written.
func (c *Compiler) source(ctx context.Context, path string) (*source, error) {
	return c.sources.do(ctx, path, func() (*source, error) {
		if kindOf(path) == cssKind {
			return c.readPlain(path)
		}
		return c.compileSass(path)
	})
}

// display is how messages name a file: relative to the root, with slashes.
func (c *Compiler) display(path string) string {
	for _, root := range []string{c.root, c.options.Root} {
		if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	if rel, err := filepath.Rel(c.root, path); err == nil && filepath.IsAbs(path) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// present gives a real path in the caller's terms: below Root as it was given.
func (c *Compiler) present(path string) string {
	if rel, err := filepath.Rel(c.root, path); err == nil && filepath.IsLocal(rel) {
		return filepath.Join(c.options.Root, rel)
	}
	return path
}

func (c *Compiler) presentAll(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = c.present(path)
	}
	return out
}
