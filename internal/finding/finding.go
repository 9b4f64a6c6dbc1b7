// Package finding holds what actions see and say: a Finding has a rule, a
// severity, a place and a sentence. Annotations, reports, SARIF and the gate
// read the same findings.
package finding

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Severity is how bad a finding is. The words are those of CVSS's qualitative
// scale (v3.1, section 5), with Info for "none".
type Severity string

const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities lists every Severity, the mildest first.
var Severities = []Severity{Info, Low, Medium, High, Critical}

// Rank orders severities: 0 for Info to 4 for Critical, -1 for any other word.
func (s Severity) Rank() int { return slices.Index(Severities, s) }

// Location is a place in a file. The zero Location is no place.
type Location struct {
	// Path is relative to the repository, with "/"; "" for no file.
	Path string
	// Line and Column count from 1, 0 for unknown. Column counts UTF-16 code
	// units, as SARIF, editors and annotations do.
	Line, Column int
	// EndLine and EndColumn are the end, exclusive in columns; 0 for unknown.
	EndLine, EndColumn int
}

// String is path:line:column as compilers write it, without what is unknown. A path
// that is no line of text, as one with a line end, is quoted.
func (l Location) String() string {
	s := l.Path
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		s = strconv.Quote(s)
	}
	for _, n := range []int{l.Line, l.Column} {
		if n <= 0 {
			break
		}
		s += ":" + strconv.Itoa(n)
	}
	return s
}

// Finding is something seen.
type Finding struct {
	// Rule is its kind's stable name, "<capability>/<rule>", such as
	// "config/unknown-key".
	Rule     string
	Severity Severity
	// Message says in a sentence what was got and what is allowed. It may hold
	// text of unknown origin: whoever shows it escapes it.
	Message string
	// Hint is what to try; may be empty.
	Hint     string
	Location Location
	// Excerpt is the line of the place and a mark below what is meant, for logs: a
	// viewer of the file shows it anyway. May be empty.
	Excerpt string
	// Fingerprint is what stays the same when the finding moves or its message's
	// numbers change. "" where rule, path and message say enough.
	Fingerprint string
}

// String is one line for a terminal's log.
func (f Finding) String() string {
	s := f.Message
	if at := f.Location.String(); at != "" {
		s = at + ": " + s
	}
	return s
}

// Reporter is an error, or anything else, that is made of findings.
type Reporter interface{ Findings() []Finding }

// Sort orders findings by severity, the worst first, then by place and rule.
func Sort(all []Finding) {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			strings.Compare(a.Location.Path, b.Location.Path),
			cmp.Compare(a.Location.Line, b.Location.Line),
			cmp.Compare(a.Location.Column, b.Location.Column),
			strings.Compare(a.Rule, b.Rule),
		)
	})
}
