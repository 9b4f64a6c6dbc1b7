package bundle

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/org/checkout-deploy/internal/bundle/imports"
)

// rewritten is a source file whose imports lead past barrels.
type rewritten struct {
	original, text []byte
	edits          []imports.Edit
}

// rerouteGraph is what package imports asks of the module graph.
type rerouteGraph struct {
	c     *compilation
	edges map[importSite]string // importer (absolute), specifier → absolute file
}

func (g *rerouteGraph) Resolve(importer, specifier string) (string, bool) {
	file, ok := g.edges[importSite{importer, specifier}]
	return file, ok
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
	r := &imports.Rewriter{Graph: g, Enums: c.enums}
	c.rewritten = map[string]rewritten{}
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
			c.rewritten[path] = rewritten{src, text, edits}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	for path, rw := range c.rewritten {
		c.graph.replaceImports(c, c.rel(path), imports.Scan(rw.text, strings.Contains(filepath.Ext(path), "ts")))
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

// replaceImports gives a rewritten module the static imports of its new text.
func (g *graph) replaceImports(c *compilation, key string, text *imports.Module) {
	m := g.modules[key]
	if m == nil {
		return
	}
	old := map[string]edge{}
	var rest []edge
	for _, e := range m.imports {
		if e.kind == "import-statement" && e.original != "" {
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
		} else if to := c.rel(d.Specifier); filepath.IsAbs(filepath.FromSlash(d.Specifier)) && g.modules[to] != nil {
			now = append(now, edge{to, "import-statement", d.Specifier})
		}
	}
	m.imports = append(now, rest...)
}
