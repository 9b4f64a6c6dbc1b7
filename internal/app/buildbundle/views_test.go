package buildbundle

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/org/checkout-deploy/internal/release"
)

// configured is the project with more under build.
func configured(t *testing.T, settings string) string {
	t.Helper()
	dir := project(t)
	path := filepath.Join(dir, "checkout-deploy.yml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte("build:\n"), []byte("build:\n  "+settings+"\n"), 1)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func manifests(rel *release.Release) (names []string) {
	for _, f := range rel.Files {
		if f.Role == release.Manifest {
			names = append(names, f.Path)
		}
	}
	return names
}

func TestViews(t *testing.T) {
	for _, row := range []struct {
		name, settings string
		want           []string
	}{
		{"by default", "", []string{"manifest-loader-auto.json", "manifest-loader-loader.json", "manifest.json"}},
		{"none", "views: []", nil},
		{"others", "views: [vite, webpack-assets]", []string{"assets-manifest-loader.json", "assets-manifest.json", "vite-manifest-loader.json", "vite-manifest.json"}},
		{"an esm pass", "views: []\n  format: esm", []string{"importmap-loader-auto.json", "importmap-loader-loader.json", "importmap.json"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := manifests(mustBuild(t, configured(t, row.settings)).Release); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func readJSON(t *testing.T, out *Outcome, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(out.OutDir, name))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A backend asks Vite's manifest by the paths that its own code knows.
func TestViteManifestHasTheSources(t *testing.T) {
	for _, format := range release.Formats {
		t.Run(string(format), func(t *testing.T) {
			out := mustBuild(t, configured(t, "views: vite\n  format: "+string(format)))
			var m map[string]struct {
				File                    string
				IsEntry, IsDynamicEntry bool
				CSS, Imports            []string
				DynamicImports          []string
			}
			readJSON(t, out, "vite-manifest.json", &m)
			entry := m["src/index.ts"]
			if !entry.IsEntry || !strings.HasPrefix(entry.File, "checkout-") || len(entry.CSS) == 0 {
				t.Errorf("src/index.ts: got %+v, want the entry", entry)
			}
			if logo := m["src/logo.svg"].File; !strings.HasPrefix(logo, "static/logo-") {
				t.Errorf("src/logo.svg: got %q, want the copy", logo)
			}
			want := []string{"src/card.ts", "src/pay.ts"}
			if format == release.IIFE {
				want = nil
			}
			if !slices.Equal(entry.DynamicImports, want) {
				t.Errorf("dynamicImports: got %q, want %q", entry.DynamicImports, want)
			}
			for _, source := range want {
				if c := m[source]; !c.IsDynamicEntry || !strings.HasSuffix(c.File, ".js") {
					t.Errorf("%s: got %+v, want a chunk", source, c)
				}
			}
		})
	}
}

// A source that can't be named by a path in the project has no name: an entry
// that is a package, and what lies outside.
func TestSourcesOutsideTheProjectHaveNoName(t *testing.T) {
	dir := project(t)
	for path, text := range map[string]string{
		"../shared/lazy.ts":               "export const far = 'far away'",
		"node_modules/whole/package.json": `{"name": "whole", "main": "index.js"}`,
		"node_modules/whole/index.js":     "console.log('whole')",
		"src/index.ts":                    "export const far = () => import('../../shared/lazy');",
		"checkout-deploy.yml":             "version: 1\nbuild:\n  target: chrome >= 87\n  passes:\n    - { name: app, entries: { checkout: [whole, src/index.ts] } }\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pass := mustBuild(t, dir).Release.Passes[0]
	if got := pass.Entries[0].Sources; got != nil {
		t.Errorf("the entry: got %q, want none", got)
	}
	if len(pass.Chunks) != 1 || pass.Chunks[0].Sources != nil {
		t.Errorf("got the chunks %+v, want one without a source", pass.Chunks)
	}
}

func TestSizes(t *testing.T) {
	out := mustBuild(t, configured(t, "precompress: gzip"))
	var s struct {
		Subject       []struct{ Digest struct{ SHA256 string } }
		PredicateType string
		Predicate     sizesPredicate
	}
	readJSON(t, out, "attestations/sizes.json", &s)
	if s.PredicateType != sizesType || len(s.Subject) != 1 || s.Subject[0].Digest.SHA256 != out.ID.String() {
		t.Errorf("got a statement of %s about %v, want one of the release", s.PredicateType, s.Subject)
	}
	p := s.Predicate
	for _, f := range out.Release.Files {
		got, ok := p.Files[f.Path]
		switch want := f.Role != release.Map && f.Role != release.Compressed; {
		case ok != want:
			t.Errorf("%s, a %s: sizes are there: %t, want %t", f.Path, f.Role, ok, want)
		case ok && (got.Raw != f.Size || got.Gzip == 0 || got.Brotli == 0):
			t.Errorf("%s: got %+v of %d bytes", f.Path, got, f.Size)
		}
	}
	e := out.Release.Passes[0].Entries[0]
	if got, want := p.Entries["app/checkout"], (content{p.Files[e.JS[0]], p.Files[e.CSS[0]]}); got != want || len(e.JS)+len(e.CSS) != 2 {
		t.Errorf("app/checkout: got %+v, want the sums of its files %+v", got, want)
	}
	c, _ := out.Release.Passes[0].Chunk("pay")
	var raw int64
	for _, path := range c.JS {
		raw += p.Files[path].Raw
	}
	if got := p.Chunks["app/pay"]; got.JS.Raw != raw || raw == 0 || got.CSS.Raw == 0 {
		t.Errorf("app/pay: got %+v, want scripts of %d bytes and styles", got, raw)
	}
}

// A copy is what it says, and whoever compares the folder with the record has it too.
func TestPrecompressedCopies(t *testing.T) {
	plain := mustBuild(t, project(t))
	out := mustBuild(t, configured(t, "precompress: [gzip, brotli]"))
	if again := mustBuild(t, configured(t, "precompress: [brotli, gzip]")); again.ID != out.ID || out.ID == plain.ID {
		t.Errorf("got the ids %s and %s, and without copies %s; want the same, the same and another", out.ID, again.ID, plain.ID)
	}
	if bad, err := release.Verify(context.Background(), os.DirFS(out.OutDir), out.Release); err != nil || len(bad) > 0 {
		t.Errorf("verifying: %v %v", bad, err)
	}
	copies := map[release.Role]int{}
	for _, f := range out.Release.Files {
		if f.Role != release.Compressed {
			continue
		}
		of, _ := out.Release.File(f.Of)
		copies[of.Role]++
		data, err := os.ReadFile(filepath.Join(out.OutDir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if got := release.IntegrityOf(unpacked(t, f.Encoding, data)); got != of.Integrity || f.Size >= of.Size {
			t.Errorf("%s: got %d bytes that are not %s of %d", f.Path, f.Size, f.Of, of.Size)
		}
	}
	if copies[release.Script] == 0 || copies[release.Manifest] == 0 || copies[release.Map] != 0 {
		t.Errorf("got copies of %v, want some of scripts and manifests, and none of maps", copies)
	}
	for _, f := range plain.Release.Files {
		if g, _ := out.Release.File(f.Path); g.Integrity != f.Integrity {
			t.Errorf("%s: got other bytes besides a copy", f.Path)
		}
	}
}

func unpacked(t *testing.T, e release.Encoding, data []byte) []byte {
	t.Helper()
	var r io.Reader = brotli.NewReader(bytes.NewReader(data))
	if e == release.Gzip {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
