package integrity

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentedValues asks for each row of the table in docs/hashing.md what the row says.
func TestDocumentedValues(t *testing.T) {
	text, err := os.ReadFile("../../docs/hashing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| value | finding | a browser |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 14 {
		t.Fatalf("got %d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row, " | ")
		if len(cells) != 3 {
			t.Fatalf("got the row %q", row)
		}
		value := strings.Trim(strings.TrimPrefix(cells[0], "| "), "`")
		kind, browser := strings.TrimSpace(cells[1]), strings.TrimSuffix(cells[2], " |")
		got := ""
		if _, problems := Parse(value); len(problems) > 0 {
			got = string(problems[0].Kind)
		}
		if got != kind {
			t.Errorf("%q: got %q, documented %q", value, got, kind)
		}
		m := Effective(value)
		does := "enforces"
		switch {
		case len(m) == 0:
			does = "checks nothing"
		case !m.Match(nil): // the digests are those of nothing
			does = "blocks everything"
		}
		if does != browser {
			t.Errorf("%q: a browser %s, documented %s", value, does, browser)
		}
	}
}
