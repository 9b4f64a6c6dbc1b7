package srimanifest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
)

// A release that is served elsewhere than its page is named by that URL, in the map
// and the guard too.
func TestPublicURL(t *testing.T) {
	const public = "https://CDN.example.com:443/shop/"
	dir := project(t, map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { public-url: '" + public + "' }\n",
		"dist/index.html":     `<!doctype html><title>x</title><script src="https://cdn.example.com/shop/main.js"></script><script src="https:\\cdn.example.com\shop\two.js"></script>`,
		"dist/main.js":        "const s=document.createElement('script');s.src='https://cdn.example.com/shop/lazy.js';document.head.append(s)",
		"dist/two.js":         "window.two=1", "dist/lazy.js": "window.lazy=1",
	})
	got := laptop(t, dir)
	html := tree(t, dir)["dist/index.html"]
	if got.code != 0 || got.output("coverage") != "100%" || strings.Count(html, ` integrity="sha384-`) != 2 || !strings.Contains(html, `"https://cdn.example.com/shop/"`) {
		t.Errorf("got %+v\n%s", got, html)
	}
	if policy := tree(t, dir)["integrity/_headers"]; !strings.Contains(policy, "default-src 'self' https://cdn.example.com/shop/;") {
		t.Errorf("got %s", policy)
	}
}

// The guard goes into pages of our own releases only where it is asked for.
func TestGuardAlways(t *testing.T) {
	for guard, want := range map[string]bool{"auto": false, "always": true} {
		dir := project(t, map[string]string{
			"checkout-deploy.yml": "version: 1\nintegrity: { guard: " + guard + " }\n",
			"dist/index.html":     `<!doctype html><title>x</title><script src="main.js"></script>`,
			"dist/main.js":        "const s=document.createElement('script');s.src='lazy.js';document.head.append(s)", "dist/lazy.js": "window.lazy=1",
		})
		recorded(t, dir)
		got := laptop(t, dir, "--fail-severity", "none")
		if guarded := strings.Contains(tree(t, dir)["dist/index.html"], `"/lazy.js":"sha384-`); got.code != 0 || guarded != want {
			t.Errorf("%s: got %+v and a guard: %v", guard, got, guarded)
		}
	}
}

// Vite's manifest has no place for a hash: they are in a file beside it.
func TestViteSidecar(t *testing.T) {
	dir := project(t, map[string]string{
		"dist/index.html":          `<!doctype html><title>x</title><script type="module" src="/assets/index-1.js"></script>`,
		"dist/assets/index-1.js":   `import("./lazy-1.js")`,
		"dist/assets/lazy-1.js":    "export const lazy = 1",
		"dist/assets/index-1.css":  "p { margin: 0 }",
		"dist/.vite/manifest.json": `{"index.html": {"file": "assets/index-1.js", "src": "index.html", "isEntry": true, "dynamicImports": ["lazy.js"], "css": ["assets/index-1.css"]}, "lazy.js": {"file": "assets/lazy-1.js", "src": "lazy.js", "isDynamicEntry": true}}`,
	})
	before := tree(t, dir)
	got := laptop(t, dir, "--fail-severity", "none")
	files := tree(t, dir)
	var sidecar map[string]string
	if err := json.Unmarshal([]byte(files["dist/.vite/integrity.json"]), &sidecar); got.code != 0 || err != nil {
		t.Fatalf("got %+v, %v\n%s", got, err, files["dist/.vite/integrity.json"])
	}
	for _, name := range []string{"assets/index-1.js", "assets/lazy-1.js", "assets/index-1.css"} {
		if want := integrity.Sum(integrity.SHA384, []byte(before["dist/"+name])).String(); sidecar[name] != want {
			t.Errorf("%s: got %q, want %q", name, sidecar[name], want)
		}
	}
	if files["dist/.vite/manifest.json"] != before["dist/.vite/manifest.json"] {
		t.Error("Vite's own manifest changed")
	}
	if !strings.Contains(got.log, "1 file rewritten, 1 file added") {
		t.Errorf("got the log %s", got.log)
	}
	if again := laptop(t, dir, "--fail-severity", "none"); again.output("release") != got.output("release") {
		t.Errorf("again: got another release %+v", again)
	}
}

// webpack-assets-manifest's has: its values become those of the bytes that are there.
func TestWebpackManifest(t *testing.T) {
	dir := project(t, map[string]string{
		"dist/index.html":           `<!doctype html><title>x</title><script src="main.js"></script>`,
		"dist/main.js":              "window.main=1",
		"dist/assets-manifest.json": `{"main.js": {"src": "main.js", "integrity": "", "size": 13}}`,
	})
	got := laptop(t, dir)
	want := `"integrity": "` + integrity.Sum(integrity.SHA384, []byte("window.main=1")).String() + `"`
	if text := tree(t, dir)["dist/assets-manifest.json"]; got.code != 0 || !strings.Contains(text, want) || !strings.Contains(text, `"size": 13`) {
		t.Errorf("got %+v\n%s", got, text)
	}
}

// Findings are SARIF as the standard has it, whatever names and places they have.
func TestSARIFIsValid(t *testing.T) {
	dir := project(t, map[string]string{
		"checkout-deploy.yml": "version: 1\nintegrity: { inventory: s.yml }\n",
		"dist/index.html":     "<!doctype html><p onclick=a()><script src=\"https://x.example/<i>`|\n\"></script><script src=mian.js></script>",
		"dist/main.js":        "new Worker('w.js')", "dist/base.css": "@import 'x.css';",
	})
	if got := laptop(t, dir); got.code != 1 {
		t.Fatalf("got %+v", got)
	}
	schema, err := os.ReadFile("../../finding/testdata/schema/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "integrity/findings.sarif"))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("not valid: %#v", err)
	}
	if !bytes.Contains(data, []byte("integrity/missing-file")) || !bytes.Contains(data, []byte("inventory/missing")) {
		t.Errorf("got %s", data)
	}
}

// recorded makes a folder a release of build-bundle's.
func recorded(t *testing.T, dir string) {
	t.Helper()
	folder := filepath.Join(dir, "dist")
	stage, err := release.NewStage(folder)
	if err != nil {
		t.Fatal(err)
	}
	rel := &release.Release{
		Profile: release.Production, Tool: release.Tool{Name: "checkout-deploy/build-bundle", Version: "1"},
		Passes: []release.Pass{{Name: "app", Format: release.Classic, Library: "shop", Entries: []release.Entry{{Name: "main", JS: []string{"main.js"}, Chunks: []string{"lazy"}}}, Chunks: []release.Chunk{{Name: "lazy", JS: []string{"lazy.js"}}}}},
	}
	for name, text := range tree(t, folder) {
		role := release.Script
		if name == "index.html" {
			role = release.HTML
		}
		rel.Files = append(rel.Files, release.File{Path: name, Role: role, Size: int64(len(text)), Integrity: release.IntegrityOf([]byte(text))})
		if err := stage.Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := rel.Seal(); err != nil {
		t.Fatal(err)
	}
	// A folder without a record is nobody's to replace.
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := stage.Commit(rel); err != nil {
		t.Fatal(err)
	}
}
