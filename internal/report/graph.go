package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Graph shows which file loads which: in columns from the entries on, files
// that are alike as one. It is drawn without a script too; a script highlights
// what a file loads and what loads it. What would be a tangle is a table alone.
type Graph struct {
	Caption string
	Nodes   []Node
	Edges   []Edge
}

// Node is a file.
type Node struct {
	Label string
	Size  Bytes
	Kind  NodeKind
	Group string // files of one group may be shown as one: "languages"; may be empty
}

// NodeKind is why a file is there.
type NodeKind string

const (
	EntryNode  NodeKind = "entry"
	SharedNode NodeKind = "shared"
	LazyNode   NodeKind = "lazy"
)

// Edge says that a file loads another, by their indexes in Nodes.
type Edge struct {
	From, To int
	Later    bool // on demand, by import()
}

// How much of a graph is drawn.
const (
	graphNodes = 150
	graphEdges = 600
	graphRows  = 15
	graphAlike = 4 // so many files that are alike are one
)

// Sizes of the drawing.
const (
	nodeWidth  = 190
	nodeHeight = 40
	nodeGap    = 12
	columnGap  = 76
	nodeLetter = 25 // characters of a label
)

func (Graph) template() string       { return "graph" }
func (Graph) script() string         { return graphJS }
func (Graph) measure() (int, string) { return 1, "chart" }

func (b Graph) markdown(source string) string { return b.table(summaryRows).markdown(source) }

// edges gives the edges between two nodes that there are, each once, in order.
func (b Graph) edges() []Edge {
	var out []Edge
	for _, e := range b.Edges {
		if e.From >= 0 && e.To >= 0 && e.From < len(b.Nodes) && e.To < len(b.Nodes) && e.From != e.To {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(x, y Edge) int {
		later := 0
		if x.Later != y.Later { // at once comes first, and counts
			later = map[bool]int{true: 1, false: -1}[x.Later]
		}
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To), later)
	})
	return slices.CompactFunc(out, func(x, y Edge) bool { return x.From == y.From && x.To == y.To })
}

// lines gives the edges to draw: what a file loads at once by way of another
// has no line of its own, or the lines of a large release would be a tangle.
func (b Graph) lines() []Edge {
	all := b.edges()
	if len(b.Nodes) > 10*graphNodes {
		return all // not drawn
	}
	next := make([][]int, len(b.Nodes))
	for _, e := range all {
		if !e.Later {
			next[e.From] = append(next[e.From], e.To)
		}
	}
	reach := make([][]bool, len(b.Nodes))
	for i := range reach {
		reach[i] = make([]bool, len(b.Nodes))
		for todo := slices.Clone(next[i]); len(todo) > 0; {
			last := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !reach[i][last] {
				reach[i][last] = true
				todo = append(todo, next[last]...)
			}
		}
	}
	return slices.DeleteFunc(all, func(e Edge) bool {
		return !e.Later && slices.ContainsFunc(next[e.From], func(by int) bool {
			return by != e.To && reach[by][e.To] && !reach[e.To][by] && !reach[by][e.From] // in a ring nothing is before another
		})
	})
}

// ties counts what each file loads at once, what on demand, and what loads it.
func (b Graph) ties() [][3]int64 {
	out := make([][3]int64, len(b.Nodes))
	for _, e := range b.edges() {
		column := 0
		if e.Later {
			column = 1
		}
		out[e.From][column]++
		out[e.To][2]++
	}
	return out
}

// table lists the n largest files.
func (b Graph) table(n int) Table {
	t := Table{Caption: cmp.Or(b.Caption, "Files"), Columns: []string{"File", "Kind", "Loads at once", "Loads on demand", "Loaded by", "Size"}}
	order := make([]int, len(b.Nodes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(b.Nodes[y].Size, b.Nodes[x].Size), strings.Compare(b.Nodes[x].Label, b.Nodes[y].Label))
	})
	if len(order) > n {
		t.Caption += ": the " + FormatCount(int64(n)) + " largest of " + counted(len(order), "file")
	}
	ties := b.ties()
	for _, i := range order[:min(n, len(order))] {
		t.Rows = append(t.Rows, []Value{
			Code(b.Nodes[i].Label), Text(b.Nodes[i].Kind), Count(ties[i][0]), Count(ties[i][1]), Count(ties[i][2]), b.Nodes[i].Size,
		})
	}
	return t
}

// drawnGraph is a graph as page.html draws it.
type drawnGraph struct {
	Width, Height int
	Nodes         []drawnNode
	Edges         []drawnEdge
	Rows          Table
}

type drawnNode struct {
	X, Y               int
	Label, Text, Title string
	Size, Below        string // Below is the second line
	Kind               NodeKind
	Files              int // that it stands for
	column, row        int
	centre             float64
}

type drawnEdge struct {
	From, To int
	Later    bool
	Path     string
}

// drawn lays the graph out. Nodes is empty where it would be a tangle.
func (b Graph) drawn() drawnGraph {
	nodes, edges := b.folded()
	if len(nodes) == 0 || len(nodes) > graphNodes || len(edges) > graphEdges {
		return drawnGraph{Rows: b.table(len(b.Nodes))}
	}
	out := drawnGraph{Rows: b.table(graphRows)}
	columns := columnsOf(nodes, edges)
	ordered(columns, nodes, edges)
	tallest := 0
	for _, column := range columns {
		tallest = max(tallest, len(column))
	}
	out.Width = len(columns)*(nodeWidth+columnGap) - columnGap + 2
	out.Height = tallest*(nodeHeight+nodeGap) - nodeGap + 2
	for x, column := range columns {
		// Centred, but in sight where another column is long.
		top := min((out.Height-len(column)*(nodeHeight+nodeGap)+nodeGap)/2, 4*(nodeHeight+nodeGap))
		for y, i := range column {
			nodes[i].X, nodes[i].Y = x*(nodeWidth+columnGap)+1, top+y*(nodeHeight+nodeGap)
		}
	}
	for i := range edges {
		edges[i].Path = curve(nodes[edges[i].From], nodes[edges[i].To])
	}
	out.Nodes, out.Edges = nodes, edges
	return out
}

// curve leads from a node's right to another's left. Backwards and inside a
// column it turns outside of both.
func curve(from, to drawnNode) string {
	x1, y1 := from.X+nodeWidth, from.Y+nodeHeight/2
	x2, y2 := to.X, to.Y+nodeHeight/2
	bend := max(columnGap/2, (x2-x1)/2)
	if to.column <= from.column {
		bend = columnGap * 2 / 3
	}
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
}

// folded makes one node of those that are alike: of one kind and group, loaded
// by the same files in the same way, and loading the same.
func (b Graph) folded() ([]drawnNode, []drawnEdge) {
	lines := b.lines()
	near := make([]strings.Builder, len(b.Nodes))
	for _, e := range lines {
		fmt.Fprintf(&near[e.From], ">%d%v", e.To, e.Later)
		fmt.Fprintf(&near[e.To], "<%d%v", e.From, e.Later)
	}
	alike := map[string][]int{}
	for i, n := range b.Nodes {
		key := fmt.Sprintf("%s\x00%s\x00%s", n.Kind, n.Group, near[i].String())
		alike[key] = append(alike[key], i)
	}
	at := make([]int, len(b.Nodes)) // a node's in the drawing
	var nodes []drawnNode
	for i, n := range b.Nodes {
		same := alike[fmt.Sprintf("%s\x00%s\x00%s", n.Kind, n.Group, near[i].String())]
		if len(same) < graphAlike || n.Kind == EntryNode {
			same = []int{i}
		}
		if same[0] < i {
			at[i] = at[same[0]]
			continue
		}
		at[i] = len(nodes)
		nodes = append(nodes, b.node(same))
	}
	var edges []drawnEdge
	seen := map[[2]int]bool{}
	for _, e := range lines {
		pair := [2]int{at[e.From], at[e.To]}
		if !seen[pair] && pair[0] != pair[1] {
			seen[pair] = true
			edges = append(edges, drawnEdge{From: pair[0], To: pair[1], Later: e.Later})
		}
	}
	return nodes, edges
}

// node draws one node, or several as one.
func (b Graph) node(same []int) drawnNode {
	same = slices.Clone(same)
	first := b.Nodes[same[0]]
	out := drawnNode{Label: line(first.Label), Kind: first.Kind, Files: len(same)}
	size := Bytes(0)
	var names []string
	slices.SortStableFunc(same, func(x, y int) int { return cmp.Compare(b.Nodes[y].Size, b.Nodes[x].Size) })
	for _, i := range same {
		size += b.Nodes[i].Size
		names = append(names, line(b.Nodes[i].Label))
	}
	if len(same) > 1 {
		out.Label = strings.TrimSpace(FormatCount(int64(len(same))) + " " + cmp.Or(line(first.Group), "files"))
	}
	out.Text = shortened(out.Label, nodeLetter)
	out.Size = FormatBytes(int64(size))
	out.Below = out.Size
	if len(same) > 1 {
		out.Below += ", such as " + shortened(names[0], nodeLetter-13)
	}
	out.Title = clip(strings.Join(names, ", "), 1000)
	if out.Kind != EntryNode && out.Kind != SharedNode {
		out.Kind = LazyNode
	}
	return out
}

// shortened keeps a name's begin and its end, where a file's hash and type are.
func shortened(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n*2/3]) + "…" + string(r[len(r)-n/3+1:])
}

// columnsOf puts every node a column after the last that loads it. An edge that
// closes a ring does not count.
func columnsOf(nodes []drawnNode, edges []drawnEdge) [][]int {
	out := make([][]drawnEdge, len(nodes))
	for _, e := range edges {
		out[e.From] = append(out[e.From], e)
	}
	const fresh, open, done = 0, 1, 2
	state := make([]int, len(nodes))
	var order []int // those that load others after those
	forward := make([][]int, len(nodes))
	var visit func(int)
	visit = func(i int) {
		state[i] = open
		for _, e := range out[i] {
			if state[e.To] == open {
				continue
			}
			forward[i] = append(forward[i], e.To)
			if state[e.To] == fresh {
				visit(e.To)
			}
		}
		state[i] = done
		order = append(order, i)
	}
	for _, kind := range []NodeKind{EntryNode, SharedNode, LazyNode} {
		for i, n := range nodes {
			if n.Kind == kind && state[i] == fresh {
				visit(i)
			}
		}
	}
	last := 0
	for _, i := range slices.Backward(order) {
		last = max(last, nodes[i].column)
		for _, to := range forward[i] {
			nodes[to].column = max(nodes[to].column, nodes[i].column+1)
		}
	}
	columns := make([][]int, last+1)
	for i, n := range nodes {
		columns[n.column] = append(columns[n.column], i)
	}
	return columns
}

// ordered sorts every column so that edges are short: a node goes where those
// it is tied to are in the middle, forth and back a few times.
func ordered(columns [][]int, nodes []drawnNode, edges []drawnEdge) {
	near := make([][]int, len(nodes))
	for _, e := range edges {
		near[e.From] = append(near[e.From], e.To)
		near[e.To] = append(near[e.To], e.From)
	}
	place := func(column []int) {
		for y, i := range column {
			nodes[i].row = 2*y - len(column) // columns are centred
		}
	}
	for _, column := range columns {
		place(column)
	}
	sweep := func(x int, before bool) {
		for _, i := range columns[x] {
			sum, n := 0, 0
			for _, other := range near[i] {
				if c := nodes[other].column; before && c < x || !before && c > x {
					sum, n = sum+nodes[other].row, n+1
				}
			}
			nodes[i].centre = float64(nodes[i].row)
			if n > 0 {
				nodes[i].centre = float64(sum) / float64(n)
			}
		}
		slices.SortStableFunc(columns[x], func(a, b int) int { return cmp.Compare(nodes[a].centre, nodes[b].centre) })
		place(columns[x])
	}
	for range 8 {
		for x := 1; x < len(columns); x++ {
			sweep(x, true)
		}
		for x := len(columns) - 2; x >= 0; x-- {
			sweep(x, false)
		}
	}
}
