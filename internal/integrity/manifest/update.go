package manifest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
)

// Update returns data with the integrity that pin has for each file (by path, as
// Pin.File): values that are there are replaced, missing ones added where the
// format has a place for them, values of files that pin doesn't know are kept. All
// else stays byte for byte, and updating again changes nothing. The manifest is
// that of the new text; errors are as Read's.
func Update(format Format, base string, data []byte, pin func(file string) (integrity.Metadata, bool)) ([]byte, *Manifest, error) {
	r, err := read(format, base, string(data))
	if err != nil {
		return nil, nil, err
	}
	e := editor{text: r.text, added: map[int]*addition{}}
	for i, p := range r.manifest.Pins {
		if p.File == "" {
			continue
		}
		if m, ok := pin(p.File); ok && len(m) > 0 {
			e.set(r.slots[i], m.String())
		}
	}
	text := e.apply()
	m, err := Read(format, base, []byte(text))
	if err != nil {
		return nil, nil, err
	}
	return []byte(text), m, nil
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	with     string
}

// addition is what an object gets, in the order of the pins.
type addition struct {
	object  *release.JSON
	within  string
	members [][2]string // names and values as they are written
}

type editor struct {
	text  string
	edits []edit
	added map[int]*addition // by the object's place
}

func (e *editor) set(s slot, value string) {
	switch {
	case s.to > 0:
		e.edits = append(e.edits, edit{s.from, s.to, encode(value)})
	case s.object != nil:
		a := e.added[s.object.From]
		if a == nil {
			a = &addition{object: s.object, within: s.within}
			e.added[s.object.From] = a
		}
		a.members = append(a.members, [2]string{s.key, encode(value)})
	}
}

// encode writes a string of ASCII, which integrity metadata is.
func encode(s string) string {
	data, _ := json.Marshal(s) // a string can't fail
	return string(data)
}

func (e *editor) apply() string {
	for _, a := range e.added {
		e.edits = append(e.edits, e.add(a))
	}
	slices.SortFunc(e.edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	at := 0
	for _, edit := range e.edits {
		b.WriteString(e.text[at:edit.from] + edit.with)
		at = edit.to
	}
	return b.String() + e.text[at:]
}

// add writes members as the object's own are written: the white space before the
// first one's name and after its colon is that of all.
func (e *editor) add(a *addition) edit {
	lead, colon, o := "", ":", a.object
	if len(o.Members) > 0 {
		first := o.Members[0]
		lead = e.text[o.From+1 : first.Named]
		colon = e.text[first.Named:first.From]
		colon = colon[strings.LastIndexByte(colon, '"')+1:]
	}
	inner := lead
	if _, indent, ok := cutLast(lead, "\n"); ok && a.within != "" {
		inner += indent
	}
	var items []string
	for _, m := range a.members {
		items = append(items, inner+m[0]+colon+m[1])
	}
	with := strings.Join(items, ",")
	if a.within != "" {
		with = lead + encode(a.within) + colon + "{" + with + lead + "}"
	}
	if len(o.Members) == 0 {
		return edit{o.From + 1, o.From + 1, with}
	}
	last := o.Members[len(o.Members)-1]
	return edit{last.To, last.To, "," + with}
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// WriteMap writes the sidecar {base+file: value} for manifests that have no place for integrity. The
// bytes are canonical JSON (RFC 8785).
func WriteMap(base string, files map[string]integrity.Metadata) ([]byte, error) {
	values, err := valuesOf(base, files)
	if err != nil {
		return nil, fmt.Errorf("writing the integrity map: %w", err)
	}
	return canonical(values)
}

// WriteImportMap writes {"integrity": {base+file: value}}: what an import map needs
// to pin modules that are named by URL. The bytes are canonical JSON.
func WriteImportMap(base string, files map[string]integrity.Metadata) ([]byte, error) {
	values, err := valuesOf(base, files)
	if err != nil {
		return nil, fmt.Errorf("writing the import map: %w", err)
	}
	return canonical(map[string]any{"integrity": values})
}

func valuesOf(base string, files map[string]integrity.Metadata) (map[string]string, error) {
	values := map[string]string{}
	for file, m := range files {
		if err := release.CheckPath(file); err != nil {
			return nil, err
		}
		if len(m) == 0 {
			return nil, fmt.Errorf("got no integrity of %s, want a hash", release.Quote(file))
		}
		values[base+file] = m.String()
	}
	return values, nil
}

func canonical(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return release.Canonical(data)
}
