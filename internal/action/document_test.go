package action

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/golden"
)

// A new input is one entry of the Spec: everything else follows.
func TestAnInputIsAddedInOnePlace(t *testing.T) {
	var s sample
	var added string
	a := s.action(nil)
	a.Inputs = append(a.Inputs, Input{Name: "new-one", Doc: "It's `new`: a|b.", Default: "x", Value: Text(&added)})
	for name, text := range map[string]string{"action.yml": a.Metadata("Dockerfile", "/x"), "tables": a.Tables(), "help": a.Help()} {
		if !strings.Contains(text, "new-one") {
			t.Errorf("%s: got nothing of the input in\n%s", name, text)
		}
	}
	flags := laptop(t, "--new-one=by-flag")
	if code := flags.run(a); code != 0 || added != "by-flag" {
		t.Errorf("flag: got exit code %d, %q", code, added)
	}
	inputs := runner(t, "new-one=by-runner")
	if code := inputs.run(a); code != 0 || added != "by-runner" {
		t.Errorf("runner: got exit code %d, %q", code, added)
	}
}

// Metadata is YAML that says what the Spec says, whatever is in its texts.
func TestMetadata(t *testing.T) {
	a := (&sample{}).action(nil)
	a.Inputs[0].Doc = "It's: \"odd\" # 'text' {a} & *b\u00e9."
	var got struct {
		Name, Description string
		Inputs            map[string]struct {
			Description, Default string
			Required             bool
		}
		Outputs map[string]struct{ Description string }
		Runs    struct{ Using, Image, Entrypoint string }
	}
	if err := yaml.Load([]byte(a.Metadata("../../Dockerfile", "/opt/sample")), &got, yaml.WithKnownFields(false)); err != nil {
		t.Fatal(err)
	}
	if in := got.Inputs["a-text"]; !strings.HasPrefix(in.Description, a.Inputs[0].Doc) || in.Default != "some `text`|" || in.Required {
		t.Errorf("got the input %+v", in)
	}
	if len(got.Inputs) != 5 || len(got.Outputs) != 2 || got.Runs.Using != "docker" || got.Runs.Image != "../../Dockerfile" || got.Runs.Entrypoint != "/opt/sample" {
		t.Errorf("got %+v", got)
	}
}

func TestDocuments(t *testing.T) {
	a := (&sample{}).action(nil)
	a.Permissions = []string{"contents: read", "checks: write"}
	golden.Compare(t, ".txt", []byte(a.Help()))
	golden.Compare(t, ".md", []byte(a.Tables()))
	golden.Compare(t, ".yml", []byte(a.Metadata("Dockerfile", "/sample")))
}

// A default in the runner's language is action.yml's, not quoted away, and no
// laptop takes it for a value.
func TestExpression(t *testing.T) {
	var token string
	a := (&sample{}).action(nil)
	a.Inputs = append(a.Inputs, Token(&token))
	a.Inputs[len(a.Inputs)-1].Name = "api-token" // the sample has a token
	if err := a.Check(); err != nil {
		t.Error(err)
	}
	// Anywhere else in the file the runner refuses an expression.
	if text := a.Metadata("Dockerfile", "/x"); !strings.Contains(text, "\n    default: ${{ github.token }}\n") || strings.Count(text, "${{") != 1 {
		t.Errorf("got no such default alone in\n%s", text)
	}
	flags := laptop(t)
	if code := flags.run(a); code != 0 || token != "" {
		t.Errorf("got exit code %d, %q", code, token)
	}
	for _, expression := range []string{"github.token", "${{ github.token }} x", "${{ secrets['A'] }}", "${{ github.token }}\nx: y"} {
		a.Inputs[len(a.Inputs)-1].Expression = expression
		if a.Check() == nil {
			t.Errorf("%q is taken", expression)
		}
	}
}
