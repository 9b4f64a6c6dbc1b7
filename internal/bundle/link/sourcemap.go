package link

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// sourceMap is a source map, revision 3 (ECMA-426), decoded as far as moving
// it needs: the sources' texts stay the JSON they are.
type sourceMap struct {
	Sources        []string          `json:"sources"`
	SourcesContent []json.RawMessage `json:"sourcesContent"`
	Mappings       string            `json:"mappings"`
	Names          []string          `json:"names"`
}

// segment is one mapping, its place in the generated text as a byte offset.
type segment struct {
	offset       int32
	source       int32 // index into sources; -1 for "no source"
	line, column int32 // of the source; lines from 0, columns in UTF-16 units
}

func readSourceMap(data []byte) (*sourceMap, error) {
	var m sourceMap
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("reading a source map: %w", err)
	}
	return &m, nil
}

// segments decodes the mappings against the text they belong to, sorted by
// offset.
func (m *sourceMap) segments(text []byte) ([]segment, error) {
	out := make([]segment, 0, len(m.Mappings)/5)
	var source, line, column, name int
	s := m.Mappings
	pos := position{text: text}
	for i, genLine, genColumn := 0, 0, 0; i < len(s); {
		switch s[i] {
		case ';':
			genLine++
			genColumn = 0
			i++
			continue
		case ',':
			i++
			continue
		}
		var fields [5]int
		n := 0
		for ; i < len(s) && s[i] != ',' && s[i] != ';'; n++ {
			if n == len(fields) {
				return nil, fmt.Errorf("source map: more than five fields at %d", i)
			}
			v, next, ok := decodeVLQ(s, i)
			if !ok {
				return nil, fmt.Errorf("source map: bad base64 VLQ at %d", i)
			}
			fields[n], i = v, next
		}
		genColumn += fields[0]
		seg := segment{offset: int32(pos.seek(genLine, genColumn)), source: -1}
		if n >= 4 {
			source, line, column = source+fields[1], line+fields[2], column+fields[3]
			name += fields[4]
			seg.source, seg.line, seg.column = int32(source), int32(line), int32(column)
		}
		out = append(out, seg)
	}
	return out, nil
}

// position walks a text, turning (line, UTF-16 column) into byte offsets; it
// only goes forward.
type position struct {
	text   []byte
	offset int
	line   int
	column int
}

func (p *position) seek(line, column int) int {
	for p.line < line {
		i := bytes.IndexByte(p.text[p.offset:], '\n')
		if i < 0 {
			return len(p.text)
		}
		p.offset, p.line, p.column = p.offset+i+1, p.line+1, 0
	}
	for p.column < column && p.offset < len(p.text) {
		if c := p.text[p.offset]; c < utf8.RuneSelf {
			p.offset++
			p.column++
			continue
		}
		r, size := utf8.DecodeRune(p.text[p.offset:])
		p.offset += size
		p.column++
		if r > 0xFFFF {
			p.column++
		}
	}
	return p.offset
}

// mapWriter builds the map of a file that is put together from pieces.
type mapWriter struct {
	mappings                    []byte
	sources                     []string
	contents                    []json.RawMessage
	names                       []string
	sourceIndex                 map[string]int
	nameIndex                   map[string]int
	lastColumn                  int
	lastSource, lastLine, lastC int
	lastName                    int
	newLine                     bool
	line, column                int // of the end of what was written so far
}

func newMapWriter() *mapWriter {
	return &mapWriter{sourceIndex: map[string]int{}, nameIndex: map[string]int{}, newLine: true}
}

// source gives the index of a source in this file's map.
func (w *mapWriter) source(name string, content json.RawMessage) int {
	if i, ok := w.sourceIndex[name]; ok {
		return i
	}
	i := len(w.sources)
	w.sourceIndex[name] = i
	w.sources = append(w.sources, name)
	if len(content) == 0 {
		content = json.RawMessage("null")
	}
	w.contents = append(w.contents, content)
	return i
}

// advance moves over text that was written to the file.
func (w *mapWriter) advance(text []byte) {
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			break
		}
		w.mappings = append(w.mappings, ';')
		w.line++
		w.column, w.lastColumn, w.newLine = 0, 0, true
		text = text[i+1:]
	}
	w.column += utf16Len(text)
}

// add maps the current place.
func (w *mapWriter) add(source, line, column int, name string) {
	if !w.newLine {
		w.mappings = append(w.mappings, ',')
	}
	w.newLine = false
	w.mappings = appendVLQ(w.mappings, w.column-w.lastColumn)
	w.lastColumn = w.column
	if source < 0 {
		return
	}
	w.mappings = appendVLQ(w.mappings, source-w.lastSource)
	w.mappings = appendVLQ(w.mappings, line-w.lastLine)
	w.mappings = appendVLQ(w.mappings, column-w.lastC)
	w.lastSource, w.lastLine, w.lastC = source, line, column
	if name == "" {
		return
	}
	i, ok := w.nameIndex[name]
	if !ok {
		i = len(w.names)
		w.nameIndex[name] = i
		w.names = append(w.names, name)
	}
	w.mappings = appendVLQ(w.mappings, i-w.lastName)
	w.lastName = i
}

// encoder is encode, nil where there is no map.
func (w *mapWriter) encoder() func(file string) ([]byte, error) {
	if w == nil {
		return nil
	}
	return w.encode
}

func (w *mapWriter) encode(file string) ([]byte, error) {
	// Field order is the order of the specification; no toolchain's name or
	// path in it.
	out := struct {
		Version        int               `json:"version"`
		File           string            `json:"file"`
		Sources        []string          `json:"sources"`
		SourcesContent []json.RawMessage `json:"sourcesContent"`
		Names          []string          `json:"names"`
		Mappings       string            `json:"mappings"`
	}{3, file, orEmpty(w.sources), w.contents, orEmpty(w.names), string(w.mappings)}
	if out.SourcesContent == nil {
		out.SourcesContent = []json.RawMessage{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("writing the source map of %q: %w", file, err)
	}
	return b.Bytes(), nil
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func utf16Len(text []byte) int {
	n := 0
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		i += size
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

var base64Values = func() (v [256]int8) {
	for i := range v {
		v[i] = -1
	}
	for i, c := range []byte(base64Digits) {
		v[c] = int8(i)
	}
	return v
}()

func decodeVLQ(s string, i int) (value, next int, ok bool) {
	for shift := 0; i < len(s) && shift < 60; shift += 5 {
		d := int(base64Values[s[i]])
		if d < 0 {
			return 0, i, false
		}
		i++
		value |= (d & 31) << shift
		if d&32 == 0 {
			if value&1 != 0 {
				return -(value >> 1), i, true
			}
			return value >> 1, i, true
		}
	}
	return 0, i, false
}

func appendVLQ(b []byte, v int) []byte {
	u := uint(v) << 1
	if v < 0 {
		u = uint(-v)<<1 | 1
	}
	for {
		d := u & 31
		u >>= 5
		if u != 0 {
			d |= 32
		}
		b = append(b, base64Digits[d])
		if u == 0 {
			return b
		}
	}
}
