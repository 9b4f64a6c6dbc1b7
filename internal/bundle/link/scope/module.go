package scope

// importStatement reads an import declaration. It reports false, having read
// nothing, for `import(…)` and `import.meta`.
func (p *parser) importStatement(s *Stmt) bool {
	m := p.mark()
	p.next()
	if p.tok == tLParen || p.tok == tDot {
		p.reset(m)
		return false
	}
	s.Kind = ImportStmt
	c := &ImportClause{Default: NoSymbol, Namespace: NoSymbol, defaultAt: -1, namespaceAt: -1}
	s.Import = c
	if p.tok == tString {
		c.Bare = true
	} else {
		p.importClause(c)
		if !p.isName(nFrom) {
			p.fail("`from`")
		}
		p.next()
	}
	s.From = p.specifier()
	p.semicolon()
	return true
}

func (p *parser) importClause(c *ImportClause) {
	if p.isName(nDefer) || p.isName(nSource) {
		p.importPhase(c)
	}
	if p.tok == tName {
		c.defaultAt = p.importBinding(RefImport)
		if p.tok != tComma {
			return
		}
		p.next()
	}
	switch p.tok {
	case tStar:
		p.next()
		p.as()
		c.namespaceAt = p.importBinding(RefImport)
	case tLBrace:
		p.importNames(c)
	default:
		p.fail("a name, `*` or `{`")
	}
}

// importPhase reads `defer` before `*` and `source` before a name, where they
// are not themselves the name that is bound.
func (p *parser) importPhase(c *ImportClause) {
	m, phase := p.mark(), p.text[p.name]
	p.next()
	is := p.tok == tStar
	if phase == "source" {
		is = p.tok == tName
		if p.isName(nFrom) { // import source from "x", import source from from "x"
			m2 := p.mark()
			p.next()
			is = p.isName(nFrom)
			p.reset(m2)
		}
	}
	if is {
		c.Phase = phase
		return
	}
	p.reset(m)
}

func (p *parser) importBinding(flags RefFlags) int32 {
	if p.tok != tName {
		p.fail("a name")
		return -1
	}
	at := p.ref(flags)
	p.declareHere(at, declKind(Import))
	return at
}

func (p *parser) as() {
	if !p.isName(nAs) {
		p.fail("`as`")
	}
	p.next()
}

func (p *parser) importNames(c *ImportClause) {
	p.next()
	for p.tok != tRBrace && p.tok != tEOF {
		tok, id, start, end := p.tok, p.name, p.start, p.pos
		n := ImportName{Imported: p.moduleExportName()}
		if p.isName(nAs) {
			p.next()
			n.at = p.importBinding(RefImport)
		} else if tok == tName {
			n.at = p.putName(id, start, end, RefImport|RefShorthand)
			p.declareHere(n.at, declKind(Import))
		} else {
			p.fail("`as`")
			return
		}
		c.Names = append(c.Names, n)
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRBrace, "`}`")
}

// moduleExportName reads a name, a reserved word or a string.
func (p *parser) moduleExportName() string {
	var s string
	switch {
	case p.tok == tString:
		s = decodeString(p.src[p.start:p.pos])
	case p.tok == tName || p.tok >= firstKeyword:
		s = p.text[p.name]
	default:
		p.fail("a name or a string")
		return ""
	}
	p.next()
	return s
}

// specifier reads the string after `from`, and attributes.
func (p *parser) specifier() *Specifier {
	if p.tok != tString {
		p.fail("a string")
		return &Specifier{}
	}
	s := &Specifier{Text: decodeString(p.src[p.start:p.pos]), Range: Range{p.start, p.pos}}
	p.next()
	if p.tok == tWith || p.isName(nAssert) && !p.newline {
		s.Attributes.Start = p.start
		p.next()
		if p.tok != tLBrace {
			p.fail("`{`")
		}
		p.expression()
		s.Attributes.End = p.prevEnd
	}
	return s
}

func (p *parser) exportStatement(s *Stmt) {
	p.next()
	switch p.tok {
	case tStar:
		p.exportStar(s)
	case tLBrace:
		p.exportNames(s)
	case tDefault:
		p.exportDefault(s)
	default:
		s.Kind = ExportDecl
		s.Body.Start = p.start
		p.exporting = true
		switch p.statement(s) {
		case VarStmt, FunctionStmt, ClassStmt:
		default:
			p.failAt(s.Start, "`export` of no declaration", "`{`, `*`, `default` or a declaration")
		}
		p.exporting = false
		s.Body.End = p.prevEnd
	}
}

func (p *parser) exportStar(s *Stmt) {
	s.Kind = ExportStar
	e := ExportName{Symbol: NoSymbol, Local: "*", at: -1}
	e.Start = p.start
	p.next()
	if p.isName(nAs) {
		p.next()
		e.Exported = p.moduleExportName()
	}
	e.End = p.prevEnd
	s.Exports = []ExportName{e}
	if !p.isName(nFrom) {
		p.fail("`from`")
	}
	p.next()
	s.From = p.specifier()
	p.semicolon()
}

// exportNames reads `{a as b}`; only what follows tells whether the names are
// variables here or belong to another module.
func (p *parser) exportNames(s *Stmt) {
	s.Kind = ExportNames
	p.next()
	at := len(p.tape)
	wrong, wrongEnd := -1, 0 // offset of a local name that is no identifier
	for p.tok != tRBrace && p.tok != tEOF {
		e := ExportName{Symbol: NoSymbol, at: -1}
		e.Start = p.start
		tok, id, start, end := p.tok, p.name, p.start, p.pos
		e.Local = p.moduleExportName()
		e.Exported = e.Local
		flags := RefExport | RefShorthand
		if p.isName(nAs) {
			flags = RefExport
			p.next()
			e.Exported = p.moduleExportName()
		}
		e.End = p.prevEnd
		if tok == tName {
			e.at = p.putName(id, start, end, flags)
		} else if wrong < 0 {
			wrong, wrongEnd = start, end
		}
		s.Exports = append(s.Exports, e)
		if p.tok != tComma {
			break
		}
		p.next()
	}
	p.expect(tRBrace, "`}`")
	if p.isName(nFrom) {
		s.Kind = ExportFrom
		p.tape = p.tape[:min(at, len(p.tape))]
		for i := range s.Exports {
			s.Exports[i].at = -1
		}
		p.next()
		s.From = p.specifier()
	} else if wrong >= 0 {
		p.failAt(wrong, quote(p.src[wrong:wrongEnd]), "the name of a variable")
	}
	p.semicolon()
}

func (p *parser) exportDefault(s *Stmt) {
	s.Kind = ExportDefault
	p.next()
	s.Body.Start = p.start
	async := false
	if p.isName(nAsync) {
		m := p.mark()
		p.next()
		async = p.tok == tFunction && !p.newline
		if !async {
			p.reset(m)
		}
	}
	switch p.tok {
	case tFunction:
		s.symbolAt = p.functionDeclaration(async, true)
		s.Body.End = p.prevEnd
	case tClass, tAt:
		s.symbolAt = p.class(true, true)
		s.Body.End = p.prevEnd
	default:
		p.element()
		s.Body.End = p.prevEnd
		p.semicolon()
	}
}

// importExpression reads `import(…)`, `import.meta`, `import.defer(…)` and
// `import.source(…)`.
func (p *parser) importExpression() {
	c := ImportCall{}
	c.Start = p.start
	p.next()
	if p.tok == tDot {
		p.next()
		switch {
		case p.isName(nMeta):
			p.file.ImportMetas = append(p.file.ImportMetas, Range{c.Start, p.pos})
			p.next()
			return
		case p.isName(nDefer), p.isName(nSource):
			c.Phase = p.text[p.name]
			p.next()
		default:
			p.fail("`meta`, `defer` or `source`")
		}
	}
	if p.tok != tLParen {
		p.fail("`(`")
		return
	}
	c.Open = Range{c.Start, p.pos}
	p.next()
	i := len(p.file.ImportCalls) // calls in the argument come after this one
	p.file.ImportCalls = append(p.file.ImportCalls, c)
	text, literal := "", p.tok == tString || p.tok == tTemplate && p.closed
	if literal {
		text = decodeString(p.src[p.start:p.pos])
	}
	c.Arg.Start = p.start
	firstEnd := p.pos
	p.element()
	c.Arg.End = p.prevEnd
	if literal && firstEnd == c.Arg.End {
		c.Text, c.Static = text, true
	}
	if p.tok == tComma {
		p.next()
		if p.tok != tRParen {
			c.Extra.Start = p.start
			p.element()
			c.Extra.End = p.prevEnd
		}
		if p.tok == tComma {
			p.next()
		}
	}
	p.expect(tRParen, "`)`")
	c.End = p.prevEnd
	p.file.ImportCalls[i] = c
}
