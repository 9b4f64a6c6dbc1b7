// Package docs_test checks what the documentation says against the code.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/house"
	"github.com/org/checkout-deploy/internal/config"
)

// documents are those with configurations in them, and with links.
var documents = []string{
	"../examples/workflows/checkout.yml", "../examples/workflows/rollback.yml", "../examples/workflows/image.yml",
	"../README.md", "../CONTRIBUTING.md", "../SECURITY.md", "../CHANGELOG.md", "../actions/build-bundle/README.md", "../actions/sri-manifest/README.md", "../actions/scan-image/README.md",
	"build-bundle.md", "checkout-deploy.md", "configuration.md", "decisions.md", "benchmarks.md", "github.md",
	"hashing.md", "html.md", "coverage.md", "headers.md", "inventory.md", "evidence.md", "signing.md", "scanning.md", "images.md", "live-check.md", "checks.md", "stores.md", "deploying.md", "../actions/deploy/README.md", "../actions/rollback/README.md", "../examples/workflows/live-check.yml", migrating, patterns,
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every configuration in a document is one that the reader takes. A block that
// is only a part of one is indented as in its place under build.
func TestConfigurationsInDocuments(t *testing.T) {
	found := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
		found += len(blocks)
		for _, block := range blocks {
			yaml := block[1]
			if strings.Contains(yaml, "\nscripts:\n") {
				continue // an inventory, which internal/inventory reads
			}
			if isWorkflow(yaml) {
				continue // see TestWorkflowsInDocuments, and internal/e2e, which runs the README's
			}
			if strings.HasPrefix(yaml, "    - name: loader") {
				yaml = "version: 1\nbuild:\n  passes:\n    - { name: app, entries: { checkout: src/index.ts } }\n" + yaml
			}
			if _, err := config.Parse(document, []byte(yaml), fstest.MapFS{"src/index.ts": {}}, variables); err != nil {
				t.Errorf("%s:\n%s\n%v", document, yaml, err)
			}
		}
	}
	if found < 5 {
		t.Errorf("got %d yaml blocks, want those of the documents", found)
	}
}

// What documents give our actions is what the actions take.
func TestWorkflowsInDocuments(t *testing.T) {
	root := house.Root()
	specs := map[string]*action.Spec{"org/checkout-deploy@v1": &root.Spec}
	for _, a := range house.Actions() {
		specs["org/checkout-deploy/"+a.Name+"@v1"] = &a.Spec
	}
	found := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
		if strings.HasSuffix(document, ".yml") {
			blocks = [][]string{{"", string(text)}}
		}
		for _, block := range blocks {
			if !isWorkflow(block[1]) {
				continue
			}
			var content any
			if err := yaml.Load([]byte(block[1]), &content); err != nil {
				t.Errorf("%s: %v in\n%s", document, err, block[1])
			}
			for _, s := range steps(content) {
				spec := specs[s.uses]
				if strings.HasPrefix(s.uses, "org/") && spec == nil {
					t.Errorf("%s: got the action %s, want one of the house", document, s.uses)
				}
				if spec == nil {
					continue
				}
				found++
				for name := range s.with {
					if !slices.ContainsFunc(spec.Inputs, func(in action.Input) bool { return in.Name == name }) {
						t.Errorf("%s: got the input %s for %s, which it has not", document, name, s.uses)
					}
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("got %d uses of our actions, want those of the documents", found)
	}
}

// A workflow's part that a page shows is in the example, to the letter, and so is the
// script that makes the page: internal/e2e runs these.
func TestShownWorkflowsAreTheExamples(t *testing.T) {
	for document, example := range map[string]string{"deploying.md": "checkout.yml", "images.md": "image.yml", "../actions/rollback/README.md": "rollback.yml"} {
		whole, found := read(t, "../examples/workflows/"+example), false
		for _, block := range yamlBlock.FindAllStringSubmatch(read(t, document), -1) {
			if !isWorkflow(block[1]) {
				continue
			}
			if found = true; !strings.Contains(whole, block[1]) {
				t.Errorf("%s shows what examples/workflows/%s has not:\n%s", document, example, block[1])
			}
		}
		if !found {
			t.Errorf("%s shows no workflow, want a part of examples/workflows/%s", document, example)
		}
	}
	shown, script := read(t, "deploying.md"), read(t, "../examples/page/page.mjs")
	if !strings.Contains(shown, "```js\n// page.mjs\n"+script+"```\n") {
		t.Errorf("deploying.md does not show examples/page/page.mjs, which is:\n%s", script)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type step struct {
	uses string
	with map[string]any
}

// steps are those anywhere in a workflow, or a part of one.
func steps(content any) (all []step) {
	switch v := content.(type) {
	case []any:
		for _, item := range v {
			all = append(all, steps(item)...)
		}
	case map[string]any:
		if uses, ok := v["uses"].(string); ok {
			with, _ := v["with"].(map[string]any)
			all = append(all, step{uses, with})
		}
		for _, item := range v {
			all = append(all, steps(item)...)
		}
	}
	return all
}

func isWorkflow(yaml string) bool { return strings.Contains(yaml, "uses: ") }

func variables(name string) (string, bool) {
	return "1.2.3", name == "APP_VERSION" || name == "API_URL"
}

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
