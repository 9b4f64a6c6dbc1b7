package config

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

var defineName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`)

// defines reads a mapping of names to values, over those inherited. A value is
//
//	text                      a string: "checkout" is "checkout", quotes and all
//	true, 12, [a, b], {a: 1}  that value, as JSON
//	{expr: window.location}   a JavaScript expression
//	{env: NAME}               a variable that build.env allows, a string
//	{manifest-of: app}        the manifest of an earlier pass
//
// where a manifest's pass has several entries, {manifest-of: app, entry: name}.
func (f fields) defines(name string, inherited []Define, earlier []Pass) []Define {
	all := slices.Clone(inherited)
	f.pairs(name, func(k key, path string) {
		if !defineName.MatchString(k.name) {
			f.r.add(k.line, k.column, "%s: got the name %s, want identifiers joined by dots", path, quote(k.name))
		}
		d, ok := f.r.define(k.value, path, earlier)
		if !ok {
			return
		}
		d.Name = k.name
		all = slices.DeleteFunc(all, func(other Define) bool { return other.Name == k.name })
		all = append(all, d)
	})
	slices.SortFunc(all, func(a, b Define) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (r *reader) define(n *node, path string, earlier []Pass) (Define, bool) {
	switch {
	case n.get("expr") != nil:
		s := r.object(n, path, "expr").text("expr", "")
		return Define{Expr: s}, s != ""
	case n.get("env") != nil:
		s := r.object(n, path, "env").text("env", "")
		if s == "" {
			return Define{}, false
		}
		value, ok := r.lookup(n.get("env"), path, s)
		return Define{Expr: jsonText(value)}, ok
	case n.get("manifest-of") != nil:
		return r.manifestOf(n, path, earlier)
	}
	var b strings.Builder
	ok := r.json(&b, n, path)
	return Define{Expr: b.String()}, ok
}

func (r *reader) manifestOf(n *node, path string, earlier []Pass) (Define, bool) {
	f := r.object(n, path, "manifest-of", "entry")
	name, entry := f.text("manifest-of", ""), f.text("entry", "")
	if name == "" {
		return Define{}, false
	}
	at := n.get("manifest-of")
	var names []string
	for _, p := range earlier {
		if p.Name == name {
			return r.manifestEntry(n, path, p, entry)
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		r.at(at, "%s: got manifest-of %s, but no pass comes before; want it in a pass after that one", path, quote(name))
	} else {
		r.at(at, "%s: got manifest-of %s, want an earlier pass: %s", path, quote(name), strings.Join(names, ", "))
	}
	return Define{}, false
}

func (r *reader) manifestEntry(n *node, path string, p Pass, entry string) (Define, bool) {
	if entry == "" && len(p.Entries) == 1 {
		entry = p.Entries[0].Name
	}
	var names []string
	for _, e := range p.Entries {
		if e.Name == entry {
			return Define{Manifest: &ManifestRef{Pass: p.Name, Entry: entry}}, true
		}
		names = append(names, e.Name)
	}
	switch {
	case len(names) == 0: // already reported at that pass
	case entry == "":
		r.at(n, "%s: got manifest-of %s without an entry, want { manifest-of: %s, entry: … } with one of %s", path, quote(p.Name), p.Name, strings.Join(names, ", "))
	default:
		r.at(n, "%s: got entry %s of the pass %s, want one of its entries: %s", path, quote(entry), p.Name, strings.Join(names, ", "))
	}
	return Define{}, false
}

// json writes a value as JSON, with its keys in the file's order: it is an
// expression of the program, whose objects have an order.
func (r *reader) json(b *strings.Builder, n *node, path string) bool {
	ok := true
	switch n.kind {
	case isNull:
		b.WriteString("null")
	case isBool, isNumber:
		text, err := json.Marshal(n.value)
		if err != nil {
			return false // not finite: reported when it was read
		}
		b.Write(text)
	case isText:
		s, found := r.expand(n, path, n.text)
		b.WriteString(jsonText(s))
		ok = found
	case isList:
		b.WriteByte('[')
		for i, item := range n.items {
			comma(b, i)
			ok = r.json(b, item, itemPath(n, path, i)) && ok
		}
		b.WriteByte(']')
	case isMap:
		b.WriteByte('{')
		for i, k := range n.keys {
			comma(b, i)
			b.WriteString(jsonText(k.name) + ":")
			ok = r.json(b, k.value, join(path, k.name)) && ok
		}
		b.WriteByte('}')
	}
	return ok
}

func comma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

// jsonText quotes s, leaving < > & as they are: this goes into a script's file,
// never into a page.
func jsonText(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
