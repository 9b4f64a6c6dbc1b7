package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/golden"
)

func TestRecord(t *testing.T) {
	data, err := sample(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", data)
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	r := sample(t)
	data, _ := r.Encode()
	back, err := Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("encoded again: %v\n%s\n%s", err, again, data)
	}
	if !reflect.DeepEqual(back.Files, r.Files) {
		t.Errorf("files: got %+v\nwant %+v", back.Files, r.Files)
	}
}

func TestSealForgetsTheOrderOfItsInput(t *testing.T) {
	want, _ := sample(t).ID()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r := unsealedSample()
		random.Shuffle(len(r.Files), func(i, j int) { r.Files[i], r.Files[j] = r.Files[j], r.Files[i] })
		for i := range r.Passes {
			p := &r.Passes[i]
			slices.Reverse(p.Target)
			random.Shuffle(len(p.Entries), func(i, j int) { p.Entries[i], p.Entries[j] = p.Entries[j], p.Entries[i] })
			random.Shuffle(len(p.Chunks), func(i, j int) { p.Chunks[i], p.Chunks[j] = p.Chunks[j], p.Chunks[i] })
		}
		if err := r.Seal(); err != nil {
			t.Fatal(err)
		}
		if got, _ := r.ID(); got != want {
			t.Fatalf("got id %s, want %s", got, want)
		}
	}
	if r := unsealedSample(); true {
		r.Passes[0].Entries[0].JS = []string{"checkout-2a.js", "vendor-1f.js"}
		if err := r.Seal(); err != nil {
			t.Fatal(err)
		}
		if got, _ := r.ID(); got == want {
			t.Error("the load order of scripts does not change the id")
		}
	}
}

func TestSealDerives(t *testing.T) {
	r := sample(t)
	for path, want := range map[string]string{
		"vendor-1f.js":       "[app] initial  [app/checkout] [app/billing]",
		"shared-9c.js":       "[app] lazy preload [] [app/billing app/payment]",
		"payment-4d.js":      "[app] lazy prefetch [] [app/payment]",
		"static/logo-7a.svg": "[app loader] none  [] []",
		"manifest.json":      "[] none  [] []",
	} {
		f, _ := r.File(path)
		if got := fmt.Sprint(f.Passes, " ", f.Load, " ", f.Hint, " ", f.Entries, " ", f.Chunks); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// Each row changes the sample record in one place, as text, and names every
// problem that must be reported: its path and a part of what is said.
func TestReadRefuses(t *testing.T) {
	data, _ := sample(t).Encode()
	integrity := sample(t).Files[0].Integrity.String()
	tests := []struct {
		name, old, new string
		want           string
	}{
		{"trailing data", `}`, `}}`, "after the end"},
		{"cut", `}`, ``, "the end of the input"},
		{"duplicate name at the top", `"version":1`, `"version":1,"version":1`, "$.version: got this name twice"},
		{"duplicate name deep down", `"size":23`, `"size":23,"size":23`, "size: got this name twice"},
		{"duplicate name by escape", `"size":23`, `"size":23,"\u0073ize":23`, "size: got this name twice"},
		{"unknown member at the top", `"version":1`, `"version":1,"commit":"x"`, "$.commit: got an unknown member"},
		{"unknown member of a file", `"size":23`, `"size":23,"Size":23`, "Size: got an unknown member"},
		{"member in other case", `"profile"`, `"Profile"`, "$.profile: got nothing"},
		{"older version", `"version":1`, `"version":0`, "knows 1"},
		{"newer version", `"version":1`, `"version":2,"new":[]`, `unknown version of a release record: $.version is "2", this tool knows 1`},
		{"version as 1.0", `"version":1`, `"version":1.0`, "knows 1"},
		{"version as text", `"version":1`, `"version":"1"`, `$.version: got the string "1"`},
		{"no version", `,"version":1`, ``, "$.version: got nothing"},
		{"float size", `"size":23`, `"size":23.0`, `size: got "23.0", want an integer`},
		{"exponent", `"size":23`, `"size":23e0`, `size: got "23e0"`},
		{"minus zero", `"size":23`, `"size":-0`, `size: got "-0"`},
		{"inexact size", `"size":23`, `"size":9007199254740993`, `size: got "9007199254740993"`},
		{"huge size", `"size":23`, `"size":123456789012345678901234567890`, `want an integer`},
		{"negative size", `"size":23`, `"size":-1`, "size: got -1, want 0 to 1073741824"},
		{"absurd size", `"size":23`, `"size":1073741825`, "size: got 1073741825"},
		{"null", `"size":23`, `"size":null`, "size: got null, want an integer"},
		{"not UTF-8", `@shop`, "\xff", "not UTF-8"},
		{"half a surrogate", `@shop`, `\ud800`, "surrogate"},
		{"space in the name", `@shop`, `a shop`, "$.name"},
		{"empty optional", `"@shop/checkout"`, `""`, `$.name: got "", want a text, or no such member`},
		{"empty optional list", `"target":["chrome61","safari13"]`, `"target":[]`, "target: got []"},
		{"unsorted targets", `["chrome61","safari13"]`, `["safari13","chrome61"]`, "target[1]"},
		{"unknown profile", `"profile":"production"`, `"profile":"prod"`, `$.profile: got "prod", want one of "development"`},
		{"unknown format", `"format":"classic"`, `"format":"umd"`, `$.passes[0].format: got "umd"`},
		{"library", `"library":"checkout"`, `"library":"__proto__"`, "$.passes[0].library"},
		{"integrity unpadded", integrity, integrity[:len(integrity)-2], "$.files[0].integrity: got"},
		{"integrity sha256", integrity, "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "$.files[0].integrity"},
		{"integrity empty", integrity, "", "$.files[0].integrity"},
		{"media type", `"image/svg+xml"`, `"image"`, ".type"},
		{"media type with a header in it", `"image/svg+xml"`, `"image/svg\r\nX: y"`, ".type"},
		{"unknown role", `"role":"asset"`, `"role":"image"`, "role"},
		{"absolute path", `"path":"index.html"`, `"path":"/index.html"`, "an absolute path"},
		{"parent path", `"path":"static/logo-7a.svg"`, `"path":"static/../../x.svg"`, `the segment ".."`},
		{"backslash", `"path":"index.html"`, `"path":"in\\dex.html"`, "U+005C"},
		{"device", `"path":"index.html"`, `"path":"aux.html"`, "Windows device"},
		{"unsorted files", `"path":"index.html"`, `"path":"a.html"`, "want files sorted by path"},
		{"same path twice", `"path":"index.html"`, `"path":"loader-1.js"`, `besides "loader-1.js"`},
		{"case collision", `"path":"manifest.json"`, `"path":"Index.html"`, "Index.html"},
		{"entry of an absent file", `"js":["vendor-1f.js","checkout-2a.js"]`, `"js":["vendor-1f.js","nothing.js"]`, `$.passes[0].entries[0].js[1]: got "nothing.js", want the path of a file`},
		{"a style as a script", `"js":["vendor-1f.js","checkout-2a.js"]`, `"js":["vendor-1f.js","checkout-3b.css"]`, `js[1]: got "checkout-3b.css" of role "style"`},
		{"a file of another pass", `"js":["vendor-1f.js","checkout-2a.js"]`, `"js":["vendor-1f.js","loader-1.js"]`, `not of this pass`},
		{"a file twice in a list", `"js":["vendor-1f.js","checkout-2a.js"]`, `"js":["vendor-1f.js","vendor-1f.js"]`, `js[1]: got "vendor-1f.js" again`},
		{"an absent chunk", `"chunks":["billing","payment"]`, `"chunks":["billing","paying"]`, `chunks[1]: got "paying"`},
		{"unsorted chunks", `"chunks":["billing","payment"]`, `"chunks":["payment","billing"]`, `chunks[1]`},
		{"a lie about loading", `"load":"initial"`, `"load":"none"`, `.load: got "none", want "initial"`},
		{"a lie about entries", `"entries":["app/checkout"]`, `"entries":["app/x"]`, `.entries: got "app/x", want "app/checkout"`},
		{"a lie about hints", `"hint":"preload","integrity"`, `"hint":"prefetch","integrity"`, `.hint: got "prefetch", want "preload"`},
		{"a source outside", `"src/billing.tsx"`, `"../billing.tsx"`, `.sources[0]: got "../billing.tsx", want a path relative to the project`},
		{"an absolute source", `"src/billing.tsx"`, `"/home/me/billing.tsx"`, `.sources[0]: got "/home/me/billing.tsx"`},
		{"a source with a backslash", `"src/billing.tsx"`, `"src\\billing.tsx"`, `want a path with /`},
		{"unsorted sources of a chunk", `["src/card.ts","src/payment/index.tsx"]`, `["src/payment/index.tsx","src/card.ts"]`, `sources[1]: got "src/card.ts" after`},
		{"a source of an entry twice", `["src/polyfill.ts","src/index.ts"]`, `["src/index.ts","src/index.ts"]`, `sources[1]: got "src/index.ts" again`},
		{"no sources, as a list", `["src/billing.tsx"]`, `[]`, `sources: got []`},
		{"sources of a page", `"path":"index.html"`, `"path":"index.html","sources":["a"]`, `.sources: got them in a file of role "html"`},
		{"a source of an asset outside", `"src/brand/logo.svg"`, `"../logo.svg"`, `.sources[0]: got "../logo.svg"`},
		{"an unknown hint", `"hint":"prefetch","js"`, `"hint":"soon","js"`, `.hint: got "soon"`},
		{"a map of nothing", `"of":"checkout-2a.js"`, `"of":"x.js"`, `.of: got "x.js"`},
		{"a map of an image", `"of":"checkout-2a.js"`, `"of":"static/logo-7a.svg"`, `.of: got "static/logo-7a.svg" of role "asset"`},
		{"a copy of nothing", `"of":"card-5e.css"`, `"of":"x.css"`, `.of: got "x.css", want the path of a file`},
		{"a copy of another file", `"of":"card-5e.css"`, `"of":"checkout-3b.css"`, `.of: got "checkout-3b.css" of the copy "card-5e.css.gz", want the copy's path without ".gz"`},
		{"a copy of a copy", `"of":"card-5e.css"`, `"of":"card-5e.css.br"`, `.of: got "card-5e.css.br" of role "compressed"`},
		{"a copy of no file", `"of":"card-5e.css",`, ``, `.of: got "", want the path of a file`},
		{"a copy without an encoding", `"encoding":"gzip",`, ``, `.encoding: got "" in a file of role "compressed"`},
		{"another encoding", `"encoding":"gzip"`, `"encoding":"zstd"`, `.encoding: got "zstd", want one of "gzip", "br"`},
		{"a copy served as what it is not", `"path":"card-5e.css","role":"style","size":23,"type":"text/css; charset=utf-8"`, `"path":"card-5e.css","role":"style","size":23,"type":"text/plain"`, `of type "text/plain", want a file of the copy's type, "text/css; charset=utf-8"`},
		{"an encoding of a script", `"path":"loader-1.js"`, `"encoding":"br","path":"loader-1.js"`, `.encoding: got "br" in a file of role "script"`},
		{"an unknown pass", `"passes":["app","loader"]`, `"passes":["app","x"]`, `passes[1]: got "x"`},
		{"passes out of order", `"passes":["app","loader"]`, `"passes":["loader","app"]`, "passes in build order"},
		{"derived from a word", `"version":1`, `"derivedFrom":"latest","version":1`, "$.derivedFrom"},
		{"derived from nothing", `"version":1`, `"derivedFrom":"` + strings.Repeat("0", 64) + `","version":1`, "$.derivedFrom"},
		{"a nameless member", `"version":1`, `"":1,"version":1`, `$[""]: got an unknown member`},
		{"a tool as an array", `"tool":{`, `"tool":["x"],"y":{`, "$.tool: got an array, want an object"},
		{"files as an object", `"files":[`, `"files":{},"x":[`, "$.files: got an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := strings.LastIndex(string(data), tt.old)
			if tt.old == integrity || strings.HasPrefix(tt.old, `"load"`) || strings.HasPrefix(tt.old, `"entries"`) {
				i = strings.Index(string(data), tt.old)
			}
			if i < 0 {
				t.Fatalf("the sample has no %s", tt.old)
			}
			text := string(data[:i]) + tt.new + string(data[i+len(tt.old):])
			r, err := Read(strings.NewReader(text))
			if r != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %s", err, tt.want)
			}
		})
	}
}

func TestReadReportsAllProblems(t *testing.T) {
	_, err := Read(strings.NewReader(`{"version":1,"profile":"prod","tool":{"name":"","version":"1"},"passes":[],"files":[
		{"path":"../a","size":-1,"integrity":"undefined","type":"x","role":"script","load":"none","x":1},
		7
	],"host":"h"}`))
	if err == nil {
		t.Fatal("taken")
	}
	golden.Compare(t, ".txt", []byte(err.Error()+"\n"))

	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(`"x%d":1`, i))
	}
	_, err = Read(strings.NewReader(`{"version":1,` + strings.Join(many, ",") + `}`))
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != 20 || e.More < 30 {
		t.Errorf("got %v, want 20 problems and the number of the others", err)
	}
}

func TestReadKnowsVersions(t *testing.T) {
	_, err := Read(strings.NewReader(`{"version":7}`))
	var e *UnknownVersionError
	if !errors.As(err, &e) || e.Got != `"7"` || !slices.Equal(e.Known, []int{1}) {
		t.Errorf("got %v", err)
	}
}

func TestReadIsBounded(t *testing.T) {
	t.Run("size", func(t *testing.T) {
		if _, err := Read(&endless{}); err == nil || !strings.Contains(err.Error(), "more than 67108864 bytes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("files", func(t *testing.T) {
		r := &Release{Profile: Production, Tool: Tool{"t", "1"}}
		for i := range MaxFiles + 1 {
			r.Files = append(r.Files, File{Path: fmt.Sprintf("f%06d", i), Integrity: Integrity{1}, Type: "a/b", Role: Other, Load: None})
		}
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), "got 100001 files") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("values", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes half a gigabyte")
		}
		if _, err := Read(strings.NewReader("[" + strings.Repeat("0,", maxValues) + "0]")); err == nil || !strings.Contains(err.Error(), "more than 2097152 values") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("passes", func(t *testing.T) {
		r := sampleClone(t)
		r.Passes = slices.Repeat(r.Passes, 40)
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), "$.passes: got 80 passes, want at most 64") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("total size", func(t *testing.T) {
		r := &Release{Profile: Production, Tool: Tool{"t", "1"}}
		for i := range 17 {
			r.Files = append(r.Files, File{Path: fmt.Sprintf("f%02d", i), Size: MaxFileSize, Integrity: Integrity{1}, Type: "a/b", Role: Other, Load: None})
		}
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), "18253611008 bytes in all") {
			t.Errorf("got %v", err)
		}
	})
}

type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Whatever the layout, the id is that of the canonical form.
func TestReadIgnoresLayout(t *testing.T) {
	r := sample(t)
	data, _ := r.Encode()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "", "\t"); err != nil {
		t.Fatal(err)
	}
	back, err := Read(&pretty)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := back.ID()
	if want, _ := r.ID(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What Read takes is, in canonical form, what Encode writes: nothing of a record
// is lost or added, and its id is the digest of the text's canonical form.
func FuzzRead(f *testing.F) {
	data, _ := sample(f).Encode()
	f.Add(data)
	f.Add([]byte(`{"version":1,"profile":"testing","tool":{"name":"t","version":"1"},"passes":[],"files":[{"path":"a","size":0,"integrity":"sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn","type":"a/b","role":"other","load":"none"}]}`))
	f.Add([]byte(`{"version":1,"version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		got, err := r.Encode()
		if err != nil {
			t.Fatalf("was read, but can't be encoded: %v\n%s", err, data)
		}
		want, err := Canonical(data)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("encoded %s\ncanonical %s, %v", got, want, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	r := &Release{Profile: Production, Tool: Tool{"t", "1"}}
	for i := range 10_000 {
		r.Files = append(r.Files, File{Path: fmt.Sprintf("static/f%06d.js", i), Integrity: Integrity{1}, Role: Script})
	}
	if err := r.Seal(); err != nil {
		b.Fatal(err)
	}
	data, err := r.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
