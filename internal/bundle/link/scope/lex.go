package scope

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer reads tokens on demand. The parser knows where an operand is due, so
// it alone decides whether `/` starts a regular expression and whether `}`
// continues a template: next never guesses.
type lexer struct {
	src string // the source and one NUL, so that looking at src[pos] needs no test
	end int    // length of the source
	names

	pos     int // first byte not read
	tok     token
	start   int    // of tok
	name    nameID // of tName, tPrivate and keywords
	newline bool   // a line terminator before tok
	escaped bool   // tName written with escapes
	closed  bool   // tTemplate ends with `
	prevEnd int    // end of the token before tok

	err *Error
}

// mark is a place to come back to.
type mark struct {
	pos, start, prevEnd int
	tok                 token
	name                nameID
	newline, escaped    bool
}

func (l *lexer) mark() mark {
	return mark{l.pos, l.start, l.prevEnd, l.tok, l.name, l.newline, l.escaped}
}

func (l *lexer) reset(m mark) {
	if l.err != nil {
		return
	}
	l.pos, l.start, l.prevEnd, l.tok, l.name, l.newline, l.escaped = m.pos, m.start, m.prevEnd, m.tok, m.name, m.newline, m.escaped
}

// failAt records the first error and ends the input, so that every loop of the
// parser ends without further tests.
func (l *lexer) failAt(offset int, got, want string) {
	if l.err == nil {
		l.err = newError(l.src[:l.end], offset, got, want)
	}
	l.tok, l.start, l.pos, l.newline = tEOF, l.end, l.end, false
}

// fail reports the current token.
func (l *lexer) fail(want string) {
	if l.err != nil {
		return
	}
	got := "the end of the file"
	if l.tok != tEOF {
		text := l.src[l.start:l.pos]
		if len(text) > 40 {
			text = text[:40] + "…"
		}
		got = quote(text)
	}
	l.failAt(l.start, got, want)
}

func quote(s string) string { return "`" + strings.ToValidUTF8(s, "\uFFFD") + "`" }

// Classes of bytes.
const (
	identStart = 1 << iota
	identPart
	digit
)

var class = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] = identStart | identPart
		t[c-'a'+'A'] = identStart | identPart
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = identPart | digit
	}
	t['$'] = identStart | identPart
	t['_'] = identStart | identPart
	return
}()

// next reads a token. A slash is tSlash or tSlashAssign, `}` is tRBrace.
func (l *lexer) next() {
	l.prevEnd = l.pos
	l.newline = false
	src := l.src
	i := l.pos
again:
	c := src[i]
	if class[c]&identStart != 0 {
		j := i + 1
		for class[src[j]]&identPart != 0 {
			j++
		}
		if src[j] == '\\' || src[j] >= utf8.RuneSelf {
			l.slowName(i)
			return
		}
		l.start, l.pos = i, j
		l.escaped = false
		text := src[i:j]
		id := l.intern(text, hashName(text))
		l.name = id
		if int(id) < numKeywords {
			l.tok = firstKeyword + token(id)
		} else {
			l.tok = tName
		}
		return
	}
	switch c {
	case ' ', '\t', '\v', '\f':
		i++
		goto again
	case '\n', '\r':
		l.newline = true
		i++
		goto again
	case '(':
		l.take(tLParen, i, 1)
	case ')':
		l.take(tRParen, i, 1)
	case '{':
		l.take(tLBrace, i, 1)
	case '}':
		l.take(tRBrace, i, 1)
	case '[':
		l.take(tLBracket, i, 1)
	case ']':
		l.take(tRBracket, i, 1)
	case ';':
		l.take(tSemicolon, i, 1)
	case ',':
		l.take(tComma, i, 1)
	case ':':
		l.take(tColon, i, 1)
	case '~':
		l.take(tNot, i, 1)
	case '@':
		l.take(tAt, i, 1)
	case '"', '\'':
		l.str(i, c)
	case '`':
		l.template(i)
	case '.':
		switch {
		case class[src[i+1]]&digit != 0:
			l.number(i)
		case src[i+1] == '.' && src[i+2] == '.':
			l.take(tEllipsis, i, 3)
		default:
			l.take(tDot, i, 1)
		}
	case '=':
		switch {
		case src[i+1] == '>':
			l.take(tArrow, i, 2)
		case src[i+1] != '=':
			l.take(tAssign, i, 1)
		case src[i+2] == '=':
			l.take(tBinary, i, 3)
		default:
			l.take(tBinary, i, 2)
		}
	case '!':
		switch {
		case src[i+1] != '=':
			l.take(tNot, i, 1)
		case src[i+2] == '=':
			l.take(tBinary, i, 3)
		default:
			l.take(tBinary, i, 2)
		}
	case '?':
		switch {
		case src[i+1] == '?' && src[i+2] == '=':
			l.take(tAssignOp, i, 3)
		case src[i+1] == '?':
			l.take(tBinary, i, 2)
		case src[i+1] == '.' && class[src[i+2]]&digit == 0:
			l.take(tOptional, i, 2)
		default:
			l.take(tQuestion, i, 1)
		}
	case '&', '|':
		n := 1
		if src[i+1] == c {
			n = 2
		}
		l.operator(tBinary, i, n)
	case '^', '%':
		l.operator(tBinary, i, 1)
	case '*':
		if src[i+1] == '*' {
			l.operator(tBinary, i, 2)
		} else {
			l.operator(tStar, i, 1)
		}
	case '<':
		switch src[i+1] {
		case '<':
			l.operator(tBinary, i, 2)
		case '=':
			l.take(tBinary, i, 2)
		default:
			l.take(tBinary, i, 1)
		}
	case '>':
		n := 1
		for n < 3 && src[i+n] == '>' {
			n++
		}
		if n == 1 && src[i+1] == '=' {
			l.take(tBinary, i, 2)
		} else if n == 1 {
			l.take(tBinary, i, 1)
		} else {
			l.operator(tBinary, i, n)
		}
	case '+', '-':
		if src[i+1] == c {
			l.take(tIncDec, i, 2)
		} else {
			l.operator(tPlusMinus, i, 1)
		}
	case '/':
		switch src[i+1] {
		case '/':
			i = l.lineEnd(i + 2)
			goto again
		case '*':
			i = l.comment(i)
			goto again
		case '=':
			l.take(tSlashAssign, i, 2)
		default:
			l.take(tSlash, i, 1)
		}
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		l.number(i)
	case '#':
		if i == 0 && src[1] == '!' {
			i = l.lineEnd(2)
			goto again
		}
		if class[src[i+1]]&identStart == 0 && src[i+1] != '\\' && src[i+1] < utf8.RuneSelf {
			l.unexpected(i, "a private name")
			return
		}
		l.slowName(i + 1)
		if l.err == nil {
			l.tok, l.start = tPrivate, i
		}
	case '\\':
		l.slowName(i)
	case 0:
		if i >= l.end {
			l.tok, l.start, l.pos = tEOF, l.end, l.end
			return
		}
		l.unexpected(i, "a token")
	default:
		if c < utf8.RuneSelf {
			l.unexpected(i, "a token")
			return
		}
		r, n := utf8.DecodeRuneInString(src[i:l.end])
		switch {
		case r == '\u2028' || r == '\u2029':
			l.newline = true
			i += n
			goto again
		case r == '\uFEFF' || unicode.Is(unicode.Zs, r):
			i += n
			goto again
		}
		l.slowName(i)
	}
}

func (l *lexer) take(t token, start, n int) {
	l.tok, l.start, l.pos = t, start, start+n
}

// operator takes an operator of n bytes, or its assignment form.
func (l *lexer) operator(t token, start, n int) {
	if l.src[start+n] == '=' {
		t = tAssignOp
		n++
	}
	l.take(t, start, n)
}

// unexpected reports the character at i.
func (l *lexer) unexpected(i int, want string) {
	_, n := utf8.DecodeRuneInString(l.src[i:l.end])
	if n == 0 {
		l.failAt(l.end, "the end of the file", want)
		return
	}
	l.failAt(i, quote(l.src[i:i+n]), want)
}

// lineEnd returns the offset of the next line terminator.
func (l *lexer) lineEnd(i int) int {
	for i < l.end {
		switch c := l.src[i]; {
		case c == '\n' || c == '\r':
			return i
		case c == 0xE2 && isLineSeparator(l.src[i:l.end]):
			return i
		}
		i++
	}
	return l.end
}

// isLineSeparator reports whether s starts with U+2028 or U+2029.
func isLineSeparator(s string) bool {
	return len(s) >= 3 && s[0] == 0xE2 && s[1] == 0x80 && s[2]&^1 == 0xA8
}

func (l *lexer) comment(start int) int {
	n := strings.Index(l.src[start+2:l.end], "*/")
	if n < 0 {
		l.failAt(start, "a comment without end", "`*/`")
		return l.end
	}
	body := l.src[start : start+2+n]
	if strings.ContainsAny(body, "\n\r\u2028\u2029") {
		l.newline = true
	}
	return start + 2 + n + 2
}
