package imports

import (
	"fmt"
	"strings"
	"testing"
)

// show writes what was read of a declaration in a fixed form:
//
//	kind! default * namespace {foreign>local type foreign>local} "specifier" with
func (d Decl) show() string {
	kinds := map[Kind]string{Import: "import", ImportRequire: "require", ExportFrom: "export", ExportStar: "star", ExportLocal: "local", TypeDeclaration: "type"}
	parts := []string{kinds[d.Kind]}
	if d.TypeOnly {
		parts[0] += "!"
	}
	if d.Default != "" {
		parts = append(parts, d.Default)
	}
	if d.Namespace != "" {
		parts = append(parts, "* "+d.Namespace)
	}
	var names []string
	for _, n := range d.Names {
		text := n.Foreign
		if n.Local != n.Foreign {
			text += ">" + n.Local
		}
		if n.TypeOnly && !d.TypeOnly {
			text = "type " + text
		}
		names = append(names, text)
	}
	if d.Clause || names != nil {
		parts = append(parts, "{"+strings.Join(names, " ")+"}")
	}
	if d.Kind != ExportLocal && d.Kind != TypeDeclaration {
		parts = append(parts, fmt.Sprintf("%q", d.Specifier))
	}
	if d.Attributed {
		parts = append(parts, "with")
	}
	return strings.Join(parts, " ")
}

func (m *Module) show() string {
	var lines []string
	for _, d := range m.Decls {
		lines = append(lines, d.show())
	}
	if !m.Complete {
		lines = append(lines, "...")
	}
	return strings.Join(lines, "\n")
}

func TestScan(t *testing.T) {
	const ts, js = true, false
	tests := []struct {
		name       string
		src        string
		typescript bool
		want       string // Module.show, lines joined by " / "
	}{
		{"empty", "", js, ""},
		{"byte order mark", "\ufeffimport 'a'", js, `import "a"`},
		{"hashbang", "#!/usr/bin/env node\nimport 'a'", js, `import "a"`},
		{"comments", "/* import x from 'no' */ import /*a*/ 'a' /*b*/; // import 'no'\n//", js, `import "a"`},
		{"directive", "'use strict'; \"use client\"\nimport 'a'", js, `import "a"`},
		{"a string that is no directive", "'use strict'\n.length; import 'a'", js, "..."},
		{"a string in an expression", "'a' in b\nimport 'a'", js, "..."},

		{"bare", "import 'a';import \"b\"", js, `import "a" / import "b"`},
		{"default", "import a from 'a'", js, `import a "a"`},
		{"namespace", "import * as a from 'a'", js, `import * a "a"`},
		{"default and namespace", "import d, * as a from 'a'", js, `import d * a "a"`},
		{"default and named", "import d, {a} from 'a'", js, `import d {a} "a"`},
		{"named", "import { a, b as c, } from 'a'", js, `import {a b>c} "a"`},
		{"no names", "import {} from 'a'", js, `import {} "a"`},
		{"string name", "import {'a-b' as c} from 'a'", js, `import {a-b>c} "a"`},
		{"default by name", "import {default as c} from 'a'", js, `import {default>c} "a"`},
		{"without spaces", "import{a as b}from'a';import*as c from'c'", js, `import {a>b} "a" / import * c "c"`},
		{"words as names", "import from from 'a';import as, {as as from, from as as} from 'b'", js, `import from "a" / import as {as>from from>as} "b"`},
		{"letters beyond ASCII", "import {größe as 尺寸} from 'a'", js, `import {größe>尺寸} "a"`},
		{"over lines", "import {\n a, // x\n /* y */ b\n}\nfrom\n'a'\n;", js, `import {a b} "a"`},
		{"attributes", "import a from 'a' with {type: 'json', 'x': \"y\",};import 'b'\nwith {}", js, `import a "a" with / import "b" with`},
		{"assertion", "import a from 'a' assert {type: 'json'}", js, `import a "a" with`},
		{"a function named assert", "import a from 'a'\nassert(a)", js, `import a "a" / ...`},
		{"phases", "import defer * as a from 'a'; import source b from 'b'; import defer from 'c'", js, `import * a "a" with / import b "b" with / import defer "c"`},
		{"dynamic import", "import('a')", js, "..."},
		{"import.meta", "import.meta.url", js, "..."},
		{"escaped identifier", `import {\u0061} from 'a'`, js, "..."},
		{"escaped specifier", `import {a} from '\x61'`, js, "..."},
		{"two on a line", "import 'a' import 'b'", js, "..."},
		{"code between", "import 'a'; f(); import 'b'", js, `import "a" / ...`},
		{"unterminated comment", "import 'a'; /* ", js, `import "a" / ...`},
		{"line separators", "import 'a'\u2028import 'b'\u00a0\u2029", js, `import "a" / import "b"`},

		{"export from", "export {a, b as c, default as d, e as default, 'f' as 'g-h'} from 'a'", js, `export {a b>c default>d e>default f>g-h} "a"`},
		{"export all", "export * from 'a';export*from'b'", js, `star "a" / star "b"`},
		{"export namespace", "export * as a from 'a'; export * as 'b c' from 'b'; export * as default from 'c'", js, `star * a "a" / star * b c "b" / star * default "c"`},
		{"export list", "import {a} from 'a'\nexport {a as b}\nimport 'b'", js, `import {a} "a" / local {a>b} / import "b"`},
		{"a declaration", "export {a} from 'a'\nexport const b = 1", js, `export {a} "a" / ...`},
		{"a default export", "export default a", js, "..."},
		{"empty statements", ";;import 'a';;", js, `import "a"`},

		{"type import", "import type {a} from 'a'; import type B from 'b'; import type * as c from 'c'", ts, `import! {a} "a" / import! B "b" / import! * c "c"`},
		{"type import in JavaScript", "import type B from 'b'", js, "..."},
		{"a default import named type", "import type from 'a'; import type, {b} from 'b'", ts, `import type "a" / import type {b} "b"`},
		{"a type import named from", "import type from from 'a'", ts, `import! from "a"`},
		{"type names", "import {type a, type b as c, d} from 'a'", ts, `import {type a type b>c d} "a"`},
		{"type names in JavaScript", "import {type a} from 'a'", js, "..."},
		{
			"type as type", "import {type} from 'a'; import {type as} from 'b'; import {type as as} from 'c'; import {type as x} from 'd'; import {type as as x} from 'e'; import {type type as type} from 'f'", ts,
			`import {type} "a" / import {type as} "b" / import {type>as} "c" / import {type>x} "d" / import {type as>x} "e" / import {type type} "f"`,
		},
		{"require", "import a = require('a'); import type b = require('b'); import type = require('c')", ts, `require a "a" / require! b "b" / require type "c"`},
		{"alias of a namespace", "import a = B.c", ts, "..."},
		{"type exports", "export type {a} from 'a'; export type * from 'b'; export type * as c from 'c'; export type {d}", ts, `export! {a} "a" / star! "b" / star! * c "c" / local! {d}`},
		{"type names exported", "export {type a, b} from 'a'", ts, `export {type a b} "a"`},
		{"interface", "export interface A<T extends {}> extends B<T>, c.D { (x: '}'): `}`; a?: 1 }\nexport {b} from 'b'", ts, `type! {A} / export {b} "b"`},
		{"local interface and type", "interface A {}\ntype B = 1\nexport {b} from 'b'", ts, `type! / type! / export {b} "b"`},
		{"type alias", "export type A = { a: 1 };export {b} from 'b'", ts, `type! {A} / export {b} "b"`},
		{"union over lines", "export type A =\n | 'a'\n | B<C>\n & D['e']\nexport {b} from 'b'", ts, `type! {A} / export {b} "b"`},
		{"conditional type", "export type A<T> = T extends (infer U)[]\n ? U\n : typeof x\nexport {b} from 'b'", ts, `type! {A} / export {b} "b"`},
		{"function type", "export type A = <T>\n(x: T) =>\n x is\n string\nexport {b} from 'b'", ts, `type! {A} / export {b} "b"`},
		{"template type", "export type A = `a${B<`}`>}`\nexport {b} from 'b'", ts, `type! {A} / export {b} "b"`},
		{"a line that starts with a bracket", "type A = B\n<C>x", ts, "type! / ..."},
		{"type alias without type", "export type A =\n;", ts, "..."},
		{"a variable named type", "type\nA = 1", ts, "..."},
		{"types in JavaScript", "type A = 1", js, "..."},
		{"declarations of values", "export declare const a: 1", ts, "..."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := Scan([]byte(test.src), test.typescript)
			if got := strings.ReplaceAll(m.show(), "\n", " / "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			inOrder(t, test.src, m)
		})
	}
}

// inOrder checks the offsets of a module.
func inOrder(t *testing.T, src string, m *Module) {
	t.Helper()
	at := 0
	for _, d := range m.Decls {
		if d.Start < at || d.End <= d.Start || d.End > len(src) {
			t.Errorf("%s is at %d to %d, behind %d, in %d bytes", d.show(), d.Start, d.End, at, len(src))
			return
		}
		at = d.End
		if d.Kind == ExportLocal || d.Kind == TypeDeclaration {
			continue
		}
		if got := src[d.SpecifierStart:d.SpecifierEnd]; len(got) < 2 || got[1:len(got)-1] != d.Specifier {
			t.Errorf("specifier %q is at %q", d.Specifier, got)
		}
		for _, n := range d.Names {
			if text := src[n.Start:n.End]; !strings.Contains(text, n.Foreign) || !strings.HasSuffix(strings.Trim(text, `"'`), n.Local) {
				t.Errorf("name %q is at %q", n.Foreign, text)
			}
		}
	}
	if m.Complete && m.End != len(src) {
		t.Errorf("complete at %d of %d bytes", m.End, len(src))
	}
}

func TestScanDelimitsStatements(t *testing.T) {
	tests := []struct{ name, before, statement, after string }{
		{"semicolon", "/*x*/ ", "import a from 'a';", " // y"},
		{"line end", "\n", "import a from 'a'", " // y\nf()"},
		{"semicolon on the next line", "", "import a from 'a'\n;", "f()"},
		{"attributes", "", "import a from 'a' with { type: 'json' }", "\nf()"},
		{"list", "", "export { a }", "\n(f)"},
		{"type", "", "type A = 1", " // y\nf()"},
		{"interface", "", "interface A {}", "\nf()"},
		{"file end", ";", "export * from 'a'", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := test.before + test.statement + test.after
			m := Scan([]byte(src), true)
			if len(m.Decls) != 1 {
				t.Fatalf("got %d declarations, want 1", len(m.Decls))
			}
			if got := src[m.Decls[0].Start:m.Decls[0].End]; got != test.statement {
				t.Errorf("got %q, want %q", got, test.statement)
			}
		})
	}
}

func TestScanExports(t *testing.T) {
	tests := []struct {
		name, src  string
		typescript bool
		want       string // values, then declarations
	}{
		{"declarations", "export const a = 1, z = 2\nexport let b;export var c\nexport function d() {}\nexport function* e() {}\nexport async function f() {}\nexport class g {}", false, "a b c d e f g"},
		{"pattern", "export const { a, b: c } = x; export const { d = 1 } = y; export const [e] = z", false, "a c"},
		{"default", "export default () => {}", false, "default"},
		{"list", "f()\nexport { a as b }; export * from 'c'; export { d } from 'e'", false, `/ local {a>b} / star "c" / export {d} "e"`},
		{"minified", "const a=1;export{a as b};", false, "/ local {a>b}"},
		{"TypeScript values", "export enum A {} export const enum B {}\nexport abstract class C {}", true, "A B C"},
		{"TypeScript types", "export interface A {}\nexport type B = 1\nexport declare const C: 1\nexport declare class D {}\nexport namespace E { export const F = 1 }\nf()", true, ""},
		{"default interface", "f()\nexport default interface A {}", true, ""},
		{"default of a type", "interface A {}\nf()\nexport default A;", true, ""},
		{"default of a value", "const a = () => {}\nexport default a;", true, "default"},
		{"default of something", "export default a(b);", true, "default"},
		{"in a comment", "f() /*\nexport const a = 1\n*/ // \nf() // export const a", false, ""},
		{"in a template", "f(`\nexport const a = 1\n${ `\nexport const b = ${{}}\n` }\nexport const c`)", false, ""},
		{"behind a template", "f(`${ {a:`}`} }`)\nexport const a = 1", false, "a"},
		{"in a string", "f('export const a', \"\\\nexport const b\")", false, ""},
		{"in a block", "{\nexport const a = 1\n}", false, ""},
		{"behind a regular expression", "f(/['\"`{/]/)\nexport const a = 1", false, "a"},
		{"behind a division", "x = a / b; y = ')' / 2\nexport const a = 1", false, "a"},
		{"behind markup", "const x = <p>Don't <b>`</b>`</p>\nexport const a = 1", true, "a"},
		{"a property", "x.\nexport\nexport const a = 1", false, "a"},
		{"a method", "class A {\nexport() {}\n}\nexport { A }", false, "/ local {A}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := scanExports([]byte(test.src), 0, test.typescript)
			parts := sortedKeys(x.values)
			for _, d := range x.decls {
				parts = append(parts, "/", d.show())
			}
			if got := strings.Join(parts, " "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
