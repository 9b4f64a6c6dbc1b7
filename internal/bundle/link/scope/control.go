package scope

func (p *parser) label() {
	p.useLabel(len(p.labels) - p.fn.labelBase)
	p.labels = append(p.labels, p.name)
	p.next()
	p.next() // the colon
	p.body()
	if len(p.labels) > 0 {
		p.labels = p.labels[:len(p.labels)-1]
	}
}

func (p *parser) useLabel(depth int) {
	p.file.labels = append(p.file.labels, labelUse{int32(p.start), int32(p.pos - p.start), int32(depth)})
}

// jumpLabel reads the optional label of break and continue.
func (p *parser) jumpLabel() {
	if p.tok != tName || p.newline {
		return
	}
	for i := len(p.labels) - 1; i >= p.fn.labelBase; i-- {
		if p.labels[i] == p.name {
			p.useLabel(i - p.fn.labelBase)
			p.next()
			return
		}
	}
	p.fail("a label of a statement around this one")
}

// body reads the statement that another one governs. A function there has a
// scope of its own (Annex B.3.4).
func (p *parser) body() {
	if p.tok == tFunction {
		saved := p.open(blockScope, p.start)
		p.statement(nil)
		p.close(saved, p.prevEnd)
		return
	}
	p.statement(nil)
}

func (p *parser) parenthesized() {
	p.expect(tLParen, "`(`")
	p.expression()
	p.expect(tRParen, "`)`")
}

func (p *parser) control() {
	t := p.tok
	if t == tIf {
		p.ifStatement()
		return
	}
	p.next()
	switch t {
	case tDo:
		p.body()
		p.expect(tWhile, "`while`")
		p.parenthesized()
		if p.tok == tSemicolon {
			p.next()
		}
	case tWhile:
		p.parenthesized()
		p.body()
	case tFor:
		p.forStatement()
	case tSwitch:
		p.switchStatement()
	case tTry:
		p.tryStatement()
	case tWith:
		p.parenthesized()
		saved := p.open(withScope, p.start)
		p.drafts[p.scope].keep = true
		p.body()
		p.close(saved, p.prevEnd)
	case tReturn:
		if p.tok != tSemicolon && p.tok != tRBrace && p.tok != tEOF && !p.newline {
			p.expression()
		}
		p.semicolon()
	case tThrow:
		if p.newline {
			p.fail("an expression on the line of `throw`")
		}
		p.expression()
		p.semicolon()
	case tBreak, tContinue:
		p.jumpLabel()
		p.semicolon()
	case tDebugger:
		p.semicolon()
	}
}

// ifStatement reads chains of `else if` without nesting.
func (p *parser) ifStatement() {
	for {
		p.next()
		p.parenthesized()
		p.body()
		if p.tok != tElse {
			return
		}
		p.next()
		if p.tok != tIf {
			p.body()
			return
		}
	}
}

func (p *parser) switchStatement() {
	p.parenthesized()
	saved := p.open(blockScope, p.start)
	p.expect(tLBrace, "`{`")
	for p.tok != tRBrace && p.tok != tEOF {
		switch p.tok {
		case tCase:
			p.next()
			p.expression()
		case tDefault:
			p.next()
		default:
			p.fail("`case`, `default` or `}`")
		}
		p.expect(tColon, "`:`")
		for p.tok != tCase && p.tok != tDefault && p.tok != tRBrace && p.tok != tEOF {
			p.statement(nil)
		}
	}
	p.expect(tRBrace, "`}`")
	p.close(saved, p.prevEnd)
}

func (p *parser) tryStatement() {
	p.block()
	if p.tok == tCatch {
		p.catchClause()
		if p.tok != tFinally {
			return
		}
	}
	if p.tok != tFinally {
		p.fail("`catch` or `finally`")
		return
	}
	p.next()
	p.block()
}

// catchClause keeps the parameter and the block's own names in one scope, as
// they must differ; only a pattern with expressions needs two, because these
// do not see the block's names.
func (p *parser) catchClause() {
	saved := p.open(catchScope, p.start)
	p.fn.catches++
	p.next()
	p.sawExpr = false
	if p.tok == tLParen {
		p.next()
		p.binding(declKind(Catch))
		p.expect(tRParen, "`)`")
	}
	if p.sawExpr {
		inner := p.open(bodyScope, p.start)
		p.blockRest()
		p.close(inner, p.prevEnd)
	} else {
		p.blockRest()
	}
	p.fn.catches--
	p.close(saved, p.prevEnd)
}

func (p *parser) forStatement() {
	if p.isName(nAwait) {
		p.awaitAt(p.start)
		p.next()
	}
	saved := p.open(blockScope, p.start)
	p.expect(tLParen, "`(`")
	p.forHead()
	p.expect(tRParen, "`)`")
	p.body()
	p.close(saved, p.prevEnd)
}

func (p *parser) forHead() {
	kind, declares := p.forDeclares()
	switch {
	case declares:
		p.declarators(kind, false)
	case p.tok != tSemicolon:
		c0 := len(p.cands)
		target := p.list(false)
		if p.tok == tIn || p.isName(nOf) {
			p.written(target, c0)
		}
		p.drop(c0)
	}
	switch {
	case p.tok == tIn:
		p.next()
		p.expression()
	case p.isName(nOf):
		p.next()
		p.element()
	default:
		p.expect(tSemicolon, "`;`, `of` or `in`")
		if p.tok != tSemicolon {
			p.expression()
		}
		p.expect(tSemicolon, "`;`")
		if p.tok != tRParen {
			p.expression()
		}
	}
}

// forDeclares reads the word that starts a declaration in a for head.
func (p *parser) forDeclares() (declKind, bool) {
	switch p.tok {
	case tVar:
		p.next()
		return declKind(Var), true
	case tConst:
		p.next()
		return declKind(Const), true
	case tName:
		switch {
		case p.escaped:
		case p.name == nLet && p.letDeclares():
			p.next()
			return declKind(Let), true
		case p.name == nUsing && p.usingDeclares(true):
			p.next()
			return declKind(Const), true
		case p.name == nAwait && p.awaitUsing():
			return declKind(Const), true
		}
	}
	return 0, false
}
