package bundle_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/composition"
)

// marked is a text of 400 characters that says whose it is.
func marked(name string) string {
	return fmt.Sprintf("%q", strings.Repeat(name+" ", 400/(len(name)+1)+1)[:400])
}

// project has each module's mark once. The namespace objects and the CommonJS
// modules are what splits a module's code.
var project = map[string]string{
	"package.json": `{"name":"shop"}`,
	"src/index.ts": `import cjs from "cjs"; import "./effect"; import {a} from "./a"; import * as all from "./all"; import "./page.css";
		import type {T} from "./types";
		const mine: T = ` + marked("src/index.ts") + `;
		import("./lazy").then(l => console.log(l, cjs, a, mine, Object.keys(all)));`,
	"src/types.ts":  `import "./index"; export type T = string`,
	"src/effect.ts": `import "bare"; console.log(` + marked("src/effect.ts") + `)`,
	"src/a.ts":      `import cjs from "cjs"; import {b} from "./b"; export const a = () => [cjs, b, ` + marked("src/a.ts") + `]; export const c = a`,
	"src/b.ts":      `import {c} from "./a"; import cjs from "cjs"; export function b() { return [c, cjs, ` + marked("src/b.ts") + `] }`,
	"src/all.ts":    `export * from "./b"; export const own = ` + marked("src/all.ts") + `; export * from "pure"`,
	"src/lazy.ts":   `import {one} from "pure"; import "./lazy.css"; export default [one, ` + marked("src/lazy.ts") + `]`,
	"src/page.css":  `@import "./base.css"; .page::after { content: ` + marked("src/page.css") + ` }`,
	"src/base.css":  `.base::after { content: ` + marked("src/base.css") + ` }`,
	"src/lazy.css":  `.lazy::after { content: ` + marked("src/lazy.css") + ` }`,

	"node_modules/cjs/package.json":  `{"name":"cjs","version":"2.1.0"}`,
	"node_modules/cjs/index.js":      `exports.mark = ` + marked("node_modules/cjs/index.js"),
	"node_modules/bare/package.json": `{"name":"bare","version":"1.0.0"}`,
	"node_modules/bare/index.js":     `module.exports = 1; console.log(` + marked("node_modules/bare/index.js") + `)`,
	"node_modules/pure/package.json": `{"name":"pure","version":"3.0.0","sideEffects":false,"module":"index.js"}`,
	"node_modules/pure/index.js":     `export {one} from "./one.js"; export {two} from "./two.js"`,
	"node_modules/pure/one.js":       `export const one = () => ` + marked("node_modules/pure/one.js"),
	"node_modules/pure/two.js":       `export const two = () => 2`,
}

func built(t *testing.T, change func(*bundle.Options)) *bundle.Result {
	t.Helper()
	root := t.TempDir()
	for name, text := range project {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	styles, err := style.New(style.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = styles.Close() })
	opts := bundle.Options{
		Root: root, Pass: "app", Format: bundle.Classic, Library: "shop", Minify: true, Maps: bundle.MapsNone, Styles: styles,
		Entries: []bundle.Entry{{Name: "shop", Modules: []string{"src/index.ts"}}},
	}
	change(&opts)
	res, err := bundle.Build(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// Of each file every module has the bytes of its mark, and few more: the others'
// marks are not among them.
func TestComposition(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*bundle.Options)
	}{
		{"classic", func(*bundle.Options) {}},
		{"classic with maps", func(o *bundle.Options) { o.Maps = bundle.MapsApart }},
		{"linked maps", func(o *bundle.Options) { o.Maps = bundle.MapsLinked }},
		{"not minified", func(o *bundle.Options) { o.Minify = false }},
		{"esm", func(o *bundle.Options) { o.Format = bundle.ESM }},
		{"iife", func(o *bundle.Options) { o.Format = bundle.IIFE }},
	} {
		t.Run(test.name, func(t *testing.T) {
			res := built(t, test.change)
			p := res.Composition
			whole := &composition.Composition{Passes: []composition.Pass{*p}}
			if err := whole.Check(); err != nil {
				t.Fatal(err)
			}
			for _, f := range p.Files {
				i := slices.IndexFunc(res.Files, func(file link.File) bool { return file.Path == f.Path })
				content := string(res.Files[i].Content)
				if f.Size != int64(len(content)) {
					t.Errorf("%s: got the size %d, want %d", f.Path, f.Size, len(content))
				}
				for m, module := range p.Modules {
					mark := strings.Trim(marked(module.Path), `"`)
					var got int64
					for _, part := range f.Parts {
						if part.Module == m {
							got = part.Bytes
						}
					}
					if want := int64(400 * strings.Count(content, mark)); got < want || got > want+250 {
						t.Errorf("%s: got %d bytes of %s, want %d and at most 250 more", f.Path, got, module.Path, want)
					}
				}
			}
		})
	}
}

func TestCompositionOfSources(t *testing.T) {
	p := built(t, func(*bundle.Options) {}).Composition
	var got []string
	for _, m := range p.Modules {
		for _, imp := range m.Imports {
			got = append(got, fmt.Sprintf("%s %s %s %d", m.Path, imp.Kind, p.Modules[imp.To].Path, imp.Route))
		}
	}
	for _, want := range []string{
		"src/index.ts import src/a.ts 0",
		"src/index.ts import() src/lazy.ts 0",
		"src/index.ts import src/page.css 0",
		"src/page.css import src/base.css 0",
		"src/lazy.ts import node_modules/pure/index.js 1",
		"src/lazy.ts import node_modules/pure/one.js 2",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("got\n%s\nwant %s among them", strings.Join(got, "\n"), want)
		}
	}
	for _, line := range got {
		if strings.Contains(line, "types.ts") {
			t.Errorf("got %s, which is of types alone", line)
		}
	}
	var cycles []string
	for _, c := range p.Cycles(func(path string) bool { return !composition.Installed(path) }) {
		cycles = append(cycles, p.CycleString(c))
	}
	if want := []string{"src/a.ts → src/b.ts → src/a.ts"}; !slices.Equal(cycles, want) {
		t.Errorf("got %q, want %q", cycles, want)
	}
	want := []composition.Package{{Name: "bare", Version: "1.0.0", Folder: "node_modules/bare"}, {Name: "cjs", Version: "2.1.0", Folder: "node_modules/cjs"}, {Name: "pure", Version: "3.0.0", Folder: "node_modules/pure"}}
	if !slices.Equal(p.Packages, want) {
		t.Errorf("got %v, want %v", p.Packages, want)
	}
}
