package reproduce

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// built is a release of an entry and a chunk, named by their content as the
// bundler does; the entry holds the chunk's name and hash.
func built(t *testing.T, folder, entry, chunk, sourceMap string) *Build {
	t.Helper()
	b := &Build{
		Base: folder, Dir: folder + "/shop", Contents: map[string][]byte{},
		Release: &release.Release{Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}},
	}
	add := func(name, ext, text string, role release.Role, of string) release.File {
		path := of + ".map"
		if of == "" {
			path = fmt.Sprintf("%s-%s.%s", name, release.DigestOf([]byte(text)).String()[:10], ext)
		}
		b.Contents[path] = []byte(text)
		f := release.File{Path: path, Size: int64(len(text)), Integrity: release.IntegrityOf([]byte(text)), Role: role, Of: of, Passes: []string{"app"}}
		b.Release.Files = append(b.Release.Files, f)
		return f
	}
	c := add("pay", "js", chunk, release.Script, "")
	e := add("checkout", "js", entry+c.Path+" "+c.Integrity.String(), release.Script, "")
	add("", "", strings.ReplaceAll(sourceMap, "FILE", c.Path), release.Map, c.Path)
	b.Release.Passes = []release.Pass{{
		Name: "app", Format: release.Classic, Entries: []release.Entry{{Name: "checkout", JS: []string{e.Path}, Chunks: []string{"pay"}}},
		Chunks: []release.Chunk{{Name: "pay", JS: []string{c.Path}}},
	}}
	if err := b.Release.Seal(); err != nil {
		t.Fatal(err)
	}
	return b
}

// oneLine maps all of the first line to src/pay.js:3:1.
const oneLine = `{"version":3,"file":"FILE","sources":["src/pay.js"],"sourcesContent":["text"],"names":[],"mappings":"AAEA"}`

func TestExplain(t *testing.T) {
	for _, row := range []struct {
		name, one, two string // the chunk's texts
		says, at       string // the chunk's finding; "" for none
		hint           string
	}{
		{"equal", "a", "a", "", "", ""},
		{"the folder", `f("/home/me/shop/a.js")`, `f("/tmp/x/shop/a.js")`, "holds the path of the project's folder", "src/pay.js:3:1", "relative to the project"},
		{"a day", `d="2026-11-25"`, `d="2026-11-26"`, "holds a date or a time", "src/pay.js:3:1", "the clock"},
		{"an hour", `d="10:11:12"`, `d="10:11:13"`, "holds a date or a time", "src/pay.js:3:1", ""},
		{"a timestamp", `d=1795634318123`, `d=1795634318999`, "holds a date or a time", "src/pay.js:3:1", ""},
		{"an order", `{b:1,a:2}`, `{a:2,b:1}`, "has the same parts in another order", "src/pay.js:3:1", "report it"},
		{"a number", `.a{width:52885px}`, `.a{width:44924px}`, "holds a value that is another in each build", "src/pay.js:3:1", "random()"},
		{"a name", `.l-u7ezud8{}`, `.l-uwdwyom{}`, "holds a value that is another in each build", "src/pay.js:3:1", "unique-id()"},
		{"anything", `hello`, `world`, "differs", "src/pay.js:3:1", "not known"},
		{"an end", `hello`, `hello, world`, "differs", "src/pay.js:3:1", "not known"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Explain(built(t, "/home/me", "entry ", row.one, oneLine), built(t, "/tmp/x", "entry ", row.two, oneLine), nil)
			if err != nil {
				t.Fatal(err)
			}
			if row.says == "" {
				if len(got) > 0 {
					t.Errorf("got %v", got)
				}
				return
			}
			// The entry only holds the chunk's name and hash.
			if len(got) != 1 || !strings.Contains(got[0].Message, "pay-") || !strings.Contains(got[0].Message, ".js:1:") {
				t.Fatalf("got %v, want the chunk alone", got)
			}
			if f := got[0]; !strings.Contains(f.Message, row.says) || f.Location.String() != row.at || !strings.Contains(f.Hint, row.hint) || f.Severity != finding.High {
				t.Errorf("got %+v, want %q", f, row.says)
			}
		})
	}
}

func TestExplainOther(t *testing.T) {
	plain := func() *Build { return built(t, "/home/me", "entry ", "chunk", oneLine) }
	for _, row := range []struct {
		name     string
		second   func() *Build
		changed  []string
		says, at string
	}{
		{"a change before all else", func() *Build { return built(t, "/tmp/x", "entry ", "other", oneLine) }, []string{"src/a.js"}, `"src/a.js" was changed`, "src/a.js"},
		{"a change that is in no file", plain, []string{"src/a.js"}, "", ""},
		{"a file that stays where it is", func() *Build {
			b := built(t, "/tmp/x", "entry ", "other", oneLine)
			b.Files = []string{"/home/me/shop/src/b.js", "/tmp/x/shop/src/a.js"}
			return b
		}, nil, `"/home/me/shop/src/b.js" by a path that does not move`, "src/b.js"},
		{"a map alone", func() *Build {
			return built(t, "/tmp/x", "entry ", "chunk", strings.Replace(oneLine, "text", "tent", 1))
		}, nil, ".js.map:1:", "src/pay.js:1:3"},
		{"the record alone", func() *Build {
			b := plain()
			b.Release.Passes[0].Library = "shop"
			return b
		}, nil, "release.json differs", ""},
		{"a cause, and what may follow from it", func() *Build { return built(t, "/tmp/x", "renamed ", "chunk of 10:11:12", oneLine) }, nil, "differs", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Explain(plain(), row.second(), row.changed)
			if err != nil {
				t.Fatal(err)
			}
			if row.says == "" {
				if len(got) > 0 {
					t.Errorf("got %v", got)
				}
				return
			}
			if len(got) == 0 || !strings.Contains(got[0].Message, row.says) || got[0].Location.String() != row.at {
				t.Errorf("got %+v, want %q at %q", got, row.says, row.at)
			}
		})
	}
}

func TestElsewhere(t *testing.T) {
	for _, base := range []string{"/a", "/tmp/x/again", "/tmp/x/again/deeper", "/aa/x/again", "/github/workspace"} {
		got := elsewhere(base, "/tmp/x")
		if strings.Count(got, "/") == strings.Count(base, "/") || len(got) == len(base) || !strings.HasPrefix(got, "/tmp/x/") {
			t.Errorf("got %q for %q", got, base)
		}
	}
}

func TestDigest(t *testing.T) {
	sums := Sums{"b/node_modules/x/i.js": "22", "a.js": "11"}
	// printf '11  a.js\n' | sha256sum
	if got := sums.Of(false).Digest(); got != release.DigestOf([]byte("11  a.js\n")).String() {
		t.Errorf("got %s", got)
	}
	if got := sums.Changed(Sums{"a.js": "12", "new.js": "1"}); strings.Join(got, " ") != "a.js b/node_modules/x/i.js" {
		t.Errorf("got %q", got)
	}
}
