package scope

import (
	"unicode"
	"unicode/utf8"
)

// slowName reads an identifier with escapes or characters beyond ASCII.
func (l *lexer) slowName(start int) {
	var text []byte
	escaped := false
	i := start
	for i < l.end {
		c := l.src[i]
		if class[c]&identPart != 0 {
			text = append(text, c)
			i++
			continue
		}
		var r rune
		n := 0
		switch {
		case c == '\\':
			r, n = unicodeEscape(l.src[i:l.end])
			if n == 0 || !isNameRune(r) {
				l.failAt(i, quote(l.src[i:min(i+2, l.end)]), "a unicode escape of a letter")
				return
			}
			escaped = true
		case c >= utf8.RuneSelf:
			r, n = utf8.DecodeRuneInString(l.src[i:l.end])
			if r == utf8.RuneError && n == 1 {
				l.failAt(i, quote(l.src[i:i+1]), "UTF-8")
				return
			}
			if !isNameRune(r) {
				n = 0
			}
		}
		if n == 0 {
			break
		}
		text = utf8.AppendRune(text, r)
		i += n
	}
	if i == start {
		l.unexpected(i, "a token")
		return
	}
	l.start, l.pos, l.tok, l.escaped = start, i, tName, escaped
	s := string(text)
	l.name = l.intern(s, hashName(s))
}

// unicodeEscape decodes \uXXXX or \u{…} at the start of s; n is 0 if it is
// neither.
func unicodeEscape(s string) (r rune, n int) {
	if len(s) < 3 || s[1] != 'u' {
		return 0, 0
	}
	if s[2] != '{' {
		if len(s) < 6 {
			return 0, 0
		}
		for _, c := range []byte(s[2:6]) {
			d := hexValue(c)
			if d < 0 {
				return 0, 0
			}
			r = r<<4 | rune(d)
		}
		return r, 6
	}
	for i := 3; i < len(s); i++ {
		if s[i] == '}' && i > 3 {
			return r, i + 1
		}
		d := hexValue(s[i])
		if r = r<<4 | rune(d); d < 0 || r > unicode.MaxRune {
			return 0, 0
		}
	}
	return 0, 0
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// isNameRune accepts what may stand in an identifier by any Unicode version:
// all that is not white space, punctuation or a control character. Go's tables
// may be older than esbuild's, and a letter taken for an error is worse here
// than the reverse.
func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return class[byte(r)]&identPart != 0
	}
	switch r {
	case '\u200C', '\u200D', '\u00B7', '\u0387':
		return true
	case '\uFEFF', utf8.RuneError:
		return false
	}
	return !unicode.Is(unicode.Pattern_Syntax, r) && !unicode.Is(unicode.Pattern_White_Space, r) &&
		!unicode.Is(unicode.Z, r) && !unicode.Is(unicode.Cc, r)
}

// property reads the name after the current dot and moves on. Property names
// are never renamed, so they are not looked up.
func (l *lexer) property() {
	i := l.pos
	if class[l.src[i]]&identStart != 0 {
		j := i + 1
		for class[l.src[j]]&identPart != 0 {
			j++
		}
		if l.src[j] != '\\' && l.src[j] < utf8.RuneSelf {
			l.pos = j
			l.next()
			return
		}
	}
	l.next()
	if l.tok != tName && l.tok != tPrivate && l.tok < firstKeyword {
		l.fail("a property name")
		return
	}
	l.next()
}

// colonFollows reports whether the current name is a label or a property key.
func (l *lexer) colonFollows() bool {
	switch l.src[l.pos] {
	case ':':
		return true
	case ' ', '\t', '\n', '\r', '/':
		m := l.mark()
		l.next()
		is := l.tok == tColon
		l.reset(m)
		return is
	}
	return false
}
