package adopt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/manifest"
	"github.com/org/checkout-deploy/internal/release"
)

func files(paths ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for _, path := range paths {
		all[path] = &fstest.MapFile{Data: []byte("content of " + path)}
	}
	return all
}

func read(t *testing.T, format manifest.Format, base, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Read(format, base, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func adopted(t *testing.T, dir fstest.MapFS, o Options) *release.Release {
	t.Helper()
	o.Version = "1.0.0"
	r, problems, err := Release(t.Context(), dir, o)
	if err != nil || len(problems) > 0 {
		t.Fatalf("got %v and %v", problems, err)
	}
	return r
}

func TestReleaseOfVite(t *testing.T) {
	dir := files("index.html", ".vite/manifest.json", "assets/index-BRBmoGS9.js", "assets/index-BRBmoGS9.js.map", "assets/shared-B7PI925R.js",
		"assets/pay-CkCh9vQv.js", "assets/pay-5UjPuW-k.css", "assets/logo-x.svg", "assets/index-BRBmoGS9.js.br", "lone.gz", "robots.txt")
	m := read(t, manifest.Vite, "", `{
		"_shared.js": {"file": "assets/shared-B7PI925R.js"},
		"src/index.ts": {"file": "assets/index-BRBmoGS9.js", "src": "src/index.ts", "isEntry": true, "imports": ["_shared.js"], "dynamicImports": ["src/pay page.ts", "../out.ts"]},
		"src/pay page.ts": {"file": "assets/pay-CkCh9vQv.js", "src": "src/pay page.ts", "isDynamicEntry": true, "css": ["assets/pay-5UjPuW-k.css"]},
		"../out.ts": {"file": "assets/shared-B7PI925R.js", "src": "../out.ts", "isDynamicEntry": true}
	}`)
	r := adopted(t, dir, Options{Name: "shop", Manifest: m, ManifestPaths: []string{".vite/manifest.json"}})
	want := release.Pass{
		Name: "app", Format: release.ESM,
		Entries: []release.Entry{{Name: "src-index.ts", JS: []string{"assets/shared-B7PI925R.js", "assets/index-BRBmoGS9.js"}, Chunks: []string{"out.ts", "src-pay-page.ts"}, Sources: []string{"src/index.ts"}}},
		Chunks: []release.Chunk{
			{Name: "out.ts", JS: []string{"assets/shared-B7PI925R.js"}},
			{Name: "src-pay-page.ts", JS: []string{"assets/pay-CkCh9vQv.js"}, CSS: []string{"assets/pay-5UjPuW-k.css"}, Sources: []string{"src/pay page.ts"}},
		},
	}
	if !reflect.DeepEqual(r.Passes, []release.Pass{want}) {
		t.Errorf("got\n%+v\nwant\n%+v", r.Passes[0], want)
	}
	var roles []string
	for _, f := range r.Files {
		roles = append(roles, strings.TrimSpace(f.Path+" "+string(f.Role)+" "+string(f.Load)+" "+f.Of))
		if f.Integrity != release.IntegrityOf(dir[f.Path].Data) || f.Size != int64(len(dir[f.Path].Data)) {
			t.Errorf("got %+v", f)
		}
	}
	wantRoles := []string{
		".vite/manifest.json manifest none", "assets/index-BRBmoGS9.js script initial", "assets/index-BRBmoGS9.js.br compressed none assets/index-BRBmoGS9.js",
		"assets/index-BRBmoGS9.js.map map none assets/index-BRBmoGS9.js", "assets/logo-x.svg asset none", "assets/pay-5UjPuW-k.css style lazy",
		"assets/pay-CkCh9vQv.js script lazy", "assets/shared-B7PI925R.js script initial", "index.html html none", "lone.gz other none", "robots.txt other none",
	}
	if !slices.Equal(roles, wantRoles) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(roles, "\n"), strings.Join(wantRoles, "\n"))
	}
	if r.Profile != release.Production || r.Tool != (release.Tool{Name: ToolName, Version: "1.0.0"}) || r.Name != "shop" {
		t.Errorf("got %+v", r)
	}
	// The views of an adopted release are those of any.
	if _, err := r.ViteManifest(PassName); err != nil {
		t.Error(err)
	}
	if _, err := r.ImportMap(PassName, "./"); err != nil {
		t.Error(err)
	}
}

func TestReleaseOfCheckout(t *testing.T) {
	dir := files("vendor-1.js", "checkout-2.js", "loader-3.js", "checkout.css", "payment-12345678.js", "payment-12345678.css", "static/a.png")
	m := read(t, manifest.Checkout, "", `{"version": 2, "appVersion": "1.2.3", "js": ["vendor-1.js", "checkout-2.js", "loader-3.js"], "css": ["checkout.css"],
		"dynamicChunks": {"js": ["payment-12345678.js"], "css": ["payment-12345678.css"]}}`)
	r := adopted(t, dir, Options{Manifest: m, Library: "checkout"})
	if p := r.Passes[0]; p.Format != release.Classic || p.AppVersion != "1.2.3" || p.Library != "checkout" {
		t.Errorf("got %+v", p)
	}
	// The way back: the release's own view names the same files, all with integrity.
	view, err := r.CheckoutManifest(PassName, "checkout")
	if err != nil {
		t.Fatal(err)
	}
	back := read(t, manifest.Checkout, "", string(view))
	if !reflect.DeepEqual(back.Entries[0], m.Entries[0]) || !reflect.DeepEqual(back.Chunks, m.Chunks) || len(back.Pins) != 5 {
		t.Errorf("got %+v", back)
	}
	for _, p := range back.Pins {
		if got := integrity.Effective(p.Value); !got.Match(dir[p.File].Data) {
			t.Errorf("%s: got %q", p.File, p.Value)
		}
	}
}

func TestReleaseOfPages(t *testing.T) {
	dir := files("index.html", "a.js", "b.js", "a.css", "lazy.js")
	r := adopted(t, dir, Options{Pages: []Page{
		{Path: "index.html", JS: []string{"b.js", "a.js", "b.js"}, CSS: []string{"a.css"}, Module: true},
		{Path: "INDEX.html", JS: []string{"a.js"}},
		{Path: "empty.html"},
	}})
	want := []release.Entry{{Name: "INDEX-2", JS: []string{"a.js"}}, {Name: "index", JS: []string{"b.js", "a.js"}, CSS: []string{"a.css"}}}
	if p := r.Passes[0]; p.Format != release.ESM || !reflect.DeepEqual(p.Entries, want) {
		t.Errorf("got %+v", p)
	}
	if f, _ := r.File("lazy.js"); f.Load != release.None || f.Role != release.Script {
		t.Errorf("got %+v", f)
	}
}

func TestReleaseIsTheSameAgain(t *testing.T) {
	dir := files("a.js", "b.js", "c/d.css", "index.html")
	o := Options{Pages: []Page{{Path: "index.html", JS: []string{"a.js"}}}}
	first, err := adopted(t, dir, o).ID()
	if err != nil {
		t.Fatal(err)
	}
	again, err := adopted(t, dir, o).ID()
	if err != nil || first != again {
		t.Errorf("got %s and %s, %v", first, again, err)
	}
	dir["b.js"].Data = []byte("content of c.js")
	if other, err := adopted(t, dir, o).ID(); err != nil || other == first {
		t.Errorf("other bytes have the id %s, %v", other, err)
	}
}

func TestReleaseRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		dir  fstest.MapFS
		o    Options
		want []string
	}{
		{"a file that is not there", files("a.js"), Options{Pages: []Page{{Path: "i.html", JS: []string{"a.js", "b.js"}, CSS: []string{"../x.css"}}}}, []string{
			`"b.js": got no such file in the folder, want each file that a manifest or page loads`,
			`"../x.css": got no such file in the folder, want each file that a manifest or page loads`,
		}},
		{"a style as a script", files("a.css"), Options{Pages: []Page{{Path: "i.html", JS: []string{"a.css"}}}}, []string{
			`"a.css": got a file of role "style", want one of role "script"`,
		}},
		{"paths", files("A.js", "a.js", "nul.js"), Options{}, []string{
			`"a.js": got it besides "A.js", want paths that no case-insensitive file system takes for one`,
			`"nul.js": got "nul.js", with the name of a Windows device, "nul.js", want another name`,
		}},
		{"nothing", files(), Options{}, []string{`got invalid release record: $.files: got no files, want at least one, want a folder that a record can describe`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Version = "1.0.0"
			r, problems, err := Release(t.Context(), test.dir, test.o)
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			if err != nil || r != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %v, %v\n%s\nwant\n%s", r, err, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Release(ctx, files("a.js"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// TestAdoptedFolderIsStagedAndVerified goes the way of a caller.
func TestAdoptedFolderIsStagedAndVerified(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, files("index.html", "js/a.js", "a.css")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	r, problems, err := Release(t.Context(), integrity.Root(root), Options{Version: "1", Pages: []Page{{Path: "index.html", JS: []string{"js/a.js"}, CSS: []string{"a.css"}}}})
	if err != nil || len(problems) > 0 {
		t.Fatalf("got %v and %v", problems, err)
	}
	target := filepath.Join(t.TempDir(), "dist")
	s, err := release.NewStage(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		data, err := root.ReadFile(f.Path)
		if err == nil {
			err = s.Write(f.Path, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Commit(r); err != nil {
		t.Fatal(err)
	}
	back, err := release.Open(os.DirFS(target))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := release.Verify(t.Context(), os.DirFS(target), back); err != nil || len(found) > 0 {
		t.Errorf("got %v, %v", found, err)
	}
	// A release is adopted as the folder that it is: without its record.
	again, err := os.OpenRoot(target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if r, _, err := Release(t.Context(), integrity.Root(again), Options{Version: "1"}); err != nil || len(r.Files) != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
}

// FuzzRelease: whatever a manifest names its entries and chunks, a release comes of it.
func FuzzRelease(f *testing.F) {
	f.Add("index", "src/pay.ts", "SRC/pay.ts")
	f.Add("", "..", "\xff")
	f.Add("con", "nul.js", "a\nb")
	f.Fuzz(func(t *testing.T, entry, one, two string) {
		if one == two {
			return
		}
		m := &manifest.Manifest{
			Entries: []manifest.Entry{{Name: entry, JS: []string{"a.js"}, Chunks: []string{one, two}, Source: entry}},
			Chunks:  []manifest.Chunk{{Name: one, JS: []string{"b.js"}, Source: one}, {Name: two, JS: []string{"b.js"}}},
		}
		r, problems, err := Release(t.Context(), files("a.js", "b.js"), Options{Version: "1", Manifest: m})
		if err != nil || len(problems) > 0 || len(r.Passes[0].Entries[0].Chunks) != 2 {
			t.Errorf("got %v, %v", problems, err)
		}
	})
}
