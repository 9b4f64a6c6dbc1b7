package buildbundle

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// environment is a request's, of NAME=value.
func variables(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if n, value, _ := strings.Cut(p, "="); n == name {
				return value, true
			}
		}
		return "", false
	}
}

// vanilla is a copy of the example, whose start asks for NODE_ENV.
func vanilla(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../examples/checkout-vanilla")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "dist")); err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "src/index.ts")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const more = `
declare const process: { env: { NODE_ENV: string } };
const aNameThatIsLong = (start: number) => Math.max(start, document.scripts.length) * Math.max(start, 2);
console.log(aNameThatIsLong(location.href.length));
console.log("runs as " + process.env.NODE_ENV);
if (process.env.NODE_ENV !== "production") console.log("and warns");
`
	if err := os.WriteFile(source, append(text, more...), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestProfiles(t *testing.T) {
	dir := vanilla(t)
	built := map[release.Profile]*Outcome{}
	for _, tt := range []struct {
		profile          release.Profile
		nodeEnv          string
		minified, linked bool
	}{
		{release.Development, "development", false, true},
		{release.Testing, "test", false, true},
		{release.Staging, "production", true, false},
		{release.Production, "production", true, false},
	} {
		t.Run(string(tt.profile), func(t *testing.T) {
			out, err := Run(t.Context(), Request{Dir: dir, Profile: tt.profile, OutDir: "dist-" + string(tt.profile), Env: variables(), Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			built[tt.profile] = out
			first, lazy := scripts(t, out, "app", "checkout")
			if want := `"runs as ` + tt.nodeEnv + `"`; !strings.Contains(first, want) {
				t.Errorf("got no %s", want)
			}
			if got, want := strings.Contains(first, "and warns"), tt.nodeEnv != "production"; got != want {
				t.Errorf("warnings are there: got %t, want %t", got, want)
			}
			if got := strings.Contains(first, "aNameThatIsLong"); got == tt.minified {
				t.Errorf("long names are there: got %t, want %t", got, !tt.minified)
			}
			for _, text := range []string{first, lazy} {
				if got := strings.Contains(text, "//# sourceMappingURL="); got != tt.linked {
					t.Errorf("scripts refer to maps: got %t, want %t", got, tt.linked)
				}
			}
			if !slices.ContainsFunc(out.Release.Files, func(f release.File) bool { return f.Role == release.Map }) {
				t.Error("got no maps")
			}
		})
	}
	if t.Failed() {
		return
	}
	staging, production := built[release.Staging], built[release.Production]
	if staging.ID == production.ID {
		t.Error("the record names the profile: got one id for two")
	}
	if !slices.EqualFunc(staging.Release.Files, production.Release.Files, func(a, b release.File) bool {
		return a.Path == b.Path && a.Integrity.String() == b.Integrity.String()
	}) {
		t.Errorf("staging's files are not production's: got\n%v\nwant\n%v", staging.Release.Files, production.Release.Files)
	}
}

// What packages ask of how they are built has an answer in every format.
func TestEnvironmentOfSources(t *testing.T) {
	files := map[string]string{
		"package.json": "{}",
		"src/index.ts": `
import { built } from "kit";
declare const process: any;
console.log("kit=" + built);
console.log("node=" + process.env.NODE_ENV, "mode=" + import.meta.env.MODE);
console.log(import.meta.env.PROD ? "is-prod" : "is-not-prod", import.meta.env.DEV ? "is-dev" : "is-not-dev", import.meta.env.SSR ? "is-ssr" : "is-page");
console.log((import.meta.env ? import.meta.env.MODE : void 0) !== "production" ? "warns" : "is silent");
console.log("api=" + process.env.API_URL, "vite=" + import.meta.env.API_URL);
if (import.meta.hot) console.log("is hot");
const { OTHER } = import.meta.env;
console.log(OTHER);
`,
		"node_modules/kit/package.json": `{"name":"kit","version":"1.0.0","exports":{"worker":"./worker.js","development":"./dev.js","production":"./prod.js","module":"./module.js","default":"./default.js"}}`,
		"node_modules/kit/dev.js":       `export const built = "kit-dev";`,
		"node_modules/kit/prod.js":      `export const built = "kit-prod";`,
		"node_modules/kit/worker.js":    `export const built = "kit-worker";`,
		"node_modules/kit/module.js":    `export const built = "kit-module";`,
		"node_modules/kit/default.js":   `export const built = "kit-default";`,
	}
	for _, tt := range []struct {
		format  release.Format
		profile release.Profile
		more    string
		want    []string
	}{
		{release.Classic, release.Production, "", []string{"kit-prod", "node=production", "mode=production", "is-prod", "is-not-dev", "is-page", "is silent", `"OTHER":"other"`}},
		{release.ESM, release.Development, "", []string{"kit-dev", "node=development", "mode=development", "is-not-prod", "is-dev", "is-page", "warns"}},
		{release.IIFE, release.Testing, "conditions: [worker]", []string{"kit-worker", "node=test", "mode=test", "is-not-prod", "is-dev", "warns"}},
	} {
		t.Run(fmt.Sprint(tt.format, tt.profile), func(t *testing.T) {
			files["checkout-deploy.yml"] = "version: 1\nbuild: { env: OTHER, expose: API_URL, define: { import.meta.env.OTHER: { env: OTHER } }, " + tt.more + " }\n"
			out, err := Run(t.Context(), Request{
				Dir: writeFiles(t, "shop", files), Format: tt.format, Profile: tt.profile, Version: "test",
				Env: variables("API_URL=https://api.example", "OTHER=other"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Warnings) > 0 {
				t.Errorf("got warnings %v", out.Warnings)
			}
			first, _ := scripts(t, out, "app", "index")
			for _, want := range append(tt.want, "api=https://api.example", "vite=https://api.example") {
				if !strings.Contains(first, want) {
					t.Errorf("got no %q in\n%s", want, first)
				}
			}
			for _, left := range []string{"process.env", "import.meta.env", "import.meta.hot", "__checkout_deploy_env__"} {
				if strings.Contains(first, left) {
					t.Errorf("got %q in\n%s", left, first)
				}
			}
		})
	}
}

// What sources read of the environment and nobody sets is told at its place,
// unless nothing of it is in the release.
func TestUnsetEnvironment(t *testing.T) {
	const source = `
// process.env.COMMENT
declare const process: any, é: any;
export const a = [é.É, process.env.API_URL, import.meta.env.VITE_API];
export const b = process.env.SET + process.env.SET_TOO;
if (process.env.NODE_ENV !== "production") console.log(process.env.DROPPED);
export const c = [process.env.API_URL_2, process.env['BRACKETS']];
`
	want := []string{
		"src/a.ts:4:24: nothing sets process.env.API_URL, and a page has no process: reading it throws",
		"src/a.ts:4:45: nothing sets import.meta.env.VITE_API: it is undefined",
		"src/a.ts:7:19: nothing sets process.env.API_URL_2, and a page has no process: reading it throws",
		"src/a.ts:7:42: nothing sets process.env.BRACKETS, and a page has no process: reading it throws",
	}
	dropped := "src/a.ts:6:56: nothing sets process.env.DROPPED, and a page has no process: reading it throws"
	for settings, want := range map[string][]string{
		"minify: true":  want,
		"minify: false": slices.Insert(slices.Clone(want), 2, dropped), // it is kept
	} {
		t.Run(settings, func(t *testing.T) {
			dir := writeFiles(t, "shop", map[string]string{
				"package.json": `{"sideEffects": false}`, "src/a.ts": source,
				"src/index.ts":                  "export { a, b, c } from './a'; export { guarded } from './guarded'; import { u } from './unused'; import 'kit';",
				"src/unused.ts":                 "declare const process: any; export const u = process.env.UNUSED;",
				"src/guarded.ts":                "declare const process: any; export const guarded = typeof process === 'object' && process.env.GUARDED;",
				"node_modules/kit/package.json": `{"name":"kit"}`, "node_modules/kit/index.js": "console.log(process.env.KIT, process.env.COMMENT_2)",
				"checkout-deploy.yml": "version: 1\nbuild: { source-maps: none, expose: [SET], define: { process.env.SET_TOO: 1 }, " + settings + " }\n",
			})
			out, err := Run(t.Context(), Request{Dir: dir, Env: variables("SET=1"), Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range out.Warnings {
				got = append(got, w.String())
				if w.Rule != "build/env-unset" || w.Severity != finding.Medium || !strings.Contains(w.Hint, "`expose: [") {
					t.Errorf("got %+v", w)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// A browserslist's section goes by NODE_ENV, as in browserslist itself.
func TestProfileChoosesTargets(t *testing.T) {
	for _, tt := range []struct {
		profile release.Profile
		want    string
	}{{release.Development, "chrome120"}, {release.Testing, "chrome90"}, {release.Staging, "chrome70"}, {release.Production, "chrome70"}} {
		dir := writeFiles(t, "shop", map[string]string{
			"package.json": `{"browserslist": {"production": ["chrome 70"], "development": "chrome 120", "test": "chrome 90"}}`,
			"src/index.ts": "console.log(1); export {}",
		})
		out, err := Run(t.Context(), Request{Dir: dir, Profile: tt.profile, Env: variables(), Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(out.Release.Passes[0].Target, ","); got != tt.want {
			t.Errorf("%s: got targets %s, want %s", tt.profile, got, tt.want)
		}
	}
}

// No way from the environment or the file into a release takes a secret along:
// either the build is refused, without a word of the secret, or no file of the
// release has it.
func TestNoSecretInRelease(t *testing.T) {
	secrets := []string{
		"ghp_hunter2hunter2hunter2hunter2", "AKIAHUNTER2HUNTER2AA", "sk_live_hunter2hunter2hunter2", "xoxb-hunter2-hunter2-hunter2",
		"https://user:hunter2hunter2@db.example/", "eyJhunter2hunter2.eyJhunter2hunter2.hunter2",
		"-----BEGIN PRIVATE KEY-----\nhunter2hunter2hunter2\n-----END PRIVATE KEY-----",
	}
	const idle = "profiles: { development: { define: { A: { env: PLAIN } }, public-path: '${PLAIN}/' } }" // takes nothing
	for _, way := range []string{
		idle,
		"expose: [PLAIN]",
		"app-version: ${PLAIN}", "app-version: a${PLAIN}b", "public-path: https://cdn.example/${PLAIN}/", "public-path: ${PLAIN}/",
		"define: { A: { env: PLAIN } }", "define: { A: ['${PLAIN}', { b: '${PLAIN}' }] }", "define: { A: { expr: '\"${PLAIN}\"' } }", "define: { A: '${HEAD}${TAIL}' }",
		"profiles: { production: { define: { A: { env: PLAIN } } } }", "profiles: { production: { define: { A: '${HEAD}${TAIL}' } } }",
		"profiles: { production: { public-path: 'https://cdn.example/${PLAIN}/' } }",
		"alias: { '@a': 'src/${PLAIN}' }", "library: ${PLAIN}", "outdir: ${PLAIN}",
		"groups: [{ name: '${PLAIN}', pattern: '.' }]",
		"passes: [{ name: '${PLAIN}', entries: { a: src/index.ts } }]",
		"passes: [{ name: app, entries: { a: src/index.ts }, define: { A: { env: PLAIN } } }]",
	} {
		for _, secret := range secrets {
			dir := writeFiles(t, "shop", map[string]string{
				"package.json": "{}", "src/index.ts": "declare const A: any, process: any; console.log(A, process.env.PLAIN, import.meta.env); export {}",
				"checkout-deploy.yml": "version: 1\nbuild:\n  env: [PLAIN, HEAD, TAIL]\n  " + way + "\n",
			})
			cut := len(secret) / 2
			out, err := Run(context.Background(), Request{Dir: dir, Env: variables("PLAIN="+secret, "HEAD="+secret[:cut], "TAIL="+secret[cut:]), Version: "test"})
			if err != nil {
				if strings.Contains(err.Error(), "hunter2hunter2") || strings.Contains(err.Error(), "HUNTER2") {
					t.Errorf("%s: the error shows it: %v", way, err)
				}
				continue
			}
			if way != idle {
				t.Errorf("%s: got a release, want %.12q… refused", way, secret)
			}
			for _, f := range out.Release.Files {
				data, err := os.ReadFile(filepath.Join(out.OutDir, f.Path))
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(bytes.ToLower(data), []byte("hunter2")) || strings.Contains(strings.ToLower(f.Path), "hunter2") {
					t.Errorf("%s: %s has it", way, f.Path)
				}
			}
		}
	}
}
