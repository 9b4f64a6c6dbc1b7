package difftest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/bundle/style"
)

// TestWhatDoesNotRunChangesNothing adds comments, unused exports and files outside
// the graph, and wants every file that a browser runs to keep its name and hash.
//
// About one graph in a hundred has a module that esbuild makes a function for the
// order's sake, or gives a namespace as it has `export *` of CommonJS: another
// export is then in the output. None of the seeds here adds one there.
func TestWhatDoesNotRunChangesNothing(t *testing.T) {
	n := 30
	if os.Getenv("CI") == "true" {
		n = 200
	}
	for seed := range uint64(n) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			staysTheSame(t, seed)
		})
	}
}

func staysTheSame(t *testing.T, seed uint64) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := Generate(seed).Case()
	if err := c.WriteSource(dir); err != nil {
		t.Fatal(err)
	}
	format := []bundle.Format{bundle.Classic, bundle.ESM, bundle.IIFE}[seed%3]
	entries := []bundle.Entry{{Name: "main", Modules: []string{c.Entry}}}
	if seed%2 == 0 {
		others := scriptsOf(c)
		entries = append(entries, bundle.Entry{Name: "other", Modules: []string{others[len(others)-1]}})
	}
	before := runnable(t, dir, format, seed, entries)
	random := rand.New(rand.NewPCG(seed, 2))
	var edits []string
	for range 4 {
		edits = append(edits, quietEdit(t, random, dir, c, entries))
	}
	if after := runnable(t, dir, format, seed, entries); after != before {
		t.Errorf("%s: after\n%s\ngot  %s\nwant %s", format, strings.Join(edits, "\n"), after, before)
	}
}

// runnable names what a build made but for source maps, with the hash of each file.
func runnable(t *testing.T, dir string, format bundle.Format, seed uint64, entries []bundle.Entry) string {
	t.Helper()
	styles, err := style.New(style.Options{Root: dir, SourceMap: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = styles.Close() }()
	res, err := bundle.Build(context.Background(), bundle.Options{
		Root: dir, Pass: pass, Library: Library, Format: format, Target: api.ES2022, Entries: entries,
		Define: map[string]string{"global": "globalThis"}, Minify: seed%5 != 0,
		Maps: []bundle.Maps{bundle.MapsNone, bundle.MapsApart, bundle.MapsLinked}[seed/3%3], Groups: ours{grouped: seed%4 == 0}.groups(), Styles: styles,
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range res.Files {
		if f.Role != link.SourceMap {
			out = append(out, f.Path+" "+f.Integrity)
		}
	}
	slices.Sort(out)
	for _, e := range res.Entries {
		out = append(out, fmt.Sprintf("%s %q %q %v %s", e.Name, e.JS, e.CSS, e.Lazy, e.ImportMap))
	}
	return strings.Join(out, "\n")
}

// comments are such as look like code to whoever does not know JavaScript.
var comments = []string{
	"// a comment\n",
	"// { is never closed\n",
	"/* import \"./nothing\";\nimport './nothing'\nexport default 1;\nexport const one = 1;\n require('./nothing'); import('./nothing') */\n",
	"// import { a } from './nothing'; export * from './nothing'; module.exports = require('./nothing')\n",
	"/* new URL('./nothing', import.meta.url); __webpack_public_path__ = 1; import(/* webpackChunkName: 'x' './nothing') */\n",
	"/** nobody's: `${` ' \" ( { [ */\n",
	"/*" + strings.Repeat(" so large that it looks like a chunk of its own,\n", 600) + "*/\n",
}

// quietEdit changes what no browser runs, and says how.
func quietEdit(t *testing.T, random *rand.Rand, dir string, c *Case, entries []bundle.Entry) string {
	scripts := scriptsOf(c)
	name := scripts[random.IntN(len(scripts))]
	file := filepath.Join(dir, filepath.FromSlash(name))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	comment := comments[random.IntN(len(comments))]
	did := ""
	switch kind := random.IntN(5); {
	case kind == 0:
		name = path.Join(path.Dir(name), fmt.Sprintf("outside%d.js", random.IntN(100)))
		text, did = []byte("export const outside = 1; console.log('outside');\n"), "a file outside the graph"
		file = filepath.Join(dir, filepath.FromSlash(name))
	case kind == 1:
		text, did = append([]byte(comment), text...), "a comment before: "+comment
	case kind == 2:
		text, did = append(bytes.Clone(text), "\n"+comment...), "a comment after: "+comment
	case !isModule(name, original(c, name)) || slices.Contains(seen(c, entries), name):
		text, did = append(bytes.Clone(text), "\n"+comment...), "a comment after: "+comment
	case kind == 3:
		text, did = fmt.Appendf(text, "\nexport const added%d = { value: 1 };\n", random.IntN(1000)), "an unused constant"
	default:
		text, did = fmt.Appendf(text, "\nexport function added%d(x) { return globalThis.added + x; }\n", random.IntN(1000)), "an unused function"
	}
	if len(did) > 100 {
		did = did[:100] + "…"
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return name + ": " + did
}

// original is a file's text before the edits.
func original(c *Case, name string) string {
	for _, f := range c.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func scriptsOf(c *Case) (names []string) {
	for _, f := range c.Files {
		if strings.HasSuffix(f.Name, "js") {
			names = append(names, f.Name)
		}
	}
	return names
}

var (
	wholeImport  = regexp.MustCompile(`(?:import\(|require\(|\* as [^;]*? from |import [^;{}]*, \* as [^;]*? from )\s*["']([^"']+)["']`)
	requireCall  = regexp.MustCompile(`require\(\s*["']([^"']+)["']`)
	staticImport = regexp.MustCompile(`(?m)^(?:import|export)\b[^;'"]*["']([^"']+)["']`)
	starExport   = regexp.MustCompile(`export \* from ["']([^"']+)["']`)
)

// seen are the modules whose exports somebody may list: entries, what import() and
// require() give, what `import * as` names, and what those pass on by `export *`.
// Another export is a change there, and also in what a required module imports:
// esbuild makes that functions, with all they declare.
func seen(c *Case, entries []bundle.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Modules...)
	}
	texts := map[string]string{}
	for _, name := range scriptsOf(c) {
		texts[name] = original(c, name)
		for _, m := range wholeImport.FindAllStringSubmatch(texts[name], -1) {
			all = append(all, leadsTo(name, m[1]))
		}
	}
	var required []string
	for name, text := range texts {
		for _, m := range requireCall.FindAllStringSubmatch(text, -1) {
			required = append(required, leadsTo(name, m[1]))
		}
	}
	for i := 0; i < len(required); i++ {
		for _, m := range staticImport.FindAllStringSubmatch(texts[required[i]], -1) {
			if to := leadsTo(required[i], m[1]); !slices.Contains(required, to) {
				required = append(required, to)
			}
		}
	}
	all = append(all, required...)
	for i := 0; i < len(all); i++ {
		for _, m := range starExport.FindAllStringSubmatch(texts[all[i]], -1) {
			if to := leadsTo(all[i], m[1]); !slices.Contains(all, to) {
				all = append(all, to)
			}
		}
	}
	return all
}

// leadsTo is the file that an import path of a graph names.
func leadsTo(from, specifier string) string {
	if strings.HasPrefix(specifier, ".") {
		return path.Join(path.Dir(from), specifier)
	}
	if path.Ext(specifier) == "" {
		specifier = path.Join(specifier, "index.js")
	}
	return path.Join("node_modules", specifier)
}
