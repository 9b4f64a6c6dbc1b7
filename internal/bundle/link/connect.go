package link

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// connect decides who uses what of whom, and gives units, roots and exports
// their names.
func (l *linker) connect() error {
	l.nameUnits()
	l.nameRoots()
	var errs []error
	for _, u := range l.order {
		u.original, u.content = l.Original, l.Content
		u.nameSources(l.SourceName)
		errs = append(errs, l.connectUnit(u))
	}
	for i := range l.Roots {
		b, err := l.namespaceOf(&l.Roots[i])
		errs = append(errs, err)
		if err == nil {
			b.unit.used[b.name]++
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, u := range l.order {
		own := map[string]bool{}
		if l.Format == Module && l.roots[l.Entry].Chunk == u.chunk.Name {
			for name := range u.exports {
				own[name] = true // the entry keeps its names
			}
		}
		u.nameExports(own)
	}
	l.needs = map[string][]*unit{}
	for i := range l.Roots {
		l.needs[l.Roots[i].ID] = l.unitsOf(&l.Roots[i])
	}
	return nil
}

// unitsOf lists what a root evaluates: its chunks in order, each behind those
// that it takes names from (esbuild's helpers are in no root's list).
func (l *linker) unitsOf(r *Root) []*unit {
	var out []*unit
	seen := map[*unit]bool{}
	given := map[*unit]bool{}
	for _, name := range r.Units {
		given[l.units[name]] = true
	}
	var visit func(*unit)
	visit = func(u *unit) {
		if u == nil || u.forward || seen[u] {
			return
		}
		seen[u] = true
		for _, c := range u.imports {
			if !given[c.unit] {
				visit(c.unit)
			}
		}
		out = append(out, u)
	}
	for _, name := range r.Units {
		visit(l.units[name])
	}
	if ns, err := l.namespaceOf(r); err == nil {
		visit(ns.unit)
	}
	visit(l.units[r.Chunk]) // it may call what others only define
	return out
}

// connectUnit resolves the unit's imports to the units that define the names.
func (l *linker) connectUnit(u *unit) error {
	var errs []error
	byUnit := map[*unit]*importedChunk{}
	for i := range u.file.Stmts {
		s := &u.file.Stmts[i]
		if s.Kind != scope.ImportStmt || s.Import.Bare || l.external(s) {
			continue
		}
		if s.Import.Default != scope.NoSymbol || s.Import.Namespace != scope.NoSymbol {
			errs = append(errs, fmt.Errorf("%s: import of %q: only modules of the bundle can be imported; externals need format esm or iife", u.describe(), s.From.Text))
			continue
		}
		for _, n := range s.Import.Names {
			b, err := l.resolve(s.From.Text, n.Imported, 0)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", u.describe(), err))
				continue
			}
			u.imported[n.Symbol] = b
			c := byUnit[b.unit]
			if c == nil {
				c = &importedChunk{unit: b.unit, symbol: scope.NoSymbol}
				byUnit[b.unit] = c
				u.imports = append(u.imports, c)
			}
			if !slices.Contains(c.names, b) {
				c.names = append(c.names, b)
				b.unit.used[b.name]++
			}
		}
	}
	return errors.Join(errs...)
}

// resolve follows a name through chunks that only pass it on.
func (l *linker) resolve(specifier, name string, depth int) (binding, error) {
	u := l.units[path.Base(specifier)]
	if u == nil || !strings.HasPrefix(specifier, "./") {
		return binding{}, fmt.Errorf("import of %q, which is not part of the bundle; a page without modules can't load it", specifier)
	}
	sym, ok := u.exports[name]
	if !ok || sym == scope.NoSymbol || depth > len(l.order) {
		return binding{}, fmt.Errorf("chunk %s does not export %q", u.chunk.Name, name)
	}
	if u.file.Symbols[sym].Kind != scope.Import {
		return binding{u, name}, nil
	}
	for i := range u.file.Stmts {
		s := &u.file.Stmts[i]
		if s.Kind != scope.ImportStmt {
			continue
		}
		for _, n := range s.Import.Names {
			if n.Symbol == sym {
				return l.resolve(s.From.Text, n.Imported, depth+1)
			}
		}
	}
	return binding{}, fmt.Errorf("chunk %s passes on %q from nowhere", u.chunk.Name, name)
}

func (l *linker) namespaceOf(r *Root) (binding, error) {
	if l.Apart != nil {
		return binding{l.units[r.Chunk], RootExport}, nil
	}
	return l.resolve("./"+r.Chunk, RootExport, 0)
}

// nameUnits derives ids from what the units hold, so that a change somewhere
// else leaves a file's bytes alone. Four characters, more where two agree.
func (l *linker) nameUnits() {
	taken := map[string]bool{}
	byContent := slices.Clone(l.order)
	slices.SortStableFunc(byContent, func(a, b *unit) int { return slices.Compare(a.chunk.Modules, b.chunk.Modules) })
	for _, u := range byContent {
		u.id = shortID(strings.Join(u.chunk.Modules, "\n"), taken)
	}
}

func (l *linker) nameRoots() {
	taken := map[string]bool{}
	l.rootIDs = map[string]string{}
	ids := make([]string, 0, len(l.Roots))
	for i := range l.Roots {
		ids = append(ids, l.Roots[i].ID)
	}
	slices.Sort(ids)
	for _, id := range ids {
		l.rootIDs[id] = shortID(id, taken)
	}
}

const idLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// shortID makes a name of letters out of a text: an identifier, so that it
// needs no quotes as a key.
func shortID(text string, taken map[string]bool) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", n, text))
		id := make([]byte, 4+n/4)
		for i := range id {
			id[i] = idLetters[int(sum[i])%len(idLetters)]
		}
		if s := string(id); !taken[s] && !reservedWord[s] {
			taken[s] = true
			return s
		}
	}
}

var reservedWord = map[string]bool{"case": true, "else": true, "enum": true, "null": true, "this": true, "true": true, "void": true, "with": true}

// nameExports gives the names that other units use short forms, the most used
// first.
func (u *unit) nameExports(taken map[string]bool) {
	names := make([]string, 0, len(u.used))
	for n := range u.used {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(u.used[b], u.used[a]), cmp.Compare(a, b))
	})
	u.short = make(map[string]string, len(names))
	i := 0
	for _, n := range names {
		for taken[shortName(i)] {
			i++
		}
		u.short[n] = shortName(i)
		i++
	}
}

// shortName counts a, b, … Z, aa, ab, …
func shortName(i int) string {
	n := len(idLetters)
	if i < n {
		return idLetters[i : i+1]
	}
	return shortName(i/n-1) + idLetters[i%n:i%n+1]
}
