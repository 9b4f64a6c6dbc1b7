package style

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// sassForTests is the compiler for tests: $DART_SASS, else what FindSass finds
// from here. Without one a test is skipped, on CI it fails: there, not tested
// must not look like passed.
func sassForTests(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	file, err := FindSass(Options{Root: folder, Sass: os.Getenv("DART_SASS"), LookPath: exec.LookPath})
	switch {
	case err == nil:
		return file
	case os.Getenv("CI") == "true":
		t.Fatalf("needs Dart Sass: set DART_SASS to the executable: %v", err)
	default:
		t.Skipf("needs Dart Sass: set DART_SASS to the executable: %v", err)
	}
	return ""
}

// project makes a folder with files; "-> x" as a text makes a symbolic link to x.
func project(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if link, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(link, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func newCompiler(t testing.TB, options Options) *Compiler {
	t.Helper()
	c, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func compile(t testing.TB, c *Compiler, path string) *Sheet {
	t.Helper()
	sheet, err := c.Compile(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

// minified makes CSS comparable.
func minified(t testing.TB, css []byte) string {
	t.Helper()
	result := api.Transform(string(css), api.TransformOptions{Loader: api.LoaderCSS, MinifyWhitespace: true})
	if len(result.Errors) > 0 {
		t.Fatalf("%v in\n%s", result.Errors, css)
	}
	return strings.TrimSpace(string(result.Code))
}

func TestSassImports(t *testing.T) {
	sass := sassForTests(t)
	tests := []struct {
		name  string
		files map[string]string // main.scss is compiled
		want  string
	}{
		{"relative partial", map[string]string{"main.scss": `@use "a/b";`, "a/_b.scss": "b{c:d}"}, "b{c:d}"},
		{"relative to the importing file", map[string]string{"main.scss": `@use "a/b";`, "a/_b.scss": `@use "c";`, "a/_c.scss": "c{d:e}", "_c.scss": "wrong{d:e}"}, "c{d:e}"},
		{"not relative to the entry", map[string]string{"main.scss": `@use "a/b";`, "a/_b.scss": `@use "../c";`, "_c.scss": "c{d:e}"}, "c{d:e}"},
		{"climbing", map[string]string{"main.scss": `@import "a/b/c/d";`, "a/b/c/d.scss": `@import "../../x";`, "a/_x.scss": "x{d:e}"}, "x{d:e}"},
		{"index", map[string]string{"main.scss": `@use "a";`, "a/_index.scss": "a{c:d}"}, "a{c:d}"},
		{"indented", map[string]string{"main.scss": `@use "a";`, "a.sass": "a\n  c: d\n"}, "a{c:d}"},
		{"css", map[string]string{"main.scss": `@use "a";`, "a.css": "a{c:d}"}, "a{c:d}"},
		{"byte order mark", map[string]string{"main.scss": "\ufeff@use 'a';", "a.scss": "\ufeffa{c:d}"}, "a{c:d}"},
		{"odd names", map[string]string{"main.scss": `@use "ä b/c+d#1%20" as x;`, "ä b/c+d#1%20.scss": `@use "e" ;`, "ä b/_e.scss": "e{c:d}"}, ""},
		{"twice by import", map[string]string{"main.scss": `@import "a"; @import "b";`, "a.scss": `@import "x/v"; a{c:$v}`, "b.scss": `@import "x/v"; b{c:$v}`, "x/_v.scss": "$v:1"}, "a{c:1}b{c:1}"},
		{"one module by two ways", map[string]string{"main.scss": `@use "a/x"; @use "b";`, "a/_x.scss": "x{c:d}", "b.scss": `@use "./a/x" as y;`}, "x{c:d}"},
		{"plain css import stays", map[string]string{"main.scss": `@import "x.css"; @import url(https://cdn.example.com/y); a{b:c}`}, `@import"x.css";@import"https://cdn.example.com/y";a{b:c}`},
		{"load path", map[string]string{"main.scss": `@use "lp";`, "styles/_lp.scss": "lp{c:d}"}, "lp{c:d}"},
		{"file before load path", map[string]string{"main.scss": `@use "lp";`, "_lp.scss": "own{c:d}", "styles/_lp.scss": "lp{c:d}"}, "own{c:d}"},
		{"alias", map[string]string{"main.scss": `@use "@app/colours";`, "src/_colours.scss": "al{c:d}"}, "al{c:d}"},
		{"alias with tilde", map[string]string{"main.scss": `@import "~@app/colours";`, "src/_colours.scss": "al{c:d}"}, "al{c:d}"},
		{"package by tilde", map[string]string{"main.scss": `@import "~pkg/a";`, "node_modules/pkg/_a.scss": "p{c:d}"}, "p{c:d}"},
		{"tilde is never relative", map[string]string{"main.scss": `@import "~pkg/a";`, "pkg/_a.scss": "wrong{c:d}", "node_modules/pkg/_a.scss": "p{c:d}"}, "p{c:d}"},
		{"package without tilde", map[string]string{"main.scss": `@use "pkg/a";`, "node_modules/pkg/_a.scss": "p{c:d}"}, "p{c:d}"},
		{"package by pkg:", map[string]string{"main.scss": `@use "pkg:@s/pkg/a" as x;`, "node_modules/@s/pkg/_a.scss": "p{c:d}"}, "p{c:d}"},
		{"package above", map[string]string{"main.scss": `@use "x/y";`, "x/y.scss": `@use "pkg/a";`, "x/node_modules/pkg/a.scss": "near{c:d}", "node_modules/pkg/a.scss": "far{c:d}"}, "near{c:d}"},
		{"by relative path", map[string]string{"main.scss": `@import "./node_modules/pkg/src/a/a";`, "node_modules/pkg/src/a/_a.scss": `@import "../b";`, "node_modules/pkg/src/_b.scss": "b{c:d}"}, "b{c:d}"},
		{"package's sass", map[string]string{"main.scss": `@use "pkg";`, "node_modules/pkg/package.json": `{"sass":"s/a.scss","style":"b.css","main":"c.js"}`, "node_modules/pkg/s/a.scss": "a{c:d}"}, "a{c:d}"},
		{"package's style", map[string]string{"main.scss": `@use "pkg";`, "node_modules/pkg/package.json": `{"style":"b.css","main":"c.js"}`, "node_modules/pkg/b.css": "b{c:d}"}, "b{c:d}"},
		{"package's main", map[string]string{"main.scss": `@use "@s/pkg";`, "node_modules/@s/pkg/package.json": `{"main":"c.scss"}`, "node_modules/@s/pkg/c.scss": "c{c:d}"}, "c{c:d}"},
		{"package's main is a script", map[string]string{"main.scss": `@use "pkg";`, "node_modules/pkg/package.json": `{"main":"c.js"}`, "node_modules/pkg/_index.scss": "i{c:d}"}, "i{c:d}"},
		{"package's exports", map[string]string{"main.scss": `@use "pkg"; @use "pkg/x/y";`, "node_modules/pkg/package.json": `{"exports":{".":{"node":"./n.js","sass":"./s.scss"},"./x/*":{"default":"./d/*.scss"}}}`, "node_modules/pkg/s.scss": "s{c:d}", "node_modules/pkg/d/y.scss": "y{c:d}"}, "s{c:d}y{c:d}"},
		{"pnpm: what a package needs is beside its content", map[string]string{
			"main.scss":        `@use "pkg/a"; @use "dep" as d;`,
			"node_modules/pkg": "-> .pnpm/pkg@1/node_modules/pkg",
			"node_modules/dep": "-> .pnpm/dep@2/node_modules/dep",
			"node_modules/.pnpm/pkg@1/node_modules/pkg/a.scss":       `@use "dep"; a{c:dep.$v}`,
			"node_modules/.pnpm/pkg@1/node_modules/dep":              "-> ../../dep@1/node_modules/dep",
			"node_modules/.pnpm/dep@1/node_modules/dep/_index.scss":  "$v:1; dep1{c:d}",
			"node_modules/.pnpm/dep@2/node_modules/dep/_index.scss":  "$v:2; dep2{c:d}",
			"node_modules/.pnpm/pkg@1/node_modules/pkg/package.json": `{}`,
		}, "dep1{c:d}a{c:1}dep2{c:d}"},
		{"one module by two links", map[string]string{"main.scss": `@use "l1/a"; @use "l2/a" as b;`, "l1": "-> real", "l2": "-> real", "real/a.scss": "a{c:d}"}, "a{c:d}"},
		{"linked file, neighbour of the link", map[string]string{"main.scss": `@use "x/a";`, "x/a.scss": "-> ../shared/a.scss", "shared/a.scss": `@use "v"; a{c:v.$v}`, "x/_v.scss": "$v:1"}, "a{c:1}"},
		{"import-only file", map[string]string{"main.scss": `@import "lib"; @import "user";`, "lib.import.scss": "i{c:d}", "lib.scss": "m{c:d}", "user.scss": `@use "lib";`}, "i{c:d}m{c:d}"},
		{"names beginning with a digit", map[string]string{"main.scss": `@import "2col";`, "_2col.scss": "a{c:d}"}, "a{c:d}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := project(t, tt.files)
			c := newCompiler(t, Options{Root: root, Sass: sass, LoadPaths: []string{filepath.Join(root, "styles")}, Resolve: appAlias(root)})
			sheet, err := c.Compile(context.Background(), "main.scss")
			if tt.want == "" {
				// "#" and "%" have their own meaning in Sass URLs: an error, not a crash.
				if err == nil {
					t.Fatalf("got %q, want an error", sheet.CSS)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := minified(t, sheet.CSS); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func appAlias(root string) func(spec, from string) (string, bool) {
	return func(spec, _ string) (string, bool) {
		rest, ok := strings.CutPrefix(spec, "@app/")
		return filepath.Join(root, "src", rest), ok
	}
}

func TestDepsAreTheFilesRead(t *testing.T) {
	root := project(t, map[string]string{
		"main.scss": `@use "settings"; @import "~pkg/a"; a{b:settings.$v}`, "_settings.scss": "$v: 1;", "_unused.scss": "u{v:w}",
		"node_modules/pkg": "-> ../store/pkg", "store/pkg/_a.scss": "p{c:d}",
	})
	sheet := compile(t, newCompiler(t, Options{Root: root, Sass: sassForTests(t)}), filepath.Join(root, "main.scss"))
	var got []string
	for _, dep := range sheet.Deps {
		rel, _ := filepath.Rel(root, dep)
		got = append(got, filepath.ToSlash(rel))
	}
	if want := []string{"_settings.scss", "main.scss", "store/pkg/_a.scss"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRootBehindALink(t *testing.T) {
	root := project(t, map[string]string{"real/main.scss": `@use "a";`, "real/_a.scss": "a{b:c}", "link": "-> real"})
	link := filepath.Join(root, "link")
	sheet := compile(t, newCompiler(t, Options{Root: link, Sass: sassForTests(t)}), filepath.Join(link, "main.scss"))
	if want := []string{filepath.Join(link, "_a.scss"), filepath.Join(link, "main.scss")}; !slices.Equal(sheet.Deps, want) {
		t.Errorf("got %q, want %q: paths in the caller's terms", sheet.Deps, want)
	}
}

func TestErrors(t *testing.T) {
	sass := sassForTests(t)
	tests := []struct {
		name, path string
		files      map[string]string
		want       string
	}{
		{
			"syntax in a partial", "main.scss",
			map[string]string{"main.scss": `@use "a/b";`, "a/_b.scss": "b {\n\tcolour: red;\n\twidth: 1px + ;\n}\n"},
			"a/_b.scss:3:15: Expected expression.\n  3 | \twidth: 1px + ;\n    | \t             ^",
		},
		{
			"undefined variable, after other characters", "main.scss",
			map[string]string{"main.scss": "/* \U0001F600é */\r\na { b: \"é\U0001F600\" $nope }"},
			"main.scss:2:14: Undefined variable.\n  2 | a { b: \"é\U0001F600\" $nope }\n    |              ^^^^^",
		},
		{
			"no such import", "main.scss",
			map[string]string{"main.scss": "a{b:c}\n@import 'nope';"},
			"main.scss:2:9: Can't find stylesheet to import.\n  2 | @import 'nope';\n    |         ^^^^^^\npackage.json does not have it: npm install nope; or is it an alias? Then write it under paths in tsconfig.json, or under build.alias in checkout-deploy.yml",
		},
		{
			"two files for one import", "main.scss",
			map[string]string{"main.scss": "@use 'a';", "a.scss": "", "_a.scss": ""},
			"main.scss:1:1: it is not clear which of a.scss, _a.scss is meant: remove one, or write the extension\n  1 | @use 'a';\n    | ^^^^^^^^",
		},
		{
			"@error", "main.scss",
			map[string]string{"main.scss": "@mixin m { @error \"no\"; }\na { @include m; }"},
			"main.scss:2:5: \"no\"\n  2 | a { @include m; }\n    |     ^^^^^^^^^^",
		},
		{
			"several lines", "main.scss",
			map[string]string{"main.scss": "a { width: 1px +\n  1s }"},
			"main.scss:1:12: 1px and 1s have incompatible units.\n  1 | a { width: 1px +\n    |            ^^^^^",
		},
		{
			"indented", "main.sass",
			map[string]string{"main.sass": "a\n  b: $c\n"},
			"main.sass:2:6: Undefined variable.\n  2 |   b: $c\n    |      ^^",
		},
		{
			"circle", "main.scss",
			map[string]string{"main.scss": "@use 'a';", "a.scss": "@use 'main';"},
			"a.scss:1:1: Module loop: this module is already being loaded.\n  1 | @use 'main';\n    | ^^^^^^^^^^^",
		},
		{"file is missing", "nope.scss", nil, `style source "nope.scss": lstat`},
		{"other language", "a.less", map[string]string{"a.less": ""}, `style source "a.less": got extension ".less", allowed are .css, .scss and .sass`},
		{
			"name to compose is missing", "a.module.scss",
			map[string]string{"a.module.scss": ".a { composes: x from './b.module.css'; }", "b.module.css": ".y{}"},
			"a.module.scss: The name \"x\" never appears in \"b.module.css\"\n  |   composes: x from \"./b.module.css\";\n  |             ^",
		},
		{
			"module to compose from is missing", "a.module.css",
			map[string]string{"a.module.css": ".a { composes: x from './b.module.css'; }"},
			`no file "./b.module.css" to compose names from, looked from "a.module.css"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := project(t, tt.files)
			c := newCompiler(t, Options{Root: root, Sass: sass, Readable: true})
			sheet, err := c.Compile(context.Background(), tt.path)
			if err == nil {
				t.Fatalf("got %s, want an error", sheet.CSS)
			}
			got := strings.ReplaceAll(err.Error(), root+string(filepath.Separator), "")
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if again, err := c.Compile(context.Background(), tt.path); err == nil {
				t.Errorf("second time: got %s, want the error again", again.CSS)
			}
		})
	}
}

func TestErrorHasItsPlace(t *testing.T) {
	root := project(t, map[string]string{"main.scss": "a{b:$c}"})
	_, err := newCompiler(t, Options{Root: root, Sass: sassForTests(t)}).Compile(context.Background(), "main.scss")
	var place *Error
	if !errors.As(err, &place) || place.File != "main.scss" || place.Line != 1 || place.Column != 5 || place.Text != "Undefined variable." {
		t.Errorf("got %#v, want main.scss:1:5", err)
	}
}

func TestWarnings(t *testing.T) {
	root := project(t, map[string]string{
		"main.scss":                     "@import 'own';\n@import '~pkg/a';\n@warn 'careful';\n",
		"_own.scss":                     "a { b: lighten(red, 10%); }",
		"node_modules/pkg/_a.scss":      "@import 'b'; a { b: darken(red, 10%); }",
		"node_modules/pkg/_b.scss":      "b { c: d }",
		"many.scss":                     "@import 'own', 'own';\na { b: map-get((), c); d: map-has-key((), e) }",
		"node_modules/pkg/package.json": "{}",
	})
	c := newCompiler(t, Options{Root: root, Sass: sassForTests(t)})
	sheet := compile(t, c, "main.scss")
	var places []string
	for _, w := range sheet.Warnings {
		places = append(places, w.File+":"+strconv.Itoa(w.Line)+":"+strconv.Itoa(w.Column))
	}
	if want := []string{"_own.scss:1:8", "main.scss:1:9", "main.scss:2:9"}; !slices.Equal(slices.Compact(slices.Clone(places)), want) || sheet.Omitted > 0 {
		t.Errorf("got %q (%d more), want %q: none of node_modules", places, sheet.Omitted, want)
	}
	loose, _ := c.Loose()
	if len(loose) != 1 || loose[0].Text != "careful" {
		t.Errorf("got %q, want what @warn said", loose)
	}
	many := compile(t, newCompiler(t, Options{Root: root, Sass: sassForTests(t), MaxWarnings: 3}), "many.scss")
	if len(many.Warnings) != 3 || many.Omitted == 0 {
		t.Errorf("got %d warnings and %d omitted, want 3 and some", len(many.Warnings), many.Omitted)
	}
	merged, omitted := Merge([]*Sheet{sheet, many, sheet}, 100)
	if len(merged) != len(sortMessages(slices.Clone(merged))) || omitted != many.Omitted {
		t.Errorf("got %q and %d omitted, want each once", merged, omitted)
	}
}

func TestSourceMapOfSass(t *testing.T) {
	root := project(t, map[string]string{"s/main.scss": "@use '../x/v';\na {\n  b: v.$v;\n}", "x/_v.scss": "$v: 1;\nv { w: x }"})
	c := newCompiler(t, Options{Root: root, Sass: sassForTests(t), SourceMap: true})
	sheet := compile(t, c, "s/main.scss")
	text := string(sheet.Map)
	for _, want := range []string{`"../x/_v.scss"`, `"main.scss"`, `v { w: x }`} {
		if !strings.Contains(text, want) {
			t.Errorf("map has no %s: %s", want, text)
		}
	}
	if strings.Contains(text, root) || strings.Contains(text, scheme+"://") {
		t.Errorf("map has a path of this machine or an address: %s", text)
	}
	if plain := compile(t, newCompiler(t, Options{Root: root, Sass: sassForTests(t)}), "s/main.scss"); plain.Map != nil {
		t.Error("a map nobody asked for")
	}
}

func TestMissingSass(t *testing.T) {
	root := project(t, map[string]string{"a.scss": "", "b.css": "b{c:d}"})
	c := newCompiler(t, Options{Root: root, ProgramFolder: root, LookPath: func(string) (string, error) { return "", fs.ErrNotExist }})
	_, err := c.Compile(context.Background(), "a.scss")
	var missing *MissingSassError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want a MissingSassError", err)
	}
	for _, want := range []string{"node_modules/sass-embedded-*", "dart-sass/sass beside the program", "sass on PATH", "npm install --save-dev sass-embedded"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	compile(t, c, "b.css") // plain CSS needs none
}

func TestFindSass(t *testing.T) {
	const script = "#!/bin/sh\nexit 1\n"
	folder := sassPackagesHere(t)
	root := project(t, map[string]string{
		"node_modules/" + folder + "/dart-sass/sass": script,
		"app/package.json":                           "{}",
		"program/dart-sass/sass":                     script,
		"bin/sass":                                   script,
		"bin/embedded":                               "#!/bin/sh\necho '{\"protocolVersion\":\"3.2.0\"}'\n",
	})
	for _, name := range []string{"bin/sass", "bin/embedded"} {
		if err := os.Chmod(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	onPath := func(name string) func(string) (string, error) {
		return func(string) (string, error) { return at(name), nil }
	}
	elsewhere := t.TempDir()
	tests := []struct {
		name    string
		options Options
		want    string
		err     string
	}{
		{"option", Options{Root: at("app"), Sass: at("bin/sass")}, at("bin/sass"), ""},
		{"option is no file", Options{Root: at("app"), Sass: at("bin")}, "", "not a file"},
		{"node_modules above", Options{Root: at("app"), ProgramFolder: at("program")}, at("node_modules/" + folder + "/dart-sass/sass"), ""},
		{"beside the program", Options{Root: elsewhere, ProgramFolder: at("program"), LookPath: onPath("bin/embedded")}, at("program/dart-sass/sass"), ""},
		{"on PATH", Options{Root: elsewhere, LookPath: onPath("bin/embedded")}, at("bin/embedded"), ""},
		{"on PATH, JavaScript", Options{Root: elsewhere, LookPath: onPath("bin/sass")}, "", "sass on PATH, which does not speak the embedded protocol"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := FindSass(tt.options)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %q, %v, want an error with %q", got, err, tt.err)
				}
			} else if err != nil || got != tt.want {
				t.Fatalf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestVersionNote(t *testing.T) {
	folder := sassPackagesHere(t)
	files := map[string]string{
		"a/node_modules/sass/package.json":             `{"version":"1.89.0"}`,
		"b/node_modules/sass-embedded/package.json":    `{"version":"1.108.2"}`,
		"program/dart-sass/sass":                       "#!/bin/sh\n",
		"program/package.json":                         `{"version":"1.108.2"}`,
		"b/node_modules/" + folder + "/dart-sass/sass": "#!/bin/sh\n",
		"b/node_modules/" + folder + "/package.json":   `{"version":"1.108.2"}`,
		"c/package.json":                               `{}`,
	}
	root := project(t, files)
	for name, want := range map[string]string{
		"a": "the project has sass 1.89.0, its styles are compiled with Dart Sass 1.108.2, whose CSS may differ: for the same release, npm install --save-dev sass-embedded@1.89.0",
		"b": "", "c": "",
	} {
		c := newCompiler(t, Options{Root: filepath.Join(root, name), ProgramFolder: filepath.Join(root, "program")})
		if got := c.VersionNote(); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
