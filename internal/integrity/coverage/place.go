package coverage

import (
	"slices"
	"unicode/utf8"
)

// place is a position in a text: from 1, columns in UTF-16 code units.
type place struct{ line, column int }

// places finds the positions of byte offsets in one walk over the text, however
// many there are and however long its lines.
func places(text string, offsets []int) map[int]place {
	sorted := slices.Clone(offsets)
	slices.Sort(sorted)
	out := make(map[int]place, len(sorted))
	at, now := 0, place{1, 1}
	for _, offset := range slices.Compact(sorted) {
		for at < offset && at < len(text) {
			r, size := utf8.DecodeRuneInString(text[at:])
			switch {
			case r == '\n':
				now = place{now.line + 1, 1}
			case r > 0xFFFF:
				now.column += 2
			default:
				now.column++
			}
			at += size
		}
		out[offset] = now
	}
	return out
}

// within moves a position in an inline text to the file that holds the text.
func (p place) within(line, column int) place {
	if p.line == 1 {
		return place{line, column + p.column - 1}
	}
	return place{line + p.line - 1, p.column}
}
