package difftest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/tools/txtar"

	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/bundle/style"
)

// TestSessionIsAFreshBuild edits random graphs and wants every rebuild to give
// the files, or the error, of a build that has never seen the project before.
func TestSessionIsAFreshBuild(t *testing.T) {
	n := 25
	if os.Getenv("CI") == "true" {
		n = 150
	}
	for seed := range uint64(n) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			editGraph(t, seed)
		})
	}
}

func editGraph(t *testing.T, seed uint64) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := Generate(seed).Case()
	if err := c.WriteSource(dir); err != nil {
		t.Fatal(err)
	}
	if seed%2 == 1 { // imports for effects alone are dropped then
		if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"name": "graph", "type": "module", "sideEffects": ["*.css"]}`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	styles, err := style.New(style.Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = styles.Close() }()
	options := func() bundle.Options {
		return bundle.Options{
			Root: dir, Pass: pass, Library: Library, Format: bundle.Classic, Target: api.ES2022,
			Entries: []bundle.Entry{{Name: "main", Modules: []string{c.Entry}}}, Define: map[string]string{"global": "globalThis"},
			Maps: bundle.MapsApart, Groups: ours{grouped: seed%3 == 0}.groups(), Styles: styles, Apart: new(bundle.Apart),
		}
	}
	session := bundle.NewSession(options())
	defer session.Close()
	random := rand.New(rand.NewPCG(seed, 1))
	var changed []string
	for range 8 {
		got := filesOf(t.Context(), session, changed)
		fresh := bundle.NewSession(options())
		want := filesOf(t.Context(), fresh, nil)
		fresh.Close()
		if got != want {
			t.Fatalf("after the change of %q: - a fresh build, + the session\n%s", changed, differing(want, got))
		}
		// A session is told what a watcher is: of its own files, and of new ones.
		known := session.Inputs()
		changed = nil
		for range 1 + random.IntN(2) {
			path, fresh := edit(t, random, dir, c.Files)
			if fresh || slices.Contains(known, path) {
				changed = append(changed, path)
			}
		}
	}
}

// differing are the lines that only one has.
func differing(want, got string) string {
	var out []string
	for _, line := range strings.Split(want, "\n") {
		if !strings.Contains(got, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if !strings.Contains(want, line) {
			out = append(out, "+ "+line)
		}
	}
	return strings.Join(out, "\n")
}

// filesOf names a build's files, which holds the hash of each, or gives its error.
func filesOf(ctx context.Context, s *bundle.Session, changed []string) string {
	compiled, err := s.Compile(ctx, changed)
	if err != nil {
		return err.Error()
	}
	res, err := compiled.Link(ctx, nil)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, f := range res.Files {
		out = append(out, f.Path+" "+f.Integrity)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

var importLine = regexp.MustCompile(`(?m)^(import|export \*) .*\n`)

// edit changes a file as people do: code, a comment, an import more or less, a
// new export, a mistake, and back.
// It returns the file, and whether it was not there before.
func edit(t *testing.T, random *rand.Rand, dir string, files []txtar.File) (path string, fresh bool) {
	var scripts []txtar.File
	for _, f := range files {
		if strings.HasSuffix(f.Name, "js") || strings.HasSuffix(f.Name, ".css") {
			scripts = append(scripts, f)
		}
	}
	f := scripts[random.IntN(len(scripts))]
	path = filepath.Join(dir, filepath.FromSlash(f.Name))
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, fresh = f.Data, true // it was removed
	} else if err != nil {
		t.Fatal(err)
	}
	switch kind := random.IntN(11); {
	case kind == 10 && !fresh && !strings.HasPrefix(f.Name, "main."):
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return path, false
	case strings.HasSuffix(f.Name, ".css"):
		text = fmt.Appendf(text, ".added-%d{color:red}\n", random.IntN(100))
	case kind == 0:
		text = f.Data // as it was at first
	case kind == 1:
		text = fmt.Appendf(text, "globalThis.added = %d;\n", random.IntN(100))
	case kind == 2:
		text = append([]byte("// a comment\n"), text...)
	case kind == 3 && importLine.Match(text):
		at := importLine.FindIndex(text)
		text = append(bytes.Clone(text[:at[0]]), text[at[1]:]...)
	case kind == 4 && importLine.Match(f.Data):
		text = append(importLine.Find(f.Data), text...)
	case kind == 4:
		text = append(fmt.Appendf(nil, "import * as added%d from %q;\n", random.IntN(1000), toward(random, f.Name, scripts)), text...)
	case kind == 5 && importLine.Match(f.Data):
		text = fmt.Appendf(text, "export const added%d = 1;\n", random.IntN(1000))
	case kind == 6:
		text = fmt.Appendf(text, "globalThis.later = () => import(%q);\n", toward(random, f.Name, scripts))
	case kind == 7 && !strings.HasSuffix(f.Name, ".mjs"):
		text = fmt.Appendf(text, "globalThis.required = () => require(%q);\n", toward(random, f.Name, scripts))
	case kind == 8:
		text = append(fmt.Appendf(nil, "import %q;\n", toward(random, f.Name, scripts)), text...)
	case kind == 9:
		text = append(text, "}\n"...)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path, fresh
}

// toward is the import path of one of the files.
func toward(random *rand.Rand, from string, files []txtar.File) string {
	rel, err := filepath.Rel(filepath.Dir(from), files[random.IntN(len(files))].Name)
	if err != nil || strings.HasSuffix(rel, ".css") {
		return "./nothing.js"
	}
	if !strings.HasPrefix(rel, ".") {
		rel = "./" + rel
	}
	return filepath.ToSlash(rel)
}
