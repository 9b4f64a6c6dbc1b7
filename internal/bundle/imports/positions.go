package imports

import (
	"sort"
	"unicode/utf8"
)

// Positions finds places of a rewritten text in the original. Lines and columns
// count from zero, columns in UTF-16 code units, as source maps do.
type Positions struct {
	old, new text
	edits    []shifted
}

// A shifted edit knows where it lies in the new text.
type shifted struct {
	Edit
	newStart int
}

// NewPositions takes what Rewrite was given and gave.
func NewPositions(original, rewritten []byte, edits []Edit) *Positions {
	p := &Positions{old: newText(original), new: newText(rewritten)}
	moved := 0
	for _, e := range edits {
		p.edits = append(p.edits, shifted{e, e.Start + moved})
		moved += e.NewLen - (e.End - e.Start)
	}
	return p
}

// Original gives the line and column in the original text. A place inside a
// replaced statement leads to the statement's start; one behind the end of a line
// to the line's end.
func (p *Positions) Original(line, column int) (int, int) {
	return p.old.position(p.offset(p.new.offset(line, column)))
}

// offset gives the offset in the old text of one in the new.
func (p *Positions) offset(at int) int {
	i := sort.Search(len(p.edits), func(i int) bool { return p.edits[i].newStart > at }) - 1
	if i < 0 {
		return at
	}
	e := p.edits[i]
	if at < e.newStart+e.NewLen {
		return e.Start
	}
	return at - (e.newStart + e.NewLen) + e.End
}

// A text converts between offsets and positions.
type text struct {
	src   []byte
	lines []int // offset of each line's start
}

func newText(src []byte) text {
	t := text{src: src, lines: []int{0}}
	for i := 0; i < len(src); {
		size := lineBreak(src, i)
		if size == 0 {
			i++
			continue
		}
		i += size
		t.lines = append(t.lines, i)
	}
	return t
}

func (t *text) offset(line, column int) int {
	if line >= len(t.lines) {
		return len(t.src)
	}
	i := t.lines[line]
	for column > 0 && i < len(t.src) {
		if size := lineBreak(t.src, i); size > 0 {
			break
		}
		r, size := utf8.DecodeRune(t.src[i:])
		column -= units(r)
		i += size
	}
	return i
}

func (t *text) position(offset int) (line, column int) {
	line = sort.SearchInts(t.lines, offset+1) - 1
	for i := t.lines[line]; i < offset && i < len(t.src); {
		r, size := utf8.DecodeRune(t.src[i:])
		column += units(r)
		i += size
	}
	return line, column
}

// units counts the UTF-16 code units of a rune.
func units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}
