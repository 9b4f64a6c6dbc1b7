package handover

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/artifact"
	"github.com/org/checkout-deploy/internal/release"
)

// TestProve: what other jobs proved comes to lie beside the release, and takes nothing
// away that lies there.
func TestProve(t *testing.T) {
	record := []byte(`{"of":"this"}`)
	id := release.DigestOf(record)
	of := func(record string, files map[string]string) fstest.MapFS {
		all := fstest.MapFS{"evidence/evidence.json": {Data: []byte("{}")}}
		if record != "" {
			all["release.json"] = &fstest.MapFile{Data: []byte(record)}
		}
		for name, data := range files {
			all["attestations/"+name] = &fstest.MapFile{Data: []byte(data)}
		}
		return all
	}
	for _, row := range []struct {
		name string
		has  map[string]fstest.MapFS // by kind
		want map[string]string       // in attestations/
		err  string
	}{
		{name: "nothing was proved", want: map[string]string{"sizes.json": "mine"}},
		{
			name: "signed, and judged",
			has: map[string]fstest.MapFS{
				"integrity": of(string(record), map[string]string{"release.json.sigstore.json": "signature", "sizes.json": "theirs", "below/more.json": "more"}),
				"verdict":   of(string(record), map[string]string{"gate.json": "passed"}),
			},
			want: map[string]string{"sizes.json": "mine", "release.json.sigstore.json": "signature", "gate.json": "passed", "below/more.json": "more"},
		},
		{name: "evidence alone", has: map[string]fstest.MapFS{"integrity": of("", map[string]string{"gate.json": "whose?"})}, want: map[string]string{"sizes.json": "mine"}},
		{name: "a record alone", has: map[string]fstest.MapFS{"scan": of(string(record), nil)}, want: map[string]string{"sizes.json": "mine"}},
		{
			name: "another release's", has: map[string]fstest.MapFS{"verdict": of(`{"of":"that"}`, map[string]string{"gate.json": "passed"})},
			want: map[string]string{"sizes.json": "mine"}, err: `-verdict": got the record of release`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := release.Lay(dir, "attestations/sizes.json", []byte("mine")); err != nil {
				t.Fatal(err)
			}
			shelf := &shelf{has: map[string]fstest.MapFS{}}
			for kind, files := range row.has {
				shelf.has[ProofName(id, kind)] = files
			}
			err := prove(t.Context(), shelf, id, dir)
			if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Errorf("got %v, want %q", err, row.err)
			}
			got, err := files(os.DirFS(filepath.Join(dir, "attestations")))
			if err != nil || len(got) != len(row.want) {
				t.Errorf("got %v, %v, want %v", got, err, row.want)
			}
			for name, want := range row.want {
				if data, err := os.ReadFile(filepath.Join(dir, "attestations", name)); err != nil || string(data) != want {
					t.Errorf("%s: got %q, %v, want %q", name, data, err, want)
				}
			}
		})
	}
}

// away is a store that can't be asked.
type away struct{ store }

func (away) Download(context.Context, string, string) (artifact.Artifact, error) {
	return artifact.Artifact{}, artifact.ErrUnavailable
}

func TestProveFailsClosed(t *testing.T) {
	if err := prove(t.Context(), away{}, release.Digest{1}, t.TempDir()); !errors.Is(err, artifact.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
