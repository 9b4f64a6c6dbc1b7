package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/finding"
)

// The rules of what is wrong with the file itself.
const (
	ruleFile       = "inventory/file"        // too large, empty, not YAML
	ruleUnknownKey = "inventory/unknown-key" // a key that nothing reads
	ruleValue      = "inventory/value"       // a value of the wrong kind or form
	ruleConflict   = "inventory/conflict"    // values that don't go together
)

// Error is everything wrong with an inventory's form, in the file's order.
type Error struct{ Problems []finding.Finding }

var _ finding.Reporter = (*Error)(nil)

// Error has one line a problem, as compilers write them, then each hint once.
func (e *Error) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	for _, p := range e.Problems {
		if p.Hint != "" && !slices.Contains(lines, p.Hint) {
			lines = append(lines, p.Hint)
		}
	}
	return strings.Join(lines, "\n")
}

// Findings has a finding of high severity for each problem.
func (e *Error) Findings() []finding.Finding { return slices.Clone(e.Problems) }

// maxProblems bounds the report; nobody corrects more at a time.
const maxProblems = 50

type place struct{ line, column int }

// problems collects what is wrong.
type problems struct {
	file  string
	lines []string
	list  []finding.Finding
	more  int
}

func (p *problems) at(n *yaml.Node, rule, format string, args ...any) {
	where := place{}
	if n != nil {
		where = place{n.Line, n.Column}
	}
	p.add(where, rule, format, args...)
}

func (p *problems) add(at place, rule, format string, args ...any) {
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, finding.Finding{
		Rule: rule, Severity: finding.High, Message: fmt.Sprintf(format, args...),
		Location: finding.Location{Path: p.file, Line: at.line, Column: p.column(at)},
	})
}

// column turns the YAML library's column, in characters, into UTF-16 code units.
func (p *problems) column(at place) int {
	if at.line < 1 || at.line > len(p.lines) {
		return at.column
	}
	units, left := 1, at.column-1
	for _, r := range p.lines[at.line-1] {
		if left--; left < 0 {
			break
		}
		units += utf16.RuneLen(r)
	}
	return units
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(a.Location.Line, b.Location.Line), cmp.Compare(a.Location.Column, b.Location.Column))
	})
	if p.more > 0 {
		p.list = append(p.list, finding.Finding{
			Rule: ruleFile, Severity: finding.High, Message: fmt.Sprintf("and %d more problems", p.more),
			Location: finding.Location{Path: p.file},
		})
	}
	return &Error{p.list}
}

// quote shows text of the file, cut to 120 bytes.
func quote(s string) string {
	const most = 120
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q… (%d bytes)", s[:cut], len(s))
}
