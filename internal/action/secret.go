package action

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// secrets are the values that nothing written may hold.
type secrets struct{ forms []string }

// shortLine is what a line of a secret may be and not be one itself: to hide the
// brace of a key in JSON would hide every brace.
const shortLine = 3

// add takes a value and the forms it is likely to be written in: each line of
// it, as the runner masks by line, as part of a URL, quoted, and in base64.
func (s *secrets) add(value string) {
	forms := []string{
		value, url.QueryEscape(value), url.PathEscape(value), inQuotes(strconv.Quote(value)), inQuotes(strconv.QuoteToASCII(value)),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
	}
	if text, err := json.Marshal(value); err == nil {
		forms = append(forms, inQuotes(string(text)))
	}
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

func inQuotes(quoted string) string { return quoted[1 : len(quoted)-1] }

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
