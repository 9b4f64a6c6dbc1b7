package release

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLay(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside.json")
	if err := os.WriteFile(outside, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name, path, problem string
		before              func()
	}{
		{"a first one", "attestations/a.json", "", nil},
		{"in its place", "attestations/a.json", "", nil},
		{"in a folder", "attestations/b/c.json", "", nil},
		{"a file of the release", "index.html", "below attestations/", nil},
		{"the record", "release.json", "below attestations/", nil},
		{"up", "attestations/../release.json", "want a path without", nil},
		{"a folder that leads out", "attestations/out/x.json", "escapes", func() { _ = os.Symlink(filepath.Dir(outside), filepath.Join(dir, "attestations/out")) }},
		{"over a link", "attestations/link.json", "", func() { _ = os.Symlink(outside, filepath.Join(dir, "attestations/link.json")) }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if row.before != nil {
				row.before()
			}
			err := Lay(dir, row.path, []byte(row.name))
			if (err == nil) != (row.problem == "") || err != nil && !strings.Contains(err.Error(), row.problem) {
				t.Fatalf("got %v, want %q", err, row.problem)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, row.path)); err == nil && string(got) != row.name {
				t.Errorf("got %q", got)
			}
		})
	}
	if got, _ := os.ReadFile(outside); string(got) != "{}" {
		t.Errorf("a link was followed: %q", got)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "attestations/.*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestKeepOrigin(t *testing.T) {
	first := &Release{Profile: Production, Tool: Tool{"t", "1"}, Files: []File{{Path: "a.js", Size: 1, Integrity: IntegrityOf([]byte("a")), Role: Script}}}
	if err := first.Seal(); err != nil {
		t.Fatal(err)
	}
	firstID, _ := first.ID()
	earlier := strings.Repeat("ab", 32)
	from := fstest.MapFS{
		"a.js":                                  {Data: []byte("a")},
		"attestations/sizes.json":               {Data: []byte("{}")},
		"attestations/" + earlier + "/x.json":   {Data: []byte("x")},
		"attestations/sizes.json.sigstore.json": {Data: []byte("s")},
	}
	dir := filepath.Join(t.TempDir(), "dist")
	s, err := NewStage(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.KeepOrigin(first, from); err != nil {
		t.Fatal(err)
	}
	sum, size, err := s.Copy(from, "a.js")
	if err != nil || sum != IntegrityOf([]byte("a")) || size != 1 {
		t.Fatalf("got %v %d %v", sum, size, err)
	}
	if _, _, err := s.Copy(from, "missing.js"); err == nil {
		t.Error("copied what is not there")
	}
	second := *first
	second.DerivedFrom = firstID
	id, err := s.Commit(&second)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			got = append(got, strings.ReplaceAll(name, firstID.String(), "FIRST"))
		}
		return nil
	})
	want := "a.js attestations/FIRST/release.json attestations/FIRST/sizes.json attestations/FIRST/sizes.json.sigstore.json attestations/" + earlier + "/x.json release.json"
	if strings.Join(sorted(got), " ") != strings.Join(sorted(strings.Fields(want)), " ") {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	name, data, err := LayStatement(dir, "integrity", Statement{Release: id, PredicateType: "https://example.com/x", Predicate: json.RawMessage(`{}`)})
	if err != nil || name != "attestations/integrity.json" || len(data) == 0 {
		t.Errorf("got %s %v", name, err)
	}
	if bad, err := Verify(t.Context(), os.DirFS(dir), &second); err != nil || len(bad) > 0 {
		t.Errorf("got %v %v", bad, err)
	}
}
