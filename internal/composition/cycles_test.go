package composition_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
)

func own(path string) bool { return !composition.Installed(path) }

func TestCycles(t *testing.T) {
	for _, test := range []struct {
		name, graph string
		want        []string
	}{
		{"none", "a.ts: b.ts c.ts\nb.ts: c.ts", nil},
		{"two modules", "a.ts: b.ts\nb.ts: a.ts", []string{"a.ts → b.ts → a.ts"}},
		{"a module that imports itself", "a.ts: a.ts", []string{"a.ts → a.ts"}},
		{"the shortest of a knot", "a.ts: b.ts\nb.ts: c.ts\nc.ts: a.ts d.ts\nd.ts: c.ts", []string{"c.ts → d.ts → c.ts"}},
		{"itself in a larger knot", "a.ts: b.ts\nb.ts: a.ts c.ts\nc.ts: c.ts a.ts", []string{"c.ts → c.ts"}},
		{"three around", "c.ts: a.ts\na.ts: b.ts\nb.ts: c.ts", []string{"a.ts → b.ts → c.ts → a.ts"}},
		{"two knots", "d.ts: e.ts\ne.ts: d.ts\na.ts: b.ts d.ts\nb.ts: a.ts", []string{"a.ts → b.ts → a.ts", "d.ts → e.ts → d.ts"}},
		{"import() runs later", "a.ts: ~b.ts\nb.ts: a.ts", nil},
		{"require() counts", "a.ts: !b.ts\nb.ts: a.ts", []string{"a.ts → b.ts → a.ts"}},
		{"by a barrel that the build goes past", "a.ts: -index.ts +b.ts\nindex.ts: a.ts b.ts", []string{"a.ts → index.ts → a.ts"}},
		{"of the build's imports alone", "a.ts: +b.ts\nb.ts: a.ts", nil},
		{"out of scope", "a.ts: node_modules/x/a.js\nnode_modules/x/a.js: node_modules/x/b.js\nnode_modules/x/b.js: node_modules/x/a.js", nil},
		{"by a package", "a.ts: node_modules/x/a.js\nnode_modules/x/a.js: a.ts", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := passOf(t, test.graph)
			var got []string
			for _, c := range p.Cycles(own) {
				got = append(got, p.CycleString(c))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCycleHasItsKnot(t *testing.T) {
	p := passOf(t, "a.ts: b.ts\nb.ts: c.ts\nc.ts: a.ts d.ts\nd.ts: c.ts\ne.ts: a.ts")
	var got []string
	for _, m := range p.Cycles(own)[0].Modules {
		got = append(got, p.Modules[m].Path)
	}
	if want := "a.ts b.ts c.ts d.ts"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzGraph makes a graph of up to 12 modules of pairs of bytes, and compares
// each analysis with a slow one.
func FuzzGraph(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0})
	f.Add([]byte{0, 1, 1, 2, 2, 0, 3, 3, 2, 3, 3, 2})
	f.Add([]byte{0, 13, 1, 26, 2, 5, 5, 0, 5, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &composition.Pass{Name: "app", Entries: []composition.Entry{{Name: "page", Modules: []int{0}}}}
		const n = 12
		for i := range n {
			p.Modules = append(p.Modules, composition.Module{Path: string(rune('a' + i)), Package: composition.None})
		}
		var static, all [n][n]int
		for i := 0; i+1 < len(data) && i < 200; i += 2 {
			from, to, kind := int(data[i])%n, int(data[i+1])%n, composition.Kind(int(data[i+1])/n%3)
			p.Modules[from].Imports = append(p.Modules[from].Imports, composition.Import{To: to, Kind: kind})
			all[from][to] = 1
			if kind != composition.Dynamic {
				static[from][to] = 1
			}
		}
		near := distances(all)
		for m := range n {
			want := near[0][m] + 1
			switch {
			case m == 0:
				want = 1
			case near[0][m] == 0:
				want = 0
			}
			if got := len(p.Origins(p.Entries[0]).Chain(m)); got != want {
				t.Errorf("got %d modules on the way to %d, want %d", got, m, want)
			}
		}
		checkCycles(t, p, static)
	})
}

// distances is the length of the shortest way of at least one step, 0 for none.
func distances[T [12][12]int](graph T) T {
	for k := range graph {
		for i := range graph {
			for j := range graph {
				if a, b := graph[i][k], graph[k][j]; a > 0 && b > 0 && (graph[i][j] == 0 || a+b < graph[i][j]) {
					graph[i][j] = a + b
				}
			}
		}
	}
	return graph
}

func checkCycles(t *testing.T, p *composition.Pass, static [12][12]int) {
	near := distances(static)
	knots := map[int]bool{}
	for _, c := range p.Cycles(own) {
		shortest := 0
		for _, m := range c.Modules {
			knots[m] = true
			if d := near[m][m]; shortest == 0 || d < shortest {
				shortest = d
			}
		}
		if len(c.Path) != shortest+1 {
			t.Errorf("got a cycle of %d steps, want %d", len(c.Path)-1, shortest)
		}
		for i := range c.Path[1:] {
			if static[c.Path[i]][c.Path[i+1]] == 0 {
				t.Errorf("got the step %d to %d, which no module imports", c.Path[i], c.Path[i+1])
			}
		}
	}
	for m := range near {
		if knots[m] != (near[m][m] > 0) {
			t.Errorf("got module %d in a cycle: %v, want %v", m, knots[m], !knots[m])
		}
	}
}
