package coverage

import "strings"

// imported is a CSS @import: the style sheet that it loads, and where the rule
// begins.
type imported struct {
	url string
	at  int
}

// readStyle finds the @import rules of a style sheet: those that a browser
// follows, and those behind other rules, which it does not and somebody meant. It
// reads tokens (CSS Syntax Level 3, section 4): an @import in a comment, a string
// or a url() is none, nor is one in a block.
func readStyle(src string) []imported {
	var out []imported
	depth := 0
	for at := 0; at < len(src); {
		switch c := src[at]; {
		case strings.HasPrefix(src[at:], "/*"):
			at = skipComment(src, at)
		case c == '"' || c == '\'':
			_, at = cssString(src, at)
		case c == '{' || c == '(' || c == '[':
			depth++
			at++
		case c == '}' || c == ')' || c == ']':
			depth = max(0, depth-1)
			at++
		case c == '@' && depth == 0:
			word, end := cssIdent(src, at+1)
			if strings.EqualFold(word, "import") {
				url, after := importURL(src, end)
				out = append(out, imported{url, at})
				end = after
			}
			at = end
		case isWord(c) || c == '-':
			word, end := cssIdent(src, at)
			if strings.EqualFold(word, "url") && end < len(src) && src[end] == '(' {
				_, end = cssURL(src, end)
			}
			at = max(end, at+1)
		default:
			at++
		}
	}
	return out
}

func skipComment(src string, at int) int {
	n := strings.Index(src[at+2:], "*/")
	if n < 0 {
		return len(src)
	}
	return at + 2 + n + 2
}

// importURL is what follows @import: a string or a url().
func importURL(src string, at int) (string, int) {
	for at < len(src) {
		switch {
		case strings.IndexByte(" \t\r\n\f", src[at]) >= 0:
			at++
		case strings.HasPrefix(src[at:], "/*"):
			at = skipComment(src, at)
		case src[at] == '"' || src[at] == '\'':
			return cssString(src, at)
		default:
			word, end := cssIdent(src, at)
			if strings.EqualFold(word, "url") && end < len(src) && src[end] == '(' {
				return cssURL(src, end)
			}
			return "", at
		}
	}
	return "", at
}

// cssString reads a string from its quote on; a new line ends a broken one.
func cssString(src string, at int) (string, int) {
	quote, from := src[at], at+1
	for at = from; at < len(src); at++ {
		switch src[at] {
		case '\\':
			at++
		case '\n':
			return cssText(src[from:at]), at
		case quote:
			return cssText(src[from:at]), at + 1
		}
	}
	return cssText(src[from:]), len(src)
}

// cssURL reads `(…)` of a url, quoted or not.
func cssURL(src string, at int) (string, int) {
	for at++; at < len(src) && strings.IndexByte(" \t\r\n\f", src[at]) >= 0; {
		at++
	}
	if at < len(src) && (src[at] == '"' || src[at] == '\'') {
		value, end := cssString(src, at)
		for end < len(src) && strings.IndexByte(" \t\r\n\f", src[end]) >= 0 {
			end++
		}
		if end < len(src) && src[end] == ')' {
			end++
		}
		return value, end
	}
	from := at
	for ; at < len(src) && src[at] != ')'; at++ {
		if src[at] == '\\' {
			at++
		}
	}
	at = min(at, len(src))
	return cssText(strings.TrimRight(src[from:at], " \t\r\n\f")), min(at+1, len(src))
}

// cssIdent reads an identifier, escapes undone.
func cssIdent(src string, at int) (string, int) {
	from := at
	for at < len(src) && (isWord(src[at]) || src[at] == '-') {
		if src[at] != '\\' {
			at++
			continue
		}
		at++
		n := 0
		for n < 6 && at+n < len(src) && isHex(src[at+n]) {
			n++
		}
		at += n
		if n == 0 || at < len(src) && src[at] == ' ' {
			at = min(at+1, len(src))
		}
	}
	return cssText(src[from:at]), at
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// cssText undoes escapes (section 4.3.7).
func cssText(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		n := 0
		for n < 6 && i+1+n < len(s) && isHex(s[i+1+n]) {
			n++
		}
		if n == 0 {
			i++
			if s[i] != '\n' {
				b.WriteByte(s[i])
			}
			continue
		}
		if r, ok := hexadecimal(s[i+1:], n); ok && r < 0x110000 {
			b.WriteRune(r)
		}
		i += n
		if i+1 < len(s) && s[i+1] == ' ' {
			i++
		}
	}
	return b.String()
}
