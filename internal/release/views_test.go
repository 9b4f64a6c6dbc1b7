package release

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/golden"
)

func TestWebpackAssets(t *testing.T) {
	data, err := sample(t).WebpackAssets("app")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)
}

func TestViteManifest(t *testing.T) {
	data, err := sample(t).ViteManifest("app")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)
}

func TestViewsOfWhatIsNotThere(t *testing.T) {
	r := sample(t)
	for name, view := range map[string]func(string) ([]byte, error){"WebpackAssets": r.WebpackAssets, "ViteManifest": r.ViteManifest} {
		if _, err := view("apps"); err == nil || !strings.Contains(err.Error(), `has "app", "loader"`) {
			t.Errorf("%s: got %v, want the passes there are", name, err)
		}
	}
}

// peer is the release of the same small page as another bundler made it, with
// what that one's manifest says of its files.
func peer(t *testing.T, entry Entry, chunks []Chunk, integrity map[string]string, sources map[string]string) *Release {
	t.Helper()
	for _, c := range chunks {
		entry.Chunks = append(entry.Chunks, c.Name)
	}
	r := &Release{Profile: Production, Tool: Tool{"peer", "1"}, Passes: []Pass{{Name: "app", Format: ESM, Entries: []Entry{entry}, Chunks: chunks}}}
	roles := map[string]Role{".js": Script, ".css": Style, ".svg": Asset, ".map": Map}
	for file, text := range integrity {
		pin, err := ParseIntegrity(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		f := File{Path: file, Integrity: pin, Role: roles[file[strings.LastIndexByte(file, '.'):]], Passes: []string{"app"}}
		if source := sources[file]; source != "" {
			f.Sources = []string{source}
		}
		r.Files = append(r.Files, f)
	}
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	return r
}

func readPeer(t *testing.T, name string) map[string]map[string]any {
	t.Helper()
	data, err := os.ReadFile("testdata/peers/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, data)
}

func parsed(t *testing.T, data []byte) map[string]map[string]any {
	t.Helper()
	var v map[string]map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func compareItems(t *testing.T, got, want map[string]map[string]any) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !reflect.DeepEqual(got[key], want[key]) {
			t.Errorf("%s: got %v\nwant %v", key, got[key], want[key])
		}
	}
	for key := range got {
		if want[key] == nil {
			t.Errorf("%s: got %v, want no such key", key, got[key])
		}
	}
}

// The file is what webpack 5.99 with webpack-assets-manifest 5.2 wrote, and the
// view of a release of those files is to be the same.
func TestWebpackAssetsIsThePlugins(t *testing.T) {
	want := readPeer(t, "webpack-assets-manifest.json")
	// The plugin knows no integrity of asset modules.
	logo := IntegrityOf([]byte("logo")).String()
	want["static/logo.svg"]["integrity"] = logo
	integrity := map[string]string{}
	for key, item := range want {
		if key != "entrypoints" {
			integrity[item["src"].(string)] = item["integrity"].(string)
		}
	}
	r := peer(t, Entry{Name: "checkout", JS: []string{"vendor-ac0ec554.js", "checkout-47878afd.js"}, CSS: []string{"checkout-85e0148b.css"}}, []Chunk{
		{Name: "368", JS: []string{"368-41838bb4.js"}},
		{Name: "card", JS: []string{"775-774fecbc.js", "card-631599a2.js"}, Hint: Preload},
		{Name: "pay", JS: []string{"775-774fecbc.js", "pay-2515c785.js"}, CSS: []string{"pay-052eb98d.css"}, Hint: Prefetch},
	}, integrity, nil)
	data, err := r.WebpackAssets("app")
	if err != nil {
		t.Fatal(err)
	}
	// webpack gives files of chunks without a name by their path; here a hash is
	// what makes a name ambiguous, and these are the only ones of theirs.
	for _, number := range []string{"368", "775"} {
		for _, key := range slices.Collect(maps.Keys(want)) {
			if strings.HasPrefix(key, number) && strings.HasSuffix(key, ".js") {
				want[number+".js"] = want[key]
				delete(want, key)
			}
		}
	}
	compareItems(t, parsed(t, data), want)
}

// Likewise Vite 7.3 with vite-plugin-manifest-sri.
func TestViteManifestIsVites(t *testing.T) {
	want := readPeer(t, "vite-manifest.json")
	integrity, sources := map[string]string{}, map[string]string{}
	for _, item := range want {
		file := item["file"].(string)
		integrity[file] = item["integrity"].(string)
		if strings.HasSuffix(file, ".svg") {
			sources[file] = item["src"].(string)
		}
	}
	// Vite has no items of the sheets that chunks name.
	styles := map[string]map[string]any{}
	for _, sheet := range []string{"checkout-16d5eae390.css", "pay-0021e716e8.css"} {
		pin := IntegrityOf([]byte(sheet)).String()
		integrity[sheet] = pin
		styles["_"+sheet] = map[string]any{"file": sheet, "src": "_" + sheet, "integrity": pin}
	}
	r := peer(t, Entry{
		Name: "checkout", JS: []string{"vendor-c5ace9bbb5.js", "checkout-401b215e61.js"}, CSS: []string{"checkout-16d5eae390.css"}, Sources: []string{"src/index.js"},
	}, []Chunk{
		{Name: "anon", JS: []string{"anon-bc49fbe73c.js"}, Sources: []string{"src/anon.js"}},
		{Name: "card", JS: []string{"shared-a3be5824c9.js", "card-3218c86b39.js"}, Sources: []string{"src/card.js"}},
		{Name: "pay", JS: []string{"shared-a3be5824c9.js", "pay-adaf0017e7.js"}, CSS: []string{"pay-0021e716e8.css"}, Sources: []string{"src/pay.js"}},
	}, integrity, sources)
	data, err := r.ViteManifest("app")
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(want, styles)
	entry := want["src/index.js"]
	delete(entry, "assets") // not in the record
	slices.SortFunc(entry["dynamicImports"].([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	compareItems(t, parsed(t, data), want)
}

// What backend integrations rely on: whatever an item names is there, following
// imports ends, and an entry's name leads to the entry.
func TestViteManifestIsWhole(t *testing.T) {
	r := sampleClone(t)
	// One file with two chunks' modules, which is the one's own and the other's import.
	r.Passes[0].Chunks[0].JS = []string{"shared-9c.js", "payment-4d.js"}
	// An entry that another place imports lazily.
	r.Passes[0].Chunks[1].Sources = []string{"src/card.ts", "src/index.ts"}
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	data, err := r.ViteManifest("app")
	if err != nil {
		t.Fatal(err)
	}
	items := parsed(t, data)
	named := map[string]string{}
	for key, item := range items {
		if _, ok := r.File(item["file"].(string)); !ok {
			t.Errorf("%s: file %v is not of the release", key, item["file"])
		}
		for _, list := range []string{"imports", "dynamicImports"} {
			names, _ := item[list].([]any)
			for _, to := range names {
				if items[to.(string)] == nil || to == key {
					t.Errorf("%s: %s has %v, want another key", key, list, to)
				}
				if list == "imports" && items[to.(string)]["imports"] != nil {
					t.Errorf("%s imports %v, which imports", key, to)
				}
			}
		}
		if name, ok := item["name"].(string); ok {
			if other, taken := named[name]; taken && item["isEntry"] == true != (items[other]["isEntry"] == true) {
				t.Errorf("the entry's name %q is that of %s and %s", name, key, other)
			}
			named[name] = key
		}
	}
	if entry := items["src/index.ts"]; entry["isEntry"] != true || entry["isDynamicEntry"] != true || entry["file"] != "checkout-2a.js" {
		t.Errorf("src/index.ts: got %v", entry)
	}
}

func TestUnhashed(t *testing.T) {
	for _, row := range []struct{ file, want string }{
		{"checkout-2eff4dbb94.js", "checkout.js"},
		{"static/logo-0a1b2c3d.svg", "static/logo.svg"},
		{"static/font-ABCDEFG2.woff2", "static/font.woff2"},
		{"auto-loader-2eff4dbb94.js", "auto-loader.js"},
		{"auto-loader.js", "auto-loader.js"},
		{"vendor-1f.js", "vendor-1f.js"},
		{"static/-0a1b2c3d.svg", "static/-0a1b2c3d.svg"},
		{"a-0a1b2c3d/b.js", "a-0a1b2c3d/b.js"},
	} {
		if got := unhashed(row.file); got != row.want {
			t.Errorf("%s: got %s, want %s", row.file, got, row.want)
		}
	}
}
