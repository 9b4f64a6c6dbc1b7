package scanimage

import (
	"strings"
	"testing"
	"unicode"

	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/scan/policy"
)

func TestTable(t *testing.T) {
	s := sample()
	golden.Compare(t, ".txt", []byte(tableOf(s.j, s.p)))
}

// Whatever is in a finding, a line is one of a table: begun by a sign of ours, not too
// long, and what is seen is what is there.
func lawful(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if columns(line) > maxWidth {
			t.Errorf("got %d columns: %q", columns(line), line)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("got a command: %q", line)
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) }); i >= 0 {
			t.Errorf("got a character that is not seen: %q", line)
		}
	}
}

func TestTableIsBounded(t *testing.T) {
	s := large(500)
	got := tableOf(s.j, s.p)
	lawful(t, got)
	if n := strings.Count(got, "CVE-2026-"); n != maxRows {
		t.Errorf("got %d rows, want %d", n, maxRows)
	}
	if !strings.HasSuffix(got, "\nand 300 more, none worse than these\n") {
		t.Errorf("got %q at the end", got[len(got)-80:])
	}
	if got := tableOf(&policy.Judgement{}, s.p); got != "" {
		t.Errorf("got %q for nothing", got)
	}
}

func FuzzTable(f *testing.F) {
	f.Add(evil)
	f.Add("::error::x")
	f.Add("##[##[error]")
	f.Add("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字")
	f.Fuzz(func(t *testing.T, text string) {
		s := sample()
		for i := range s.j.Found {
			f := &s.j.Found[i]
			f.Title, f.Package, f.Path, f.ID, f.Version, f.Fixed, f.Category = text, text, text, text, text, text, text
		}
		lawful(t, tableOf(s.j, s.p))
	})
}
