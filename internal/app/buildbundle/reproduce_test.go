package buildbundle

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// twice builds a project with the check; between is done between the builds.
func twice(t *testing.T, dir string, between func()) (*Outcome, error) {
	t.Helper()
	before := leftovers(t)
	out, err := Run(t.Context(), Request{
		Dir: dir, Version: "test", Env: func(name string) (string, bool) { return "1.2.3", name == "APP_VERSION" },
		Check: &Check{
			Group: func(_ string, do func() error) error { return do() },
			Logf:  t.Logf, Now: func() time.Time { return time.Unix(0, 0) }, between: between,
		},
	})
	if after := leftovers(t); !slices.Equal(before, after) {
		t.Errorf("got %q left in the temporary folder", after)
	}
	return out, err
}

func leftovers(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(os.TempDir(), "checkout-deploy-*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// lay writes an archive into a new folder. A file whose name ends in @ is a link
// to what it says.
func lay(t *testing.T, archive string) string {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // nobody else's leftovers
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(f.Data), "{dir}", dir)
		if name, link := strings.CutSuffix(path, "@"); link {
			err = os.Symlink(strings.TrimSpace(text), name)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReproduced(t *testing.T) {
	for _, row := range []struct {
		name, project, archive string
		sources, packages      int
	}{
		{"a project with two passes", ".", shop, 15, 0},
		{"a variable of the environment", ".", `
-- package.json --
{}
-- checkout-deploy.yml --
version: 1
build: { env: APP_VERSION, app-version: "${APP_VERSION}" }
-- src/index.js --
export const a = 1;
`, 3, 0},
		{"a package that is read, one that is dropped, and one that is not there for real", ".", `
-- package.json --
{}
-- src/index.js --
import { used } from "used";
import "dropped";
import lazy from "lazy";
export const a = [used, lazy];
-- node_modules/used/package.json --
{"main": "lib/main.js"}
-- node_modules/used/lib/main.js --
exports.used = require("@scope/nested");
-- node_modules/used/node_modules/@scope/nested/package.json --
{}
-- node_modules/used/node_modules/@scope/nested/index.js --
module.exports = 2;
-- node_modules/dropped/package.json --
{"sideEffects": false, "main": "deep/x.js"}
-- node_modules/dropped/deep/x.js --
console.log("dropped");
-- node_modules/lazy/index.js --
try { require("optional") } catch {}
export default 3;
`, 2, 7},
		{"packages behind links, as pnpm lays them", ".", `
-- package.json --
{}
-- src/index.js --
export { a } from "one";
-- node_modules/one@ --
.pnpm/one@1.0.0/node_modules/one
-- node_modules/.pnpm/one@1.0.0/node_modules/one/package.json --
{}
-- node_modules/.pnpm/one@1.0.0/node_modules/one/index.js --
export { a } from "two";
-- node_modules/.pnpm/one@1.0.0/node_modules/two@ --
{dir}/node_modules/.pnpm/two@2.0.0/node_modules/two
-- node_modules/.pnpm/two@2.0.0/node_modules/two/package.json --
{}
-- node_modules/.pnpm/two@2.0.0/node_modules/two/index.js --
export const a = 1;
`, 2, 4},
		{"a package of a repository with workspaces", "apps/checkout", `
-- package.json --
{"workspaces": ["apps/*", "libs/*"], "sideEffects": false}
-- tsconfig.base.json --
{"compilerOptions": {"jsx": "react", "jsxFactory": "make"}}
-- apps/checkout/package.json --
{}
-- apps/checkout/tsconfig.json --
{"extends": ["../../tsconfig.base.json", "shared-config/strict"]}
-- apps/checkout/src/index.tsx --
import { format } from "@shop/money";
import { raw } from "../../../loose/raw";
const make = (name) => name;
export const a = [format(1), raw, <b />];
-- apps/other/huge.txt --
not needed
-- libs/money/package.json --
{"main": "src/index.ts"}
-- libs/money/src/index.ts --
import { used } from "used";
export const format = (n: number) => used + n;
-- libs/money/node_modules/used/index.js --
exports.used = "€";
-- loose/raw.ts --
export const raw = 1;
-- node_modules/@shop/money@ --
../../libs/money
-- node_modules/shared-config/strict.json --
{"compilerOptions": {"strict": true}}
`, 8, 2},
		{"a project's folder behind a link", ".", `
-- package.json --
{}
-- src/index.js --
import "./linked/style.css";
export { a } from "./linked/a";
-- src/linked@ --
../real
-- real/a.js --
export const a = 1;
-- real/style.css --
body { background: url(dot.svg) }
-- real/dot.svg --
<svg xmlns="http://www.w3.org/2000/svg"/>
`, 5, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(lay(t, row.archive), row.project)
			out, err := twice(t, dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Warnings) > 0 && out.Warnings[0].Rule == "build/outside-input" {
				t.Errorf("got %v", out.Warnings)
			}
			got := statementOf(t, out)
			if got.Result != "equal" || got.Sources.Count != row.sources || got.Packages.Count != row.packages {
				t.Errorf("got %+v, want %d sources and %d files of packages", got, row.sources, row.packages)
			}
			if want := strings.Contains(row.archive, "env:"); (got.Environment["APP_VERSION"] == "1.2.3") != want {
				t.Errorf("got the environment %q", got.Environment)
			}
		})
	}
}

// statementOf reads the statement beside a release, which is about that release.
func statementOf(t *testing.T, out *Outcome) predicate {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(out.OutDir, "attestations/reproducible.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Subject   []struct{ Digest map[string]string }
		Predicate predicate
	}
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Subject[0].Digest["sha256"]; got != out.ID.String() || !out.Reproduced {
		t.Errorf("got a statement about %s, want %s", got, out.ID)
	}
	rel, err := release.Open(os.DirFS(out.OutDir))
	if err != nil {
		t.Fatal(err)
	}
	if bad, err := release.Verify(t.Context(), os.DirFS(out.OutDir), rel); err != nil || len(bad) > 0 {
		t.Errorf("got %v, %v", bad, err)
	}
	return s.Predicate
}

func TestNotReproduced(t *testing.T) {
	for _, row := range []struct {
		name, archive string
		between       func(dir string)
		at            string
		says          []string
	}{
		{
			"a source that changes", shop, func(dir string) { change(dir, "src/pay.ts") },
			"src/pay.ts",
			[]string{`"src/pay.ts" was changed while the two builds ran`},
		},
		{
			"a source that goes", shop, func(dir string) { _ = os.Remove(filepath.Join(dir, "src/card.ts")) },
			"src/card.ts",
			[]string{`"src/card.ts" was changed`},
		},
		{
			"a style that changes", shop, func(dir string) { change(dir, "src/pay.css") },
			"src/pay.css",
			[]string{`"src/pay.css" was changed`},
		},
		{
			"a file above the project", `
-- shop/package.json --
{}
-- shop/src/index.js --
export { a } from "../../above.js";
-- above.js --
export const a = 1;
`, nil, "src/index.js:1:19", []string{"a copy of it does not: Could not resolve \"../../above.js\"", "not among the project's sources"},
		},
		{
			"a file by its absolute path", `
-- shop/package.json --
{}
-- shop/src/index.js --
export { a } from "{dir}/above.js";
-- above.js --
export const a = 1;
`, nil, "", []string{"above.js\" by a path that does not move with the project"},
		},
		{
			"a link into the project by its absolute path", `
-- shop/package.json --
{}
-- shop/src/index.js --
export { a } from "./a.js";
-- shop/src/a.js@ --
{dir}/shop/real/a.js
-- shop/real/a.js --
export const a = 1;
`, nil, "real/a.js", []string{"shop/real/a.js\" by a path that does not move with the project"},
		},
		{
			"what an earlier build made", `
-- shop/package.json --
{}
-- shop/src/index.js --
export { a } from "../dist/made.js";
-- shop/dist/made.js --
export const a = 1;
-- shop/dist/release.json --
{}
`, nil, "src/index.js:1:19", []string{"a copy of it does not: Could not resolve"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := lay(t, row.archive)
			if _, err := os.Stat(filepath.Join(dir, "shop")); err == nil {
				dir = filepath.Join(dir, "shop")
			}
			between := func() {}
			if row.between != nil {
				between = func() { row.between(dir) }
			}
			_, err := twice(t, dir, between)
			var reporter finding.Reporter
			if !errors.As(err, &reporter) {
				t.Fatalf("got %v, want findings", err)
			}
			f := reporter.Findings()[0]
			for _, want := range row.says {
				if !strings.Contains(f.Message+f.Hint, want) {
					t.Errorf("got %+v, want %q", f, want)
				}
			}
			if got := f.Location.String(); got != row.at || f.Severity != finding.High || f.Hint == "" {
				t.Errorf("got %+v at %q, want it at %q", f, got, row.at)
			}
			if _, err := os.Stat(filepath.Join(dir, "dist/attestations/reproducible.json")); err == nil {
				t.Error("got a statement of what was not proved")
			}
		})
	}
}

// change adds a line to a file.
func change(dir, name string) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(text, "/* more */\n"...), 0o644)
	}
	if err != nil {
		panic(err)
	}
}

// A difference is an answer: exit code 1, and the old release stays.
func TestReproducibleInAWorkflow(t *testing.T) {
	dir := project(t)
	s := runStep(t, dir, "reproducible=check")
	s.wants("log", s.log, "::group::Building it again", "\nequal: ", "::endgroup::")
	s.wants("summary", s.file("summary"), "Reproducible", "built twice, equal")
	if s.code != 0 {
		t.Fatalf("got exit code %d\n%s", s.code, s.log)
	}
	before := s.file("a projéct/dist/attestations/reproducible.json")
	link, source := filepath.Join(dir, "src/more.ts"), filepath.Join(dir, "src/auto.ts")
	if err := os.WriteFile(source, []byte("import './more'"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "real.ts"), []byte("console.log('more')"), 0o644); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(real, "real.ts"), link); err != nil {
		t.Fatal(err)
	}
	s = runStep(t, dir, "reproducible=check")
	s.wants("log", s.log, "file=a projéct/src/auto.ts,line=1", "a copy of it does not")
	if after := s.file("a projéct/dist/attestations/reproducible.json"); s.code != 1 || after != before {
		t.Errorf("got exit code %d, and another release\n%s", s.code, s.log)
	}
	if s = runStep(t, dir); s.code != 0 {
		t.Fatal(s.log)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist/attestations/reproducible.json")); err == nil || strings.Contains(s.log, "equal") {
		t.Error("got a statement without the check")
	}
}

// TestExamplesAreReproducible builds the examples twice.
func TestExamplesAreReproducible(t *testing.T) {
	for _, name := range []string{"checkout-vanilla", "checkout"} {
		t.Run(name, func(t *testing.T) {
			dir, err := filepath.Abs("../../../examples/" + name)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Lstat(filepath.Join(dir, "node_modules")); name == "checkout" && (err != nil || !info.IsDir()) {
				skipOnLaptop(t, "npm ci --prefix examples/checkout --ignore-scripts")
			}
			t.Setenv("TMPDIR", t.TempDir())
			out, err := Run(t.Context(), Request{
				Dir: dir, OutDir: filepath.Join(t.TempDir(), "dist"), Version: "test", Env: func(string) (string, bool) { return "", false },
				Check: &Check{Group: func(_ string, do func() error) error { return do() }, Logf: t.Logf, Now: time.Now},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := statementOf(t, out); got.Project != "examples/"+name {
				t.Errorf("got %+v", got)
			}
		})
	}
}
