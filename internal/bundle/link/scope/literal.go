package scope

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeString returns the value of a string literal or of a template without
// substitutions, quotes included in s. Lone surrogates, which UTF-8 cannot
// hold, become U+FFFD.
func decodeString(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		if s[0] == '\r' { // only templates: line ends are \n in their value
			b = append(b, '\n')
			s = strings.TrimPrefix(s[1:], "\n")
			continue
		}
		if s[0] != '\\' || len(s) == 1 {
			b = append(b, s[0])
			s = s[1:]
			continue
		}
		var n int
		b, n = appendEscape(b, s)
		s = s[n:]
	}
	return string(b)
}

// appendEscape decodes the escape at the start of s, which has at least two
// bytes, and returns its length.
func appendEscape(b []byte, s string) ([]byte, int) {
	if i := strings.IndexByte("bfnrtv", s[1]); i >= 0 {
		return append(b, "\b\f\n\r\t\v"[i]), 2
	}
	switch c := s[1]; {
	case '0' <= c && c <= '7':
		r, n := 0, 1
		for n < len(s) && n < 4 && '0' <= s[n] && s[n] <= '7' && r*8+int(s[n]-'0') < 256 {
			r = r*8 + int(s[n]-'0')
			n++
		}
		return utf8.AppendRune(b, rune(r)), n
	case c == 'x' && len(s) >= 4 && hexValue(s[2]) >= 0 && hexValue(s[3]) >= 0:
		return utf8.AppendRune(b, rune(hexValue(s[2])<<4|hexValue(s[3]))), 4
	case c == 'u':
		r, n := unicodeEscape(s)
		if n == 0 {
			break
		}
		if utf16.IsSurrogate(r) && strings.HasPrefix(s[n:], `\u`) {
			if low, m := unicodeEscape(s[n:]); utf16.DecodeRune(r, low) != utf8.RuneError {
				return utf8.AppendRune(b, utf16.DecodeRune(r, low)), n + m
			}
		}
		return utf8.AppendRune(b, r), n
	case c == '\r' && len(s) > 2 && s[2] == '\n':
		return b, 3
	case c == '\n' || c == '\r':
		return b, 2
	case isLineSeparator(s[1:]):
		return b, 4
	}
	_, n := utf8.DecodeRuneInString(s[1:])
	return append(b, s[1:1+n]...), 1 + n
}
