package script

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"
)

// show writes a value for comparison.
func show(v Value) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case Null:
		return "null"
	case Text:
		return fmt.Sprintf("%q", strings.ReplaceAll(string(v), Hole, "…"))
	case *List:
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			parts[i] = show(item)
		}
		return "[" + strings.Join(parts, " ") + open(v.Open) + "]"
	case *Object:
		parts := make([]string, len(v.keys))
		for i, k := range v.keys {
			parts[i] = k + ":" + show(v.values[k])
		}
		return "{" + strings.Join(parts, " ") + open(v.Open) + "}"
	case *Regexp:
		return "/" + v.Source + "/" + v.Flags
	case *Instance:
		return "new " + v.Class
	case *External:
		return "<" + v.Name + ">"
	case *JSON:
		return "json(" + show(v.Value) + ")"
	case *Env:
		return "$" + v.Name
	case *Unknown:
		return "?(" + v.What + ")"
	case *Function:
		return "function"
	}
	return fmt.Sprint(v)
}

func open(is bool) string {
	if is {
		return " …"
	}
	return ""
}

func TestExpressions(t *testing.T) {
	root := fstest.MapFS{
		"lib/a.js":     {Data: []byte("exports.x = 1; exports.dir = __dirname")},
		"lib/b.ts":     {Data: []byte("export const y: number = 2; export default (n: number) => n; export { later }; const later = 'z'")},
		"data.json":    {Data: []byte(`{"b": [1, null, true], "a": "x"}`)},
		"lib/index.js": {Data: []byte("module.exports = 'index'")},
	}
	for source, want := range map[string]string{
		// values
		"1": "1", "-1.5": "-1.5", "'a' + 1": `"a1"`, "1 + 2": "3", "`a${'b'}${f()}`": `"ab…"`, "null": "null", "undefined": "undefined", "void 0": "undefined",
		"[1, ...[2, 3], ...f()]": "[1 2 3 …]", "({a: 1, ['b']: 2, ...{c: 3}, [f()]: 4})": "{a:1 b:2 c:3 …}", "/a\\/b/i": "/a\\/b/i",
		"({a: {b: [5]}}).a.b[0]": "5", "({a: 1}).b": "undefined", "({a: 1})?.a": "1", "[1, 2].length": "2", "({...f()}).b": "?({ ...f() }.b)",
		// conditions
		"true ? 1 : 2": "1", "f() ? 1 : 2": "?(f() ? 1 : 2)", "false || 'x'": `"x"`, "'y' && 'x'": `"x"`, "null ?? 'x'": `"x"`, "!f": "?(!f)", "!''": "true",
		"1 === 1": "true", "'a' != 'a'": "false", "typeof 'a'": `"string"`, "f() && 1": "?(f() && 1)",
		// functions
		"(() => 1)()": "1", "((a, b = a) => [a, b])(1)": "[1 1]", "(({a, ...r}, [x, ...y]) => [a, r, x, y])({a: 1, b: 2}, [3, 4])": "[1 {b:2} 3 [4]]",
		"(function () { return 1 })()": "1", "((...a) => a)(1, 2)": "[1 2]", "({m() { return 1 }}).m()": "1",
		// promises
		"Promise.resolve(1).then((x) => x + 1)": "2", "Promise.all([1, (async () => 2)()])": "[1 2]", "f().then(() => 3)": "3", "f().catch(() => 3)": "?(f())",
		// platform
		"require('path').join(__dirname, '..', 'a', './b')": `"/a/b"`, "require('node:path').resolve(__dirname, 'a')": `"/<project>/a"`,
		"require('path').resolve('a', '/b', 'c')": `"/b/c"`, "require('path').join(f(), 'a')": `?(require("path").join(f(), "a"))`, "require('path').join(__dirname, f())": `"/<project>/…"`,
		"process.cwd()": `"/<project>"`, "process.env.NODE_ENV": `"production"`, "process.env.A": "$A", "process.env.A || 'b'": `"b"`, "process.env.A === 'x'": "false",
		"JSON.stringify({a: process.env.A})": "json({a:$A})", "JSON.parse('[1]')": "[1]", "JSON.parse('x')": `?(JSON.parse("x"))`,
		"Object.assign({a: 1}, {b: 2})": "{a:1 b:2}", "Object.keys({a: 1})": `["a"]`, "Object.entries({a: 1})": `[["a" 1]]`, "Object.fromEntries([['a', 1]])": "{a:1}",
		"[0, 1, f()].filter(Boolean)": "[1 ?(f())]", "[1, 2].map((x) => x + 1)": "[2 3]", "['a'].concat('b').join('-')": `"a-b"`, "[1].includes(1)": "true",
		"['a', 'b'].reduce((o, k) => ({...o, [k]: k}), {})": `{a:"a" b:"b"}`, "'a-b'.split('-')": `["a" "b"]`, "'a.ts'.replace('.ts', '')": `"a"`,
		"new Date().toISOString()": `?((new Date()).toISOString())`, "require('webpack').DefinePlugin": "<webpack.DefinePlugin>", "new (require('x').Y)(1)": "new Y",
		"require('fs').existsSync(__dirname + '/data.json')": "true", "require('fs').readdirSync('lib')": `["a.js" "b.ts" "index.js"]`,
		"require('fs').readFileSync('.env')": `?(require("fs").readFileSync(".env"))`, "require('child_process').execSync('rm -rf /')": `?(require("child_process").execSync("rm -rf /"))`,
		"require('webpack-merge').merge({a: [1], b: {c: 1}}, {a: [2], b: {d: 2}})": "{a:[1 2] b:{c:1 d:2}}",
		// modules
		"require('./lib/a')": `{x:1 dir:"/<project>/lib"}`, "require('./lib/b').y": "2", "require('./lib/b').default(7)": "7", "require('./lib/b').later": `"z"`,
		"require('./lib')": `"index"`, "require('./data')": `{a:"x" b:[1 null true]}`, "require('./none')": "<./none>", "require('../outside')": "<../outside>",
		// nothing is forgotten
		"x = 1": "1", "f(...g)": "?(f(...g))", "(function () { return this })()": "?(this)", "class A {}": "<A>",
	} {
		root["c.js"] = &fstest.MapFile{Data: []byte("module.exports = [" + source + "]")}
		v, err := NewReader(root).Exports("c.js")
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := show(v); got != "["+want+"]" {
			t.Errorf("%s: got %s, want [%s]", source, got, want)
		}
	}
}

func TestStatements(t *testing.T) {
	for source, want := range map[string]string{
		"const c = {}; c.a = 1; c['b'] = 2; delete c.a; module.exports = c":                                                          "{b:2}",
		"exports.a = f(); function f() { return g } var g = 1":                                                                       "{a:?(g)}",
		"let x = 1; if (x === 1) { x = 2 } else { x = 3 } module.exports = x":                                                        "2",
		"let x = 1; if (unknown) { x = 2 } module.exports = x":                                                                       "1",
		"let o = []; for (const x of [1, 2, 3]) { if (x === 2) continue; o.push(x) } exports = module.exports = o":                   "[1 3]",
		"let o = []; for (const [k, v] of Object.entries({a: 1})) { o.push(k + v); break } module.exports = o":                       `["a1"]`,
		"function f(x) { switch (x) { case 'a': return 1; case 'b': default: return 2 } } module.exports = [f('a'), f('b'), f('c')]": "[1 2 2]",
		"let x; try { throw new Error('x') } catch (e) { x = 1 } finally { x = [x] } module.exports = x":                             "[1]",
		"function f() { if (true) return 1; return 2 } module.exports = f()":                                                         "1",
		"export default { a: 1 }; export const b = 2":                                                                                "{a:1}",
		"import p, { join } from 'path'; export default [p.join('a', 'b'), join('c')]":                                               `["a/b" "c"]`,
		"export default { u: import.meta.url, d: import.meta.dirname, e: import.meta.env }":                                          `{u:"file:///<project>/c.js" d:"/<project>" e:?(__unknown)}`,
		"const { a: { b = 2 } = {}, ...rest } = { c: 3 }; module.exports = [b, rest]":                                                "[2 {c:3}]",
	} {
		root := fstest.MapFS{"c.js": {Data: []byte(source)}}
		v, err := NewReader(root).Exports("c.js")
		if got := show(v); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", source, got, err, want)
		}
	}
}

// A few lines can ask for more than there is; that ends with an error, soon.
func TestBounds(t *testing.T) {
	for name, source := range map[string]string{
		"recursion":        "const f = () => f(); module.exports = f()",
		"a doubled text":   "const f = (s) => f(s + s); module.exports = f('xxxxxxxxxxxxxxxx')",
		"a doubled list":   "const f = (l) => f([...l, ...l]); module.exports = f([1, 2])",
		"a joined list":    "const f = (l) => f(l.concat(l)); module.exports = f([1, 2])",
		"a replaced text":  "const f = (s) => f(s.replaceAll('x', 'xxxx')); module.exports = f('xx')",
		"doubled calls":    "const f = (n) => [f(n), f(n)]; module.exports = f(1)",
		"a list in itself": "const l = []; l.push(l, l); module.exports = l",
		"an object too":    "const o = {}; o.o = o; module.exports = [o, `${[o]}`]",
		"text of itself":   "const l = []; l.push(l); module.exports = [`${l}`, l]",
		"merged with self": "const o = {}; o.o = o; const { merge } = require('webpack-merge'); module.exports = [merge(o, o), o]",
		"many shared":      "let l = [1]; " + strings.Repeat("l = [l, l, l, l];", 12) + "module.exports = l",
		"brackets":         "module.exports = " + strings.Repeat("[", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			v, err := NewReader(fstest.MapFS{"c.js": {Data: []byte(source)}}).Exports("c.js")
			if err == nil || !strings.Contains(err.Error(), errTooMuch.Error()) {
				t.Errorf("got %.200s, %v, want %v", show(v), err, errTooMuch)
			}
		})
	}
}

// Values say in which line of the file they stand, whatever esbuild made of it.
func TestPlaces(t *testing.T) {
	source := "import type { X } from 'x'\n\ntype Y = {\n  a: X\n}\n\nexport default {\n  a: 1,\n  // two\n  b: f(\n    1),\n} satisfies Y\n"
	v, err := NewReader(fstest.MapFS{"d/c.mts": {Data: []byte(source)}}).Exports("d/c.mts")
	if err != nil {
		t.Fatal(err)
	}
	o := v.(*Object)
	if got := o.At("a").String() + " " + o.At("b").String() + " " + o.Get("b").(*Unknown).Pos.String(); got != "d/c.mts:8 d/c.mts:10 d/c.mts:10" {
		t.Errorf("got %s", got)
	}
}

func TestWithinFollowsCallbacks(t *testing.T) {
	source := `
const { DefinePlugin } = require('webpack');
module.exports = [
  new DefinePlugin({ a: 1 }),
  new Other({ onRun({ done }) { hooks.on('x', () => { if (!seen) { new DefinePlugin({ b: 2 }).apply(); } done(); }); } }),
  new Again(() => new Again(() => new DefinePlugin({ c: 3 }))),
];`
	r := NewReader(fstest.MapFS{"c.js": {Data: []byte(source)}})
	v, err := r.Exports("c.js")
	if err != nil {
		t.Fatal(err)
	}
	found, err := r.Within(v, "DefinePlugin")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range found {
		got = append(got, show(i.Args[0]))
	}
	if s := strings.Join(got, " "); s != "{b:2} {c:3} {a:1}" {
		t.Errorf("got %s", s)
	}
}

// Whatever a configuration says, reading it ends, without a panic.
func FuzzExports(f *testing.F) {
	files, _ := filepath.Glob("../testdata/*.txtar")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, a := range txtar.Parse(data).Files {
			f.Add(a.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root := fstest.MapFS{"c.ts": {Data: data}, "b.js": {Data: []byte("module.exports = require('./c')")}}
		r := NewReader(root)
		v, err := r.Exports("c.ts")
		if err != nil {
			return
		}
		if v, err = r.Call(v, Of("mode", Text("production"))); err == nil {
			_ = show(v)
			_, _ = r.Within(v, "DefinePlugin")
		}
		r.Data("c.ts")
		if r.steps > 3*maxSteps {
			t.Errorf("got %d steps, want at most %d", r.steps, maxSteps)
		}
		if _, err := fs.Stat(root, "c.ts"); err != nil {
			t.Error("the project was changed")
		}
	})
}
