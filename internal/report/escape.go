package report

import (
	"regexp"
	"slices"
	"strings"
)

// pause is a zero width space. GitHub turns "@name", "#1", ":smile:", addresses
// and commits in the text of a page into links and pictures after Markdown is
// done, so no escape of Markdown's keeps it from that.
const pause = "&#8203;"

// pauses are patterns and how many bytes of a match are before the pause.
var pauses = []struct {
	pattern *regexp.Regexp
	before  int
}{
	{regexp.MustCompile(`@[0-9A-Za-z_]`), 1},  // mentions, mail addresses, commits of repositories
	{regexp.MustCompile(`#[0-9]`), 1},         // issues
	{regexp.MustCompile(`(?i)\bGH-[0-9]`), 3}, // issues
	{regexp.MustCompile(`://`), 1},            // addresses
	{regexp.MustCompile(`(?i)www\.`), 3},      // addresses
	{regexp.MustCompile(`(?i)mailto:`), 7},    // addresses
	{regexp.MustCompile(`(?i)xmpp:`), 5},      // addresses
}

var commit = regexp.MustCompile(`\b[0-9a-f]{7,40}\b`)

// pausesIn returns where pauses go, in order.
func pausesIn(s string) []int {
	var at []int
	for _, p := range pauses {
		for _, m := range p.pattern.FindAllStringIndex(s, -1) {
			at = append(at, m[0]+p.before)
		}
	}
	for _, m := range commit.FindAllStringIndex(s, -1) { // no part is long enough
		for i := m[0] + 6; i < m[1]; i += 6 {
			at = append(at, i)
		}
	}
	for i := strings.IndexByte(s, ':'); i >= 0 && i < len(s); { // :emoji:
		end := i + 1
		for end < len(s) && (isWord(s[end]) || s[end] == '+' || s[end] == '-') {
			end++
		}
		if end > i+1 && end < len(s) && s[end] == ':' {
			at = append(at, i+1)
		}
		next := strings.IndexByte(s[end:], ':')
		if next < 0 {
			break
		}
		i = end + next
	}
	slices.Sort(at)
	return slices.Compact(at)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// signs of Markdown inside a line. What a table or a tag is made of is written
// as an entity: a backslash before it does not survive the cutting into cells.
var signs = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", `\`, "&#92;", "`", "&#96;", "$", "&#36;",
	"*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "#", `\#`,
)

// escape writes text of unknown origin as GitHub's Markdown that shows it: on
// one line, fit for a cell, and with nothing in it that becomes a link, a
// mention, a picture, an element or a formula.
func escape(s string) string {
	return paused(line(s), signs)
}

// element writes text inside an HTML block, where Markdown has no say.
func element(s string) string { return paused(line(s), entities) }

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func paused(s string, escape *strings.Replacer) string {
	var out strings.Builder
	from := 0
	for _, at := range pausesIn(s) {
		out.WriteString(escape.Replace(s[from:at]))
		out.WriteString(pause)
		from = at
	}
	out.WriteString(escape.Replace(s[from:]))
	return out.String()
}

var leading = regexp.MustCompile(`^(?:[-+=:]|[0-9]+[.)])`)

// start escapes what would make a list, a rule or a heading of a line.
func start(markdown string) string {
	m := leading.FindString(markdown)
	if m == "" {
		return markdown
	}
	return markdown[:len(m)-1] + `\` + markdown[len(m)-1:]
}

// span writes text as code. Where backquotes or the cutting into cells would
// get in the way, it takes the HTML element.
func span(s string) string {
	s = line(s)
	if s == "" {
		return ""
	}
	if strings.ContainsAny(s, "|`\\") {
		return "<code>" + escape(s) + "</code>"
	}
	return "`" + s + "`"
}

// fence writes lines as a code block, with a fence that none of them ends.
func fence(language, text string) string {
	longest, run := 2, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	mark := strings.Repeat("`", longest+1)
	if !regexp.MustCompile(`^[a-z0-9-]{0,20}$`).MatchString(language) {
		language = ""
	}
	return mark + language + "\n" + text + "\n" + mark
}
