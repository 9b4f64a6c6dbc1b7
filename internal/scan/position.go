//go:build goexperiment.jsonv2

package scan

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf16"
)

// place is where a byte is: a line and a column in UTF-16 code units, from 1.
type place struct{ line, column int }

// position walks through a text and knows where it is.
type position struct {
	place
	in     *bufio.Reader
	offset int
}

func newPosition(r io.Reader) *position {
	return &position{place: place{1, 1}, in: bufio.NewReaderSize(r, 64<<10)}
}

// advance goes on to offset, or to the end of a text that has become shorter. A
// byte that is no UTF-8 is a column, as in editors.
func (p *position) advance(offset int) error {
	for p.offset < offset {
		r, size, err := p.in.ReadRune()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.offset += size
		if r == '\n' {
			p.place = place{p.line + 1, 1}
		} else {
			p.column += utf16.RuneLen(r)
		}
	}
	return nil
}
