package bundle

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/finding"
)

// maxErrors bounds what is told: nobody corrects more at a time.
const maxErrors = 50

// SourceError is everything wrong with the sources: sorted by place, each once.
type SourceError struct {
	found []finding.Finding
	more  int // not told
}

func newSourceError(all []finding.Finding, more int) *SourceError {
	all = slices.Clone(all)
	finding.Sort(all)
	all = slices.Compact(all)
	if n := len(all) - maxErrors; n > 0 {
		all, more = all[:maxErrors], more+n
	}
	return &SourceError{all, more}
}

func (e *SourceError) Error() string {
	var lines []string
	for _, f := range e.Findings() {
		lines = append(lines, f.String())
		if f.Hint != "" {
			lines = append(lines, "  "+strings.ReplaceAll(f.Hint, "\n", "\n  "))
		}
	}
	return strings.Join(lines, "\n")
}

// Findings makes SourceError a finding.Reporter; paths are relative to
// Options.Root.
func (e *SourceError) Findings() []finding.Finding {
	if e.more == 0 {
		return e.found
	}
	return append(slices.Clip(e.found), finding.Finding{Rule: "build/more", Severity: finding.High, Message: "and " + strconv.Itoa(e.more) + " more errors"})
}

// JoinErrors is errors.Join, but that SourceErrors become one: passes and entries
// share sources, and so their mistakes.
func JoinErrors(errs ...error) error {
	var all []finding.Finding
	var others []error
	more := 0
	for _, err := range errs {
		var of *SourceError
		if errors.As(err, &of) {
			all, more = append(all, of.found...), more+of.more
		} else if err != nil {
			others = append(others, err)
		}
	}
	if len(all) > 0 {
		others = append(others, newSourceError(all, more))
	}
	if len(others) == 1 {
		return others[0]
	}
	return errors.Join(others...)
}

func messagesError(msgs []api.Message) error {
	var all []finding.Finding
	for _, m := range msgs {
		all = append(all, findingOf(m, finding.High))
	}
	return newSourceError(all, 0)
}

// findingOf is a message of esbuild's. Its columns are bytes from 0.
func findingOf(m api.Message, severity finding.Severity) finding.Finding {
	f := finding.Finding{Rule: "build/" + m.ID, Severity: severity, Message: m.Text, Location: locationOf(m.Location)}
	if m.ID == "" {
		f.Rule = "build/source"
	}
	if l := f.Location; m.Location != nil {
		f.Excerpt = finding.Excerpt(l.Line, m.Location.LineText, l.Column, l.EndColumn)
	}
	var notes []string
	for _, n := range m.Notes {
		note := finding.Finding{Message: n.Text, Location: locationOf(n.Location)}
		notes = append(notes, note.String())
	}
	f.Hint = strings.Join(notes, "\n")
	return f
}

func locationOf(l *api.Location) finding.Location {
	if l == nil {
		return finding.Location{}
	}
	out := finding.Location{Path: l.File, Line: l.Line, Column: 1 + units(l.LineText, l.Column)}
	if l.Length > 0 {
		out.EndLine, out.EndColumn = l.Line, 1+units(l.LineText, l.Column+l.Length)
	}
	return out
}

// units counts the UTF-16 code units of a line's first bytes.
func units(line string, bytes int) int {
	return len(utf16.Encode([]rune(line[:min(bytes, len(line))])))
}
