package scope

import (
	"fmt"
	"strings"
	"testing"
)

// describe lists what the linker reads from a file, one line a statement.
func describe(f *File) string {
	var b strings.Builder
	name := func(id SymbolID) string {
		if id == NoSymbol {
			return "-"
		}
		return f.Symbols[id].Name
	}
	for _, s := range f.Stmts {
		fmt.Fprintf(&b, "%s %q", s.Kind, f.Src[s.Start:s.End])
		if s.Symbol != NoSymbol {
			fmt.Fprintf(&b, " declares %s", name(s.Symbol))
		}
		if s.Body.End > 0 {
			fmt.Fprintf(&b, " body %q", f.Src[s.Body.Start:s.Body.End])
		}
		if c := s.Import; c != nil {
			fmt.Fprintf(&b, " bare=%t phase=%q default=%s namespace=%s", c.Bare, c.Phase, name(c.Default), name(c.Namespace))
			for _, n := range c.Names {
				fmt.Fprintf(&b, " %q=%s", n.Imported, name(n.Symbol))
			}
		}
		for _, e := range s.Exports {
			fmt.Fprintf(&b, " [%s %s %q at %q]", name(e.Symbol), e.Local, e.Exported, f.Src[e.Start:e.End])
		}
		if s.From != nil {
			fmt.Fprintf(&b, " from %q at %s attributes %q", s.From.Text, f.Src[s.From.Start:s.From.End], f.Src[s.From.Attributes.Start:s.From.Attributes.End])
		}
		b.WriteByte('\n')
	}
	for _, c := range f.ImportCalls {
		fmt.Fprintf(&b, "call %q open %q argument %q extra %q phase=%q static=%t %q\n", f.Src[c.Start:c.End], f.Src[c.Open.Start:c.Open.End],
			f.Src[c.Arg.Start:c.Arg.End], f.Src[c.Extra.Start:c.Extra.End], c.Phase, c.Static, c.Text)
	}
	for _, r := range f.ImportMetas {
		fmt.Fprintf(&b, "meta %q\n", f.Src[r.Start:r.End])
	}
	for _, at := range f.TopLevelAwait {
		fmt.Fprintf(&b, "await %q\n", f.Src[at:min(at+12, len(f.Src))])
	}
	for _, at := range f.DirectEvals {
		fmt.Fprintf(&b, "eval %q\n", f.Src[at:min(at+8, len(f.Src))])
	}
	return b.String()
}

func TestStatements(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`import"x";`, `import "import\"x\";" bare=true phase="" default=- namespace=- from "x" at "x" attributes ""`},
		{`import a,{b as c,"d\u0065"as e}from'./x\x79.js' with{type:"json"}` + "\nf", `import "import a,{b as c,\"d\\u0065\"as e}from'./x\\x79.js' with{type:\"json\"}" bare=false phase="" default=a namespace=- "b"=c "de"=e from "./xy.js" at './x\x79.js' attributes "with{type:\"json\"}"
expression "f"`},
		{`import*as a from"x"`, `import "import*as a from\"x\"" bare=false phase="" default=- namespace=a from "x" at "x" attributes ""`},
		{`import defer*as a from"x"`, `import "import defer*as a from\"x\"" bare=false phase="defer" default=- namespace=a from "x" at "x" attributes ""`},
		{`let a;export{a,b as c,a as"d e"};`, `var "let a;"
export names "export{a,b as c,a as\"d e\"};" [a a "a" at "a"] [- b "c" at "b as c"] [a a "d e" at "a as\"d e\""]`},
		{`export{a as b,default}from"x"`, `export from "export{a as b,default}from\"x\"" [- a "b" at "a as b"] [- default "default" at "default"] from "x" at "x" attributes ""`},
		{`export*from"x";export*as a from"y"`, `export star "export*from\"x\";" [- * "" at "*"] from "x" at "x" attributes ""
export star "export*as a from\"y\"" [- * "a" at "*as a"] from "y" at "y" attributes ""`},
		{`export default function a(){}export default class{}export default a=1;`, `export default "export default function a(){}" declares a body "function a(){}"
export default "export default class{}" body "class{}"
export default "export default a=1;" body "a=1"`},
		{`export const a=1;export async function b(){}`, `export declaration "export const a=1;" body "const a=1;"
export declaration "export async function b(){}" declares b body "async function b(){}"`},
		{`function a(){}class b{};"use strict";{}if(a);async function*c(){}var d` + "\n// end\n", `function "function a(){}" declares a
class "class b{}" declares b
empty ";"
expression "\"use strict\";"
other "{}"
other "if(a);"
function "async function*c(){}" declares c
var "var d"`},
		{"import('./a.js');import(`b`,{with:{}});import(a?'c':'d');import('e'+f);import.source('g',);f(import(import('h')))", `expression "import('./a.js');"
expression "import(` + "`b`" + `,{with:{}});"
expression "import(a?'c':'d');"
expression "import('e'+f);"
expression "import.source('g',);"
expression "f(import(import('h')))"
call "import('./a.js')" open "import(" argument "'./a.js'" extra "" phase="" static=true "./a.js"
call "import(` + "`b`" + `,{with:{}})" open "import(" argument "` + "`b`" + `" extra "{with:{}}" phase="" static=true "b"
call "import(a?'c':'d')" open "import(" argument "a?'c':'d'" extra "" phase="" static=false ""
call "import('e'+f)" open "import(" argument "'e'+f" extra "" phase="" static=false ""
call "import.source('g',)" open "import.source(" argument "'g'" extra "" phase="source" static=true "g"
call "import(import('h'))" open "import(" argument "import('h')" extra "" phase="" static=false ""
call "import('h')" open "import(" argument "'h'" extra "" phase="" static=true "h"`},
		{"import.meta.url;await 1;async()=>await 2;for await(a of b);eval('1');(0,eval)('2')", `expression "import.meta.url;"
expression "await 1;"
expression "async()=>await 2;"
other "for await(a of b);"
expression "eval('1');"
expression "(0,eval)('2')"
meta "import.meta"
await "await 1;asyn"
await "await(a of b"
eval "eval('1'"`},
	} {
		f, err := Parse([]byte(c.src))
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if got := strings.TrimSuffix(describe(f), "\n"); got != c.want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", c.src, got, c.want)
		}
	}
}

func TestDecodeString(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`"plain"`, "plain"},
		{`'\b\f\n\r\t\v\0\'\"\\\q'`, "\b\f\n\r\t\v\x00'\"\\q"},
		{`"\x41\u0042\u{43}\u{1F600}"`, "ABC\U0001F600"},
		{`"\uD83D\uDE00\uD83D"`, "\U0001F600\uFFFD"},
		{`"\101\7a\400"`, "A\aa 0"},
		{"\"a\\\nb\\\r\nc\\\u2028d\"", "abcd"},
		{"`a\r\nb\rc`", "a\nb\nc"},
		{`"\xZZ\u12"`, "xZZu12"},
		{`"é\é"`, "éé"},
	} {
		if got := decodeString(c.src); got != c.want {
			t.Errorf("%s: got %q, want %q", c.src, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"let a;\nlet = ;", "line 2, column 7 (byte 13): got `;`, expected an expression"},
		{"f(", "line 1, column 3 (byte 2): got the end of the file, expected `)`"},
		{"a b", "line 1, column 3 (byte 2): got `b`, expected `;` or the end of the statement"},
		{"'abc", "line 1, column 1 (byte 0): got a string without end, expected a closing quote"},
		{"'a\n'", "line 1, column 1 (byte 0): got a string that does not end on its line, expected a closing quote"},
		{"`a${b", "line 1, column 6 (byte 5): got the end of the file, expected `}`"},
		{"`a", "line 1, column 1 (byte 0): got a template without end, expected a closing backtick"},
		{"x=/a\n/", "line 1, column 3 (byte 2): got a regular expression that does not end on its line, expected `/`"},
		{"/* a", "line 1, column 1 (byte 0): got a comment without end, expected `*/`"},
		{"()", "line 1, column 3 (byte 2): got the end of the file, expected `=>`"},
		{"a\xff", "line 1, column 2 (byte 1): got `\uFFFD`, expected UTF-8"},
		{"3x", "line 1, column 2 (byte 1): got `x`, expected a number to end here"},
		{"break a", "line 1, column 7 (byte 6): got `a`, expected a label of a statement around this one"},
		{"import a", "line 1, column 9 (byte 8): got the end of the file, expected `from`"},
		{"export a", "line 1, column 1 (byte 0): got `export` of no declaration, expected `{`, `*`, `default` or a declaration"},
		{"export{if};", "line 1, column 8 (byte 7): got `if`, expected the name of a variable"},
		{"class{}", "line 1, column 6 (byte 5): got `{`, expected a class name"},
		{"try{}", "line 1, column 6 (byte 5): got the end of the file, expected `catch` or `finally`"},
		{"a\x00", "line 1, column 2 (byte 1): got `\x00`, expected a token"},
		{"\\u0", "line 1, column 1 (byte 0): got `\\u`, expected a unicode escape of a letter"},
	} {
		_, err := Parse([]byte(c.src))
		if got := fmt.Sprint(err); got != "parsing JavaScript: "+c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// TestNesting goes past the bound with everything that nests.
func TestNesting(t *testing.T) {
	const n = 2000
	for _, c := range []struct{ open, middle, close string }{
		{"(", "a", ")"},
		{"[", "a", "]"},
		{"a(", "", ")"},
		{"a[", "b", "]"},
		{"({a:", "b", "})"},
		{"`${", "a", "}`"},
		{"{", "", "}"},
		{"function f(){", "", "}"},
		{"()=>{", "", "}"},
		{"a=>", "b", ""},
		{"a?b:", "c", ""},
		{"a=", "b", ""},
		{"a,", "b", ""},
		{"a+", "b", ""},
		{"!", "a", ""},
		{"new ", "a", ""},
		{"if(a)", "b", ""},
		{"if(a);else ", "b", ""},
		{"for(;;)", "a", ""},
		{"class A extends ", "b", "{}"},
		{"(class{a=", "b", "})"},
		{"(class{static{", "", "}})"},
		{"switch(a){case b:", "", "}"},
		{"do ", "a;", "while(b)"},
		{"a?", "b", ":c"},
		{"try{", "", "}finally{}"},
		{"(a=", "b", ")=>c"},
		{"async(a=", "b", ")=>c"},
		{"([", "b", "])"},
	} {
		small := strings.Repeat(c.open, n/4) + c.middle + strings.Repeat(c.close, n/4)
		if _, err := Parse([]byte(small)); err != nil {
			t.Errorf("%d times %s: %v", n/4, c.open, err)
		}
		large := strings.Repeat(c.open, 100*n) + c.middle + strings.Repeat(c.close, 100*n)
		if f, err := Parse([]byte(large)); err == nil {
			f.Renames(f.Mangle(Options{}))
		} else if !strings.Contains(err.Error(), "levels of nesting") {
			t.Errorf("%d times %s: %v, want an error about nesting", 100*n, c.open, err)
		}
	}
}
