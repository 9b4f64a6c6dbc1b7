package difftest

import "slices"

// Graph is a random module graph in a form from which parts can be taken away: everything refers to modules and styles
// by number and to bindings by local name, and Prune drops what has lost its ground.
type Graph struct {
	Seed    uint64
	Modules []*Module // the first is the entry; a removed one is nil
	Styles  []*Style  // a removed one is nil
	Steps   []string
}

// Module is one JavaScript file.
type Module struct {
	Name string // in traces, unique
	Path string
	CJS  bool
	// Shape is how a CommonJS module exports.
	Shape Shape
	// Pure says that the module stands in a package with `"sideEffects": false` and does nothing when evaluated.
	Pure bool
	// Trace is the name by which this module calls the trace function.
	Trace   string
	Imports []*Import // in source order, ES modules only
	Decls   []*Decl
	Body    []*Stmt
}

// Shape is the way in which a CommonJS module exports: all of them such that Node's lexer finds the names.
type Shape int

// Shapes of CommonJS modules.
const (
	Keys     Shape = iota // exports.a = …, one by one
	Literal               // module.exports = { a, b }
	Callable              // module.exports = function …; module.exports.a = …
	Flagged               // Object.defineProperty(exports, "__esModule", …); exports.a = …
	Again                 // module.exports = require(…); the target is its only Import, a Star
)

// Style is a style sheet with one marker rule. Inner is the path of a sheet that only it imports, or "".
type Style struct{ Name, Path, Inner string }

// Form is the syntax of a static import.
type Form int

// The forms, in source syntax.
const (
	Effect    Form = iota // import "x"
	Named                 // import d, { a as b } from "x"
	Namespace             // import d, * as ns from "x"
	Star                  // export * from "x"
	StarAs                // export * as n from "x"
	Reexport              // export { a as b } from "x"
)

// Import is a static import or re-export of a module, or of a style sheet.
type Import struct {
	Form   Form
	Target int // module, if Style is -1
	Style  int
	Specs  []Spec // Named and Reexport; Namespace: an optional default
	Name   string // the namespace's local name, or the exported name of StarAs
}

// Spec is one name of an import: Name in the target, As here (for Reexport: As is the exported name).
type Spec struct {
	Name, As string
	Def      Def // what Name meant when the graph was made
}

// Decl is a top-level declaration of a module. For CommonJS, Names are the keys it puts into `exports`.
type Decl struct {
	Local string
	Names []string // exported as; for CommonJS the export keys
	Kind  DeclKind
	Code  string // complete statements; "" for CommonJS, where a statement of the body exports
	// Inline says that Code exports the declaration itself.
	Inline bool
	// This says that the function tells its receiver: `ns.f()` is not `f()`.
	This  bool
	Needs []string
}

// DeclKind says what may be done with a binding and when.
type DeclKind int

// Kinds of bindings.
const (
	Const  DeclKind = iota // a primitive, readable once evaluated
	Var                    // readable at any time, undefined before it is evaluated
	Func                   // hoisted, callable at any time with any arguments
	Late                   // a function, callable once the module and its imports are evaluated
	Class                  // has a static method `who`, once evaluated
	Object                 // shown as a whole, once evaluated
	NS                     // the namespace of a module
	Local                  // internal to the module
)

// Stmt is a statement at the top level of a module.
type Stmt struct {
	Code  string
	Needs []string // local names
	// Early are those of Needs whose modules must have been evaluated already.
	Early []string
	// Loads and Requires are modules named in Code, or -1.
	Loads, Requires int
	Later           bool // Requires happens when a step asks for it, not when the module is evaluated
	Throws          bool
	Declares        string // a local name that this statement declares, or ""
	Step            string // the step that this statement provides, or ""
	Keep            bool   // never removed by itself: the line that says that the module runs, or what a Decl needs
}

// Def is the module and declaration that a name leads to. Local is the declaration's local name, "*" for a namespace,
// "default" or the key for CommonJS.
type Def struct {
	Module int
	Local  string
}

var noDef = Def{Module: -1}

// live tells whether module i is still there.
func (g *Graph) live(i int) bool { return g.Modules[i] != nil }

// statics gives the modules that m imports statically, in order, with repeats; for CommonJS those it requires.
func (g *Graph) statics(i int) (out []int) {
	m := g.Modules[i]
	for _, im := range m.Imports {
		if im.Style < 0 && g.live(im.Target) {
			out = append(out, im.Target)
		}
	}
	for _, s := range m.Body {
		if s.Requires >= 0 && !s.Later && g.live(s.Requires) {
			out = append(out, s.Requires)
		}
	}
	return out
}

// closure gives what module i reaches through static imports, itself included.
func (g *Graph) closure(i int) map[int]bool {
	seen := map[int]bool{}
	var visit func(int)
	visit = func(i int) {
		if !seen[i] {
			seen[i] = true
			for _, d := range g.statics(i) {
				visit(d)
			}
		}
	}
	visit(i)
	return seen
}

// ready gives the modules that have been evaluated with everything below them whenever i runs: what i imports, except
// through modules that lead back to i.
func (g *Graph) ready(i int) map[int]bool {
	ready := map[int]bool{}
	for _, d := range g.statics(i) {
		below := g.closure(d)
		if below[i] {
			continue
		}
		for k := range below {
			ready[k] = true
		}
	}
	return ready
}

// resolve follows an exported name as ECMA-262 ResolveExport does: noDef if there is none, or more than one.
func (g *Graph) resolve(i int, name string) Def {
	d, ok := g.lookup(i, name, map[Def]bool{})
	if !ok {
		return noDef
	}
	return d
}

// lookup gives noDef, true for a name that is not there, and false for an ambiguous one.
func (g *Graph) lookup(i int, name string, seen map[Def]bool) (Def, bool) {
	at := Def{i, name}
	if seen[at] || !g.live(i) {
		return noDef, true
	}
	seen[at] = true
	m := g.Modules[i]
	if m.CJS && name == "default" {
		return Def{i, "default"}, true
	}
	for _, d := range m.Decls {
		if slices.Contains(d.Names, name) {
			return Def{i, d.Local}, true
		}
	}
	for _, im := range m.Imports {
		if im.Form == StarAs && im.Name == name && g.live(im.Target) {
			return Def{im.Target, "*"}, true
		}
		if im.Form != Reexport || im.Style >= 0 {
			continue
		}
		for _, s := range im.Specs {
			if s.As == name {
				return g.lookup(im.Target, s.Name, seen)
			}
		}
	}
	if name == "default" {
		return noDef, true
	}
	found := noDef
	for _, im := range m.Imports {
		if im.Form != Star {
			continue
		}
		d, ok := g.lookup(im.Target, name, seen)
		if !ok || d != noDef && found != noDef && d != found {
			return noDef, false
		}
		if d != noDef {
			found = d
		}
	}
	return found, true
}

// names gives the names that can be imported from module i, sorted.
func (g *Graph) names(i int) []string {
	all := map[string]bool{}
	seen := map[int]bool{}
	var visit func(i int, star bool)
	visit = func(i int, star bool) {
		if seen[i] || !g.live(i) {
			return
		}
		seen[i] = true
		m := g.Modules[i]
		if m.CJS && !star {
			all["default"] = true
		}
		for _, n := range g.own(i) {
			all[n] = true
		}
		for _, im := range m.Imports {
			if im.Form == Star {
				visit(im.Target, true)
			}
		}
	}
	visit(i, false)
	var out []string
	for n := range all {
		if g.resolve(i, n) != noDef {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// ambiguous tells whether module i itself has a name that two `export *` bring. V8 forgets that such a name was there
// when the module is the target of a further `export *`; ECMA-262 and the bundlers don't, so no graph does that.
func (g *Graph) ambiguous(i int) bool {
	seen := map[int]bool{}
	found := false
	var visit func(int)
	visit = func(k int) {
		if seen[k] || !g.live(k) {
			return
		}
		seen[k] = true
		for _, name := range g.own(k) {
			_, ok := g.lookup(i, name, map[Def]bool{})
			found = found || name != "default" && !ok
		}
		for _, im := range g.Modules[k].Imports {
			if im.Form == Star {
				visit(im.Target)
			}
		}
	}
	visit(i)
	return found
}

// own gives the names that module i exports by itself.
func (g *Graph) own(i int) (names []string) {
	for _, d := range g.Modules[i].Decls {
		names = append(names, d.Names...)
	}
	for _, im := range g.Modules[i].Imports {
		switch im.Form {
		case Effect, Named, Namespace, Star: // nothing by itself
		case StarAs:
			names = append(names, im.Name)
		case Reexport:
			for _, s := range im.Specs {
				names = append(names, s.As)
			}
		}
	}
	return names
}

// styled tells whether module i brings style sheets that the entry does not bring.
func (g *Graph) styled(i int) bool {
	first := g.closure(0)
	for k := range g.closure(i) {
		if !first[k] && slices.ContainsFunc(g.Modules[k].Imports, func(im *Import) bool { return im.Style >= 0 }) {
			return true
		}
	}
	return false
}

// lazilyStyled tells whether any module but the entry's own brings style sheets.
func (g *Graph) lazilyStyled() bool {
	for k, m := range g.Modules {
		if m != nil && g.styled(k) {
			return true
		}
	}
	return false
}

// kind says what a definition is.
func (g *Graph) kind(d Def) DeclKind {
	m := g.Modules[d.Module]
	switch {
	case d.Local == "*":
		return NS
	case m.CJS && d.Local == "default":
		return Object
	}
	for _, decl := range m.Decls {
		if decl.Local == d.Local {
			return decl.Kind
		}
	}
	return Local
}

// bindings gives the module's imported bindings by local name.
func (g *Graph) bindings(i int) map[string]Def {
	out := map[string]Def{}
	for _, im := range g.Modules[i].Imports {
		if im.Style >= 0 {
			continue
		}
		if im.Form == Namespace {
			out[im.Name] = Def{im.Target, "*"}
		}
		if im.Form == Named || im.Form == Namespace {
			for _, s := range im.Specs {
				out[s.As] = s.Def
			}
		}
	}
	return out
}

// Prune drops everything that refers to something no longer there, until nothing more goes: names that lead elsewhere
// or nowhere, statements whose bindings went, readings of what might not be evaluated yet, steps that nothing provides,
// modules that nothing reaches.
func (g *Graph) Prune() {
	for changed := true; changed; {
		changed = g.pruneModules()
		for i, m := range g.Modules {
			if m != nil && (g.pruneImports(i) || g.pruneStatements(i)) {
				changed = true
			}
		}
	}
	provided := map[string]bool{}
	used := map[int]bool{}
	for _, m := range g.Modules {
		if m == nil {
			continue
		}
		for _, s := range m.Body {
			provided[s.Step] = true
		}
		for _, im := range m.Imports {
			used[im.Style] = true
		}
	}
	g.Steps = slices.DeleteFunc(g.Steps, func(s string) bool { return !provided[s] })
	for i := range g.Styles {
		if !used[i] {
			g.Styles[i] = nil
		}
	}
}

func (g *Graph) pruneModules() bool {
	reached := map[int]bool{}
	var visit func(int)
	visit = func(i int) {
		if i < 0 || reached[i] || !g.live(i) {
			return
		}
		reached[i] = true
		for _, d := range g.statics(i) {
			visit(d)
		}
		for _, s := range g.Modules[i].Body {
			visit(s.Loads)
			visit(s.Requires)
		}
	}
	visit(0)
	changed := false
	for i, m := range g.Modules {
		if m != nil && !reached[i] {
			g.Modules[i] = nil
			changed = true
		}
	}
	return changed
}

func (g *Graph) pruneImports(i int) bool {
	m := g.Modules[i]
	before := len(m.Imports)
	changed := false
	m.Imports = slices.DeleteFunc(m.Imports, func(im *Import) bool {
		if im.Style >= 0 {
			return g.Styles[im.Style] == nil
		}
		if !g.live(im.Target) || im.Form == Star && g.ambiguous(im.Target) {
			return true
		}
		n := len(im.Specs)
		im.Specs = slices.DeleteFunc(im.Specs, func(s Spec) bool { return g.resolve(im.Target, s.Name) != s.Def })
		changed = changed || len(im.Specs) != n
		return len(im.Specs) == 0 && (im.Form == Named || im.Form == Reexport)
	})
	return changed || len(m.Imports) != before
}

func (g *Graph) pruneStatements(i int) bool {
	m := g.Modules[i]
	bound := g.bindings(i)
	own := map[string]bool{}
	for _, d := range m.Decls {
		own[d.Local] = true
	}
	for _, s := range m.Body { // CommonJS: `const r = require(…)`
		own[s.Declares] = true
	}
	ready := g.ready(i)
	missing := func(needs []string) bool {
		return slices.ContainsFunc(needs, func(n string) bool { _, ok := bound[n]; return !ok && !own[n] })
	}
	lazilyStyled := slices.ContainsFunc(m.Body, func(s *Stmt) bool { return s.Throws }) && g.lazilyStyled()
	before := len(m.Decls) + len(m.Body)
	m.Decls = slices.DeleteFunc(m.Decls, func(d *Decl) bool { return missing(d.Needs) })
	m.Body = slices.DeleteFunc(m.Body, func(s *Stmt) bool {
		if missing(s.Needs) || s.Loads >= 0 && !g.live(s.Loads) || s.Requires >= 0 && !g.live(s.Requires) {
			return true
		}
		if s.Throws && lazilyStyled || !m.CJS && s.Requires >= 0 && g.styled(s.Requires) {
			return true // pruning an import has made a style sheet lazy
		}
		return slices.ContainsFunc(s.Early, func(n string) bool {
			d, imported := bound[n]
			return imported && !ready[d.Module] && g.kind(d) != Func && g.kind(d) != Var
		})
	})
	return len(m.Decls)+len(m.Body) != before
}
