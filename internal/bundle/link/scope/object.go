package scope

func (p *parser) array() {
	p.next()
	for p.tok != tRBracket && p.tok != tEOF {
		switch p.tok {
		case tComma:
			p.next()
			continue
		case tEllipsis:
			p.next()
		}
		p.candidate()
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRBracket, "`]`")
}

func (p *parser) object() {
	p.next()
	for p.tok != tRBrace && p.tok != tEOF {
		if p.tok == tEllipsis {
			p.next()
			p.candidate()
		} else {
			p.objectProperty()
		}
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRBrace, "`}`")
}

func (p *parser) objectProperty() {
	async, generator := false, false
	if p.tok == tName && !p.escaped && (p.name == nGet || p.name == nSet || p.name == nAsync) {
		name, start, end := p.name, p.start, p.pos
		p.next()
		switch p.tok {
		case tComma, tRBrace, tAssign:
			p.shorthand(p.putName(name, start, end, RefShorthand))
			return
		case tColon, tLParen:
			p.propertyRest(false, false)
			return
		}
		async = name == nAsync
	}
	if p.tok == tStar {
		generator = true
		p.next()
	}
	switch {
	case p.tok == tName && !p.colonFollows():
		name, start, end := p.name, p.start, p.pos
		p.next()
		if p.tok != tLParen {
			p.shorthand(p.putName(name, start, end, RefShorthand))
			return
		}
	case p.tok == tLBracket:
		p.next()
		p.element()
		p.expect(tRBracket, "`]`")
	case p.tok == tName, p.tok == tString, p.tok == tNumber, p.tok >= firstKeyword:
		p.next()
	default:
		p.fail("a property name")
		return
	}
	p.propertyRest(async, generator)
}

// shorthand reads what may follow a shorthand property: in a pattern, `=` and
// a default.
func (p *parser) shorthand(at int32) {
	if p.tok == tAssign {
		p.next()
		p.element()
	}
	p.cands = append(p.cands, at)
}

// propertyRest reads what follows the name of a property.
func (p *parser) propertyRest(async, generator bool) {
	if p.tok == tLParen {
		p.method(async, generator)
		return
	}
	p.expect(tColon, "`:` or `(`")
	p.candidate()
}
