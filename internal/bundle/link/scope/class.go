package scope

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
