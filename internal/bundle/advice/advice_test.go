package advice

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

const shop = `
-- package.json --
{"dependencies": {"react": "18", "@shop/theme": "1"}, "devDependencies": {"typescript": "5"}}
-- yarn.lock --
-- src/checkout.ts --
-- src/Payment.tsx --
-- src/empty/notes.txt --
-- src/forms/address.ts --
-- src/_colours.scss --
-- src/components/index.ts --
`

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAdvice(t *testing.T) {
	const installed = "-- node_modules/react/package.json --\n{}\n-- node_modules/typo/package.json --\n{}\n"
	for _, row := range []struct {
		name, files, spec string
		style             bool
		want              string
	}{
		{name: "a slip", spec: "./chekout", want: `did you mean "./checkout"?`},
		{name: "a slip with its extension", spec: "./chekout.ts", want: `did you mean "./checkout.ts"?`},
		{name: "another extension", spec: "./checkout.tsx", want: `did you mean "./checkout.ts"?`},
		{name: "case", spec: "./payment", want: `did you mean "./Payment"? Upper and lower case are told apart, on any machine`},
		{name: "from above", spec: "../src/chekout", want: `did you mean "../src/checkout"?`},
		{name: "a folder's slip", spec: "./from/address", want: `did you mean "./forms/address"?`},
		{name: "a folder without index", spec: "./empty", want: `"src/empty" is a folder without an index file, such as index.ts: name the file that is meant`},
		{name: "no such folder", spec: "./generated/api", want: `there is no folder "src/generated": is it committed, or made by a step that has to run first?`},
		{name: "a name of one letter", spec: "./x", want: `"src" has no file of a name like it: is it committed, or made by a step that has to run first?`},
		{name: "nothing like it", spec: "./translations", want: `"src" has no file of a name like it: is it committed, or made by a step that has to run first?`},
		{name: "no node_modules", spec: "react", want: `there is no node_modules: run yarn install --frozen-lockfile first (in a workflow, in a step before this one: the action has no Node.js)`},
		{name: "not installed", files: installed, spec: "@shop/theme/dark", want: `package.json has it, node_modules does not: run yarn install --frozen-lockfile first (in a workflow, in a step before this one: the action has no Node.js)`},
		{name: "no such file in a package", files: installed, spec: "react/jsx", want: `"node_modules/react" is there, but offers no such file to a browser: look at main, module, browser and exports in its package.json`},
		{name: "a package's slip", files: installed, spec: "raect", want: `did you mean "react"?`},
		{name: "no dependency", spec: "lodash/get", want: `package.json does not have it: npm install lodash; or is it an alias? Then write it under paths in tsconfig.json, or under build.alias in checkout-deploy.yml`},
		{name: "the usual alias", spec: "@/checkout", want: `is "@" an alias? Write alias: { "@": src } under build in checkout-deploy.yml, or paths in tsconfig.json`},
		{name: "a folder's alias", spec: "@components", want: `is "@components" an alias? Write alias: { "@components": src/components } under build in checkout-deploy.yml, or paths in tsconfig.json`},
		{name: "from the source folder", spec: "components/Button", want: `package.json does not have it: npm install components; or is it an alias? Then write it under paths in tsconfig.json, or under build.alias in checkout-deploy.yml`},
		{name: "from the root", spec: "src/checkout", want: `is "src" an alias? Write alias: { "src": src } under build in checkout-deploy.yml, or paths in tsconfig.json`},
		{name: "Node.js's", spec: "node:fs/promises", want: `"fs" is a module of Node.js, which browsers don't have: import this file on servers only`},
		{name: "Node.js's, with a package", spec: "path", want: `"path" is a module of Node.js, which browsers don't have: npm install path-browserify, and write alias: { "path": path-browserify } under build in checkout-deploy.yml`},
		{name: "Node.js's, with one of its name", spec: "events", want: `"events" is a module of Node.js, which browsers don't have: npm install events has one for them`},
		{name: "a partial's slip", style: true, spec: "./colors", want: `did you mean "./colours"?`},
		{name: "a partial's slip without a dot", style: true, spec: "colors", want: `did you mean "colours"?`},
		{name: "a package of styles", style: true, spec: "~@shop/theme/dark", want: `there is no node_modules: run yarn install --frozen-lockfile first (in a workflow, in a step before this one: the action has no Node.js)`},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := Project{write(t, shop+row.files)}
			ask := p.Script
			if row.style {
				ask = p.Style
			}
			if got := ask(row.spec, filepath.Join(p.Root, "src", "index.ts")); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// A file above the folders that are asked for is no answer, nor a reason to hang.
func TestAdviceOutside(t *testing.T) {
	p := Project{t.TempDir()}
	for _, spec := range []string{"/", "/none/of/it", "../../../../../../../../x", ".", "..", "./", "@", "@/", "~", "", "?", "node:", "[x"} {
		p.Script(spec, filepath.Join(p.Root, "index.ts"))
		p.Style(spec, filepath.Join(p.Root, "index.scss"))
	}
}
