package scanimage

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

const (
	maxRows  = 200 // of a table in a log
	maxWidth = 120 // columns
)

// cell is a text of unknown origin in a table for a terminal.
type cell struct {
	text string
	path bool // its end says more than its beginning
}

// widest is how wide a column may be; the last has what is left.
var widest = []int{26, 26, 26, 19}

var heads = []cell{{text: "WHERE"}, {text: "INSTALLED"}, {text: "FIXED IN"}, {text: "ID"}, {text: "TITLE"}}

// tableOf is the findings that are shown as plain text, a block for each severity. What
// fails the scan has a mark. Each line begins with a sign of ours, so that none is a workflow's
// command, and holds no character that is more than itself.
func tableOf(j *policy.Judgement, p policy.Policy) string {
	all := j.Shown(p)
	if len(all) == 0 {
		return ""
	}
	shown := all[:min(len(all), maxRows)]
	rows := [][]cell{heads}
	for _, f := range shown {
		rows = append(rows, cellsOf(f.Finding))
	}
	widths := widthsOf(rows)
	lines := []string{"  " + rowOf(heads, widths)}
	for i, f := range shown {
		if i == 0 || f.Severity != shown[i-1].Severity {
			lines = append(lines, word(f.Severity)+" ("+strconv.Itoa(number(all, f.Severity))+")")
		}
		mark := "- "
		if f.Fails {
			mark = "! "
		}
		lines = append(lines, mark+rowOf(rows[i+1], widths))
	}
	if more := len(all) - len(shown); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more, none worse than these", more))
	}
	return strings.Join(lines, "\n") + "\n"
}

// word is a severity's: nobody has rated Info.
func word(s finding.Severity) string {
	if s == finding.Info {
		return "unrated"
	}
	return string(s)
}

// what a finding is in: a package, or a place in a file.
func what(f result.Finding) string {
	if f.Package != "" && (f.Kind == result.Vulnerability || f.Kind == result.License) {
		return f.Package
	}
	return finding.Location{Path: f.Path, Line: f.Line}.String()
}

func number(all []policy.One, s finding.Severity) (n int) {
	for _, f := range all {
		if f.Severity == s {
			n++
		}
	}
	return n
}

func cellsOf(f result.Finding) []cell {
	title := cmp.Or(f.Title, f.Message)
	if f.Kind == result.License {
		title = "licence, " + f.Category
	}
	inFile := f.Package == "" || f.Kind != result.Vulnerability && f.Kind != result.License
	return []cell{{text: what(f), path: inFile}, {text: f.Version}, {text: f.Fixed}, {text: f.ID}, {text: title}}
}

func widthsOf(rows [][]cell) []int {
	widths := slices.Repeat([]int{0}, len(heads))
	for _, row := range rows {
		for i, most := range widest {
			widths[i] = max(widths[i], min(most, columns(visible(row[i].text))))
		}
	}
	left := maxWidth - len("! ")
	for _, w := range widths {
		left -= w + len("  ")
	}
	widths[len(widths)-1] = left + len("  ")
	return widths
}

func rowOf(row []cell, widths []int) string {
	var b strings.Builder
	for i, c := range row {
		text := cut(visible(c.text), widths[i], c.path)
		b.WriteString(text + strings.Repeat(" ", widths[i]-columns(text)) + "  ")
	}
	return strings.TrimRight(b.String(), " ")
}

// visible is a text on one line, whose control and formatting characters are written
// as Go escapes. The runner takes "##[name]" for a command, wherever it is.
func visible(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
	s = strings.ReplaceAll(s, "##[", `#\#[`)
	if strings.IndexFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r == ' ' || unicode.IsGraphic(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// columns is how wide a text is on a terminal: what East Asian scripts and pictures
// are made of has two columns, a mark on a letter none.
func columns(s string) (n int) {
	for _, r := range s {
		n += wide(r)
	}
	return n
}

func wide(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x2e80 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0x1f300:
		return 2
	}
	return 1
}

// cut shortens a text to at most n columns, a path from its beginning.
func cut(s string, n int, path bool) string {
	if columns(s) <= n {
		return s
	}
	runes := []rune(s)
	if path {
		slices.Reverse(runes)
	}
	kept, room := 0, n-1
	for kept < len(runes) && room >= wide(runes[kept]) {
		room -= wide(runes[kept])
		kept++
	}
	runes = append(runes[:kept], '…')
	if path {
		slices.Reverse(runes)
	}
	return string(runes)
}
