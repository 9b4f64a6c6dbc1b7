package imports

import (
	"slices"
	"strings"
)

// An enum is the body of an ambient const enum. Declarations of one name merge.
type enum struct {
	members []member
	// refers are the names of other things its initializers use.
	refers []string
	// unreadable enums are left alone: something in them was not understood.
	unreadable bool
}

type member struct {
	name string // as written: an identifier or a string literal
	init string // the initializer's tokens; "" without
}

// enum reads `Name {…}`.
func (s *declarationScanner) enum(d *declarations, prefix string, exported bool) bool {
	name := s.word()
	if name == "" || s.peek() != '{' {
		return false
	}
	key := prefix + name
	e := d.enums[key]
	if e == nil {
		e = new(enum)
		d.enums[key] = e
	}
	if exported {
		d.marked[key] = true
	}
	start := s.at
	s.at++
	if !s.members(e) {
		e.unreadable = true
		s.at = start
		return s.block()
	}
	return true
}

func (s *declarationScanner) members(e *enum) bool {
	for first := true; !s.punct('}'); first = false {
		m, ok := s.member(e)
		if !ok {
			return false
		}
		if first && m.init == "" {
			m.init = "0" // also where the members of another declaration precede
		}
		e.members = append(e.members, m)
		if !s.punct(',') && s.peek() != '}' {
			return false
		}
	}
	return true
}

func (s *declarationScanner) member(e *enum) (m member, ok bool) {
	computed := s.punct('[')
	s.space()
	start := s.at
	if s.word() == "" || computed {
		if s.at = stringEndAt(s.src, start); s.at < 0 {
			s.at = start
			return m, false
		}
	}
	m.name = string(s.src[start:s.at])
	if computed && !s.punct(']') {
		return m, false
	}
	if !s.punct('=') {
		return m, true
	}
	m.init, ok = s.initializer(e)
	return m, ok
}

// stringEndAt is stringEnd for an offset where no string may be.
func stringEndAt(src []byte, i int) int {
	if i >= len(src) || src[i] != '"' && src[i] != '\'' {
		return -1
	}
	return stringEnd(src, i)
}

// initializer reads a constant expression up to the comma or brace behind it.
func (s *declarationScanner) initializer(e *enum) (string, bool) {
	var tokens []string
	depth := 0
	for {
		b := s.peek()
		start := s.at
		switch {
		case s.bad || s.eof():
			return "", false
		case depth == 0 && (b == ',' || b == '}'):
			return strings.Join(tokens, " "), len(tokens) > 0
		case b == '"' || b == '\'':
			end := stringEnd(s.src, s.at)
			if end < 0 {
				return "", false
			}
			s.at = end
		case '0' <= b && b <= '9' || b == '.' && s.at+1 < len(s.src) && '0' <= s.src[s.at+1] && s.src[s.at+1] <= '9':
			s.at = numberEnd(s.src, s.at)
		case strings.IndexByte("+-*/%&|^~<>.", b) >= 0:
			for s.at < len(s.src) && strings.IndexByte("*<>", s.src[s.at]) >= 0 && s.src[s.at] == b {
				s.at++
			}
			if s.at == start {
				s.at++
			}
		case b == '(' || b == '[':
			depth++
			s.at++
		case b == ')' || b == ']':
			depth--
			s.at++
		default:
			w := s.word()
			if w == "" {
				return "", false
			}
			if len(tokens) == 0 || tokens[len(tokens)-1] != "." {
				e.refers = append(e.refers, w)
			}
		}
		tokens = append(tokens, string(s.src[start:s.at]))
	}
}

// usable reports that the enum of that name can stand on its own together with
// the other const enums of d.
func (d *declarations) usable(name string) bool {
	return d.usableIn(name, map[string]bool{})
}

func (d *declarations) usableIn(name string, seen map[string]bool) bool {
	e := d.enums[name]
	if e == nil || e.unreadable || d.declared[name] {
		return false
	}
	if seen[name] {
		return true
	}
	seen[name] = true
	for _, ref := range e.refers {
		if ref == "NaN" || ref == "Infinity" || e.has(ref) || ref == name {
			continue
		}
		if strings.Contains(name, ".") || !d.usableIn(ref, seen) {
			return false
		}
	}
	return true
}

func (e *enum) has(name string) bool {
	return slices.ContainsFunc(e.members, func(m member) bool { return strings.Trim(m.name, `"'`) == name })
}

// print gives the usable const enums of d as TypeScript source, in the order of
// their names.
func (d *declarations) source() string {
	var names []string
	for name := range d.enums {
		if d.usable(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		b.WriteString("export const enum " + enumName(name) + " {\n")
		for _, m := range d.enums[name].members {
			b.WriteString("  " + m.name)
			if m.init != "" {
				b.WriteString(" = " + m.init)
			}
			b.WriteString(",\n")
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// enumName is the name of an enum in its virtual module.
func enumName(name string) string { return strings.ReplaceAll(name, ".", "$") }
