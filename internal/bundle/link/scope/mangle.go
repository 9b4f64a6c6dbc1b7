package scope

import (
	"slices"
	"sort"
)

// Options for Mangle.
type Options struct {
	// Reserved names are given to no symbol. Reserved words, `arguments` and
	// the like need not be listed.
	Reserved []string
	// Keep lists symbols that keep their names, as Pinned ones do.
	Keep []SymbolID
	// Alphabet is the order of characters in names; nil means by the frequency
	// of the characters in this file.
	Alphabet *Alphabet
}

// neverNames are words that no symbol may be called, in either mode of the
// language and wherever the linker may put the code.
var neverNames = append([]string{
	"let", "static", "async", "await", "yield", "arguments", "eval", "undefined", "NaN", "Infinity",
	"implements", "interface", "package", "private", "protected", "public", "of", "get", "set",
}, keywordText[:]...)

// AddSymbol adds a top-level symbol that nothing in the source mentions yet.
// Merge and AddReference give it references.
func (f *File) AddSymbol(name string) SymbolID {
	id := SymbolID(len(f.Symbols))
	f.Symbols = append(f.Symbols, Symbol{Name: name, Kind: Synthetic, Scope: moduleScope, next: NoSymbol})
	f.nameIn(moduleScope, id)
	return id
}

// Merge makes all references to the top-level symbols from count as references
// to the top-level symbol into: that is what the linker will write in their
// place. Mangle then returns into's name for them, and Renames leaves them
// alone.
func (f *File) Merge(into SymbolID, from ...SymbolID) {
	f.growMerged()
	for _, s := range from {
		if s = f.root(s); s != into {
			f.merged[s] = into
			f.Symbols[into].count += f.Symbols[s].count
		}
	}
}

func (f *File) growMerged() {
	for len(f.merged) < len(f.Symbols) {
		f.merged = append(f.merged, NoSymbol)
	}
}

// root returns what s has been merged into.
func (f *File) root(s SymbolID) SymbolID {
	for int(s) < len(f.merged) && f.merged[s] != NoSymbol {
		s = f.merged[s]
	}
	return s
}

// AddReference says that the top-level symbol s will be mentioned at an
// offset of the source, so that no scope there takes its name.
func (f *File) AddReference(s SymbolID, pos int) {
	f.added = append(f.added, addedRef{s, int32(pos)})
	f.Symbols[f.root(s)].count++
}

// ScopeAt returns the innermost scope at an offset.
func (f *File) ScopeAt(pos int) ScopeID {
	s := ScopeID(sort.Search(len(f.Scopes), func(i int) bool { return f.Scopes[i].Start > pos })) - 1
	for s > moduleScope && f.Scopes[s].End <= pos {
		s = f.Scopes[s].Parent
	}
	return max(s, moduleScope)
}

// Mangle chooses short names, one per symbol. A scope may use a name again
// that a scope around it uses, if neither it nor a scope inside references
// that symbol. The result depends on the source, the symbols added and the
// options alone.
func (f *File) Mangle(o Options) []string {
	f.growMerged()
	m := newMangler(f, &o)
	for id := range f.Scopes {
		m.scope(ScopeID(id))
	}
	out := make([]string, len(f.Symbols))
	for s := range out {
		root := f.root(SymbolID(s))
		if m.fixed[root] {
			out[s] = f.Symbols[root].Name
		} else {
			out[s] = m.names[m.index[root]]
		}
	}
	return out
}

type mangler struct {
	f        *File
	alphabet Alphabet
	fixed    []bool                 // by symbol: keeps its name
	index    []int32                // by symbol: which name, -1 none yet
	added    map[ScopeID][]SymbolID // references to come
	never    map[int]bool           // indices of names that are not to be used
	names    []string               // usable names in order
	next     int                    // index in the alphabet's order of the next name to make
	list     []SymbolID             // see order
	taken    []int32                // by name: the last scope that must not use it, plus one
}

func newMangler(f *File, o *Options) *mangler {
	m := &mangler{f: f, fixed: make([]bool, len(f.Symbols)), index: make([]int32, len(f.Symbols)), never: map[int]bool{}}
	if o.Alphabet != nil {
		m.alphabet = *o.Alphabet
	} else {
		var freq Frequency
		f.CountChars(&freq)
		m.alphabet = NewAlphabet(&freq)
	}
	for i := range f.Symbols {
		m.index[i] = -1
		m.fixed[i] = f.Symbols[i].Pinned
	}
	for _, s := range o.Keep {
		m.fixed[s] = true
	}
	m.reserve(neverNames...)
	m.reserve(o.Reserved...)
	for name := range f.Globals {
		m.reserve(name)
	}
	// A name that is kept anywhere is used nowhere else: there are few, and it
	// spares looking for scopes between.
	for i := range f.Symbols {
		if m.fixed[i] {
			m.reserve(f.Symbols[i].Name)
		}
	}
	m.added = map[ScopeID][]SymbolID{}
	for _, a := range f.added {
		for s := f.ScopeAt(int(a.pos)); s > moduleScope; s = f.Scopes[s].Parent {
			m.added[s] = append(m.added[s], a.symbol)
		}
	}
	return m
}

func (m *mangler) reserve(names ...string) {
	for _, n := range names {
		if i := m.alphabet.index(n); i >= 0 {
			m.never[i] = true
		}
	}
}

// name makes sure that there is an i-th name.
func (m *mangler) grow(i int) {
	for len(m.names) <= i {
		if !m.never[m.next] {
			m.names = append(m.names, m.alphabet.name(m.next))
			m.taken = append(m.taken, 0)
		}
		m.next++
	}
}

// scope names the symbols of a scope. The scopes around have been named.
func (m *mangler) scope(id ScopeID) {
	s := &m.f.Scopes[id]
	if s.first == NoSymbol {
		return
	}
	stamp := int32(id) + 1
	for _, e := range m.f.enclosed[s.enclosedAt:s.enclosedEnd] {
		m.take(e, stamp)
	}
	for _, e := range m.added[id] {
		m.take(e, stamp)
	}
	i := 0
	for _, sym := range m.order(id) {
		m.grow(i)
		for m.taken[i] == stamp {
			i++
			m.grow(i)
		}
		m.index[sym] = int32(i)
		i++
	}
}

// order lists the symbols to be named in a scope. Order of declaration makes
// the names of similar functions alike, which compresses best. Only the many
// symbols of a module are first divided by the length of name they deserve.
func (m *mangler) order(id ScopeID) []SymbolID {
	list := m.list[:0]
	symbols := m.f.Symbols
	for s := m.f.Scopes[id].first; s != NoSymbol; s = symbols[s].next {
		if !m.fixed[s] && m.f.merged[s] == NoSymbol {
			list = append(list, s)
		}
	}
	m.list = list
	if id != moduleScope || len(list) <= oneLetterNames {
		return list
	}
	sort.SliceStable(list, func(i, j int) bool { return symbols[list[i]].count > symbols[list[j]].count })
	slices.Sort(list[:oneLetterNames])
	two := min(len(list), oneLetterNames+twoLetterNames)
	slices.Sort(list[oneLetterNames:two])
	slices.Sort(list[two:])
	return list
}

// About so many names of one and two characters are free in a module's scope,
// where few are taken.
const (
	oneLetterNames = 50
	twoLetterNames = 3400
)

// take keeps the scope being named from using the name of s, if s has one.
func (m *mangler) take(s SymbolID, stamp int32) {
	s = m.f.root(s)
	if i := m.index[s]; i >= 0 {
		m.taken[i] = stamp
	}
}
