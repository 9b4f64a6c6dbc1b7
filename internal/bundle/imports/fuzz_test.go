package imports

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// everything is a graph in which each specifier of the importer leads to a barrel
// that has all names the importer asks for, from another module.
type everything struct {
	importer string
	names    []string
}

func newEverything(importer string, src []byte) everything {
	g := everything{importer: importer, names: []string{"default"}}
	for _, d := range Scan(src, isTypeScript(importer)).Decls {
		for _, n := range d.Names {
			if !slices.Contains(g.names, n.Foreign) {
				g.names = append(g.names, n.Foreign)
			}
		}
	}
	return g
}

func (g everything) Resolve(importer, _ string) (string, bool) {
	if importer == g.importer {
		return "/barrel.js", true
	}
	return "/module \"1\".js", true
}

func (g everything) Pure(string) bool { return true }

func (g everything) Source(file string) ([]byte, error) {
	var b strings.Builder
	for i, name := range g.names {
		quoted, _ := json.Marshal(name)
		switch {
		case file != "/barrel.js":
			fmt.Fprintf(&b, "const n%d = 1; export { n%d as %s };\n", i, i, quoted)
		case i%3 == 1:
			fmt.Fprintf(&b, "export * as %s from './x';\n", quoted)
		default:
			fmt.Fprintf(&b, "export { %s } from './x';\n", quoted)
		}
	}
	return []byte(b.String()), nil
}

// parse gives the specifiers esbuild sees in import and export statements; ok is
// false when it does not parse the text.
func parse(src, file string) (specifiers []string, ok bool) {
	result := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: src, Loader: loaderOf(file)},
		Bundle: true, Format: api.FormatESModule, Metafile: true, LogLevel: api.LogLevelSilent,
		Plugins: []api.Plugin{{Name: "external", Setup: func(b api.PluginBuild) {
			b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
				if a.Kind == api.ResolveJSImportStatement {
					specifiers = append(specifiers, a.Path)
				}
				return api.OnResolveResult{Path: "x", External: true}, nil
			})
		}}},
	})
	return specifiers, len(result.Errors) == 0
}

func FuzzRewrite(f *testing.F) {
	seeds := []string{
		"import d, { a, b as c, type T } from 'x' ; export { e as f } from \"y\"\nd(a)",
		"#!x\n'use strict';\nimport * as n from 'x' with { type: 'json' };export * as m from 'y';export*from'z'",
		"import type from 'x'; import type, { type as as } from 'y'; import { type as as x } from 'z'; import type Q = require('q')",
		"export interface A<T> extends B<T> { x(): '}' }\nexport type C =\n | `a${B}`\n & {}\nexport { D } from 'x'; export default () => {}",
		"/* c */ import { 'a b' as c, default as e } from 'x' // d\r\nexport { c as 'd e' }\u2028import {} from 'y'",
		"import {\n as,\n from as of,\n type type as t,\n} from 'x'\n;export const y = <b>Don't</b>",
		"type A = B\n<C>x\ntype D = <T>(x: T) => x is string\ninterface E {}\nimport defer * as f from 'g'",
	}
	for _, seed := range seeds {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, src string, typescript bool) {
		file := "/app.jsx"
		if typescript {
			file = "/app.ts"
		}
		m := Scan([]byte(src), typescript)
		inOrder(t, src, m)
		scanExports([]byte(src), 0, typescript)
		scanDeclarations([]byte(src))

		r := &Rewriter{Graph: newEverything(file, []byte(src))}
		out, edits, _, err := r.Rewrite(file, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		checkEdits(t, src, string(out), edits)
		seen, ok := parse(src, file)
		if !ok {
			return
		}
		if _, ok := parse(string(out), file); !ok {
			t.Fatalf("esbuild reads\n%s\nbut not\n%s", src, out)
		}
		agree(t, m, seen, typescript)
	})
}

// agree compares what Scan read with the specifiers esbuild asked to resolve. In
// TypeScript it does not ask for imports nobody uses.
func agree(t *testing.T, m *Module, seen []string, typescript bool) {
	t.Helper()
	var read []string
	for _, d := range m.Decls {
		if d.Kind == Import || d.Kind == ExportFrom || d.Kind == ExportStar {
			read = append(read, d.Specifier)
		}
		if !typescript && (d.Kind == Import || d.Kind == ExportFrom || d.Kind == ExportStar) && !slices.Contains(seen, d.Specifier) {
			t.Errorf("read %q, which esbuild does not import: %q", d.Specifier, seen)
		}
	}
	for _, specifier := range seen {
		if m.Complete && !slices.Contains(read, specifier) {
			t.Errorf("complete without %q, which esbuild imports: %q", specifier, read)
		}
	}
}

// TestRewrittenGraphsBundleAlike bundles random graphs of barrels with and
// without rewriting: the same statements must run. Their order may differ, an
// import no longer evaluates early what another one takes from the same barrel.
func TestRewrittenGraphsBundleAlike(t *testing.T) {
	graphs := 300
	if testing.Short() {
		graphs = 30
	}
	rewritten, compared, ordered := 0, 0, 0
	for seed := range graphs {
		g := randomGraph(rand.New(rand.NewPCG(1, uint64(seed))))
		plain, ok := bundleMemory(g, nil)
		if !ok {
			continue
		}
		r := &Rewriter{Graph: g}
		after, ok := bundleMemory(g, r)
		if !ok || sortedLines(plain) != sortedLines(after) {
			t.Fatalf("seed %d:\n%s\nwithout rewriting:\n%s\nwith:\n%s", seed, showGraph(g, r), plain, after)
		}
		compared++
		if plain == after {
			ordered++
		}
		if _, _, changed, _ := r.Rewrite(application, []byte(g[application])); changed {
			rewritten++
		}
	}
	t.Logf("%d graphs compared, %d with a rewritten application, %d in the same order", compared, rewritten, ordered)
	if rewritten < graphs/10 {
		t.Errorf("only %d of %d graphs were rewritten", rewritten, graphs)
	}
}

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func bundleMemory(g memory, r *Rewriter) (string, bool) {
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{application}, Bundle: true, Format: api.FormatESModule,
		LogLevel: api.LogLevelSilent,
		Plugins:  []api.Plugin{serveMemory(g, r)},
	})
	if len(result.Errors) > 0 {
		return fmt.Sprint(result.Errors), false
	}
	var b strings.Builder
	for line := range strings.Lines(string(result.OutputFiles[0].Contents)) {
		if !strings.HasPrefix(line, "//") && line != "\n" { // names of files: barrels differ there
			b.WriteString(line)
		}
	}
	return b.String(), true
}

func showGraph(g memory, r *Rewriter) string {
	var b strings.Builder
	for _, file := range sortedKeys(g) {
		out, _, _, _ := r.Rewrite(file, []byte(g[file]))
		fmt.Fprintf(&b, "-- %s --\n%s-- rewritten --\n%s", file, g[file], out)
	}
	return b.String()
}

// randomGraph makes modules with values and types, barrels above them and an
// application, in JavaScript or TypeScript, that takes names from the top. It uses
// types as values too: what is undefined without rewriting must stay so.
func randomGraph(rnd *rand.Rand) memory {
	g := memory{}
	var files []string
	exported := map[string][]string{} // by file, what it surely exports
	for i := range 2 + rnd.IntN(4) {
		file := fmt.Sprintf("/m%d.ts", i)
		g[file], exported[file] = randomModule(rnd, i)
		files = append(files, file)
	}
	for i := range 1 + rnd.IntN(5) {
		file := fmt.Sprintf("/barrel%d.ts", i)
		g[file], exported[file] = randomBarrel(rnd, i, files, exported)
		files = append(files, file)
	}
	app := application
	if rnd.IntN(2) == 0 {
		app = "/app.js"
	}
	// Imports first: those behind other code are not read.
	var imports, code strings.Builder
	for i := range 1 + rnd.IntN(4) {
		file := files[len(files)-1-rnd.IntN(min(3, len(files)))]
		var clause, values []string
		for j, name := range exported[file] {
			if rnd.IntN(2) == 0 {
				continue
			}
			local := fmt.Sprintf("x%d_%d", i, j)
			clause = append(clause, fmt.Sprintf("%s as %s", nameText(name), local))
			if app == application && rnd.IntN(3) == 0 {
				fmt.Fprintf(&code, "let t%s: %s;\n", local, local)
			} else {
				values = append(values, local)
			}
		}
		fmt.Fprintf(&imports, "import { %s } from '.%s';\n", strings.Join(clause, ", "), file)
		fmt.Fprintf(&code, "log(%s);\n", strings.Join(values, ", "))
	}
	g[app] = imports.String() + code.String()
	if app != application {
		g[application] = "import './app.js'"
	}
	return g
}

const application = "/app.ts"

// randomModule has own code; some of what it exports has no value.
func randomModule(rnd *rand.Rand, i int) (text string, names []string) {
	text = fmt.Sprintf("export const a%d = run('a%d'), b%d = 1;\nexport function c%d() { return run }\n", i, i, i, i)
	names = []string{fmt.Sprintf("a%d", i), fmt.Sprintf("c%d", i)}
	if rnd.IntN(2) == 0 {
		text += fmt.Sprintf("const d%d = run('d%d');\nexport { d%d as default, d%d as 'e-%d' };\n", i, i, i, i, i)
		names = append(names, "default", fmt.Sprintf("e-%d", i))
	}
	switch rnd.IntN(4) {
	case 0:
		text += fmt.Sprintf("export interface T%d { x: 1 }\nexport type U%d = 1;\n", i, i)
		names = append(names, fmt.Sprintf("T%d", i), fmt.Sprintf("U%d", i))
	case 1:
		text += fmt.Sprintf("interface T%d {}\nexport { T%d };\n", i, i)
		names = append(names, fmt.Sprintf("T%d", i))
	case 2:
		text += fmt.Sprintf("export declare const T%d: 1;\n", i)
		names = append(names, fmt.Sprintf("T%d", i))
	}
	return text, names
}

// randomBarrel re-exports from files in every way.
func randomBarrel(rnd *rand.Rand, number int, files []string, exported map[string][]string) (string, []string) {
	var b strings.Builder
	var names []string
	for i := range 1 + rnd.IntN(4) {
		from := files[rnd.IntN(len(files))]
		name := exported[from][rnd.IntN(len(exported[from]))]
		fresh := fmt.Sprintf("n%d_%d", number, i)
		switch rnd.IntN(6) {
		case 0:
			fmt.Fprintf(&b, "export * from '.%s';\n", from)
			for _, n := range exported[from] {
				if n != "default" && !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
			continue
		case 1:
			fmt.Fprintf(&b, "export * as %s from '.%s';\n", fresh, from)
		case 2:
			fmt.Fprintf(&b, "import { %s as l%d } from '.%s';\nexport { l%d as %s };\n", nameText(name), i, from, i, fresh)
		case 3:
			fmt.Fprintf(&b, "import * as l%d from '.%s';\nexport { l%d as %s };\n", i, from, i, fresh)
		default:
			fmt.Fprintf(&b, "export { %s as %s } from '.%s';\n", nameText(name), fresh, from)
		}
		names = append(names, fresh)
	}
	if rnd.IntN(4) == 0 {
		fmt.Fprintf(&b, "export const own%d = /* @__PURE__ */ run('own%d');\n", number, number)
		names = append(names, fmt.Sprintf("own%d", number))
	}
	return b.String(), names
}
