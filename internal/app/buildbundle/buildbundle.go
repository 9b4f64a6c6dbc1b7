// Package buildbundle is the use case "source to release": it reads the
// configuration, runs its passes in order, and puts a finished release in the
// output folder's place, or leaves that folder as it was.
package buildbundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/bundle/target"
	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/compress"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/timing"
)

// Request is what the edge (flags, inputs, environment) knows.
type Request struct {
	Dir    string // the project, absolute
	Config string // relative to Dir; "" looks for checkout-deploy.yml
	OutDir string // "" takes the configuration's
	// Workspace is the folder that all files read and written must lie in, absolute
	// and without links; "" for no bound.
	Workspace string
	// MkdirAll makes the output folder's parents; nil is os.MkdirAll.
	MkdirAll func(dir string) error
	// Prepare is called before the last step, for what must not fail after it: an
	// error leaves the output folder as it was. May be nil.
	Prepare       func(*Outcome) error
	Report        string          // the file of a report, "" for none: it is not written here, only checked
	Format        release.Format  // "" takes the configuration's
	Profile       release.Profile // "" takes the configuration's
	Env           config.Env
	LookPath      func(string) (string, error)
	ProgramFolder string // where dart-sass may lie beside the program
	Sass          string // the Dart Sass program, "" to look for it
	Version       string // of this tool
	// Compare is another release's folder or record, relative to Dir; "" for none.
	Compare string
	Timings *timing.Recorder // may be nil
	Check   *Check           // builds it twice; nil for once
}

// Outcome is what was made.
type Outcome struct {
	ID       release.Digest
	Release  *release.Release
	OutDir   string                    // absolute
	Sizes    map[string]compress.Sizes // of scripts, styles and other texts, by path
	Warnings []finding.Finding         // their paths are relative to the project

	Composition *composition.Composition
	Timings     timing.Timings
	baseline    *baseline // that Request.Compare names
	circular    []string  // the configuration's report.circular
	// Reproduced says that a second build gave the same; false where there was none.
	Reproduced bool
}

// Run builds.
func Run(ctx context.Context, req Request) (*Outcome, error) {
	var used environment
	if req.Check != nil {
		req.Env = used.noting(req.Env)
	}
	b, err := newBuilder(req)
	if err != nil {
		return nil, action.Misuse(err)
	}
	if err := errors.Join(b.checkOutDir(), b.checkReport()); err != nil {
		return nil, action.Misuse(err)
	}
	if b.old, err = b.baseline(); err != nil {
		return nil, action.Misuse(err)
	}
	defer b.close()
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	if req.Check != nil {
		if err := b.reproduce(ctx, used); err != nil {
			return nil, err
		}
	}
	return b.commit(ctx)
}

// begun begins a span of the output.
func (b *builder) begun(step string) timing.Mark {
	return b.Timings.Begin(timing.Work{Stage: timing.Output, Step: step})
}

// newBuilder reads the configuration.
func newBuilder(req Request) (*builder, error) {
	if err := req.findProject(); err != nil {
		return nil, err
	}
	defer req.Timings.Begin(timing.Work{Stage: timing.Preparation, Step: "configuration"}).End()
	cfg, err := req.configuration()
	if err != nil {
		return nil, err
	}
	return &builder{Request: req, cfg: cfg, rel: &release.Release{
		Profile: cfg.Build.Profile, Tool: release.Tool{Name: "checkout-deploy/build-bundle", Version: req.Version},
	}}, nil
}

// build makes the release, sealed, and writes nothing.
func (b *builder) build(ctx context.Context) error {
	if err := b.passes(ctx); err != nil {
		return err
	}
	manifests := b.begun("manifests")
	if err := b.views(); err != nil {
		return err
	}
	manifests.End()
	copies := b.begun("precompressed copies")
	if err := b.precompress(ctx); err != nil {
		return err
	}
	copies.End()
	return b.rel.Seal()
}

// findProject follows the links of the project's folder.
func (req *Request) findProject() (err error) {
	req.Dir, err = place.Project(req.Dir, req.Workspace)
	return err
}

// configuration reads the file named, or looks for it.
func (req *Request) configuration() (*config.Config, error) {
	overrides := config.Overrides{OutDir: req.OutDir, Format: string(req.Format), Profile: string(req.Profile), Present: true}
	return place.Config(req.Dir, req.Config, overrides, req.Env)
}

type builder struct {
	Request
	cfg      *config.Config
	styles   *style.Compiler
	rel      *release.Release
	contents map[string][]byte
	maps     map[string][]byte // import maps by "pass/entry"
	warnings []finding.Finding
	// unmeasured builds are made while somebody works and waits.
	unmeasured bool
	made       composition.Composition
	old        *baseline
	// inputs were read and packages asked for, see bundle.Result.
	inputs, packages []string
	statement        *release.Statement // that it was built twice
}

func (b *builder) close() {
	if b.styles != nil {
		_ = b.styles.Close()
	}
}

// compiler is the one style compiler of all passes.
func (b *builder) compiler() (*style.Compiler, error) {
	if b.styles != nil {
		return b.styles, nil
	}
	c, err := style.New(style.Options{
		Timings: b.Timings,
		Root:    b.Dir, Bound: b.Workspace, Sass: b.Sass, ProgramFolder: b.ProgramFolder, LookPath: b.LookPath,
		SourceMap: b.cfg.Build.SourceMaps != config.MapsNone, Readable: !b.cfg.Build.Minify,
		Resolve: bundle.StyleResolver(b.Dir, b.cfg.Build.TSConfig, b.cfg.Build.Alias),
	})
	b.styles = c
	return c, err
}

// passes compiles one pass after the other and links each while the next is
// compiled: only linking needs what earlier passes made.
func (b *builder) passes(ctx context.Context) error {
	passes := b.cfg.Build.Passes
	options := make([]*bundle.Options, len(passes))
	for i := range passes {
		opts, err := b.options(&passes[i])
		if err != nil {
			return action.Misuse(passError(&passes[i], err))
		}
		options[i] = opts
	}
	work, ctx := errgroup.WithContext(ctx)
	compiled := make(chan *bundle.Compiled, len(passes))
	work.Go(func() error {
		var errs []error // of all passes: the sources' mistakes are told at once
		for i := range passes {
			c, err := bundle.Compile(ctx, *options[i])
			if err != nil {
				errs = append(errs, passError(&passes[i], err))
			} else if len(errs) == 0 {
				compiled <- c
			}
		}
		return bundle.JoinErrors(errs...)
	})
	work.Go(func() error {
		for i := range passes {
			select {
			case c := <-compiled:
				if err := b.link(ctx, &passes[i], options[i], c); err != nil {
					return passError(&passes[i], err)
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return work.Wait()
}

func passError(p *config.Pass, err error) error {
	return fmt.Errorf("building pass %q: %w", p.Name, err)
}

func (b *builder) link(ctx context.Context, p *config.Pass, opts *bundle.Options, compiled *bundle.Compiled) error {
	values, err := b.manifests(p)
	if err != nil {
		return err
	}
	res, err := compiled.Link(ctx, values)
	if err != nil {
		return err
	}
	b.warnings = append(b.warnings, res.Warnings...)
	if res.Composition != nil {
		b.made.Passes = append(b.made.Passes, *res.Composition)
	}
	b.inputs, b.packages = append(b.inputs, res.Inputs...), append(b.packages, res.Packages...)
	return b.record(p, opts, res)
}

func (b *builder) options(p *config.Pass) (*bundle.Options, error) {
	defer b.Timings.Begin(timing.Work{Stage: timing.Preparation, Pass: p.Name, Step: "browsers"}).End()
	targets, err := target.Resolve(target.Options{Root: b.Dir, Queries: p.Target, Environment: string(b.cfg.Build.NodeEnv)})
	if err != nil {
		return nil, err
	}
	styles, err := b.compiler()
	if err != nil {
		return nil, err
	}
	build := &b.cfg.Build
	opts := &bundle.Options{
		Root: b.Dir, Bound: b.Workspace, Pass: p.Name, Format: bundle.Format(p.Format), Library: p.Library,
		Engines: targets.Engines, Target: targets.Edition, Targets: targets.String(),
		TSConfig: build.TSConfig, Alias: build.Alias, Define: defines(p), NodeEnv: string(build.NodeEnv), PublicPath: build.PublicPath,
		Maps: bundle.Maps(build.SourceMaps), Minify: build.Minify,
		Loaders: map[string]string{}, MainFields: p.MainFields, Conditions: build.Conditions, External: build.External, Styles: styles, Timings: b.Timings,
	}
	for ext, l := range build.Loaders {
		opts.Loaders[ext] = string(l)
	}
	for _, s := range slices.Backward(build.SideEffects) { // the last match wins there, the first here
		opts.Overrides = append(opts.Overrides, bundle.Override{Pattern: bundle.Glob(s.Glob), SideEffects: s.Has})
	}
	for _, e := range p.Entries {
		opts.Entries = append(opts.Entries, bundle.Entry{Name: e.Name, Modules: e.Modules})
	}
	for _, g := range p.Groups {
		opts.Groups = append(opts.Groups, bundle.Group{
			Name: g.Name, Pattern: g.Pattern, Chunks: bundle.Load(g.Chunks), MinShare: g.MinShare, Priority: g.Priority,
		})
	}
	return opts, nil
}

func defines(p *config.Pass) map[string]string {
	out := map[string]string{}
	for _, d := range p.Define {
		out[d.Name] = d.Expr
		if d.Manifest != nil {
			out[d.Name] = bundle.Value(d.Name)
		}
	}
	return out
}

// manifests gives the defines that hold an earlier pass's manifest.
func (b *builder) manifests(p *config.Pass) (map[string]string, error) {
	out := map[string]string{}
	for _, d := range p.Define {
		if d.Manifest == nil {
			continue
		}
		sealed := *b.rel
		if err := sealed.Seal(); err != nil {
			return nil, err
		}
		text, err := sealed.CheckoutManifest(d.Manifest.Pass, d.Manifest.Entry)
		if err != nil {
			return nil, fmt.Errorf("define %q: %w", d.Name, err)
		}
		out[d.Name] = string(text)
	}
	return out, nil
}

var roles = map[link.Role]release.Role{
	link.Script: release.Script, link.Style: release.Style, link.SourceMap: release.Map, link.Asset: release.Asset,
}

// record adds a pass to the release.
func (b *builder) record(p *config.Pass, opts *bundle.Options, res *bundle.Result) error {
	pass := release.Pass{Name: p.Name, Format: release.Format(opts.Format), Library: p.Library, AppVersion: p.AppVersion}
	if pass.AppVersion == "" {
		pass.AppVersion = b.packageVersion()
	}
	if opts.Targets != "" {
		pass.Target = strings.Split(opts.Targets, ",")
	}
	chunks := map[string]*release.Chunk{}
	for _, e := range res.Entries {
		entry := release.Entry{Name: e.Name, JS: e.JS, CSS: e.CSS, Sources: b.entrySources(p, e.Name)}
		for _, l := range e.Lazy {
			if len(l.JS) == 0 && len(l.CSS) == 0 {
				continue // all of it is there from the start
			}
			addChunk(chunks, l)
			if !slices.Contains(entry.Chunks, l.Name) {
				entry.Chunks = append(entry.Chunks, l.Name)
			}
		}
		pass.Entries = append(pass.Entries, entry)
		if e.ImportMap != nil {
			if b.maps == nil {
				b.maps = map[string][]byte{}
			}
			b.maps[p.Name+"/"+e.Name] = e.ImportMap
		}
	}
	for _, c := range chunks {
		pass.Chunks = append(pass.Chunks, *c)
	}
	slices.SortFunc(pass.Chunks, func(a, b release.Chunk) int { return strings.Compare(a.Name, b.Name) })
	b.rel.Passes = append(b.rel.Passes, pass)
	var errs []error
	for _, f := range res.Files {
		file := release.File{Path: f.Path, Role: roles[f.Role]}
		if f.Role == link.SourceMap {
			file.Of = strings.TrimSuffix(f.Path, ".map")
		}
		for _, source := range f.Sources {
			if release.CheckSource(source) == nil {
				file.Sources = append(file.Sources, source)
			}
		}
		var err error
		file.Integrity, err = release.ParseIntegrity(f.Integrity)
		errs = append(errs, err, b.pinned(file, f.Content, p.Name))
	}
	return errors.Join(errs...)
}

// entrySources are an entry's modules, or none where one is no file of the
// project: the last one stands for the entry.
func (b *builder) entrySources(p *config.Pass, name string) []string {
	for _, e := range p.Entries {
		if e.Name != name {
			continue
		}
		for _, m := range e.Modules {
			if info, err := os.Stat(place.Within(b.Dir, filepath.FromSlash(m))); err != nil || info.IsDir() || release.CheckSource(m) != nil {
				return nil
			}
		}
		return e.Modules
	}
	return nil
}

// packageVersion is package.json's, "" without one.
func (b *builder) packageVersion() string {
	data, err := os.ReadFile(filepath.Join(b.Dir, "package.json"))
	var pkg struct {
		Version string `json:"version"`
	}
	if err != nil || json.Unmarshal(data, &pkg) != nil {
		return ""
	}
	return pkg.Version
}

// addChunk merges roots of one name: webpackChunkName may name several.
func addChunk(chunks map[string]*release.Chunk, l bundle.LazyRoot) {
	c := chunks[l.Name]
	if c == nil {
		c = &release.Chunk{Name: l.Name}
		chunks[l.Name] = c
	}
	for _, f := range l.JS {
		if !slices.Contains(c.JS, f) {
			c.JS = append(c.JS, f)
		}
	}
	for _, f := range l.CSS {
		if !slices.Contains(c.CSS, f) {
			c.CSS = append(c.CSS, f)
		}
	}
	if release.CheckSource(l.Source) == nil && !slices.Contains(c.Sources, l.Source) {
		c.Sources = append(c.Sources, l.Source)
	}
	switch {
	case l.Preload:
		c.Hint = release.Preload
	case l.Prefetch && c.Hint == release.NoHint:
		c.Hint = release.Prefetch
	}
}

// file adds a file of its own that a pass has.
func (b *builder) file(f release.File, data []byte, pass string) error {
	f.Integrity = release.IntegrityOf(data)
	return b.pinned(f, data, pass)
}

// pinned adds a file whose integrity is known.
func (b *builder) pinned(f release.File, data []byte, pass string) error {
	if have, ok := b.contents[f.Path]; ok {
		// Equal files made of different sources have different maps; either is right.
		if f.Role != release.Map && !slices.Equal(have, data) {
			return fmt.Errorf("two different files would be named %q", f.Path)
		}
		for i := range b.rel.Files {
			if have := &b.rel.Files[i]; have.Path == f.Path {
				have.Passes = joined(have.Passes, pass)
				have.Sources = joined(have.Sources, f.Sources...)
			}
		}
		return nil
	}
	if b.contents == nil {
		b.contents = map[string][]byte{}
	}
	b.contents[f.Path] = data
	f.Size, f.Passes, f.Sources = int64(len(data)), []string{pass}, joined(nil, f.Sources...)
	b.rel.Files = append(b.rel.Files, f)
	return nil
}

// joined adds what is not there yet.
func joined(items []string, more ...string) []string {
	for _, item := range more {
		if !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

// commit writes the release and swaps it in.
func (b *builder) commit(ctx context.Context) (*Outcome, error) {
	id, err := b.rel.ID()
	if err != nil {
		return nil, err
	}
	out := b.outDir()
	mkdirAll := b.MkdirAll
	if mkdirAll == nil {
		mkdirAll = func(dir string) error { return os.MkdirAll(dir, 0o777) }
	}
	if err := b.checkSources(); err != nil {
		return nil, action.Misuse(err)
	}
	if err := mkdirAll(filepath.Dir(out)); err != nil {
		return nil, fmt.Errorf("making the output folder's parent: %w", err)
	}
	stage, err := release.NewStage(out)
	if err != nil {
		return nil, err
	}
	sizes, err := b.write(ctx, stage, id)
	if err != nil {
		return nil, errors.Join(err, stage.Discard())
	}
	if b.statement != nil {
		if err := stage.WriteStatement("reproducible", *b.statement); err != nil {
			return nil, errors.Join(err, stage.Discard())
		}
	}
	made := &Outcome{
		ID: id, Release: b.rel, OutDir: out, Sizes: sizes, Warnings: b.warnings,
		Reproduced: b.statement != nil, Composition: &b.made, Timings: b.Timings.Timings(), baseline: b.old, circular: b.cfg.Report.Circular,
	}
	if b.Prepare != nil {
		if err := b.Prepare(made); err != nil {
			return nil, errors.Join(err, stage.Discard())
		}
	}
	if _, err := stage.Commit(b.rel); err != nil {
		return nil, err
	}
	return made, nil
}

// write writes the files and what they weigh.
func (b *builder) write(ctx context.Context, stage *release.Stage, id release.Digest) (sizes map[string]compress.Sizes, err error) {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(2 * runtime.GOMAXPROCS(0))
	if !b.unmeasured {
		work.Go(func() error {
			defer b.begun("what the files are made of").End()
			statement, err := compositionStatement(id, &b.made)
			if err != nil {
				return err
			}
			return stage.WriteStatement(composition.StatementName, statement)
		})
		work.Go(func() (err error) {
			defer b.begun("compressed sizes").End()
			sizes, err = b.measure(ctx, stage, id)
			return err
		})
	}
	for _, f := range b.rel.Files {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			defer b.Timings.Begin(timing.Work{Stage: timing.Output, Step: "writing", File: f.Path}).End()
			return stage.Write(f.Path, b.contents[f.Path])
		})
	}
	err = work.Wait()
	return sizes, err
}
