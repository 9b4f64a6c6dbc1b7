package scope

import (
	"fmt"
	"strings"
)

// Error is a place where the source is not the JavaScript that Parse expects.
type Error struct {
	Offset int    // in bytes, from 0
	Line   int    // from 1
	Column int    // in bytes, from 1
	Got    string // what stands there
	Want   string // what may stand there
}

// Error names the place, what is there and what was expected.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d (byte %d): got %s, expected %s", e.Line, e.Column, e.Offset, e.Got, e.Want)
}

// newError finds the line and column of an offset in src.
func newError(src string, offset int, got, want string) *Error {
	before := src[:offset]
	return &Error{
		Offset: offset,
		Line:   strings.Count(before, "\n") + 1,
		Column: offset - strings.LastIndexByte(before, '\n'),
		Got:    got,
		Want:   want,
	}
}
