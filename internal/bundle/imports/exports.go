package imports

import "bytes"

// exports is what the rest of a file, behind the part Scan reads, is proven to
// export. Nothing follows from the absence of a name.
type exports struct {
	// values are names of bindings that exist at run time, declared in the file.
	values map[string]bool
	// decls are the `export … from`, `export *` and `export {…}` found there.
	decls []Decl
	// defaultOf is the identifier in `export default x` when no declaration of a
	// value x was found: it may be an import or a type.
	defaultOf string
}

// scanExports looks for export statements at the top level of src from the
// offset on.
//
// It is no parser: it skips strings, templates, comments and (by the token
// before) regular expressions, counts braces, and believes an `export` only at
// depth zero behind a line break, `;` or `}`. Text it misreads, say an apostrophe
// in JSX, costs proofs; strings end with their line so that it finds back.
func scanExports(src []byte, from int, typescript bool) exports {
	x := exportScanner{
		scanner: scanner{cursor: cursor{src: src, at: from}, typescript: typescript},
		found:   exports{values: make(map[string]bool)},
	}
	if bytes.Contains(src[from:], []byte("export")) {
		x.run()
	}
	return x.found
}

type exportScanner struct {
	scanner
	found exports
	depth int
	// last is the last byte that was neither space nor comment.
	last byte
	// fresh is set where a statement may begin.
	fresh bool
	// templates holds, for each template literal around the position, the brace
	// depth of its substitution.
	templates []int
}

func (x *exportScanner) run() {
	x.fresh = true
	for {
		x.space()
		if x.bad || x.eof() {
			return
		}
		x.fresh = x.fresh || x.newline
		b := x.src[x.at]
		if end := wordEnd(x.src, x.at); end > x.at {
			x.words(end)
			continue
		}
		x.fresh = false
		switch b {
		case '"', '\'':
			if end := stringEnd(x.src, x.at); end > 0 {
				x.at = end - 1
			}
		case '`':
			x.template(x.at + 1)
			continue
		case '/':
			x.slash()
		case '{':
			x.depth++
		case '}':
			x.depth--
			if n := len(x.templates); n > 0 && x.templates[n-1] == x.depth {
				x.templates = x.templates[:n-1]
				x.template(x.at + 1)
				continue
			}
			x.fresh = true
		case ';':
			x.fresh = true
		}
		x.last = b
		x.at++
	}
}

// words handles the identifier, keyword or number that ends at end.
func (x *exportScanner) words(end int) {
	start := x.at
	exporting := x.fresh && x.depth == 0 && len(x.templates) == 0 && x.last != '.' &&
		string(x.src[start:end]) == "export"
	x.at, x.fresh = end, false
	x.last = x.src[end-1]
	if keywordBeforeValue[string(x.src[start:end])] {
		x.last = '(' // a slash behind it starts a regular expression
	}
	if exporting {
		x.export(start)
	}
}

var keywordBeforeValue = map[string]bool{
	"return": true, "typeof": true, "case": true, "in": true, "of": true, "delete": true,
	"void": true, "throw": true, "new": true, "else": true, "do": true, "await": true, "yield": true,
}

// slash skips a regular expression, if the slash at the position starts one.
func (x *exportScanner) slash() {
	if b := x.last; isWord[b] || b == ')' || b == ']' || b == '}' || b == '"' || b == '\'' || b == '`' || b == '<' {
		return
	}
	const longest = 4096 // keeps a misread slash in a line of a megabyte cheap
	class := false
	for i := x.at + 1; i < min(len(x.src), x.at+longest); i++ {
		switch b := x.src[i]; {
		case b == '\\':
			i++
		case b == '\n' || b == '\r':
			return // not one after all
		case b == '[':
			class = true
		case b == ']':
			class = false
		case b == '/' && !class:
			x.at = i
			return
		}
	}
}

// template skips the text of a template literal from i up to its end or its next
// substitution.
func (x *exportScanner) template(i int) {
	x.last, x.fresh = '`', false
	for ; i < len(x.src); i++ {
		switch x.src[i] {
		case '\\':
			i++
		case '`':
			x.at = i + 1
			return
		case '$':
			if i+1 < len(x.src) && x.src[i+1] == '{' {
				x.templates = append(x.templates, x.depth)
				x.depth++
				x.last = '{'
				x.at = i + 2
				return
			}
		}
	}
	x.at = len(x.src)
}

// export reads what follows the word export, which starts at the offset. The
// position ends behind what it understood; the rest is skipped as code.
func (x *exportScanner) export(start int) {
	behind := x.at
	if b := x.peek(); b == '{' || b == '*' {
		d := Decl{Start: start}
		if x.exportDecl(&d) && !x.bad {
			d.End = x.at
			x.found.decls = append(x.found.decls, d)
			x.last, x.fresh = ';', true
			return
		}
		x.at = behind
		return
	}
	switch w := x.word(); w {
	case "default":
		if x.defaultValue() {
			x.found.values["default"] = true
		}
	case "const", "let", "var":
		x.variables()
	case "function":
		x.punct('*')
		x.value()
	case "async":
		if x.keyword("function") {
			x.punct('*')
			x.value()
		}
	case "abstract":
		if x.typescript && x.keyword("class") {
			x.value()
		}
	case "class", "enum":
		x.value()
	case "type":
		d := Decl{Start: start}
		if b := x.peek(); x.typescript && (b == '{' || b == '*') {
			x.at = behind
			if x.exportDecl(&d) && !x.bad {
				d.End = x.at
				x.found.decls = append(x.found.decls, d)
				x.last, x.fresh = ';', true
				return
			}
		}
	}
	// What follows is code: a keyword or a name was read last.
	x.last = 'a'
}

func (x *exportScanner) value() {
	if w := x.word(); w != "" {
		x.found.values[w] = true
	}
}

// variables reads the first declarator, or the names of a flat pattern.
func (x *exportScanner) variables() {
	if x.keyword("enum") {
		x.value()
		return
	}
	start := x.at
	if x.punct('{') {
		names, ok := x.pattern()
		if ok {
			for _, name := range names {
				x.found.values[name] = true
			}
			return
		}
		x.at = start
		return
	}
	x.value()
}

// pattern reads `a, b: c }`; defaults and nested patterns are not understood.
func (x *exportScanner) pattern() (names []string, ok bool) {
	for !x.punct('}') {
		name := x.word()
		if name != "" && x.punct(':') {
			name = x.word()
		}
		if name == "" || !x.punct(',') && x.peek() != '}' {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}

// defaultValue reports whether `export default` at the position exports
// something that exists at run time. The name of an interface does not, nor does
// that of an import which may be one.
func (x *exportScanner) defaultValue() bool {
	w := string(x.peekWord())
	switch w {
	case "interface":
		return false
	case "", "class", "function", "async", "abstract", "new", "await", "typeof", "void", "null", "true", "false", "this":
		return !x.eof()
	}
	if !x.typescript {
		return true
	}
	start := x.at
	x.at += len(w)
	alone := x.punct(';') || x.eof() || x.newline
	x.at = start
	if !alone || declaresValue(x.src, w) {
		return true
	}
	x.found.defaultOf = w
	return false
}

// declaresValue looks for `const name`, `class name` and so on anywhere in src.
func declaresValue(src []byte, name string) bool {
	for _, w := range [...]string{"const ", "function ", "class ", "let ", "var ", "enum ", "function* "} {
		if containsWord(src, w+name) {
			return true
		}
	}
	return false
}

// containsWord reports text in src where it is not part of a longer identifier.
func containsWord(src []byte, text string) bool {
	for from := 0; ; {
		i := bytes.Index(src[from:], []byte(text))
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(text)
		if (start == 0 || !wordByte(src[start-1])) && (end == len(src) || !wordByte(src[end])) {
			return true
		}
		from = start + 1
	}
}

func wordByte(b byte) bool { return isWord[b] || b >= 0x80 }
