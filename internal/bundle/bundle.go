package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/imports"
	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/finding"
)

// entryResult is what one entry became.
type entryResult struct {
	*link.Output
	assets   map[string][]byte
	assetOf  map[string][]string
	warnings []finding.Finding
}

// link makes the files of the entry at hand.
func (c *compilation) link(ctx context.Context, out *compiled, values map[string]string) (*entryResult, error) {
	in := c.linkInput(out)
	in.Values = maps.Clone(values)
	if in.Values == nil {
		in.Values = map[string]string{}
	}
	in.Values[metaEnvValue] = metaEnvObject(c.defines())
	before := len(c.sources.warnings)
	assets := maps.Clone(c.sources.assets)
	c.sources.sheets = nil
	defer func() { // a session links again, perhaps other styles
		c.sources.warnings, c.sources.assets = c.sources.warnings[:before], assets
	}()
	linked, err := link.Link(ctx, in)
	if err != nil {
		return nil, err
	}
	res := &entryResult{Output: linked, assets: c.sources.assets, assetOf: c.sources.assetOf}
	res.warnings = slices.Concat(c.sources.warnings, c.unset(out))
	for _, w := range out.warnings {
		if !ofOurModules(w) {
			res.warnings = append(res.warnings, c.warning(w))
		}
	}
	return res, nil
}

// ofOurModules reports a message about the modules made for the build; the
// entry's is the project's business too.
func ofOurModules(m api.Message) bool {
	if strings.Contains(m.Text, `"checkout-deploy-`) {
		return true
	}
	file := ""
	if m.Location != nil {
		file = m.Location.File
	}
	return strings.HasPrefix(file, "checkout-deploy-") &&
		!strings.HasPrefix(file, rootNamespace+":"+string(rootEntry)) && !strings.HasPrefix(file, scanNamespace+":"+string(rootEntry))
}

// warning is a message of esbuild's in the project's words.
func (c *compilation) warning(m api.Message) finding.Finding {
	if l := m.Location; l != nil && (strings.HasPrefix(l.File, rootNamespace+":") || strings.HasPrefix(l.File, scanNamespace+":")) {
		m.Location, m.Text = nil, fmt.Sprintf("entry %q: %s", c.entry.Name, m.Text)
	}
	f := findingOf(m, finding.Medium)
	if quoted := quotedFile.FindStringSubmatch(m.Text); m.ID == "ignored-bare-import" && quoted != nil {
		f.Message = fmt.Sprintf("the import of %q is dropped, because its package.json declares that nothing there has side effects", quoted[1])
		f.Hint = fmt.Sprintf("if this file has some (a polyfill, say), write `side-effects: { %q: true }` under `build` in checkout-deploy.yml", quoted[1])
	}
	return f
}

var quotedFile = regexp.MustCompile(`because "([^"]+)"`)

func (c *compilation) linkInput(out *compiled) link.Input {
	lay := out.layout
	in := link.Input{
		Format: link.Classic, Pass: c.opts.Pass, Timings: c.opts.Timings, SmallFile: smallFile, Name: c.entry.Name, Library: c.opts.Library,
		Entry: string(c.entryRoot()), Maps: c.opts.Maps != MapsNone, Link: c.opts.Maps == MapsLinked, Minify: c.opts.Minify,
		Banner: c.opts.Banner, Styles: c.bundleStyles, Original: c.original, Content: c.content, SourceName: fromMemory,
	}
	if c.opts.Format == ESM {
		in.Format = link.Module
	}
	if c.opts.PublicPath != "" {
		in.PublicPath = &c.opts.PublicPath
	}
	if c.opts.Apart != nil {
		in.Chunks, in.Apart = out.apart, c.opts.Apart.memory(c.entry.Name)
	}
	for _, name := range sortedKeys(out.outputs()) {
		if base := path.Base(name); strings.HasSuffix(base, ".js") && base != extraOutput+".js" {
			in.Chunks = append(in.Chunks, link.Chunk{
				Name: base, Code: out.files[base], Map: out.files[base+".map"], Modules: out.meta.Outputs[name].Inputs.modules(),
				Parts: lay.parts(base, out.meta.Outputs[name]),
			})
		}
	}
	starts := c.graph.starts()
	parents := map[rootID][]string{}
	for _, from := range sortedKeys(starts) {
		for _, to := range starts[from] {
			parents[to] = append(parents[to], string(from))
		}
	}
	in.Groups = c.groups()
	for _, id := range c.rootsInOrder() {
		if lay.rootOf[id] == "" {
			continue
		}
		r := link.Root{
			ID: string(id), Chunk: lay.rootOf[id], Name: c.chunkName(id), Units: lay.sequence[id], Styles: lay.styles[id], Initial: id.kind() != rootLazy,
		}
		r.Named = c.sources.lazies[id].Name != ""
		r.Parents = parents[id]
		for _, to := range starts[id] {
			h := c.sources.lazies[to]
			if h.Prefetch && lay.rootOf[to] != "" {
				r.Prefetch = append(r.Prefetch, string(to))
			}
			if h.Preload && lay.rootOf[to] != "" {
				r.Preload = append(r.Preload, string(to))
			}
		}
		in.Roots = append(in.Roots, r)
	}
	return in
}

// fromMemory leads a source's name in esbuild's maps, which are relative to a
// folder in the project (see memoryFolder), to its path in the project, which
// is its name everywhere else.
func fromMemory(name string) string { return strings.TrimPrefix(name, "../") }

// unescaped is the path of a source whose name is a URL, as in maps.
func unescaped(name string) string {
	if path, err := url.PathUnescape(name); err == nil {
		return path
	}
	return name
}

// smallFile is webpack's default for splitChunks.minSize.
const smallFile = 20_000

// groups gives the configured groups in order of priority; one that takes all
// chunks counts for either kind.
func (c *compilation) groups() []link.Group {
	groups := slices.Clone(c.opts.Groups)
	slices.SortStableFunc(groups, func(a, b Group) int { return b.Priority - a.Priority })
	var out []link.Group
	for _, g := range groups {
		for _, initial := range []bool{true, false} {
			if g.Chunks == LoadAll || (g.Chunks == LoadInitial) == initial {
				name := g.Name
				if g.Chunks == LoadAll && !initial {
					name += "-lazy"
				}
				out = append(out, link.Group{Name: name, Initial: initial, MinShare: g.MinShare, Takes: g.Pattern.MatchString})
			}
		}
	}
	return out
}

// chunkName is webpackChunkName, or what the file's path suggests.
func (c *compilation) chunkName(id rootID) string {
	if h := c.sources.lazies[id]; h.Name != "" {
		return safeName(h.Name)
	}
	if id.kind() == rootEntry {
		return c.entry.Name
	}
	target := id.file()
	base := strings.TrimSuffix(path.Base(target), path.Ext(target))
	if base == "index" {
		dir := path.Dir(target)
		if path.Base(dir) == "src" {
			dir = path.Dir(dir)
		}
		base = path.Base(dir)
	}
	return safeName(base)
}

// original gives the way from places in a source's rewritten text to the
// source itself; nil for a source that was compiled as it is.
func (c *compilation) original(source string) func(line, column int) (int, int) {
	rw, ok := c.rewritten[c.abs(unescaped(source))]
	if !ok {
		return nil
	}
	touched := touchedLines(rw)
	var p *imports.Positions
	return func(line, column int) (int, int) {
		if !touched[line] {
			return line, column
		}
		if p == nil {
			p = imports.NewPositions(rw.original, rw.text, rw.edits)
		}
		return p.Original(line, column)
	}
}

// touchedLines are those of the rewritten text that an edit changed; edits keep
// the number of lines.
func touchedLines(rw rewritten) map[int]bool {
	out := map[int]bool{}
	line, at, moved := 0, 0, 0
	for _, e := range rw.edits {
		start := e.Start + moved
		end := start + e.NewLen
		moved += e.NewLen - (e.End - e.Start)
		line += bytes.Count(rw.text[at:start], []byte("\n"))
		out[line] = true
		for range bytes.Count(rw.text[start:end], []byte("\n")) {
			line++
			out[line] = true
		}
		at = end
	}
	return out
}

func (c *compilation) content(source string) []byte {
	rw, ok := c.rewritten[c.abs(unescaped(source))]
	if !ok {
		return nil
	}
	b, err := json.Marshal(string(rw.original))
	if err != nil {
		return nil
	}
	return b
}
