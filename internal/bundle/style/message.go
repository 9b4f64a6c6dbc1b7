package style

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/org/checkout-deploy/internal/finding"
)

// Message is a warning. Line and Column count from 1, in UTF-16 units as
// editors and Sass do; 0: nobody knows where.
type Message struct {
	File         string // relative to Root
	Line, Column int
	Text         string
}

func (m Message) String() string {
	switch {
	case m.File == "":
		return m.Text
	case m.Line == 0:
		return m.File + ": " + m.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// DeprecationRule is the rule of what Sass will no longer take one day: projects
// have hundreds of these.
const DeprecationRule = "build/sass-deprecation"

// Finding is the message as all actions show them.
func (m Message) Finding(severity finding.Severity) finding.Finding {
	f := finding.Finding{
		Rule: "build/style", Severity: severity,
		Location: finding.Location{Path: m.File, Line: m.Line, Column: m.Column},
	}
	f.Message, f.Hint, _ = strings.Cut(m.Text, "\n")
	f.Hint = strings.TrimSpace(f.Hint)
	if strings.Contains(m.Text, "deprecated") && strings.Contains(m.Text, "sass-lang.com") {
		f.Rule, f.Severity = DeprecationRule, finding.Low
	}
	return f
}

// Error is a source that does not compile.
type Error struct {
	Message
	Excerpt string // the line, and below it what is meant; may be empty
	Hint    string // what to try; may be empty
}

func (e *Error) Error() string {
	text := e.Message.String()
	for _, more := range []string{e.Excerpt, e.Hint} {
		if more != "" {
			text += "\n" + more
		}
	}
	return text
}

// Findings makes Error a finding.Reporter.
func (e *Error) Findings() []finding.Finding {
	f := e.Finding(finding.High)
	f.Excerpt, f.Hint = e.Excerpt, cmp.Or(f.Hint, e.Hint)
	return []finding.Finding{f}
}

// Merge is the warnings of sheets without repetition, sorted by place, at most
// limit of them, and the count of those left out. Sheets that import one
// partial repeat its warnings.
func Merge(sheets []*Sheet, limit int) ([]Message, int) {
	var all []Message
	omitted := 0
	for _, sheet := range sheets {
		all = append(all, sheet.Warnings...)
		omitted += sheet.Omitted
	}
	all = sortMessages(all)
	if len(all) > limit {
		omitted += len(all) - limit
		all = all[:limit]
	}
	return all, omitted
}

// sortMessages sorts by place and drops repetitions.
func sortMessages(messages []Message) []Message {
	slices.SortFunc(messages, func(a, b Message) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(messages)
}

// lineAt is the line (from 1) and its text at offset, counted in UTF-16 units
// from the start of content. Sass ends lines at \n, \r\n, \r and \f.
func lineAt(content string, offset int) (int, string) {
	units := utf16.Encode([]rune(content))
	offset = min(max(offset, 0), len(units))
	line, start := 1, 0
	for i := range offset {
		if endsLine(units, i) {
			line, start = line+1, i+1
		}
	}
	end := offset
	for end < len(units) && !strings.ContainsRune("\n\r\f", rune(units[end])) {
		end++
	}
	return line, string(utf16.Decode(units[start:max(start, end)]))
}

func endsLine(units []uint16, i int) bool {
	switch units[i] {
	case '\n', '\f':
		return true
	case '\r':
		return i+1 >= len(units) || units[i+1] != '\n'
	}
	return false
}
