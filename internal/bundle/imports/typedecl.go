package imports

// typeDecl skips a `type` or `interface` declaration; the position is before
// that word. What it can't delimit for sure it refuses.
func (s *scanner) typeDecl(d *Decl, exported bool) bool {
	d.Kind, d.TypeOnly = TypeDeclaration, true
	alias := s.word() == "type"
	start := s.at
	name := s.word()
	if name == "" || s.newline {
		return false // a line break between the two makes the first an identifier
	}
	if exported {
		d.Names = []Name{{Foreign: name, Local: name, TypeOnly: true, Start: start, End: s.at}}
	}
	if !alias {
		return s.interfaceBody()
	}
	if s.peek() == '<' && !s.brackets() {
		return false
	}
	return s.punct('=') && s.typeEnd()
}

// interfaceBody skips type parameters and `extends` up to the body's end.
func (s *scanner) interfaceBody() bool {
	if s.peek() == '<' && !s.brackets() {
		return false
	}
	if s.keyword("extends") {
		for {
			if s.word() == "" {
				return false
			}
			for s.punct('.') {
				if s.word() == "" {
					return false
				}
			}
			if s.peek() == '<' && !s.brackets() {
				return false
			}
			if !s.punct(',') {
				break
			}
		}
	}
	return s.peek() == '{' && s.brackets()
}

// typeEnd skips a type up to the semicolon or line break that ends its
// statement. A line break ends it when the token before may end a type and the
// one behind can't continue one.
func (s *scanner) typeEnd() bool {
	wants := true // the type is not complete yet
	for {
		end := s.at
		b := s.peek()
		if s.bad {
			return false
		}
		if b == ';' && !s.eof() {
			s.at++
			return !wants
		}
		w := s.peekWord()
		if s.eof() || s.newline && !wants && !continuesType(b, w) {
			s.at = end
			return !wants
		}
		switch {
		case len(w) > 0:
			// Two words in a row without an operator between them are not a type
			// this reader knows (`asserts x is y` is only found after `=>`).
			wants = typeOperators[string(w)]
			s.at += len(w)
		case b == '{' || b == '(' || b == '[' || b == '<':
			// Type parameters (`<T>(x: T) => …`) are not a type yet.
			if !s.brackets() {
				return false
			}
			wants = wants && b == '<'
		case b == '"' || b == '\'':
			if _, ok := s.text(); !ok {
				return false
			}
			wants = false
		case b == '`':
			end := templateEnd(s.src, s.at)
			if end < 0 {
				return false
			}
			s.at = end
			wants = false
		case '0' <= b && b <= '9':
			s.at = numberEnd(s.src, s.at)
			wants = false
		case b == '=' && s.at+1 < len(s.src) && s.src[s.at+1] == '>':
			s.at += 2
			wants = true
		case b == '|' || b == '&' || b == '?' || b == ':' || b == '.' || b == '-':
			s.at++
			wants = true
		default:
			return false
		}
	}
}

// typeOperators are the words a type can't end with.
var typeOperators = map[string]bool{
	"keyof": true, "typeof": true, "infer": true, "readonly": true, "unique": true,
	"extends": true, "is": true, "asserts": true, "new": true, "abstract": true, "import": true,
}

func continuesType(b byte, w []byte) bool {
	switch b {
	case '|', '&', '?', ':', '.', '=':
		return true
	}
	return string(w) == "extends" || string(w) == "is"
}

// brackets skips from an opening bracket to the one that closes it, in the
// language of types: there `<` and `>` are brackets and no regular expressions
// exist.
func (s *scanner) brackets() bool {
	var open []byte
	for {
		b := s.peek()
		if s.bad || s.eof() {
			return false
		}
		switch b {
		case '{', '(', '[', '<':
			open = append(open, b)
			s.at++
		case '}', ')', ']', '>':
			if closing[open[len(open)-1]] != b {
				return false
			}
			open = open[:len(open)-1]
			s.at++
			if len(open) == 0 {
				return true
			}
		case '"', '\'':
			if _, ok := s.text(); !ok {
				return false
			}
		case '`':
			end := templateEnd(s.src, s.at)
			if end < 0 {
				return false
			}
			s.at = end
		case '=':
			s.at++
			if s.at < len(s.src) && s.src[s.at] == '>' {
				s.at++
			}
		default:
			if end := wordEnd(s.src, s.at); end > s.at {
				s.at = end
			} else {
				s.at++
			}
		}
	}
}

var closing = [256]byte{'{': '}', '(': ')', '[': ']', '<': '>'}

func numberEnd(src []byte, i int) int {
	for i < len(src) && (isWord[src[i]] || src[i] == '.') {
		i++
	}
	return i
}

// templateEnd gives the offset behind the template literal that starts at i, -1
// when it does not end. Substitutions are skipped by counting braces; strings and
// templates inside them are understood, regular expressions are not.
func templateEnd(src []byte, i int) int {
	depth := []int{0} // braces open in each substitution; the template itself: 0
	inText := true
	for i++; i < len(src); i++ {
		b := src[i]
		if inText {
			switch {
			case b == '\\':
				i++
			case b == '`':
				depth = depth[:len(depth)-1]
				if len(depth) == 0 {
					return i + 1
				}
				inText = false
			case b == '$' && i+1 < len(src) && src[i+1] == '{':
				i++
				depth[len(depth)-1] = 1
				inText = false
			}
			continue
		}
		switch b {
		case '{':
			depth[len(depth)-1]++
		case '}':
			if depth[len(depth)-1]--; depth[len(depth)-1] == 0 {
				inText = true
			}
		case '`':
			depth = append(depth, 0)
			inText = true
		case '"', '\'':
			if end := stringEnd(src, i); end > 0 {
				i = end - 1
			}
		}
	}
	return -1
}

// stringEnd gives the offset behind the quoted string at i, -1 when its line
// ends first.
func stringEnd(src []byte, i int) int {
	q := src[i]
	for i++; i < len(src); i++ {
		switch src[i] {
		case q:
			return i + 1
		case '\\':
			i++
		case '\n', '\r':
			return -1
		}
	}
	return -1
}
