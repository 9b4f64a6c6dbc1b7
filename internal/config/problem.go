package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// The rules of a configuration's findings. The schema can express what
// ruleUnknownKey, ruleMissing and ruleValue say, and ruleSection.
const (
	ruleFile       = "config/file"        // not a file to read: too large, empty, two of them
	ruleYAML       = "config/yaml"        // not YAML, or more of it than is read
	ruleUnknownKey = "config/unknown-key" // a key that nothing reads
	ruleSection    = "config/section"     // a section of a later version
	ruleMissing    = "config/missing"     // a required key is not there
	ruleValue      = "config/value"       // a value of the wrong kind or form
	ruleConflict   = "config/conflict"    // values that don't go together
	ruleVariable   = "config/variable"    // ${NAME} that can't be replaced
	ruleSecret     = "config/secret"      // what must not stand in the file, or go into it
	ruleSources    = "config/sources"     // nothing to build
	ruleInput      = "config/input"       // an action's input, or a flag
)

// Problem is one thing wrong with the file, or with an input that overrides it.
type Problem struct {
	// Rule is its kind: "config/unknown-key", "config/value" and so on.
	Rule string
	// Line and Column count from 1, columns in UTF-16 code units; Line 0 means
	// the file as a whole.
	Line, Column int
	// Input names the input that is wrong; "" where it is the file.
	Input   string
	Message string
	Hint    string // what to try; may be empty
}

// Error is everything wrong with a configuration, in the file's order, inputs
// first. It is a finding.Reporter.
type Error struct {
	File     string // "" where there is none
	Problems []Problem
}

var _ finding.Reporter = (*Error)(nil)

// Error has one line a problem, as compilers write them, then each hint once.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = e.finding(p).String()
		if p.Line == 0 && p.Input == "" && e.File != "" {
			lines[i] = e.File + ": " + p.Message
		}
	}
	for _, p := range e.Problems {
		if p.Hint != "" && !slices.Contains(lines, p.Hint) {
			lines = append(lines, p.Hint)
		}
	}
	return strings.Join(lines, "\n")
}

// Findings has a finding of high severity for each problem.
func (e *Error) Findings() []finding.Finding {
	all := make([]finding.Finding, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = e.finding(p)
	}
	return all
}

func (e *Error) finding(p Problem) finding.Finding {
	f := finding.Finding{Rule: p.Rule, Severity: finding.High, Message: p.Message, Hint: p.Hint}
	if p.Input != "" {
		f.Message = "input " + p.Input + ": " + p.Message
		return f
	}
	f.Location = finding.Location{Path: e.File, Line: p.Line, Column: p.Column}
	return f
}

// maxProblems bounds the report; nobody corrects more at a time.
const maxProblems = 50

// problems collects what is wrong. Until err, lines and columns are the YAML
// library's.
type problems struct {
	list []Problem
	more int
}

// add reports a problem at a place, with what looks like a secret taken out.
func (p *problems) add(rule string, line, column int, format string, args ...any) {
	p.put(Problem{Rule: rule, Line: line, Column: column, Message: redact(fmt.Sprintf(format, args...))})
}

// at reports a value that is not of the wanted kind.
func (p *problems) at(n *node, format string, args ...any) { p.report(ruleValue, n, format, args...) }

func (p *problems) report(rule string, n *node, format string, args ...any) {
	p.add(rule, n.line, n.column, format, args...)
}

// secret reports what must not be in the file, or be put into it.
func (p *problems) secret(line, column int, format string, args ...any) {
	p.put(Problem{Rule: ruleSecret, Line: line, Column: column, Message: redact(fmt.Sprintf(format, args...)), Hint: secretsBelong})
}

// input reports a problem of an input that overrides the file.
func (p *problems) input(name, format string, args ...any) {
	p.put(Problem{Rule: ruleInput, Input: name, Message: redact(fmt.Sprintf(format, args...))})
}

func (p *problems) put(found Problem) {
	sameSecret := func(other Problem) bool {
		return other.Rule == ruleSecret && other.Line == found.Line && other.Column == found.Column && found.Line > 0
	}
	// A key may be asked for twice; and of a secret no other message says more.
	if slices.Contains(p.list, found) || slices.ContainsFunc(p.list, sameSecret) {
		return
	}
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, found)
}

// err makes the error of what was collected, nil for nothing. data is the file,
// to place the problems in it as editors do.
func (p *problems) err(file string, data []byte) error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(inputsFirst(a, b), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	for i, found := range p.list {
		p.list[i].Line, p.list[i].Column = editorPlace(data, found.Line, found.Column)
	}
	if p.more > 0 {
		p.list = append(p.list, Problem{Rule: ruleFile, Message: fmt.Sprintf("and %d more problems", p.more)})
	}
	return &Error{File: file, Problems: p.list}
}

func inputsFirst(a, b Problem) int {
	switch {
	case a.Input != "" && b.Input == "":
		return -1
	case a.Input == "" && b.Input != "":
		return 1
	}
	return strings.Compare(a.Input, b.Input)
}

// quote shows text of the file, cut to 80 bytes, without what looks like a
// secret: cut, it might not be recognised later.
func quote(s string) string {
	s = redact(s)
	if len(s) > 80 {
		return fmt.Sprintf("%q… (%d bytes)", strings.ToValidUTF8(s[:80], ""), len(s))
	}
	return strconv.Quote(s)
}

// oneOf lists what is allowed.
func oneOf[T ~string](allowed []T) string { return strings.Join(stringsOf(allowed), ", ") }
