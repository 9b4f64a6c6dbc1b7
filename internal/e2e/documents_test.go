//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// shown is the first part in YAML of a document that has a text in it.
func shown(t *testing.T, document, text string) string {
	t.Helper()
	for _, block := range yamlBlock.FindAllStringSubmatch(read(t, repository(t), document), -1) {
		if strings.Contains(block[1], text) {
			return block[1]
		}
	}
	t.Fatalf("got nothing with %q in %s, want it shown", text, document)
	return ""
}

// The workflow that the README shows first runs as it stands: on the React
// example, with stand-ins for GitHub's own actions, which can't be fetched here.
func TestWorkflowOfTheReadme(t *testing.T) {
	files := map[string]string{}
	for name, text := range example(t, "checkout") {
		files[strings.TrimPrefix(name, "examples/checkout/")] = text
	}
	got := workflow{file: "readme.yml", text: shown(t, "README.md", "jobs:"), files: files}.run(t)
	got.succeeded(t, "release", "verified")
	if id := got.outputs("build")["release"]; len(id) != 64 || !strings.Contains(got.log(), "files are those of release "+id) {
		t.Errorf("got the release %q, want it built and verified", id)
	}
}
