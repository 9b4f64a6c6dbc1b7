package handover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/org/checkout-deploy/internal/artifact"
	"github.com/org/checkout-deploy/internal/evidence"
)

// shelf is a store in a folder: a name is taken once, but for the same bytes.
type shelf struct {
	has    map[string]fstest.MapFS
	broken bool // an upload that is not finished
}

func (s *shelf) Upload(_ context.Context, name string, dir fs.FS) (artifact.Artifact, error) {
	got := fstest.MapFS{}
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		got[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		return artifact.Artifact{}, err
	}
	same := func(a, b *fstest.MapFile) bool { return string(a.Data) == string(b.Data) }
	if before, ok := s.has[name]; ok && !maps.EqualFunc(before, got, same) {
		return artifact.Artifact{}, fmt.Errorf("uploading artifact %q: %w", name, artifact.ErrTaken)
	}
	s.has[name] = got
	return artifact.Artifact{Name: name}, nil
}

func (s *shelf) Download(_ context.Context, name, dir string) (artifact.Artifact, error) {
	if _, ok := s.has[name]; !ok || s.broken {
		return artifact.Artifact{}, artifact.ErrNotFound
	}
	return artifact.Artifact{Name: name}, os.CopyFS(dir, s.has[name])
}

func pack(t *testing.T, made time.Time, note string) string {
	t.Helper()
	step := evidence.Step{Outcome: evidence.NotDone, Note: note}
	p := &evidence.Pack{
		Version: evidence.Version, Made: made, Tool: evidence.Tool{Name: "test", Version: "1"}, Subject: evidence.Subject{Pages: []evidence.Page{{URL: "index.html"}}},
		Method: evidence.Method{Release: step, Fetched: step, Executed: step, Alert: step, Inventory: step},
	}
	if err := p.Seal(nil); err != nil {
		t.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A second attempt finds what the first one sent: what says the same will do, what
// does not is an error.
func TestKeptOnce(t *testing.T) {
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	first := map[string]string{
		"evidence/evidence.json": pack(t, monday, "nothing"), "evidence/evidence.html": "Monday", "evidence/evidence.json.sigstore.json": "{1}",
		"evidence/headers.json": "{}", "attestations/integrity.json": "{}",
	}
	rows := []struct {
		name   string
		change map[string]string // "" takes a file away
		taken  bool
	}{
		{"the same", nil, false},
		{"later, and signed again", map[string]string{"evidence/evidence.json": pack(t, monday.Add(time.Hour), "nothing"), "evidence/evidence.html": "one o'clock", "evidence/evidence.json.sigstore.json": "{2}"}, false},
		{"another finding", map[string]string{"evidence/evidence.json": pack(t, monday, "something")}, true},
		{"no pack at all", map[string]string{"evidence/evidence.json": "{}"}, true},
		{"other headers", map[string]string{"evidence/headers.json": "[]"}, true},
		{"a statement more", map[string]string{"attestations/sizes.json": "{}"}, true},
		{"no signature any more", map[string]string{"evidence/evidence.json.sigstore.json": ""}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := &shelf{has: map[string]fstest.MapFS{}}
			if err := keep(t.Context(), s, "x", folder(first, nil)); err != nil {
				t.Fatal(err)
			}
			if err := keep(t.Context(), s, "x", folder(first, row.change)); errors.Is(err, artifact.ErrTaken) != row.taken || !row.taken && err != nil {
				t.Errorf("got %v", err)
			}
			s.broken = true
			if err := keep(t.Context(), s, "x", folder(first, map[string]string{"evidence/evidence.html": "later"})); !errors.Is(err, artifact.ErrTaken) {
				t.Errorf("not finished: got %v", err)
			}
		})
	}
}

func folder(files, change map[string]string) fs.FS {
	all := maps.Clone(files)
	maps.Copy(all, change)
	dir := fstest.MapFS{}
	for name, text := range all {
		if text != "" {
			dir[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return dir
}

// The artifact has the record, for live checks, and what a run wrote, and nothing else
// that lies in its folder.
func TestGathered(t *testing.T) {
	dist, dir := t.TempDir(), t.TempDir()
	statements := filepath.Join(dist, "attestations")
	err := errors.Join(os.Mkdir(statements, 0o777), os.WriteFile(filepath.Join(statements, "integrity.json"), []byte("{}"), 0o666),
		os.WriteFile(filepath.Join(dist, "release.json"), []byte("{}"), 0o666), os.WriteFile(filepath.Join(dist, "app.js"), nil, 0o666))
	if err != nil {
		t.Fatal(err)
	}
	if err := gather(dir, statements, map[string][]byte{"evidence.json": []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	got, err := files(os.DirFS(dir))
	if want := map[string]bool{"release.json": true, "attestations/integrity.json": true, "evidence/evidence.json": true}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
