package release

import (
	"cmp"
	"slices"
	"strings"
)

// Seal brings a release that was just put together into its one form: it sorts
// files, entries, chunks, their sources and targets, fills in media types that are missing and
// everything that follows from Passes (File.Passes of what entries and chunks
// load, Load, Hint, Entries, Chunks), and then checks it.
func (r *Release) Seal() error {
	for i := range r.Passes {
		r.Passes[i].sort()
	}
	slices.SortStableFunc(r.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	uses := r.uses()
	for i := range r.Files {
		f := &r.Files[i]
		if f.Type == "" {
			f.Type = TypeOf(strings.TrimSuffix(f.Path, f.Encoding.Extension()))
		}
		f.Sources = sorted(f.Sources)
		u := uses[f.Path]
		f.Passes = r.inBuildOrder(append(slices.Clone(f.Passes), u.passes...))
		f.Load, f.Hint, f.Entries, f.Chunks = u.load(), u.hint(), u.entries, u.chunks
	}
	return r.Check()
}

func (p *Pass) sort() {
	p.Target = sorted(p.Target)
	p.Entries = slices.SortedStableFunc(slices.Values(p.Entries), func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	p.Chunks = slices.SortedStableFunc(slices.Values(p.Chunks), func(a, b Chunk) int { return cmp.Compare(a.Name, b.Name) })
	for i := range p.Entries {
		e := &p.Entries[i]
		e.Chunks = sorted(e.Chunks)
	}
	for i := range p.Chunks {
		c := &p.Chunks[i]
		c.Sources = sorted(c.Sources)
	}
}

// sorted returns a sorted copy; nil for nothing, as Read does.
func sorted(items []string) []string {
	return slices.Sorted(slices.Values(items))
}

// inBuildOrder sorts names of passes as Release.Passes has them, each once.
// Names of no pass come last, for Check to report.
func (r *Release) inBuildOrder(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	order := func(name string) int {
		i := slices.IndexFunc(r.Passes, func(p Pass) bool { return p.Name == name })
		if i < 0 {
			return len(r.Passes)
		}
		return i
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a, b))
	})
	return slices.Compact(names)
}

// use is what entries and chunks say about one file.
type use struct {
	passes  []string // in build order
	entries []string // "<pass>/<entry>", sorted
	chunks  []string // "<pass>/<chunk>", sorted
	hints   []Hint
}

// uses says for every path how it is loaded.
func (r *Release) uses() map[string]use {
	all := make(map[string]use, len(r.Files))
	add := func(pass, path string, change func(*use)) {
		u := all[path]
		if !slices.Contains(u.passes, pass) {
			u.passes = append(u.passes, pass)
		}
		change(&u)
		all[path] = u
	}
	for _, p := range r.Passes {
		for _, e := range p.Entries {
			name := p.Name + "/" + e.Name
			for _, path := range slices.Concat(e.JS, e.CSS) {
				add(p.Name, path, func(u *use) { u.entries = append(u.entries, name) })
			}
		}
		for _, c := range p.Chunks {
			name := p.Name + "/" + c.Name
			for _, path := range slices.Concat(c.JS, c.CSS) {
				add(p.Name, path, func(u *use) {
					u.chunks = append(u.chunks, name)
					u.hints = append(u.hints, c.Hint)
				})
			}
		}
	}
	for path, u := range all {
		slices.Sort(u.entries)
		slices.Sort(u.chunks)
		all[path] = u
	}
	return all
}

func (u use) load() Load {
	switch {
	case len(u.entries) > 0:
		return Initial
	case len(u.chunks) > 0:
		return Lazy
	}
	return None
}

// hint is the strongest one: a file that one parent wants early is wanted early.
func (u use) hint() Hint {
	if u.load() != Lazy {
		return NoHint
	}
	for _, h := range []Hint{Preload, Prefetch} {
		if slices.Contains(u.hints, h) {
			return h
		}
	}
	return NoHint
}

// find looks path up in Files, which are sorted.
func (r *Release) find(path string) (int, bool) {
	return slices.BinarySearchFunc(r.Files, path, func(f File, path string) int { return strings.Compare(f.Path, path) })
}
