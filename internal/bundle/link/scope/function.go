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
		switch p.tok {
		case tEllipsis:
			p.next()
		case tAt:
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
