package buildbundle

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/org/checkout-deploy/internal/release"
)

// project writes shop into a new folder, whose name has what names can have.
func project(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a projéct")
	for _, f := range txtar.Parse([]byte(shop)).Files {
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

func build(t *testing.T, dir string) (*Outcome, error) {
	t.Helper()
	none := func(string) (string, bool) { return "", false }
	return Run(context.Background(), Request{Dir: dir, Env: none, Version: "test"})
}

func mustBuild(t *testing.T, dir string) *Outcome {
	t.Helper()
	out, err := build(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const shop = `
-- package.json --
{"name": "shop", "sideEffects": ["*.css"]}
-- checkout-deploy.yml --
version: 1
build:
  target: chrome >= 87
  passes:
    - { name: app, entries: { checkout: src/index.ts }, library: checkout }
    - name: loader
      entries: { loader: src/loader.ts, auto: src/auto.ts }
      library: loader
      define: { MANIFEST: { manifest-of: app } }
-- src/index.ts --
import "./base.css";
import { names } from "./names.module.css";
import { Lock } from "./icons";
import logo from "./logo.svg";
enum Step { Cart = "cart-step", Pay = "pay-step" }
export function start() {
  const first = "marker-in-index";
  return [first, names, Lock(), logo, Step.Pay];
}
export const pay = () => import(/* webpackChunkName: "pay", webpackPrefetch: true */ "./pay");
export const card = () => import("./card");
-- src/base.css --
body { color: red }
-- src/names.module.css --
.names { color: blue }
-- src/logo.svg --
<svg xmlns="http://www.w3.org/2000/svg"/>
-- src/icons/index.ts --
export { Lock } from "./lock";
export { Bank } from "./bank";
-- src/icons/lock.ts --
export const Lock = () => "icon-of-a-lock";
-- src/icons/bank.ts --
export const Bank = () => "icon-of-a-bank";
-- src/pay.ts --
import "./pay.css";
import { Bank } from "./icons"; import { shared } from "./shared";
export const paid = () => [Bank(), shared(), "marker-in-pay"];
-- src/pay.css --
.pay { color: green }
-- src/card.ts --
import { shared } from "./shared";
export const charged = () => [shared(), "marker-in-card"];
-- src/shared.ts --
export const shared = () => "marker-in-shared";
-- src/loader.ts --
declare const MANIFEST: { js: string[]; integrity: Record<string, string> };
export const files = () => MANIFEST.js.map((f) => [f, MANIFEST.integrity[f]]);
-- src/auto.ts --
import { files } from "./loader";
console.log(files());
`

func TestSameReleaseEverywhere(t *testing.T) {
	one := mustBuild(t, project(t))
	old := runtime.GOMAXPROCS(1)
	two := mustBuild(t, project(t))
	runtime.GOMAXPROCS(old)
	if one.ID != two.ID {
		a, _ := one.Release.Encode()
		b, _ := two.Release.Encode()
		t.Errorf("another folder and CPU count: got id %s, want %s\n%s\n%s", two.ID, one.ID, a, b)
	}
}

func TestReleaseIsWhatIsOnDisk(t *testing.T) {
	out := mustBuild(t, project(t))
	rel, err := release.Open(os.DirFS(out.OutDir))
	if err != nil {
		t.Fatal(err)
	}
	bad, err := release.Verify(context.Background(), os.DirFS(out.OutDir), rel)
	if err != nil || len(bad) > 0 {
		t.Errorf("verifying: %v %v", bad, err)
	}
	for _, f := range rel.Files {
		data, err := os.ReadFile(filepath.Join(out.OutDir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		for _, leftover := range []string{"checkout-deploy-root", "__checkout_deploy_env__", "value_", filepath.Dir(out.OutDir)} {
			if f.Role == release.Script && bytes.Contains(data, []byte(leftover)) {
				t.Errorf("%s holds %q", f.Path, leftover)
			}
		}
	}
}

// scripts gives the text of an entry's first load and of all lazy scripts.
func scripts(t *testing.T, out *Outcome, pass, entry string) (first, lazy string) {
	t.Helper()
	p, ok := out.Release.Pass(pass)
	if !ok {
		t.Fatalf("no pass %q", pass)
	}
	e, ok := p.Entry(entry)
	if !ok {
		t.Fatalf("no entry %q", entry)
	}
	read := func(path string) string {
		data, err := os.ReadFile(filepath.Join(out.OutDir, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, f := range e.JS {
		first += read(f)
	}
	for _, c := range p.Chunks {
		for _, f := range c.JS {
			lazy += read(f)
		}
	}
	return first, lazy
}

func TestBarrelsDoNotFillTheFirstLoad(t *testing.T) {
	out := mustBuild(t, project(t))
	first, lazy := scripts(t, out, "app", "checkout")
	for text, where := range map[string]string{"icon-of-a-lock": first, "icon-of-a-bank": lazy, "marker-in-shared": lazy, "pay-step": first} {
		if !strings.Contains(where, text) {
			t.Errorf("%q is not where it belongs", text)
		}
	}
	for _, text := range []string{"icon-of-a-bank", "marker-in-pay", "marker-in-shared", "cart-step"} {
		if strings.Contains(first, text) {
			t.Errorf("the first load holds %q", text)
		}
	}
}

func TestLoaderHoldsTheManifest(t *testing.T) {
	out := mustBuild(t, project(t))
	app, _ := out.Release.Pass("app")
	for _, entry := range []string{"loader", "auto"} {
		text, _ := scripts(t, out, "loader", entry)
		f, _ := out.Release.File(app.Entries[0].JS[0])
		if !strings.Contains(text, app.Entries[0].JS[0]) || !strings.Contains(text, f.Integrity.String()) {
			t.Errorf("%s lacks the name or the integrity of %s", entry, app.Entries[0].JS[0])
		}
	}
	data, err := os.ReadFile(filepath.Join(out.OutDir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		JS, CSS   []string
		Integrity map[string]string
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Release.Files {
		if (f.Role == release.Script || f.Role == release.Style) && f.Passes[0] == "app" && m.Integrity[f.Path] != f.Integrity.String() {
			t.Errorf("manifest.json: integrity of %s: got %q, want %q", f.Path, m.Integrity[f.Path], f.Integrity)
		}
	}
}

func TestErrorsNameThePlaceAndLeaveDistAlone(t *testing.T) {
	tests := []struct {
		name, file, text, want string
	}{
		{"top-level await", "src/pay.ts", "import { Bank } from \"./icons\";\nexport const a = Bank();\n\n  await Promise.resolve(a);\n", "src/pay.ts:4:3: top-level await"},
		{"unresolvable import", "src/pay.ts", "import './nothing';\nexport {};\n", "src/pay.ts:1:8: Could not resolve \"./nothing\""},
		{"syntax error", "src/pay.ts", "export const = 1;\n", "src/pay.ts:1:14: Expected identifier"},
		{"missing export", "src/pay.ts", "import { missing } from './shared';\nconsole.log(missing);\n", "src/pay.ts:1:10: No matching export in \"src/shared.ts\" for import \"missing\""},
		{"import.meta", "src/pay.ts", "export const e = import.meta.dirname;\n", "src/pay.ts:1:18: import.meta"},
		{"broken tsconfig", "tsconfig.json", "{", "tsconfig.json:1:"},
		{"style error", "src/pay.css", "@import './none.css';\n", "pay.css"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t)
			before := mustBuild(t, dir)
			if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := build(t, dir)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			rel, err := release.Open(os.DirFS(before.OutDir))
			if err != nil {
				t.Fatal(err)
			}
			if id, _ := rel.ID(); id != before.ID {
				t.Errorf("dist changed: got %s, want %s", id, before.ID)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), ".dist") {
					t.Errorf("%s was left behind", e.Name())
				}
			}
		})
	}
}

func TestMapsLeadToTheSources(t *testing.T) {
	dir := project(t)
	out := mustBuild(t, dir)
	found := 0
	for _, f := range out.Release.Files {
		if f.Role != release.Script {
			continue
		}
		code, err := os.ReadFile(filepath.Join(out.OutDir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		m := readMap(t, filepath.Join(out.OutDir, f.Path+".map"))
		for _, marker := range []string{"marker-in-index", "marker-in-pay", "marker-in-card", "marker-in-shared", "icon-of-a-bank"} {
			at := bytes.Index(code, []byte(marker))
			if at < 0 {
				continue
			}
			found++
			line := bytes.Count(code[:at], []byte("\n"))
			column := at - 1 - (bytes.LastIndexByte(code[:at], '\n') + 1) // the quote
			source, l, c, ok := m.find(line, column)
			if !ok {
				t.Errorf("%s: %q is not mapped", f.Path, marker)
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(source)))
			if err != nil {
				t.Errorf("%s: %q leads to %q: %v", f.Path, marker, source, err)
				continue
			}
			rest := strings.Split(string(text), "\n")[l][c:]
			if !strings.HasPrefix(rest[1:], marker) {
				t.Errorf("%s: %q leads to %s:%d:%d, which has %.30q", f.Path, marker, source, l+1, c+1, rest)
			}
			if i := m.index(source); string(m.content(t, i)) != string(text) {
				t.Errorf("%s: the map's text of %s is not the source", f.Path, source)
			}
		}
	}
	if found < 5 {
		t.Errorf("got %d markers in the output, want all of them", found)
	}
}

type readMapping struct {
	Sources        []string
	SourcesContent []json.RawMessage
	Mappings       string
}

func readMap(t *testing.T, path string) *readMapping {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := &readMapping{}
	if err := json.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *readMapping) index(source string) int {
	for i, s := range m.Sources {
		if s == source {
			return i
		}
	}
	return -1
}

func (m *readMapping) content(t *testing.T, i int) []byte {
	t.Helper()
	var s string
	if err := json.Unmarshal(m.SourcesContent[i], &s); err != nil {
		t.Fatal(err)
	}
	return []byte(s)
}

// find decodes the mappings by the book (ECMA-426), apart from the code under test.
func (m *readMapping) find(line, column int) (source string, l, c int, ok bool) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var state [5]int
	for n, text := range strings.Split(m.Mappings, ";") {
		state[0] = 0
		for _, seg := range strings.Split(text, ",") {
			value, shift, field := 0, 0, 0
			for _, d := range []byte(seg) {
				v := strings.IndexByte(digits, d)
				value |= (v & 31) << shift
				shift += 5
				if v&32 == 0 {
					delta := value >> 1
					if value&1 != 0 {
						delta = -delta
					}
					state[field] += delta
					value, shift, field = 0, 0, field+1
				}
			}
			if n == line && seg != "" && state[0] <= column && field >= 4 {
				source, l, c, ok = m.Sources[state[1]], state[2], state[3], true
			}
		}
	}
	return source, l, c, ok
}
