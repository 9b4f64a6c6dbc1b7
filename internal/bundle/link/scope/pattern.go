package scope

// declarators reads `a=1,{b}=c`. In a for head (in is false) initializers may
// be missing and `in` is not an operator.
func (p *parser) declarators(kind declKind, in bool) {
	for {
		p.binding(kind)
		if p.tok == tAssign {
			p.next()
			p.value(in)
		}
		if p.tok != tComma {
			return
		}
		p.next()
	}
}

// binding reads a name or pattern that declares.
func (p *parser) binding(kind declKind) {
	switch p.tok {
	case tName:
		p.declareHere(p.ref(0), kind)
	case tLBracket:
		if p.enter() {
			p.arrayBinding(kind)
			p.depth--
		}
	case tLBrace:
		if p.enter() {
			p.objectBinding(kind)
			p.depth--
		}
	default:
		p.fail("a name, `[` or `{`")
	}
}

func (p *parser) arrayBinding(kind declKind) {
	p.next()
	for p.tok != tRBracket && p.tok != tEOF {
		switch p.tok {
		case tComma:
			p.next()
			continue
		case tEllipsis:
			p.next()
		}
		p.binding(kind)
		p.bindingDefault()
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRBracket, "`]`")
}

func (p *parser) bindingDefault() {
	if p.tok == tAssign {
		p.next()
		p.value(true)
		p.sawExpr = true
	}
}

func (p *parser) objectBinding(kind declKind) {
	p.next()
	for p.tok != tRBrace && p.tok != tEOF {
		p.bindingProperty(kind)
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRBrace, "`}`")
}

func (p *parser) bindingProperty(kind declKind) {
	switch {
	case p.tok == tEllipsis:
		p.next()
		p.binding(kind)
		return
	case p.tok == tName && !p.colonFollows():
		p.declareHere(p.ref(RefShorthand|RefPattern), kind)
		p.bindingDefault()
		return
	case p.tok == tLBracket:
		p.next()
		p.value(true)
		p.sawExpr = true
		p.expect(tRBracket, "`]`")
	case p.tok == tName, p.tok == tString, p.tok == tNumber, p.tok >= firstKeyword:
		p.next()
	default:
		p.fail("a property name")
		return
	}
	p.expect(tColon, "`:`")
	p.binding(kind)
	p.bindingDefault()
}
