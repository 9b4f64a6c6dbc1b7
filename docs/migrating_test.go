package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/buildbundle"
	"github.com/org/checkout-deploy/internal/app/starter"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
)

const migrating = "migrating-from-webpack.md"

// tableRow is a row of a document's tables.
type tableRow struct {
	section string // its heading
	cells   []string
	marks   map[string][]string // the comments <!-- kind: text -->, which readers don't see
}

var (
	mark     = regexp.MustCompile(`<!-- ([a-z]+): (.*?) -->`)
	codeSpan = regexp.MustCompile("`([^`]+)`")
	ruler    = regexp.MustCompile(`^\| -`)
)

// tableRows are the rows of a document's tables, without their heads.
func tableRows(t *testing.T, document string) (rows []tableRow) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	section, body := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		if !strings.HasPrefix(line, "|") || ruler.MatchString(line) {
			body = ruler.MatchString(line)
			continue
		}
		if !body {
			continue
		}
		r := tableRow{section: section, marks: map[string][]string{}}
		for _, m := range mark.FindAllStringSubmatch(line, -1) {
			r.marks[m[1]] = append(r.marks[m[1]], m[2])
		}
		for cell := range strings.SplitSeq(strings.Trim(mark.ReplaceAllString(line, ""), "| "), " | ") {
			r.cells = append(r.cells, strings.TrimSpace(cell))
		}
		rows = append(rows, r)
	}
	return rows
}

func spans(cell string) (all []string) {
	for _, m := range codeSpan.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

// ofPass are the keys that only a pass has.
var ofPass = []string{"entries", "name"}

// settings are a row's settings, as a build has them; nil for none.
func (r tableRow) settings(t *testing.T) map[string]any {
	t.Helper()
	build := map[string]any{}
	for _, span := range spans(r.cells[1]) {
		var one map[string]any
		if !regexp.MustCompile(`^[a-z-]+: [^…]+$`).MatchString(span) || yaml.Load([]byte(span), &one) != nil {
			continue
		}
		for key, value := range one {
			if slices.Contains([]string{"browser", "baseUrl"}, key) { // of other files
				continue
			}
			if _, twice := build[key]; twice {
				t.Errorf("%s: got %s twice in a row, want a row for each", r.cells[0], key)
			}
			build[key] = value
		}
	}
	if len(build) == 0 {
		return nil
	}
	return build
}

// file is the configuration with these settings.
func file(build map[string]any) []byte {
	build = maps.Clone(build)
	pass := map[string]any{"name": "app", "entries": map[string]any{"index": "src/index.ts"}}
	for _, key := range ofPass {
		if v, ok := build[key]; ok {
			pass[key] = v
			delete(build, key)
		}
	}
	build["passes"] = []any{pass}
	text, _ := json.Marshal(map[string]any{"version": 1, "build": build})
	return text
}

func anyVariable(string) (string, bool) { return "https://api.example.com", true }

// Every setting in the tables is one that the reader takes.
func TestSettingsOfMigrating(t *testing.T) {
	found := 0
	for _, r := range tableRows(t, migrating) {
		build := r.settings(t)
		if build == nil {
			continue
		}
		found++
		env, _ := build["env"].([]any)
		if text := fmt.Sprint(build["define"]); strings.Contains(text, "env:") && len(env) == 0 {
			build["env"] = []any{"API_URL"}
		}
		if _, err := config.Parse(migrating, file(build), fstest.MapFS{}, anyVariable); err != nil {
			t.Errorf("%s: %v", r.cells[0], err)
		}
	}
	if found < 20 {
		t.Errorf("got %d rows with settings, want those of the tables", found)
	}
}

// What a row says that init does is what it does.
func TestInitOfMigrating(t *testing.T) {
	found := map[string]int{}
	for _, r := range tableRows(t, migrating) {
		if len(r.cells) < 3 {
			continue
		}
		for _, span := range spans(r.cells[0]) {
			for _, source := range webpackOf(r, span) {
				found[r.cells[2]]++
				checkInit(t, r, source)
			}
		}
	}
	if found["writes"] < 10 || found["asks"] < 10 || found["–"] < 10 {
		t.Errorf("got %v, want rows of each kind", found)
	}
}

var classOfPlugin = regexp.MustCompile(`[A-Z]\w+`)

// webpackOf makes configurations of what a row's first cell has: options,
// a loader or rule type, a plugin, by both ways that configurations get it.
func webpackOf(r tableRow, span string) []string {
	const start = "module.exports = { entry: './src/index.ts', "
	switch r.section {
	case "Options":
		if strings.HasPrefix(span, "entry:") {
			return []string{"module.exports = { " + span + " }"}
		}
		return []string{start + span + " }"}
	case "Loaders":
		if strings.HasPrefix(span, ".") {
			return nil
		}
		use := "use: ['" + span + "']"
		if strings.HasPrefix(span, "type: ") {
			use = span
		}
		return []string{start + "module: { rules: [{ test: /\\." + extensionOf(r) + "$/, " + use + " }] } }"}
	case "Plugins":
		class := classOfPlugin.FindString(span)
		create := span
		if !strings.HasPrefix(span, "new ") {
			create = "new " + span + "()"
		}
		list := start + "plugins: [" + create + "] }"
		return []string{"const { " + class + " } = require('webpack'); " + list, "const webpack = require('webpack'); " + strings.Replace(list, "new ", "new webpack.", 1)}
	}
	return nil
}

var loaderOfExtension = regexp.MustCompile(`loaders: \{ \.(\w+): `)

func extensionOf(r tableRow) string {
	if m := loaderOfExtension.FindStringSubmatch(r.cells[1]); m != nil {
		return m[1]
	}
	return "ts"
}

// checkInit compares what init does with the third cell.
func checkInit(t *testing.T, r tableRow, source string) {
	t.Helper()
	text, result, err := starter.Make(t.Context(), fstest.MapFS{
		"webpack.config.js": {Data: []byte(source)},
		"package.json":      {Data: []byte(`{ "browserslist": ["chrome >= 87"] }`)},
		"tsconfig.json":     {Data: []byte("{}")},
		"src/index.ts":      {}, "src/polyfill.ts": {},
	})
	if err != nil && strings.Contains(source, "core-js/stable") {
		return // an entry without files: init says so
	}
	if err != nil {
		t.Errorf("%s: %v", source, err)
		return
	}
	var made struct{ Build map[string]any }
	if err := yaml.Load(text, &made); err != nil {
		t.Fatal(err)
	}
	written := made.Build
	pass, _ := written["passes"].([]any)[0].(map[string]any)
	delete(written, "passes")
	maps.Copy(written, pass)
	switch want := r.settings(t); r.cells[2] {
	case "writes":
		for key, value := range want {
			if !reflect.DeepEqual(plain(written[key]), plain(value)) {
				t.Errorf("%s\ngot  %s: %v\nwant %v", source, key, written[key], value)
			}
		}
		if len(want) == 0 {
			t.Errorf("%s: a row says that init writes a setting, and has none", source)
		}
	case "asks":
		if len(result.Questions) == 0 {
			t.Errorf("%s: init asks nothing:\n%s", source, text)
		}
	case "–":
		if len(result.Questions) > 0 || len(written) > 2 {
			t.Errorf("%s: want init to have nothing to do, got %q and\n%s", source, result.Questions, text)
		}
	default:
		t.Errorf("%s: got %q, want writes, asks or –", source, r.cells[2])
	}
}

// plain is a value as JSON has it.
func plain(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Rows that say that something works name what shows it.
func TestRowsOfMigratingAreShown(t *testing.T) {
	nothing := regexp.MustCompile(`^(Not done|Nothing to write)`)
	for _, r := range tableRows(t, migrating) {
		shown := len(r.marks["test"]) + len(r.marks["trial"])
		if shown == 0 && len(r.settingsOrNil(t)) > 0 && len(r.marks["pending"]) == 0 {
			t.Errorf("%s: has a setting; add <!-- test: file:TestName --> or <!-- trial: name -->", r.cells[0])
		}
		if shown == 0 && r.section == "In the sources" && !strings.Contains(r.cells[1], "not provided") && !nothing.MatchString(r.cells[1]) {
			t.Errorf("%s: says what happens; add <!-- test: file:TestName --> or <!-- trial: name -->", r.cells[0])
		}
		for _, name := range r.marks["test"] {
			if err := testExists(name); err != nil {
				t.Errorf("%s: %v", r.cells[0], err)
			}
		}
	}
}

func (r tableRow) settingsOrNil(t *testing.T) map[string]any {
	if len(r.cells) < 2 || r.section == "What is not done here" {
		return nil
	}
	return r.settings(t)
}

// testExists looks for "file:TestName" in the repository.
func testExists(name string) error {
	path, test, ok := strings.Cut(name, ":")
	if !ok {
		return fmt.Errorf("got %q, want file:TestName", name)
	}
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(path)))
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), "\nfunc "+test+"(t *testing.T)") {
		return fmt.Errorf("%s has no func %s", path, test)
	}
	return nil
}

// Each trial builds a small project with its row's settings.
func TestTrialsOfMigrating(t *testing.T) {
	used := map[string]bool{}
	for _, r := range tableRows(t, migrating) {
		for _, name := range r.marks["trial"] {
			one, ok := trials[name]
			if !ok {
				t.Errorf("%s: there is no trial %q", r.cells[0], name)
				continue
			}
			used[name] = true
			t.Run(name+" in "+r.cells[0], func(t *testing.T) { try(t, one, r.settingsOrNil(t)) })
		}
	}
	for name := range trials {
		if !used[name] {
			t.Errorf("the trial %q is of no row", name)
		}
	}
}

func try(t *testing.T, one trial, build map[string]any) {
	if build == nil {
		build = map[string]any{}
	}
	if strings.Contains(fmt.Sprint(build["define"]), "env:") {
		build["env"] = []any{"API_URL"}
	}
	files := map[string]string{"package.json": `{"name":"shop"}`, "checkout-deploy.yml": string(file(build))}
	maps.Copy(files, one.files)
	if _, ok := files["src/index.ts"]; !ok { // an entry in JavaScript
		files["src/index.ts"] = "export * from './main.js'"
	}
	out, err := built(t, write(t, files), "")
	if one.fails != "" {
		if err == nil || !strings.Contains(err.Error(), one.fails) {
			t.Errorf("got %v, want the error %q", err, one.fails)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	one.compare(t, out)
}

// write writes a project into a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func built(t *testing.T, dir, out string) (*buildbundle.Outcome, error) {
	t.Helper()
	return buildbundle.Run(t.Context(), buildbundle.Request{
		Dir: dir, OutDir: out, Env: anyVariable, Version: "test",
		LookPath: func(string) (string, error) { return "", fs.ErrNotExist },
	})
}

// compare looks at names and bytes of the release's files, but for the maps.
func (one trial) compare(t *testing.T, out *buildbundle.Outcome) {
	t.Helper()
	var all, mapped strings.Builder
	for _, f := range out.Release.Files {
		text, err := os.ReadFile(filepath.Join(out.OutDir, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Fatal(err)
		}
		if f.Role == release.Map {
			mapped.Write(text)
		} else {
			fmt.Fprintf(&all, "%s\n%s\n", f.Path, text)
		}
	}
	if !strings.Contains(mapped.String(), one.mapped) {
		t.Errorf("%q is in no map:\n%s", one.mapped, mapped.String())
	}
	for _, want := range one.contains {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is in no file:\n%s", want, all.String())
		}
	}
	for _, unwanted := range one.lacks {
		if strings.Contains(all.String(), unwanted) {
			t.Errorf("%q is in a file:\n%s", unwanted, all.String())
		}
	}
	if warned := fmt.Sprint(out.Warnings); !strings.Contains(warned, one.warns) || (one.warns == "" && len(out.Warnings) > 0) {
		t.Errorf("got the warnings %v, want %q", out.Warnings, one.warns)
	}
}

// The page's first five minutes, beside a folder that webpack made.
func TestFiveMinutesOfMigrating(t *testing.T) {
	dir := write(t, map[string]string{
		"webpack.config.js": "module.exports = { entry: { checkout: './src/index.ts' }, output: { path: __dirname + '/dist', library: 'checkout' } }",
		"package.json":      "{}", "tsconfig.json": "{}", "src/index.ts": "export default document.title", "dist/checkout-1234.js": "of webpack",
	})
	if _, err := starter.Write(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if out, err := built(t, dir, "dist-next"); err != nil || len(out.Release.Passes) != 1 {
		t.Errorf("got %+v, %v, want a release in a folder of its own", out, err)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "dist/checkout-1234.js")); string(text) != "of webpack" {
		t.Errorf("got %q, want webpack's file as it was", text)
	}
	if _, err := built(t, dir, ""); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist/checkout-1234.js")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want webpack's folder replaced whole by a build without --outdir", err)
	}
}

var (
	commandLine = regexp.MustCompile(`(?m)^bin/(?:checkout-deploy )?([a-z-]+) (.*)$`)
	commandFlag = regexp.MustCompile(`\B--?[A-Za-z-]+`)
)

// The commands on the page, and their flags, are those of the programs.
func TestCommandsOfMigrating(t *testing.T) {
	text, err := os.ReadFile(migrating)
	if err != nil {
		t.Fatal(err)
	}
	lines := commandLine.FindAllStringSubmatch(string(text), -1)
	if len(lines) < 2 {
		t.Errorf("got %d commands, want those of the page", len(lines))
	}
	for _, line := range lines {
		spec := specsByName()[line[1]]
		if spec == nil {
			t.Errorf("%s: there is no command %s", line[0], line[1])
			continue
		}
		for _, flag := range commandFlag.FindAllString(line[2], -1) {
			if !slices.ContainsFunc(spec.Inputs, func(in action.Input) bool { return "--"+in.Name == flag || "-"+in.Flag == flag }) {
				t.Errorf("%s: there is no flag %s", line[0], flag)
			}
		}
	}
}
