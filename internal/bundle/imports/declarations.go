package imports

import "bytes"

// A declarations is what one TypeScript declaration file, or one `declare
// module` block in it, says about enums and exports.
type declarations struct {
	table                      // export lists and stars
	imported map[string]origin // bindings made by imports
	// enums are the const enums by name; those in a namespace as "Namespace.Name".
	enums map[string]*enum
	// declared are the names of all other values.
	declared map[string]bool
	// marked are the names declared with the word export.
	marked map[string]bool
	// listed is set by `export {…}`, `export *`, `export =` and `export default x`.
	// Without any of them TypeScript exports every declaration of a declaration
	// file, marked or not.
	listed bool
	// assigned is the name behind `export =`.
	assigned string
	// script is set when the file is no module: its declarations are global.
	script  bool
	global  *declarations            // `declare global {…}`
	modules map[string]*declarations // `declare module "x" {…}`
}

func newDeclarations() *declarations {
	return &declarations{
		table:    table{explicit: make(map[string]origin)},
		imported: make(map[string]origin), enums: make(map[string]*enum),
		declared: make(map[string]bool), marked: make(map[string]bool),
	}
}

// scanDeclarations reads a declaration file. It understands the statements that
// matter here and steps over the others bracket by bracket.
func scanDeclarations(src []byte) *declarations {
	d := newDeclarations()
	d.script = true
	if !bytes.Contains(src, []byte("enum")) && !bytes.Contains(src, []byte("export")) {
		return d
	}
	s := &declarationScanner{scanner: scanner{cursor: cursor{src: src}, typescript: true}}
	s.body(d, "", 0)
	return d
}

type declarationScanner struct{ scanner }

// body reads statements up to the brace that closes the block, or the end. In a
// namespace, prefix is its name and a dot.
func (s *declarationScanner) body(d *declarations, prefix string, depth int) {
	fresh := true
	for {
		b := s.peek()
		if s.bad || s.eof() || b == '}' {
			return
		}
		fresh = fresh || s.newline
		if end := wordEnd(s.src, s.at); end > s.at {
			if fresh && s.statement(d, prefix, depth) {
				continue // behind a whole statement
			}
			fresh = false
			if s.at < end {
				s.at = end
			}
			continue
		}
		fresh = b == ';'
		switch b {
		case '{', '(', '[':
			if !s.block() {
				s.bad = true
				return
			}
			fresh = b == '{'
		case '"', '\'':
			if end := stringEnd(s.src, s.at); end > 0 {
				s.at = end
			} else {
				s.at++
			}
		case '`':
			end := templateEnd(s.src, s.at)
			if end < 0 {
				s.bad = true
				return
			}
			s.at = end
		default:
			s.at++
		}
	}
}

// block skips from an opening bracket behind the closing one. Angle brackets do
// not count: they come in pairs or are shifts.
func (s *declarationScanner) block() bool {
	depth := 0
	for {
		b := s.peek()
		if s.bad || s.eof() {
			return false
		}
		switch b {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			if depth--; depth == 0 {
				s.at++
				return true
			}
		case '"', '\'':
			if end := stringEnd(s.src, s.at); end > 0 {
				s.at = end - 1
			}
		case '`':
			end := templateEnd(s.src, s.at)
			if end < 0 {
				return false
			}
			s.at = end - 1
		default:
			if end := wordEnd(s.src, s.at); end > s.at {
				s.at = end - 1
			}
		}
		s.at++
	}
}

// statement reads the statement that starts at the position if it is one that
// matters. When it gives false the position is somewhere inside the statement, at
// or behind its start, with no bracket left open.
func (s *declarationScanner) statement(d *declarations, prefix string, depth int) bool {
	start := s.at
	switch string(s.peekWord()) {
	case "import", "export":
		if decl, ok := s.declaration(); ok {
			d.note(&decl, prefix)
			return true
		}
		s.at = start
	case "declare", "const", "namespace", "module", "enum", "class", "function", "abstract", "let", "var":
	default:
		return false
	}
	exported := s.keyword("export")
	if exported {
		d.script = d.script && prefix != ""
		if b := s.peek(); b == '=' || string(s.peekWord()) == "default" {
			return s.assignment(d, prefix)
		}
	}
	s.keyword("declare")
	s.keyword("abstract")
	switch w := string(s.peekWord()); w {
	case "const":
		s.at += len(w)
		if s.keyword("enum") {
			return s.enum(d, prefix, exported)
		}
		d.declare(prefix, s.word(), exported)
	case "enum", "class", "function", "let", "var":
		s.at += len(w)
		d.declare(prefix, s.word(), exported)
	case "namespace", "module", "global":
		s.at += len(w)
		return s.named(d, prefix, depth, w == "global")
	}
	return false
}

// assignment reads what follows `export` in `export = x` and `export default x`.
func (s *declarationScanner) assignment(d *declarations, prefix string) bool {
	equals := s.punct('=')
	if !equals {
		s.keyword("default")
	}
	w := string(s.peekWord())
	switch w {
	case "class", "function", "abstract", "interface":
		return false // declarations with modifiers: no list
	}
	if prefix == "" {
		d.listed = true
		if equals {
			d.assigned = w
		}
	}
	return false
}

// named reads the block of a namespace, of `declare module "x"` or of `declare
// global`.
func (s *declarationScanner) named(d *declarations, prefix string, depth int, global bool) bool {
	const deepest = 20
	if depth > deepest {
		return false
	}
	switch b := s.peek(); {
	case global && b == '{':
		if d.global == nil {
			d.global = newDeclarations()
		}
		return s.inner(d.global, "", depth)
	case b == '"' || b == '\'':
		name, ok := s.text()
		if !ok || s.peek() != '{' {
			return false
		}
		if d.modules == nil {
			d.modules = make(map[string]*declarations)
		}
		if d.modules[name] == nil {
			d.modules[name] = newDeclarations()
		}
		return s.inner(d.modules[name], "", depth)
	}
	name := s.word()
	if name == "" {
		return false
	}
	prefix += name + "."
	for s.punct('.') {
		prefix += s.word() + "."
	}
	return s.peek() == '{' && s.inner(d, prefix, depth)
}

func (s *declarationScanner) inner(d *declarations, prefix string, depth int) bool {
	s.at++ // the brace
	s.body(d, prefix, depth+1)
	return s.punct('}')
}

// note keeps an import or export list.
func (d *declarations) note(decl *Decl, prefix string) {
	if prefix != "" {
		return // a namespace can't import
	}
	d.script = d.script && decl.Kind == TypeDeclaration && len(decl.Names) == 0
	// A type-only list exports const enums too: their values are inlined.
	copied := *decl
	copied.TypeOnly = false
	copied.Names = append([]Name(nil), decl.Names...)
	for i := range copied.Names {
		copied.Names[i].TypeOnly = false
	}
	switch decl.Kind {
	case ExportFrom, ExportLocal, ExportStar:
		d.listed = true
		d.add(&copied)
	case Import:
		bind(d.imported, &copied)
	case ImportRequire, TypeDeclaration: // neither exports nor binds an enum
	}
}

func (d *declarations) declare(prefix, name string, exported bool) {
	if name == "" {
		return
	}
	d.declared[prefix+name] = true
	if exported {
		d.marked[prefix+name] = true
	}
}

// exports gives the local name that is exported as name.
func (d *declarations) exports(name string) (local string, ok bool) {
	if d.assigned != "" {
		return d.assigned + "." + name, true
	}
	_, isEnum := d.enums[name]
	if !isEnum && !d.declared[name] {
		return "", false
	}
	return name, d.marked[name] || !d.listed
}
