package imports

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// A cursor walks over source text. Its methods skip white space and comments
// before they look, and leave the position alone when they do not find what
// they were asked for.
type cursor struct {
	src []byte
	at  int
	// newline tells whether a line break precedes the token that space went to;
	// statements may end at one.
	newline bool
	// spaced is one more than the offset space went to: asked again there, it
	// keeps its answer.
	spaced int
	// bad is set at text no reader here should guess about: an unterminated
	// comment, a character that is neither space nor identifier.
	bad bool
}

func (c *cursor) eof() bool { return c.at >= len(c.src) }

// space skips white space and comments.
func (c *cursor) space() {
	if c.spaced == c.at+1 {
		return
	}
	c.newline = false
	c.skipSpace()
	c.spaced = c.at + 1
}

func (c *cursor) skipSpace() {
	for c.at < len(c.src) {
		switch b := c.src[c.at]; {
		case b == '\n' || b == '\r':
			c.newline = true
			c.at++
		case b == ' ' || b == '\t' || b == '\v' || b == '\f':
			c.at++
		case b == '/':
			if !c.comment() {
				return
			}
		case b >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(c.src[c.at:])
			if r == '\u2028' || r == '\u2029' {
				c.newline = true
			} else if r != '\ufeff' && !unicode.Is(unicode.Zs, r) {
				return
			}
			c.at += size
		default:
			return
		}
	}
}

// comment skips the comment at the position; false when there is none.
func (c *cursor) comment() bool {
	if c.at+1 >= len(c.src) {
		return false
	}
	switch c.src[c.at+1] {
	case '/':
		c.at = lineEnd(c.src, c.at+2)
		return true
	case '*':
		end := commentEnd(c.src, c.at+2)
		if end < 0 {
			c.bad = true
			return false
		}
		c.newline = c.newline || lineEnd(c.src, c.at) < end
		c.at = end
		return true
	}
	return false
}

// word reads an identifier or keyword; "" when there is none.
func (c *cursor) word() string {
	c.space()
	end := wordEnd(c.src, c.at)
	if end == c.at {
		return ""
	}
	w := c.src[c.at:end]
	c.at = end
	return string(w)
}

// peekWord is word without moving on, and without making a string.
func (c *cursor) peekWord() []byte {
	c.space()
	return c.src[c.at:wordEnd(c.src, c.at)]
}

// keyword moves past the word k.
func (c *cursor) keyword(k string) bool {
	w := c.peekWord()
	if string(w) != k {
		return false
	}
	c.at += len(k)
	return true
}

// peek gives the next byte that is neither space nor comment, 0 at the end.
func (c *cursor) peek() byte {
	c.space()
	if c.eof() {
		return 0
	}
	return c.src[c.at]
}

func (c *cursor) punct(b byte) bool {
	if c.peek() != b || c.eof() {
		return false
	}
	c.at++
	return true
}

// text reads a quoted string without escapes. Names and specifiers with escapes
// are legal and practically absent; whoever meets one gives up.
func (c *cursor) text() (string, bool) {
	q := c.peek()
	if q != '"' && q != '\'' {
		return "", false
	}
	for i := c.at + 1; i < len(c.src); i++ {
		switch c.src[i] {
		case q:
			s := string(c.src[c.at+1 : i])
			if !utf8.ValidString(s) {
				return "", false
			}
			c.at = i + 1
			return s, true
		case '\\', '\n', '\r':
			return "", false
		}
	}
	return "", false
}

// isWord tells the ASCII bytes that identifiers are made of.
var isWord = func() (t [256]bool) {
	for b := range t {
		t[b] = b == '_' || b == '$' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
	}
	return
}()

// wordEnd gives where the identifier that starts at i ends; i when none does.
func wordEnd(src []byte, i int) int {
	start := i
	if i < len(src) && '0' <= src[i] && src[i] <= '9' {
		return i
	}
	for i < len(src) {
		if isWord[src[i]] {
			i++
			continue
		}
		if src[i] == '\\' {
			return start // an escape in an identifier: not read here
		}
		if src[i] < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRune(src[i:])
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Nl, r) &&
			!(i > start && (unicode.Is(unicode.M, r) || unicode.IsDigit(r) || unicode.Is(unicode.Pc, r) || r == '\u200c' || r == '\u200d')) {
			break
		}
		i += size
	}
	return i
}

func lineEnd(src []byte, i int) int {
	for ; i < len(src); i++ {
		if n := lineBreak(src, i); n > 0 {
			return i
		}
	}
	return i
}

// commentEnd gives the offset behind the next "*/" from i on, -1 without one.
func commentEnd(src []byte, i int) int {
	if i > len(src) {
		return -1
	}
	if n := bytes.Index(src[i:], []byte("*/")); n >= 0 {
		return i + n + 2
	}
	return -1
}

// lineBreak gives the length in bytes of the line break at i, 0 for none. CR LF is
// one break.
func lineBreak(src []byte, i int) int {
	switch src[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(src) && src[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xE2: // U+2028, U+2029
		if i+2 < len(src) && src[i+1] == 0x80 && src[i+2]&^1 == 0xA8 {
			return 3
		}
	}
	return 0
}

// lineBreaks counts line breaks as JavaScript and source maps do.
func lineBreaks(src []byte) int {
	count := 0
	for i := 0; i < len(src); {
		size := lineBreak(src, i)
		if size == 0 {
			i++
			continue
		}
		count++
		i += size
	}
	return count
}
