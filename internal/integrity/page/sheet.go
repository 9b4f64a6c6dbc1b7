package page

import "strings"

// rule is an @import of a style sheet.
type rule struct {
	url    string
	offset int
}

// imports finds the @import rules of a style sheet: outside of comments and
// strings.
func imports(css string) []rule {
	var list []rule
	for i := 0; i < len(css); {
		switch {
		case strings.HasPrefix(css[i:], "/*"):
			i = after(css, i+2, "*/")
		case css[i] == '"' || css[i] == '\'':
			i = quoted(css, i)
		case css[i] == '@' && len(css)-i > 7 && lower(css[i+1:i+7]) == "import" && !nameByte(css[i+7]):
			list = append(list, rule{target(css[i+7:]), i})
			i += 7
		default:
			i++
		}
	}
	return list
}

// after is the offset behind the next end, or that of the end of the sheet.
func after(css string, from int, end string) int {
	if n := strings.Index(css[from:], end); n >= 0 {
		return from + n + len(end)
	}
	return len(css)
}

// quoted is the offset behind a string, which ends at its line's end if nothing
// else ends it.
func quoted(css string, from int) int {
	for i := from + 1; i < len(css); i++ {
		switch css[i] {
		case '\\':
			i++
		case '\n', css[from]:
			return i + 1
		}
	}
	return len(css)
}

func nameByte(c byte) bool {
	return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}

// target is the address of a rule, as far as it is written plainly.
func target(css string) string {
	css = strings.TrimLeft(css, whitespace)
	if len(css) >= 4 && lower(css[:4]) == "url(" {
		css = strings.TrimLeft(css[4:], whitespace)
	}
	if css != "" && (css[0] == '"' || css[0] == '\'') {
		return strings.Trim(css[:quoted(css, 0)], css[:1]+"\n")
	}
	if end := strings.IndexAny(css, ");"+whitespace); end >= 0 {
		css = css[:end]
	}
	return css
}
