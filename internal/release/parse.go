package release

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The package reads JSON itself: encoding/json lets duplicate names, invalid
// UTF-8 and differently cased names pass, and whether it does depends on
// GOEXPERIMENT=jsonv2, on which no release's id may depend.

type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isString
	isArray
	isObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// value is one JSON value.
type value struct {
	kind    kind
	bool    bool
	num     float64
	str     string   // of a string; of a number as it was written
	members []member // of an object; of an array its items, without names
	// Where the value stands in the text that it was read from, and where the name
	// of the member that it is of.
	named, from, to int32
}

type member struct {
	name  string
	value value
}

// maxDepth bounds the parser's recursion, maxValues its memory: a byte or two of
// text can cost a hundred in values. A record of MaxFiles has about one and a half million.
const (
	maxDepth  = 64
	maxValues = 2 << 20
)

// parse reads exactly one JSON text. A duplicate name goes to the report and
// reading goes on; what leaves the structure in doubt is returned as an error.
func parse(text string, r *report) (v value, err error) {
	p := parser{text: text, report: r}
	defer func() {
		if stop := recover(); stop != nil {
			e, ok := stop.(*JSONError)
			if !ok {
				panic(stop)
			}
			err = e
		}
	}()
	if len(text) > MaxRecordSize {
		p.fail(root, strconv.Itoa(len(text))+" bytes", fmt.Sprintf("at most %d", MaxRecordSize))
	}
	v = p.value(root, 0)
	p.space()
	if p.pos < len(text) {
		p.fail(root, "data after the end of the JSON text", "nothing")
	}
	return v, nil
}

// JSONError says what is wrong with a text and where. It is thrown inside the
// parser and caught by parse.
type JSONError struct {
	Offset int // bytes into the text
	Problem
}

func (e *JSONError) Error() string {
	return fmt.Sprintf("reading JSON at byte %d: %s", e.Offset, e.Problem)
}

type parser struct {
	text   string
	pos    int
	values int
	report *report
}

func (p *parser) fail(at *place, got, want string) {
	panic(&JSONError{p.pos, Problem{Path: at.String(), Got: got, Want: want}})
}

// here shows what stands at the current position.
func (p *parser) here() string {
	if p.pos >= len(p.text) {
		return "the end of the input"
	}
	r, n := utf8.DecodeRuneInString(p.text[p.pos:])
	if r == utf8.RuneError && n <= 1 {
		return fmt.Sprintf("byte 0x%02x", p.text[p.pos])
	}
	return strconv.QuoteRune(r)
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// take skips white space and then c, if it is next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// value reads one value and notes where it stands.
func (p *parser) value(at *place, depth int) value {
	p.space()
	from := p.pos
	v := p.content(at, depth)
	v.from, v.to = int32(from), int32(p.pos) //nolint:gosec // MaxRecordSize is far below 2^31, and parse refuses more
	return v
}

func (p *parser) content(at *place, depth int) value {
	if depth > maxDepth {
		p.fail(at, "nesting deeper than "+strconv.Itoa(maxDepth), "less")
	}
	if p.values++; p.values > maxValues {
		p.fail(at, "more than "+strconv.Itoa(maxValues)+" values", "fewer")
	}
	if p.pos >= len(p.text) {
		p.fail(at, p.here(), "a JSON value")
	}
	switch c := p.text[p.pos]; {
	case c == '{':
		return p.object(at, depth)
	case c == '[':
		return p.array(at, depth)
	case c == '"':
		return value{kind: isString, str: p.string(at)}
	case c == '-' || c >= '0' && c <= '9':
		return p.number(at)
	}
	for word, v := range words {
		if strings.HasPrefix(p.text[p.pos:], word) {
			p.pos += len(word)
			return v
		}
	}
	p.fail(at, p.here(), "a JSON value")
	panic("unreachable")
}

var words = map[string]value{
	"null":  {kind: isNull},
	"true":  {kind: isBool, bool: true},
	"false": {kind: isBool},
}

func (p *parser) array(at *place, depth int) value {
	v := value{kind: isArray}
	p.take('[')
	if p.take(']') {
		return v
	}
	for {
		v.members = append(v.members, member{value: p.value(at.item(len(v.members)), depth+1)})
		if p.take(']') {
			return v
		}
		if !p.take(',') {
			p.fail(at.item(len(v.members)), p.here(), `"," or "]"`)
		}
	}
}

func (p *parser) object(at *place, depth int) value {
	v := value{kind: isObject}
	names := map[string]bool{}
	p.take('{')
	if p.take('}') {
		return v
	}
	for {
		p.space()
		if p.pos >= len(p.text) || p.text[p.pos] != '"' {
			p.fail(at, p.here(), `a member's name in quotes`)
		}
		named := p.pos
		name := p.string(at)
		inner := at.member(name)
		if !p.take(':') {
			p.fail(inner, p.here(), `":"`)
		}
		item := p.value(inner, depth+1)
		item.named = int32(named) //nolint:gosec // as in value
		if names[name] {
			p.report.add(inner, "this name twice in one object", "each name once")
		}
		names[name] = true
		v.members = append(v.members, member{name, item})
		if p.take('}') {
			return v
		}
		if !p.take(',') {
			p.fail(at, p.here(), `"," or "}"`)
		}
	}
}

// number follows the grammar of RFC 8259, section 6.
func (p *parser) number(at *place) value {
	start := p.pos
	digits := func() {
		from := p.pos
		for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
		}
		if p.pos == from {
			p.fail(at, p.here(), "a digit")
		}
	}
	peek := func(set string) bool {
		return p.pos < len(p.text) && strings.IndexByte(set, p.text[p.pos]) >= 0
	}
	if peek("-") {
		p.pos++
	}
	if peek("0") {
		p.pos++
	} else {
		digits()
	}
	if peek(".") {
		p.pos++
		digits()
	}
	if peek("eE") {
		p.pos++
		if peek("+-") {
			p.pos++
		}
		digits()
	}
	text := p.text[start:p.pos]
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.fail(at, quote(text), "a number in the range of a double")
	}
	return value{kind: isNumber, num: f, str: text}
}

// string reads a string, refusing what is not Unicode text: a shopper's browser
// and this tool must never disagree about what a name is.
func (p *parser) string(at *place) string {
	p.pos++
	start := p.pos
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			s := p.text[start:p.pos]
			if !utf8.ValidString(s) {
				p.fail(at, "a string that is not UTF-8, "+quote(s), "UTF-8")
			}
			p.pos++
			return s
		case c == '\\':
			return p.escaped(at, start)
		case c < 0x20:
			p.fail(at, fmt.Sprintf("control character 0x%02x in a string", c), "its escape")
		}
		p.pos++
	}
	p.fail(at, p.here(), `the string's closing "`)
	panic("unreachable")
}

// escaped goes on with a string at its first backslash.
func (p *parser) escaped(at *place, start int) string {
	var b strings.Builder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			b.WriteString(p.text[start:p.pos])
			if !utf8.ValidString(b.String()) {
				p.fail(at, "a string that is not UTF-8, "+quote(b.String()), "UTF-8")
			}
			p.pos++
			return b.String()
		case c == '\\':
			b.WriteString(p.text[start:p.pos])
			p.escape(at, &b)
			start = p.pos
			continue
		case c < 0x20:
			p.fail(at, fmt.Sprintf("control character 0x%02x in a string", c), "its escape")
		}
		p.pos++
	}
	p.fail(at, p.here(), `the string's closing "`)
	panic("unreachable")
}

func (p *parser) escape(at *place, b *strings.Builder) {
	p.pos++
	if p.pos >= len(p.text) {
		p.fail(at, p.here(), "an escape")
	}
	if i := strings.IndexByte(`btnfr"\/`, p.text[p.pos]); i >= 0 {
		b.WriteByte("\b\t\n\f\r\"\\/"[i])
		p.pos++
		return
	}
	r := p.unit(at)
	if utf16.IsSurrogate(r) {
		first := r
		r = utf8.RuneError
		if strings.HasPrefix(p.text[p.pos:], `\u`) {
			p.pos++
			r = utf16.DecodeRune(first, p.unit(at))
		}
		if r == utf8.RuneError {
			p.fail(at, fmt.Sprintf("half of a surrogate pair, U+%04X", first), "both halves")
		}
	}
	b.WriteRune(r)
}

// unit reads u and four hexadecimal digits.
func (p *parser) unit(at *place) rune {
	if rest := p.text[p.pos:]; len(rest) >= 5 && rest[0] == 'u' && strings.Trim(rest[1:5], "0123456789abcdefABCDEF") == "" {
		n, _ := strconv.ParseUint(rest[1:5], 16, 32)
		p.pos += 5
		return rune(n)
	}
	p.fail(at, `\`+strings.Trim(p.here(), "'"), `an escape of JSON: \" \\ \/ \b \f \n \r \t \uXXXX`)
	panic("unreachable")
}
