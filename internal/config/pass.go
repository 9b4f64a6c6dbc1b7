package config

import (
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

var passTable = table[Pass]{
	key("name", checkedText("name", "name", release.CheckName), func(p *Pass) *string { return &p.Name },
		"Names the pass, for `manifest-of` and in the release.", required("a name"), example("app")),
	custom("entries", entriesShape, (*reader).entries,
		"The starts of pages by name, each a module or a list of modules that run in order; the last one's exports are the library.",
		required("{ name: path }"), example(schema{"checkout": []string{"src/polyfill.ts", "src/index.ts"}})),
}

var entriesShape = func() shape {
	s := mapOf("mapping of names to paths", "name", ref("paths"))
	s.schema["minProperties"] = 1
	return s
}()

// passRows has a pass's keys: its own, then those it may take from build.
func passRows() table[Pass] {
	rows := slices.Concat(passTable, commonTable)
	for i := len(passTable); i < len(rows); i++ {
		rows[i].fallback, rows[i].instead, rows[i].init = nil, "build's", nil
	}
	return rows
}

func (r *reader) passes(n *node, at string, d *draft) {
	names := map[string]bool{}
	for i, item := range r.list(n, at) {
		at := itemPath(n, at, i)
		p := d.shared
		r.earlier = d.Passes
		passRows().object(r, item, at, &p)
		if names[strings.ToLower(p.Name)] {
			r.report(ruleConflict, item.get("name"), "%s.name: got %s again, want each pass's name once, whatever the case", at, quote(p.Name))
		}
		if p.Name != "" {
			names[strings.ToLower(p.Name)] = true
		}
		d.Passes = append(d.Passes, p)
	}
	r.earlier = nil
}

func (r *reader) entries(n *node, at string, p *Pass) {
	r.pairs(n, at, func(k pair, at string) { p.Entries = append(p.Entries, r.entry(k, at, p.Entries)) })
	if n.kind == isMap && len(n.keys) == 0 {
		r.at(n, "%s: got no entries, want { name: path }", at)
	}
}

func (r *reader) entry(k pair, at string, before []Entry) Entry {
	if err := release.CheckName(k.name); err != nil {
		r.add(ruleValue, k.line, k.column, "%s: %v", at, err)
	}
	if slices.ContainsFunc(before, func(e Entry) bool { return strings.EqualFold(e.Name, k.name) }) {
		r.add(ruleConflict, k.line, k.column, "%s: got %s besides a name that differs in case only, want file names that no file system takes for one", at, quote(k.name))
	}
	e := Entry{Name: k.name}
	for i, item := range r.list(k.value, at) {
		at := itemPath(k.value, at, i)
		if m, ok := r.file(item, at); ok {
			r.presentModule(item, at, m)
			e.Modules = append(e.Modules, m)
		}
	}
	return e
}
