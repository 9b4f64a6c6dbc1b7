package link

import (
	"slices"
)

// unitFile is a file to be: units that are fetched together.
type unitFile struct {
	name    string
	initial bool
	units   []*unit
}

// layFiles gives every unit a file. The first is the entry's: what the page
// needs at once and no group takes. A lazy root's own units go into a file of
// its name (webpackChunkName: equal names share one), and units that several
// roots need into shared ones.
func (l *linker) layFiles() []*unitFile {
	users, initial := l.users()
	lay := &layer{linker: l, entry: &unitFile{name: l.Name, initial: true}, byName: map[string]*unitFile{}}
	for _, u := range l.inUse() {
		switch {
		case lay.byGroup(u, initial[u], len(users[u])):
		case initial[u]:
			lay.entry.units = append(lay.entry.units, u)
		case len(users[u]) > 1:
			lay.put("shared", u)
		default:
			lay.put(l.roots[users[u][0]].Name, u)
		}
	}
	return append([]*unitFile{lay.entry}, lay.files...)
}

// users lists the lazy roots that need each unit, and the units that are
// needed from the start.
func (l *linker) users() (users map[*unit][]string, initial map[*unit]bool) {
	users, initial = map[*unit][]string{}, map[*unit]bool{}
	for _, r := range l.sortedRoots() {
		for _, u := range l.needs[r.ID] {
			if r.Initial {
				initial[u] = true
			} else {
				users[u] = append(users[u], r.ID)
			}
		}
	}
	return users, initial
}

// inUse lists the units that a root needs, in the order in which the roots
// come to need them.
func (l *linker) inUse() []*unit {
	var out []*unit
	seen := map[*unit]bool{}
	for _, r := range l.sortedRoots() {
		for _, u := range l.needs[r.ID] {
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

type layer struct {
	*linker
	entry  *unitFile
	files  []*unitFile
	byName map[string]*unitFile
}

func (l *layer) byGroup(u *unit, initial bool, share int) bool {
	i := slices.IndexFunc(l.Groups, func(g Group) bool {
		return g.Initial == initial && (initial || share >= g.MinShare) && g.Takes(u.chunk)
	})
	if i < 0 {
		return false
	}
	l.put(l.Groups[i].Name, u).initial = initial
	return true
}

func (l *layer) put(name string, u *unit) *unitFile {
	f := l.byName[name]
	if f == nil {
		f = &unitFile{name: name}
		l.byName[name] = f
		l.files = append(l.files, f)
	}
	f.units = append(f.units, u)
	return f
}
