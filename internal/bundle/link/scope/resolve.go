package scope

import "sort"

// resolver walks the tape once. Names are numbers, so the binding a name has
// at the current place is one array access: opening a scope overwrites the
// entries of the names it declares, closing it puts the old ones back. All
// declarations of a scope are in force from its start, which is what hoisting
// and the temporal dead zone mean for binding.
type resolver struct {
	*parser
	f       *File
	current []SymbolID // by nameID; NoSymbol where free
	frames  []frame
	lists   [][]SymbolID // by frame: the symbols its scope references, see Scope.enclosed
	// reach tells, by symbol, down to which frame the scopes have it in their
	// lists. Lists hold a symbol without gaps from its own scope inwards.
	reach  []int32
	shadow []SymbolID // by symbol: what its name meant outside
	name   []nameID   // by symbol
	nrefs  []int32    // by symbol
	free   []int32    // by nameID: number of references
	blocks []blockFunctionUse
}

// frame is an open scope.
type frame struct {
	draft          int32
	id             ScopeID
	first, end     SymbolID
	function, with int32 // the frame of the nearest function scope, or `with` (-1: none)
	pinned         bool
}

// blockFunctionUse is a function declared in a block; outer is what its name
// means in the function around.
type blockFunctionUse struct {
	symbol, outer SymbolID
	function      ScopeID
	name          nameID
}

func (p *parser) resolve() {
	r := &resolver{parser: p, f: p.file}
	r.current = make([]SymbolID, len(p.text))
	for i := range r.current {
		r.current[i] = NoSymbol
	}
	r.free = make([]int32, len(p.text))
	r.f.Symbols = make([]Symbol, 0, len(p.decls))
	r.reach = make([]int32, 0, len(p.decls))
	r.shadow = make([]SymbolID, 0, len(p.decls))
	r.nrefs = make([]int32, 0, len(p.decls))
	r.walk()
	r.collectRefs()
	r.bindStatements()
	r.pinBlockFunctions()
}

func (r *resolver) walk() {
	tape := r.tape
	depth := int32(-1)
	for i := range tape {
		e := &tape[i]
		switch e.kind {
		case entryNothing:
		case entryName, entryEval:
			if e.kind == entryEval {
				r.pinVisible()
				e.kind = entryName
			}
			s := r.current[e.id]
			if s < 0 {
				if e.flags&refImplicit != 0 {
					e.kind = entryNothing
					continue
				}
				r.free[e.id]++
				e.id = ^e.id
				continue
			}
			e.id = int32(s)
			r.nrefs[s]++
			if r.reach[s] < depth {
				r.enclose(s, depth)
			}
			if w := r.frames[depth].with; w >= 0 && s < r.frames[w].first {
				// The object decides at run time whether the name means s.
				r.f.Symbols[s].Pinned = true
			}
		case entryOpen:
			depth++
			r.openFrame(e, depth)
		case entryClose:
			r.closeFrame(depth)
			depth--
		}
	}
}

// enclose adds s to the lists of the open scopes that do not have it yet.
func (r *resolver) enclose(s SymbolID, depth int32) {
	for d := r.reach[s] + 1; d <= depth; d++ {
		r.lists[d] = append(r.lists[d], s)
	}
	r.reach[s] = depth
}

func (r *resolver) openFrame(e *entry, depth int32) {
	d := &r.drafts[e.id]
	id := ScopeID(len(r.f.Scopes))
	s := Scope{Parent: -1, Start: int(e.pos), End: int(d.end), Function: d.kind == functionScope || d.kind == bodyScope, first: NoSymbol, last: NoSymbol}
	fr := frame{draft: e.id, id: id, first: SymbolID(len(r.f.Symbols)), function: depth, with: -1}
	if depth > 0 {
		outer := &r.frames[depth-1]
		s.Parent = outer.id
		fr.with = outer.with
		if !s.Function {
			fr.function = outer.function
		}
	}
	if d.kind == withScope {
		fr.with = depth
	}
	r.f.Scopes = append(r.f.Scopes, s)
	r.frames = append(r.frames[:depth], fr)
	if int(depth) == len(r.lists) {
		r.lists = append(r.lists, nil)
	}
	r.lists[depth] = r.lists[depth][:0]
	if d.kind == bodyScope && depth > 0 && r.frames[depth-1].draft == d.parent {
		// A body's own names must differ from the parameters': a let would be
		// an error, a var would start with the parameter's value.
		for s := r.frames[depth-1].first; s < r.frames[depth-1].end; s++ {
			if r.reach[s] < depth {
				r.enclose(s, depth)
			}
		}
	}
	for at := d.first; at >= 0; at = r.decls[at].next {
		r.declareSymbol(&r.decls[at], depth, d)
	}
	r.frames[depth].end = SymbolID(len(r.f.Symbols))
}

func (r *resolver) declareSymbol(d *declaration, depth int32, in *draft) {
	if d.kind == noDeclaration {
		return
	}
	fr := &r.frames[depth]
	old := r.current[d.name]
	kind := SymbolKind(d.kind)
	if d.kind == blockFunction {
		kind = Function
	}
	if old >= fr.first && r.f.Symbols[old].Kind != FunctionName {
		return // declared in this scope already
	}
	if in.kind == bodyScope && depth > 0 && (kind == Var || kind == Function) && r.frames[depth-1].draft == in.parent &&
		old >= r.frames[depth-1].first && r.f.Symbols[old].Kind == Param {
		return // starts with the parameter's value: one name for both
	}
	id := SymbolID(len(r.f.Symbols))
	named := depth
	if d.kind == blockFunction && fr.function != depth {
		named = fr.function
		r.blocks = append(r.blocks, blockFunctionUse{id, old, r.frames[named].id, d.name})
	}
	r.f.Symbols = append(r.f.Symbols, Symbol{Name: r.text[d.name], Kind: kind, Scope: fr.id, Pinned: d.name == nArguments, next: NoSymbol})
	r.reach = append(r.reach, named)
	r.shadow = append(r.shadow, old)
	r.nrefs = append(r.nrefs, 0)
	r.name = append(r.name, d.name)
	r.current[d.name] = id
	r.f.nameIn(r.frames[named].id, id)
}

// nameIn adds a symbol to those that get their names in a scope.
func (f *File) nameIn(scope ScopeID, id SymbolID) {
	s := &f.Scopes[scope]
	if s.last == NoSymbol {
		s.first = id
	} else {
		f.Symbols[s.last].next = id
	}
	s.last = id
}

func (r *resolver) closeFrame(depth int32) {
	fr := &r.frames[depth]
	for s := fr.end - 1; s >= fr.first; s-- {
		r.current[r.name[s]] = r.shadow[s]
	}
	list := r.lists[depth]
	sc := &r.f.Scopes[fr.id]
	sc.enclosedAt = int32(len(r.f.enclosed))
	r.f.enclosed = append(r.f.enclosed, list...)
	sc.enclosedEnd = int32(len(r.f.enclosed))
	for _, s := range list {
		r.reach[s] = depth - 1
	}
	r.frames = r.frames[:depth]
}

// pinVisible pins all names that code at the current place can see.
func (r *resolver) pinVisible() {
	for i := len(r.frames) - 1; i >= 0; i-- {
		fr := &r.frames[i]
		if fr.pinned {
			return
		}
		fr.pinned = true
		for s := fr.first; s < fr.end; s++ {
			r.f.Symbols[s].Pinned = true
		}
	}
}

// collectRefs gives each symbol, and each free name, its references.
func (r *resolver) collectRefs() {
	total := 0
	for _, n := range r.nrefs {
		total += int(n)
	}
	all := make([]Ref, total)
	for s := range r.f.Symbols {
		n := r.nrefs[s]
		r.f.Symbols[s].Refs, all = all[:0:n], all[n:]
		r.f.Symbols[s].count = n
	}
	r.f.Globals = map[string][]Ref{}
	lists := make([][]Ref, 0, 64)
	for name, n := range r.free {
		if n > 0 {
			lists = append(lists, make([]Ref, 0, n))
			r.free[name] = int32(len(lists) - 1)
		}
	}
	for i := range r.tape {
		e := &r.tape[i]
		if e.kind != entryName {
			continue
		}
		ref := Ref{e.pos, e.len, e.flags &^ (refImplicit | refEscaped)}
		if e.id >= 0 {
			s := &r.f.Symbols[e.id]
			s.Refs = append(s.Refs, ref)
		} else {
			l := &lists[r.free[^e.id]]
			*l = append(*l, ref)
			if len(*l) == cap(*l) {
				r.f.Globals[r.text[^e.id]] = *l
			}
		}
	}
}

// at returns the symbol of the name at a tape index.
func (r *resolver) at(i int32) SymbolID {
	if i < 0 || r.tape[i].id < 0 {
		return NoSymbol
	}
	return SymbolID(r.tape[i].id)
}

func (r *resolver) bindStatements() {
	for i := range r.f.Stmts {
		s := &r.f.Stmts[i]
		s.Symbol = r.at(s.symbolAt)
		for j := range s.Exports {
			s.Exports[j].Symbol = r.at(s.Exports[j].at)
		}
		if c := s.Import; c != nil {
			c.Default, c.Namespace = r.at(c.defaultAt), r.at(c.namespaceAt)
			for j := range c.Names {
				c.Names[j].Symbol = r.at(c.Names[j].at)
			}
		}
	}
	for _, at := range r.exportedAt {
		if s := r.at(at); s >= 0 {
			r.f.Symbols[s].Pinned = true
		}
	}
}

// pinBlockFunctions keeps the names of functions declared in blocks where
// strict and sloppy code differ: where the function around mentions the same
// name outside the block. Everything that such a mention may mean keeps its
// name, so both readings stay as they were.
func (r *resolver) pinBlockFunctions() {
	for _, b := range r.blocks {
		refs := r.f.Globals[r.text[b.name]]
		if b.outer >= 0 {
			refs = r.f.Symbols[b.outer].Refs
		}
		around := r.f.Scopes[b.function]
		i := sort.Search(len(refs), func(i int) bool { return int(refs[i].Pos) >= around.Start })
		if i == len(refs) || int(refs[i].Pos) >= around.End {
			continue
		}
		r.f.Symbols[b.symbol].Pinned = true
		if b.outer >= 0 {
			r.f.Symbols[b.outer].Pinned = true
		}
	}
}
