package header

import (
	"os"
	"strings"
	"testing"
)

// The snippet in docs/headers.md is a part of what is written, and each directive
// and permission has its words there.
func TestDocument(t *testing.T) {
	const file = "../../../docs/headers.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set := made2(t, sample(t))
	written, err := set.Nginx("/checkout/")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- checked: headers example -->\n```nginx\n")
	snippet, _, ok := strings.Cut(rest, "```")
	for location := range strings.SplitAfterSeq(snippet, "}\n") {
		if !ok || !strings.Contains(string(written), location) {
			t.Errorf("%s has\n%s\nwhich is not in\n%s", file, location, written)
		}
	}
	for directive := range strings.SplitSeq(value(t, set, "Content-Security-Policy"), "; ") {
		name, _, _ := strings.Cut(directive, " ")
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("%s lacks %s", file, name)
		}
	}
}
