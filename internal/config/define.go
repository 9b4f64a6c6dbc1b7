package config

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

var defineName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`)

// valueOf is a define's value while it is read.
type valueOf struct{ expr, env, pass, entry string }

var (
	exprTable = table[valueOf]{
		key("expr", text(), func(v *valueOf) *string { return &v.expr }, "A JavaScript expression.", required("an expression"), example("window.location.host")),
	}
	envTable = table[valueOf]{
		key("env", text(), func(v *valueOf) *string { return &v.env }, "A variable that build.env lists; its value is a string.", required("a variable's name"), example("APP_VERSION")),
	}
	manifestTable = table[valueOf]{
		key("manifest-of", text(), func(v *valueOf) *string { return &v.pass }, "An earlier pass, whose manifest is the value.", required("an earlier pass"), example("app")),
		key("entry", text(), func(v *valueOf) *string { return &v.entry }, "Which of that pass's entries the manifest is of, where it has several.", instead("the only one")),
	}
)

// addDefineForms tells the schema what a define's value may be: one of the
// mappings above, known by its first key, or any other value.
func addDefineForms() {
	forms := []struct {
		name, doc string
		keys      []entry
	}{
		{"define-expr", "The value `{ expr: … }` of a define.", exprTable.entries()},
		{"define-env", "The value `{ env: … }` of a define.", envTable.entries()},
		{"define-manifest", "The value `{ manifest-of: … }` of a define.", manifestTable.entries()},
	}
	value := schema{}
	for _, f := range slices.Backward(forms) {
		value = schema{
			"if":   schema{"type": "object", "required": []string{f.keys[0].name}},
			"then": ref(f.name), "else": value,
		}
	}
	for _, f := range forms {
		addObject(f.name, f.doc, f.keys)
	}
	value["description"] = "Text is a string, quotes and all; other values are JSON. `{ expr: … }` is an expression, `{ env: … }` a variable, `{ manifest-of: … }` an earlier pass's manifest."
	addShape("define-value", value)
}

// defines reads a mapping of names to values, over those inherited. A value is
//
//	text                      a string: "checkout" is "checkout", quotes and all
//	true, 12, [a, b], {a: 1}  that value, as JSON
//	{expr: window.location}   a JavaScript expression
//	{env: NAME}               a variable that build.env allows, a string
//	{manifest-of: app}        the manifest of an earlier pass
//
// where a manifest's pass has several entries, {manifest-of: app, entry: name}.
func (r *reader) defines(n *node, at string, p *Pass) {
	all := slices.Clone(p.Define)
	r.pairs(n, at, func(k pair, path string) {
		if !defineName.MatchString(k.name) {
			r.add(ruleValue, k.line, k.column, "%s: got the name %s, want identifiers joined by dots", path, quote(k.name))
		}
		if k.name == "process.env.NODE_ENV" {
			r.nodeEnv(k.line, k.column, at)
			return
		}
		d, ok := r.define(k.value, path)
		if !ok {
			return
		}
		if r.named(k.value, path, k.name, stringOf(d.Expr)) {
			return
		}
		d.Name = k.name
		all = slices.DeleteFunc(all, func(other Define) bool { return other.Name == k.name })
		all = append(all, d)
	})
	sortDefines(all)
	p.Define = all
}

func sortDefines(all []Define) {
	slices.SortFunc(all, func(a, b Define) int { return strings.Compare(a.Name, b.Name) })
}

// nodeEnv refuses a second way to say what the key node-env does: a profile would
// change the one and not the other.
func (r *reader) nodeEnv(line, column int, at string) {
	r.add(ruleConflict, line, column, "%s: got NODE_ENV, want the key node-env of build or of a profile", at)
}

func (r *reader) define(n *node, path string) (Define, bool) {
	var v valueOf
	switch {
	case n.get("expr") != nil:
		exprTable.object(r, n, path, &v)
		return Define{Expr: v.expr}, v.expr != ""
	case n.get("env") != nil:
		envTable.object(r, n, path, &v)
		if v.env == "" {
			return Define{}, false
		}
		value, ok := r.lookup(n.get("env"), path, v.env)
		return Define{Expr: jsonText(value)}, ok
	case n.get("manifest-of") != nil:
		manifestTable.object(r, n, path, &v)
		return r.manifestOf(n, path, v)
	}
	var b strings.Builder
	ok := r.json(&b, n, path)
	return Define{Expr: b.String()}, ok
}

func (r *reader) manifestOf(n *node, path string, v valueOf) (Define, bool) {
	name := v.pass
	if name == "" {
		return Define{}, false
	}
	at := n.get("manifest-of")
	var names []string
	for _, p := range r.earlier {
		if p.Name == name {
			return r.manifestEntry(n, path, p, v.entry)
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		r.report(ruleConflict, at, "%s: got manifest-of %s, but no pass comes before; want it in a pass after that one", path, quote(name))
	} else {
		r.report(ruleConflict, at, "%s: got manifest-of %s, want an earlier pass: %s", path, quote(name), strings.Join(names, ", "))
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
		r.report(ruleConflict, n, "%s: got manifest-of %s without an entry, want { manifest-of: %s, entry: … } with one of %s", path, quote(p.Name), p.Name, strings.Join(names, ", "))
	default:
		r.report(ruleConflict, n, "%s: got entry %s of the pass %s, want one of its entries: %s", path, quote(entry), p.Name, strings.Join(names, ", "))
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
