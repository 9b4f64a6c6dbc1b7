package scope

// module reads all top-level statements.
func (p *parser) module() {
	for p.tok != tEOF {
		p.topLevel()
	}
}

func (p *parser) topLevel() {
	s := Stmt{Start: p.start, Symbol: NoSymbol, symbolAt: -1}
	switch p.tok {
	case tImport:
		if !p.importStatement(&s) {
			s.Kind = p.statement(&s)
		}
	case tExport:
		p.exportStatement(&s)
	case tAt:
		p.decorators()
		if p.tok == tExport {
			p.exportStatement(&s)
		} else {
			s.Kind = p.statement(&s)
		}
	default:
		s.Kind = p.statement(&s)
	}
	s.End = p.prevEnd
	p.file.Stmts = append(p.file.Stmts, s)
}

// statement reads one statement or declaration. s gets the declared name; it
// is nil below the top level.
func (p *parser) statement(s *Stmt) StmtKind {
	if !p.enter() {
		return OtherStmt
	}
	kind := p.statementInner(s)
	p.depth--
	return kind
}

func (p *parser) statementInner(s *Stmt) StmtKind {
	switch p.tok {
	case tSemicolon:
		p.next()
		return EmptyStmt
	case tLBrace:
		p.block()
		return OtherStmt
	case tVar:
		p.next()
		p.declarators(declKind(Var), true)
		p.semicolon()
		return VarStmt
	case tConst:
		p.next()
		if p.tok == tEnum {
			p.fail("a name, `[` or `{`")
		}
		p.declarators(declKind(Const), true)
		p.semicolon()
		return VarStmt
	case tFunction:
		s.setSymbol(p.functionDeclaration(false, false))
		return FunctionStmt
	case tClass, tAt:
		s.setSymbol(p.class(true, false))
		return ClassStmt
	case tName:
		if kind, ok := p.nameStatement(s); ok {
			return kind
		}
	case tIf, tDo, tWhile, tFor, tSwitch, tTry, tWith, tReturn, tThrow, tBreak, tContinue, tDebugger:
		p.control()
		return OtherStmt
	case tImport: // import() and import.meta; import statements are read by topLevel
	case tEOF:
		p.fail("a statement")
		return OtherStmt
	}
	p.expression(true)
	p.semicolon()
	return ExprStmt
}

func (s *Stmt) setSymbol(at int32) {
	if s != nil {
		s.symbolAt = at
	}
}

// nameStatement reads statements that start with a word which is not reserved:
// labels, and declarations by let, using and async.
func (p *parser) nameStatement(s *Stmt) (StmtKind, bool) {
	if p.colonFollows() {
		p.label()
		return OtherStmt, true
	}
	if p.escaped {
		return 0, false
	}
	switch p.name {
	case nLet:
		if p.letDeclares() {
			p.next()
			p.declarators(declKind(Let), true)
			p.semicolon()
			return VarStmt, true
		}
	case nUsing:
		if p.usingDeclares(false) {
			p.next()
			p.declarators(declKind(Const), true)
			p.semicolon()
			return VarStmt, true
		}
	case nAwait:
		if p.awaitUsing() {
			p.declarators(declKind(Const), true)
			p.semicolon()
			return VarStmt, true
		}
	case nAsync:
		m := p.mark()
		p.next()
		if p.tok == tFunction && !p.newline {
			s.setSymbol(p.functionDeclaration(true, false))
			return FunctionStmt, true
		}
		p.reset(m)
	}
	return 0, false
}

// letDeclares reports whether the current `let` starts a declaration rather
// than being a name.
func (p *parser) letDeclares() bool {
	m := p.mark()
	p.next()
	is := p.tok == tName || p.tok == tLBracket || p.tok == tLBrace
	p.reset(m)
	return is
}

// usingDeclares does the same for `using`, which needs its name on the same
// line. In the head of a for loop `using of` is the name `using`, unless an
// initializer follows.
func (p *parser) usingDeclares(head bool) bool {
	m := p.mark()
	p.next()
	is := p.tok == tName && !p.newline
	if is && head && p.isName(nOf) {
		p.next()
		is = p.tok == tAssign || p.tok == tSemicolon || p.tok == tComma
	}
	p.reset(m)
	return is
}

// awaitUsing reads `await using` if a declaration follows.
func (p *parser) awaitUsing() bool {
	if !p.fn.await {
		return false
	}
	m, start := p.mark(), p.start
	p.next()
	if p.isName(nUsing) && !p.newline && p.usingDeclares(false) {
		p.awaitAt(start)
		p.next()
		return true
	}
	p.reset(m)
	return false
}

// awaitAt notes an await at the top level.
func (p *parser) awaitAt(pos int) {
	if !p.fn.inFunction {
		p.file.TopLevelAwait = append(p.file.TopLevelAwait, pos)
	}
}

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

func (p *parser) block() {
	saved := p.open(blockScope, p.start)
	p.blockRest()
	p.close(saved, p.prevEnd)
}

// blockRest reads `{…}`.
func (p *parser) blockRest() {
	p.expect(tLBrace, "`{`")
	for p.tok != tRBrace && p.tok != tEOF {
		p.statement(nil)
	}
	p.expect(tRBrace, "`}`")
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
	p.expression(true)
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
			p.expression(true)
		}
		p.semicolon()
	case tThrow:
		if p.newline {
			p.fail("an expression on the line of `throw`")
		}
		p.expression(true)
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
			p.expression(true)
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
		p.expression(true)
	case p.isName(nOf):
		p.next()
		p.element()
	default:
		p.expect(tSemicolon, "`;`, `of` or `in`")
		if p.tok != tSemicolon {
			p.expression(true)
		}
		p.expect(tSemicolon, "`;`")
		if p.tok != tRParen {
			p.expression(true)
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
