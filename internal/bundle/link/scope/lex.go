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
		switch {
		case src[i+1] == '<':
			l.operator(tBinary, i, 2)
		case src[i+1] == '=':
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

func (l *lexer) str(start int, quote byte) {
	src := l.src
	i := start + 1
	for {
		c := src[i]
		if c == quote {
			break
		}
		switch c {
		case '\\':
			i++
			if src[i] == '\r' && src[i+1] == '\n' {
				i++
			}
		case '\n', '\r':
			l.failAt(start, "a string that does not end on its line", "a closing quote")
			return
		}
		if i >= l.end {
			l.failAt(start, "a string without end", "a closing quote")
			return
		}
		i++
	}
	l.tok, l.start, l.pos = tString, start, i+1
}

// template reads from the ` or } at start to the next ${ or `.
func (l *lexer) template(start int) {
	src := l.src
	for i := start + 1; i < l.end; i++ {
		switch src[i] {
		case '\\':
			i++
		case '`':
			l.closed = true
			l.take(tTemplate, start, i+1-start)
			return
		case '$':
			if src[i+1] == '{' {
				l.closed = false
				l.take(tTemplate, start, i+2-start)
				return
			}
		}
	}
	l.failAt(start, "a template without end", "a closing backtick")
}

// regexp reads the regular expression whose first slash is the current token.
// Classes end at the first `]` whatever the flags: that is the lexical rule,
// the `v` flag's nested classes only change what the pattern means.
func (l *lexer) regexp() {
	src := l.src
	inClass := false
	i := l.start + 1
scan:
	for ; ; i++ {
		switch src[i] {
		case '\\':
			i++
			if src[i] == '\n' || src[i] == '\r' {
				l.failAt(l.start, "a regular expression that does not end on its line", "`/`")
				return
			}
		case '[':
			inClass = true
		case ']':
			inClass = false
		case '/':
			if !inClass {
				break scan
			}
		case '\n', '\r':
			l.failAt(l.start, "a regular expression that does not end on its line", "`/`")
			return
		}
		if i >= l.end {
			l.failAt(l.start, "a regular expression without end", "`/`")
			return
		}
	}
	i++
	for class[src[i]]&identPart != 0 {
		i++
	}
	l.pos = i
}

// number reads a numeric literal: separators, prefixes, old octal forms and
// the bigint suffix included.
func (l *lexer) number(start int) {
	src := l.src
	i := start
	if src[i] == '0' && class[src[i+1]]&identStart != 0 && src[i+1]|0x20 != 'e' && src[i+1] != 'n' {
		for class[src[i]]&identPart != 0 { // 0x, 0b, 0o
			i++
		}
		l.take(tNumber, start, i-start)
		return
	}
	i = l.digits(i)
	if src[i] == '.' {
		i = l.digits(i + 1)
	}
	if src[i]|0x20 == 'e' {
		i++
		if src[i] == '+' || src[i] == '-' {
			i++
		}
		i = l.digits(i)
	} else if src[i] == 'n' {
		i++
	}
	if class[src[i]]&identStart != 0 {
		l.unexpected(i, "a number to end here")
		return
	}
	l.take(tNumber, start, i-start)
}

func (l *lexer) digits(i int) int {
	for class[l.src[i]]&digit != 0 || l.src[i] == '_' {
		i++
	}
	return i
}

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
