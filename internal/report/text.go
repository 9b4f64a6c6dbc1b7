package report

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible returns text of unknown origin with what can't be seen written out:
// "‹U+202E›" for a character that turns the reading direction, and so for every
// other control or format character but line ends, tabs and the two joiners
// that scripts and emoji need. A report must not look other than it is.
func visible(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == '\u200c' || r == '\u200d':
			out.WriteRune(r)
		case r == '\r' || r == '\u2028' || r == '\u2029':
			out.WriteByte('\n')
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&out, "‹U+%04X›", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// line is visible text on one line, without space at its ends.
func line(s string) string {
	return strings.Join(strings.Fields(visible(s)), " ")
}

// clip shortens text to at most n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// address returns a web address in a form that ends neither an attribute nor a
// Markdown link, or "" for anything that is no web address.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || line(s) != s {
		return ""
	}
	return strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\"", "%22", "'", "%27",
		"|", "%7C", "\\", "%5C", "`", "%60", "*", "%2A", "_", "%5F", "@", "%40", "$", "%24").Replace(u.String())
}
