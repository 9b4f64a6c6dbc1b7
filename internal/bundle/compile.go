package bundle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/imports"
	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/bundle/origin"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/timing"
)

// compilation runs esbuild for a pass, for one entry after the other: a build
// that only tells the module graph, and then the real one, all of one context,
// whose syntax trees esbuild keeps, so that a rebuild costs linking and
// printing alone.
type compilation struct {
	opts    Options
	ctx     api.BuildContext
	base    api.BuildOptions
	build   api.PluginBuild
	temp    string // holds the derived tsconfig
	effects *sideEffects
	enums   *imports.Enums
	origin  *origin.Checker
	reads   *reads
	*entryState
}

// entryState is what the run knows of the entry at hand.
type entryState struct {
	entry     Entry
	scan      bool // the graph is not known yet
	graph     *graph
	written   map[string][]edge // what modules import as the sources have it
	files     int               // that the scan has read
	loaded    atomic.Int64      // files, in esbuild's run at hand
	sources   *sources          // what the plugin's load hooks learned
	plan      plan
	polyfills map[string]bool      // see isPolyfill
	valued    map[string]rewritten // by absolute path: ambient const enums given a value, in the scan
	rerouter  *imports.Rewriter
	rerouted  map[string]rewritten // by absolute path: imports led past barrels
	rewritten map[string]rewritten // the same with preludes: what is compiled
}

// plan is what the graph tells the plugin for the real build.
type plan struct {
	available map[rootID]rootID // root → root evaluated before it
	atoms     map[string]bool   // modules that need a chunk of their own
	wraps     map[string]bool   // modules that need a function of their own
	preludes  map[string][]edge // importer → imports to evaluate first, in order
}

// Base names of the two entry chunks inside esbuild's run. The extra one holds
// nothing: it starts what the graph asked for, and is thrown away.
const (
	entryOutput = "entry"
	extraOutput = "extra"
)

// memoryFolder is what esbuild takes for its output folder: no input has a name
// in it, and nothing is written there.
const memoryFolder = ".checkout-deploy-memory"

var extraRoot = newRootID("extra", "")

// begin turns to an entry.
func (c *compilation) begin(entry Entry) {
	c.entryState = &entryState{entry: entry, scan: true, sources: newSources()}
	if c.opts.Apart != nil {
		c.sources.texts = map[string][]byte{}
	}
}

func newCompilation(opts Options) (*compilation, error) {
	defer opts.Timings.Begin(timing.Work{Stage: timing.Preparation, Pass: opts.Pass, Step: "tsconfig"}).End()
	c := &compilation{opts: opts, reads: newReads(), origin: origin.New(opts.Bound), effects: &sideEffects{root: opts.Root, overrides: opts.Overrides}}
	c.enums = &imports.Enums{Root: filepath.ToSlash(opts.Root), Read: c.reads.readFile}
	loaders, err := esbuildLoaders(opts.Loaders)
	if err != nil {
		return nil, err
	}
	tsconfig, err := c.looseTSConfig()
	if err != nil {
		c.close()
		return nil, err
	}
	c.base = c.baseOptions(loaders, tsconfig)
	bundled := c.base
	bundled.EntryPointsAdvanced = []api.EntryPoint{
		{InputPath: rootNamespace + ":" + string(c.entryRoot()), OutputPath: entryOutput},
		{InputPath: rootNamespace + ":" + string(extraRoot), OutputPath: extraOutput},
	}
	bundled.Bundle, bundled.Metafile = true, true
	bundled.Splitting = opts.Format != IIFE // one script has everything in it
	bundled.Plugins = []api.Plugin{c.plugin()}
	ctx, ctxErr := api.Context(bundled)
	if ctxErr != nil {
		c.close()
		return nil, messagesError(ctxErr.Errors)
	}
	c.ctx = ctx
	return c, nil
}

// baseOptions are those of every run of esbuild.
func (c *compilation) baseOptions(loaders map[string]api.Loader, tsconfig string) api.BuildOptions {
	opts := &c.opts
	return api.BuildOptions{
		AbsWorkingDir:    opts.Root,
		Format:           api.FormatESModule,
		Platform:         api.PlatformBrowser,
		Outdir:           filepath.Join(opts.Root, memoryFolder),
		EntryNames:       "[name]",
		ChunkNames:       "chunk-[hash]",
		Write:            false,
		MinifySyntax:     opts.Minify,
		MinifyWhitespace: opts.Minify && opts.Apart == nil,
		Sourcemap:        sourceMapMode(opts.Maps),
		SourcesContent:   api.SourcesContentInclude,
		LegalComments:    api.LegalCommentsNone,
		Engines:          opts.Engines,
		Target:           opts.Target,
		Tsconfig:         tsconfig,
		Supported:        supported(opts.Format),
		Alias:            aliases(opts.Root, opts.Alias),
		Define:           c.defines(),
		Loader:           loaders,
		MainFields:       opts.MainFields,
		Conditions:       opts.conditions(),
		LogLevel:         api.LogLevelSilent,
		LogLimit:         0,
		Charset:          api.CharsetUTF8,
		LogOverride:      map[string]api.LogLevel{"ignored-bare-import": api.LogLevelWarning},
	}
}

func supported(f Format) map[string]bool {
	out := map[string]bool{
		"dynamic-import": true, "import-meta": true, // the linker replaces both
		"destructuring": true, // esbuild can't lower it, and calls Safari before 14.1 unfit for one corner of it
	}
	if f != ESM {
		out["top-level-await"] = false // whatever the browsers can do: a script can't wait
	}
	return out
}

// entryRoot is the same for all entries: one context serves them in turn.
func (c *compilation) entryRoot() rootID { return newRootID(rootEntry, "page") }

// compiled is the outcome of one run.
type compiled struct {
	meta     *metafile
	files    map[string][]byte // by path relative to the output folder
	warnings []api.Message
	layout   *layout
	apart    []link.Chunk // where modules are kept apart, instead of files
}

// turn counts the runs that link the entry.
func (c *compilation) run(ctx context.Context, turn int) (*compiled, error) {
	defer c.opts.Timings.Begin(c.esbuildStep(turn)).End()
	c.loaded.Store(0)
	stop := context.AfterFunc(ctx, c.ctx.Cancel)
	defer stop()
	res := c.ctx.Rebuild()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if wrong := errorsOf(res); len(wrong) > 0 {
		return nil, c.failure(ctx, wrong)
	}
	meta, err := readMetafile(res.Metafile)
	if err != nil {
		return nil, err
	}
	out := &compiled{meta: meta, files: make(map[string][]byte, len(res.OutputFiles)), warnings: res.Warnings}
	for _, f := range res.OutputFiles {
		out.files[filepath.Base(f.Path)] = f.Contents
	}
	return out, nil
}

// compile runs the scan and then the real build.
func (c *compilation) compile(ctx context.Context) (*compiled, error) {
	first, err := c.run(ctx, 0)
	if err != nil {
		return nil, err
	}
	c.graph = newGraph(first.meta)
	c.noteModules(c.graph)
	first.files, first.meta = nil, nil // large, and done with
	c.written, c.files = c.graph.imports(), len(c.graph.modules)
	barrels := c.begun(timing.Optimisation, "barrel files")
	if err := c.reroute(ctx); err != nil {
		return nil, err
	}
	barrels.End()
	c.plan.available = availability(c.entryRoot(), c.graph.starts())
	c.scan = false
	if c.opts.Apart != nil {
		return c.compileApart(ctx, first.warnings)
	}
	for n := 0; ; n++ {
		out, err := c.run(ctx, n)
		if err != nil {
			return nil, err
		}
		out.warnings = append(out.warnings, first.warnings...)
		order := c.begun(timing.Optimisation, "order of evaluation")
		c.graph, c.polyfills = newGraph(out.meta), nil
		out.layout = c.newLayout(out.meta)
		changed, wrong := c.correct(out.layout)
		order.End()
		if !changed || n == maxRelinks {
			for _, w := range wrong {
				c.sources.warn(finding.Finding{Rule: "build/evaluation-order", Severity: finding.Medium, Message: "evaluation order: " + w})
			}
			return out, nil
		}
		if err := c.applyPreludes(); err != nil {
			return nil, err
		}
	}
}

// explain puts an error of esbuild's in the project's words.
func (c *compilation) explain(m *api.Message) {
	if l := m.Location; l != nil && (strings.HasPrefix(l.File, rootNamespace+":"+string(rootEntry)) || strings.HasPrefix(l.File, scanNamespace+":"+string(rootEntry))) {
		m.Location, m.Text = nil, fmt.Sprintf("entry %q: %s", c.entry.Name, m.Text)
	}
	if c.opts.Format == ESM {
		return
	}
	if strings.HasPrefix(m.Text, "Top-level await is not available") {
		m.Text = fmt.Sprintf("top-level await can't run in format %s, whose scripts run at once: use format esm, or move it into an async function", c.opts.Format)
	}
	m.Notes = slices.DeleteFunc(m.Notes, func(n api.Note) bool { return strings.Contains(n.Text, "as external") }) // esm only
}

func (c *compilation) defines() map[string]string {
	// `self` is the global object in pages and workers alike, also where
	// globalThis is too new for the targets.
	d := map[string]string{
		"global":                  "self",
		"__webpack_public_path__": envName + ".p",
		"__webpack_nonce__":       envName + ".n",
	}
	maps.Copy(d, c.opts.environment())
	if c.opts.Format != ESM {
		d["import.meta.url"] = envName + ".u"
	}
	maps.Copy(d, c.opts.Define)
	return d
}

func sourceMapMode(m Maps) api.SourceMap {
	if m == MapsNone || m == "" {
		return api.SourceMapNone
	}
	return api.SourceMapExternal
}

// looseTSConfig extends the given tsconfig without `strict` and
// `alwaysStrict`: a tsconfig given by option also rules node_modules, where
// they would put "use strict" into old CommonJS files that rely on `this`
// being the global object. ES modules are strict by themselves.
func (c *compilation) looseTSConfig() (string, error) {
	if c.opts.TSConfig == "" {
		return "", nil
	}
	given := c.abs(c.opts.TSConfig)
	if _, err := os.Stat(given); err != nil {
		return "", fmt.Errorf("reading tsconfig %q: %w", c.opts.TSConfig, err)
	}
	dir, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the tsconfig: %w", err)
	}
	c.temp = dir
	text := fmt.Sprintf(`{"extends":%s,"compilerOptions":{"strict":false,"alwaysStrict":false}}`, quote(given))
	path := filepath.Join(dir, "tsconfig.json")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// forget lets esbuild's syntax trees go: linking needs the memory.
func (c *compilation) forget() {
	if c.ctx != nil {
		c.ctx.Dispose()
	}
	c.ctx, c.build = nil, api.PluginBuild{}
}

// close ends the run and removes what it left.
func (c *compilation) close() {
	c.forget()
	if c.temp != "" {
		_ = os.RemoveAll(c.temp)
	}
}

var loaderNames = map[string]api.Loader{
	"base64": api.LoaderBase64, "binary": api.LoaderBinary, "dataurl": api.LoaderDataURL, "empty": api.LoaderEmpty,
	"js": api.LoaderJS, "json": api.LoaderJSON, "jsx": api.LoaderJSX, "text": api.LoaderText, "ts": api.LoaderTS, "tsx": api.LoaderTSX,
}

// assetExtensions go to files of their own, as file-loader and webpack's
// asset modules have it.
var assetExtensions = []string{
	".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp",
	".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".webm", ".ogg", ".wav", ".pdf",
}

func esbuildLoaders(extra map[string]string) (map[string]api.Loader, error) {
	out := map[string]api.Loader{}
	var errs []error
	for ext, name := range extra {
		if name == "file" {
			continue
		}
		l, ok := loaderNames[name]
		if !ok {
			errs = append(errs, fmt.Errorf("loader %q of %q is not known: use file, %s", name, ext, strings.Join(sortedKeys(loaderNames), ", ")))
			continue
		}
		out[ext] = l
	}
	return out, errors.Join(errs...)
}

// isAsset says whether the file is emitted as it is, its import giving its URL.
func (o *Options) isAsset(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	if name, ok := o.Loaders[ext]; ok {
		return name == "file"
	}
	return slices.Contains(assetExtensions, ext)
}
