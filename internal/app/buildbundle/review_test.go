package buildbundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeFiles writes files below a new folder of the given name.
func writeFiles(t *testing.T, name string, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for path, text := range files {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func noProgram(string) (string, error) { return "", os.ErrNotExist }
func noVariable(string) (string, bool) { return "", false }

func buildTo(t *testing.T, dir, out string) (*Outcome, error) {
	t.Helper()
	return Run(t.Context(), Request{Dir: dir, OutDir: out, Env: noVariable, LookPath: noProgram, Version: "test"})
}

var awkward = map[string]string{
	"package.json":                  `{"name":"shop"}`,
	"src/index.ts":                  "import { a } from \"bar\";\nimport(\"./😀/lazy\").then(console.log);\nexport const title = a + document.title;\n",
	"src/😀/lazy.ts":                 "import { b } from \"bar\";\nexport const late = [b, document.cookie];\n",
	"node_modules/bar/package.json": `{"name":"bar","type":"module","main":"index.js","sideEffects":["effects.js","{odd"]}`,
	"node_modules/bar/index.js":     "export * from './a.js'; export * from './effects.js';",
	"node_modules/bar/a.js":         "export const a = self.name;",
	"node_modules/bar/effects.js":   "self.effects = 1; export const b = self.effects;",
	"keep/notes.txt":                "not a build's",
}

// TestEqualReleasesAnywhere builds one project in folders whose names differ in
// length and in characters that patterns and paths treat apart, and through a link.
func TestEqualReleasesAnywhere(t *testing.T) {
	var want string
	for _, name := range []string{"shop", "a much longer name", "josé {x", "😀/*"} {
		dir := writeFiles(t, name, awkward)
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{dir, link} {
			out, err := buildTo(t, dir, "")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want == "" {
				want = out.ID.String()
			}
			if got := out.ID.String(); got != want {
				t.Errorf("%q: got release %s, want %s", dir, got, want)
			}
			mapsNameSources(t, filepath.Join(dir, "dist"))
		}
	}
}

func mapsNameSources(t *testing.T, dist string) {
	t.Helper()
	maps, err := filepath.Glob(filepath.Join(strings.ReplaceAll(dist, "*", `\*`), "*.js.map"))
	if err != nil || len(maps) == 0 {
		t.Fatalf("got maps %q, %v", maps, err)
	}
	for _, path := range maps {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `import { a } from \"bar\"`) && !strings.Contains(string(text), `import { b } from \"bar\"`) {
			t.Errorf("%s does not hold the source as it is: %s", path, text)
		}
	}
}

func TestPackagesOfWorkspaces(t *testing.T) {
	files := map[string]string{"package.json": `{}`, "src/index.ts": "import '../packages/a/main'; import '../packages/b/main'; export {}"}
	for _, p := range []string{"a", "b"} {
		files["packages/"+p+"/package.json"] = `{"name":"` + p + `"}`
		files["packages/"+p+"/main.js"] = `import("dep").then(console.log)`
		files["packages/"+p+"/node_modules/dep/package.json"] = `{"name":"dep","main":"dep.js"}`
		files["packages/"+p+"/node_modules/dep/dep.js"] = "export default 'dep of " + p + "'"
	}
	out, err := buildTo(t, writeFiles(t, "shop", files), "")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range out.Release.Files {
		text, err := os.ReadFile(filepath.Join(out.OutDir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, want := range []string{"dep of a", "dep of b"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is in no file", want)
		}
	}
}

func TestOutputFolderIsNobodyElses(t *testing.T) {
	for _, out := range []string{".", "..", "src", "keep", "../shop/src/"} {
		t.Run(out, func(t *testing.T) {
			dir := writeFiles(t, "shop", awkward)
			_, err := buildTo(t, dir, out)
			if err == nil || !strings.Contains(err.Error(), "replaces it whole") {
				t.Errorf("got %v, want a refusal", err)
			}
			for path := range awkward {
				if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path))); err != nil {
					t.Errorf("lost a file: %v", err)
				}
			}
		})
	}
	for _, out := range []string{"dist", "../elsewhere", "src/out"} {
		dir := writeFiles(t, "shop", awkward)
		for range 2 {
			if _, err := buildTo(t, dir, out); err != nil {
				t.Errorf("%s: %v", out, err)
			}
		}
	}
}

func TestErrorsNameTheSource(t *testing.T) {
	bar := map[string]string{
		"node_modules/bar/package.json": `{"name":"bar","type":"module","main":"index.js","sideEffects":false}`,
		"node_modules/bar/index.js":     "export * from './a.js';",
		"node_modules/bar/a.js":         "export const a = self.name;",
		"src/parts/one.ts":              "export default 1;",
	}
	for _, tt := range []struct{ name, source, config, want string }{
		{"await", "import {\n  a\n} from 'bar'; export const b = await a;", "", "src/index.ts:3:32: top-level await can't run in format classic"},
		{"await, new browsers", "import {\n  a\n} from 'bar'; export const b = await a;", "  target: [chrome 130]", "src/index.ts:3:32: top-level await"},
		{"await, no maps", "\nfor await (const a of []) {}\nexport {}", "  target: [chrome 130]\n  source-maps: none", "src/index.ts:2:5: top-level await"},
		{"no module", "import './nowhere'", "", `src/index.ts:1:8: Could not resolve "./nowhere"`},
		{"no package", "import 'nowhere'", "", `src/index.ts:1:8: Could not resolve "nowhere"`},
		{"no entry", "", "  passes: [{name: app, entries: {checkout: src/none.ts}}]", `build.passes[0].entries.checkout: got "src/none.ts", which is not there`},
		{"import of a pattern", "export const b = (n: string) => import(`./parts/${n}.ts`);", "", "path with variable parts"},
		{"import of a pattern, esm", "export const b = (n: string) => import(`./parts/${n}.ts`);", "  passes: [{name: app, format: esm, entries: {checkout: src/index.ts}}]", "path with variable parts"},
		{"import.meta", "import { a } from 'bar';\nexport const b = import.meta.dirname + a;", "", "src/index.ts:2:18: import.meta exists in modules only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"package.json": "{}", "src/index.ts": tt.source, "checkout-deploy.yml": "version: 1\nbuild:\n  format: classic\n" + tt.config + "\n"}
			for path, text := range bar {
				files[path] = text
			}
			_, err := buildTo(t, writeFiles(t, "shop", files), "")
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "as external") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestModulesOfOneBaseNameAreApart(t *testing.T) {
	long := strings.Repeat("console.log(self.name, self.closed, self.length);\n", 1000)
	out, err := buildTo(t, writeFiles(t, "shop", map[string]string{
		"package.json":  "{}",
		"src/index.ts":  "export const a = () => import('./a/Form'), b = () => import('./b/Form');",
		"src/a/Form.ts": "export const a = 1;" + long,
		"src/b/Form.ts": "export const b = 2;" + long,
	}), "")
	if err != nil {
		t.Fatal(err)
	}
	var forms int
	for _, f := range out.Release.Files {
		if strings.HasPrefix(f.Path, "Form-") && strings.HasSuffix(f.Path, ".js") {
			forms++
		}
	}
	if forms != 2 {
		t.Errorf("got %d files for two modules that load apart", forms)
	}
}

func TestPassesMayMakeEqualFiles(t *testing.T) {
	_, err := buildTo(t, writeFiles(t, "shop", map[string]string{
		"package.json":        "{}",
		"src/a/index.ts":      "import './s.css'; export const a = 1;",
		"src/b/index.ts":      "import './s.css'; export const b = 2;",
		"src/a/s.css":         ".a{color:red}",
		"src/b/s.css":         ".a{color:red}",
		"checkout-deploy.yml": "version: 1\nbuild:\n  passes:\n    - { name: a, entries: { checkout: src/a/index.ts } }\n    - { name: b, entries: { checkout: src/b/index.ts } }\n",
	}), "")
	if err != nil {
		t.Error(err)
	}
}

// An alias leads to a folder or a file of the project, or else to a package.
func TestAliases(t *testing.T) {
	out, err := buildTo(t, writeFiles(t, "shop", map[string]string{
		"package.json":                  "{}",
		"src/index.ts":                  "import { a } from '@app/a'; import b from 'react'; import c from 'moment'; import './index.css'; export const all = [a, b, c];",
		"src/index.css":                 "@import '@app/below.css';",
		"src/below.css":                 ".below{color:red}",
		"src/a.ts":                      "export const a = 'from the folder';",
		"src/react.ts":                  "export default 'from the file';",
		"node_modules/dayjs/index.js":   "export default 'from the package';",
		"node_modules/react/index.js":   "throw 'not react';",
		"node_modules/moment/moment.js": "throw 'not moment';",
		"checkout-deploy.yml":           "version: 1\nbuild:\n  alias: { '@app': src, react: src/react.ts, moment: dayjs }\n",
	}), "")
	if err != nil {
		t.Fatal(err)
	}
	app, _ := out.Release.Pass("app")
	for _, want := range []struct{ file, text string }{
		{app.Entries[0].JS[0], "from the folder"}, {app.Entries[0].JS[0], "from the file"}, {app.Entries[0].JS[0], "from the package"}, {app.Entries[0].CSS[0], ".below{"},
	} {
		text, err := os.ReadFile(filepath.Join(out.OutDir, want.file))
		if err != nil || !strings.Contains(string(text), want.text) {
			t.Errorf("%s has no %q (%v)", want.file, want.text, err)
		}
	}
}
