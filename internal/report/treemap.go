package report

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Treemap shows what amounts are made of, as areas in areas. With a script it
// zooms, searches and tells who brought a leaf in; without one and on paper it
// is the table of the largest.
type Treemap struct {
	Caption string
	Leaves  []Leaf   // in any order; what has no size is not shown
	Kinds   []string // what a colour means, the most important first; may be empty
	Origins []Origin // who brought a leaf in, in any order
	Views   []View   // parts of the whole to look at alone; may be empty
}

// Leaf is a module in a file of the release.
type Leaf struct {
	// Path goes from the outermost area, a file of the release, by folders or
	// packages to the module's name. A folder of one folder is shown as one.
	Path     []string
	Value    Bytes // in the release
	Original Bytes // of the source; 0 for not known
	Kind     int   // index in Kinds
	Origin   int   // the module's own index in Origins; -1 for not known
}

// Origin is a module in the tree of who imports whom first.
type Origin struct {
	Name string
	From int    // index of the one that imports it; -1 for an entry
	How  string // "import", "import()", "require"; "" for an entry
}

// View is a choice of outermost areas, such as those of the first load.
type View struct {
	Label string
	Areas []string // the first names of paths
}

// How much of a treemap is shown.
const (
	treemapLeaves = 10_000 // those beyond become one a file
	treemapRows   = 15
	summaryRows   = 10 // of a drawing's table in a summary
	treemapText   = 300
)

func (Treemap) template() string       { return "treemap" }
func (Treemap) script() string         { return treemapJS }
func (Treemap) measure() (int, string) { return 1, "chart" }

func (b Treemap) markdown(source string) string {
	return b.largest(summaryRows).markdown(source)
}

// sized gives the leaves that have a size, the largest first.
func (b Treemap) sized() []Leaf {
	var out []Leaf
	for _, l := range b.Leaves {
		if l.Value > 0 && len(l.Path) > 0 {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(x, y Leaf) int {
		return cmp.Or(cmp.Compare(y.Value, x.Value), slices.Compare(x.Path, y.Path))
	})
	return out
}

// largest is the table of the n largest leaves.
func (b Treemap) largest(n int) Table {
	all := b.sized()
	total := Bytes(0)
	for _, l := range all {
		total += l.Value
	}
	t := Table{Caption: cmp.Or(b.Caption, "Modules"), Columns: []string{"Module", "Imported by", "In file", "Source", "Size", "Share"}}
	if len(all) > n {
		t.Caption += ": the " + FormatCount(int64(n)) + " largest of " + counted(len(all), "module")
	}
	for _, l := range all[:min(n, len(all))] {
		row := []Value{Code(path.Join(l.Path[1:]...)), b.importer(l), Code(l.Path[0]), nil, l.Value, Percent(float64(l.Value) / float64(total))}
		if len(l.Path) == 1 {
			row[0] = Code(l.Path[0])
		}
		if l.Original > 0 {
			row[3] = l.Original
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// importer is who imports a leaf first.
func (b Treemap) importer(l Leaf) Value {
	from := b.from(l.Origin)
	switch {
	case from >= 0:
		return Code(b.Origins[from].Name)
	case l.Origin >= 0 && l.Origin < len(b.Origins):
		return Text("nobody: an entry")
	}
	return nil
}

// from follows an origin to the one before it, or gives -1.
func (b Treemap) from(i int) int {
	if i < 0 || i >= len(b.Origins) {
		return -1
	}
	if from := b.Origins[i].From; from < len(b.Origins) && from != i {
		return max(from, -1)
	}
	return -1
}

// area is a node of the tree: areas in it, or a leaf.
type area struct {
	name  string
	value Bytes
	leaf  *Leaf
	areas []*area
	named map[string]*area // areas by name, while the tree grows
}

// grow adds a leaf below the area.
func (a *area) grow(l *Leaf, names []string) {
	a.value += l.Value
	name := clip(line(names[0]), treemapText)
	if len(names) == 1 {
		a.areas = append(a.areas, &area{name: name, value: l.Value, leaf: l})
		return
	}
	next := a.named[name]
	if next == nil {
		next = &area{name: name, named: map[string]*area{}}
		a.named[name] = next
		a.areas = append(a.areas, next)
	}
	next.grow(l, names[1:])
}

// data is the area as the script reads it: [name, areas], or for a leaf
// [name, size, origin, original size, kind]. kept renumbers origins. The files
// of the release are at depth 1 and keep their names.
func (a *area) data(depth int, kept func(int) int) []any {
	if a.leaf != nil {
		return []any{a.name, a.value, kept(a.leaf.Origin), max(0, a.leaf.Original), max(0, a.leaf.Kind)}
	}
	for depth > 1 && len(a.areas) == 1 && a.areas[0].leaf == nil {
		a.name += "/" + a.areas[0].name
		a.areas = a.areas[0].areas
	}
	slices.SortStableFunc(a.areas, func(x, y *area) int {
		return cmp.Or(cmp.Compare(y.value, x.value), strings.Compare(x.name, y.name))
	})
	inside := make([]any, 0, len(a.areas))
	for _, one := range a.areas {
		inside = append(inside, one.data(depth+1, kept))
	}
	return []any{a.name, inside}
}

// treemapData is what the script draws.
type treemapData struct {
	Tree    []any    `json:"tree"`
	Kinds   []string `json:"kinds"`
	Origins [][]any  `json:"origins"` // [name, index of who brought it or -1, how]
	Views   [][]any  `json:"views"`   // [label, indexes in the tree]
}

func (b Treemap) data() treemapData {
	whole := &area{named: map[string]*area{}}
	for _, l := range b.bounded() {
		if len(l.Path) == 1 { // a file of which no more is known
			l.Path = []string{l.Path[0], l.Path[0]}
		}
		whole.grow(&l, l.Path)
	}
	out := treemapData{Origins: [][]any{}}
	tree := whole.data(0, b.keeper(&out.Origins))
	out.Tree = tree[1].([]any)
	at := map[string]int{}
	for i, one := range whole.areas {
		at[one.name] = i
	}
	for _, k := range b.Kinds {
		out.Kinds = append(out.Kinds, clip(line(k), treemapText))
	}
	for _, v := range b.Views {
		areas := []int{}
		for _, name := range v.Areas {
			if i, ok := at[clip(line(name), treemapText)]; ok {
				areas = append(areas, i)
			}
		}
		if len(areas) > 0 {
			out.Views = append(out.Views, []any{clip(line(v.Label), treemapText), areas})
		}
	}
	return out
}

// bounded gives the leaves that are drawn one by one, and one leaf a file for
// all others.
func (b Treemap) bounded() []Leaf {
	all := b.sized()
	if len(all) <= treemapLeaves {
		return all
	}
	kept := slices.Clone(all[:treemapLeaves])
	rest := map[string]int{}
	for _, l := range all[treemapLeaves:] {
		i, ok := rest[l.Path[0]]
		if !ok {
			i = len(kept)
			rest[l.Path[0]] = i
			kept = append(kept, Leaf{Path: []string{l.Path[0], "smaller modules"}, Origin: -1, Kind: l.Kind})
		}
		kept[i].Value += l.Value
	}
	return kept
}

// keeper gives a function that takes an origin over, with all who brought it,
// and returns its index in kept.
func (b Treemap) keeper(kept *[][]any) func(int) int {
	at := map[int]int{}
	return func(i int) int {
		if i < 0 || i >= len(b.Origins) {
			return -1
		}
		last := -1
		for next := i; next >= 0; next = b.from(next) {
			index, known := at[next]
			if !known {
				index = len(*kept)
				at[next] = index
				o := b.Origins[next]
				*kept = append(*kept, []any{clip(line(o.Name), treemapText), -1, clip(line(o.How), treemapText)})
			}
			if last >= 0 {
				(*kept)[last][1] = index
			}
			if known {
				break
			}
			last = index
		}
		return at[i]
	}
}
