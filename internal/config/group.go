package config

import (
	"regexp"
)

// groups reads build.groups or a pass's own, which replace them: groups are
// ranked against each other, and a half-inherited ranking surprises.
func (f fields) groups(name string, otherwise []Group) []Group {
	n, at := f.get(name)
	if n == nil {
		return otherwise
	}
	var all []Group
	if n.kind == isList && len(n.items) == 0 {
		return nil // a pass without its build's groups
	}
	if n.kind != isList {
		f.r.at(n, "%s: got %s, want a list of { name, pattern }", at, n.describe())
		return nil
	}
	names := map[string]bool{}
	for i, item := range n.items {
		g := f.r.group(item, itemPath(n, at, i))
		if g.Name != "" && names[g.Name] {
			f.r.at(item, "%s: got the name %s again, want each once", itemPath(n, at, i), quote(g.Name))
		}
		names[g.Name] = true
		all = append(all, g)
	}
	return all
}

func (r *reader) group(n *node, at string) Group {
	f := r.object(n, at, "name", "pattern", "chunks", "min-share", "priority")
	return Group{
		Name:     f.name("name"),
		Pattern:  f.pattern("pattern"),
		Chunks:   enum(f, "chunks", AllChunks, chunkKinds),
		MinShare: f.integer("min-share", 1, 1, 10_000),
		Priority: f.integer("priority", 0, -1_000_000, 1_000_000),
	}
}

func (f fields) pattern(name string) *regexp.Regexp {
	n, at := f.get(name)
	if n == nil {
		if f.missing(name) {
			f.r.at(f.n, "%s: got nothing, want a regular expression for paths such as node_modules/react/index.js", at)
		}
		return nil
	}
	s, ok := f.r.text(n, at)
	if !ok {
		return nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		f.r.at(n, "%s: got %s, want a regular expression of Go (RE2: no lookaround, no backreferences): %v", at, quote(s), err)
	}
	return re
}
