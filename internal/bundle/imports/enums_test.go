package imports

import (
	"strings"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// typed is a project whose packages declare const enums in every way.
var typed = files(`
-- /node_modules/sdk/package.json --
{ "main": "dist/sdk.js", "typings": "dist/sdk.d.ts" }
-- /node_modules/sdk/dist/sdk.js --
exports.Plain = {}
-- /node_modules/sdk/dist/sdk.d.ts --
/** const enum Comment {} */
import { Other } from './other';
export declare const enum Marked { A = "a", /* b */ B = 1 << 2, C, 'd-e' = A | B, F = (Other.X + 1) * -2 }
// implicitly exported: no export list in this file
declare const enum Implicit { Slash = "//", Brace = '}' }
export declare enum Plain { A = 1 << 2 }
declare class Implicit2 { a: 'const enum' }
interface I<T> { x(a: T): void }
declare const enum Merged { A }
declare const enum Merged { B = 4 }
declare const enum Uses { A = Marked.B, B = Implicit.Slash }
declare const enum Broken { A = f() }
declare const enum UsesBroken { A = Broken.A }
-- /node_modules/listed/package.json --
{ "types": "./index" }
-- /node_modules/listed/index.js --
-- /node_modules/listed/index.d.ts --
declare const enum Inner { A = 1 }
declare const enum Hidden { A = 1 }
export { Inner as Outer };
export { Far as Near } from './far.js';
export * from './deep';
export * from 'sdk';
import { Marked } from 'sdk';
export { Marked as Again };
declare class Shadow {}
export { Shadow };
-- /node_modules/listed/far.d.ts --
export const enum Far { A = 2 }
-- /node_modules/listed/deep/index.d.ts --
export * from '..';
export declare const enum Deep { A = 3 }
export declare const enum Shadow { A = 3 }
-- /node_modules/assigned/index.js --
-- /node_modules/@types/assigned/package.json --
{}
-- /node_modules/@types/assigned/index.d.ts --
export = N;
declare namespace N { const enum Kind { A = 5 } namespace M { const enum K { A } } }
-- /node_modules/@scope/pkg/package.json --
{ "exports": { ".": { "import": { "types": "./t.d.mts", "default": "./m.mjs" } }, "./sub/*": { "types": "./types/*.d.ts", "default": "./*.js" } } }
-- /node_modules/@scope/pkg/m.mjs --
-- /node_modules/@scope/pkg/x.js --
-- /node_modules/@scope/pkg/t.d.mts --
export declare const enum Scoped { A = 6 }
-- /node_modules/@scope/pkg/types/x.d.ts --
export declare const enum Sub { A = 7 }
-- /node_modules/ambient/package.json --
{ "types": "a.d.ts" }
-- /node_modules/ambient/index.js --
-- /node_modules/ambient/a.d.ts --
declare module 'ambient' { export const enum Amb { A = 8 } }
declare module 'elsewhere' { export const enum Else { A = 8 } }
-- /src/globals.d.ts --
declare const enum Global { A = 9 }
declare global { const enum NotHere { A } }
interface Window { x: 1 }
-- /src/module.d.ts --
export {};
declare global { const enum Everywhere { A = 10 } }
declare const enum Local { A }
`)

func typedEnums() *Enums { return &Enums{Root: "/", Read: typed.Source} }

func TestEnumsFind(t *testing.T) {
	const sdk, dist = "const-enum:node_modules/sdk/dist/sdk.d.ts", "/node_modules/sdk/dist/sdk.js"
	const listed = "/node_modules/listed/index.js"
	tests := []struct{ name, specifier, file, enum, wantModule, wantName string }{
		{"marked", "sdk", dist, "Marked", "", ""}, // refers to an enum of another file
		{"implicitly exported", "sdk", dist, "Implicit", sdk, "Implicit"},
		{"declared twice", "sdk", dist, "Merged", sdk, "Merged"},
		{"a plain enum has a value", "sdk", dist, "Plain", "", ""},
		{"no constant", "sdk", dist, "Broken", "", ""},
		{"refers to no constant", "sdk", dist, "UsesBroken", "", ""},
		{"in a comment", "sdk", dist, "Comment", "", ""},
		{"missing", "sdk", dist, "Nothing", "", ""},
		{"through an alias of the specifier", "alias", dist, "Implicit", sdk, "Implicit"},
		{"listed under another name", "listed", listed, "Outer", "const-enum:node_modules/listed/index.d.ts", "Inner"},
		{"its own name is not exported", "listed", listed, "Inner", "", ""},
		{"not listed", "listed", listed, "Hidden", "", ""},
		{"re-exported by name", "listed", listed, "Near", "const-enum:node_modules/listed/far.d.ts", "Far"},
		{"re-exported by star, in a cycle", "listed", listed, "Deep", "const-enum:node_modules/listed/deep/index.d.ts", "Deep"},
		{"re-exported from a package", "listed", listed, "Implicit", sdk, "Implicit"},
		{"hidden by another export", "listed", listed, "Shadow", "", ""},
		{"export =, in @types", "assigned", "/node_modules/assigned/index.js", "Kind", "const-enum:node_modules/@types/assigned/index.d.ts", "N$Kind"},
		{"exports with conditions", "@scope/pkg", "/node_modules/@scope/pkg/m.mjs", "Scoped", "const-enum:node_modules/@scope/pkg/t.d.mts", "Scoped"},
		{"exports with a pattern", "@scope/pkg/sub/x", "/node_modules/@scope/pkg/x.js", "Sub", "const-enum:node_modules/@scope/pkg/types/x.d.ts", "Sub"},
		{"declare module", "ambient", "/node_modules/ambient/index.js", "Amb", "const-enum:node_modules/ambient/a.d.ts", "Amb"},
		{"declare module of another", "ambient", "/node_modules/ambient/index.js", "Else", "", ""},
		{"not in node_modules", "./globals", "/src/globals.js", "Global", "", ""},
	}
	e := typedEnums()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			module, name, ok := e.Find(test.specifier, test.file, test.enum)
			if module != test.wantModule || name != test.wantName || ok != (test.wantModule != "") {
				t.Errorf("got %q %q %v, want %q %q", module, name, ok, test.wantModule, test.wantName)
			}
		})
	}
}

func TestEnumsSource(t *testing.T) {
	e := typedEnums()
	got, err := e.Source("const-enum:node_modules/sdk/dist/sdk.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	const want = `export const enum Implicit {
  Slash = "//",
  Brace = '}',
}
export const enum Merged {
  A = 0,
  B = 4,
}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := e.Source("const-enum:none.d.ts"); err == nil || !strings.Contains(err.Error(), `"/none.d.ts"`) {
		t.Errorf("error %v does not name the file", err)
	}
}

func TestEnumsGlobal(t *testing.T) {
	e := typedEnums()
	source, names, err := e.Global([]string{"/src/globals.d.ts", "/src/module.d.ts"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, " "); got != "Everywhere Global NotHere" {
		t.Errorf("got %s", got)
	}
	if strings.Contains(source, "Local") || !strings.Contains(source, "A = 9") {
		t.Errorf("got %s", source)
	}
}

func TestRewriteEnums(t *testing.T) {
	r := &Rewriter{Graph: typed, Enums: typedEnums()}
	tests := []struct{ name, importer, src, want string }{
		{"alone", "/a.ts", `import { Implicit } from 'sdk/dist/sdk'`, `import { Implicit } from "const-enum:node_modules/sdk/dist/sdk.d.ts";`},
		{"split", "/a.ts", `import d, { Plain, Implicit as I } from 'sdk/dist/sdk'`, `import d, { Plain } from 'sdk/dist/sdk'; import { Implicit as I } from "const-enum:node_modules/sdk/dist/sdk.d.ts";`},
		{"exported", "/a.ts", `export { Outer } from 'listed'`, `export { Inner as Outer } from "const-enum:node_modules/listed/index.d.ts";`},
		{"type-only", "/a.ts", `import type { Implicit } from 'sdk/dist/sdk'`, `import type { Implicit } from 'sdk/dist/sdk'`},
		{"JavaScript", "/a.js", `import { Implicit } from 'sdk/dist/sdk'`, `import { Implicit } from 'sdk/dist/sdk'`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, edits, _, err := r.Rewrite(test.importer, []byte(test.src))
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != test.want {
				t.Errorf("got  %s\nwant %s", out, test.want)
			}
			checkEdits(t, test.src, string(out), edits)
		})
	}
}

// TestEnumsAreInlined bundles an application that takes a const enum through a
// barrel, and global ones by injection: no enum object may be left.
func TestEnumsAreInlined(t *testing.T) {
	g := files(`
-- /app.ts --
import { Kind } from './barrel';
declare const use: (...args: unknown[]) => void;
use(Kind.A, Kind.B, Kind['d-e'], Everywhere.A);
-- /barrel.ts --
export { Region as Kind } from 'sdk';
-- /node_modules/sdk/package.json --
{ "types": "index.d.ts" }
-- /node_modules/sdk/index.js --
exports.x = 1;
-- /node_modules/sdk/index.d.ts --
declare const enum Region { A = "a.b", B = 1 << 4, 'd-e' = 'x' + "y", }
-- /global.d.ts --
declare const enum Everywhere { A = 1 | 2 }
`)
	r := &Rewriter{Graph: g, Enums: &Enums{Root: "/", Read: g.Source}}
	source, _, err := r.Enums.Global([]string{"/global.d.ts"})
	if err != nil {
		t.Fatal(err)
	}
	g["/global-enums.ts"] = source
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{"/app.ts"}, Inject: []string{"/global-enums.ts"},
		Bundle: true, Format: api.FormatESModule, MinifySyntax: true, MinifyWhitespace: true,
		Plugins: []api.Plugin{serveMemory(g, r)},
	})
	if len(result.Errors) > 0 {
		t.Fatal(result.Errors)
	}
	text := string(result.OutputFiles[0].Contents)
	if strings.TrimSpace(text) != `use("a.b",16,"xy",3);` {
		t.Errorf("got %s", text)
	}
}

func TestLargeDeclarationFile(t *testing.T) {
	small, large := scanTime(t, 100_000), scanTime(t, 400_000)
	if large > 10*small { // four times in linear time, sixteen times in quadratic
		t.Errorf("400,000 bytes took %v, 100,000 bytes %v: want about four times as long", large, small)
	}
}

// scanTime is the best of five; machines that run tests are busy.
func scanTime(t *testing.T, size int) time.Duration {
	t.Helper()
	var b strings.Builder
	for b.Len() < size {
		b.WriteString("/**\n * What it is.\n * ```ts\n * a();\n * ```\n */\nexport declare interface Thing<T> extends Other {\n    method(options: { a?: string; b: T[] }): Promise<void>;\n    readonly other: 'a' | 'b';\n}\n\n")
	}
	b.WriteString("declare const enum Last { A = 'last' }\n")
	best := time.Hour
	for range 5 {
		start := time.Now()
		d := scanDeclarations([]byte(b.String()))
		best = min(best, time.Since(start))
		if _, ok := d.enums["Last"]; !ok {
			t.Fatal("the last enum was not found")
		}
	}
	return best
}
