package bundle

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/bundle/imports"
)

// rewritten is a source file whose imports lead past barrels.
type rewritten struct {
	original, text []byte
	edits          []imports.Edit
}

// applyPreludes puts the plan's bare imports before the importers' texts, on
// the first line, so that no line number changes.
func (c *compilation) applyPreludes() error {
	c.rewritten = maps.Clone(c.rerouted)
	wrapped := c.graph.wrapped()
	for _, importer := range sortedKeys(c.plan.preludes) {
		path := c.abs(importer)
		rw, ok := c.rewritten[path]
		if !ok {
			src, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("reading %q again: %w", importer, err)
			}
			rw = rewritten{original: src, text: src}
		}
		at := 0
		if bytes.HasPrefix(rw.original, []byte("#!")) {
			at = bytes.IndexByte(rw.original, '\n') + 1
		}
		text := prelude(importer, c.plan.preludes[importer], wrapped)
		rw.text = slices.Concat(rw.text[:at], []byte(text), rw.text[at:])
		rw.edits = append([]imports.Edit{{Start: at, End: at, NewLen: len(text)}}, rw.edits...)
		c.rewritten[path] = rw
	}
	return nil
}

// prelude lists an importer's imports once more, so that each is evaluated in
// its turn; a wrapped module by a small module that is the importer's own.
func prelude(importer string, edges []edge, wrapped map[string]bool) string {
	var b strings.Builder
	for _, e := range edges {
		switch {
		case e.kind != "import-statement" || e.original == "":
		case wrapped[e.to]:
			fmt.Fprintf(&b, "import %s;", quote(evalNamespace+":"+importer+"|"+e.to))
		default:
			fmt.Fprintf(&b, "import %s;", quote(e.original))
		}
	}
	return b.String()
}

// enumGraph knows packages only: enough to give ambient const enums a value
// before the module graph is known. Without it esbuild would refuse the import
// of a name that the package's module does not have.
type enumGraph struct{ h *hooks }

func (g enumGraph) Resolve(importer, specifier string) (string, bool) {
	if strings.HasPrefix(specifier, ".") || filepath.IsAbs(specifier) {
		return "", false
	}
	folder := g.h.sources.packageFolder(filepath.Dir(importer), specifier)
	if folder == "" {
		return "", false
	}
	r := g.h.ask(api.OnResolveArgs{
		Path: specifier, Importer: importer, Namespace: "file", ResolveDir: folder, Kind: api.ResolveJSImportStatement,
	})
	return r.Path, len(r.Errors) == 0 && r.Namespace == "file" && strings.Contains(filepath.ToSlash(r.Path), "/node_modules/")
}

func (enumGraph) Pure(string) bool                   { return false }
func (enumGraph) Source(file string) ([]byte, error) { return os.ReadFile(file) }

// giveEnumsValues rewrites, in the scan, the imports of ambient const enums
// from packages.
func (h *hooks) giveEnumsValues(path string, src []byte) (rewritten, bool, error) {
	if !strings.Contains(filepath.Ext(path), "ts") || !bytes.Contains(src, []byte("import")) {
		return rewritten{}, false, nil
	}
	text, edits, changed, err := h.enumRewriter.Rewrite(path, src)
	if err != nil || !changed {
		return rewritten{}, false, err
	}
	rw := rewritten{src, text, edits}
	h.sources.mu.Lock()
	defer h.sources.mu.Unlock()
	if h.valued == nil {
		h.valued = map[string]rewritten{}
	}
	h.valued[path] = rw
	return rw, true, nil
}

// rerouteGraph is what package imports asks of the module graph.
type rerouteGraph struct {
	c     *compilation
	edges map[importSite]string // importer (absolute), specifier → absolute file
}

func (g *rerouteGraph) Resolve(importer, specifier string) (string, bool) {
	if file, ok := g.edges[importSite{importer, specifier}]; ok {
		return file, true
	}
	// The scan saw a text in which an enum's import led elsewhere already.
	if _, ok := g.c.valued[importer]; ok {
		return enumGraph{&hooks{compilation: g.c, build: g.c.build}}.Resolve(importer, specifier)
	}
	return "", false
}

func (g *rerouteGraph) Pure(file string) bool              { return g.c.effects.pure(file) }
func (g *rerouteGraph) Source(file string) ([]byte, error) { return os.ReadFile(file) }

// reroute rewrites the named imports that go through side-effect-free barrels
// or name an ambient const enum, and corrects the graph accordingly.
func (c *compilation) reroute(ctx context.Context) error {
	g := &rerouteGraph{c: c, edges: map[importSite]string{}}
	for key, m := range c.graph.modules {
		for _, e := range m.imports {
			if e.original != "" && isFileKey(e.to) && e.kind == "import-statement" {
				g.edges[importSite{c.abs(key), e.original}] = c.abs(e.to)
			}
		}
	}
	r := &imports.Rewriter{Graph: g, Enums: c.enums, Specifier: relativeSpecifier}
	c.rerouter = r
	c.rerouted = map[string]rewritten{}
	maps.Copy(c.rerouted, c.valued)
	var mu sync.Mutex
	work, _ := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, key := range sortedKeys(c.graph.modules) {
		if !c.mayReroute(c.graph.modules[key]) {
			continue
		}
		work.Go(func() error {
			path := c.abs(key)
			src, err := os.ReadFile(path)
			if err != nil {
				return nil // esbuild has read it; the real build will say
			}
			text, edits, changed, err := r.Rewrite(path, src)
			if err != nil || !changed {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			c.rerouted[path] = rewritten{src, text, edits}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	c.rewritten = c.rerouted
	for path, rw := range c.rerouted {
		typescript := strings.Contains(filepath.Ext(path), "ts")
		c.graph.replaceImports(c.rel(path), imports.Scan(rw.original, typescript), imports.Scan(rw.text, typescript))
	}
	return nil
}

// mayReroute spares reading files that import nothing that could be a barrel.
func (c *compilation) mayReroute(m *module) bool {
	if !isFileKey(m.key) || m.format == "cjs" || !isScriptFile(m.key) {
		return false
	}
	for _, e := range m.imports {
		if e.kind == "import-statement" && e.original != "" && isFileKey(e.to) && isScriptFile(e.to) &&
			(c.effects.pure(c.abs(e.to)) || strings.Contains(e.to, "node_modules/")) {
			return true
		}
	}
	return false
}

func isFileKey(key string) bool {
	i := strings.IndexByte(key, ':')
	return i < 0 || strings.Contains(key[:i], "/")
}

func isScriptFile(path string) bool {
	switch filepath.Ext(path) {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx":
		return true
	}
	return false
}

// relativeSpecifier is the way from one file to another: the folder that the
// project lies in must not show in any text.
func relativeSpecifier(importer, file string) string {
	rel, err := filepath.Rel(filepath.Dir(importer), file)
	if err != nil {
		return file
	}
	if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "../") {
		rel = "./" + rel
	}
	return rel
}

// replaceImports gives a rewritten module the static imports of its new text;
// those behind other code were not read, and stay.
func (g *graph) replaceImports(key string, before, text *imports.Module) {
	m := g.modules[key]
	if m == nil {
		return
	}
	read := map[string]bool{}
	for _, d := range before.Decls {
		read[d.Specifier] = true
	}
	old := map[string]edge{}
	var rest []edge
	for _, e := range m.imports {
		if e.kind == "import-statement" && read[e.original] {
			old[e.original] = e
		} else {
			rest = append(rest, e)
		}
	}
	var now []edge
	for _, d := range text.Decls {
		if d.TypeOnly || d.Specifier == "" {
			continue
		}
		if e, ok := old[d.Specifier]; ok {
			now = append(now, e)
		} else if strings.HasPrefix(d.Specifier, imports.EnumScheme) {
			now = append(now, edge{d.Specifier, "import-statement", d.Specifier})
		} else if to := path.Join(path.Dir(key), d.Specifier); strings.HasPrefix(d.Specifier, ".") && g.modules[to] != nil {
			now = append(now, edge{to, "import-statement", d.Specifier})
		}
	}
	m.imports = append(now, rest...)
}
