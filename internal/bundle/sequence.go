package bundle

import (
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link"
)

// layout says which chunk holds which module, and in which order each root
// evaluates the chunks.
type layout struct {
	chunkOf  map[string]string   // module key → chunk name
	modules  map[string][]string // chunk name → module keys that left bytes, in order
	sequence map[rootID][]string // chunk names
	styles   map[rootID][]string // style sources, in the order of the source
	rootOf   map[rootID]string   // the chunk that exports the root's namespace
	plain    map[string][]string // chunk name → module keys that are no functions, in the order of their code
}

// newLayout reads the layout of esbuild's output.
func (c *compilation) newLayout(meta *metafile) *layout {
	l := &layout{chunkOf: map[string]string{}, modules: map[string][]string{}, sequence: map[rootID][]string{}, styles: map[rootID][]string{}, rootOf: map[rootID]string{}}
	for name, out := range meta.Outputs {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		base := path.Base(name)
		if base == extraOutput+".js" {
			continue
		}
		if id, ok := rootOfKey(out.EntryPoint); ok {
			l.rootOf[id] = base
		}
		for _, part := range out.Inputs {
			l.chunkOf[part.Module] = base
		}
	}
	c.graph.live = make(map[string]bool, len(l.chunkOf))
	for key := range c.graph.modules {
		// A module that only imports others leaves no bytes; what is missing for
		// another reason is what its package.json lets go.
		c.graph.live[key] = l.chunkOf[key] != "" || !isFileKey(key) || !c.effects.pure(c.abs(key))
	}
	done := map[rootID]map[string]bool{}
	for _, id := range c.rootsInOrder() {
		if l.rootOf[id] != "" {
			l.sequence[id] = c.sequenceOf(id, l, done)
		}
	}
	return l
}

// rootsInOrder lists dominators before what they dominate.
func (c *compilation) rootsInOrder() []rootID {
	var out []rootID
	seen := map[rootID]bool{}
	var visit func(rootID)
	visit = func(id rootID) {
		if seen[id] {
			return
		}
		seen[id] = true
		if dom := c.plan.available[id]; dom != "" {
			visit(dom)
		}
		out = append(out, id)
	}
	visit(c.entryRoot())
	for _, id := range sortedKeys(c.plan.available) {
		visit(id)
	}
	return out
}

// sequenceOf orders a root's chunks by the place of their first module with
// effects in the source's evaluation order; chunks without any come where
// their last module is, when all they use has been evaluated. What a
// dominating root evaluates is left out.
func (c *compilation) sequenceOf(id rootID, l *layout, done map[rootID]map[string]bool) []string {
	before := done[c.plan.available[id]]
	here := map[string]bool{}
	for k := range before {
		here[k] = true
	}
	type place struct {
		effects, last int
	}
	places := map[string]*place{}
	var names []string
	i := 0
	c.graph.closure(rootNamespace+":"+string(id), func(m *module) {
		chunk := l.chunkOf[m.key]
		i++
		if chunk == "" || before[chunk] {
			return
		}
		p := places[chunk]
		if p == nil {
			p = &place{effects: -1}
			places[chunk] = p
			names = append(names, chunk)
		}
		p.last = i
		if p.effects < 0 && !c.pureModule(m.key) {
			p.effects = i
		}
	})
	l.styles[id] = c.stylesOf(id, l)
	at := func(name string) int {
		if p := places[name]; p.effects >= 0 {
			return p.effects
		}
		return places[name].last
	}
	slices.SortStableFunc(names, func(a, b string) int { return at(a) - at(b) })
	for _, n := range names {
		here[n] = true
	}
	done[id] = here
	return names
}

// stylesOf lists a root's style sheets in the order in which their modules run:
// sheets load by themselves, in whatever chunk the module is. Format iife has
// one sheet, which ends in those of import()s.
func (c *compilation) stylesOf(id rootID, l *layout) []string {
	var out []string
	starts := []string{rootNamespace + ":" + string(id)}
	for i := 0; i < len(starts); i++ {
		c.graph.closure(starts[i], func(m *module) {
			if l.chunkOf[m.key] != "" && isFileKey(m.key) && styleFile.MatchString(m.key) && !slices.Contains(out, m.key) {
				out = append(out, m.key)
			}
			for _, e := range m.imports {
				if c.opts.Format == IIFE && e.kind == "dynamic-import" && !slices.Contains(starts, e.to) {
					starts = append(starts, e.to)
				}
			}
		})
	}
	return out
}

// pureModule reports that nobody can tell when the module is evaluated.
func (c *compilation) pureModule(key string) bool {
	if !isFileKey(key) {
		return true
	}
	return !isScriptFile(key) || c.effects.pure(c.abs(key))
}

// isPolyfill reports that something of the project imports the module, or one
// that leads to it, for its effects alone.
func (c *compilation) isPolyfill(key string) bool {
	if c.polyfills == nil {
		c.polyfills = map[string]bool{}
		for _, importer := range sortedKeys(c.graph.modules) {
			for _, e := range c.graph.modules[importer].imports {
				if isScriptFile(e.to) && c.sources.isBare(c.abs(importer), e.original) && !c.pureModule(e.to) {
					c.graph.closure(e.to, func(m *module) { c.polyfills[m.key] = true })
				}
			}
		}
	}
	return c.polyfills[key]
}

// parts says how many bytes each of a chunk's modules left, in the order of their
// code: functions are first.
func (l *layout) parts(chunk string, out metaOutput) []link.Part {
	bytes := make(map[string]int, len(out.Inputs))
	for _, part := range out.Inputs {
		bytes[part.Module] = part.Bytes
	}
	plain := make([]link.Part, 0, len(out.Inputs))
	for _, key := range l.plain[chunk] {
		plain = append(plain, link.Part{Module: key, Bytes: bytes[key]})
		delete(bytes, key)
	}
	var functions []link.Part
	for _, part := range out.Inputs {
		if _, ok := bytes[part.Module]; ok {
			functions = append(functions, part)
		}
	}
	return append(functions, plain...)
}
