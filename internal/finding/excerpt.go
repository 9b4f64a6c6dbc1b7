package finding

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Of a long line an excerpt shows so many characters, and so many of them before
// what is meant.
const (
	excerptWidth = 100
	excerptLead  = 40
)

// Excerpt draws text, the line of that number, with marks below its columns from
// to to (from 1, to exclusive, in UTF-16 units as a Location's); at least one. It
// is "" for a blank line, and for what is no text.
func Excerpt(line int, text string, from, to int) string {
	if strings.TrimSpace(text) == "" || strings.ContainsRune(text, 0) { // blank, or no text
		return ""
	}
	number := "|"
	if line > 0 {
		number = strconv.Itoa(line) + " |"
	}
	text, from, to = window(text, from, to)
	pad := strings.Repeat(" ", len(number)-1) + "|"
	marks := strings.Repeat("^", max(1, to-from))
	return fmt.Sprintf("  %s %s\n  %s %s%s", number, text, pad, blank(text, from-1), marks)
}

// window cuts a long line to what is around the place.
func window(text string, from, to int) (string, int, int) {
	units := utf16.Encode([]rune(text))
	from = min(max(from, 1), len(units)+1)
	to = min(to, len(units)+1)
	if len(units) <= excerptWidth {
		return text, from, to
	}
	start := max(0, from-1-excerptLead)
	end := min(len(units), start+excerptWidth)
	cut := string(utf16.Decode(units[start:end]))
	to = min(to, end+1)
	if end < len(units) {
		cut += "…"
	}
	if start > 0 {
		cut, start = "…"+cut, start-1
	}
	return cut, from - start, to - start
}

// blank is white space as wide as the first n units of text, tabs kept.
func blank(text string, n int) string {
	var b strings.Builder
	for _, r := range text {
		if n <= 0 {
			break
		}
		units := max(1, utf16.RuneLen(r)) // two for an emoji, which terminals show as wide as two
		if r == '\t' {
			b.WriteRune('\t')
		} else {
			b.WriteString(strings.Repeat(" ", units))
		}
		n -= units
	}
	return b.String()
}
