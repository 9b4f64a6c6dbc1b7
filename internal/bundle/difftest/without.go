package difftest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// parts are what Without can take out of a graph, by name.
var parts = map[string]func(g *Graph, m *Module, s *Stmt) bool{
	"lazy-cjs":     func(g *Graph, _ *Module, s *Stmt) bool { return s.Loads >= 0 && g.Modules[s.Loads].CJS },
	"lazy":         func(_ *Graph, _ *Module, s *Stmt) bool { return s.Loads >= 0 },
	"cjs-import":   func(_ *Graph, m *Module, s *Stmt) bool { return s.Loads >= 0 && m.CJS },
	"late-require": func(_ *Graph, m *Module, s *Stmt) bool { return s.Requires >= 0 && !m.CJS },
	"throw":        func(_ *Graph, _ *Module, s *Stmt) bool { return strings.HasPrefix(s.Code, "throw ") },
	"eager":        func(_ *Graph, _ *Module, s *Stmt) bool { return strings.HasPrefix(s.Code, "__pending") },
	"strict":       func(_ *Graph, m *Module, s *Stmt) bool { return strings.Contains(s.Code, m.Name+" is strict") },
	"css":          nil,
	"cjs":          nil,
	"star-cjs":     nil,
}

// Without takes every occurrence of something out of the graph, so that a known difference does not hide others.
func (g *Graph) Without(name string) error {
	drop, ok := parts[name]
	if !ok {
		return fmt.Errorf("taking %q out of the graph: want one of %q", name, slices.Sorted(maps.Keys(parts)))
	}
	for i, m := range g.Modules {
		switch {
		case m == nil:
			continue
		case name == "strict":
			m.Decls = slices.DeleteFunc(m.Decls, func(d *Decl) bool { return d.This })
		}
		switch {
		case drop != nil:
			m.Body = slices.DeleteFunc(m.Body, func(s *Stmt) bool { return drop(g, m, s) })
		case name == "css":
			m.Imports = slices.DeleteFunc(m.Imports, func(im *Import) bool { return im.Style >= 0 })
		case name == "star-cjs" && !m.CJS:
			m.Imports = slices.DeleteFunc(m.Imports, func(im *Import) bool {
				return im.Form == Star && g.live(im.Target) && g.Modules[im.Target].CJS
			})
		case name == "cjs" && m.CJS:
			g.Modules[i] = nil
		}
	}
	g.Prune()
	return nil
}
