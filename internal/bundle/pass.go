package bundle

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/finding"
)

// Result is what a pass made.
type Result struct {
	Entries  []EntryResult
	Files    []link.File       // scripts, styles, maps and assets; each path once
	Warnings []finding.Finding // sorted, each once; their paths are relative to Root
	// Composition says what the files are made of; nil with Options.Apart.
	Composition *composition.Pass
	// Inputs are the files that the pass is made of, but for those that describe
	// others (package.json, tsconfig.json) and those that styles are made of;
	// Packages the folders in node_modules that an import names, read or not.
	// Absolute and sorted.
	Inputs, Packages []string
}

// EntryResult is what one entry loads.
type EntryResult struct {
	Name      string
	JS, CSS   []string // in load order
	Lazy      []LazyRoot
	ImportMap []byte // format esm
}

// LazyRoot is what an import() loads.
type LazyRoot struct {
	link.LazyRoot
	Source string // the module, relative to Root
}

// Value is the define for an expression that is not known before Link: a later
// pass may hold an earlier one's manifest and still be compiled beside it.
func Value(name string) string {
	return envName + "." + link.ValuePrefix + hex.EncodeToString([]byte(name))
}

// Compiled is a pass that esbuild is done with.
type Compiled struct {
	c       *compilation
	entries []compiledEntry
}

type compiledEntry struct {
	state *entryState
	out   *compiled
}

// Compile runs a pass up to its last step. Each entry is a page's start and
// shares nothing with the others, so that what one page has evaluated can be
// relied on.
func Compile(ctx context.Context, opts Options) (*Compiled, error) {
	c, err := newCompilation(opts)
	if err != nil {
		return nil, err
	}
	defer c.close()
	p := &Compiled{c: c}
	var errs []error
	for _, entry := range opts.Entries {
		c.begin(entry)
		out, err := c.compile(ctx)
		if errs = append(errs, err); ctx.Err() != nil {
			break
		}
		p.entries = append(p.entries, compiledEntry{c.entryState, out})
	}
	if err := JoinErrors(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// Link makes the files. values has what Value promised, as JavaScript
// expressions. The result depends on the sources, options and values alone, and
// nothing is written.
func (p *Compiled) Link(ctx context.Context, values map[string]string) (*Result, error) {
	res := &Result{}
	files := fileSet{pass: p.c.opts.Pass, result: res, integrity: map[string]string{}}
	made := newCollector()
	for i := range p.entries {
		e := &p.entries[i]
		p.c.entryState = e.state
		out, err := p.c.link(ctx, e.out, values)
		if err != nil {
			return nil, JoinErrors(sourceError(err), p.c.styleErrors(ctx))
		}
		if p.c.opts.Apart == nil {
			made.entry(p.c)
		}
		e.out, e.state = nil, nil // large, and done with
		if err := files.addAll(out); err != nil {
			return nil, err
		}
		res.Warnings = append(res.Warnings, out.warnings...)
		res.Entries = append(res.Entries, EntryResult{
			Name: p.c.entry.Name, JS: out.InitialJS, CSS: out.InitialCSS, Lazy: lazyRoots(out.Lazy), ImportMap: out.ImportMap,
		})
	}
	if p.c.opts.Apart == nil {
		res.Composition = made.pass(p.c, res.Files)
	}
	if p.c.entryState != nil {
		res.Inputs, res.Packages = sortedKeys(p.c.reads.files), p.c.askedFor()
	}
	finding.Sort(res.Warnings)
	res.Warnings = slices.Compact(res.Warnings)
	return res, nil
}

func lazyRoots(roots []link.LazyRoot) []LazyRoot {
	out := make([]LazyRoot, len(roots))
	for i, r := range roots {
		out[i] = LazyRoot{r, rootID(r.ID).file()}
	}
	return out
}

// Build compiles and links a pass that needs no values.
func Build(ctx context.Context, opts Options) (*Result, error) {
	p, err := Compile(ctx, opts)
	if err != nil {
		return nil, err
	}
	return p.Link(ctx, nil)
}

// fileSet collects a pass's files; entries may share some.
type fileSet struct {
	pass      string
	result    *Result
	integrity map[string]string
}

func (s *fileSet) addAll(out *entryResult) error {
	var errs []error
	for _, f := range out.Files {
		errs = append(errs, s.add(f))
	}
	for _, name := range sortedKeys(out.assets) {
		data := out.assets[name]
		errs = append(errs, s.add(link.File{Path: name, Content: data, Integrity: link.Integrity(data), Role: link.Asset, Sources: out.assetOf[name]}))
	}
	return errors.Join(errs...)
}

func (s *fileSet) add(f link.File) error {
	have, ok := s.integrity[f.Path]
	switch {
	case !ok:
		s.integrity[f.Path] = f.Integrity
		s.result.Files = append(s.result.Files, f)
	case have != f.Integrity && f.Role != link.SourceMap:
		// Two maps of one file may name esbuild's variables differently; either is right.
		return fmt.Errorf("pass %q: two different files would be named %q", s.pass, f.Path)
	case f.Role == link.Asset:
		i := slices.IndexFunc(s.result.Files, func(have link.File) bool { return have.Path == f.Path })
		s.result.Files[i].Sources = append(s.result.Files[i].Sources, f.Sources...)
	}
	return nil
}
