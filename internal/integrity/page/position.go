package page

import (
	"bytes"
	"unicode/utf8"
)

// positions turns offsets into lines and columns. It is quick for offsets that
// grow.
type positions struct {
	text             []byte
	at, line, column int // the last answer
}

func (p *positions) of(offset int) (line, column int) {
	if offset < p.at || p.line == 0 {
		p.at, p.line, p.column = 0, 1, 1
	}
	for p.at < offset {
		r, n := utf8.DecodeRune(p.text[p.at:])
		switch {
		case r == '\n':
			p.line, p.column = p.line+1, 1
		case r > 0xffff:
			p.column += 2
		case p.at > 0 || r != '\ufeff':
			p.column++
		}
		p.at += n
	}
	return p.line, p.column
}

// indent is the white space before an offset, if there is nothing else on the
// line; ok says so.
func indent(text []byte, offset int) (space []byte, ok bool) {
	start := bytes.LastIndexByte(text[:offset], '\n') + 1
	space = text[start:offset]
	return space, len(bytes.Trim(space, " \t")) == 0
}
