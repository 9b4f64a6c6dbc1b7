package scope

import "sort"

// Edit replaces the bytes from Start to End of a source by Text.
type Edit struct {
	Start, End int
	Text       string
}

// Renames lists the edits that give the symbols their new names (as Mangle
// returns them), in order of position and without overlap. Merged symbols are
// left alone: their references are the linker's to replace. Labels get short
// names too.
func (f *File) Renames(names []string) []Edit {
	labels := f.labelEdits()
	n := len(labels)
	for i := range f.Symbols {
		if f.Symbols[i].Name != names[i] {
			n += len(f.Symbols[i].Refs)
		}
	}
	edits := make([]Edit, 0, n)
	for i := range f.tape {
		e := &f.tape[i]
		if e.kind != entryName || e.id < 0 {
			continue
		}
		s := &f.Symbols[e.id]
		name := names[e.id]
		if name == s.Name || int(e.id) < len(f.merged) && f.merged[e.id] != NoSymbol {
			continue
		}
		start, end := int(e.pos), int(e.pos+e.len)
		for len(labels) > 0 && labels[0].Start < start {
			edits = append(edits, labels[0])
			labels = labels[1:]
		}
		if e.flags&RefShorthand == 0 {
			edits = append(edits, Edit{start, end, name})
			continue
		}
		switch {
		case e.flags&RefExport != 0:
			edits = append(edits, Edit{start, start, name + " as "})
		case e.flags&RefImport != 0:
			edits = append(edits, Edit{end, end, " as " + name})
		default:
			edits = append(edits, Edit{end, end, ":" + name})
		}
	}
	return append(edits, labels...)
}

// labelEdits gives labels names by how many labels are around them. Labels
// and variables do not meet, so nothing can collide.
func (f *File) labelEdits() []Edit {
	if len(f.labels) == 0 {
		return nil
	}
	uses := append([]labelUse(nil), f.labels...)
	sort.Slice(uses, func(i, j int) bool { return uses[i].pos < uses[j].pos })
	edits := make([]Edit, len(uses))
	for i, u := range uses {
		edits[i] = Edit{int(u.pos), int(u.pos + u.len), labelName(int(u.depth))}
	}
	return edits
}

func labelName(depth int) string {
	name := ""
	for {
		name = string(rune('a'+depth%26)) + name
		if depth /= 26; depth == 0 {
			break
		}
		depth--
	}
	for _, n := range neverNames {
		if n == name {
			return name + "$"
		}
	}
	return name
}

// Apply returns src with the edits made. They must be in order of position.
func Apply(src []byte, edits []Edit) []byte {
	n := len(src)
	for _, e := range edits {
		n += len(e.Text) - (e.End - e.Start)
	}
	out := make([]byte, 0, n)
	at := 0
	for _, e := range edits {
		out = append(out, src[at:e.Start]...)
		out = append(out, e.Text...)
		at = e.End
	}
	return append(out, src[at:]...)
}
