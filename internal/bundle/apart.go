package bundle

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/bundle/imports"
	"github.com/org/checkout-deploy/internal/bundle/link"
)

// Apart keeps modules apart, and what is known of them from one build to the
// next. The zero value is ready.
type Apart struct {
	entries map[string]*entryApart
}

// entryApart is what an entry's modules were compiled to.
type entryApart struct {
	link    link.Memory
	modules map[string]*compiledModule
}

// compiledModule is esbuild's output for one module, by itself.
type compiledModule struct {
	key       string
	common    bool // a CommonJS script
	code      []byte
	sourceMap []byte
	bare      map[string]bool // specifiers imported for their effects alone
	text      []byte          // what was compiled in the source's place, nil for the source
	source    []byte          // of a script of the project's own

	// What esbuild says of it, to tell whether an edit changes the graph.
	format   string
	imports  []metaImport
	exports  []string
	warnings []api.Message
}

func (a *Apart) entry(name string) *entryApart {
	if a.entries == nil {
		a.entries = map[string]*entryApart{}
	}
	if a.entries[name] == nil {
		a.entries[name] = &entryApart{modules: map[string]*compiledModule{}}
	}
	return a.entries[name]
}

func (a *Apart) memory(entry string) *link.Memory { return &a.entry(entry).link }

// outputs are esbuild's, none where modules are kept apart.
func (out *compiled) outputs() map[string]metaOutput {
	if out.meta == nil {
		return nil
	}
	return out.meta.Outputs
}

// compileApart compiles the graph's modules by themselves, those that are not
// known yet.
func (c *compilation) compileApart(ctx context.Context, warnings []api.Message) (*compiled, error) {
	known := c.opts.Apart.entry(c.entry.Name)
	keys := c.reachable()
	var missing []string
	for _, key := range keys {
		if m := known.modules[key]; m == nil || !bytes.Equal(m.text, c.rewritten[c.abs(key)].text) {
			missing = append(missing, key)
		}
	}
	fresh, err := c.compileModules(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, m := range fresh {
		known.modules[m.key] = m
	}
	out := c.layOut(known, keys)
	out.warnings = warnings
	return out, nil
}

// prune forgets modules that nothing reaches: nobody tells their changes.
func (e *entryApart) prune(reachable []string) {
	maps.DeleteFunc(e.modules, func(key string, _ *compiledModule) bool {
		_, found := slices.BinarySearch(reachable, key)
		return !found
	})
}

// layOut says what the linker needs of compiled modules.
func (c *compilation) layOut(known *entryApart, keys []string) *compiled {
	known.prune(keys)
	out := &compiled{}
	for _, key := range keys {
		out.apart = append(out.apart, c.chunkApart(known.modules[key]))
	}
	c.dropBare(known.modules)
	out.layout = c.layoutApart(keys)
	for _, id := range c.rootsInOrder() {
		out.apart = append(out.apart, c.rootApart(id))
	}
	return out
}

// reachable lists the modules that some root reaches, sorted.
func (c *compilation) reachable() []string {
	seen := map[string]bool{}
	queue := []string{rootNamespace + ":" + string(c.entryRoot())}
	var out []string
	for len(queue) > 0 {
		key := queue[0]
		queue = queue[1:]
		if seen[key] {
			continue
		}
		seen[key] = true
		if !strings.HasPrefix(key, rootNamespace+":") && !strings.HasPrefix(key, scanNamespace+":") {
			out = append(out, key)
		}
		if m := c.graph.modules[key]; m != nil {
			for _, e := range m.edges() {
				queue = append(queue, e.to)
			}
		}
	}
	slices.Sort(out)
	return out
}

// disabled starts the keys of modules that a package's `browser` field lets go.
const disabled = "(disabled):"

// batch is modules that one run of esbuild takes.
type batch struct {
	format  api.Format
	loader  api.Loader // LoaderNone goes by the extension
	modules []*compiledModule
}

// attributed are the ends of keys of files that an import asks for by an
// attribute, in esbuild's words.
var attributed = map[string]api.Loader{
	" with { type: 'json' }": api.LoaderJSON, " with { type: 'text' }": api.LoaderText, " with { type: 'bytes' }": api.LoaderBinary,
}

// batchOf says how a module is compiled; by attribute it is data.
func (c *compilation) batchOf(key string) (format api.Format, loader api.Loader) {
	if i := strings.LastIndex(key, " with {"); i >= 0 {
		return api.FormatCommonJS, attributed[key[i:]]
	}
	if mod := c.graph.modules[key]; mod != nil && mod.attribute != "" {
		return api.FormatCommonJS, attributed[" with { type: '"+mod.attribute+"' }"]
	}
	if mod := c.graph.modules[key]; mod != nil && mod.format != "esm" {
		return api.FormatCommonJS, api.LoaderNone
	}
	return api.FormatESModule, api.LoaderNone
}

// compileModules runs esbuild over files without following their imports.
// Its warnings are those of the scan, and some about what nothing is meant to be
// bundled for.
func (c *compilation) compileModules(ctx context.Context, keys []string) (out []*compiledModule, err error) {
	var batches []batch
	for _, key := range keys {
		m := &compiledModule{key: key, text: c.rewritten[c.abs(key)].text, source: c.sources.texts[c.abs(key)]}
		out = append(out, m)
		if strings.HasPrefix(key, disabled) {
			m.common = true
			continue
		}
		format, loader := c.batchOf(key)
		m.common = format == api.FormatCommonJS
		i := slices.IndexFunc(batches, func(b batch) bool { return b.format == format && b.loader == loader })
		if i < 0 {
			i = len(batches)
			batches = append(batches, batch{format: format, loader: loader})
		}
		batches[i].modules = append(batches[i].modules, m)
	}
	var messages []api.Message
	for _, b := range batches {
		messages = append(messages, c.transpile(b)...)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(messages) > 0 {
		for i := range messages {
			c.explain(&messages[i])
		}
		return nil, messagesError(messages)
	}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, m := range out {
		work.Go(func() error { m.readBare(); return nil })
	}
	return out, work.Wait()
}

// transpile runs esbuild over the files of the modules alone.
func (c *compilation) transpile(b batch) (errors []api.Message) {
	opts := c.base
	opts.Format, opts.Plugins, opts.Metafile = b.format, []api.Plugin{c.plugin()}, true
	if b.loader != api.LoaderNone {
		opts.Loader = maps.Clone(opts.Loader)
	}
	for i, m := range b.modules {
		in, _, _ := strings.Cut(m.key, " with {")
		if b.loader != api.LoaderNone {
			opts.Loader[path.Ext(in)] = b.loader
		}
		if isFileKey(in) {
			in = c.fromRoot(in)
		}
		opts.EntryPointsAdvanced = append(opts.EntryPointsAdvanced, api.EntryPoint{InputPath: in, OutputPath: fmt.Sprint("m", i)})
	}
	res := api.Build(opts)
	if len(res.Errors) > 0 {
		return res.Errors
	}
	b.readMeta(res.Metafile, res.Warnings)
	for _, f := range res.OutputFiles {
		var i int
		base := path.Base(f.Path)
		if _, err := fmt.Sscanf(base, "m%d.js", &i); err != nil || i >= len(b.modules) {
			continue
		}
		if strings.HasSuffix(base, ".map") {
			b.modules[i].sourceMap = f.Contents
		} else {
			b.modules[i].code = f.Contents
		}
	}
	return nil
}

// readMeta notes what esbuild says of each module.
func (b batch) readMeta(text string, warnings []api.Message) {
	meta, err := readMetafile(text)
	if err != nil {
		return // every module looks changed then
	}
	outputs := map[string]metaOutput{}
	for _, out := range meta.Outputs {
		outputs[out.EntryPoint] = out
	}
	for _, m := range b.modules {
		name, _, _ := strings.Cut(m.key, " with {")
		m.format, m.imports, m.exports = meta.Inputs[name].Format, outputs[name].Imports, outputs[name].Exports
		for _, w := range warnings {
			if w.Location != nil && w.Location.File == name && w.ID != "unsupported-require-call" {
				m.warnings = append(m.warnings, w)
			}
		}
	}
}

// readBare finds the imports that bind nothing; esbuild prints imports first.
func (m *compiledModule) readBare() {
	if m.common {
		return
	}
	m.bare = map[string]bool{}
	for _, d := range imports.Scan(m.code, false).Decls {
		bare, known := m.bare[d.Specifier]
		m.bare[d.Specifier] = d.Bare() && (bare || !known)
	}
}

// chunkApart is a module as the linker takes it.
func (c *compilation) chunkApart(m *compiledModule) link.Chunk {
	chunk := link.Chunk{
		Name: m.key, Code: m.code, Map: m.sourceMap, Modules: []string{m.key}, CommonJS: m.common,
		Node:    isFileKey(m.key) && c.effects.nodeMode(c.abs(m.key)),
		Imports: map[string]string{}, Requires: map[string]string{}, Starts: map[string]string{}, Pure: map[string]bool{},
	}
	mod := c.graph.modules[m.key]
	if mod == nil {
		return chunk
	}
	for _, e := range mod.edges() {
		if e.original == "" {
			continue
		}
		switch e.kind {
		case "dynamic-import":
			if id, ok := rootOfKey(e.to); ok {
				chunk.Starts[e.original] = string(id)
			}
		case "require-call":
			chunk.Requires[e.original] = e.to
		default:
			chunk.Imports[e.original] = e.to
			if _, asked := chunk.Requires[e.original]; m.common && !asked {
				chunk.Requires[e.original] = e.to // a script that imports, too: esbuild made it require()
			}
			if c.pureTarget(e.to) {
				chunk.Pure[e.to] = true
			}
		}
	}
	return chunk
}

// pureTarget reports a module that an import for its effects alone does not run.
func (c *compilation) pureTarget(key string) bool {
	return isFileKey(key) && isScriptFile(key) && c.effects.pure(c.abs(key))
}

// dropBare takes the imports out of the graph that evaluate nothing.
func (c *compilation) dropBare(compiled map[string]*compiledModule) {
	for key, m := range c.graph.modules {
		own := compiled[key]
		if own == nil {
			continue
		}
		m.declared = m.edges()
		m.imports = slices.DeleteFunc(slices.Clone(m.declared), func(e edge) bool {
			return e.kind == "import-statement" && own.bare[e.original] && c.pureTarget(e.to)
		})
	}
}

// layoutApart gives every module a chunk of its own.
func (c *compilation) layoutApart(keys []string) *layout {
	l := &layout{chunkOf: map[string]string{}, sequence: map[rootID][]string{}, styles: map[rootID][]string{}, rootOf: map[rootID]string{}}
	for _, key := range keys {
		l.chunkOf[key] = key
	}
	for _, id := range c.rootsInOrder() {
		key := rootNamespace + ":" + string(id)
		if c.graph.modules[key] == nil {
			continue
		}
		l.rootOf[id] = key
		c.graph.closure(key, func(m *module) {
			if l.chunkOf[m.key] != "" {
				l.sequence[id] = append(l.sequence[id], m.key)
			}
		})
		l.styles[id] = c.stylesOf(id, l)
	}
	return l
}

// rootApart is the module that gives a root's namespace object.
func (c *compilation) rootApart(id rootID) link.Chunk {
	chunk := link.Chunk{
		Name: rootNamespace + ":" + string(id), Imports: map[string]string{}, Pure: map[string]bool{},
		Node: strings.HasSuffix(id.target(), nodeSuffix),
	}
	inner := c.graph.modules[scanNamespace+":"+string(id)]
	if inner == nil {
		return chunk
	}
	var b strings.Builder
	for i, e := range inner.imports {
		if i == len(inner.imports)-1 {
			fmt.Fprintf(&b, "import * as %s from %s;export{%[1]s};", rootExport, quote(e.to))
		} else {
			fmt.Fprintf(&b, "import %s;", quote(e.to))
		}
		chunk.Imports[e.to] = e.to
		if c.pureTarget(e.to) {
			chunk.Pure[e.to] = true
		}
	}
	chunk.Code = []byte(b.String())
	return chunk
}
