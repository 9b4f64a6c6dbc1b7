package composition

import (
	"slices"
	"strings"
)

// Cycle is a group of modules each of which imports, by others, itself.
type Cycle struct {
	// Path is a shortest way around: the first module again at its end.
	Path []int
	// Modules are all that are in the knot, sorted.
	Modules []int
}

// CycleString names a cycle as it is read: "a.ts → b.ts → a.ts".
func (p *Pass) CycleString(c Cycle) string {
	names := make([]string, len(c.Path))
	for i, m := range c.Path {
		names[i] = p.Modules[m].Path
	}
	return strings.Join(names, " → ")
}

// Cycles lists the circular imports among the modules whose path is in scope,
// in the order of their first module. Counted is what the source says, also
// where the build goes past it, by import and require(); import() runs later,
// and types are no imports.
func (p *Pass) Cycles(scope func(path string) bool) []Cycle {
	g := p.cycleGraph(scope)
	var out []Cycle
	for _, knot := range g.knots() {
		slices.Sort(knot)
		out = append(out, Cycle{Path: g.around(knot), Modules: knot})
	}
	slices.SortFunc(out, func(a, b Cycle) int { return a.Modules[0] - b.Modules[0] })
	return out
}

// cycleGraph has for each module those that it imports.
type cycleGraph [][]int

func (p *Pass) cycleGraph(scope func(string) bool) cycleGraph {
	in := make([]bool, len(p.Modules))
	for i, m := range p.Modules {
		in[i] = scope(m.Path)
	}
	g := make(cycleGraph, len(p.Modules))
	for i, m := range p.Modules {
		for _, imp := range m.Imports {
			if in[i] && in[imp.To] && imp.Kind != Dynamic && imp.Route != Direct {
				g[i] = append(g[i], imp.To)
			}
		}
	}
	return g
}

// knots are the strongly connected components with a cycle, by Tarjan's
// algorithm, on a stack of its own: import chains are as long as they like.
func (g cycleGraph) knots() [][]int {
	t := &tarjan{graph: g, index: make([]int, len(g)), low: make([]int, len(g)), open: make([]bool, len(g))}
	for v := range g {
		if t.index[v] == 0 {
			t.visit(v)
		}
	}
	return t.found
}

type tarjan struct {
	graph      cycleGraph
	index, low []int // from 1; 0 for not seen
	open       []bool
	stack      []int
	n          int
	found      [][]int
}

// frame is a call of the recursive algorithm.
type frame struct{ v, next int }

func (t *tarjan) visit(start int) {
	calls := []frame{t.enter(start)}
	for len(calls) > 0 {
		f := &calls[len(calls)-1]
		if f.next < len(t.graph[f.v]) {
			w := t.graph[f.v][f.next]
			f.next++
			switch {
			case t.index[w] == 0:
				calls = append(calls, t.enter(w))
			case t.open[w]:
				t.low[f.v] = min(t.low[f.v], t.index[w])
			}
			continue
		}
		v := f.v
		calls = calls[:len(calls)-1]
		if len(calls) > 0 {
			caller := calls[len(calls)-1].v
			t.low[caller] = min(t.low[caller], t.low[v])
		}
		if t.low[v] == t.index[v] {
			t.leave(v)
		}
	}
}

func (t *tarjan) enter(v int) frame {
	t.n++
	t.index[v], t.low[v], t.open[v] = t.n, t.n, true
	t.stack = append(t.stack, v)
	return frame{v: v}
}

// leave takes a component off the stack. One module alone is a cycle where it
// imports itself.
func (t *tarjan) leave(root int) {
	i := slices.Index(t.stack, root)
	knot := slices.Clone(t.stack[i:])
	t.stack = t.stack[:i]
	for _, v := range knot {
		t.open[v] = false
	}
	if len(knot) > 1 || slices.Contains(t.graph[root], root) {
		t.found = append(t.found, knot)
	}
}

// maxStarts bounds the search for the shortest way around a huge knot: from as
// many modules it is tried.
const maxStarts = 1000

// around is a shortest cycle within the knot, from its first module on.
func (g cycleGraph) around(knot []int) []int {
	in := make(map[int]bool, len(knot))
	for _, v := range knot {
		in[v] = true
	}
	var best []int
	for _, start := range knot[:min(len(knot), maxStarts)] {
		if c := g.shortest(start, in, len(best)); c != nil {
			best = c
		}
	}
	return best
}

// shortest is the shortest way from start back to it, nil where none has fewer
// than limit modules; 0 is no limit.
func (g cycleGraph) shortest(start int, in map[int]bool, limit int) []int {
	from := map[int]int{start: start}
	level := []int{start}
	for depth := 2; len(level) > 0 && (limit == 0 || depth < limit); depth++ {
		var next []int
		for _, v := range level {
			for _, w := range g[v] {
				if w == start {
					return way(from, v, start)
				}
				if _, seen := from[w]; !seen && in[w] {
					from[w] = v
					next = append(next, w)
				}
			}
		}
		level = next
	}
	return nil
}

func way(from map[int]int, last, start int) []int {
	out := []int{start}
	for v := last; v != start; v = from[v] {
		out = append(out, v)
	}
	out = append(out, start)
	slices.Reverse(out)
	return out
}
