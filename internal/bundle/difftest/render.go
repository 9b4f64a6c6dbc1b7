package difftest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// Case writes the graph out.
func (g *Graph) Case() *Case {
	c := &Case{Name: fmt.Sprintf("seed %d", g.Seed), Entry: g.Modules[0].Path, Steps: slices.Clone(g.Steps)}
	folders := map[string]bool{}
	for i, m := range g.Modules {
		if m == nil {
			continue
		}
		for dir := path.Dir(m.Path); ; dir = path.Dir(dir) {
			folders[dir] = true
			if dir == "." {
				break
			}
		}
		c.Files = append(c.Files, txtar.File{Name: m.Path, Data: []byte(g.source(i))})
	}
	for _, s := range g.Styles {
		if s != nil {
			c.Files = append(c.Files, s.files()...)
		}
	}
	for _, dir := range slices.Sorted(mapKeys(folders)) {
		if p := packageJSON(dir); p != "" {
			c.Files = append(c.Files, txtar.File{Name: path.Join(dir, "package.json"), Data: []byte(p + "\n")})
		}
	}
	return c
}

func mapKeys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// plainDir is the folder whose package.json has no "type": bundlers treat the imports of CommonJS there as Babel does.
const plainDir = "plain"

func packageJSON(dir string) string {
	switch {
	case dir == ".":
		return `{"name": "graph", "type": "module"}`
	case dir == plainDir:
		return `{"name": "plain"}`
	case path.Dir(dir) == "node_modules":
		return fmt.Sprintf(`{"name": %q, "version": "1.0.0", "type": "module", "sideEffects": false, "exports": "./index.js"}`, path.Base(dir))
	}
	return ""
}

func (s *Style) files() []txtar.File {
	own := fmt.Sprintf(".m-%s { --m: 1 }\n", s.Name)
	if s.Inner == "" {
		return []txtar.File{{Name: s.Path, Data: []byte(own)}}
	}
	return []txtar.File{
		{Name: s.Path, Data: []byte(fmt.Sprintf("@import %q;\n%s", specifier(s.Path, s.Inner), own))},
		{Name: s.Inner, Data: []byte(fmt.Sprintf(".m-%s-inner { --m: 1 }\n", s.Name))},
	}
}

// specifier gives how the module at from names the one at to: relative, or the package's name from outside it.
func specifier(from, to string) string {
	if dir := path.Dir(to); path.Dir(dir) == "node_modules" && path.Dir(from) != dir {
		return path.Base(dir)
	}
	up := strings.Repeat("../", strings.Count(from, "/"))
	if dir := path.Dir(from) + "/"; strings.HasPrefix(to, dir) {
		return "./" + strings.TrimPrefix(to, dir)
	}
	if up == "" {
		return "./" + to
	}
	return up + to
}

func (g *Graph) source(i int) string {
	m := g.Modules[i]
	var b strings.Builder
	if m.CJS {
		g.commonJS(&b, m)
		return b.String()
	}
	for _, im := range m.Imports {
		fmt.Fprintln(&b, g.importStatement(m, im))
	}
	var lists []string
	for _, d := range m.Decls {
		if d.Inline {
			continue
		}
		for _, name := range d.Names {
			lists = append(lists, as(d.Local, name))
		}
	}
	// An empty list keeps the file an ES module for Node, which looks at the syntax where package.json has no type.
	fmt.Fprintf(&b, "export { %s };\n", strings.Join(lists, ", "))
	var first, rest []*Stmt
	for _, s := range m.Body {
		if s.Keep {
			first = append(first, s)
		} else {
			rest = append(rest, s)
		}
	}
	for _, s := range first {
		fmt.Fprintln(&b, s.Code)
	}
	for _, d := range m.Decls {
		fmt.Fprintln(&b, d.Code)
	}
	for _, s := range rest {
		fmt.Fprintln(&b, s.Code)
	}
	return b.String()
}

func as(from, to string) string {
	if from == to {
		return from
	}
	return from + " as " + to
}

func (g *Graph) importStatement(m *Module, im *Import) string {
	if im.Style >= 0 {
		return fmt.Sprintf("import %q;", specifier(m.Path, g.Styles[im.Style].Path))
	}
	from := specifier(m.Path, g.Modules[im.Target].Path)
	deflt := ""
	var list []string
	for _, s := range im.Specs {
		if s.Name == "default" && deflt == "" && im.Form != Reexport {
			deflt = s.As
			continue
		}
		list = append(list, as(s.Name, s.As))
	}
	switch im.Form {
	case Star:
		return fmt.Sprintf("export * from %q;", from)
	case StarAs:
		return fmt.Sprintf("export * as %s from %q;", im.Name, from)
	case Reexport:
		return fmt.Sprintf("export { %s } from %q;", strings.Join(list, ", "), from)
	case Effect:
		return fmt.Sprintf("import %q;", from)
	case Named, Namespace: // below
	}
	var parts []string
	if deflt != "" {
		parts = append(parts, deflt)
	}
	if im.Form == Namespace {
		parts = append(parts, "* as "+im.Name)
	} else if len(list) > 0 {
		parts = append(parts, "{ "+strings.Join(list, ", ")+" }")
	}
	return fmt.Sprintf("import %s from %q;", strings.Join(parts, ", "), from)
}

func (g *Graph) commonJS(b *strings.Builder, m *Module) {
	if m.Shape == Flagged {
		fmt.Fprintln(b, `Object.defineProperty(exports, "__esModule", { value: true });`)
	}
	for _, s := range m.Body {
		fmt.Fprintln(b, s.Code)
	}
	switch m.Shape {
	case Keys, Callable, Flagged: // the body exports
	case Literal:
		var keys []string
		for _, d := range m.Decls {
			keys = append(keys, d.Local)
		}
		fmt.Fprintf(b, "module.exports = { %s };\n", strings.Join(keys, ", "))
	case Again:
		for _, im := range m.Imports {
			fmt.Fprintf(b, "module.exports = require(%q);\n", specifier(m.Path, g.Modules[im.Target].Path))
		}
	}
}
