package starter

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/org/checkout-deploy/internal/config"
)

func defined(text string) (string, error) {
	p := plan{
		source: text, questions: []string{text}, remarks: []string{text}, found: nil,
		build:  settings{{"define", pairs{{"A", text}, {"B", []any{text, pairs{{text, text}}}}}, text}},
		passes: []*pass{{name: "app", entries: pairs{{"a", "src/a.ts"}}}},
	}
	c, err := config.Parse("f.yml", p.render(), noFiles{}, anyVariable)
	if err != nil {
		return "", err
	}
	return c.Build.Passes[0].Define[0].Expr, nil
}

// Whatever text a project's files hold, the file that is written has that text,
// and nothing of it becomes a key, a comment's end or a variable.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"", "x", "yes", "No", "~", "null", "1", "1e3", "0x1F", ".5", "2026-01-02", "2026-01-02 10:00:00", "# a", "a # b", "a: b", "- a", "? a", "@a", "*a", "&a", "!a", "%a", "|", ">",
		"\"", "'", "a\nb", "a\r\nb: 1", "\u2028x: 1", "\u0085y: 1", "\ufeff", "${A}", "$${A}", "$$${A}", "a\tb", "---", "...", "<<", "=", "[a", "{a", "a,b", "a]", "`", "\\", "\x00", "\x7f", "chrome >= 61", "^a$", "a  b", " a", "a ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 2000 {
			return
		}
		got, err := defined(text)
		if err != nil {
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "twice") {
				return
			}
			t.Fatalf("%q: %v", text, err)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != text {
			t.Fatalf("got %s, want %q", got, text)
		}
	})
}
