package difftest

import (
	"context"
	"slices"
)

// Shrink takes parts away from a graph while it still differs in the same way, in at most tries runs. It gives the
// smallest graph found, and its difference.
func (h *Harness) Shrink(ctx context.Context, g *Graph, d Difference, tries int) (*Graph, Difference) {
	for tries > 0 {
		smaller, found := h.shrinkOnce(ctx, g, &d, &tries)
		if !found {
			break
		}
		g = smaller
	}
	return g, d
}

// shrinkOnce walks over all parts once, the large ones first, and leaves out each that the difference does not need.
func (h *Harness) shrinkOnce(ctx context.Context, g *Graph, d *Difference, tries *int) (*Graph, bool) {
	found := false
	only := *h
	only.Formats = []Format{d.Format}
	for k := 0; *tries > 0 && ctx.Err() == nil; {
		smaller := g.clone()
		if !smaller.remove(k) {
			break
		}
		smaller.Prune()
		if smaller.size() == g.size() {
			k++
			continue
		}
		*tries--
		r, err := only.Run(ctx, smaller.Case())
		if err != nil || len(r.Differences) == 0 || r.Differences[0].Kind != d.Kind {
			k++
			continue
		}
		g, *d, found = smaller, r.Differences[0], true
	}
	return g, found
}

// remove takes the k-th part away: the modules, then the imports, statements, declarations, names and steps. It gives
// false when there are not that many.
func (g *Graph) remove(k int) bool {
	take := func() bool { k--; return k < 0 }
	for i := len(g.Modules) - 1; i > 0; i-- {
		if g.Modules[i] != nil && take() {
			g.Modules[i] = nil
			return true
		}
	}
	for i := range g.Styles {
		if g.Styles[i] != nil && take() {
			g.Styles[i] = nil
			return true
		}
	}
	for i := range g.Steps {
		if take() {
			g.Steps = slices.Delete(g.Steps, i, i+1)
			return true
		}
	}
	return slices.ContainsFunc(g.Modules, func(m *Module) bool { return m != nil && m.remove(take) })
}

func (m *Module) remove(take func() bool) bool {
	for i := range m.Imports {
		if take() {
			m.Imports = slices.Delete(m.Imports, i, i+1)
			return true
		}
	}
	for i, s := range m.Body {
		if !s.Keep && take() {
			m.Body = slices.Delete(m.Body, i, i+1)
			return true
		}
	}
	for i := range m.Decls {
		if take() {
			m.Decls = slices.Delete(m.Decls, i, i+1)
			return true
		}
	}
	for _, im := range m.Imports {
		for i := range im.Specs {
			if len(im.Specs) > 1 && take() {
				im.Specs = slices.Delete(im.Specs, i, i+1)
				return true
			}
		}
	}
	return false
}

// size counts the parts.
func (g *Graph) size() int {
	n := len(g.Steps)
	for _, s := range g.Styles {
		if s != nil {
			n++
		}
	}
	for _, m := range g.Modules {
		if m == nil {
			continue
		}
		n += 1 + len(m.Body) + len(m.Decls) + len(m.Imports)
		for _, im := range m.Imports {
			n += len(im.Specs)
		}
	}
	return n
}

func (g *Graph) clone() *Graph {
	c := &Graph{Seed: g.Seed, Modules: slices.Clone(g.Modules), Styles: slices.Clone(g.Styles), Steps: slices.Clone(g.Steps)}
	for i, m := range c.Modules {
		if m != nil {
			c.Modules[i] = m.clone()
		}
	}
	return c
}

func (m *Module) clone() *Module {
	c := *m
	c.Imports = nil
	for _, im := range m.Imports {
		copied := *im
		copied.Specs = slices.Clone(im.Specs)
		c.Imports = append(c.Imports, &copied)
	}
	// Statements and declarations are never changed, only dropped.
	c.Body = slices.Clone(m.Body)
	c.Decls = slices.Clone(m.Decls)
	return &c
}
