package coverage

import (
	"strings"
	"unicode/utf8"

	"github.com/org/checkout-deploy/internal/release"
)

// facts is what a script, or a JSON text, says that bears on integrity. It is
// read from tokens: a name that is put together at run time is not among them.
type facts struct {
	names    []name
	hashes   []pinned
	mentions []mention
	steps    int // bytes looked at, for the test that reading is linear
}

// name is a string constant that may be that of a script or style.
type name struct {
	value  string
	at     int
	worker bool // of a worker's script
	static bool // of an import or export statement
}

// pinned is a string constant with a hash, or one where a hash was to be.
type pinned struct {
	of    string // the file's name beside it, "" for none
	value string
	at    int
}

// mention is something else that is worth a finding.
type mention struct {
	rule string
	text string
	at   int
}

// kind is a token's.
type kind byte

const (
	start kind = iota
	word
	number
	text // a string or a template without substitutions
	piece
	pattern // a regular expression
	sign
)

type token struct {
	kind  kind
	value string // of a sign its one byte
	at    int
	// ends says of a ")" or "}" whether a value ends there: a "/" after it divides.
	ends bool
}

// bracket is an open one. Of a "{" that is an object literal, file and hash are
// its members src or file, and integrity.
type bracket struct {
	sign  byte // "(", "[", "{", or "`" for a template's substitution
	value bool // what it closes is a value
	file  string
	hash  pinned
}

// scanner reads JavaScript, and JSON, to the tokens that facts need. It never
// fails: what it can't read it steps over, and every byte is looked at a bounded
// number of times.
type scanner struct {
	src  string
	at   int
	last [6]token // the latest first
	open []bracket
	// noPattern is where a line ends on which a regular expression was found not
	// to: looking again at each "/" before would be quadratic.
	noPattern int
	workers   int // tokens that may still name a worker's script
	free      map[string][]int
	declared  map[string]bool
	facts
}

// readScript reads a script or JSON.
func readScript(src string) facts {
	s := &scanner{src: src, free: map[string][]int{}, declared: map[string]bool{}, noPattern: -1}
	for s.at < len(s.src) {
		s.next()
	}
	s.unsubstituted()
	s.steps += len(src)
	return s.facts
}

func (s *scanner) next() {
	switch c := s.src[s.at]; {
	case c <= ' ':
		s.at++
	case c == '/':
		s.slash()
	case c == '"' || c == '\'':
		s.quoted(c)
	case c == '`':
		s.at++
		s.template(s.at)
	case isWord(c) && (c < '0' || c > '9'):
		s.word()
	case isWord(c) || c == '.' && s.at+1 < len(s.src) && s.src[s.at+1] >= '0' && s.src[s.at+1] <= '9':
		from := s.at
		for s.at < len(s.src) && (isWord(s.src[s.at]) || s.src[s.at] == '.') {
			s.at++
		}
		s.push(token{kind: number, value: s.src[from:s.at], at: from})
	default:
		s.sign(c)
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '\\' || c >= utf8.RuneSelf
}

func (s *scanner) push(t token) {
	copy(s.last[1:], s.last[:])
	s.last[0] = t
	if s.workers > 0 {
		s.workers--
	}
}

func (s *scanner) word() {
	from := s.at
	for s.at < len(s.src) && isWord(s.src[s.at]) {
		s.at++
	}
	w, before := s.src[from:s.at], s.last[0]
	if left[w] && !before.is('.') {
		s.free[w] = append(s.free[w], from)
		if before.kind == word && (before.value == "var" || before.value == "let" || before.value == "const" || before.value == "function") {
			s.declared[w] = true
		}
	}
	s.push(token{kind: word, value: w, at: from})
}

// left are the names that a loader's build has to replace.
var left = map[string]bool{"MANIFEST_JSON": true, "LIBRARY_NAME": true, "PRELOAD_ASSETS": true}

func (t token) is(c byte) bool { return t.kind == sign && t.value[0] == c }

// slash is a comment, a regular expression or a division.
func (s *scanner) slash() {
	rest := s.src[s.at+1:]
	switch {
	case strings.HasPrefix(rest, "/"):
		s.skipTo("\n", s.at+2)
	case strings.HasPrefix(rest, "*"):
		s.skipTo("*/", s.at+2)
	case s.at > s.noPattern && s.patternMayStart():
		s.pattern()
	default:
		s.sign('/')
	}
}

func (s *scanner) skipTo(end string, from int) {
	n := strings.Index(s.src[from:], end)
	if n < 0 {
		s.at = len(s.src)
		return
	}
	s.at = from + n + len(end)
}

// patternMayStart: a "/" divides after a value (ECMA-262, section 12: the goal
// symbols InputElementDiv and InputElementRegExp).
func (s *scanner) patternMayStart() bool {
	switch t := s.last[0]; t.kind {
	case start:
		return true
	case word:
		return operators[t.value]
	case sign:
		return !t.ends
	default:
		return false
	}
}

// operators are the words that no value ends with.
var operators = map[string]bool{
	"return": true, "typeof": true, "instanceof": true, "in": true, "of": true, "new": true, "delete": true, "void": true,
	"throw": true, "case": true, "do": true, "else": true, "yield": true, "await": true, "default": true, "extends": true,
}

func (s *scanner) pattern() {
	class := false
	i := s.at + 1
	for ; i < len(s.src) && s.src[i] != '\n'; i++ {
		switch c := s.src[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			from := s.at
			s.at = i + 1
			s.push(token{kind: pattern, at: from})
			return
		}
	}
	s.steps += i - s.at
	s.noPattern = i
	s.sign('/')
}

// quoted is a string. One that does not end on its line is none.
func (s *scanner) quoted(quote byte) {
	from := s.at + 1
	for i := from; ; i++ {
		if i >= len(s.src) || s.src[i] == '\n' {
			s.at = min(i, len(s.src))
			return
		}
		if s.src[i] == '\\' {
			i++
			continue
		}
		if s.src[i] == quote {
			s.at = i + 1
			s.constant(s.src[from:min(i, len(s.src))], from)
			return
		}
	}
}

// template reads to the template's end or its next substitution; began is where
// this piece begins.
func (s *scanner) template(began int) {
	for i := began; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '\\':
			i++
		case c == '`':
			s.at = i + 1
			if began > 0 && s.src[began-1] == '`' {
				s.constant(s.src[began:i], began)
			} else {
				s.push(token{kind: piece, at: began})
			}
			return
		case c == '$' && i+1 < len(s.src) && s.src[i+1] == '{':
			s.at = i + 2
			s.open = append(s.open, bracket{sign: '`'})
			s.push(token{kind: sign, value: "{", at: i + 1})
			return
		}
	}
	s.at = len(s.src)
}

// sign is one byte of punctuation.
func (s *scanner) sign(c byte) {
	t := token{kind: sign, value: s.src[s.at : s.at+1], at: s.at}
	prev := s.last[0]
	s.at++
	switch c {
	case '(':
		s.call(prev)
		s.open = append(s.open, bracket{sign: c, value: prev.kind != word || !heads[prev.value]})
	case '[':
		s.open = append(s.open, bracket{sign: c, value: true})
	case '{':
		s.open = append(s.open, bracket{sign: c, value: prev.kind == sign && !prev.ends && strings.Contains("(,=:[!&|?+-*%^~<", prev.value) || prev.kind == word && operators[prev.value] && prev.value != "do" && prev.value != "else"})
	case ')', ']', '}':
		t.ends = c == ']'
		if n := len(s.open); n > 0 {
			b := s.open[n-1]
			s.open = s.open[:n-1]
			if c == '}' && b.sign == '`' {
				s.template(s.at)
				return
			}
			t.ends = b.value
			s.object(b)
		}
	case '+', '-': // a++ ends a value where a does
		t.ends = prev.is(c) && s.last[1].kind != sign && s.last[1].kind != start
	}
	s.push(t)
}

// heads are the words whose "(…)" is no value.
var heads = map[string]bool{"if": true, "while": true, "for": true, "with": true}

// call sees what the names before a "(" call.
func (s *scanner) call(callee token) {
	if callee.kind != word {
		return
	}
	switch before := s.last[1]; {
	case (callee.value == "Worker" || callee.value == "SharedWorker") && before.kind == word && before.value == "new":
		s.mention(ruleWorker, "new "+callee.value, before.at)
	case callee.value == "importScripts":
		s.mention(ruleWorker, callee.value, callee.at)
	case callee.value == "register" && before.is('.') && s.last[2].kind == word && s.last[2].value == "serviceWorker":
		s.mention(ruleWorker, "serviceWorker.register", s.last[2].at)
	default:
		return
	}
	s.workers = 8 // as many tokens as `(new URL("x.js", …` has
}

func (s *scanner) mention(rule, what string, at int) {
	s.mentions = append(s.mentions, mention{rule, strings.Clone(what), at})
}

// constant is a string's value. Long ones keep their escapes: they are no names.
func (s *scanner) constant(raw string, at int) {
	if len(raw) <= maxName {
		raw = unescape(raw)
	}
	worker := s.workers > 0
	s.push(token{kind: text, value: raw, at: at})
	sep, key := s.last[1], s.last[2]
	member := (sep.is(':') || sep.is('=')) && key.value == "integrity"
	switch beside := s.beside(); {
	case looksHashed(raw):
		s.hash(pinned{beside, raw, at}, member)
	case strings.Contains(raw, webpackMark) || wholePlaceholder(raw):
		s.mention(rulePlaceholder, raw, at)
	case member && raw != "" && (raw == "undefined" || raw == "null" || raw == "[object Object]"):
		s.mention(rulePlaceholder, raw, at)
	case isName(raw):
		s.named(raw, at, worker)
	case beside != "" && hasNoHash(raw):
		s.hashes = append(s.hashes, pinned{strings.Clone(beside), strings.Clone(raw), at})
	}
}

// beside is the name before a value: `"a.js": v` or `["a.js", v`.
func (s *scanner) beside() string {
	sep, key := s.last[1], s.last[2]
	switch {
	case key.kind != text || !isName(key.value):
		return ""
	case sep.is(':'), sep.is(',') && s.last[3].is('['):
		return key.value
	}
	return ""
}

func (s *scanner) hash(p pinned, member bool) {
	p.of, p.value = strings.Clone(p.of), strings.Clone(p.value)
	if n := len(s.open); member && n > 0 && s.open[n-1].sign == '{' {
		s.open[n-1].hash = p
		return // told when the object ends, with its file
	}
	s.hashes = append(s.hashes, p)
}

// object is a literal that has ended.
func (s *scanner) object(b bracket) {
	if b.hash.value != "" {
		b.hash.of = strings.Clone(b.file)
		s.hashes = append(s.hashes, b.hash)
	}
}

func (s *scanner) named(value string, at int, worker bool) {
	sep, key := s.last[1], s.last[2]
	n := len(s.open)
	if sep.is(':') && n > 0 && s.open[n-1].sign == '{' && (key.value == "file" || key.value == "src" && s.open[n-1].file == "") {
		s.open[n-1].file = value
	}
	static := sep.kind == word && (sep.value == "from" || sep.value == "import")
	s.names = append(s.names, name{strings.Clone(value), at, worker, static}) // else it would keep the whole text
}

// unsubstituted tells the names of a loader's build that stand in it still. A
// name that the script itself declares is its own affair.
func (s *scanner) unsubstituted() {
	for w, all := range s.free {
		if s.declared[w] {
			continue
		}
		for _, at := range all {
			rest := strings.TrimLeft(s.src[at+len(w):min(len(s.src), at+len(w)+16)], " \t\r\n")
			if !strings.HasPrefix(rest, ":") { // else the key of an object
				s.mention(ruleUnsubstituted, w, at)
			}
		}
	}
}

// webpackMark is in what webpack-subresource-integrity puts where hashes are to be.
const webpackMark = "CHUNK-SRI-HASH-"

// wholePlaceholder: a constant that is nothing but the mark of a template.
func wholePlaceholder(s string) bool {
	if len(s) > 64 {
		return false
	}
	inner, ok := "", false
	for _, mark := range [][2]string{{"__", "__"}, {"%%", "%%"}, {"{{", "}}"}, {"@@", "@@"}, {"<%=", "%>"}} {
		if strings.HasPrefix(s, mark[0]) && strings.HasSuffix(s, mark[1]) && len(s) > len(mark[0])+len(mark[1]) {
			inner, ok = strings.ToLower(s[len(mark[0]):len(s)-len(mark[1])]), true
		}
	}
	return ok && (strings.Contains(inner, "integrity") || strings.Contains(inner, "sri"))
}

// looksHashed: a constant that is to be integrity metadata.
func looksHashed(s string) bool {
	algorithm, digest, ok := strings.Cut(strings.TrimLeft(s, " "), "-")
	switch strings.ToLower(algorithm) {
	case "sha1", "md5", "sha224", "sha256", "sha384", "sha512":
	default:
		return false
	}
	return ok && len(digest) >= 16 && strings.Trim(digest[:16], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=") == ""
}

// hasNoHash: what stands in the place of a hash and is none.
func hasNoHash(s string) bool {
	switch s {
	case "", "undefined", "null", "[object Object]":
		return true
	}
	return wholePlaceholder(s)
}

// maxName is the most bytes of a name: a path, and a base before it.
const maxName = 2 * release.MaxPath

// isName: a constant that may name a script or style.
func isName(s string) bool {
	if len(s) < 4 || len(s) > maxName || strings.ContainsAny(s, " \t\n<>`'\"") {
		return false
	}
	s, _, _ = strings.Cut(s, "?")
	s, _, _ = strings.Cut(s, "#")
	return roleOf(s) != ""
}

// roleOf is what a file of such a name is for; "" for neither script nor style.
func roleOf(path string) release.Role {
	switch {
	case strings.HasSuffix(path, ".js"), strings.HasSuffix(path, ".mjs"), strings.HasSuffix(path, ".cjs"):
		return release.Script
	case strings.HasSuffix(path, ".css"):
		return release.Style
	}
	return ""
}

// unescape undoes the escapes that names and hashes have: "\/", and letters as \u0041 or \x41.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		digits := map[byte]int{'u': 4, 'x': 2}[s[i]]
		if r, ok := hexadecimal(s[i+1:], digits); ok && digits > 0 {
			b.WriteRune(r)
			i += digits
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func hexadecimal(s string, digits int) (r rune, ok bool) {
	if len(s) < digits {
		return 0, false
	}
	for _, c := range []byte(strings.ToLower(s[:digits])) {
		n := strings.IndexByte("0123456789abcdef", c)
		if n < 0 {
			return 0, false
		}
		r = r<<4 | rune(n)
	}
	return r, true
}
