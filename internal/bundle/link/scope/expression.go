package scope

// shape says what an expression just read could turn out to be.
type shape struct {
	kind shapeKind
	ref  int32 // shapeName, shapeDefault: tape index of the name
}

type shapeKind uint8

const (
	shapeOther   shapeKind = iota
	shapeName              // a name, perhaps in brackets
	shapeDefault           // name = value: in a pattern, the name is the target
	shapePattern           // [...] or {...}, perhaps with = value: names in cands
	shapeArrow             // an arrow function: nothing may follow in the expression
)

func (p *parser) flag(ref int32, flags RefFlags) {
	if ref >= 0 {
		p.tape[ref].flags |= flags
	}
}

// written notes that what was just read is assigned to.
func (p *parser) written(s shape, c0 int) {
	switch s.kind {
	case shapeName, shapeDefault:
		p.flag(s.ref, RefWrite)
	case shapePattern:
		for _, c := range p.cands[min(c0, len(p.cands)):] {
			e := &p.tape[c]
			e.flags |= RefWrite
			if e.flags&RefShorthand != 0 {
				e.flags |= RefPattern
			}
		}
	}
}

// drop forgets the candidates after the first c0.
func (p *parser) drop(c0 int) {
	p.cands = p.cands[:min(c0, len(p.cands))]
}

// expression reads a comma expression that is no pattern.
func (p *parser) expression() {
	c0 := len(p.cands)
	p.list(true)
	p.drop(c0)
}

// list reads a comma expression; a single element keeps its shape.
func (p *parser) list(in bool) shape {
	c0 := len(p.cands)
	s := p.assign(in)
	for p.tok == tComma {
		p.drop(c0)
		s = shape{}
		p.next()
		p.assign(in)
	}
	return s
}

// element reads one assignment expression that is no pattern.
func (p *parser) element() { p.value(true) }

// value is element with a choice for the operator `in`.
func (p *parser) value(in bool) {
	c0 := len(p.cands)
	p.assign(in)
	p.drop(c0)
}

// candidate reads an assignment expression that may be a target; its names are
// added to cands.
func (p *parser) candidate() shape {
	s := p.assign(true)
	if s.kind == shapeName || s.kind == shapeDefault {
		p.cands = append(p.cands, s.ref)
	}
	return s
}

// assign reads an assignment expression. Binary operators need no precedence
// as no tree is made; conditions and chains of assignments are loops. If the
// result is a shapePattern its names have been added to cands, else none.
func (p *parser) assign(in bool) shape {
	if !p.enter() {
		return shape{}
	}
	s := p.assignInner(in)
	p.depth--
	return s
}

func (p *parser) assignInner(in bool) shape {
	c0 := len(p.cands)
	result := shape{}
	first := true // nothing but targets and `=` so far
	for {
		if p.fn.yield && p.isName(nYield) {
			p.yield(in)
			return p.noPattern(result, first, c0)
		}
		s, prefixed := p.operand(in)
		if s.kind == shapeArrow {
			return p.noPattern(result, first, c0)
		}
		switch {
		case p.tok == tAssign:
			if !prefixed {
				p.written(s, c0)
			}
			if first && !prefixed {
				first = false
				switch s.kind {
				case shapeName:
					result = shape{shapeDefault, s.ref}
				case shapePattern:
					result = s
					c0 = len(p.cands) // keep them
				}
			} else {
				p.drop(c0)
			}
			p.next()
			continue
		case p.tok == tAssignOp || p.tok == tSlashAssign:
			p.written(s, c0)
		case isBinary[p.tok] || p.tok == tIn && in:
		case p.tok == tQuestion:
			p.drop(c0)
			p.next()
			p.value(true)
			p.expect(tColon, "`:`")
			first = false
			continue
		default:
			if first && !prefixed {
				return s
			}
			p.drop(c0)
			return result
		}
		first = false
		p.drop(c0)
		p.next()
	}
}

// noPattern ends an expression whose last operand is no target.
func (p *parser) noPattern(result shape, first bool, c0 int) shape {
	p.drop(c0)
	if first {
		return shape{}
	}
	return result
}

func (p *parser) yield(in bool) {
	p.next()
	if p.newline {
		return
	}
	switch p.tok {
	case tStar:
		p.next()
	case tRParen, tRBracket, tRBrace, tComma, tSemicolon, tColon, tEOF, tIn:
		return
	}
	p.value(in)
}

// operand reads prefix operators, a primary expression with what follows it,
// and a postfix operator. prefixed says that it is no target.
func (p *parser) operand(in bool) (s shape, prefixed bool) {
	var last token // the operator next to the operand
	for {
		switch p.tok {
		case tNot, tPlusMinus, tIncDec, tTypeof, tVoid, tDelete:
			last = p.tok
			p.next()
			continue
		case tName:
			if p.name == nAwait && p.fn.await && !p.escaped {
				p.awaitAt(p.start)
				last = tName
				p.next()
				continue
			}
		}
		break
	}
	c0 := len(p.cands)
	s = p.suffixes(p.primary(in))
	if s.kind != shapePattern {
		p.drop(c0)
	}
	if p.tok == tIncDec && !p.newline {
		p.written(s, c0)
		p.next()
		last = tIncDec
	}
	switch last {
	case 0:
		return s, false
	case tIncDec:
		p.written(s, c0)
	case tTypeof:
		if s.kind == shapeName {
			p.flag(s.ref, RefTypeof)
		}
	}
	p.drop(c0)
	if s.kind != shapeArrow {
		s = shape{}
	}
	return s, true
}

// suffixes reads member accesses, calls and templates.
func (p *parser) suffixes(s shape) shape {
	if s.kind == shapeArrow {
		return s
	}
	for {
		switch p.tok {
		case tDot:
			p.property()
		case tOptional:
			p.optional(s)
		case tLBracket:
			p.next()
			p.expression()
			p.expect(tRBracket, "`]`")
		case tLParen:
			p.call(s)
		case tTemplate:
			p.callee(s)
			p.templateRest()
		default:
			return s
		}
		s = shape{}
	}
}

// callee flags a name that is called.
func (p *parser) callee(s shape) {
	if s.kind == shapeName {
		p.flag(s.ref, RefCallee)
	}
}

// call reads arguments; a call of the plain name eval is a direct eval.
func (p *parser) call(s shape) {
	p.callee(s)
	if s.kind == shapeName && nameID(p.tape[s.ref].id) == nEval {
		p.tape[s.ref].kind = entryEval
		p.file.DirectEvals = append(p.file.DirectEvals, int(p.tape[s.ref].pos))
	}
	p.arguments()
}

func (p *parser) optional(s shape) {
	p.next()
	switch {
	case p.tok == tLParen:
		p.callee(s)
		p.arguments()
	case p.tok == tLBracket:
		p.next()
		p.expression()
		p.expect(tRBracket, "`]`")
	case p.tok == tName, p.tok == tPrivate, p.tok >= firstKeyword:
		p.next()
	default:
		p.fail("a property name, `[` or `(`")
	}
}

func (p *parser) arguments() {
	p.expect(tLParen, "`(`")
	for p.tok != tRParen && p.tok != tEOF {
		if p.tok == tEllipsis {
			p.next()
		}
		p.element()
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRParen, "`)`")
}

// templateRest reads a template from its first piece on.
func (p *parser) templateRest() {
	for !p.closed && p.tok == tTemplate {
		p.next()
		p.expression()
		if p.tok != tRBrace {
			p.fail("`}`")
			return
		}
		p.lexer.template(p.start)
	}
	p.expect(tTemplate, "a template")
}

func (p *parser) primary(in bool) shape {
	switch p.tok {
	case tName:
		return p.namePrimary(in)
	case tNumber, tString, tThis, tNull, tTrue, tFalse, tSuper, tPrivate:
		p.next()
	case tLParen:
		return p.bracketed(in)
	case tLBrace:
		p.object()
		return shape{kind: shapePattern}
	case tLBracket:
		p.array()
		return shape{kind: shapePattern}
	case tFunction:
		p.functionExpression(false)
	case tNew:
		p.newExpression()
	case tTemplate:
		p.templateRest()
	case tSlash, tSlashAssign:
		p.regexp()
		p.next()
	case tClass, tAt:
		p.class(false, true)
	case tImport:
		p.importExpression()
	default:
		p.fail("an expression")
	}
	return shape{}
}

func (p *parser) namePrimary(in bool) shape {
	async := p.isName(nAsync)
	at := p.ref(0)
	if p.tok == tArrow && !p.newline {
		return p.nameArrow(at, false, in)
	}
	if async && !p.newline {
		switch p.tok {
		case tFunction:
			p.tape = p.tape[:at]
			p.functionExpression(true)
			return shape{}
		case tLParen:
			return p.asyncCall(at, in)
		case tName:
			m := p.mark()
			param := p.ref(0)
			if p.tok == tArrow && !p.newline {
				p.tape[at] = p.tape[param]
				p.tape = p.tape[:param]
				return p.nameArrow(at, true, in)
			}
			p.tape = p.tape[:param]
			p.reset(m)
		}
	}
	return shape{shapeName, at}
}

// newExpression reads `new.target` or `new` with a callee and perhaps
// arguments.
func (p *parser) newExpression() {
	if !p.enter() {
		return
	}
	p.next()
	if p.tok == tDot {
		p.property()
		p.depth--
		return
	}
	c0 := len(p.cands)
	s := p.primary(true)
	for p.tok == tDot || p.tok == tLBracket || p.tok == tTemplate {
		switch p.tok {
		case tDot:
			p.property()
		case tLBracket:
			p.next()
			p.expression()
			p.expect(tRBracket, "`]`")
		case tTemplate:
			p.callee(s)
			p.templateRest()
		}
		s = shape{}
	}
	p.drop(c0)
	if s.kind == shapeName {
		p.flag(s.ref, RefNew)
	}
	if p.tok == tLParen {
		p.arguments()
	}
	p.depth--
}
