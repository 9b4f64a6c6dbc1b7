// Package literal reads a JavaScript object literal as data, without running
// JavaScript: esbuild prints the names of a CSS module as one, and caniuse-lite
// ships its tables as one.
package literal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Member is one property of an Object, in source order.
type Member struct {
	Key   string
	Value any
}

// Object keeps the order of its members: it carries meaning in both uses.
type Object []Member

// Get returns the value of key, nil when there is none.
func (o Object) Get(key string) any {
	for _, m := range o {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

// maxDepth bounds the recursion on hostile input.
const maxDepth = 32

// Parse reads the literal that starts at the first "{" or "[" of source and
// ignores what follows it. Values are Object, []any, string, float64, bool or
// nil (null). Anything else (calls, names, operators) is an error.
func Parse(source string) (any, error) {
	start := strings.IndexAny(source, "{[")
	if start < 0 {
		return nil, fmt.Errorf("no object literal: want { or [")
	}
	p := parser{text: source, at: start}
	return p.value(0)
}

type parser struct {
	text string
	at   int
}

func (p *parser) fail(want string) error {
	got := "end of text"
	if p.at < len(p.text) {
		got = strconv.QuoteRune(rune(p.text[p.at]))
	}
	return fmt.Errorf("object literal, byte %d: got %s, want %s", p.at, got, want)
}

// skip passes white space and comments and returns the next byte, 0 at the end.
func (p *parser) skip() byte {
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		switch {
		case strings.HasPrefix(rest, "//"):
			p.at += upTo(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			p.at += upTo(rest, "*/")
		case strings.ContainsRune(" \t\r\n", rune(rest[0])):
			p.at++
		default:
			return rest[0]
		}
	}
	return 0
}

// upTo is the length of text through the first end, all of it when there is none.
func upTo(text, end string) int {
	if i := strings.Index(text, end); i >= 0 {
		return i + len(end)
	}
	return len(text)
}

func (p *parser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("object literal, byte %d: nested deeper than %d", p.at, maxDepth)
	}
	switch c := p.skip(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"' || c == '\'' || c == '`':
		return p.quoted()
	case c == '-' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	default:
		return p.keyword()
	}
}

func (p *parser) object(depth int) (Object, error) {
	p.at++
	object := Object{}
	for {
		if p.skip() == '}' {
			p.at++
			return object, nil
		}
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if p.skip() != ':' {
			return nil, p.fail("':' after a key")
		}
		p.at++
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		object = append(object, Member{key, value})
		if p.skip() == ',' {
			p.at++
		} else if p.skip() != '}' {
			return nil, p.fail("',' or '}'")
		}
	}
}

func (p *parser) array(depth int) ([]any, error) {
	p.at++
	list := []any{}
	for {
		if p.skip() == ']' {
			p.at++
			return list, nil
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
		if p.skip() == ',' {
			p.at++
		} else if p.skip() != ']' {
			return nil, p.fail("',' or ']'")
		}
	}
}

func (p *parser) key() (string, error) {
	if c := p.skip(); c == '"' || c == '\'' {
		return p.quoted()
	}
	if word := p.word(); word != "" {
		return word, nil
	}
	return "", p.fail("a key")
}

// word takes a name or number as written; keys and keywords are such words.
func (p *parser) word() string {
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			c == '_' || c == '$' || c == '.' || c >= utf8.RuneSelf {
			p.at++
			continue
		}
		break
	}
	return p.text[start:p.at]
}

func (p *parser) number() (float64, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[p.at]) >= 0 {
		p.at++
	}
	n, err := strconv.ParseFloat(p.text[start:p.at], 64)
	if err != nil {
		p.at = start
		return 0, p.fail("a number")
	}
	return n, nil
}

func (p *parser) keyword() (any, error) {
	start := p.at
	switch p.word() {
	case "null":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	p.at = start
	return nil, p.fail("a string, number, object, array, true, false or null")
}

// quoted reads a string. A template literal may hold only strings in its
// substitutions, which is how esbuild writes names joined by "composes".
func (p *parser) quoted() (string, error) {
	quote := p.text[p.at]
	p.at++
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == quote:
			p.at++
			return b.String(), nil
		case c == '\\':
			if err := p.escape(&b); err != nil {
				return "", err
			}
		case quote == '`' && strings.HasPrefix(p.text[p.at:], "${"):
			p.at += 2
			if c := p.skip(); c != '"' && c != '\'' {
				return "", p.fail("a string in ${}")
			}
			inner, err := p.quoted()
			if err != nil {
				return "", err
			}
			b.WriteString(inner)
			if p.skip() != '}' {
				return "", p.fail("'}'")
			}
			p.at++
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	return "", p.fail("the end of a string")
}

var simpleEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', 'v': '\v', '0': 0}

func (p *parser) escape(b *strings.Builder) error {
	p.at++
	if p.at >= len(p.text) {
		return p.fail("an escape")
	}
	c := p.text[p.at]
	p.at++
	if c != 'u' && c != 'x' {
		if plain, ok := simpleEscapes[c]; ok {
			c = plain
		}
		b.WriteByte(c)
		return nil
	}
	r, err := p.hex(c)
	if err != nil {
		return err
	}
	// A pair of surrogates is one character.
	if r >= 0xd800 && r < 0xdc00 && strings.HasPrefix(p.text[p.at:], `\u`) {
		p.at += 2
		low, err := p.hex('u')
		if err != nil {
			return err
		}
		r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
	}
	b.WriteRune(r)
	return nil
}

func (p *parser) hex(kind byte) (rune, error) {
	digits, width := "", 4
	switch {
	case kind == 'x':
		width = 2
	case strings.HasPrefix(p.text[p.at:], "{"):
		end := strings.IndexByte(p.text[p.at:], '}')
		if end < 0 {
			return 0, p.fail("'}'")
		}
		digits = p.text[p.at+1 : p.at+end]
		p.at += end + 1
	}
	if digits == "" {
		if p.at+width > len(p.text) {
			return 0, p.fail("hexadecimal digits")
		}
		digits = p.text[p.at : p.at+width]
		p.at += width
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return 0, p.fail("hexadecimal digits")
	}
	return rune(n), nil
}
