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
	p.expression()
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
