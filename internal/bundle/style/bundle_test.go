package style

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

func bundleOf(t testing.TB, c *Compiler, options BundleOptions, paths ...string) *Bundled {
	t.Helper()
	var sheets []*Sheet
	for _, path := range paths {
		sheets = append(sheets, compile(t, c, path))
	}
	if options.Name == "" {
		options.Name = "app"
	}
	out, err := c.Bundle(context.Background(), sheets, options)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBundle(t *testing.T) {
	minify := BundleOptions{Minify: true}
	old := BundleOptions{Minify: true, Engines: []api.Engine{{Name: api.EngineChrome, Version: "61"}, {Name: api.EngineSafari, Version: "12"}}}
	tests := []struct {
		name    string
		files   map[string]string
		paths   []string
		options BundleOptions
		want    string
	}{
		{"in the order given", map[string]string{"a.css": "a{x:1}", "b.css": "b{x:1}"}, []string{"b.css", "a.css"}, minify, "b{x:1}a{x:1}"},
		{"twice: where it is last", map[string]string{"a.css": ".a{color:red}", "b.css": ".a{color:#00f}"}, []string{"a.css", "b.css", "a.css"}, minify, ".a{color:#00f}.a{color:red}"},
		{"import inlined", map[string]string{"a.css": "@import './b.css'; a{x:1}", "b.css": "b{x:1}"}, []string{"a.css"}, minify, "b{x:1}a{x:1}"},
		{"import without a dot", map[string]string{"a.css": "@import 'b.css'; a{x:1}", "b.css": "b{x:1}"}, []string{"a.css"}, minify, "b{x:1}a{x:1}"},
		{"import of a package", map[string]string{"a.css": "@import '~pkg'; @import 'pkg/y.css';", "node_modules/pkg/package.json": `{"style":"x.css"}`, "node_modules/pkg/x.css": "x{x:1}", "node_modules/pkg/y.css": "y{x:1}"}, []string{"a.css"}, minify, "x{x:1}y{x:1}"},
		{"import under conditions", map[string]string{"a.css": "@import 'b.css' print;", "b.css": "b{x:1}"}, []string{"a.css"}, minify, "@media print{b{x:1}}"},
		{"import of an alias", map[string]string{"a.css": "@import '@app/b.css';", "src/b.css": "b{x:1}"}, []string{"a.css"}, minify, "b{x:1}"},
		{"imports of other hosts to the top", map[string]string{"a.css": "a{x:1}", "b.css": "@import url(https://f.example.com/b.css) print; @import '//f.example.com/c.css'; b{x:1}"}, []string{"a.css", "b.css"}, minify, `@import"https://f.example.com/b.css"print;@import"//f.example.com/c.css";a{x:1}b{x:1}`},
		{"charset is not repeated", map[string]string{"a.css": "@charset \"UTF-8\"; a{content:'é'}", "b.css": "@charset \"UTF-8\"; b{x:1}"}, []string{"a.css", "b.css"}, minify, `@charset "UTF-8";a{content:"\e9"}b{x:1}`},
		{"layers keep their order", map[string]string{"a.css": "@layer one, two;", "b.css": "@layer two{b{x:1}}", "c.css": "@layer one{c{x:1}}"}, []string{"a.css", "b.css", "c.css"}, minify, "@layer one,two;@layer two{b{x:1}}@layer one{c{x:1}}"},
		{"prefixes", map[string]string{"a.css": ".a{user-select:none;mask-image:none}"}, []string{"a.css"}, old, ".a{-webkit-user-select:none;user-select:none;-webkit-mask-image:none;mask-image:none}"},
		{"lowered", map[string]string{"a.css": ".a{inset:0;color:#1234;.b &{top:0}}"}, []string{"a.css"}, old, ".a{top:0;right:0;bottom:0;left:0;color:rgba(17,34,51,.267)}.b .a{top:0}"},
		{"of the server, of the web, in place, in the page", map[string]string{"a.css": "a{b:url(/x.png) url(//h/y.png) url(https://h/z.png) url(data:image/gif;base64,R0) url(#f)}"}, []string{"a.css"}, minify, "a{b:url(/x.png) url(//h/y.png) url(https://h/z.png) url(data:image/gif;base64,R0) url(#f)}"},
		{"not minified", map[string]string{"a.css": "a{x:1}"}, []string{"a.css"}, BundleOptions{}, "/* a.css */\na {\n  x: 1;\n}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := project(t, tt.files)
			c := newCompiler(t, Options{Root: root, Resolve: appAlias(root)})
			got := strings.TrimSpace(string(bundleOf(t, c, tt.options, tt.paths...).CSS))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBundleAssets(t *testing.T) {
	root := project(t, map[string]string{
		"src/a.css":     "a{b:url(img/x.png) url('./img/x.png') url(~pkg/y.svg#part) url(\"img/f.eot?#iefix\") url(img/code.css)}",
		"src/img/x.png": "same", "src/copy/x.png": "same", "src/img/f.eot": "font", "src/img/code.css": "not { a: style",
		"node_modules/pkg/y.svg": "<svg/>",
	})
	c := newCompiler(t, Options{Root: root})
	out := bundleOf(t, c, BundleOptions{Name: "css/deep/app"}, "src/a.css")
	var paths []string
	for _, asset := range out.Assets {
		paths = append(paths, asset.Path)
		if !bytes.Contains(out.CSS, []byte("../../"+asset.Path)) {
			t.Errorf("%s is not named in %s", asset.Path, out.CSS)
		}
	}
	if len(paths) != 4 || !slices.IsSorted(paths) {
		t.Errorf("got %q, want the four files once each", paths)
	}
	for _, want := range []string{".eot?#iefix", ".svg#part"} {
		if !bytes.Contains(out.CSS, []byte(want)) {
			t.Errorf("no %q in %s", want, out.CSS)
		}
	}
	if len(out.Deps) != 5 {
		t.Errorf("deps: got %q, want the sheet and its assets", out.Deps)
	}
}

func TestBundleErrors(t *testing.T) {
	root := project(t, map[string]string{
		"a.css": "a{b:url(./nope.png)}", "b.css": "/* b */\n@import './nope.css';", "c.css": "@import './c.scss';", "c.scss": "a{b:$c}",
	})
	c := newCompiler(t, Options{Root: root})
	for path, want := range map[string]string{
		"a.css": "a.css:1:5: Could not resolve \"./nope.png\"\n  1 | a{b:url(./nope.png)}\n    |     ^^^^^^^^^^^^^^^",
		"b.css": "b.css:2:9: Could not resolve \"./nope.css\"",
	} {
		_, err := c.Bundle(context.Background(), []*Sheet{compile(t, c, path)}, BundleOptions{Name: "app"})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got\n%v\nwant\n%s", err, want)
		}
	}
	c = newCompiler(t, Options{Root: root, Sass: sassForTests(t)})
	_, err := c.Bundle(context.Background(), []*Sheet{compile(t, c, "c.css")}, BundleOptions{Name: "app"})
	if want := "c.scss:1:5: Undefined variable."; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBundleIsTheSameAnywhere(t *testing.T) {
	files := map[string]string{
		"a.scss": "@use 'v'; .a { color: v.$c; background: url(img/i.png) }", "_v.scss": "$c: red;", "img/i.png": "png",
		"b.module.scss": ".b { composes: a from './c.module.css'; color: blue }", "c.module.css": ".a { top: 0 }",
		"d.css": "@import 'node_modules/pkg/x.css';\n.d { left: 0 }", "node_modules/pkg/x.css": "x{y:z}",
	}
	build := func() *Bundled {
		c := newCompiler(t, Options{Root: project(t, files), Sass: sassForTests(t), SourceMap: true, Readable: true})
		return bundleOf(t, c, BundleOptions{Name: "css/app", SourceMap: true}, "a.scss", "c.module.css", "b.module.scss", "d.css")
	}
	first, second := build(), build()
	if !bytes.Equal(first.CSS, second.CSS) {
		t.Errorf("CSS differs:\n%s\n%s", first.CSS, second.CSS)
	}
	if !bytes.Equal(first.Map, second.Map) {
		t.Errorf("maps differ:\n%s\n%s", first.Map, second.Map)
	}
	if len(first.Assets) != 1 || first.Assets[0].Path != second.Assets[0].Path {
		t.Errorf("assets differ: %v and %v", first.Assets, second.Assets)
	}
}

// TestBundleMapLeadsToSources checks places by their text: what the map says
// of a value in the bundle is where the source has it.
func TestBundleMapLeadsToSources(t *testing.T) {
	root := project(t, map[string]string{
		"src/a.scss":        "@use '../lib/b';\n\n.a {\n  .b { colour: amber }\n}\n",
		"lib/_b.scss":       "// a comment\n.c { colour: beige }\n",
		"src/d.css":         "\n.d { colour: coral }\n",
		"src/e.module.css":  ".e { colour: ebony }\n",
		"src/f.module.scss": ".f {\n  &g { colour: fawn }\n}\n",
	})
	c := newCompiler(t, Options{Root: root, Sass: sassForTests(t), SourceMap: true})
	out := bundleOf(t, c, BundleOptions{Name: "css/app", SourceMap: true, Minify: true}, "src/a.scss", "src/d.css", "src/e.module.css", "src/f.module.scss")
	var m sourceMap
	if err := json.Unmarshal(out.Map, &m); err != nil {
		t.Fatal(err)
	}
	if want := []string{"lib/_b.scss", "src/a.scss", "src/d.css", "src/e.module.css", "src/f.module.scss"}; !slices.Equal(slices.Sorted(slices.Values(m.Sources)), want) {
		t.Errorf("sources: got %q, want %q", m.Sources, want)
	}
	if len(m.SourcesContent) != len(m.Sources) {
		t.Fatalf("got %d contents, want %d", len(m.SourcesContent), len(m.Sources))
	}
	for word, source := range map[string]string{"amber": "src/a.scss", "beige": "lib/_b.scss", "coral": "src/d.css", "ebony": "src/e.module.css", "fawn": "src/f.module.scss"} {
		at := bytes.Index(out.CSS, []byte(word))
		line := bytes.Count(out.CSS[:at], []byte("\n"))
		column := at - (bytes.LastIndexByte(out.CSS[:at], '\n') + 1)
		gotSource, gotLine := lookUp(t, m, line, column)
		text := strings.Split(*m.SourcesContent[slices.Index(m.Sources, source)], "\n")
		if gotSource != source || !strings.Contains(text[gotLine], word) {
			t.Errorf("%s: got %s line %d, want the line of %s that has it", word, gotSource, gotLine+1, source)
		}
	}
}

// lookUp finds the mapping at or before a place of the generated file.
func lookUp(t *testing.T, m sourceMap, line, column int) (source string, sourceLine int) {
	t.Helper()
	var fields [4]int // column, source, line, column: all but the first run on
	for number, group := range strings.Split(m.Mappings, ";") {
		fields[0] = 0
		for segment := range strings.SplitSeq(group, ",") {
			for i, delta := range decodeVLQ(segment) {
				if i < len(fields) {
					fields[i] += delta
				}
			}
			if segment != "" && (number < line || number == line && fields[0] <= column) {
				source, sourceLine = m.Sources[fields[1]], fields[2]
			}
		}
	}
	return source, sourceLine
}

func decodeVLQ(segment string) (out []int) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	value, shift := 0, 0
	for _, c := range segment {
		digit := strings.IndexRune(digits, c)
		value |= digit & 31 << shift
		shift += 5
		if digit&32 == 0 {
			if value&1 != 0 {
				value = -value
			}
			out = append(out, value/2)
			value, shift = 0, 0
		}
	}
	return out
}
