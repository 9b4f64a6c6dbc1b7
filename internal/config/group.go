package config

import (
	"regexp"

	"github.com/org/checkout-deploy/internal/release"
)

var groupTable = table[Group]{
	key("name", checkedText("name", "name", release.CheckName), func(g *Group) *string { return &g.Name },
		"Names the files.", required("a name"), example("vendor")),
	key("pattern", expression(), func(g *Group) **regexp.Regexp { return &g.Pattern },
		"A [Go regular expression](https://pkg.go.dev/regexp/syntax), searched in a module's path relative to the project.",
		required("a regular expression for paths such as node_modules/react/index.js"), example("^node_modules/")),
	keyOr("chunks", oneOfThe(chunkKinds), AllChunks, func(g *Group) *Chunks { return &g.Chunks },
		"Of which chunks the group takes modules: `initial` is the first load, `async` what `import()` brings."),
	keyOr("min-share", integer(1, 10_000), 1, func(g *Group) *int { return &g.MinShare },
		"How many chunks must share a module for it to move."),
	keyOr("priority", integer(-1_000_000, 1_000_000), 0, func(g *Group) *int { return &g.Priority },
		"Of the groups that match a module the highest takes it, then the first."),
}

// groups reads build.groups or a pass's own, which replace them: groups are
// ranked against each other, and a half-inherited ranking surprises.
func (r *reader) groups(n *node, at string, p *Pass) {
	p.Groups = nil // an empty list is a pass without its build's groups
	if n.kind != isList {
		r.at(n, "%s: got %s, want a list of { name, pattern }", at, n.describe())
		return
	}
	names := map[string]bool{}
	for i, item := range n.items {
		at := itemPath(n, at, i)
		var g Group
		groupTable.defaults(&g)
		groupTable.object(r, item, at, &g)
		if g.Name != "" && names[g.Name] {
			r.report(ruleConflict, item, "%s: got the name %s again, want each once", at, quote(g.Name))
		}
		names[g.Name] = true
		p.Groups = append(p.Groups, g)
	}
}
