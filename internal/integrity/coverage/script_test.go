package coverage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	a256 = "sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="
	b256 = "sha256-PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0="
)

// found writes facts as a test wants them.
func found(f facts) (out []string) {
	for _, n := range f.names {
		out = append(out, strings.TrimSpace(fmt.Sprint("name ", n.value, map[bool]string{true: " worker"}[n.worker], map[bool]string{true: " static"}[n.static])))
	}
	for _, h := range f.hashes {
		out = append(out, strings.TrimSpace("hash "+h.value+" "+h.of))
	}
	for _, m := range f.mentions {
		out = append(out, strings.TrimPrefix(m.rule, "integrity/")+" "+m.text)
	}
	return out
}

func TestReadScript(t *testing.T) {
	for _, row := range []struct {
		name, src string
		want      []string
	}{
		{"a table", `[["a.js","` + a256 + `"]]`, []string{"name a.js", "hash " + a256 + " a.js"}},
		{"a member", `{"x/a.js": '` + a256 + `'}`, []string{"name x/a.js", "hash " + a256 + " x/a.js"}},
		{"a number's", `{7:"` + a256 + `"}`, []string{"hash " + a256}},
		{"an item, the hash first", `{"integrity":"` + a256 + `","src":"a.js"}`, []string{"name a.js", "hash " + a256 + " a.js"}},
		{"an item of Vite's", `{"src/a.js":{"file":"a.js","integrity":"` + a256 + `","src":"src/a.js"}}`, []string{"name src/a.js", "name a.js", "name src/a.js", "hash " + a256 + " a.js"}},
		{"nested items", `{a:{src:"a.js",x:{src:"b.js",integrity:"` + b256 + `"},integrity:"` + a256 + `"}}`, []string{"name a.js", "name b.js", "hash " + b256 + " b.js", "hash " + a256 + " a.js"}},
		{"a property", `s.src="a.js";s.integrity="` + a256 + `"`, []string{"name a.js", "hash " + a256}},
		{"in comments", "// \"a.js\"\n/* '" + a256 + "' */", nil},
		{"in a regular expression", `x=/"a.js"/;if(a)/['"]/.test(b);"b.js"`, []string{"name b.js"}},
		{"a division", `a=b/2;c="a.js";d=e[0]/3;f=(g)/h;"b.js"`, []string{"name a.js", "name b.js"}},
		{"after a block", `if(a){}/"/.test(b);"b.js"`, []string{"name b.js"}},
		{"after an object", `a={}/2;"b.js";c/1`, []string{"name b.js"}},
		{"a class of characters", `a=/[/"]/;"b.js"`, []string{"name b.js"}},
		{"after a++", `a++/2;"b.js";c/1`, []string{"name b.js"}},
		{"after return", `function f(){return/"/.test(a)}"b.js"`, []string{"name b.js"}},
		{"templates", "`a.js`;`${x}b.js`;`c${`d.js`}e.js`;`${{a:\"f.js\"}}`", []string{"name a.js", "name d.js", "name f.js"}},
		{"escapes", `"a\/b.js";'\u0061\x2ejs';"sha256-ypeBEsobvcr6wjGzmiPcTaeG7\/gUfE5yuYB3ha\/uSLs="`, []string{"name a/b.js", "name a.js", "hash " + a256}},
		{"a string that does not end", "\"a.js\n'b.js'", []string{"name b.js"}},
		{"imports", `import"./a.js";import b from "./b.js";export*from"./c.js";import("./d.js")`, []string{"name ./a.js static", "name ./b.js static", "name ./c.js static", "name ./d.js"}},
		{"queries", `"a.js?v=1";"a.jsx";"a b.js";"b.css#x"`, []string{"name a.js?v=1", "name b.css#x"}},
		{"workers", `new Worker(new URL("w.js",u));new SharedWorker("s.js");importScripts("i.js");a.register("n.js")`, []string{"name w.js worker", "name s.js worker", "name i.js worker", "name n.js", "worker new Worker", "worker new SharedWorker", "worker importScripts"}},
		{"left by a loader's build", `typeof MANIFEST_JSON;a.LIBRARY_NAME;({PRELOAD_ASSETS:1})`, []string{"unsubstituted MANIFEST_JSON"}},
		{"declared in the script", `var MANIFEST_JSON={};f(MANIFEST_JSON)`, nil},
		{"placeholders", `a="__INTEGRITY__";b='%%SRI%%';c="{{ integrity }}";d="*-*-*-CHUNK-SRI-HASH-xyz";e={integrity:"undefined"};g="__proto__"`, []string{
			"placeholder __INTEGRITY__", "placeholder %%SRI%%", "placeholder {{ integrity }}", "placeholder *-*-*-CHUNK-SRI-HASH-xyz", "placeholder undefined",
		}},
		{"nothing where a hash was to be", `{"a.js":"","b.js":"undefined","c.js":"c"}`, []string{"name a.js", "name b.js", "name c.js", "hash  a.js", "hash undefined b.js"}},
		{"what is no hash", `"sha256-abc";"sha-256";"sha384-this is a text of prose"`, nil},
		{"weak ones", `"sha1-hvfkN/qlp/zhXR3cuerq6jd2Z7g="`, []string{"hash sha1-hvfkN/qlp/zhXR3cuerq6jd2Z7g="}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := found(readScript(row.src)); !slices.Equal(got, row.want) {
				t.Errorf("%s\n got %q\nwant %q", row.src, got, row.want)
			}
		})
	}
}

func TestReadStyle(t *testing.T) {
	for _, row := range []struct {
		name, src string
		want      []string
	}{
		{"a string", `@import "a.css";`, []string{"0 a.css"}},
		{"a url", `@import url( 'a.css' ) screen; @import url(b.css)`, []string{"0 a.css", "31 b.css"}},
		{"in capitals, with comments", `@IMPORT/**/"a.css"`, []string{"0 a.css"}},
		{"escaped", `@\69mport "a\2e css"; @i\mport URL("b.css")`, []string{"0 a.css", "22 b.css"}},
		{"in a comment", `/* @import "a.css"; */ b{}`, nil},
		{"in a string", `a{content:"@import 'a.css'"}`, nil},
		{"in a url", `a{background:url(@import)} b{background:url(data:,@import"a.css")}`, nil},
		{"in a block", `@media print{@import "a.css"}`, nil},
		{"behind rules", `a{}@import "a.css"`, []string{"3 a.css"}},
		{"an unquoted url with braces", `a{b:url(x{)} @import "a.css"`, []string{"13 a.css"}},
		{"broken strings", "a{b:\"x\n} @import 'a.css", []string{"9 a.css"}},
		{"an end in the middle", `@import url(`, []string{"0 "}},
		{"another rule", `@imports "a.css"; @charset "x"`, nil},
		{"an escape at the end", `@import \`, []string{"0 "}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, i := range readStyle(row.src) {
				got = append(got, fmt.Sprint(i.at, " ", i.url))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("%s\n got %q\nwant %q", row.src, got, row.want)
			}
		})
	}
}

// What is read again is counted: a scanner that looks for the end of each regular
// expression anew takes a minute for a file of these.
func TestReadScriptOnce(t *testing.T) {
	const n = 200_000
	for name, src := range map[string]string{
		"regular expressions without an end": strings.Repeat("=/[", n),
		"strings without an end":             strings.Repeat(`"a`, n) + "\n" + strings.Repeat(`'`, 2*n+1),
		"templates in templates":             strings.Repeat("`${", n),
		"comments without an end":            strings.Repeat("/*", n),
		"backslashes":                        strings.Repeat(`\`, n),
		"brackets":                           strings.Repeat("{[(", n),
		"names that are free":                strings.Repeat("MANIFEST_JSON ", n),
		"escapes":                            strings.Repeat(`"\`, n),
	} {
		t.Run(name, func(t *testing.T) {
			if got := readScript(src).steps; got > 2*len(src) {
				t.Errorf("looked at %d bytes for %d", got, len(src))
			}
			readStyle(src)
		})
	}
}

// Columns are those of editors, in one line of any length, with one walk.
func TestPlaces(t *testing.T) {
	got := places("a😀é\n\"b\"\r\nc", []int{11, 0, 1, 5, 7, 8, 13, 5})
	want := map[int]place{0: {1, 1}, 1: {1, 2}, 5: {1, 4}, 7: {1, 5}, 8: {2, 1}, 11: {2, 4}, 13: {3, 1}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := (place{1, 3}).within(7, 5); got != (place{7, 7}) {
		t.Errorf("in the first line of an inline text: got %v", got)
	}
	if got := (place{2, 3}).within(7, 5); got != (place{8, 3}) {
		t.Errorf("in its second line: got %v", got)
	}
}

// Whatever a script or style holds: reading ends, after one look at each byte, and
// what is found is where it is said to be.
func FuzzReadScript(f *testing.F) {
	f.Add("x=/[\"']/;`${a}`;{b:\"a.js\"}")
	f.Add("import \"./a.js\"; /*")
	f.Fuzz(func(t *testing.T, src string) {
		got := readScript(src)
		for _, n := range got.names {
			if !strings.Contains(src, `\`) && !strings.HasPrefix(src[n.at:], n.value) {
				t.Errorf("name %q is not at %d", n.value, n.at)
			}
		}
		for _, h := range got.hashes {
			if !strings.Contains(src, `\`) && !strings.HasPrefix(src[h.at:], h.value) {
				t.Errorf("hash %q is not at %d", h.value, h.at)
			}
		}
		if got.steps > 2*len(src) {
			t.Errorf("looked at %d bytes for %d", got.steps, len(src))
		}
		for _, i := range readStyle(src) {
			if src[i.at] != '@' {
				t.Errorf("no @import at %d", i.at)
			}
		}
	})
}
