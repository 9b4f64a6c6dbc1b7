package bundle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// esbuild moves code when it splits: a chunk's modules run together, shared
// chunks before the chunk that imports them, and CommonJS modules where their
// importer runs, behind the ES modules hoisted over them (esbuild issue 399).
// Here the order that ECMA-262 asks for is compared with the one that the
// chunks give, for every root; where they differ, the plan gives the modules
// concerned a chunk of their own, or a place of their own for a CommonJS
// module's evaluation, and esbuild links again.
//
// Compared are the project's own modules that may have effects, and what is
// imported for its effects alone (polyfills). Style sheets need no module's
// place: the linker lists them in the source's order. A package imported for its values may run at any time before its
// importer, but not before a polyfill that the source puts first.

// maxRelinks bounds the attempts; each makes the plan strictly larger.
const maxRelinks = 6

// simulation knows how esbuild's chunks will run.
type simulation struct {
	*graph
	layout  *layout
	c       *compilation
	wrapped map[string]bool     // evaluated by a call: CommonJS, and what is required
	inChunk map[string][]string // chunk → its plain ES modules, in esbuild's order
}

func newSimulation(c *compilation, l *layout, roots []string) *simulation {
	s := &simulation{graph: c.graph, layout: l, c: c, wrapped: c.graph.wrapped()}
	s.inChunk = s.esbuildOrder(l, roots, s.wrapped)
	l.plain = s.inChunk
	return s
}

// wrapped finds the modules that esbuild puts into functions: CommonJS ones,
// those that require() reaches, and everything below either.
func (g *graph) wrapped() map[string]bool {
	out := map[string]bool{}
	var wrap func(string)
	wrap = func(key string) {
		m := g.modules[key]
		if m == nil || out[key] {
			return
		}
		out[key] = true
		for _, e := range m.imports {
			wrap(e.to)
		}
	}
	for _, key := range sortedKeys(g.modules) {
		m := g.modules[key]
		if m.format == "cjs" {
			wrap(key)
		}
		for _, e := range m.imports {
			if e.kind == "require-call" {
				wrap(e.to)
			}
		}
	}
	return out
}

// esbuildOrder follows findImportedPartsInJSOrder of esbuild's linker: from
// the chunk's modules nearest to an entry point, depth first.
func (g *graph) esbuildOrder(l *layout, roots []string, wrapped map[string]bool) map[string][]string {
	distance, stable := g.distances(roots), g.stableOrder(roots)
	members := map[string][]string{}
	for key, chunk := range l.chunkOf {
		members[chunk] = append(members[chunk], key)
	}
	out := map[string][]string{}
	for chunk, keys := range members {
		slices.SortFunc(keys, func(a, b string) int {
			return cmp.Or(cmp.Compare(distance[a], distance[b]), cmp.Compare(stable[a], stable[b]))
		})
		seen := map[string]bool{}
		var visit func(string)
		visit = func(key string) {
			m := g.modules[key]
			if m == nil || seen[key] {
				return
			}
			seen[key] = true
			for _, e := range m.imports {
				if e.kind == "import-statement" || e.kind == "require-call" && l.chunkOf[key] == chunk {
					visit(e.to)
				}
			}
			if l.chunkOf[key] == chunk && !wrapped[key] {
				out[chunk] = append(out[chunk], key)
			}
		}
		for _, key := range keys {
			visit(key)
		}
	}
	return out
}

func (g *graph) distances(roots []string) map[string]int {
	out := map[string]int{}
	queue := slices.Clone(roots)
	for _, r := range roots {
		out[r] = 0
	}
	for len(queue) > 0 {
		key := queue[0]
		queue = queue[1:]
		if m := g.modules[key]; m != nil {
			for _, e := range m.imports {
				if _, ok := out[e.to]; !ok && e.kind != "dynamic-import" {
					out[e.to] = out[key] + 1
					queue = append(queue, e.to)
				}
			}
		}
	}
	return out
}

// stableOrder numbers modules as esbuild does: depth first over all imports.
func (g *graph) stableOrder(roots []string) map[string]int {
	out := map[string]int{}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(key string) {
		m := g.modules[key]
		if m == nil || seen[key] {
			return
		}
		seen[key] = true
		for _, e := range m.imports {
			visit(e.to)
		}
		out[key] = len(out)
	}
	for _, r := range roots {
		visit(r)
	}
	return out
}

// wanted is the order of the specification.
func (s *simulation) wanted(root string, done map[string]bool) []string {
	var out []string
	s.closure(root, func(m *module) {
		if s.layout.chunkOf[m.key] != "" && !done[m.key] {
			out = append(out, m.key)
		}
	})
	return out
}

// given is the order in which the chunks of a root run.
func (s *simulation) given(chunks []string, done map[string]bool) []string {
	var out []string
	seen := map[string]bool{}
	emit := func(key string) {
		if s.layout.chunkOf[key] != "" && !done[key] && !seen[key] {
			out = append(out, key)
		}
		seen[key] = true
	}
	called := map[string]bool{}
	var call func(string)
	call = func(key string) {
		m := s.modules[key]
		if m == nil || called[key] {
			return
		}
		called[key] = true
		for _, e := range m.imports {
			if e.kind != "dynamic-import" && s.wrapped[e.to] {
				call(e.to)
			}
		}
		emit(key)
	}
	for _, chunk := range chunks {
		for _, key := range s.inChunk[chunk] {
			for _, e := range s.modules[key].imports {
				if e.kind != "dynamic-import" && s.wrapped[e.to] && s.layout.chunkOf[e.to] != "" {
					if e.kind == "import-statement" {
						call(e.to)
					}
				}
			}
			emit(key)
		}
	}
	return out
}

// correct compares all roots and says what to change in the plan; nothing left
// to change, it names the modules that still run in another order.
func (c *compilation) correct(l *layout) (changed bool, wrong []string) {
	roots := []string{rootNamespace + ":" + string(c.entryRoot()), rootNamespace + ":" + string(extraRoot)}
	for _, id := range c.rootsInOrder() {
		if key := rootNamespace + ":" + string(id); !slices.Contains(roots, key) && l.rootOf[id] != "" {
			roots = append(roots, key)
		}
	}
	for _, key := range sortedKeys(c.graph.modules) {
		if strings.HasPrefix(key, atomNamespace+":") {
			roots = append(roots, key)
		}
	}
	s := newSimulation(c, l, roots)
	done := map[rootID]map[string]bool{}
	for _, id := range c.rootsInOrder() {
		before := done[c.plan.available[id]]
		want := s.wanted(rootNamespace+":"+string(id), before)
		have := s.given(l.sequence[id], before)
		here := maps.Clone(before)
		if here == nil {
			here = map[string]bool{}
		}
		for _, k := range want {
			here[k] = true
		}
		done[id] = here
		// A CommonJS module that nothing imports statically runs when it is
		// required; only what both orders have can be compared.
		want, have = common(want, have)
		for _, compared := range []func(string) bool{s.isSensitive, s.behindPolyfills(want, have)} {
			w, h := slices.DeleteFunc(slices.Clone(want), not(compared)), slices.DeleteFunc(slices.Clone(have), not(compared))
			switch {
			case slices.Equal(w, h):
			case c.plan.extend(s, w, misplaced(w, h)):
				changed = true
			default:
				wrong = append(wrong, fmt.Sprintf("%s: modules run in the order %s; the source says %s", id.target(), strings.Join(h, ", "), strings.Join(w, ", ")))
			}
		}
	}
	return changed, wrong
}

func not(f func(string) bool) func(string) bool { return func(k string) bool { return !f(k) } }

// isSensitive reports a module whose place among others the project relies on.
func (s *simulation) isSensitive(key string) bool {
	if s.c.pureModule(key) {
		return false
	}
	return !strings.Contains(key, "node_modules/") || s.c.isPolyfill(key)
}

// behindPolyfills picks the packages that run before a polyfill which the
// source puts before them, and those polyfills.
func (s *simulation) behindPolyfills(want, have []string) func(string) bool {
	place := make(map[string]int, len(have))
	for i, k := range have {
		place[k] = i
	}
	picked := map[string]bool{}
	last := -1 // of the polyfills seen so far, the one that runs last
	for _, k := range want {
		switch {
		case s.c.isPolyfill(k) && isFileKey(k):
			last = max(last, place[k])
		case place[k] < last && strings.Contains(k, "node_modules/") && isScriptFile(k):
			picked[k] = true
		}
	}
	if len(picked) == 0 {
		return func(string) bool { return false }
	}
	return func(k string) bool { return picked[k] || s.c.isPolyfill(k) }
}

func common(a, b []string) ([]string, []string) {
	in := func(list []string) map[string]bool {
		m := map[string]bool{}
		for _, k := range list {
			m[k] = true
		}
		return m
	}
	inA, inB := in(a), in(b)
	keep := func(list []string, other map[string]bool) []string {
		return slices.DeleteFunc(slices.Clone(list), func(k string) bool { return !other[k] })
	}
	return keep(a, inB), keep(b, inA)
}

// extend adds what a root's wrong order asks for, and reports whether that is
// anything new. Cheapest first: a place for wrapped modules' evaluation, then
// chunks of their own, then functions for modules in a cycle that several
// roots enter at different places.
func (p *plan) extend(s *simulation, want []string, moved map[string]bool) bool {
	return p.addPreludes(s, moved) || p.addAtoms(s, want) || p.addWraps(s, moved)
}

// misplaced is what stands elsewhere than it should, without the common start
// and end.
func misplaced(want, have []string) map[string]bool {
	i, j := 0, len(want)
	for i < j && want[i] == have[i] {
		i++
	}
	for j > i && want[j-1] == have[j-1] {
		j--
	}
	out := map[string]bool{}
	for _, k := range want[i:j] {
		out[k] = true
	}
	return out
}

// addPreludes gives importers of a misplaced wrapped module a list of bare
// imports, in order, in which the wrapped ones are small modules that call it.
func (p *plan) addPreludes(s *simulation, moved map[string]bool) bool {
	changed := false
	for _, key := range sortedKeys(s.modules) {
		m := s.modules[key]
		if s.wrapped[key] || p.preludes[key] != nil || !isFileKey(key) || !isScriptFile(key) || s.layout.chunkOf[key] == "" {
			continue
		}
		if slices.ContainsFunc(m.imports, func(e edge) bool {
			return e.kind == "import-statement" && s.wrapped[e.to] && s.reaches(e.to, moved)
		}) {
			if p.preludes == nil {
				p.preludes = map[string][]edge{}
			}
			p.preludes[key] = slices.Clone(m.imports)
			changed = true
		}
	}
	return changed
}

// reaches reports that evaluating a wrapped module evaluates one of the given.
func (s *simulation) reaches(key string, among map[string]bool) bool {
	hit := false
	s.closure(key, func(m *module) { hit = hit || among[m.key] })
	return hit
}

// addAtoms gives every module of the root's that has effects a chunk of its own.
func (p *plan) addAtoms(s *simulation, want []string) bool {
	changed := false
	for _, key := range want {
		if !s.wrapped[key] && !p.atoms[key] && isFileKey(key) {
			if p.atoms == nil {
				p.atoms = map[string]bool{}
			}
			p.atoms[key] = true
			changed = true
		}
	}
	return changed
}

func (p *plan) addWraps(s *simulation, moved map[string]bool) bool {
	changed := false
	for _, key := range sortedKeys(moved) {
		if !s.wrapped[key] && !p.wraps[key] && isFileKey(key) && isScriptFile(key) {
			if p.wraps == nil {
				p.wraps = map[string]bool{}
			}
			p.wraps[key] = true
			changed = true
		}
	}
	return changed
}
