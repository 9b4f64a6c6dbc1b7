package buildbundle

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// write puts a file of the project.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func statement(t *testing.T, out *Outcome) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(out.OutDir, release.StatementDir, composition.StatementName+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCompositionStatement(t *testing.T) {
	dir := project(t)
	out := mustBuild(t, dir)
	text := statement(t, out)
	var s struct {
		Subject   []struct{ Digest struct{ SHA256 string } }
		Predicate json.RawMessage
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Subject[0].Digest.SHA256; got != out.ID.String() {
		t.Errorf("got the subject %s, want %s", got, out.ID)
	}
	c, err := composition.Decode(bytes.NewReader(s.Predicate))
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, p := range c.Passes {
		for _, f := range p.Files {
			files++
			in, ok := out.Release.File(f.Path)
			if !ok || in.Size != f.Size {
				t.Errorf("got %s of %d bytes, the record has %d", f.Path, f.Size, in.Size)
			}
			if len(f.Parts) == 0 && in.Role == release.Script && !strings.Contains(f.Path, "runtime") {
				t.Errorf("got nothing that %s is made of", f.Path)
			}
		}
	}
	scripts := 0
	for _, f := range out.Release.Files {
		if f.Role == release.Script || f.Role == release.Style {
			scripts++
		}
	}
	if files < scripts || scripts == 0 {
		t.Errorf("got %d files, the record has %d scripts and styles", files, scripts)
	}
	if again := statement(t, mustBuild(t, dir)); !bytes.Equal(again, text) {
		t.Errorf("got\n%s\nof a second build, and of the first\n%s", again, text)
	}
	if strings.Contains(string(text), filepath.Base(dir)) {
		t.Errorf("got the folder's name in %s", text)
	}
}

func TestCircularImports(t *testing.T) {
	dir := project(t)
	write(t, dir, "src/ring/a.ts", `import {b} from "./b"; import type {C} from "./c"; export const a = (c: C) => [b, c]`)
	write(t, dir, "src/ring/b.ts", `import {a} from "./a"; export const b = () => a`)
	write(t, dir, "src/ring/c.ts", `import {a} from "./a"; export type C = typeof a`)
	write(t, dir, "src/index.ts", `import {a} from "./ring/a"; console.log(a)`)
	out := mustBuild(t, dir)
	for _, test := range []struct {
		name  string
		globs []string
		want  string
	}{
		{"of the project", nil, "src/ring/a.ts → src/ring/b.ts → src/ring/a.ts"},
		{"of what is listed", []string{"src/ring/**"}, "src/ring/a.ts → src/ring/b.ts → src/ring/a.ts"},
		{"of something else", []string{"src/pages/**"}, "There are none."},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := report.Page{Sections: []report.Section{cycleSection(out.Composition, test.globs)}}
			if got := p.Markdown(report.SummaryLimit); !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant %s in it", got, test.want)
			}
		})
	}
}

func TestCompared(t *testing.T) {
	dir := project(t)
	first := mustBuild(t, dir)
	old := filepath.Join(filepath.Dir(dir), "old")
	if err := os.CopyFS(old, os.DirFS(first.OutDir)); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "src/added.ts", `export const added = "`+strings.Repeat("more ", 100)+`"`)
	index, err := os.ReadFile(filepath.Join(dir, "src/index.ts"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "src/index.ts", `import {added} from "./added"; console.log(added);`+"\n"+string(index))
	for _, test := range []struct {
		name, compare string
		remove        string
		want          []string
	}{
		{"a release's folder", "../old", "", []string{"Entries and chunks, gzip", "app/checkout", "src/added.ts", "new"}},
		{"its record", "../old/release.json", "", []string{"src/added.ts"}},
		{"one that does not say what it is made of", "../old", "composition", []string{"app/checkout", "is not known"}},
		{"one without sizes either", "../old", "sizes", []string{"app/checkout", "is not known"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.remove != "" {
				if err := os.Remove(filepath.Join(old, release.StatementDir, test.remove+".json")); err != nil {
					t.Fatal(err)
				}
			}
			out, err := compared(dir, test.compare)
			if err != nil {
				t.Fatal(err)
			}
			p := report.Page{Sections: []report.Section{compareSection(out.baseline, out)}}
			got := p.Markdown(report.SummaryLimit)
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("got\n%s\nwant %s in it", got, want)
				}
			}
		})
	}
}

func compared(dir, with string) (*Outcome, error) {
	none := func(string) (string, bool) { return "", false }
	return Run(context.Background(), Request{Dir: dir, Env: none, Version: "test", Compare: with})
}

func TestCompareRefuses(t *testing.T) {
	dir := project(t)
	first := mustBuild(t, dir)
	for _, test := range []struct{ name, file, text, want string }{
		{"no release", "", "", "want the folder of a release, or its release.json"},
		{"a broken statement", "composition", `{`, "attestations/composition.json: reading a statement"},
	} {
		t.Run(test.name, func(t *testing.T) {
			old := t.TempDir()
			if test.file != "" {
				if err := os.CopyFS(old, os.DirFS(first.OutDir)); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(old, release.StatementDir, test.file+".json")
				if err := os.WriteFile(file, []byte(test.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, err := compared(dir, old)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// A statement of another release says nothing of this one.
func TestCompareLeavesForeignStatements(t *testing.T) {
	dir := project(t)
	first := mustBuild(t, dir)
	old := filepath.Join(filepath.Dir(dir), "old")
	if err := os.CopyFS(old, os.DirFS(first.OutDir)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(old, release.StatementDir, composition.StatementName+".json")
	foreign := strings.Replace(string(statement(t, first)), first.ID.String(), strings.Repeat("1", 64), 1)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(foreign), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := compared(dir, old)
	if err != nil {
		t.Fatal(err)
	}
	if out.baseline.composition != nil || out.baseline.gzip == nil {
		t.Errorf("got %v and %v, want sizes alone", out.baseline.composition, out.baseline.gzip)
	}
}
