package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var jsBlock = regexp.MustCompile("(?s)```js\n(.*?)```")

// TestPageOfDeploying runs the script that makes a page.
func TestPageOfDeploying(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		skipOnLaptop(t, "there is no node")
	}
	text, err := os.ReadFile("deploying.md")
	if err != nil {
		t.Fatal(err)
	}
	script := jsBlock.FindStringSubmatch(string(text))
	if script == nil {
		t.Fatal("got no script in deploying.md")
	}
	dir := write(t, map[string]string{
		"page.mjs": script[1], "index.html": "<head><!-- styles --></head><!-- scripts -->", "dist/manifest.json": `{"js":["a.js","b.js"],"css":["c.css"]}`,
	})
	command := exec.CommandContext(t.Context(), node, "page.mjs")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page, err := os.ReadFile(filepath.Join(dir, "dist", "index.html"))
	want := `<head><link rel="stylesheet" href="c.css"></head><script src="a.js"></script><script src="b.js"></script>`
	if err != nil || strings.TrimSpace(string(page)) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, page, want)
	}
}
