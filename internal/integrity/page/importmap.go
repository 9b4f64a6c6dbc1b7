package page

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"slices"
	"strings"
)

// importMap adds the modules to the page's import map, or adds one.
func (w *writer) importMap() {
	pins := map[string]string{}
	for _, path := range w.o.Modules {
		if m := w.o.Integrity(path); m != nil {
			pins[w.place.url(path, w.o.PublicURL)] = m.String()
			w.out.Pinned = append(w.out.Pinned, Pinned{Kind: ImportMap, Path: path, URL: w.place.url(path, w.o.PublicURL)})
		}
	}
	e := w.first(func(e *Element) bool { return e.Kind == ImportMap })
	module := w.first(func(e *Element) bool { return e.Kind == Module || e.Kind == ModulePreload })
	switch {
	case len(pins) == 0 || e == nil && module == nil:
		w.out.Pinned = slices.DeleteFunc(w.out.Pinned, func(p Pinned) bool { return p.Kind == ImportMap })
	case e == nil:
		w.insert(ImportMap, ` type="importmap"`, script(map[string]any{"integrity": pins}))
	default:
		w.merge(e, pins)
	}
}

// merge adds pins to an import map that is there.
func (w *writer) merge(e *Element, pins map[string]string) {
	end := e.tag.end + bytes.Index(bytes.ToLower(w.html[e.tag.end:]), []byte("</script"))
	old := string(w.html[e.tag.end:end])
	text, err := merged(old, pins, w.same)
	if err != nil || within(w.blocks, e.tag.end) || templated.MatchString(old) {
		w.unpinned(e, "", Broken, "the import map can't be completed: got what is no JSON object without repeated keys, want one")
		w.out.Pinned = slices.DeleteFunc(w.out.Pinned, func(p Pinned) bool { return p.Kind == ImportMap })
		return
	}
	if text == old {
		return
	}
	w.edit(e.tag.end, old, text)
	w.out.Inline = append(w.out.Inline, Inline{ImportMap, strings.ReplaceAll(text, "\r\n", "\n"), e.Nonce != "", true})
}

// same says that two addresses of an import map are of one file.
func (w *writer) same(a, b string) bool {
	x, err := w.place.base.Parse(a)
	y, err2 := w.place.base.Parse(b)
	return err == nil && err2 == nil && x.String() == y.String()
}

// mapEnds are the places of an import map's text that matter here.
type mapEnds struct {
	values        []mapValue // of its integrity
	end           int        // of the integrity's "}", or 0
	last          int        // of the map's own "}"
	empty, barren bool       // the map has no member, the integrity has none
}

// mapValue is a member of the integrity: its value from start to end.
type mapValue struct {
	key, value string
	start, end int
}

// merged is an import map's text with pins added to its integrity, or corrected there.
func merged(text string, pins map[string]string, same func(a, b string) bool) (string, error) {
	ends, err := readMap(text)
	if err != nil {
		return "", err
	}
	keys := make([]string, 0, len(pins))
	for key := range pins {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var added []string
	var b strings.Builder
	at := 0
	for _, v := range ends.values {
		for _, key := range keys {
			if same(key, v.key) && pins[key] != v.value {
				b.WriteString(text[at:v.start] + script(pins[key]))
				at = v.end
			}
		}
	}
	for _, key := range keys {
		if !slices.ContainsFunc(ends.values, func(v mapValue) bool { return same(key, v.key) }) {
			added = append(added, script(key)+":"+script(pins[key]))
		}
	}
	if len(added) > 0 {
		b.WriteString(ends.insertion(text, &at, strings.Join(added, ",")))
	}
	b.WriteString(text[at:])
	return b.String(), nil
}

// insertion writes the text up to where members are added, and those.
func (m mapEnds) insertion(text string, at *int, members string) string {
	where, none := m.end, m.barren
	if m.end == 0 {
		where, none, members = m.last, m.empty, `"integrity":{`+members+"}"
	}
	where = len(strings.TrimRight(text[:where], whitespace))
	comma := ","
	if none {
		comma = ""
	}
	before := text[*at:where]
	*at = where
	return before + comma + members
}

func readMap(text string) (mapEnds, error) {
	m := mapEnds{empty: true, barren: true}
	d := jsontext.NewDecoder(strings.NewReader(text))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return m, fmt.Errorf("no object: %w", err)
	}
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return m, err
		}
		m.empty = false
		if key.String() != "integrity" {
			err = d.SkipValue()
		} else {
			err = m.members(d)
		}
		if err != nil {
			return m, err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return m, err
	}
	m.last = int(d.InputOffset()) - 1
	if strings.Trim(text[m.last+1:], whitespace) != "" {
		return m, fmt.Errorf("text after the object")
	}
	return m, nil
}

func (m *mapEnds) members(d *jsontext.Decoder) error {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return fmt.Errorf("its integrity is no object: %w", err)
	}
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return err
		}
		name := key.String()
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		end := int(d.InputOffset())
		v := mapValue{key: name, start: end - len(value), end: end}
		if unquoted, err := jsontext.AppendUnquote(nil, value); err == nil {
			v.value = string(unquoted)
		}
		m.values, m.barren = append(m.values, v), false
	}
	_, err := d.ReadToken()
	m.end = int(d.InputOffset()) - 1
	return err
}
