package imports

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Graph is what the bundler knows about the files of a build. Its methods may be
// called from several goroutines.
type Graph interface {
	// Resolve gives the file that importer's specifier leads to, as the bundler
	// resolved it; ok=false: leave alone.
	Resolve(importer, specifier string) (file string, ok bool)
	// Pure reports that importing file only for side effects may be dropped
	// (package.json sideEffects).
	Pure(file string) bool
	// Source gives a file's bytes.
	Source(file string) ([]byte, error)
}

// A target is where a name can be imported from.
type target struct {
	file, name string
	// namespace asks for `* as` instead of a name.
	namespace bool
	// trail holds the place of the export in each barrel on the way: imports
	// written in this order evaluate modules in the order the barrels did.
	trail []int
}

func (t target) same(u target) bool {
	return t.file == u.file && t.name == u.name && t.namespace == u.namespace
}

// A module is a file as the search sees it. It is read once.
type module struct {
	*Module
	file       string
	src        []byte
	typescript bool
	imported   map[string]origin // bindings made by the imports Scan saw
	header     table             // what Scan saw
	whole      table             // with what is behind it; see all
	tail       sync.Once
	hasLists   bool // see listsBehind
	lists      sync.Once
}

// A table is what a module exports.
type table struct {
	explicit map[string]origin // by lists and as namespaces
	stars    []star
	values   map[string]bool // declared in the file itself
	export   bool            // some export exists: the file is an ES module
	// defaultOf is the import that is the default export: `export default x`.
	defaultOf string
}

// An origin is the other end of an imported or re-exported name.
type origin struct {
	specifier string // "" for a binding of the file itself
	name      string // there; the local binding without specifier
	namespace bool
	// opaque ends the search: types, attributes, require.
	opaque   bool
	typeOnly bool
	place    int
}

type star struct {
	specifier string
	place     int
}

func newModule(file string, src []byte) *module {
	m := &module{file: file, src: src, typescript: isTypeScript(file), imported: make(map[string]origin)}
	m.Module = Scan(src, m.typescript)
	m.header.explicit = make(map[string]origin)
	for i := range m.Decls {
		d := &m.Decls[i]
		bind(m.imported, d)
		m.header.add(d)
	}
	return m
}

// bind notes the bindings an import makes.
func bind(imported map[string]origin, d *Decl) {
	if d.Kind != Import && d.Kind != ImportRequire {
		return
	}
	o := origin{specifier: d.Specifier, opaque: d.Attributed || d.Kind == ImportRequire, typeOnly: d.TypeOnly}
	if d.Default != "" {
		o.name = "default"
		imported[d.Default] = o
	}
	for _, n := range d.Names {
		o.name, o.typeOnly = n.Foreign, n.TypeOnly
		imported[n.Local] = o
	}
	if d.Namespace != "" {
		o.name, o.namespace = "", true
		imported[d.Namespace] = o
	}
}

func (t *table) add(d *Decl) {
	o := origin{specifier: d.Specifier, opaque: d.Attributed, typeOnly: d.TypeOnly, place: d.Start}
	t.export = t.export || !d.TypeOnly && (d.Kind == ExportFrom || d.Kind == ExportLocal || d.Kind == ExportStar)
	switch d.Kind {
	case Import, ImportRequire: // no exports
	case ExportFrom, ExportLocal, TypeDeclaration:
		for _, n := range d.Names {
			o.name, o.typeOnly = n.Foreign, n.TypeOnly
			if _, known := t.explicit[n.Local]; known && o.typeOnly {
				continue // a value and a type of one name
			}
			t.explicit[n.Local] = o
		}
	case ExportStar:
		switch {
		case d.Namespace != "":
			o.namespace = true
			t.explicit[d.Namespace] = o
		case !d.TypeOnly && !d.Attributed:
			t.stars = append(t.stars, star{d.Specifier, d.Start})
		}
	}
}

// all gives the header's table with the exports behind the file's own code.
func (m *module) all() *table {
	if m.Complete {
		return &m.header
	}
	m.tail.Do(func() {
		x := scanExports(m.src, m.End, m.typescript)
		m.whole = table{maps.Clone(m.header.explicit), slices.Clone(m.header.stars), x.values, m.header.export || len(x.values) > 0, x.defaultOf}
		for i := range x.decls {
			m.whole.add(&x.decls[i])
		}
	})
	return &m.whole
}

// leads reports that some export of the file may come from another one. Most
// files have none, and need no further look.
func (m *module) leads() bool {
	for _, o := range m.header.explicit {
		if !o.typeOnly {
			return true
		}
	}
	return len(m.header.stars) > 0 || !m.Complete && m.listsBehind()
}

// listsBehind looks for `export {` and `export *` behind the file's own code.
func (m *module) listsBehind() bool {
	m.lists.Do(func() {
		export := []byte("export")
		for rest := m.src[m.End:]; !m.hasLists; {
			i := bytes.Index(rest, export)
			if i < 0 {
				return
			}
			rest = rest[i+len(export):]
			c := cursor{src: rest}
			b := c.peek()
			m.hasLists = b == '{' || b == '*'
		}
	})
	return m.hasLists
}

// mayDeclare reports whether a file with own code may export name by something
// that was not understood. An identifier that is not in the text is not exported.
func (m *module) mayDeclare(name string) bool {
	return !m.Complete && (bytes.Contains(m.src[m.End:], []byte(name)) || bytes.Contains(m.src[m.End:], []byte(`\u`)))
}

// A search follows one name through barrels. It visits a (file, name) once.
type search struct {
	*Rewriter
	seen map[[2]string]found
}

type found struct {
	target
	ok bool
}

// find gives the module nearest to the definition from which name of file can be
// imported for sure; ok is false when not even file itself surely exports a value
// of that name.
func (s *search) find(file, name string) (target, bool) {
	key := [2]string{file, name}
	if f, ok := s.seen[key]; ok {
		return f.target, f.ok // in progress (a cycle): not found on this way
	}
	s.seen[key] = found{}
	t, ok := s.look(file, name)
	s.seen[key] = found{t, ok}
	return t, ok
}

func (s *search) look(file, name string) (target, bool) {
	here := target{file: file, name: name}
	if path.Ext(file) == ".json" {
		return here, name == "default"
	}
	m := s.module(file)
	if m == nil {
		return here, false
	}
	if o, ok := m.header.explicit[name]; ok && !o.typeOnly {
		return s.origin(m, here, o)
	}
	all := m.all()
	if all.values[name] {
		return here, true
	}
	if o, ok := all.explicit[name]; ok {
		return s.origin(m, here, o)
	}
	if name == "default" && all.defaultOf != "" {
		o, ok := m.imported[all.defaultOf]
		if ok && !o.typeOnly {
			_, ok = s.step(m.file, o)
		}
		return here, ok
	}
	if name == "default" || len(all.stars) == 0 || m.mayDeclare(name) {
		return here, false
	}
	return s.throughStars(m, all.stars, here)
}

// origin follows a name that m exports explicitly.
func (s *search) origin(m *module, here target, o origin) (target, bool) {
	if o.specifier == "" && !o.typeOnly {
		imported, ok := m.imported[o.name]
		switch {
		case ok:
			imported.place = o.place
			o = imported
		case m.typescript:
			// A binding of the file itself, or a type of it.
			return here, declaresValue(m.src, o.name)
		}
	}
	if o.typeOnly {
		return here, false
	}
	if o.specifier == "" || o.opaque || !s.skippable(m) {
		return here, true
	}
	there, ok := s.step(m.file, o)
	if !ok {
		// What the bundler makes of a missing name it makes of it here as well.
		return here, true
	}
	there.trail = append([]int{o.place}, there.trail...)
	return there, true
}

// step goes from an import or re-export in file to the module behind it.
func (s *search) step(file string, o origin) (target, bool) {
	to, ok := s.Graph.Resolve(file, o.specifier)
	if !ok || to == "" {
		return target{}, false
	}
	if o.namespace {
		m := s.module(to)
		return target{file: to, namespace: true}, m != nil && m.all().export
	}
	if t, ok := s.enum(file, o.specifier, to, o.name); ok {
		return t, true
	}
	return s.find(to, o.name)
}

// throughStars looks for a name behind the `export *` of m. TypeScript and the
// language both refuse a name that two of them give, so one proof is enough; two
// different ones are not followed.
func (s *search) throughStars(m *module, stars []star, here target) (target, bool) {
	var first target
	hits := 0
	for _, star := range stars {
		t, ok := s.step(m.file, origin{specifier: star.specifier, name: here.name})
		if !ok || hits > 0 && t.same(first) {
			continue
		}
		if hits++; hits > 1 {
			return here, false
		}
		first = t
		first.trail = append([]int{star.place}, t.trail...)
	}
	if hits == 1 && s.skippable(m) {
		return first, true
	}
	return here, hits == 1
}

// skippable reports that imports may bypass m: its package says that evaluating
// it has no effects, and it does not import a module that has some for just them.
func (s *search) skippable(m *module) bool {
	if !s.Graph.Pure(m.file) {
		return false
	}
	for i := range m.Decls {
		if d := &m.Decls[i]; d.Bare() {
			to, ok := s.Graph.Resolve(m.file, d.Specifier)
			if !ok || !isScript(to) || !s.Graph.Pure(to) {
				return false // a style sheet is wanted whatever its package says
			}
		}
	}
	return true
}

var (
	typescriptExtensions = []string{".ts", ".tsx", ".mts", ".cts"}
	scriptExtensions     = []string{".js", ".jsx", ".mjs", ".cjs"}
)

func isTypeScript(file string) bool {
	return slices.Contains(typescriptExtensions, path.Ext(file))
}

func isScript(file string) bool {
	return isTypeScript(file) || slices.Contains(scriptExtensions, path.Ext(file))
}

// inNodeModules splits a path at its last node_modules folder: the folder, and
// what is in it.
func inNodeModules(file string) (folder, rest string, ok bool) {
	const mark = "/node_modules/"
	i := strings.LastIndex(file, mark)
	if i < 0 {
		return "", "", false
	}
	return file[:i+len(mark)-1], file[i+len(mark):], true
}
