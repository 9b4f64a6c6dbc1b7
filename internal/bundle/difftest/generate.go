package difftest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Generate makes the graph of a seed, the same one each time.
//
// It stays out of where plain Node and the bundlers are known to part: see the package's comment.
func Generate(seed uint64) *Graph {
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 0x636865636b6f7574)), g: &Graph{Seed: seed}}
	m.layOut()
	m.connect()
	m.addPure()
	m.pick()
	m.addStyles()
	for i := range m.g.Modules {
		m.writeBody(i)
	}
	m.addLateRequires()
	m.addEager()
	m.addThrowers()
	m.writeSteps()
	m.g.Prune()
	return m.g
}

// maker holds a graph on its way.
type maker struct {
	*rand.Rand
	g      *Graph
	cyclic bool
	edges  []edge
	locals []map[string]bool // by module: names taken
	count  int
}

type edge struct {
	from, to int
	lazy     bool
}

func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

func one[T any](m *maker, of ...T) T { return of[m.IntN(len(of))] }

// layOut decides how many modules there are, of which kind, and where they stand.
func (m *maker) layOut() {
	n := 2 + m.IntN(one(m, 4, 10, 22))
	m.cyclic = m.chance(50)
	cjs := one(m, 0, 20, 45)
	for i := range n {
		mod := &Module{Name: fmt.Sprintf("m%d", i), CJS: i > 0 && m.chance(cjs)}
		dir := one(m, "", "", "lib/", plainDir+"/")
		switch {
		case i == 0:
			mod.Name, mod.Path = "main", "main."+one(m, "mjs", "js")
		case mod.CJS:
			mod.Path = dir + mod.Name + ".cjs"
			mod.Shape = one(m, Keys, Keys, Literal, Callable, Flagged, Again)
		default:
			mod.Path = dir + mod.Name + "." + one(m, "mjs", "js")
		}
		mod.Trace = one(m, "__t", "t", "n", "$", "globalThis.__t")
		m.add(mod)
	}
}

func (m *maker) add(mod *Module) int {
	m.g.Modules = append(m.g.Modules, mod)
	taken := map[string]bool{mod.Trace: true}
	m.locals = append(m.locals, taken)
	return len(m.g.Modules) - 1
}

// connect chooses who imports whom: each module has one importer before it, and some edges more.
func (m *maker) connect() {
	n := len(m.g.Modules)
	lazy := one(m, 15, 35, 60)
	for i := 1; i < n; i++ {
		m.edges = append(m.edges, m.edge(m.IntN(i), i, lazy))
	}
	for range m.IntN(n + n/2) {
		from, to := m.IntN(n), m.IntN(n)
		if from > to && !m.cyclic {
			from, to = to, from
		}
		if from != to {
			m.edges = append(m.edges, m.edge(from, to, lazy))
		} else if m.cyclic && !m.g.Modules[from].CJS {
			m.edges = append(m.edges, edge{from: from, to: to})
		}
	}
	m.Shuffle(len(m.edges), func(i, j int) { m.edges[i], m.edges[j] = m.edges[j], m.edges[i] })
}

// edge is lazy where it must: CommonJS can't import an ES module.
func (m *maker) edge(from, to, lazy int) edge {
	return edge{from, to, m.chance(lazy) || m.g.Modules[from].CJS && !m.g.Modules[to].CJS}
}

// addPure adds packages with "sideEffects": false: a barrel and its modules, which do nothing when evaluated, so that
// dropping and moving them is nobody's loss; what they keep is state.
func (m *maker) addPure() {
	users := len(m.g.Modules)
	for k := range one(m, 0, 0, 1, 2) {
		dir := fmt.Sprintf("node_modules/pure%d/", k)
		index := m.add(&Module{Name: fmt.Sprintf("pure%d", k), Path: dir + "index.js", Pure: true, Trace: "__t"})
		for j := range 1 + m.IntN(4) {
			part := m.add(&Module{Name: fmt.Sprintf("pure%d-%d", k, j), Path: fmt.Sprintf("%spart%d.js", dir, j), Pure: true, Trace: "__t"})
			m.edges = append(m.edges, edge{from: index, to: part})
			if m.cyclic && m.chance(40) {
				m.edges = append(m.edges, edge{from: part, to: index})
			}
		}
		for range 1 + m.IntN(3) {
			from := m.IntN(users)
			if !m.g.Modules[from].CJS {
				m.edges = append(m.edges, edge{from: from, to: index})
			}
		}
	}
}

// pick declares what each module has, then turns static edges into import statements.
func (m *maker) pick() {
	for i := range m.g.Modules {
		m.declare(i)
	}
	for _, e := range m.edges {
		from, to := m.g.Modules[e.from], m.g.Modules[e.to]
		switch {
		case e.lazy:
			continue
		case from.CJS:
			m.pickRequire(e)
		case to.CJS:
			m.pickCommonJS(e)
		default:
			m.pickModule(e)
		}
	}
	for i, mod := range m.g.Modules {
		if mod.Shape == Again && len(mod.Imports) == 0 {
			mod.Shape = Keys
			m.declare(i)
		}
		m.Shuffle(len(mod.Imports), func(a, b int) { mod.Imports[a], mod.Imports[b] = mod.Imports[b], mod.Imports[a] })
	}
}

func (m *maker) pickRequire(e edge) {
	from, to := m.g.Modules[e.from], m.g.Modules[e.to]
	if from.Shape == Again && len(from.Imports) == 0 && !m.g.closure(e.to)[e.from] {
		from.Imports = append(from.Imports, &Import{Form: Star, Target: e.to, Style: -1})
		return
	}
	where := specifier(from.Path, to.Path)
	if m.chance(20) {
		step := from.Name + " requires " + to.Name
		from.Body = append(from.Body, &Stmt{
			Code:  fmt.Sprintf("__steps[%q] = () => require(%q);", step, where),
			Loads: -1, Requires: e.to, Later: true, Step: "run " + step,
		})
		return
	}
	local := m.local(e.from)
	from.Body = append(from.Body, &Stmt{Code: fmt.Sprintf("const %s = require(%q);\n%s(\"%s has %s\", %s);",
		local, where, from.Trace, from.Name, to.Name, local), Loads: -1, Requires: e.to, Declares: local})
}

// pickCommonJS keeps to the forms on which Node and the bundlers agree: a CommonJS module with the __esModule flag has
// another default for Babel's readers than for Node's.
func (m *maker) pickCommonJS(e edge) {
	flagged := m.flagged(e.to) && inPlain(m.g.Modules[e.from])
	names := slices.DeleteFunc(m.g.names(e.to), func(n string) bool { return n == "default" && flagged })
	forms := []Form{Effect, Named, Named, Star, Reexport}
	if !flagged {
		forms = append(forms, Namespace, StarAs)
	}
	m.pickForm(e, one(m, forms...), names)
}

// flagged follows re-exports to the module that has the flag or not.
func (m *maker) flagged(i int) bool {
	mod := m.g.Modules[i]
	if mod.Shape == Again && len(mod.Imports) > 0 {
		return m.flagged(mod.Imports[0].Target)
	}
	return mod.Shape == Flagged
}

func inPlain(m *Module) bool { return len(m.Path) > 6 && m.Path[:6] == plainDir+"/" }

func (m *maker) pickModule(e edge) {
	if m.g.Modules[e.from].Pure && m.g.Modules[e.from].Path[len(m.g.Modules[e.from].Path)-8:] == "index.js" {
		m.pickForm(e, one(m, Star, Star, Reexport, StarAs), m.g.names(e.to))
		return
	}
	m.pickForm(e, one(m, Effect, Named, Named, Named, Named, Namespace, Star, Star, StarAs, Reexport, Reexport), m.g.names(e.to))
}

func (m *maker) pickForm(e edge, form Form, names []string) {
	from := m.g.Modules[e.from]
	im := &Import{Form: form, Target: e.to, Style: -1}
	if (form == Named || form == Reexport) && len(names) == 0 {
		im.Form = Effect
	}
	switch im.Form {
	case Effect, Star: // these have no names
	case Named:
		m.addSpecs(e, im, names, 1+m.IntN(3), func() string { return m.local(e.from) })
	case Namespace:
		im.Name = m.local(e.from)
		if slices.Contains(names, "default") && m.chance(30) {
			im.Specs = []Spec{{"default", m.local(e.from), m.g.resolve(e.to, "default")}}
		}
	case StarAs:
		im.Name = m.exportName(e.from, false)
	case Reexport:
		m.addSpecs(e, im, names, 1+m.IntN(2), func() string { return m.exportName(e.from, true) })
	}
	from.Imports = append(from.Imports, im)
}

func (m *maker) addSpecs(e edge, im *Import, names []string, n int, as func() string) {
	for range n {
		name := one(m, names...)
		im.Specs = append(im.Specs, Spec{name, as(), m.g.resolve(e.to, name)})
	}
}

// local gives a fresh name for module i. The names are those that a renamer stumbles over: short ones, globals, and the
// names that bundlers give.
func (m *maker) local(i int) string {
	pool := []string{
		"a", "b", "c", "d", "e", "i", "o", "r", "s", "x", "z", "value", "name", "t", "n", "$", "Promise", "Symbol",
		"Error", "window", "document", "self", "global", "chunk", "load", "import_a", "require_a", "init_a", "main_default", "async", "of", "get",
	}
	if !m.g.Modules[i].CJS {
		pool = append(pool, "Object", "exports", "module", "define", "__filename")
	}
	for range 8 {
		if name := one(m, pool...); !m.locals[i][name] {
			m.locals[i][name] = true
			return name
		}
	}
	m.count++
	name := fmt.Sprintf("v%d", m.count)
	m.locals[i][name] = true
	return name
}

// exportName gives a name that module i does not export itself. The names are few, so that `export *` meets conflicts.
func (m *maker) exportName(i int, mayDefault bool) string {
	pool := []string{"a", "b", "c", "x", "y", "z", "value", "item", "constructor", "toString", "name", "length", "t", "e"}
	if mayDefault {
		pool = append(pool, "default", "default")
	}
	if name := one(m, pool...); !slices.Contains(m.g.own(i), name) && !m.locals[i]["export "+name] {
		m.locals[i]["export "+name] = true
		return name
	}
	m.count++
	return fmt.Sprintf("x%d", m.count)
}

// addStyles lets ES modules import style sheets.
func (m *maker) addStyles() {
	n := one(m, 0, 0, 2, 4, 7)
	for i := range n {
		s := &Style{Name: fmt.Sprintf("s%d", i), Path: fmt.Sprintf("%ss%d.css", one(m, "", "lib/"), i)}
		if m.chance(15) {
			s.Inner = fmt.Sprintf("s%d-inner.css", i)
		}
		m.g.Styles = append(m.g.Styles, s)
		for range 1 + m.IntN(3) {
			mod := one(m, m.g.Modules...)
			if mod.CJS || mod.Pure || slices.ContainsFunc(mod.Imports, func(im *Import) bool { return im.Style == i }) {
				continue
			}
			at := m.IntN(len(mod.Imports) + 1)
			mod.Imports = slices.Insert(mod.Imports, at, &Import{Style: i, Target: -1})
		}
	}
}
