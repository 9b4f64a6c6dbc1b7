package link

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// styleFiles says which style sheets the page has from the start and which
// each lazy root brings, in the order of the cascade.
type styleFiles struct {
	initial []*styleSheet
	lazy    []*styleSheet
	ofRoot  map[string][]*File
}

type styleSheet struct {
	keys  []string
	roots []string
	name  string
	file  *File
}

// styleFiles splits the lazy styles into runs: sheets that every root which
// wants one wants together and next to each other share a file. So each root
// can have its sheets in the order of the source, whichever came first.
func (l *linker) styleFiles(ctx context.Context, out *Output) (*styleFiles, error) {
	s := &styleFiles{ofRoot: map[string][]*File{}}
	initial := map[string]bool{}
	var first []string
	for _, r := range l.sortedRoots() {
		if r.Initial {
			for _, key := range l.styleKeys(r) {
				if !initial[key] {
					initial[key] = true
					first = append(first, key)
				}
			}
		}
	}
	if len(first) > 0 {
		s.initial = []*styleSheet{{keys: first, name: l.Name}}
	}
	sequences := map[string][]string{}
	for _, r := range l.sortedRoots() {
		if r.Initial {
			continue
		}
		seq := slices.DeleteFunc(l.styleKeys(r), func(k string) bool { return initial[k] })
		if len(seq) > 0 {
			sequences[r.ID] = seq
		}
	}
	s.lazy = l.styleRuns(sequences)
	for _, sheet := range append(slices.Clone(s.initial), s.lazy...) {
		if err := l.bundleStyle(ctx, sheet, out); err != nil {
			return nil, err
		}
	}
	for _, sheet := range s.initial {
		out.InitialCSS = append(out.InitialCSS, sheet.file.Path)
	}
	for id, seq := range sequences {
		for _, key := range seq {
			for _, sheet := range s.lazy {
				if slices.Contains(sheet.keys, key) && !slices.Contains(s.ofRoot[id], sheet.file) {
					s.ofRoot[id] = append(s.ofRoot[id], sheet.file)
				}
			}
		}
	}
	return s, nil
}

// sortedRoots has the entry first, then the others that load with it, then the rest.
func (l *linker) sortedRoots() []*Root {
	out := make([]*Root, 0, len(l.Roots))
	for i := range l.Roots {
		out = append(out, &l.Roots[i])
	}
	rank := func(r *Root) int {
		switch {
		case r.ID == l.Entry:
			return 0
		case r.Initial:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b *Root) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// styleKeys lists the styles a root evaluates, in order.
func (l *linker) styleKeys(r *Root) []string {
	var out []string
	seen := map[string]bool{}
	for _, key := range r.Styles {
		if !seen[key] {
			seen[key] = true
			out = append(out, key)
		}
	}
	return out
}

func (l *linker) styleRuns(sequences map[string][]string) []*styleSheet {
	users := map[string][]string{}
	next := map[string]map[string]bool{} // key → keys that follow it somewhere; "" for the end
	prev := map[string]map[string]bool{}
	note := func(m map[string]map[string]bool, a, b string) {
		if m[a] == nil {
			m[a] = map[string]bool{}
		}
		m[a][b] = true
	}
	ids := sortedKeys(sequences)
	for _, id := range ids {
		seq := sequences[id]
		for i, key := range seq {
			users[key] = append(users[key], id)
			before, after := "", ""
			if i > 0 {
				before = seq[i-1]
			}
			if i+1 < len(seq) {
				after = seq[i+1]
			}
			note(prev, key, before)
			note(next, key, after)
		}
	}
	joined := func(a, b string) bool {
		return len(next[a]) == 1 && len(prev[b]) == 1 && next[a][b] && slices.Equal(users[a], users[b])
	}
	var out []*styleSheet
	placed := map[string]bool{}
	for _, id := range ids {
		var run *styleSheet
		for _, key := range sequences[id] {
			if placed[key] {
				run = nil
				continue
			}
			placed[key] = true
			if run != nil && joined(run.keys[len(run.keys)-1], key) {
				run.keys = append(run.keys, key)
				continue
			}
			run = &styleSheet{keys: []string{key}, roots: users[key], name: l.styleName(users[key])}
			out = append(out, run)
		}
	}
	return l.groupStyles(out)
}

// groupStyles merges the runs that a group of the configuration takes. That
// may bring a rule earlier than the source does, so nothing does it unasked.
func (l *linker) groupStyles(runs []*styleSheet) []*styleSheet {
	groups := map[string]*styleSheet{}
	var out []*styleSheet
	for _, run := range runs {
		i := slices.IndexFunc(l.Groups, func(g Group) bool {
			return !g.Initial && len(run.roots) >= g.MinShare && !slices.ContainsFunc(run.keys, func(k string) bool { return !g.Takes(k) })
		})
		if i < 0 {
			out = append(out, run)
			continue
		}
		g := groups[l.Groups[i].Name]
		if g == nil {
			g = &styleSheet{name: l.Groups[i].Name}
			groups[g.name] = g
			out = append(out, g)
		}
		g.keys = append(g.keys, run.keys...)
		g.roots = append(g.roots, run.roots...)
	}
	return out
}

// styleName is the root's name where the sheet is one root's alone.
func (l *linker) styleName(roots []string) string {
	if len(roots) == 1 {
		return l.roots[roots[0]].Name
	}
	return l.Name + "-shared"
}

func (l *linker) bundleStyle(ctx context.Context, sheet *styleSheet, out *Output) error {
	if l.Styles == nil {
		return fmt.Errorf("the modules import style sheets (%s) and no style compiler is configured", strings.Join(sheet.keys, ", "))
	}
	f, err := l.Styles(ctx, sheet.name, sheet.keys)
	if err != nil {
		return err
	}
	for i := range out.Files {
		if out.Files[i].Path == f.Path { // equal bytes from other sources
			sheet.file = &out.Files[i]
			return nil
		}
	}
	sheet.file = &File{Path: f.Path, Content: f.CSS, Integrity: Integrity(f.CSS), Role: Style, Units: sheet.keys, Parts: f.Parts}
	out.Files = append(out.Files, *sheet.file)
	if f.Map != nil {
		out.Files = append(out.Files, File{Path: f.Path + ".map", Content: f.Map, Integrity: Integrity(f.Map), Role: SourceMap})
	}
	return nil
}

func mapKeys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
