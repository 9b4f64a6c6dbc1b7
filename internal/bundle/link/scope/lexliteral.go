package scope

// str reads a string literal.
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
