package page

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/integrity"
)

// The documents' example is what happens.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../../docs/html.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```html\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) != 2 {
		t.Fatalf("got %d examples, want a page before and after", len(blocks))
	}
	out, err := Rewrite(blocks[0][1], Options{Path: "index.html", Modules: []string{"assets/index.js", "assets/lazy.js"}, Integrity: func(path string) integrity.Metadata {
		return integrity.Metadata{integrity.Sum(integrity.Default, []byte(path))}
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`sha384-[A-Za-z0-9+/]{64}`).ReplaceAllString(string(out.HTML), "sha384-…")
	if want := string(blocks[1][1]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, reason := range []Reason{ThirdParty, NotInRelease, Template, Opaque, InlineText, Imported, Embedded, Unchecked, Broken} {
		if !strings.Contains(string(text), "| `"+string(reason)+"` |") {
			t.Errorf("docs/html.md has no row for %q", reason)
		}
	}
}
