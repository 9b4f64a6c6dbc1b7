//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// example is the example's sources; a step of the workflow gets its packages.
func example(t *testing.T, name string) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := repository(t)
	for _, file := range strings.Split(command(t, root, "git", "ls-files", "-z", "examples/"+name), "\x00") {
		if file != "" {
			files[file] = read(t, root, file)
		}
	}
	return files
}

func TestReleaseTravelsBetweenJobs(t *testing.T) {
	kept := t.TempDir()
	got := workflow{file: "handover.yml", files: example(t, "checkout"), env: []string{"KEPT=" + kept}}.run(t)
	got.succeeded(t, "release", "verify")
	outputs := got.outputs("build")
	id := outputs["release"]
	if len(id) != 64 || outputs["dist"] != "examples/checkout/dist" || outputs["release-file"] != "examples/checkout/dist/release.json" || len(outputs) != 3 {
		t.Errorf("got the outputs %q", outputs)
	}
	if _, err := os.Stat(filepath.Join(kept, "release.json")); err != nil {
		t.Errorf("a later step of the job does not find the release: %v", err)
	}
	if verified := got.outputs("verify"); verified["release"] != id || verified["dist"] != "dist" {
		t.Errorf("got the outputs %q of verify, want release %s in dist", verified, id)
	}
	if changed := got.errors("changed"); !strings.Contains(changed, "not the file of release "+id) {
		t.Errorf("a changed file: got the errors %q", changed)
	}
	if unknown := got.errors("unknown"); !strings.Contains(unknown, "checkout-a000") {
		t.Errorf("a release that no job made: got the errors %q", unknown)
	}
}
