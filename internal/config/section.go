package config

import (
	"cmp"
	"slices"
)

// section is a top-level key of the file: the settings of one capability. Each
// is in a file of its own, which adds it; what that file reads it keeps in
// Config.
type section struct {
	name, doc string
	schema    schema
	read      func(r *reader, n *node, c *Config)
}

var sections []section

// addSection is for init functions.
func addSection(s section) {
	sections = append(sections, s)
	slices.SortFunc(sections, func(a, b section) int { return cmp.Compare(a.name, b.name) })
}

// planned are sections that later versions read, and what for. A file that has
// one is refused: to take what nothing reads would be to promise it. The line
// goes when the section comes.
var planned = []struct{ name, purpose string }{
	{"gate", "for the measurements and rules that a pull request must meet"},
}

// rootNames are the keys that may stand at the top.
func rootNames() []string {
	out := []string{"version"}
	for _, s := range sections {
		out = append(out, s.name)
	}
	return out
}

// plannedPurpose returns what a section of a later version is for.
func plannedPurpose(name string) (string, bool) {
	for _, p := range planned {
		if p.name == name && !slices.Contains(rootNames(), name) {
			return p.purpose, true
		}
	}
	return "", false
}

// config reads the whole file.
func (r *reader) config(n *node) *Config {
	c := &Config{}
	if n.kind != isMap {
		r.object(n, "", rootNames())
		return c
	}
	f := fields{r, n, "", map[string]bool{}}
	for _, k := range n.keys {
		if slices.Contains(rootNames(), k.name) {
			continue
		}
		if purpose, ok := plannedPurpose(k.name); ok {
			r.add(ruleSection, k.line, k.column, "got the section %s, %s: this version has no action that reads it; remove it until then", k.name, purpose)
			continue
		}
		f.unknown(k, rootNames())
	}
	r.version(f)
	for _, s := range sections {
		value, _ := f.get(s.name)
		if value == nil {
			value = &node{line: n.line, column: n.column, kind: isMap} // for its defaults
		}
		s.read(r, value, c)
	}
	return c
}

func (r *reader) version(f fields) {
	n := f.n.get("version")
	switch {
	case n == nil && f.missing("version"):
		r.add(ruleMissing, f.n.line, f.n.column, "version: got nothing, want version: %d", Version)
	case n != nil && n.value != Version:
		r.at(n, "version: got %s, want %d, the one version this tool knows", n.describe(), Version)
	}
}
