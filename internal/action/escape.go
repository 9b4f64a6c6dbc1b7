package action

import (
	"strconv"
	"strings"
	"unicode"
)

// plain makes text of unknown origin safe for a log: no character that a
// terminal or an editor takes for more than itself, and, where a runner reads
// it, no line that it takes for a command.
//
// The runner (actions/runner, ActionCommand.cs) reads "::name::" behind white
// space at a line's start, and the older "##[name]" anywhere in a line. Line
// ends are \n, \r and \r\n.
func plain(text string, forRunner bool) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		line = visible(line)
		if forRunner {
			line = harmless(line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// visible writes control and formatting characters (escape sequences, carriage
// returns, changes of direction) as Go escapes.
func visible(line string) string {
	clean := func(r rune) bool { return r == '\t' || r != unicode.ReplacementChar && !hidden(r) }
	if strings.IndexFunc(line, func(r rune) bool { return !clean(r) }) < 0 {
		return line
	}
	var b strings.Builder
	for _, r := range line {
		if clean(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// hidden characters are controls (Cc), formats (Cf), and separators of lines and
// paragraphs. The joiner of emoji and scripts is a format too: in a log it may
// as well be seen.
func hidden(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

func harmless(line string) string {
	if strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::") {
		line = `\` + line
	}
	return strings.ReplaceAll(line, "##[", `#\#[`)
}
