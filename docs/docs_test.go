// Package docs_test checks what the documentation says against the code.
package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/config"
)

var update = flag.Bool("update", false, "write what is generated anew")

// documents are those with configurations in them, and with links.
var documents = []string{"../README.md", "build-bundle.md", "configuration.md"}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every configuration in a document is one that the reader takes. A block that
// is only a part of one is indented as in its place under build.
func TestConfigurationsInDocuments(t *testing.T) {
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s: got no yaml block, want at least one", document)
		}
		for _, block := range blocks {
			yaml := block[1]
			if strings.HasPrefix(yaml, "    - name: loader") {
				yaml = "version: 1\nbuild:\n  passes:\n    - { name: app, entries: { checkout: src/index.ts } }\n" + yaml
			}
			if _, err := config.Parse(document, []byte(yaml), fstest.MapFS{}, variables); err != nil {
				t.Errorf("%s:\n%s\n%v", document, yaml, err)
			}
		}
	}
}

func variables(name string) (string, bool) { return "1.2.3", name == "APP_VERSION" }

func TestExamplesAreConfigured(t *testing.T) {
	files, err := filepath.Glob("../examples/*/" + config.Names[0])
	if err != nil || len(files) < 2 {
		t.Fatalf("got %q, %v, want the examples' configurations", files, err)
	}
	for _, file := range files {
		if _, err := config.Find(os.DirFS(filepath.Dir(file)), "", variables); err != nil {
			t.Error(err)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)

// Links between documents lead to files.
func TestLinksInDocuments(t *testing.T) {
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), target[1])); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}

// The configuration page's example starts with the line that editors need.
func TestEditorLineIsDocumented(t *testing.T) {
	text, err := os.ReadFile("configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "```yaml\n"+config.EditorLine+"\n") {
		t.Errorf("configuration.md: want an example that starts with %s", config.EditorLine)
	}
}
