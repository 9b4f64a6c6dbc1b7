package action

import (
	"net/url"
	"slices"
	"strings"
)

// secrets are the values that nothing written may hold.
type secrets struct{ forms []string }

// shortLine is what a line of a secret may be and not be one itself: to hide the
// brace of a key in JSON would hide every brace.
const shortLine = 3

// add takes a value and the forms it is likely to be written in: each line of
// it, as the runner masks by line, and as part of a URL.
func (s *secrets) add(value string) {
	forms := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	for line := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if len(strings.TrimSpace(line)) > shortLine {
			forms = append(forms, line)
		}
	}
	for _, form := range forms {
		if strings.TrimSpace(form) != "" && !slices.Contains(s.forms, form) {
			s.forms = append(s.forms, form)
		}
	}
	// A longer form first, so that no rest of it stays.
	slices.SortStableFunc(s.forms, func(a, b string) int { return len(b) - len(a) })
}

// hide replaces secrets by the stars that the runner uses.
func (s *secrets) hide(text string) string {
	for _, form := range s.forms {
		text = strings.ReplaceAll(text, form, "***")
	}
	return text
}

func (s *secrets) in(text string) bool {
	return slices.ContainsFunc(s.forms, func(form string) bool { return strings.Contains(text, form) })
}
