package starter

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/org/checkout-deploy/internal/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

// project is a project in a file of testdata.
func project(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	root := fstest.MapFS{}
	for _, f := range archive.Files {
		root[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	return root
}

// Each project of testdata gives the golden file beside it, which the reader
// takes, and which names only files that are there.
func TestStarters(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	goldens, _ := filepath.Glob("testdata/*.yml")
	if len(files) == 0 {
		t.Fatal("no projects")
	}
	for _, file := range files {
		golden := strings.TrimSuffix(file, ".txtar") + ".yml"
		goldens = slices.DeleteFunc(goldens, func(s string) bool { return s == golden })
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			root := project(t, file)
			text, result, err := Make(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(golden, text, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(text, want) {
				t.Errorf("differs from %s (%v):\n%s", golden, err, text)
			}
			check(t, root, text, result)
		})
	}
	for _, g := range goldens {
		t.Errorf("golden file of nothing: %s", g)
	}
}

func check(t *testing.T, root fs.FS, text []byte, result *Result) {
	t.Helper()
	c, err := config.Parse("checkout-deploy.yml", text, root, anyVariable)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Build.Passes {
		for _, e := range p.Entries {
			for _, m := range e.Modules {
				if _, err := fs.Stat(root, m); err != nil {
					t.Errorf("entry %s: %v", e.Name, err)
				}
			}
		}
	}
	if len(result.Found) == 0 {
		t.Error("nothing was found")
	}
	for _, never := range []string{"hunter2", "do-not-read-me"} {
		if bytes.Contains(text, []byte(never)) || strings.Contains(strings.Join(append(result.Found, result.Questions...), "\n"), never) {
			t.Errorf("a secret was taken over: %s", never)
		}
	}
	if !bytes.HasPrefix(text, []byte(config.EditorLine+"\n")) {
		t.Errorf("got %.100q, want the line for editors first", text)
	}
}

func TestNothingToStartFrom(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, tt := range map[string]struct {
		root fstest.MapFS
		want string
	}{
		"an empty folder":     {fstest.MapFS{}, "want a webpack configuration (webpack.config.js"},
		"other sources":       {fstest.MapFS{"lib/a.ts": {}, "package.json": file("{}")}, "src/index.ts"},
		"a broken package":    {fstest.MapFS{"package.json": file("{")}, `reading "package.json"`},
		"a broken webpack":    {fstest.MapFS{"webpack.config.js": file("module.exports = {\n  entry: [\n}")}, "webpack.config.js:3"},
		"an opaque webpack":   {fstest.MapFS{"webpack.config.js": file("module.exports = require('shared-config')()")}, "got no entries"},
		"endless recursion":   {fstest.MapFS{"webpack.config.js": file("const f = () => f(); module.exports = f()")}, "more to follow than is read"},
		"endless doubling":    {fstest.MapFS{"webpack.config.js": file("const f = (n) => [f(n), f(n)]; module.exports = f(1)")}, "more to follow than is read"},
		"requires in a ring":  {fstest.MapFS{"webpack.config.js": file("module.exports = require('./b')"), "b.js": file("module.exports = require('./webpack.config')")}, "got no entries"},
		"vite without pages":  {fstest.MapFS{"vite.config.js": file("export default {}")}, "got no entries"},
		"a page without ones": {fstest.MapFS{"index.html": file("<script src=a.js></script>")}, "want a webpack configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, err := Make(t.Context(), tt.root)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s\n%s", err, tt.want, text)
			}
		})
	}
}

func TestWriteReplacesNothing(t *testing.T) {
	for _, there := range config.Names {
		dir := t.TempDir()
		place(t, dir, "src/index.ts", "")
		place(t, dir, there, "mine")
		if _, err := Write(t.Context(), dir); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: got %v, want fs.ErrExist", there, err)
		}
		if got, _ := os.ReadFile(filepath.Join(dir, there)); string(got) != "mine" {
			t.Errorf("%s: got %q, want it as it was", there, got)
		}
	}
	// A link to nowhere is there too.
	dir := t.TempDir()
	place(t, dir, "src/index.ts", "")
	if err := os.Symlink("../elsewhere", filepath.Join(dir, config.Names[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a dangling link: got %v, want fs.ErrExist", err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := create(name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	for _, again := range []func(string, []byte) error{create, createHere} {
		if err := again(name, []byte("two")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %v, want fs.ErrExist", err)
		}
	}
	if got, _ := os.ReadFile(name); string(got) != "one" {
		t.Errorf("got %q", got)
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Errorf("got %v, want no other file", left)
	}
}

func TestWriteIsWholeOrNot(t *testing.T) {
	dir := t.TempDir()
	place(t, dir, "src/index.ts", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if found, _ := os.ReadDir(dir); len(found) != 1 {
		t.Errorf("got %v after a cancelled start, want src only", found)
	}
	result, err := Write(t.Context(), dir)
	if err != nil || result.File != "checkout-deploy.yml" {
		t.Fatalf("got %+v, %v", result, err)
	}
	if found, _ := os.ReadDir(dir); len(found) != 2 {
		t.Errorf("got %v, want src and the file", found)
	}
	c, err := config.Find(os.DirFS(dir), "", anyVariable)
	if err != nil || c.File != result.File {
		t.Errorf("got %+v, %v", c, err)
	}
}

func place(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
