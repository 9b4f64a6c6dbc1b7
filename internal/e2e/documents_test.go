//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The workflow that the README shows first runs as it stands: on the React
// example, with stand-ins for GitHub's own actions, which can't be fetched here.
func TestWorkflowOfTheReadme(t *testing.T) {
	var shown string
	for _, block := range yamlBlock.FindAllStringSubmatch(read(t, repository(t), "README.md"), -1) {
		if strings.Contains(block[1], "jobs:") {
			shown = block[1]
			break
		}
	}
	if shown == "" {
		t.Fatal("got no workflow in README.md, want one")
	}
	files := map[string]string{}
	for name, text := range example(t, "checkout") {
		files[strings.TrimPrefix(name, "examples/checkout/")] = text
	}
	got := workflow{file: "readme.yml", text: shown, files: files}.run(t)
	got.succeeded(t, "release", "verified")
	if id := got.outputs("build")["release"]; len(id) != 64 || !strings.Contains(got.log(), "files are those of release "+id) {
		t.Errorf("got the release %q, want it built and verified", id)
	}
}
