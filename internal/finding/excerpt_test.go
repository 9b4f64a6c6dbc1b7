package finding

import (
	"strings"
	"testing"
)

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a", 300) + "HERE" + strings.Repeat("b", 300)
	for _, row := range []struct {
		name     string
		line     int
		text     string
		from, to int
		want     string
	}{
		{"a word", 12, "import './x'", 8, 13, "  12 | import './x'\n     |        ^^^^^"},
		{"tabs stay", 3, "\ta\t= $x;", 6, 8, "  3 | \ta\t= $x;\n    | \t \t  ^^"},
		{"units of UTF-16", 1, "'😀' x", 6, 7, "  1 | '😀' x\n    |      ^"},
		{"no line", 0, "a {}", 1, 1, "  | a {}\n  | ^"},
		{"behind the end", 1, "a", 9, 9, "  1 | a\n    |  ^"},
		{"blank", 1, " \t", 1, 2, ""},
		{"a long line", 1, long, 301, 305, "  1 | …" + strings.Repeat("a", 40) + "HERE" + strings.Repeat("b", 56) + "…\n    | " + strings.Repeat(" ", 41) + "^^^^"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Excerpt(row.line, row.text, row.from, row.to); got != row.want {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
		})
	}
}
