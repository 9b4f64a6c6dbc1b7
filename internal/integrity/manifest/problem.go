package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/org/checkout-deploy/internal/release"
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

// Error is everything wrong with a manifest, in the order of the text.
type Error struct{ release.ProblemList[Problem] }

func (e *Error) Error() string { return e.Say("reading the manifest") }

func (e *Error) add(offset int, got, want string) {
	e.Add(Problem{Got: got, Want: want, offset: offset})
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
