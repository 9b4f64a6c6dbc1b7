package config

import (
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// inherit fills in what the file says for all passes.
func (p *Pass) inherit(c common) {
	p.Format, p.Library, p.AppVersion = c.format, c.library, c.appVersion
	p.Target, p.Define, p.Groups, p.MainFields = c.target, c.define, c.groups, c.mainFields
}

func (r *reader) passes(f fields, c common) []Pass {
	n, at := f.get("passes")
	if n == nil {
		return r.defaultPasses(c)
	}
	var all []Pass
	names := map[string]bool{}
	for i, item := range r.list(n, at) {
		p := r.pass(item, itemPath(n, at, i), c, all)
		if names[strings.ToLower(p.Name)] {
			r.at(item.get("name"), "%s.name: got %s again, want each pass's name once, whatever the case", itemPath(n, at, i), quote(p.Name))
		}
		if p.Name != "" {
			names[strings.ToLower(p.Name)] = true
		}
		all = append(all, p)
	}
	return all
}

func (r *reader) pass(n *node, at string, c common, earlier []Pass) Pass {
	f := r.object(n, at, "name", "entries", "library", "format", "define", "target", "groups", "main-fields", "app-version")
	p := Pass{
		Format:     enum(f, "format", c.format, release.Formats),
		Library:    f.library("library", c.library),
		AppVersion: f.text("app-version", c.appVersion),
		Target:     inherited(f, "target", c.target),
		Define:     f.defines("define", c.define, earlier),
		Groups:     f.groups("groups", c.groups),
		MainFields: inherited(f, "main-fields", c.mainFields),
	}
	p.Name = f.name("name")
	if f.missing("entries") {
		r.at(n, "%s: got a pass without entries, want entries: { name: path }", at)
	}
	f.pairs("entries", func(k key, at string) { p.Entries = append(p.Entries, r.entry(k, at, p.Entries)) })
	if entries, at := f.get("entries"); entries != nil && entries.kind == isMap && len(entries.keys) == 0 {
		r.at(entries, "%s: got no entries, want { name: path }", at)
	}
	return p
}

func inherited(f fields, name string, otherwise []string) []string {
	if f.n.get(name) == nil {
		return otherwise
	}
	return f.texts(name)
}

// name takes a required name that is safe in file names.
func (f fields) name(name string) string {
	n, at := f.get(name)
	if n == nil {
		if f.missing(name) {
			f.r.at(f.n, "%s: got nothing, want a name", at)
		}
		return ""
	}
	s, ok := f.r.text(n, at)
	if !ok {
		return ""
	}
	if err := release.CheckName(s); err != nil {
		f.r.at(n, "%s: %v", at, err)
	}
	return s
}

func (r *reader) entry(k key, at string, before []Entry) Entry {
	if err := release.CheckName(k.name); err != nil {
		r.add(k.line, k.column, "%s: %v", at, err)
	}
	if slices.ContainsFunc(before, func(e Entry) bool { return strings.EqualFold(e.Name, k.name) }) {
		r.add(k.line, k.column, "%s: got %s besides a name that differs in case only, want file names that no file system takes for one", at, quote(k.name))
	}
	e := Entry{Name: k.name}
	for i, item := range r.list(k.value, at) {
		if m, ok := r.file(item, itemPath(k.value, at, i)); ok {
			e.Modules = append(e.Modules, m)
		}
	}
	return e
}
