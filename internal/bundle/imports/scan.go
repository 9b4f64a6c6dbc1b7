package imports

// A Kind says what a declaration does.
type Kind uint8

const (
	// Import is `import … from`, bare `import "x"` included.
	Import Kind = iota
	// ImportRequire is TypeScript's `import x = require("y")`.
	ImportRequire
	// ExportFrom is `export {…} from`.
	ExportFrom
	// ExportStar is `export * from` and `export * as ns from`.
	ExportStar
	// ExportLocal is `export {…}` of bindings of the file itself.
	ExportLocal
	// TypeDeclaration is a TypeScript `type` or `interface`, exported or not.
	TypeDeclaration
)

// A Name is one specifier between the braces of an import or export.
type Name struct {
	// Foreign is the name on the other side: in the imported module, for exports
	// without `from` the local binding.
	Foreign string
	// Local is the name on this side: the binding an import makes, the name an
	// export gives.
	Local string
	// TypeOnly is TypeScript's `type` modifier, the statement's included.
	TypeOnly bool
	// Start and End delimit the specifier, its `type` modifier included.
	Start, End int
}

// A Decl is one import or export statement. Offsets are in bytes.
type Decl struct {
	Kind Kind
	// Start and End delimit the statement, its semicolon included.
	Start, End int
	TypeOnly   bool
	// Default is the binding of a default import.
	Default string
	// Namespace is the binding of `* as ns`, as an import or as an export.
	Namespace string
	// Clause is set when there were braces, also empty ones.
	Clause    bool
	Names     []Name
	Specifier string
	// SpecifierStart and SpecifierEnd delimit the specifier with its quotes.
	SpecifierStart, SpecifierEnd int
	// Attributed statements carry `with {…}`, `assert {…}` or an import phase
	// (`import defer`): what they load is not what the specifier alone loads.
	Attributed bool
}

// Bare reports an import that is there for side effects only.
func (d *Decl) Bare() bool {
	return d.Kind == Import && !d.Clause && d.Default == "" && d.Namespace == ""
}

// A Module is what the start of a file declares.
type Module struct {
	Decls []Decl
	// Complete is true when the whole file was read: it has no own code.
	Complete bool
	// End is where reading stopped.
	End int
}

// Scan reads the imports and exports at the start of src, up to the first other
// token. With typescript it knows type modifiers and skips type declarations.
//
// Declarations behind other code are not seen. That is safe: who rewrites leaves
// them alone.
func Scan(src []byte, typescript bool) *Module {
	s := &scanner{cursor: cursor{src: src}, typescript: typescript}
	m := new(Module)
	s.hashbang()
	s.directives()
	for {
		s.space()
		if s.eof() && !s.bad {
			m.Complete = true
			break
		}
		if s.punct(';') {
			continue
		}
		d, ok := s.declaration()
		if !ok {
			break
		}
		m.Decls = append(m.Decls, d)
	}
	m.End = s.at
	return m
}

type scanner struct {
	cursor
	typescript bool
}

func (s *scanner) hashbang() {
	if len(s.src) > 1 && s.src[0] == '#' && s.src[1] == '!' {
		s.at = lineEnd(s.src, 2)
	}
}

// directives skips "use strict" and its kin: strings that are statements.
func (s *scanner) directives() {
	for {
		start := s.at
		if _, ok := s.text(); !ok || !s.endStatement() {
			s.at = start
			return
		}
	}
}

// endStatement moves past the semicolon, or past nothing where a line break or
// the end of the file ends the statement as surely. A line break before an
// operator ends none.
func (s *scanner) endStatement() bool {
	end := s.at
	b := s.peek()
	if b == ';' && !s.eof() {
		s.at++
		return true
	}
	sure := s.eof() || s.newline && (isWord[b] || b == '"' || b == '\'' || b == '@' || b == '{')
	if w := s.peekWord(); string(w) == "in" || string(w) == "instanceof" {
		sure = false
	}
	s.at = end
	return sure && !s.bad
}

// declaration reads one statement; the position stays when it is none of ours.
func (s *scanner) declaration() (Decl, bool) {
	s.space()
	start := s.at
	d := Decl{Start: start}
	ok := false
	switch string(s.peekWord()) {
	case "import":
		s.at += len("import")
		ok = s.importDecl(&d)
	case "export":
		s.at += len("export")
		ok = s.exportDecl(&d)
	case "type", "interface":
		ok = s.typescript && s.typeDecl(&d, false)
	}
	if !ok || s.bad {
		s.at = start
		return Decl{}, false
	}
	d.End = s.at
	return d, true
}

func (s *scanner) importDecl(d *Decl) bool {
	if b := s.peek(); b == '"' || b == '\'' {
		return s.specifier(d)
	}
	s.importType(d)
	s.importPhase(d)
	if w := s.word(); w != "" {
		d.Default = w
		if s.typescript && s.punct('=') {
			return s.importRequire(d)
		}
		if !s.punct(',') {
			return s.from(d)
		}
		if b := s.peek(); b != '{' && b != '*' {
			return false
		}
	}
	switch {
	case s.punct('*'):
		if !s.keyword("as") {
			return false
		}
		if d.Namespace = s.word(); d.Namespace == "" {
			return false
		}
	case s.punct('{'):
		if !s.clause(d) {
			return false
		}
	default:
		return false
	}
	return s.from(d)
}

// importType reads the statement's `type` modifier: the word is one unless it is
// itself the default binding (`import type from`, `import type, {}`), where
// `import type from from` is a modifier again.
func (s *scanner) importType(d *Decl) {
	if s.typescript && s.modifier("type") {
		d.TypeOnly = true
	}
}

func (s *scanner) importPhase(d *Decl) {
	if !d.TypeOnly && (s.modifier("defer") || s.modifier("source")) {
		d.Attributed = true
	}
}

func (s *scanner) modifier(name string) bool {
	start := s.at
	if !s.keyword(name) {
		return false
	}
	switch b := s.peek(); {
	case b == '{' || b == '*':
		return true
	case string(s.peekWord()) == "from":
		s.word()
		if w := s.peekWord(); string(w) == "from" || s.peek() == '=' && s.typescript {
			s.at = start
			s.keyword(name)
			return true
		}
	case len(s.peekWord()) > 0:
		return true
	}
	s.at = start
	return false
}

func (s *scanner) importRequire(d *Decl) bool {
	d.Kind = ImportRequire
	if !s.keyword("require") || !s.punct('(') {
		return false
	}
	s.space()
	d.SpecifierStart = s.at
	text, ok := s.text()
	d.Specifier, d.SpecifierEnd = text, s.at
	return ok && s.punct(')') && s.endStatement()
}

func (s *scanner) exportDecl(d *Decl) bool {
	if s.typescript {
		start := s.at
		switch {
		case s.keyword("type"):
			if b := s.peek(); b == '{' || b == '*' {
				d.TypeOnly = true
				break
			}
			s.at = start
			return s.typeDecl(d, true)
		case string(s.peekWord()) == "interface":
			return s.typeDecl(d, true)
		}
	}
	switch {
	case s.punct('*'):
		d.Kind = ExportStar
		if s.keyword("as") {
			var ok bool
			if d.Namespace, ok = s.name(); !ok {
				return false
			}
		}
		return s.from(d)
	case s.punct('{'):
		d.Kind = ExportFrom
		if !s.clause(d) {
			return false
		}
		end := s.at
		if string(s.peekWord()) == "from" {
			return s.from(d)
		}
		s.at = end
		d.Kind = ExportLocal
		return s.endImport()
	}
	return false
}

// name reads a module export name: an identifier or a string.
func (s *scanner) name() (string, bool) {
	if w := s.word(); w != "" {
		return w, true
	}
	return s.text()
}

// clause reads specifiers up to and with the closing brace.
func (s *scanner) clause(d *Decl) bool {
	d.Clause = true
	for !s.punct('}') {
		n, ok := s.specifierName()
		if !ok {
			return false
		}
		n.TypeOnly = n.TypeOnly || d.TypeOnly
		d.Names = append(d.Names, n)
		if !s.punct(',') && s.peek() != '}' {
			return false
		}
	}
	return true
}

// specifierName reads `a`, `a as b`, `type a`, `type a as b`. The words `type`
// and `as` may be names too; the count of words tells, as in the TypeScript
// parser:
//
//	type           imports "type"
//	type as        type-only, imports "as"
//	type as as     imports "type" as "as"
//	type as x      imports "type" as "x"
//	type as as x   type-only, imports "as" as "x"
func (s *scanner) specifierName() (Name, bool) {
	s.space()
	n := Name{Start: s.at}
	var words [4]string
	count := 0
	for count < len(words) {
		b := s.peek()
		if b == ',' || b == '}' {
			break
		}
		end := s.at
		w, ok := s.name()
		if !ok {
			return n, false
		}
		if quoted := s.src[end] == '"' || s.src[end] == '\''; quoted && (w == "as" || w == "type") {
			return n, false // the table below would take it for the keyword
		}
		words[count] = w
		count++
		n.End = s.at
	}
	first, last, ok := 0, 0, false
	switch w := words; count {
	case 1:
		ok = true
	case 2:
		first, last, n.TypeOnly, ok = 1, 1, true, w[0] == "type"
	case 3:
		first, last, ok = 0, 2, w[1] == "as"
	case 4:
		first, last, n.TypeOnly, ok = 1, 3, true, w[0] == "type" && w[2] == "as"
	}
	n.Foreign, n.Local = words[first], words[last]
	return n, ok && (!n.TypeOnly || s.typescript)
}

func (s *scanner) from(d *Decl) bool { return s.keyword("from") && s.specifier(d) }

// specifier reads the module specifier, attributes and the statement's end.
func (s *scanner) specifier(d *Decl) bool {
	s.space()
	d.SpecifierStart = s.at
	text, ok := s.text()
	if !ok {
		return false
	}
	d.Specifier, d.SpecifierEnd = text, s.at
	end := s.at
	switch w := s.peekWord(); {
	case string(w) == "with", string(w) == "assert" && !s.newline:
		s.at += len(w)
		if !s.punct('{') || !s.attributes() {
			return false
		}
		d.Attributed = true
	default:
		s.at = end
	}
	return s.endImport()
}

// endImport is endStatement where the statement can't continue: anything behind
// a line break starts a new one.
func (s *scanner) endImport() bool {
	end := s.at
	if s.punct(';') {
		return true
	}
	sure := s.eof() || s.newline
	s.at = end
	return sure && !s.bad
}

func (s *scanner) attributes() bool {
	for !s.punct('}') {
		if _, ok := s.name(); !ok || !s.punct(':') {
			return false
		}
		if _, ok := s.text(); !ok {
			return false
		}
		if !s.punct(',') && s.peek() != '}' {
			return false
		}
	}
	return true
}
