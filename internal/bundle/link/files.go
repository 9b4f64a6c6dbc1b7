package link

import (
	"slices"
	"strings"
)

// unitFile is a file to be: units that are fetched together.
type unitFile struct {
	name    string
	initial bool
	group   bool // asked for by the configuration
	shared  bool // by several lazy roots
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
			lay.putShared(u, users[u])
		default:
			lay.putOwn(l.roots[users[u][0]], u)
		}
	}
	lay.mergeShared()
	lay.pack(users)
	return append([]*unitFile{lay.entry}, lay.files...)
}

// pack merges small lazy files that the same roots start and no name in the
// source keeps apart: functions in one file run no earlier than in two.
func (l *layer) pack(users map[*unit][]string) {
	var kept []*unitFile
	open := map[string]*unitFile{} // by parents
	for _, f := range l.files {
		root := l.roots[soleUser(f, users)]
		if f.initial || f.group || root == nil || root.Named || f.size() >= l.SmallFile {
			kept = append(kept, f)
			continue
		}
		key := strings.Join(root.Parents, "\n")
		p := open[key]
		if p == nil || p.size() >= l.SmallFile {
			p = &unitFile{name: f.name}
			open[key] = p
			kept = append(kept, p)
		}
		p.units = append(p.units, f.units...)
	}
	l.files = kept
}

// soleUser is the one root that needs the file; "" for shared and group files.
func soleUser(f *unitFile, users map[*unit][]string) string {
	for _, u := range f.units {
		if len(users[u]) != 1 || users[u][0] != users[f.units[0]][0] {
			return ""
		}
	}
	return users[f.units[0]][0]
}

// size is about what the file will have.
func (f *unitFile) size() int {
	n := 0
	for _, u := range f.units {
		n += len(u.chunk.Code)
	}
	return n
}

// takes reports that the group wants all modules of the unit.
func (l *layer) takes(g Group, u *unit) bool {
	for _, m := range u.chunk.Modules {
		if !g.Takes(m) {
			return false
		}
	}
	return len(u.chunk.Modules) > 0
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
	byName map[string]*unitFile // by name; by root where nobody chose one
}

func (l *layer) byGroup(u *unit, initial bool, share int) bool {
	i := slices.IndexFunc(l.Groups, func(g Group) bool {
		return g.Initial == initial && (initial || share >= g.MinShare) && l.takes(g, u)
	})
	if i < 0 {
		return false
	}
	f := l.put("group "+l.Groups[i].Name, l.Groups[i].Name, u)
	f.initial, f.group = initial, true
	return true
}

// putOwn gives a root's own units the file of its name. A name that only the
// module's path suggests may be another's too, and is not shared.
func (l *layer) putOwn(r *Root, u *unit) {
	key := r.Name
	if !r.Named {
		key = "of " + r.ID
	}
	l.put(key, r.Name, u)
}

// putShared gives what the same roots share a file of its own.
func (l *layer) putShared(u *unit, users []string) {
	l.put("shared by "+strings.Join(users, "\n"), "shared", u).shared = true
}

// mergeShared merges the small ones of those files: many roots share little
// pieces in many combinations, and each would be a request.
func (l *layer) mergeShared() {
	var small *unitFile
	l.files = slices.DeleteFunc(l.files, func(f *unitFile) bool {
		if !f.shared || f.size() >= l.SmallFile {
			return false
		}
		if small == nil {
			small = f
			return false
		}
		small.units = append(small.units, f.units...)
		return true
	})
}

func (l *layer) put(key, name string, u *unit) *unitFile {
	f := l.byName[key]
	if f == nil {
		f = &unitFile{name: name}
		l.byName[key] = f
		l.files = append(l.files, f)
	}
	f.units = append(f.units, u)
	return f
}
