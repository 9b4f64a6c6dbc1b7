package link

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// Memory keeps what linking modules apart has made of each, for the next time.
// The zero value is ready. It serves one entry, and one Link at a time.
type Memory struct {
	modules map[string]*module
	files   map[string]*keptFile // by the first module's name
}

// keptFile is a file and the texts that it was made of.
type keptFile struct {
	name  string // without the hash
	texts [][]byte
	file  *File
	extra []File
}

// module is a chunk's one module, apart from all others.
type module struct {
	chunk *Chunk
	unit  *unit
	// names are the exports of an ES module's own, stars the specifiers of its
	// `export * from`.
	names []string
	stars []string
	// known are all exports by name; open is set where more come at run time, of
	// a CommonJS module.
	known map[string]binding
	open  bool

	signature string // what the text depends on besides the code
	text      []byte
	section   []byte // the text's source map
	lines     int
}

// apart makes the files of modules that keep a function each. They run as the
// language says by themselves: a module's first statements ask for its imports.
func (l *linker) apart(ctx context.Context) (*Output, error) {
	if err := l.enrol(); err != nil {
		return nil, err
	}
	l.nameRoots()
	if err := l.each(ctx, l.readApart); err != nil {
		return nil, err
	}
	l.recall()
	for _, u := range l.order {
		l.exportsOf(u.module, map[*module]bool{})
	}
	if err := l.each(ctx, l.renderApart); err != nil {
		return nil, err
	}
	l.needs = map[string][]*unit{}
	initial := map[*unit]bool{}
	for _, r := range l.sortedRoots() {
		l.needs[r.ID] = l.unitsApart(r, initial)
	}
	return l.scripts(ctx)
}

// readApart parses a module, unless it is the one that was read the last time.
func (l *linker) readApart(u *unit) error {
	u.id = u.chunk.Name
	u.short = map[string]string{RootExport: RootExport}
	if old := l.Apart.modules[u.chunk.Name]; old != nil && old.chunk.same(u.chunk) {
		kept := *old
		kept.chunk, kept.unit, kept.known, kept.open = u.chunk, u, nil, false
		u.module = &kept
		return nil
	}
	m := &module{chunk: u.chunk, unit: u}
	u.module = m
	u.original, u.content = l.Original, l.Content
	if err := u.parseApart(); err != nil {
		return err
	}
	u.nameSources(l.SourceName)
	for i := range u.file.Stmts {
		s := &u.file.Stmts[i]
		for _, e := range s.Exports {
			if s.Kind == scope.ExportStar && e.Exported == "" {
				m.stars = append(m.stars, s.From.Text)
			} else {
				m.names = append(m.names, e.Exported)
			}
		}
	}
	return nil
}

// same reports the very text: callers keep the slice of what has not changed.
func (c *Chunk) same(other *Chunk) bool {
	return sameSlice(c.Code, other.Code) && c.CommonJS == other.CommonJS
}

// recall keeps this time's modules, and forgets those that are gone.
func (l *linker) recall() {
	l.Apart.modules = make(map[string]*module, len(l.order))
	for _, u := range l.order {
		l.Apart.modules[u.chunk.Name] = u.module
	}
}

// A CommonJS module's text is read as the function that it runs in.
const (
	commonOpen  = "(function(module,exports,require){\n"
	commonClose = "\n})"
)

func (u *unit) parseApart() error {
	if !u.chunk.CommonJS {
		return u.parse()
	}
	inner := u.chunk
	wrapped := *inner
	wrapped.Code = slices.Concat([]byte(commonOpen), inner.Code, []byte(commonClose))
	u.chunk = &wrapped
	u.chunk.Map = nil
	if err := u.parse(); err != nil {
		return err
	}
	if inner.Map == nil {
		return nil
	}
	m, err := readSourceMap(inner.Map)
	if err != nil {
		return err
	}
	u.sourceMap = m
	u.segments, err = m.segments(inner.Code)
	for i := range u.segments {
		u.segments[i].offset += int32(len(commonOpen))
	}
	return err
}

// exportsOf resolves a module's names to the modules that define them
// (ECMA-262 16.2.1.7.2.1 GetExportedNames): a name that two `export *` bring
// from different places is nobody's.
func (l *linker) exportsOf(m *module, path map[*module]bool) map[string]binding {
	if m.known != nil || path[m] {
		return m.known
	}
	path[m] = true
	known := map[string]binding{}
	for _, n := range m.names {
		known[n] = binding{m.unit, n}
	}
	clash := map[string]bool{}
	for _, specifier := range m.stars {
		from := l.target(m.chunk.Imports, specifier)
		if from == nil {
			continue
		}
		if from.chunk.CommonJS {
			m.open = true
			continue
		}
		theirs := l.exportsOf(from.module, path)
		m.open = m.open || from.module.open
		for n, b := range theirs {
			have, taken := known[n]
			switch {
			case n == "default", slices.Contains(m.names, n):
			case !taken:
				known[n] = b
			case have != b:
				clash[n] = true
			}
		}
	}
	for n := range clash {
		delete(known, n)
	}
	delete(path, m)
	if len(path) == 0 || len(m.stars) == 0 {
		m.known = known // in the middle of a cycle it may lack names
	}
	return known
}

// target is the unit that a specifier means, nil for none.
func (l *linker) target(of map[string]string, specifier string) *unit {
	return l.units[of[specifier]]
}

// unitsApart lists what a root can evaluate and the page does not have from its
// start; the page's own roots add to that.
func (l *linker) unitsApart(r *Root, initial map[*unit]bool) []*unit {
	var out []*unit
	seen := map[*unit]bool{}
	for _, name := range append(slices.Clone(r.Units), r.Chunk) {
		u := l.units[name]
		if u == nil || seen[u] || initial[u] {
			continue
		}
		seen[u] = true
		out = append(out, u)
		if r.Initial {
			initial[u] = true
		}
	}
	return out
}

// scriptApart is the file of a group of modules, or the one that was made of the
// same texts the last time.
func (l *linker) scriptApart(g *unitFile, prelude []byte) (*File, []File, error) {
	var texts [][]byte
	for _, u := range g.units {
		texts = append(texts, u.module.text)
	}
	if prelude != nil || len(texts) == 0 {
		return l.writeApart(g, prelude)
	}
	if kept := l.Apart.files[g.units[0].id]; kept != nil && slices.EqualFunc(kept.texts, texts, sameSlice) && kept.name == g.name {
		return kept.file, kept.extra, nil
	}
	f, extra, err := l.writeApart(g, nil)
	if err != nil {
		return nil, nil, err
	}
	if l.Apart.files == nil {
		l.Apart.files = map[string]*keptFile{}
	}
	l.Apart.files[g.units[0].id] = &keptFile{g.name, texts, f, extra}
	return f, extra, nil
}

// sameSlice reports the very bytes: what has not changed is kept.
func sameSlice(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// writeApart writes one file of modules, each from its first line on.
func (l *linker) writeApart(g *unitFile, prelude []byte) (*File, []File, error) {
	size := len(prelude) + 512 // the map's name comes last
	for _, u := range g.units {
		size += len(u.module.text) + len(u.id) + 8
	}
	out := make([]byte, 0, size)
	out = append(out, prelude...)
	key := quoteJS(l.key())
	out = append(out, "(self["+key+"]=self["+key+"]||[]).push({\n"...)
	maps := &sectionMap{line: strings.Count(string(out), "\n")}
	for _, u := range g.units {
		out = append(out, quoteJS(u.id)+":"...)
		out = append(out, u.module.text...)
		out = append(out, ",\n"...)
		maps.add(u.module)
	}
	out = append(out, "});\n"...)
	if !l.Maps {
		return l.finish(g, out, nil)
	}
	return l.finish(g, out, maps.encode)
}

// sectionMap is a map of maps (ECMA-426, index source maps): a module that has not
// changed keeps its own.
type sectionMap struct {
	line     int
	sections [][]byte
	lines    []int
}

func (s *sectionMap) add(m *module) {
	if m.section != nil {
		s.sections = append(s.sections, m.section)
		s.lines = append(s.lines, s.line)
	}
	s.line += m.lines + 1
}

func (s *sectionMap) encode(file string) ([]byte, error) {
	size := 64 + len(file)
	for _, m := range s.sections {
		size += len(m) + 64
	}
	out := make([]byte, 0, size)
	out = fmt.Appendf(out, `{"version":3,"file":%s,"sections":[`, quoteJS(file))
	for i, m := range s.sections {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"offset":{"line":%d,"column":0},"map":`, s.lines[i])
		out = append(out, m...)
		out = append(out, '}')
	}
	return append(out, "]}\n"...), nil
}

// baseOf names a module in its own map.
func baseOf(key string) string { return path.Base(key) }
