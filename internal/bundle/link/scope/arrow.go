package scope

// nameArrow reads `=> …` after the single parameter at the end of the tape.
func (p *parser) nameArrow(at int32, async, in bool) shape {
	e := p.tape[at]
	p.tape[at] = entry{pos: e.pos}
	p.tape = append(p.tape, e)
	c0 := len(p.cands)
	p.cands = append(p.cands, at+1)
	p.arrow(at, c0, async, in)
	return shape{kind: shapeArrow}
}

// asyncCall reads `async(…)`: a call, or the head of an async arrow function.
func (p *parser) asyncCall(at int32, in bool) shape {
	c0 := len(p.cands)
	start := p.tape[at].pos
	p.next()
	p.tape = append(p.tape, entry{pos: start})
	p.candidates()
	if p.tok == tArrow && !p.newline {
		p.tape[at] = entry{}
		p.arrow(at+1, c0, true, in)
		return shape{kind: shapeArrow}
	}
	p.drop(c0)
	p.flag(at, RefCallee)
	return shape{}
}

// candidates reads the rest of a bracketed list whose elements may be
// parameters. It returns the number of elements and the last one's shape; a
// trailing comma or a rest element counts as one more.
func (p *parser) candidates() (n int, s shape) {
	for p.tok != tRParen && p.tok != tEOF {
		if p.tok == tEllipsis {
			n++
			p.next()
		}
		s = p.candidate()
		n++
		if p.tok != tComma {
			break
		}
		p.next()
		if p.tok == tRParen {
			n++
		}
	}
	p.expect(tRParen, "`)`")
	return n, s
}

// bracketed reads `(…)`: an expression, or the head of an arrow function.
func (p *parser) bracketed(in bool) shape {
	at, c0 := int32(len(p.tape)), len(p.cands)
	p.tape = append(p.tape, entry{pos: int32(p.start)})
	p.next()
	n, s := p.candidates()
	if p.tok == tArrow && !p.newline {
		p.arrow(at, c0, false, in)
		return shape{kind: shapeArrow}
	}
	if n == 0 {
		p.fail("`=>`")
	}
	p.drop(c0)
	if n == 1 && s.kind == shapeName {
		return s
	}
	return shape{}
}

// arrow reads `=> …`. The parameters are on the tape already: at is the place
// kept for the opening of their scope, cands[c0:] are the names in them.
func (p *parser) arrow(at int32, c0 int, async, in bool) {
	saved, savedVar, savedFn, sawExpr := p.scope, p.varScope, p.fn, p.sawExpr
	c0 = min(c0, len(p.cands)) // after an error
	p.scope = p.draft(functionScope, at)
	p.varScope = p.scope
	p.tape[at].kind, p.tape[at].id = entryOpen, p.scope
	for _, c := range p.cands[c0:] {
		e := &p.tape[c]
		e.flags = (e.flags | RefDecl) &^ RefWrite
		if e.flags&RefShorthand != 0 {
			e.flags |= RefPattern
		}
		p.declare(p.scope, nameID(e.id), declKind(Param))
	}
	p.sawExpr = len(p.tape)-int(at)-1 != len(p.cands)-c0
	p.cands = p.cands[:c0]
	p.fn = functionContext{await: async, inFunction: true, arguments: savedFn.arguments, labelBase: len(p.labels)}
	p.next()
	if p.tok == tLBrace {
		p.functionBody()
	} else {
		p.value(in)
	}
	p.close(saved, p.prevEnd)
	p.varScope, p.fn, p.sawExpr = savedVar, savedFn, sawExpr
}
