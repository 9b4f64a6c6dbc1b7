package scope

import (
	"fmt"
	"math"
	"strings"
)

// maxDepth bounds how deep statements, expressions and patterns may nest. It
// keeps the parser's stack below a few megabytes whatever the input.
const maxDepth = 5000

// entry is one mark on the tape.
type entry struct {
	pos, len int32
	id       int32 // entryName: nameID, later SymbolID or ^nameID; entryOpen: the parser's scope
	flags    RefFlags
	kind     entryKind
}

type entryKind uint8

const (
	entryNothing entryKind = iota
	entryName
	entryEval // the name eval, called
	entryOpen
	entryClose
)

// draft is a scope while the parser is in it.
type draft struct {
	parent      int32
	open        int32 // index of its entryOpen
	first, last int32 // its declarations, a list through declaration.next
	end         int32
	kind        draftKind
	keep        bool // matters even without declarations
}

type draftKind uint8

const (
	blockScope draftKind = iota
	functionScope
	bodyScope  // a body whose parameters have a scope of their own
	catchScope // a catch clause's parameter, and its block unless that is a bodyScope
	withScope
)

// declaration is a name declared in a draft.
type declaration struct {
	name nameID
	next int32
	kind declKind
}

// declKind is a SymbolKind, or one of the kinds that only matter until names
// are bound.
type declKind uint8

const (
	// blockFunction is a function declared in a block: sloppy code sees it in
	// the whole function too (Annex B.3.3).
	blockFunction declKind = 100 + iota
	// noDeclaration marks a catch parameter that a var of the same name has
	// joined (Annex B.3.5).
	noDeclaration
)

type parser struct {
	lexer
	file   *File
	tape   []entry
	drafts []draft
	decls  []declaration

	// cands are tape indices of identifiers that become declarations or
	// assignment targets if the literal or list around them turns out to be a
	// pattern: `=>`, `=`, `of` or `in` tells, after the fact.
	cands []int32

	scope    int32 // the innermost draft
	varScope int32 // where `var` declares
	depth    int

	fn         functionContext
	sawExpr    bool // the parameters just read contain expressions
	labels     []nameID
	exporting  bool    // in an `export` declaration
	exportedAt []int32 // tape indices of the names such declarations declare
}

// functionContext is what changes at a function's border.
type functionContext struct {
	await, yield bool // they are operators
	inFunction   bool // not at the top level
	arguments    bool // in a function that is not an arrow
	labelBase    int
	catches      int // catch clauses around, in this function
}

// Parse reads a module. It keeps no reference to src beyond File.Src.
func Parse(src []byte) (*File, error) {
	if len(src) > math.MaxInt32-1 {
		return nil, fmt.Errorf("parsing JavaScript: got %d bytes, at most %d are supported", len(src), math.MaxInt32-1)
	}
	f := &File{Src: src}
	p := &parser{file: f}
	p.lexer = lexer{src: withNUL(src), end: len(src), names: newNames(len(src))}
	p.tape = make([]entry, 0, len(src)/8+16)
	p.fn.await = true
	p.open(functionScope, 0)
	p.next()
	p.module()
	p.close(0, len(src))
	if p.err != nil {
		return nil, fmt.Errorf("parsing JavaScript: %w", p.err)
	}
	f.tape = p.tape
	p.resolve()
	return f, nil
}

// withNUL copies src once.
func withNUL(src []byte) string {
	var b strings.Builder
	b.Grow(len(src) + 1)
	b.Write(src)
	b.WriteByte(0)
	return b.String()
}

// enter counts a level of nesting; it reports false once there are too many.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.failAt(min(p.start, p.end), fmt.Sprintf("%d levels of nesting", p.depth), fmt.Sprintf("at most %d", maxDepth))
		return false
	}
	return true
}

func (p *parser) expect(t token, want string) {
	if p.tok != t {
		p.fail(want)
		return
	}
	p.next()
}

// isName reports whether the current token is the given contextual word.
func (p *parser) isName(id nameID) bool {
	return p.tok == tName && p.name == id && !p.escaped
}

// open starts a scope at the current place of the tape.
func (p *parser) open(kind draftKind, start int) (saved int32) {
	saved = p.scope
	p.scope = p.draft(kind, int32(len(p.tape)))
	p.tape = append(p.tape, entry{pos: int32(start), id: p.scope, kind: entryOpen})
	return saved
}

// draft makes a scope whose opening mark is (to be) at tape index open.
func (p *parser) draft(kind draftKind, open int32) int32 {
	p.drafts = append(p.drafts, draft{parent: p.scope, open: open, first: -1, last: -1, kind: kind})
	return int32(len(p.drafts) - 1)
}

// close ends the current scope, and forgets it if nothing was declared in it.
func (p *parser) close(saved int32, end int) {
	s := &p.drafts[p.scope]
	s.end = int32(end)
	switch {
	case s.first >= 0 || s.keep || p.scope == 0:
		p.tape = append(p.tape, entry{pos: int32(end), id: p.scope, kind: entryClose})
	case int(s.open) == len(p.tape)-1:
		p.tape = p.tape[:s.open]
	default:
		p.tape[s.open].kind = entryNothing
	}
	p.scope = saved
}

// declare adds a name to a scope.
func (p *parser) declare(scope int32, name nameID, kind declKind) {
	at := int32(len(p.decls))
	p.decls = append(p.decls, declaration{name: name, next: -1, kind: kind})
	s := &p.drafts[scope]
	if s.last >= 0 {
		p.decls[s.last].next = at
	} else {
		s.first = at
	}
	s.last = at
}

// declareHere adds the name at tape index at to the scope its kind belongs to.
func (p *parser) declareHere(at int32, kind declKind) {
	p.tape[at].flags |= RefDecl
	name := nameID(p.tape[at].id)
	if p.exporting && p.scope == 0 {
		p.exportedAt = append(p.exportedAt, at)
	}
	switch kind {
	case declKind(Var):
		if p.fn.catches > 0 {
			p.joinCatch(name)
		}
		p.declare(p.varScope, name, kind)
	case declKind(Function):
		if p.scope != p.varScope {
			kind = blockFunction
			p.drafts[p.varScope].keep = true
		}
		p.declare(p.scope, name, kind)
	default:
		p.declare(p.scope, name, kind)
	}
}

// joinCatch makes `catch(e){var e}` one variable: the initializer writes the
// parameter, references outside mean the var, so both need the same name.
func (p *parser) joinCatch(name nameID) {
	for s := p.scope; s != p.varScope; s = p.drafts[s].parent {
		if p.drafts[s].kind != catchScope {
			continue
		}
		for d := p.drafts[s].first; d >= 0; d = p.decls[d].next {
			if p.decls[d].name == name && p.decls[d].kind == declKind(Catch) {
				p.decls[d].kind = noDeclaration
			}
		}
	}
}

// ref puts the current name on the tape and moves on.
func (p *parser) ref(flags RefFlags) int32 {
	at := p.putName(p.name, p.start, p.pos, flags)
	p.next()
	return at
}

func (p *parser) putName(name nameID, start, end int, flags RefFlags) int32 {
	if name == nArguments && p.fn.arguments {
		flags |= refImplicit
	}
	if p.src[start] == '\\' || end-start != len(p.text[name]) {
		flags |= refEscaped
	}
	p.tape = append(p.tape, entry{pos: int32(start), len: int32(end - start), id: int32(name), flags: flags, kind: entryName})
	return int32(len(p.tape) - 1)
}

// semicolon ends a statement, by the rules of automatic insertion.
func (p *parser) semicolon() {
	switch {
	case p.tok == tSemicolon:
		p.next()
	case p.tok == tRBrace, p.tok == tEOF, p.newline:
	default:
		p.fail("`;` or the end of the statement")
	}
}
