package imports

import (
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// memory is a graph of files in memory. A specifier that starts with a dot is a
// path, another one a folder in /node_modules. Files that contain IMPURE are not
// pure.
type memory map[string]string

var errNoFile = errors.New("no such file")

func (g memory) Resolve(importer, specifier string) (string, bool) {
	base := path.Join("/node_modules", specifier)
	if strings.HasPrefix(specifier, ".") {
		base = path.Join(path.Dir(importer), specifier)
	} else if path.IsAbs(specifier) {
		base = specifier
	}
	for _, ending := range []string{"", ".ts", ".tsx", ".js", "/index.ts", "/index.js"} {
		if _, ok := g[base+ending]; ok {
			return base + ending, true
		}
	}
	return "", false
}

func (g memory) Pure(file string) bool { return !strings.Contains(g[file], "IMPURE") }

func (g memory) Source(file string) ([]byte, error) {
	if text, ok := g[file]; ok {
		return []byte(text), nil
	}
	return nil, errNoFile
}

// files reads "-- name --" sections.
func files(text string) memory {
	g := memory{}
	name := ""
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			name = strings.TrimSuffix(strings.TrimSpace(rest), " --")
			g[name] = ""
			continue
		}
		g[name] += line
	}
	return g
}

// library is what the cases below import from.
var library = files(`
-- /lib/index.ts --
// a barrel
export { A, B as Bee } from './ab';
export { default as C, default } from './c';
export * from './more';
export * as ns from './ab';
import { D } from './d';
import * as all from './d';
export { D, D as Dee, all };
export type { T } from './ab';
export { U, U as V } from './ab';
export { missing } from './ab';
export { default as json } from './data.json';
export { default as picture } from './picture.svg';
export { old } from './commonjs';
export { default as Again } from './again';
export { outside } from 'outside';
export interface Own {}
-- /lib/ab.ts --
export const A = 1, Z = 2;
export function B() {}
export type T = 1;
export interface U {}
-- /lib/c.tsx --
const C = () => <p>Don't</p>;
export default C;
-- /lib/more/index.ts --
export * from './deep';
export * from './deeper';
export { E as F } from './deep';
export * from './impure';
-- /lib/more/deep.js --
export class E {}
export let twice
-- /lib/more/deeper.js --
export * from './index';
const g = 1, twice = 2;
export { g as G, twice };
-- /lib/more/impure.js --
IMPURE
export * from './behind';
export const I = 1;
-- /lib/more/behind.js --
export const J = 1;
-- /lib/d.ts --
export enum D { x }
-- /lib/data.json --
{}
-- /lib/picture.svg --
<svg/>
-- /lib/commonjs.js --
exports.old = 1;
-- /lib/again.ts --
import { A } from './ab';
export default A;
-- /mixed/index.ts --
export { A } from '../lib';
export * from './own';
export const own = A;
export { late } from './own';
-- /mixed/own.ts --
export const K = 1, own = 2;
export const late = 1;
-- /effects/index.ts --
import './run';
export { A } from '../lib/ab';
-- /effects/run.ts --
IMPURE
-- /styled/index.ts --
import './style.css';
export { A } from '../lib/ab';
-- /styled/style.css --
-- /quiet/index.ts --
import './quiet';
export { A } from '../lib/ab';
-- /quiet/quiet.ts --
-- /loop/index.ts --
export * from './a';
-- /loop/a.ts --
export * from './b';
export { P } from './b';
-- /loop/b.ts --
export * from './a';
export { P } from './a';
export { Q } from './q';
-- /loop/q.ts --
export const Q = 1;
`)

func TestRewrite(t *testing.T) {
	tests := []struct {
		name, src string
		importer  string // "/app.ts" when empty
		want      string // "" for no change
	}{
		{name: "named", src: `import { A } from './lib';`, want: `import { A } from "/lib/ab.ts";`},
		{name: "renamed in the barrel", src: `import { Bee } from './lib'`, want: `import { B as Bee } from "/lib/ab.ts";`},
		{name: "renamed twice", src: `import { Bee as b } from './lib'`, want: `import { B as b } from "/lib/ab.ts";`},
		{name: "default re-exported", src: `import { C } from './lib'`, want: `import { default as C } from "/lib/c.tsx";`},
		{name: "default of the barrel", src: `import X from './lib'`, want: `import { default as X } from "/lib/c.tsx";`},
		{name: "default by name", src: `import { default as X } from './lib'`, want: `import { default as X } from "/lib/c.tsx";`},
		{name: "default of an imported name", src: `import { Again } from './lib'`, want: `import { default as Again } from "/lib/again.ts";`},
		{name: "namespace in the barrel", src: `import { ns } from './lib'`, want: `import * as ns from "/lib/ab.ts";`},
		{name: "imported and exported", src: `import { D, Dee as e, all } from './lib'`, want: `import { D, D as e } from "/lib/d.ts"; import * as all from "/lib/d.ts";`},
		{name: "through stars", src: `import { E, F, G } from './lib'`, want: `import { E } from "/lib/more/deep.js"; import { G } from "/lib/more/deeper.js"; import { E as F } from "/lib/more/deep.js";`},
		{name: "two stars give it", src: `import { twice } from './lib'`},
		{name: "JSON", src: `import { json } from './lib'`, want: `import { default as json } from "/lib/data.json";`},
		{name: "an image", src: `import { picture } from './lib'`},
		{name: "CommonJS", src: `import { old } from './lib'`},
		{name: "a package not in the graph", src: `import { outside } from './lib'`},
		{name: "a missing name", src: `import { missing, nowhere } from './lib'`},
		{name: "in the order of the barrel", src: `import { D, C, A } from './lib'`, want: `import { A } from "/lib/ab.ts"; import { default as C } from "/lib/c.tsx"; import { D } from "/lib/d.ts";`},
		{name: "grouped", src: `import { A, Bee } from './lib'`, want: `import { A, B as Bee } from "/lib/ab.ts";`},

		{name: "type-only statement", src: `import type { A } from './lib'`},
		{name: "type-only name", src: `import { type T, A } from './lib'`, want: `import { A } from "/lib/ab.ts";`},
		{name: "names that are types", src: `import { T, U, V, Own, A } from './lib'`, want: `import { T, U, V, Own } from './lib'; import { A } from "/lib/ab.ts";`},
		{name: "names that are types, exported", src: `export { T, U, Own } from './lib'`},
		{name: "kept default", src: `import X, { J as A } from './lib/more/impure.js'; import Y, { A as a, missing } from './mixed'`, want: `import X, { J as A } from './lib/more/impure.js'; import Y, { missing } from './mixed'; import { A as a } from "/lib/ab.ts";`},
		{name: "namespace import", src: `import * as lib from './lib'; import X, * as more from './lib'`},
		{name: "bare import", src: `import './lib'; import {} from './lib'`},
		{name: "attributes", src: `import { A } from './lib' with { a: 'b' }`},
		{name: "type modifier in JavaScript", importer: "/app.js", src: `import { type A } from './lib'`},
		{name: "JavaScript", importer: "/app.js", src: `import { A } from './lib'`, want: `import { A } from "/lib/ab.ts";`},

		{name: "export", src: `export { A as a, ns } from './lib'`, want: `export { A as a } from "/lib/ab.ts"; export * as ns from "/lib/ab.ts";`},
		{name: "export as default", src: `export { A as default } from './lib'`, want: `export { A as default } from "/lib/ab.ts";`},
		{name: "export with a string name", src: `export { A as 'a-b', nowhere as 'c"d' } from './lib'`, want: `export { nowhere as "c\"d" } from './lib'; export { A as "a-b" } from "/lib/ab.ts";`},
		{name: "export star", src: `export * from './lib'; export * as x from './lib'`},

		{name: "own code in the barrel", src: `import { A, own, late } from './mixed'`, want: `import { own } from './mixed'; import { A } from "/lib/ab.ts"; import { late } from "/mixed/own.ts";`},
		{name: "a star of a module with own code", src: `import { K } from './mixed'`, want: `import { K } from "/mixed/own.ts";`},
		{name: "an impure barrel on the way", src: `import { I, J } from './lib'`, want: `import { I, J } from "/lib/more/impure.js";`},
		{name: "an impure barrel", src: `import { J } from './lib/more/impure'`},
		{name: "a barrel that runs something", src: `import { A } from './effects'`},
		{name: "a barrel that imports something pure", src: `import { A } from './quiet'`, want: `import { A } from "/lib/ab.ts";`},
		{name: "a barrel that imports a style sheet", src: `import { A } from './styled'`},
		{name: "a cycle", src: `import { P } from './loop'`, want: `import { P } from "/loop/b.ts";`}, // an error there as well
		{name: "past a cycle", src: `import { Q } from './loop'`, want: `import { Q } from "/loop/q.ts";`},
		{name: "a module that imports itself", importer: "/lib/ab.ts", src: `import { A, C } from './index'`, want: `import { A } from './index'; import { default as C } from "/lib/c.tsx";`},

		{name: "over lines", src: "import {\n  A, // x\r\n  C\n} from './lib';\nf()", want: "import { A } from \"/lib/ab.ts\"; import { default as C } from \"/lib/c.tsx\";\n\n\n\nf()"},
		{name: "what stands around it", src: "/* a */ import { A } from './lib' /* b */\nimport { C } from './lib'; A()", want: "/* a */ import { A } from \"/lib/ab.ts\"; /* b */\nimport { default as C } from \"/lib/c.tsx\"; A()"},
		{name: "words as names", src: `import { A as type, C as as } from './lib'`, want: `import { A as type } from "/lib/ab.ts"; import { default as as } from "/lib/c.tsx";`},
		{name: "behind code", src: `f(); import { A } from './lib'`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			importer := test.importer
			if importer == "" {
				importer = "/app.ts"
			}
			r := &Rewriter{Graph: library}
			out, edits, changed, err := r.Rewrite(importer, []byte(test.src))
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if want == "" {
				want = test.src
			}
			if string(out) != want {
				t.Errorf("got  %s\nwant %s", out, want)
			}
			if changed != (test.want != "") {
				t.Errorf("changed is %v", changed)
			}
			checkEdits(t, test.src, string(out), edits)
		})
	}
}

// checkEdits proves that the edits describe the difference, and that every line
// break outside of them stayed where it was.
func checkEdits(t *testing.T, old, text string, edits []Edit) {
	t.Helper()
	at, moved := 0, 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(old) {
			t.Fatalf("edit %+v is out of order or outside of %d bytes", e, len(old))
		}
		if old[at:e.Start] != text[at+moved:e.Start+moved] {
			t.Fatalf("text before edit %+v differs", e)
		}
		if a, b := lineBreaks([]byte(old[:e.End])), lineBreaks([]byte(text[:e.Start+moved+e.NewLen])); a != b {
			t.Fatalf("%d line breaks up to edit %+v became %d", a, e, b)
		}
		moved += e.NewLen - (e.End - e.Start)
		at = e.End
	}
	if old[at:] != text[at+moved:] {
		t.Fatalf("text behind the last edit differs")
	}
}

func TestPositions(t *testing.T) {
	const old = "𝒳(); import { A,\n B } from 'x'; é();\nlast"
	const text = "𝒳(); import { A } from \"/long/name.ts\";\n é();\nlast"
	start, end := strings.Index(old, "import"), strings.Index(old, " é")
	newLen := strings.Index(text, " é") - start
	p := NewPositions([]byte(old), []byte(text), []Edit{{start, end, newLen}})
	tests := []struct {
		name                             string
		line, column, wantLine, wantColu int
	}{
		{"before", 0, 2, 0, 2},
		{"the statement", 0, 6, 0, 6},
		{"inside the statement", 0, 20, 0, 6},
		{"behind it", 1, 1, 1, 15},
		{"behind it and é", 1, 2, 1, 16},
		{"next line", 2, 3, 2, 3},
		{"behind the line", 2, 30, 2, 4},
		{"behind the file", 9, 0, 2, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			line, column := p.Original(test.line, test.column)
			if line != test.wantLine || column != test.wantColu {
				t.Errorf("got %d:%d, want %d:%d", line, column, test.wantLine, test.wantColu)
			}
		})
	}
}
