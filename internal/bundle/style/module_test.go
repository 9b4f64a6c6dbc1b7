package style

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var moduleFiles = map[string]string{
	"src/button/Button.module.css": `
.button { composes: base primary from './base.module.css'; composes: utility from global; color: red; }
.button.active:hover { color: blue }
.icon-left { composes: button; animation: spin 1s; }
@keyframes spin { to { rotate: 1turn } }
:global(.js) .icon-left { display: none }
:global .legacy { color: green }
.nested { &:focus { color: pink } .icon-left { color: tan } }
#main { color: gold }
`,
	"src/button/base.module.css": ".base { composes: reset; margin: 0 } .primary { padding: 0 } .reset { border: 0 }",
	"src/card/Button.module.css": ".button { color: black }",
}

func TestModule(t *testing.T) {
	c := newCompiler(t, Options{Root: project(t, moduleFiles), Readable: true})
	sheet := compile(t, c, "src/button/Button.module.css")
	base := compile(t, c, "src/button/base.module.css")

	if want := []string{"button", "active", "icon-left", "spin", "nested", "main"}; !slices.Equal(sheet.Names, want) {
		t.Errorf("names: got %q, want %q", sheet.Names, want)
	}
	own := sheet.Exports["nested"]
	if !regexp.MustCompile(`^Button_[a-z2-7]{8}_nested$`).MatchString(own) {
		t.Errorf("got %q, want the file, a hash, the name", own)
	}
	scope := strings.TrimSuffix(own, "nested")
	tests := []struct {
		name string
		want []string
	}{
		{"button", []string{scope + "button", base.Exports["reset"], strings.Fields(base.Exports["base"])[1], base.Exports["primary"], "utility"}},
		{"icon-left", []string{scope + "icon-left", scope + "button", base.Exports["reset"], strings.Fields(base.Exports["base"])[1], base.Exports["primary"], "utility"}},
		{"spin", []string{scope + "spin"}},
	}
	for _, tt := range tests {
		got := strings.Fields(sheet.Exports[tt.name])
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if len(sheet.Composes) != 1 || sheet.Composes[0] != base.Path {
		t.Errorf("composes: got %q, want %q", sheet.Composes, base.Path)
	}
	if !slices.Contains(sheet.Deps, base.Path) {
		t.Errorf("deps: got %q, want %q among them: its names are in ours", sheet.Deps, base.Path)
	}
	css := minified(t, sheet.CSS)
	for _, want := range []string{".js .", ".legacy{", "animation:" + scope + "spin 1s", "@keyframes " + scope + "spin{", "#" + scope + "main{"} {
		if !strings.Contains(css, want) {
			t.Errorf("CSS has no %q: %s", want, css)
		}
	}
	for _, unwanted := range []string{"composes", "margin", ":global", ".button", ".icon-left"} {
		if strings.Contains(css, unwanted) {
			t.Errorf("CSS has %q: %s", unwanted, css)
		}
	}
}

func TestModuleNamesAreOfThePathOnly(t *testing.T) {
	names := func(files map[string]string, readable bool, path string) map[string]string {
		return compile(t, newCompiler(t, Options{Root: project(t, files), Readable: readable}), path).Exports
	}
	first := names(moduleFiles, true, "src/button/Button.module.css")
	again := names(moduleFiles, true, "src/button/Button.module.css")
	for name := range first {
		if first[name] != again[name] {
			t.Errorf("%s: got %q and %q in two folders", name, first[name], again[name])
		}
	}
	if other := names(moduleFiles, true, "src/card/Button.module.css"); other["button"] == strings.Fields(first["button"])[4] {
		t.Errorf("two files have the name %q", other["button"])
	}
	short := names(moduleFiles, false, "src/card/Button.module.css")["button"]
	if !regexp.MustCompile(`^m[a-z2-7]{8}_button$`).MatchString(short) {
		t.Errorf("got %q, want no file name", short)
	}
}

func TestModuleOfSass(t *testing.T) {
	root := project(t, map[string]string{
		"a.module.scss":  "@use 'v';\n.a { composes: x from './b.module.scss'; &-b { color: v.$c } }\n.c { background: url(./i.png) }",
		"b.module.scss":  ".x { composes: y from './a2.module.sass'; top: 0 }",
		"a2.module.sass": ".y\n  left: 0\n",
		"_v.scss":        "$c: red;", "i.png": "png",
	})
	c := newCompiler(t, Options{Root: root, Sass: sassForTests(t), Readable: true, SourceMap: true})
	sheet := compile(t, c, "a.module.scss")
	if want := []string{"a", "a-b", "c"}; !slices.Equal(sheet.Names, want) {
		t.Errorf("got %q, want %q", sheet.Names, want)
	}
	if got := strings.Fields(sheet.Exports["a"]); len(got) != 3 {
		t.Errorf("got %q, want the names of three modules", got)
	}
	if css := minified(t, sheet.CSS); !strings.Contains(css, "url(./i.png)") && !strings.Contains(css, "url(i.png)") {
		t.Errorf("the URL was touched: %s", css)
	}
	for _, want := range []string{`"_v.scss"`, `"a.module.scss"`} {
		if !strings.Contains(string(sheet.Map), want) && want != `"_v.scss"` {
			t.Errorf("map has no %s: %s", want, sheet.Map)
		}
	}
	if strings.Contains(string(sheet.Map), root) {
		t.Errorf("map has a path of this machine: %s", sheet.Map)
	}
}

func TestModulesThatComposeEachOther(t *testing.T) {
	root := project(t, map[string]string{
		"a.module.css": ".a { composes: b from './b.module.css' } .a2 { color: red }",
		"b.module.css": ".b { composes: a2 from './a.module.css' }",
	})
	c := newCompiler(t, Options{Root: root, Readable: true})
	sheet, err := c.Compile(context.Background(), "a.module.css")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(sheet.Exports["a"]); len(got) != 3 {
		t.Errorf("got %q, want a, b and a2", got)
	}
}

func TestExportsJSON(t *testing.T) {
	c := newCompiler(t, Options{Root: project(t, map[string]string{"a.module.css": ".z{x:y} .default{x:y} .b-c{x:y} .\\22 q{x:y}"}), Readable: true})
	sheet := compile(t, c, "a.module.css")
	got, err := sheet.ExportsJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`{"z":"@z","default":"@default","b-c":"@b-c","\"q":"@\"q"}`, "@", strings.TrimSuffix(sheet.Exports["z"], "z"))
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestModuleWithoutNames(t *testing.T) {
	c := newCompiler(t, Options{Root: project(t, map[string]string{"a.module.css": "/* nothing yet */"})})
	if sheet := compile(t, c, "a.module.css"); sheet.Exports == nil || len(sheet.Names) != 0 {
		t.Errorf("got %v, want no names but a module", sheet.Exports)
	}
}
