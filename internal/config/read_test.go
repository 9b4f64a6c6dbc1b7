package config

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/org/checkout-deploy/internal/spell"
)

var update = flag.Bool("update", false, "write the golden files anew")

func testEnv(name string) (string, bool) {
	value, ok := map[string]string{
		"SET": "set", "API": "api.example.com", "MODE": `a"b`, "APP_VERSION": "1.672.0", "SECRET": "hunter2",
		"LEAKED": "ghp_hunter2hunter2hunter2hunter2", "SCHEME": "sk_live_", "REST": "9xQhunter2PlK3vRt",
	}[name]
	return value, ok
}

var project = fstest.MapFS{"src/index.tsx": {}}

// each runs f on every file of a folder of testdata, and compares what it
// returns with the golden file beside it.
func each(t *testing.T, dir, ext string, f func(t *testing.T, name string, data []byte) string) {
	files, _ := filepath.Glob(filepath.Join("testdata", dir, "*.yml"))
	if len(files) == 0 {
		t.Fatal("no files")
	}
	expected := map[string]bool{}
	for _, file := range files {
		want := strings.TrimSuffix(file, ".yml") + ext
		expected[want] = true
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := f(t, filepath.Base(file), data)
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if golden, err := os.ReadFile(want); err != nil || string(golden) != got {
				t.Errorf("differs from %s (%v):\n%s", want, err, got)
			}
		})
	}
	all, _ := filepath.Glob(filepath.Join("testdata", dir, "*"+ext))
	for _, f := range all {
		if !expected[f] {
			t.Errorf("golden file of nothing: %s", f)
		}
	}
}

func TestGood(t *testing.T) {
	each(t, "good", ".json", func(t *testing.T, name string, data []byte) string {
		c, err := Parse(name, data, project, testEnv)
		if err != nil {
			t.Fatal(err)
		}
		return withoutDefaults(t, c)
	})
}

// withoutDefaults is a configuration as JSON, without the sections that a file
// has which says nothing of them.
func withoutDefaults(t *testing.T, c *Config) string {
	plain, err := Parse("", []byte("version: 1"), project, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	shown := struct {
		File      string
		Build     Build
		Report    *Report    `json:",omitempty"`
		Integrity *Integrity `json:",omitempty"`
		Scan      *Scan      `json:",omitempty"`
	}{File: c.File, Build: c.Build}
	if !reflect.DeepEqual(c.Report, plain.Report) {
		shown.Report = &c.Report
	}
	if !reflect.DeepEqual(c.Integrity, plain.Integrity) {
		shown.Integrity = &c.Integrity
	}
	if !reflect.DeepEqual(c.Scan, plain.Scan) {
		shown.Scan = &c.Scan
	}
	text, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

func TestBad(t *testing.T) {
	each(t, "bad", ".txt", func(t *testing.T, name string, data []byte) string {
		c, err := Parse(name, data, project, testEnv)
		var e *Error
		if c != nil || !errors.As(err, &e) {
			t.Fatalf("got %v, %v, want an *Error", c, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Error("a message shows the value of a variable")
		}
		return err.Error() + "\n"
	})
}

func TestLimits(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("version: 1\na0: &a0 [x]\n")
	for i := range 30 {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i)
	}
	var many strings.Builder
	many.WriteString("version: 1\n")
	for i := range 80 {
		fmt.Fprintf(&many, "unknown-%d: 1\n", i)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"a file too long":   {strings.Repeat("#", maxFile+1), "want at most 1048576"},
		"an alias bomb":     {bomb.String(), "want fewer"},
		"nesting":           {"version: 1\ngate: " + strings.Repeat("[", 80) + strings.Repeat("]", 80), "nesting deeper than 64"},
		"nesting in blocks": {"version: 1\ngate:\n" + strings.Repeat("- ", 2000) + "x", "nesting deeper than 64"},
		"many problems":     {many.String(), "and 30 more problems"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse("f", []byte(tt.text), project, testEnv); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.500v, want %s", err, tt.want)
			}
		})
	}
}

func TestFind(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	tests := []struct {
		name string
		root fstest.MapFS
		ask  string
		want string // File and the entry's module, or a part of the error
	}{
		{"nothing at all", fstest.MapFS{}, "", "none of src/index.ts, src/index.tsx, src/index.js"},
		{"an index", fstest.MapFS{"src/index.js": {}}, "", " src/index.js"},
		{"two indexes", fstest.MapFS{"src/index.js": {}, "src/index.ts": {}}, "", "got src/index.ts, src/index.js, want one"},
		{"a folder named so", fstest.MapFS{"src/index.ts/x": {}}, "", "none of src/index.ts"},
		{"a file without passes", fstest.MapFS{"src/index.ts": {}, "checkout-deploy.yml": file("version: 1")}, "", "checkout-deploy.yml src/index.ts"},
		{"a file without passes or sources", fstest.MapFS{"checkout-deploy.yml": file("version: 1")}, "", "nothing to build"},
		{"the other spelling", fstest.MapFS{"src/index.ts": {}, "checkout-deploy.yaml": file("version: 1")}, "", "checkout-deploy.yaml src/index.ts"},
		{"both spellings", fstest.MapFS{"checkout-deploy.yaml": file("version: 1"), "checkout-deploy.yml": file("version: 1")}, "", "got both"},
		{"a name that is not there", fstest.MapFS{"src/index.ts": {}}, "x.yml", "x.yml"},
		{"a name", fstest.MapFS{"src/index.ts": {}, "ci/x.yml": file("version: 1")}, "ci/x.yml", "ci/x.yml src/index.ts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Find(tt.root, tt.ask, testEnv)
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if got := c.File + " " + c.Build.Passes[0].Entries[0].Modules[0]; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if _, err := Find(fstest.MapFS{}, "x.yml", testEnv); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestDefaultInheritsDefaults(t *testing.T) {
	c, err := Default(project)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Build.Passes[0]
	if p.Name != "app" || p.Format != "classic" || c.Build.OutDir != "dist" || c.Build.Profile != "production" || c.Build.SourceMaps != MapsApart {
		t.Errorf("got %+v", c.Build)
	}
}

func TestNearest(t *testing.T) {
	allowed := []string{"format", "profile", "passes", "groups", "side-effects"}
	for got, want := range map[string]string{
		"fromat": "format", "formats": "format", "pass": "passes", "Profile": "profile", "sideEffects": "side-effects",
		"side_effects": "side-effects", "x": "", "": "", "minify": "", strings.Repeat("format", 20): "",
	} {
		if n := spell.Nearest(got, allowed); n != want {
			t.Errorf("%q: got %q, want %q", got, n, want)
		}
	}
}

// checkPlaces wants an *Error whose problems are all in the file.
func checkPlaces(t *testing.T, data []byte, err error) {
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("got %#v, want an *Error with problems", err)
	}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data), "\ufeff")), "\n")
	for _, p := range e.Problems {
		if p.Line == 0 && p.Column == 0 {
			continue
		}
		if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len(utf16.Encode([]rune(lines[p.Line-1])))+1 {
			t.Fatalf("got %+v, want a place in the file's %d lines", p, len(lines))
		}
		if p.Message == "" || !strings.HasPrefix(p.Rule, "config/") {
			t.Fatalf("got %+v, want a rule and a message", p)
		}
	}
}

// Parse never panics; what it refuses it says where, and what it takes is complete.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"good", "bad"} {
		files, _ := filepath.Glob(filepath.Join("testdata", dir, "*.yml"))
		for _, file := range files {
			data, _ := os.ReadFile(file)
			f.Add(data)
		}
	}
	f.Add([]byte("\ufeffversion: 1\r\nbuild: {\u2028a: \"😀\", b: c}\r"))
	f.Add([]byte("\xff\xfev\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f.yml", data, project, testEnv)
		if err != nil {
			checkPlaces(t, data, err)
			return
		}
		names := map[string]bool{}
		for _, p := range c.Build.Passes {
			if p.Name == "" || names[p.Name] || p.Format == "" || len(p.Entries) == 0 {
				t.Fatalf("incomplete pass %+v", p)
			}
			for _, d := range p.Define {
				if d.Name == "" || (d.Expr == "") == (d.Manifest == nil) || d.Manifest != nil && !names[d.Manifest.Pass] {
					t.Fatalf("incomplete define %+v", d)
				}
			}
			for _, e := range p.Entries {
				if e.Name == "" || len(e.Modules) == 0 {
					t.Fatalf("incomplete entry %+v", e)
				}
				for _, m := range e.Modules {
					if !fs.ValidPath(m) || strings.HasPrefix(m, c.Build.OutDir+"/") {
						t.Fatalf("module %q, outdir %q", m, c.Build.OutDir)
					}
				}
			}
			for _, g := range p.Groups {
				if g.Name == "" || g.Pattern == nil || g.MinShare < 1 {
					t.Fatalf("incomplete group %+v", g)
				}
			}
			names[p.Name] = true
		}
		if c.Build.SourceMaps == "" || c.Build.NodeEnv == "" || len(c.Build.Passes) == 0 || !fs.ValidPath(c.Build.OutDir) || c.Build.OutDir == "." {
			t.Fatalf("incomplete build %+v", c.Build)
		}
	})
}
