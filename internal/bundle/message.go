package bundle

import (
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/finding"
)

// SourceError is every error that esbuild found in the sources.
type SourceError struct{ found []finding.Finding }

func (e *SourceError) Error() string {
	lines := make([]string, len(e.found))
	for i, f := range e.found {
		lines[i] = f.String()
		if f.Hint != "" {
			lines[i] += "\n  " + strings.ReplaceAll(f.Hint, "\n", "\n  ")
		}
	}
	return strings.Join(lines, "\n")
}

// Findings makes SourceError a finding.Reporter; paths are relative to
// Options.Root.
func (e *SourceError) Findings() []finding.Finding { return e.found }

func messagesError(msgs []api.Message) error {
	e := &SourceError{}
	for _, m := range msgs {
		f := findingOf(m, finding.High)
		if missingPackage.MatchString(m.Text) {
			// esbuild would have it marked external, which no page could load.
			f.Hint = "are the project's packages installed? Try npm ci in its folder"
		}
		e.found = append(e.found, f)
	}
	return e
}

var missingPackage = regexp.MustCompile(`^Could not resolve "[^./]`)

// findingOf is a message of esbuild's. Its columns are bytes from 0.
func findingOf(m api.Message, severity finding.Severity) finding.Finding {
	f := finding.Finding{Rule: "build/" + m.ID, Severity: severity, Message: m.Text, Location: locationOf(m.Location)}
	if m.ID == "" {
		f.Rule = "build/source"
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
