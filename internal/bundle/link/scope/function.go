package scope

// functionDeclaration reads from `function` on; it returns the tape index of
// the name, or -1 if it has none (only `export default` allows that).
func (p *parser) functionDeclaration(async, nameOptional bool) int32 {
	p.next()
	generator := p.tok == tStar
	if generator {
		p.next()
	}
	at := int32(-1)
	switch {
	case p.tok == tName:
		at = p.ref(0)
		p.declareHere(at, declKind(Function))
	case !nameOptional:
		p.fail("a function name")
		return -1
	}
	p.function(async, generator, -1, 0, 0)
	return at
}

// functionExpression reads from `function` on.
func (p *parser) functionExpression(async bool) {
	p.next()
	generator := p.tok == tStar
	if generator {
		p.next()
	}
	if p.tok != tName {
		p.function(async, generator, -1, 0, 0)
		return
	}
	name, from, to := p.name, p.start, p.pos
	p.next()
	p.function(async, generator, name, from, to)
}

// method reads parameters and body of a method, getter or setter.
func (p *parser) method(async, generator bool) {
	p.function(async, generator, -1, 0, 0)
}

// function reads parameters and body. A name (of a function expression) is
// declared inside, where a parameter or variable may replace it.
func (p *parser) function(async, generator bool, name nameID, from, to int) {
	if !p.enter() {
		return
	}
	saved, savedVar, savedFn, sawExpr := p.scope, p.varScope, p.fn, p.sawExpr
	if name < 0 {
		from = p.start
	}
	p.open(functionScope, from)
	p.varScope = p.scope
	p.fn = functionContext{await: async, yield: generator, inFunction: true, arguments: true, labelBase: len(p.labels)}
	if name >= 0 {
		at := p.putName(name, from, to, RefDecl)
		p.declare(p.scope, nameID(p.tape[at].id), declKind(FunctionName))
	}
	p.sawExpr = false
	p.parameters()
	p.functionBody()
	p.close(saved, p.prevEnd)
	p.varScope, p.fn, p.sawExpr = savedVar, savedFn, sawExpr
	p.depth--
}

func (p *parser) parameters() {
	p.expect(tLParen, "`(`")
	for p.tok != tRParen && p.tok != tEOF {
		if p.tok == tEllipsis {
			p.next()
		} else if p.tok == tAt {
			p.decorators()
		}
		p.binding(declKind(Param))
		p.bindingDefault()
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRParen, "`)`")
}

// functionBody reads `{…}`. If the parameters contain expressions (sawExpr),
// the body's names have a scope of their own: the parameters do not see them.
func (p *parser) functionBody() {
	if !p.sawExpr {
		p.blockRest()
		return
	}
	saved := p.open(bodyScope, p.start)
	p.varScope = p.scope
	p.blockRest()
	p.close(saved, p.prevEnd)
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

// class reads a class with its decorators. declares says that the name belongs
// to the scope around; the tape index of that name is returned, or -1.
func (p *parser) class(declares, nameOptional bool) int32 {
	if !p.enter() {
		return -1
	}
	p.decorators()
	p.expect(tClass, "`class`")
	at := int32(-1)
	saved := int32(-1)
	switch {
	case p.tok == tName && declares:
		// The class has a second binding of the name inside, which always gets
		// the same name: one symbol serves for both.
		at = p.ref(0)
		p.declareHere(at, declKind(Class))
	case p.tok == tName:
		saved = p.open(blockScope, p.start)
		p.declareHere(p.ref(0), declKind(ClassName))
	case declares && !nameOptional:
		p.fail("a class name")
	}
	if p.tok == tExtends {
		p.next()
		c0 := len(p.cands)
		p.suffixes(p.primary(true))
		p.drop(c0)
	}
	p.classBody()
	if saved >= 0 {
		p.close(saved, p.prevEnd)
	}
	p.depth--
	return at
}

func (p *parser) decorators() {
	for p.tok == tAt {
		p.next()
		if p.tok == tLParen {
			p.parenthesized()
			continue
		}
		if p.tok != tName {
			p.fail("a name or `(`")
			return
		}
		at := p.ref(0)
		for p.tok == tDot {
			p.property()
			at = -1
		}
		if p.tok == tLParen {
			p.flag(at, RefCallee)
			p.arguments()
		}
	}
}

func (p *parser) classBody() {
	p.expect(tLBrace, "`{`")
	for p.tok != tRBrace && p.tok != tEOF {
		if p.tok == tSemicolon {
			p.next()
			continue
		}
		p.member()
	}
	p.expect(tRBrace, "`}`")
}

// member reads a method, accessor, field or static block.
func (p *parser) member() {
	p.decorators()
	async, generator := false, false
	for p.tok == tName && !p.escaped {
		w := p.name
		if w != nStatic && w != nAsync && w != nGet && w != nSet && w != nAccessor {
			break
		}
		p.next()
		switch {
		case w == nStatic && p.tok == tLBrace:
			p.staticBlock()
			return
		case p.tok == tLParen || p.tok == tAssign || p.tok == tSemicolon || p.tok == tRBrace || p.tok == tEOF,
			p.newline && (w == nAsync || w == nAccessor):
			p.memberRest(async, false) // the word is the name
			return
		case p.newline && p.tok == tStar && w != nStatic:
			p.memberRest(async, false) // a field called get or set
			return
		}
		async = async || w == nAsync
	}
	if p.tok == tStar {
		generator = true
		p.next()
	}
	switch {
	case p.tok == tLBracket:
		p.next()
		p.value(true)
		p.expect(tRBracket, "`]`")
	case p.tok == tName, p.tok == tPrivate, p.tok == tString, p.tok == tNumber, p.tok >= firstKeyword:
		p.next()
	default:
		p.fail("a class member")
		return
	}
	p.memberRest(async, generator)
}

// memberRest reads what follows the name of a member.
func (p *parser) memberRest(async, generator bool) {
	if p.tok == tLParen {
		p.method(async, generator)
		return
	}
	if p.tok == tAssign {
		saved := p.fn
		p.fn = functionContext{inFunction: true, labelBase: len(p.labels), arguments: true}
		p.next()
		p.value(true)
		p.fn = saved
	}
	p.semicolon()
}

func (p *parser) staticBlock() {
	if !p.enter() {
		return
	}
	savedVar, savedFn := p.varScope, p.fn
	saved := p.open(functionScope, p.start)
	p.varScope = p.scope
	p.fn = functionContext{inFunction: true, labelBase: len(p.labels), arguments: true}
	p.blockRest()
	p.close(saved, p.prevEnd)
	p.varScope, p.fn = savedVar, savedFn
	p.depth--
}
