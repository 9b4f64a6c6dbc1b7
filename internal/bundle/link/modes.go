package link

import (
	"bytes"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link/scope"
)

// modes says which statements of a unit run in sloppy mode: CommonJS files and
// the helpers that they call. None means that all is strict.
type modes struct {
	sloppy []scope.Stmt
	// shared are variables of the strict part that the sloppy one reads (an ES
	// module that a CommonJS file requires): declared outside, set inside.
	shared []scope.SymbolID
	outer  map[scope.SymbolID]bool // declared outside
}

func (m *modes) isOuter(sym scope.SymbolID) bool { return m.sloppy == nil || m.outer[sym] }

// splitModes finds the statements `var require_x=__commonJS({…})` and what they
// need of the rest.
func (r *renderer) splitModes() modes {
	m := modes{outer: map[scope.SymbolID]bool{}}
	wrapper := r.commonJSHelper()
	if wrapper == scope.NoSymbol {
		return m
	}
	at := r.symbolsByStatement()
	sloppy := map[int]bool{}
	var queue []int
	take := func(i int) {
		if !sloppy[i] {
			sloppy[i] = true
			queue = append(queue, i)
		}
	}
	for i := range r.file.Stmts {
		if r.isCommonJS(i, wrapper, at.used[i]) {
			take(i)
		}
	}
	shared := map[scope.SymbolID]bool{}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for sym := range at.used[i] {
			j, ok := at.declared[sym]
			switch {
			case !ok || sloppy[j]:
			case r.isHelper(j, at):
				take(j)
			case r.file.Stmts[j].Kind == scope.VarStmt && bytes.HasPrefix(r.chunk.Code[r.file.Stmts[j].Start:], []byte("var ")):
				shared[sym] = true
			default: // a function or class of an ES module; esbuild's CommonJS reads none directly
				return modes{sloppy: r.file.Stmts, outer: allSymbols(at)}
			}
		}
	}
	for i := range r.file.Stmts {
		if sloppy[i] {
			m.sloppy = append(m.sloppy, r.file.Stmts[i])
		}
	}
	for sym, j := range at.declared {
		m.outer[sym] = sloppy[j] || shared[sym]
	}
	r.shareVariables(shared, at, &m)
	return m
}

// commonJSHelper is esbuild's __commonJS, which its output calls by that name
// as long as nobody has renamed it.
func (r *renderer) commonJSHelper() scope.SymbolID {
	for i := range r.file.Symbols {
		if s := &r.file.Symbols[i]; s.Scope == 0 && strings.TrimRight(s.Name, "0123456789") == "__commonJS" {
			return scope.SymbolID(i)
		}
	}
	return scope.NoSymbol
}

type symbolPlaces struct {
	declared map[scope.SymbolID]int    // symbol → statement
	used     []map[scope.SymbolID]bool // statement → symbols of the module scope
	in       map[int][]scope.SymbolID  // statement → what it declares
}

func (r *renderer) symbolsByStatement() *symbolPlaces {
	p := &symbolPlaces{declared: map[scope.SymbolID]int{}, used: make([]map[scope.SymbolID]bool, len(r.file.Stmts)), in: map[int][]scope.SymbolID{}}
	for i := range r.file.Symbols {
		s := &r.file.Symbols[i]
		if s.Scope != 0 || s.Kind == scope.Import || s.Kind == scope.Synthetic {
			continue
		}
		sym := scope.SymbolID(i)
		for _, ref := range s.Refs {
			j := r.statementAt(int(ref.Pos))
			if j < 0 {
				continue
			}
			if p.used[j] == nil {
				p.used[j] = map[scope.SymbolID]bool{}
			}
			p.used[j][sym] = true
			if ref.Flags&scope.RefDecl != 0 {
				p.declared[sym] = j
				p.in[j] = append(p.in[j], sym)
			}
		}
	}
	// An imported helper is declared nowhere here.
	for i := range r.file.Symbols {
		if s := &r.file.Symbols[i]; s.Kind == scope.Import {
			for _, ref := range s.Refs {
				if j := r.statementAt(int(ref.Pos)); j >= 0 {
					if p.used[j] == nil {
						p.used[j] = map[scope.SymbolID]bool{}
					}
					p.used[j][scope.SymbolID(i)] = true
				}
			}
		}
	}
	return p
}

func (r *renderer) statementAt(pos int) int {
	i, found := slices.BinarySearchFunc(r.file.Stmts, pos, func(s scope.Stmt, at int) int { return s.Start - at })
	if !found {
		i--
	}
	if i < 0 || pos >= r.file.Stmts[i].End {
		return -1
	}
	return i
}

// isCommonJS reports `var require_x=__commonJS(…);`.
func (r *renderer) isCommonJS(i int, wrapper scope.SymbolID, used map[scope.SymbolID]bool) bool {
	s := r.file.Stmts[i]
	if s.Kind != scope.VarStmt || !used[wrapper] {
		return false
	}
	for _, ref := range r.file.Symbols[wrapper].Refs {
		if int(ref.Pos) > s.Start && int(ref.Pos) < s.End {
			before := bytes.TrimRight(r.chunk.Code[s.Start:ref.Pos], " ")
			return bytes.HasSuffix(before, []byte("=")) && !bytes.ContainsAny(before, "(,{")
		}
	}
	return false
}

// isHelper reports a statement of esbuild's own helpers, which have no effects.
func (r *renderer) isHelper(i int, at *symbolPlaces) bool {
	for _, sym := range at.in[i] {
		if !strings.HasPrefix(r.file.Symbols[sym].Name, "__") {
			return false
		}
	}
	return r.file.Stmts[i].Kind == scope.VarStmt && len(at.in[i]) > 0
}

// shareVariables turns `var a=…` of the strict part into `a=…` where the
// sloppy part reads a; all that the statement declares moves out with it.
func (r *renderer) shareVariables(shared map[scope.SymbolID]bool, at *symbolPlaces, m *modes) {
	done := map[int]bool{}
	for sym := range shared {
		i := at.declared[sym]
		if done[i] {
			continue
		}
		done[i] = true
		s := r.file.Stmts[i]
		r.edits = append(r.edits, edit{start: s.Start, end: s.Start + len("var ")})
		m.shared = append(m.shared, at.in[i]...)
		for _, other := range at.in[i] {
			m.outer[other] = true
		}
	}
	slices.Sort(m.shared)
	slices.SortStableFunc(r.edits, func(a, b edit) int { return a.start - b.start })
}

func allSymbols(at *symbolPlaces) map[scope.SymbolID]bool {
	out := map[scope.SymbolID]bool{}
	for sym := range at.declared {
		out[sym] = true
	}
	return out
}
