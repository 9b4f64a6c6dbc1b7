package buildbundle

import (
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/timing"
)

// What a colour of the treemap means.
const (
	ownKind = iota
	packageKind
	restKind
)

// treemap is each file with its modules, by package or folder.
func treemap(rel *release.Release, c *composition.Composition) report.Treemap {
	out := report.Treemap{Caption: "What each script and style is made of", Kinds: []string{"own sources", "packages", "run time and links"}}
	for i := range c.Passes {
		p := &c.Passes[i]
		origin := origins(p, &out)
		for _, f := range p.Files {
			for _, part := range f.Parts {
				m := p.Modules[part.Module]
				leaf := report.Leaf{
					Path: append([]string{f.Path}, modulePath(p, m)...), Value: report.Bytes(part.Bytes), Original: report.Bytes(m.Size),
					Kind: ownKind, Origin: origin[part.Module],
				}
				if m.Package != composition.None {
					leaf.Kind = packageKind
				}
				out.Leaves = append(out.Leaves, leaf)
			}
			if rest := f.Rest(); rest > 0 {
				out.Leaves = append(out.Leaves, report.Leaf{Path: []string{f.Path, "run time and links"}, Value: report.Bytes(rest), Kind: restKind, Origin: -1})
			}
		}
	}
	for _, p := range rel.Passes {
		for _, e := range p.Entries {
			out.Views = append(out.Views, report.View{Label: "first load of " + p.Name + "/" + e.Name, Areas: slices.Concat(e.JS, e.CSS)})
		}
	}
	return out
}

// modulePath is the package and the path in it, or the folders of a source.
func modulePath(p *composition.Pass, m composition.Module) []string {
	if m.Package == composition.None {
		return strings.Split(m.Path, "/")
	}
	pkg := p.Packages[m.Package]
	return append([]string{pkg.String()}, strings.Split(strings.TrimPrefix(m.Path, pkg.Folder+"/"), "/")...)
}

// origins adds the pass's modules to the tree of who imports whom, and returns
// their places in it; -1 for those that no entry reaches.
func origins(p *composition.Pass, to *report.Treemap) []int {
	place := make([]int, len(p.Modules))
	for m := range place {
		place[m] = -1
	}
	for _, e := range p.Entries {
		ways := p.Origins(e)
		for m := range p.Modules {
			from := -1
			for i, link := range ways.Chain(m) {
				if place[link.Module] < 0 {
					how := ""
					if i > 0 {
						how = link.Kind.String()
					}
					place[link.Module] = len(to.Origins)
					to.Origins = append(to.Origins, report.Origin{Name: p.Modules[link.Module].Path, From: from, How: how})
				}
				from = place[link.Module]
			}
		}
	}
	return place
}

// fileGraph is which script loads which: because a module of the one imports a
// module of the other.
func fileGraph(rel *release.Release, c *composition.Composition) report.Graph {
	out := report.Graph{Caption: "Which script loads which"}
	for i := range c.Passes {
		p := &c.Passes[i]
		base := len(out.Nodes)
		in := make([][]int, len(p.Modules)) // scripts by module
		for _, f := range p.Files {
			if path.Ext(f.Path) != ".js" {
				continue
			}
			for _, part := range f.Parts {
				in[part.Module] = append(in[part.Module], len(out.Nodes))
			}
			out.Nodes = append(out.Nodes, node(rel, f))
		}
		seen := map[report.Edge]bool{}
		for m, module := range p.Modules {
			for _, imp := range module.Imports {
				for _, from := range in[m] {
					if slices.Contains(in[imp.To], from) {
						continue // it has the module itself: entries of a pass share nothing
					}
					for _, to := range in[imp.To] {
						e := report.Edge{From: from, To: to, Later: imp.Kind == composition.Dynamic}
						if imp.Route != composition.Bypassed && from != to && from >= base && !seen[e] {
							seen[e] = true
							out.Edges = append(out.Edges, e)
						}
					}
				}
			}
		}
	}
	return out
}

func node(rel *release.Release, f composition.File) report.Node {
	in, _ := rel.File(f.Path)
	n := report.Node{Label: f.Path, Size: report.Bytes(f.Size), Kind: report.LazyNode}
	switch {
	case len(in.Entries) > 0:
		n.Kind = report.EntryNode
	case len(in.Chunks) > 1:
		n.Kind = report.SharedNode
	}
	return n
}

// timeline is every span in the lane of its pass and step.
func timeline(t timing.Timings) report.Timeline {
	out := report.Timeline{Caption: "What was done when"}
	for _, s := range timing.Stages {
		out.Kinds = append(out.Kinds, s.String())
	}
	for _, s := range t.Spans {
		lane := s.Pass
		if lane == "" {
			lane = "all passes"
		}
		name := s.File
		if name == "" {
			name = s.Step
		}
		out.Spans = append(out.Spans, report.Span{Lane: []string{lane, s.Step}, Name: name, Start: s.Start, Length: s.Length, Kind: int(s.Work.Stage)})
	}
	return out
}
