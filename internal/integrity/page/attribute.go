package page

import "strings"

// tag is a start tag, with offsets into the document.
type tag struct {
	name       string // in lower case
	start, end int    // of "<…>"
	attrs      []attribute
	selfClosed bool // it ends in "/>"
}

// attribute is one of a tag. Of attributes with one name, a browser takes the first.
type attribute struct {
	name  string // in lower case
	value string // without character references
	// start and end are those of all of it, valueStart and valueEnd of the value
	// without its quotes; they are equal where there is none.
	start, end, valueStart, valueEnd int
	quote                            byte // 0 for none
}

func (t *tag) find(name string) *attribute {
	for i := range t.attrs {
		if t.attrs[i].name == name {
			return &t.attrs[i]
		}
	}
	return nil
}

func (t *tag) has(name string) bool { return t.find(name) != nil }

func (t *tag) value(name string) string {
	if a := t.find(name); a != nil {
		return a.value
	}
	return ""
}

const whitespace = "\t\n\f\r "

// spans finds the attributes of a tag's bytes, raw, which begin at an offset of
// the document (HTML, sections 13.2.5.32 to 13.2.5.40). Those that repeat a name
// are left out. Their values come from elsewhere.
func spans(raw []byte, name, offset int) []attribute {
	var list []attribute
	seen := map[string]bool{}
	r := spanReader{raw, 1 + name}
	for {
		r.skip(whitespace + "/")
		if r.at >= len(raw)-1 {
			return list
		}
		a := r.next()
		if seen[a.name] {
			continue
		}
		seen[a.name] = true
		a.start, a.end = a.start+offset, a.end+offset
		a.valueStart, a.valueEnd = a.valueStart+offset, a.valueEnd+offset
		list = append(list, a)
	}
}

// spanReader reads a tag, whose last byte is ">".
type spanReader struct {
	raw []byte
	at  int
}

func (r *spanReader) skip(set string) {
	for r.at < len(r.raw)-1 && strings.IndexByte(set, r.raw[r.at]) >= 0 {
		r.at++
	}
}

func (r *spanReader) until(set string) {
	for r.at < len(r.raw)-1 && strings.IndexByte(set, r.raw[r.at]) < 0 {
		r.at++
	}
}

func (r *spanReader) next() attribute {
	a := attribute{start: r.at}
	r.at++ // the first byte is the name's even if it is "="
	r.until(whitespace + "/>=")
	a.name = lower(string(r.raw[a.start:r.at]))
	a.end = r.at
	a.valueStart, a.valueEnd = r.at, r.at
	r.skip(whitespace)
	if r.raw[r.at] != '=' {
		r.at = a.end
		return a
	}
	r.at++
	r.skip(whitespace)
	a.end = r.at
	a.valueStart, a.valueEnd = r.at, r.at
	switch c := r.raw[r.at]; c {
	case '>':
	case '"', '\'':
		r.at++
		a.quote, a.valueStart = c, r.at
		r.until(string(c))
		a.valueEnd = r.at
		r.at++
		a.end = r.at
	default:
		r.until(whitespace + ">")
		a.valueEnd, a.end = r.at, r.at
	}
	return a
}

// lower is ASCII's: HTML's names know no other.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
