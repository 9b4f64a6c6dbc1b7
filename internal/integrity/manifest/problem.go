package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing wrong with a manifest's text.
type Problem struct {
	Line, Column int // from 1; columns in UTF-16 code units
	Got, Want    string

	offset int
}

func (p Problem) String() string {
	return fmt.Sprintf("%d:%d: got %s, want %s", p.Line, p.Column, p.Got, p.Want)
}

// Error is everything wrong with a manifest: the first twenty problems, in the
// order of the text, and how many more there are.
type Error struct {
	Problems []Problem
	More     int
}

func (e *Error) Error() string {
	var b strings.Builder
	n := len(e.Problems) + e.More
	if n == 1 {
		return "reading the manifest: " + e.Problems[0].String()
	}
	fmt.Fprintf(&b, "reading the manifest: %d problems:", n)
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

const maxProblems = 20

func (e *Error) add(offset int, got, want string) {
	if len(e.Problems) >= maxProblems {
		e.More++
		return
	}
	e.Problems = append(e.Problems, Problem{Got: got, Want: want, offset: offset})
}

// in gives the problems their places in text, and is nil for none.
func (e *Error) in(text string) error {
	if len(e.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(e.Problems, func(a, b Problem) int { return cmp.Compare(a.offset, b.offset) })
	l := newLocator(text)
	for i := range e.Problems {
		p := &e.Problems[i]
		p.Line, p.Column = l.at(p.offset)
	}
	return e
}

// locator turns offsets into lines and columns. Offsets have to rise, so that a
// text on a single line is gone through once.
type locator struct {
	text                 string
	offset, line, column int
}

func newLocator(text string) *locator { return &locator{text, 0, 1, 1} }

func (l *locator) at(offset int) (line, column int) {
	for l.offset < min(offset, len(l.text)) {
		r, n := utf8.DecodeRuneInString(l.text[l.offset:])
		l.offset += n
		switch {
		case r == '\n':
			l.line++
			l.column = 1
		case r > 0xffff:
			l.column += 2
		default:
			l.column++
		}
	}
	return l.line, l.column
}

// quote shows a text of unknown origin: escaped, and cut.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		return fmt.Sprintf("%q… (%d bytes)", strings.ToValidUTF8(s[:most], ""), len(s))
	}
	return fmt.Sprintf("%q", s)
}
