package gh

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

const (
	maxTitle = 256
	maxBody  = 65536 // GitHub's word for it is characters; UTF-16 has the most of them
)

var (
	keyForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9./_-]{0,99}$`)
	labelForm = regexp.MustCompile(`^[^,\s][^,\n\r\t]{0,48}[^,\s]$|^[^,\s]$`)
)

func checkKey(key string) error {
	if !keyForm.MatchString(key) || strings.Contains(key, "--") || strings.HasSuffix(key, "-") {
		return fmt.Errorf(`got the key %.120q of an alert; it is at most 100 of a-z, 0-9 and "./_-", begins with a letter or digit, and has no "--" and no "-" at the end`, key)
	}
	return nil
}

func checkLabel(label string) error {
	if !labelForm.MatchString(label) {
		return fmt.Errorf("got the label %.80q; it has 1 to 50 characters, no comma, and no space at an end", label)
	}
	return nil
}

// Marks are HTML comments, which GitHub keeps and does not show. They are the
// first lines of a body, so that no text further down can pose as one.

func keyMark(key string) string { return "<!-- checkout-deploy:" + key + " -->" }

// stateMark stands for what was found. A key has no space, so none is read as
// one.
func stateMark(state string) string {
	sum := sha256.Sum256([]byte(state))
	return "<!-- checkout-deploy state " + hex.EncodeToString(sum[:]) + " -->"
}

// firstLines returns the two lines that the marks are on. GitHub's editor ends
// lines with CR LF.
func firstLines(body string) (key, state string) {
	key, rest, _ := strings.Cut(body, "\n")
	state, _, _ = strings.Cut(rest, "\n")
	return strings.TrimRight(key, "\r "), strings.TrimRight(state, "\r ")
}

// marked is a text of ours with its marks, no longer than GitHub takes.
func marked(key, state, markdown string) string {
	head := keyMark(key) + "\n" + stateMark(state) + "\n\n"
	return head + cutBody(markdown, maxBody-len(head))
}

const cutNote = "\n\n*The rest did not fit into an issue; the run's report has all of it.*"

// cutBody cuts Markdown to limit characters at a line's end, says so, and ends
// the code block that it may have cut in two.
func cutBody(s string, limit int) string {
	if length(s) <= limit {
		return s
	}
	room := limit - len(cutNote)
	kept, size, fence := 0, 0, ""
	for line := range strings.Lines(s) {
		open := fenceAfter(fence, line)
		size += length(line)
		if size+len("\n")+len(open) > room {
			break
		}
		kept, fence = kept+len(line), open
	}
	cut := strings.TrimRight(s[:kept], "\n")
	if fence != "" {
		cut += "\n" + fence
	}
	return cut + cutNote
}

var fenceForm = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})([^\n]*)")

// fenceAfter is the fence of the code block that is open after a line; "" for
// none.
func fenceAfter(open, line string) string {
	m := fenceForm.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
	switch {
	case m == nil:
		return open
	case open == "" && (m[1][0] == '~' || !strings.Contains(m[2], "`")):
		return m[1]
	case open != "" && m[1][0] == open[0] && len(m[1]) >= len(open) && strings.TrimSpace(m[2]) == "":
		return ""
	}
	return open
}

func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// oneLine is a title: plain text, cut to what GitHub takes.
func oneLine(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	s = strings.Join(words, " ")
	if length(s) <= maxTitle {
		return s
	}
	size, end := 0, 0
	for i, r := range s {
		if size += utf16.RuneLen(r); size > maxTitle-1 {
			break
		}
		end = i + len(string(r))
	}
	return strings.TrimRight(s[:end], " ") + "…"
}
