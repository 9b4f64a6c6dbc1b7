package release

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tree lists what lies in a directory, for seeing what is left over.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func stage(t *testing.T, target string, r *Release) *Stage {
	t.Helper()
	s, err := NewStage(target)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for _, f := range r.Files {
		wait.Go(func() {
			if err := s.Write(f.Path, sampleContent(f.Path)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	return s
}

// layDown writes a file, and the directories it needs.
func layDown(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestStageCommit(t *testing.T) {
	for _, before := range []string{"nothing", "an old release", "a link to a directory"} {
		t.Run(before, func(t *testing.T) {
			parent := t.TempDir()
			target := filepath.Join(parent, "dist")
			switch before {
			case "an old release":
				layDown(t, filepath.Join(target, "old", "x.js"))
			case "a link to a directory":
				if err := os.Mkdir(filepath.Join(parent, "real"), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink("real", target); err != nil {
					t.Skip(err)
				}
			}
			r := sample(t)
			id, err := stage(t, target, r).Commit(r)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := r.ID(); id != want {
				t.Errorf("got id %s, want %s", id, want)
			}
			back, err := Open(os.DirFS(target))
			if err != nil {
				t.Fatal(err)
			}
			if found, err := Verify(t.Context(), os.DirFS(target), back); err != nil || len(found) > 0 {
				t.Errorf("got %v, %v", found, err)
			}
			if data, _ := os.ReadFile(filepath.Join(target, RecordName)); DigestOf(data) != id {
				t.Errorf("the record's SHA-256 is %s, want the id %s", DigestOf(data), id)
			}
			entries, _ := os.ReadDir(parent)
			for _, e := range entries {
				if e.Name() != "dist" && e.Name() != "real" {
					t.Errorf("left over: %s", e.Name())
				}
			}
		})
	}
}

func TestStageFailureLeavesTheTarget(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "dist")
	layDown(t, filepath.Join(target, "old.js"))

	bad := sampleClone(t)
	bad.Files[0].Size = -1
	if _, err := stage(t, target, bad).Commit(bad); err == nil {
		t.Error("an invalid record was committed")
	}
	if err := stage(t, target, sample(t)).Discard(); err != nil {
		t.Error(err)
	}
	if got := tree(t, parent); got != "dist/old.js" {
		t.Errorf("left: %s", got)
	}
}

// A statement lies beside the record, and Verify leaves it out.
func TestStageWriteStatement(t *testing.T) {
	target := filepath.Join(t.TempDir(), "dist")
	r := sample(t)
	s := stage(t, target, r)
	id, err := r.ID()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WriteStatement("health", Statement{Release: id}); err == nil {
		t.Error("a statement without a predicate: got no error")
	}
	if err := s.WriteStatement("health", Statement{Release: id, PredicateType: "https://example.com/health", Predicate: []byte(`{"ok":true}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(target, "attestations/health.json"))
	if err != nil || !strings.Contains(string(text), id.String()) {
		t.Errorf("got %q, %v", text, err)
	}
	if bad, err := Verify(t.Context(), os.DirFS(target), r); err != nil || len(bad) > 0 {
		t.Errorf("got %v, %v", bad, err)
	}
}

func TestStageRefuses(t *testing.T) {
	parent := t.TempDir()
	layDown(t, filepath.Join(parent, "file"))
	for name, target := range map[string]string{
		"a file":    filepath.Join(parent, "file"),
		"no parent": filepath.Join(parent, "a", "b"),
		"the root":  "/",
	} {
		if s, err := NewStage(target); err == nil {
			t.Errorf("%s: taken, %s", name, s.dir)
		}
	}
	s, err := NewStage(filepath.Join(parent, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Discard(); err != nil {
			t.Error(err)
		}
	}()
	for _, path := range []string{"../x", "/x", RecordName, "a//b"} {
		if err := s.Write(path, nil); err == nil {
			t.Errorf("%q was written", path)
		}
	}
	if err := s.Write("a.js", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Write("a.js", nil); err == nil {
		t.Error("a.js was written twice")
	}
	if got := tree(t, s.dir); got != "a.js" {
		t.Errorf("staged: %s", got)
	}
}

// Without an exchange in one step the two renames do the same.
func TestSwapPutsBack(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "dist")
	layDown(t, filepath.Join(target, "old.js"))
	if err := swap(filepath.Join(parent, "absent"), target); err == nil {
		t.Error("a directory that is not there was swapped in")
	}
	if got := tree(t, parent); got != "dist/old.js" {
		t.Errorf("left: %s", got)
	}
}

func TestStageWritesStatements(t *testing.T) {
	target := filepath.Join(t.TempDir(), "dist")
	r := sample(t)
	id, _ := r.ID()
	s, err := NewStage(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		if err := s.Write(f.Path, sampleContent(f.Path)); err != nil {
			t.Fatal(err)
		}
	}
	good := Statement{Release: id, PredicateType: "https://example.com/sizes/v1", Predicate: []byte("{}")}
	for name, want := range map[string]string{
		"../sizes": "../sizes", "a/b": "a/b", "": `""`, "con": "con",
	} {
		if err := s.WriteStatement(name, good); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the name %q: got %v, want an error that names it", name, err)
		}
	}
	if err := s.WriteStatement("sizes", Statement{}); err == nil {
		t.Error("a statement about nothing was taken")
	}
	if err := s.WriteStatement("sizes", good); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteStatement("sizes", good); err == nil {
		t.Error("a statement was written over")
	}
	if _, err := s.Commit(r); err != nil {
		t.Fatal(err)
	}
	want, _ := good.Encode()
	if got, err := os.ReadFile(filepath.Join(target, "attestations/sizes.json")); err != nil || string(got) != string(want) {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if bad, err := Verify(t.Context(), os.DirFS(target), r); err != nil || len(bad) > 0 {
		t.Errorf("a release with a statement: %v, %v", bad, err)
	}
}
