package release

import (
	"os"
	"path/filepath"
	"testing"
)

// A sweep takes what a killed process left, and nothing else.
func TestSweep(t *testing.T) {
	const staging, replaced = ".dist.staging-ABCDEFGH27", ".dist.replaced-ABCDEFGH27"
	for _, row := range []struct {
		name, file string // a file in the parent
		noTarget   bool
		gone       bool
	}{
		{name: "a killed build's", file: staging + "/a/x.js", gone: true},
		{name: "moved away, the target in its place", file: replaced + "/x.js", gone: true},
		{name: "moved away, nothing in its place", file: replaced + "/x.js", noTarget: true},
		{name: "a killed first build's", file: staging + "/x.js", noTarget: true, gone: true},
		{name: "another target's", file: ".dist2.staging-ABCDEFGH27/x.js"},
		{name: "a name that only looks like it", file: ".dist.staging-mine/x.js"},
		{name: "a longer name", file: staging + "X/x.js"},
		{name: "a file", file: staging},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "dist")
			left := filepath.Join(filepath.Dir(target), row.file)
			layDown(t, left)
			if !row.noTarget {
				layDown(t, filepath.Join(target, "old.js"))
			}
			r := sample(t)
			if err := stage(t, target, r).Discard(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(left); (err != nil) != row.gone {
				t.Errorf("got it gone: %t, want %t", err != nil, row.gone)
			}
		})
	}
}

// A stage that is being written is nobody's litter.
func TestSweepLeavesTheLiving(t *testing.T) {
	target := filepath.Join(t.TempDir(), "dist")
	r := sample(t)
	living := stage(t, target, r)
	if err := stage(t, target, r).Discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := living.Commit(r); err != nil {
		t.Fatal(err)
	}
	if err := stage(t, target, r).Discard(); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(filepath.Dir(target))
	if len(entries) != 1 {
		t.Errorf("got %v, want dist alone", entries)
	}
}
