package srimanifest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/integrity/header"
)

// What people have in the folder out is theirs: a name of ours is an error before
// anything is written, and all else stays.
func TestOutOfSomebody(t *testing.T) {
	rows := []struct{ name, file, text string }{
		{"a site's own headers", "_headers", "/*\n  X-Frame-Options: DENY\n"},
		{"with a part of ours", "_headers", "/*\n  X-Frame-Options: DENY\n" + header.Mark + "/\n"},
		{"a file that is no headers", "headers.json", "{}"},
		{"a scanner's findings", "findings.sarif", `{"runs":[]}`},
		{"a spreadsheet", "evidence.csv", "a,b\n"},
		{"a page", "evidence.html", "<p>"},
		{"a file that would go", "inventory.diff", "--- a\n"},
		{"a link", "evidence.json", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t, map[string]string{"public/robots.txt": "", "public/" + row.file: row.text})
			if row.text == "" {
				path := filepath.Join(dir, "public", row.file)
				if err := os.Rename(path, path+".real"); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(path+".real", path); err != nil {
					t.Fatal(err)
				}
			}
			built(t, dir, plainPage)
			before := tree(t, dir)
			got := laptop(t, dir, "--out", "public")
			if want := `out: got "public", which has what no run wrote, and would be replaced: ` + row.file + ";"; got.code != 2 || !strings.Contains(got.log, want) {
				t.Errorf("got %+v", got)
			}
			if !maps.Equal(before, tree(t, dir)) {
				t.Error("files changed")
			}
		})
	}
}

// A run replaces every file of an earlier one, and takes away what it does not
// write itself.
func TestOutOfAnEarlierRun(t *testing.T) {
	dir := project(t, map[string]string{"checkout-deploy.yml": "version: 1\nintegrity: { inventory: s.yml }\n", "integrity/notes.txt": "mine"})
	built(t, dir, plainPage)
	laptop(t, dir)
	first := tree(t, filepath.Join(dir, "integrity"))
	if first["inventory.diff"] == "" {
		t.Fatalf("got no proposal among %q", slices.Sorted(maps.Keys(first)))
	}
	for name, text := range first {
		if name != "notes.txt" && !isOurs(name, []byte(text)) {
			t.Errorf("%s would not be known again", name)
		}
	}
	write(t, dir, map[string]string{"checkout-deploy.yml": "version: 1\n", "integrity/evidence.json.sigstore.json": `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`})
	if got := laptop(t, dir); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	delete(first, "inventory.diff")
	if got := tree(t, filepath.Join(dir, "integrity")); !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(first))) || got["notes.txt"] != "mine" {
		t.Errorf("got %q", slices.Sorted(maps.Keys(got)))
	}
}

// A live check leaves a release's headers where they are.
func TestOutOfARelease(t *testing.T) {
	for _, mode := range modes {
		j := &job{in: &inputs{mode: mode}}
		if got := slices.Contains(j.possible(), "_headers"); got != (mode == ofRelease) {
			t.Errorf("%s: got %v for _headers", mode, got)
		}
	}
}
