package link

import (
	"bytes"
	"slices"
	"sort"
)

// A rope is a unit's new text as a list of pieces: literal text, or a range of
// the chunk. The map of the result follows from the chunk's map by itself.
type rope struct {
	pieces []piece
}

type piece struct {
	text       string // literal, where not empty
	start, end int32  // of the chunk; for literal text the place it stands for, start<0 for none
	renamed    bool   // the range is an identifier that got the text for a name
}

func (r *rope) literal(text string) {
	if text != "" {
		r.pieces = append(r.pieces, piece{text: text, start: -1})
	}
}

// edit replaces a range of the chunk.
type edit struct {
	start, end int
	text       string
	renamed    bool
}

// splice appends the chunk's range with the edits applied; they lie inside and
// do not overlap.
func (r *rope) splice(start, end int, edits []edit) {
	r.pieces = slices.Grow(r.pieces, 2*len(edits)+1)
	at := start
	for _, e := range edits {
		if at < e.start {
			r.pieces = append(r.pieces, piece{start: int32(at), end: int32(e.start)})
		}
		if e.text != "" {
			r.pieces = append(r.pieces, piece{text: e.text, start: int32(e.start), end: int32(e.end), renamed: e.renamed})
		}
		at = e.end
	}
	if at < end {
		r.pieces = append(r.pieces, piece{start: int32(at), end: int32(end)})
	}
}

// write appends the rope's text to out and, with maps, its mappings.
func (r *rope) write(out *bytes.Buffer, maps *mapWriter, u *unit) {
	for _, p := range r.pieces {
		if maps != nil {
			r.mapPiece(out, maps, u, p)
			continue
		}
		if p.text != "" {
			out.WriteString(p.text)
		} else {
			out.Write(u.chunk.Code[p.start:p.end])
		}
	}
}

func (r *rope) mapPiece(out *bytes.Buffer, maps *mapWriter, u *unit, p piece) {
	if p.start >= 0 {
		i := sort.Search(len(u.segments), func(i int) bool { return u.segments[i].offset >= p.start })
		if p.text != "" {
			if i < len(u.segments) && u.segments[i].offset < p.end {
				name := ""
				if p.renamed {
					name = string(u.chunk.Code[p.start:p.end])
				}
				u.mapSegment(maps, u.segments[i], name)
			}
		} else {
			at := p.start
			for ; i < len(u.segments) && u.segments[i].offset < p.end; i++ {
				s := u.segments[i]
				text := u.chunk.Code[at:s.offset]
				maps.advance(text)
				at = s.offset
				u.mapSegment(maps, s, "")
			}
			maps.advance(u.chunk.Code[at:p.end])
		}
	}
	if p.text != "" {
		out.WriteString(p.text)
		maps.advance([]byte(p.text))
		return
	}
	out.Write(u.chunk.Code[p.start:p.end])
}
