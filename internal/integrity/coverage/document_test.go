package coverage

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The table in docs/coverage.md is made of the rules.
func TestDocument(t *testing.T) {
	const file, begin, end = "../../../docs/coverage.md", "<!-- checked: coverage rules -->\n", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| rule | severity | what is wrong | why, and what to do |\n| --- | --- | --- | --- |\n")
	for _, r := range Rules() {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", r.ID, r.Severity, r.Short, r.Help)
	}
	_, rest, _ := strings.Cut(string(text), begin)
	got, _, _ := strings.Cut(rest, end)
	if got != want.String() {
		t.Errorf("%s has another table than the rules give; want\n%s", file, want.String())
	}
	for _, s := range []Status{Covered, Uncovered, Unknown, Elsewhere} {
		if !strings.Contains(string(text), "| `"+string(s)+"` |") {
			t.Errorf("%s lacks the status %s", file, s)
		}
	}
	for _, m := range []Means{ByTag, ByImportMap, ByGuard, ByTable} {
		if !strings.Contains(string(text), "| `"+string(m)+"` |") {
			t.Errorf("%s lacks %q", file, m)
		}
	}
}
