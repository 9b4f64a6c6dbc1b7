package manifest

import (
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
)

const checkoutText = `{
  "version": 2,
  "appVersion": "1.2.3",
  "later": {"js": 1e2},
  "js": ["vendor-1f.js", "checkout-2a.js", "loader-9.js"],
  "css": ["checkout-3b.css"],
  "dynamicChunks": {
    "js": ["payment-12345678.js", "payment-87654321.js?v=2026-01-01"],
    "css": ["payment-abcdef12.css"]
  },
  "integrity": {
    "vendor-1f.js": "undefined",
    "checkout-2a.js": "sha256-old"
  }
}
`

const webpackText = `{
  "checkout.js": {"src": "/assets/checkout-1.js", "integrity": "sha384-old", "extra": [1]},
  "payment.js": {"src": "/assets/payment-12345678.js"},
  "payment.css": "/assets/payment-12345678.css",
  "logo.svg": {"src": "/assets/logo.svg", "integrity": "sha384-logo"},
  "entrypoints": {"checkout": {
    "assets": {"js": ["/assets/checkout-1.js"], "css": ["/assets/checkout-1.css"]},
    "prefetch": {"js": ["/assets/next.js"]}
  }}
}`

const viteText = `{
  "_shared-B7PI925R.js": {"file": "assets/shared-B7PI925R.js", "name": "shared", "css": ["assets/shared-ChJ_j-JJ.css"]},
  "_base.js": {"file": "assets/base.js", "imports": ["_shared-B7PI925R.js"]},
  "src/index.ts": {
    "file": "assets/index-BRBmoGS9.js", "name": "index", "src": "src/index.ts", "isEntry": true,
    "imports": ["_base.js"], "dynamicImports": ["src/pay.ts"], "css": ["assets/index-5UjPuW-k.css"],
    "assets": ["assets/asset-ab12.svg"]
  },
  "src/pay.ts": {"file": "assets/pay-CkCh9vQv.js", "src": "src/pay.ts", "isDynamicEntry": true, "imports": ["_shared-B7PI925R.js"], "integrity": "sha384-old"}
}`

const importMapText = `{"imports": {"app": "./app.js", "lib/": "./lib/", "far": "https://cdn.example/x.js", "none": null, "%61": "./b%20c.js"}, "integrity": {"./app.js": "sha384-old"}}`

const mapText = "{\"a.js\": \"sha384-old\",\n \"b.css\": \"sha512-old\"}"

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name, base, text string
		want             Manifest
		pins             string
	}{
		{"checkout", "", checkoutText, Manifest{
			Format: Checkout, AppVersion: "1.2.3",
			Entries: []Entry{
				{Name: "checkout", JS: []string{"vendor-1f.js", "checkout-2a.js"}, CSS: []string{"checkout-3b.css"}, Chunks: []string{"payment", "payment-87654321.js"}},
				{Name: "loader", JS: []string{"loader-9.js"}},
			},
			Chunks: []Chunk{
				{Name: "payment", JS: []string{"payment-12345678.js"}, CSS: []string{"payment-abcdef12.css"}},
				{Name: "payment-87654321.js", JS: []string{"payment-87654321.js"}},
			},
		}, `12:21 vendor-1f.js=undefined 13:23 checkout-2a.js=sha256-old 5:44 loader-9.js? 6:11 checkout-3b.css? 8:12 payment-12345678.js? 8:35 payment-87654321.js? 9:13 payment-abcdef12.css?`},
		{"webpack", "/assets/", webpackText, Manifest{
			Format:  WebpackAssets,
			Entries: []Entry{{Name: "checkout", JS: []string{"checkout-1.js"}, CSS: []string{"checkout-1.css"}, Chunks: []string{"next", "payment"}}},
			Chunks: []Chunk{
				{Name: "next", JS: []string{"next.js"}, Hint: Prefetch},
				{Name: "payment", JS: []string{"payment-12345678.js"}, CSS: []string{"payment-12345678.css"}},
			},
		}, `2:64 checkout-1.js=sha384-old 3:25 payment-12345678.js? 5:56 logo.svg=sha384-logo 4:18 payment-12345678.css? 7:57 checkout-1.css? 8:25 next.js?`},
		{"vite", "", viteText, Manifest{
			Format: Vite,
			Entries: []Entry{{
				Name: "index", JS: []string{"assets/shared-B7PI925R.js", "assets/base.js", "assets/index-BRBmoGS9.js"},
				CSS: []string{"assets/shared-ChJ_j-JJ.css", "assets/index-5UjPuW-k.css"}, Chunks: []string{"src/pay.ts"}, Source: "src/index.ts",
			}},
			Chunks: []Chunk{{Name: "src/pay.ts", JS: []string{"assets/shared-B7PI925R.js", "assets/pay-CkCh9vQv.js"}, CSS: []string{"assets/shared-ChJ_j-JJ.css"}, Source: "src/pay.ts"}},
		}, `2:35 assets/shared-B7PI925R.js? 3:24 assets/base.js? 5:13 assets/index-BRBmoGS9.js? 9:146 assets/pay-CkCh9vQv.js=sha384-old 2:90 assets/shared-ChJ_j-JJ.css? 6:72 assets/index-5UjPuW-k.css?`},
		{"import map", "./", importMapText, Manifest{Format: ImportMap}, `1:148 app.js=sha384-old 1:107 b c.js?`},
		{"map", "", mapText, Manifest{Format: Map}, `1:10 a.js=sha384-old 2:11 b.css=sha512-old`},
	} {
		t.Run(test.name, func(t *testing.T) {
			format, err := Detect([]byte(test.text))
			if err != nil || format != test.want.Format {
				t.Fatalf("detected %q, %v", format, err)
			}
			got, err := Read(format, test.base, []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if pins := pinsOf(got); pins != test.pins {
				t.Errorf("got the pins\n%s\nwant\n%s", pins, test.pins)
			}
			got.Pins = nil
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got\n%+v\nwant\n%+v", *got, test.want)
			}
		})
	}
}

func pinsOf(m *Manifest) string {
	var all []string
	for _, p := range m.Pins {
		s := Problem{Line: p.Line, Column: p.Column}.String()
		s, _, _ = strings.Cut(s, ": got")
		s += " " + p.File + "=" + p.Value
		if p.Missing {
			s = strings.TrimSuffix(s, "=") + "?"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// pinAll gives a file the hash of its name.
func pinAll(file string) (integrity.Metadata, bool) {
	return integrity.Metadata{integrity.Sum(integrity.SHA384, []byte(file))}, true
}

func value(file string) string {
	m, _ := pinAll(file)
	return m.String()
}

func TestUpdate(t *testing.T) {
	v := value
	for _, test := range []struct {
		name, base, text string
		format           Format
		replace          []string // old, new
	}{
		{"checkout", "", checkoutText, Checkout, []string{
			`"undefined"`, `"` + v("vendor-1f.js") + `"`,
			`"sha256-old"`, strings.Join([]string{
				`"` + v("checkout-2a.js") + `"`, `"loader-9.js": "` + v("loader-9.js") + `"`, `"checkout-3b.css": "` + v("checkout-3b.css") + `"`,
				`"payment-12345678.js": "` + v("payment-12345678.js") + `"`, `"payment-87654321.js?v=2026-01-01": "` + v("payment-87654321.js") + `"`,
				`"payment-abcdef12.css": "` + v("payment-abcdef12.css") + `"`,
			}, ",\n    "),
		}},
		{"checkout without integrity", "", "{\n\t\"version\":2,\n\t\"js\":[\"é.js\"]\n}", Checkout, []string{
			`["é.js"]`, "[\"é.js\"],\n\t\"integrity\":{\n\t\t\"é.js\":\"" + v("é.js") + "\"\n\t}",
		}},
		{"checkout with nothing in integrity", "", `{"version": 2, "js": ["a.js"], "integrity": {}}`, Checkout, []string{`{}`, `{"a.js":"` + v("a.js") + `"}`}},
		{"webpack", "/assets/", webpackText, WebpackAssets, []string{
			"sha384-old", v("checkout-1.js"), "sha384-logo", v("logo.svg"),
			`payment-12345678.js"}`, `payment-12345678.js","integrity": "` + v("payment-12345678.js") + `"}`,
		}},
		{"vite", "", viteText, Vite, []string{
			`"assets/shared-ChJ_j-JJ.css"]}`, `"assets/shared-ChJ_j-JJ.css"],"integrity": "` + v("assets/shared-B7PI925R.js") + `"}`,
			`["_shared-B7PI925R.js"]},` + "\n", `["_shared-B7PI925R.js"],"integrity": "` + v("assets/base.js") + `"},` + "\n",
			`["assets/asset-ab12.svg"]`, `["assets/asset-ab12.svg"],` + "\n    " + `"integrity": "` + v("assets/index-BRBmoGS9.js") + `"`,
			"sha384-old", v("assets/pay-CkCh9vQv.js"),
		}},
		{"import map", "./", importMapText, ImportMap, []string{`"sha384-old"`, `"` + v("app.js") + `","./b%20c.js": "` + v("b c.js") + `"`}},
		{"import map without integrity", "/", `{"imports": {"a": "/a.js"}}`, ImportMap, []string{`"/a.js"}`, `"/a.js"},"integrity": {"/a.js": "` + v("a.js") + `"}`}},
		{"map", "", mapText, Map, []string{"sha384-old", v("a.js"), "sha512-old", v("b.css")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, m, err := Update(test.format, test.base, []byte(test.text), pinAll)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.NewReplacer(test.replace...).Replace(test.text); string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			for _, p := range m.Pins {
				if p.Value != value(p.File) && !p.Missing {
					t.Errorf("got %+v", p)
				}
			}
			again, _, err := Update(test.format, test.base, got, pinAll)
			if err != nil || string(again) != string(got) {
				t.Errorf("updated again: %v\n%s", err, again)
			}
			kept, _, err := Update(test.format, test.base, []byte(test.text), func(string) (integrity.Metadata, bool) { return nil, false })
			if err != nil || string(kept) != test.text {
				t.Errorf("with nothing known: %v\n%s", err, kept)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for _, test := range []struct {
		name   string
		format Format
		text   string
		want   string
	}{
		{"nothing", Map, "", `1:1: got the end of the input, want a JSON value`},
		{"a byte order mark", Map, "\ufeff{}", `1:1: got a byte order mark, want JSON without one (RFC 8259, section 8.1)`},
		{"a name twice", Map, "{\"a.js\": \"1\",\n\"a.js\": \"2\"}", `2:1: got "a.js" again, want each name once in an object`},
		{"a name twice by escapes", Map, `{"a.js": "1", "\u0061.js": "2"}`, `1:15: got "a.js" again, want each name once in an object`},
		{"__proto__", Map, `{"__proto__": "1"}`, `1:2: got the name "__proto__", which every object has in JavaScript, want another name`},
		{"constructor, escaped", Checkout, `{"version":2,"js":[],"x":{"\u0063onstructor":{"prototype":1}}}`, "reading the manifest, 2 problems:\n  1:27: got the name \"constructor\", which every object has in JavaScript, want another name\n  1:47: got the name \"prototype\", which every object has in JavaScript, want another name"},
		{"nesting", Map, deep, `1:326: got nesting deeper than 64, want less`},
		{"a number beyond doubles", Checkout, `{"version": 1e999}`, `1:18: got "1e999", want a number in the range of a double`},
		{"invalid UTF-8", Map, "{\"a\xff\": 1}", `1:5: got a string that is not UTF-8, "a\xff", want UTF-8`},
		{"half of a pair", Map, `{"a\ud800": 1}`, `1:10: got half of a surrogate pair, U+D800, want both halves`},
		{"data after it", Map, "{} {}", `1:4: got data after the end of the JSON text, want nothing`},
		{"an array", Vite, "[]", `1:1: got an array, want an object`},
		{"too large", Map, strings.Repeat(" ", MaxSize+1), `1:1: got 16777217 bytes, want at most 16777216`},
		{"another version", Checkout, `{"version": 3, "js": []}`, `1:13: got version 3, want a manifest of checkout-js with "version": 2`},
		{"two, but a double", Checkout, `{"version": 2.0, "js": []}`, `1:13: got version 2.0, want a manifest of checkout-js with "version": 2`},
		{"no array", Checkout, `{"version": 2, "js": "a.js"}`, `1:22: got the string "a.js", want an array as "js"`},
		{"a path out of the folder", Checkout, `{"version": 2, "js": ["../../etc/passwd"]}`, `1:23: got "../../etc/passwd": got "../../etc/passwd", with the segment "..", want a path without . and .., want a file's path`},
		{"an absolute path", Vite, `{"a": {"file": "/etc/passwd"}}`, `want a file's path; name what stands before it as the base (the public path)`},
		{"a URL", WebpackAssets, `{"a.js": {"src": "https://cdn.example/a.js"}}`, `want a file's path; name what stands before it as the base (the public path)`},
		{"a path with a backslash", Map, `{"a\\..\\b": "x"}`, `with U+005C`},
		{"a device", Map, `{"nul.js": "x"}`, `Windows device`},
		{"integrity that is a number", Map, `{"a.js": 1}`, `1:10: got 1, want a string with integrity metadata`},
		{"an import of nothing", Vite, `{"a": {"file": "a.js", "isEntry": true, "imports": ["b"]}}`, `1:53: got "b", want a key of the manifest`},
		{"an entry that is no flag", Vite, `{"a": {"file": "a.js", "isEntry": 1}}`, `1:35: got 1, want true or false as "isEntry"`},
		{"astral characters count as two", Map, "{\"😀\": 1e999}", `1:13: got "1e999"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(test.format, "", []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestDetectRefuses(t *testing.T) {
	for _, text := range []string{`{}`, `{"a": 1}`, `{"name": "checkout", "scripts": {}}`, `{"imports": "x"}`} {
		if format, err := Detect([]byte(text)); err == nil {
			t.Errorf("%s: got %q", text, format)
		}
	}
}

func TestHostileGraphIsBounded(t *testing.T) {
	// Each of n entries imports all: n² loads.
	var keys []string
	for i := range 1500 {
		keys = append(keys, "k"+strconv.Itoa(i))
	}
	items := map[string]any{}
	for _, key := range keys {
		items[key] = map[string]any{"file": key + ".js", "isEntry": true, "isDynamicEntry": true}
	}
	// A chain with all at its end, so that the text stays small.
	for _, key := range keys {
		items[key].(map[string]any)["imports"] = []string{"all"}
	}
	items["all"] = map[string]any{"file": "all.js", "imports": keys}
	text, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Read(Vite, "", text)
	if err == nil || !strings.Contains(err.Error(), "got more than 2000000 files in the lists of entries and chunks, want at most that") {
		t.Error(err)
	}
}

// TestViewsOfAReleaseAreRead: what this house writes, this package reads, and
// updating with the files' own integrity changes nothing.
func TestViewsOfAReleaseAreRead(t *testing.T) {
	for _, name := range []string{"TestCheckoutManifest", "TestWebpackAssets", "TestViteManifest", "TestImportMap"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("../../release/testdata/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			format, err := Detect(data)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Read(format, "", data)
			if err != nil {
				t.Fatal(err)
			}
			own := map[string]integrity.Metadata{}
			for _, p := range m.Pins {
				hashes, problems := integrity.Parse(p.Value)
				if p.Missing || len(problems) > 0 {
					t.Errorf("got %+v, %v", p, problems)
				}
				own[p.File] = hashes
			}
			if len(own) < 1 {
				t.Errorf("got %d pins", len(own))
			}
			got, _, err := Update(format, "", data, func(file string) (integrity.Metadata, bool) { return own[file], true })
			if err != nil || string(got) != string(data) {
				t.Errorf("updated: %v\n%s", err, got)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	files := map[string]integrity.Metadata{"b.js": {integrity.Sum("sha384", nil)}, "a<b": nil}
	if _, err := WriteMap("", files); err == nil {
		t.Error("took a path with <")
	}
	delete(files, "a<b")
	files["a.js"] = nil
	if _, err := WriteImportMap("./", files); err == nil || !strings.Contains(err.Error(), `no integrity of "a.js"`) {
		t.Errorf("got %v", err)
	}
	files["a.js"] = integrity.Metadata{integrity.Sum("sha384", nil), integrity.Sum("sha384", []byte("x"))}
	sum, rotated := files["b.js"].String(), files["a.js"].String()
	got, err := WriteMap("x/", files)
	if want := `{"x/a.js":"` + rotated + `","x/b.js":"` + sum + `"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	got, err = WriteImportMap("./", files)
	if want := `{"integrity":{"./a.js":"` + rotated + `","./b.js":"` + sum + `"}}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if m, err := Read(ImportMap, "./", got); err != nil || len(m.Pins) != 2 || m.Pins[0].Value != rotated {
		t.Errorf("read back: %+v, %v", m, err)
	}
}

// FuzzUpdate: what is read can be updated, is stable, pins what it names, and
// keeps all that is not integrity.
func FuzzUpdate(f *testing.F) {
	for i, text := range []string{checkoutText, importMapText, viteText, mapText, webpackText} {
		f.Add(uint8(i), []byte(text))
	}
	f.Add(uint8(0), []byte(`{"version":2,"js":["a.js"]}`))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		format := forms[int(which)%len(forms)].format
		m, err := Read(format, "", data)
		if err != nil {
			return
		}
		for _, p := range m.Pins {
			if p.File != "" && release.CheckPath(p.File) != nil || p.Line < 1 || p.Column < 1 {
				t.Errorf("got %+v", p)
			}
		}
		got, after, err := Update(format, "", data, pinAll)
		if err != nil {
			t.Fatalf("updating what was read: %v", err)
		}
		if !reflect.DeepEqual(after.Entries, m.Entries) || !reflect.DeepEqual(after.Chunks, m.Chunks) {
			t.Errorf("other entries or chunks: %+v, %+v", m, after)
		}
		for _, p := range after.Pins {
			if p.File != "" && !p.Missing && p.Value != value(p.File) {
				t.Errorf("got %+v", p)
			}
		}
		again, _, err := Update(format, "", got, pinAll)
		if err != nil || string(again) != string(got) {
			t.Errorf("updated again: %v\n%s\n%s", err, got, again)
		}
	})
}
