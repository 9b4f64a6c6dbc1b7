package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// editor changes lines of the file and keeps all others byte for byte.
type editor struct {
	doc   *yaml.Node // nil for a file that is not there
	lines []string   // with their ends
	end   string     // that of a line
	edits []edit
	// inLine has each line's replacements, to be made from the right.
	inLine map[int][]replacement
}

// edit puts lines in the place of others.
type edit struct {
	at, cut int // from line at (from 0) on so many lines go
	put     []string
}

type replacement struct {
	from, to int // bytes of the line
	text     string
}

func newEditor(source []byte) (*editor, error) {
	e := &editor{end: "\n", inLine: map[int][]replacement{}}
	if source == nil {
		return e, nil
	}
	var doc yaml.Node
	if err := yaml.Load(source, &doc); err != nil {
		return nil, fmt.Errorf("reading it again: %w", err)
	}
	e.doc = doc.Content[0]
	e.lines = strings.SplitAfter(string(source), "\n")
	if e.lines[len(e.lines)-1] == "" {
		e.lines = e.lines[:len(e.lines)-1]
	}
	if strings.HasSuffix(e.lines[0], "\r\n") {
		e.end = "\r\n"
	}
	return e, nil
}

// preamble begins a file that is not there.
var preamble = []string{"version: 1", "pages:", "  - { url: " + Todo + ", purpose: " + Todo + " }"}

// insert puts entries before the others: that is a place which comments of the
// author never belong to.
func (e *editor) insert(entries []proposal) error {
	if len(entries) == 0 {
		return nil
	}
	indent, at, put := "  ", len(e.lines), []string{"scripts:"}
	var list *yaml.Node
	if e.doc == nil {
		put = slices.Concat(preamble, put)
	} else {
		list = child(e.doc, "scripts")
	}
	switch {
	case list == nil:
	case list.Style&yaml.FlowStyle != 0 && len(list.Content) > 0:
		return errors.New("its scripts are a list in brackets, want a line with - for each")
	case list.Style&yaml.FlowStyle != 0: // scripts: []
		at, put = list.Line, nil
		if !e.splice(list, "[]", "") {
			return errors.New("its empty list of scripts spans lines, want scripts: []")
		}
	default:
		at, put, indent = e.keyLine("scripts"), nil, strings.Repeat(" ", list.Column-1)
	}
	for _, p := range entries {
		for _, line := range p.lines() {
			put = append(put, indent+line)
		}
	}
	for i := range put {
		put[i] += e.end
	}
	if last := at - 1; at == len(e.lines) && at > 0 && !strings.HasSuffix(e.lines[last], "\n") {
		n := len(e.lines[last])
		e.inLine[last] = append(e.inLine[last], replacement{n, n, e.end})
	}
	e.edits = append(e.edits, edit{at, 0, put})
	return nil
}

func (e *editor) keyLine(name string) int {
	for i := 0; i+1 < len(e.doc.Content); i += 2 {
		if e.doc.Content[i].Value == name {
			return e.doc.Content[i].Line
		}
	}
	return len(e.lines)
}

// replace writes another text for a scalar of one line; any other is left.
func (e *editor) replace(n *yaml.Node, text string) {
	was := n.Value
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		was = e.quoted(n)
	}
	if was != "" {
		e.splice(n, was, text)
	}
}

// quoted is a scalar in quotes as it is written.
func (e *editor) quoted(n *yaml.Node) string {
	rest := e.from(n)
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[0] == '"' && rest[i] == '\\', rest[0] == '\'' && strings.HasPrefix(rest[i:], "''"):
			i++
		case rest[i] == rest[0]:
			return rest[:i+1]
		}
	}
	return ""
}

// from is a line from a node on.
func (e *editor) from(n *yaml.Node) string {
	if n.Line < 1 || n.Line > len(e.lines) {
		return ""
	}
	r := []rune(strings.TrimPrefix(e.lines[n.Line-1], "\ufeff"))
	if n.Column < 1 || n.Column > len(r) {
		return ""
	}
	return string(r[n.Column-1:])
}

// splice replaces what stands at a node's place.
func (e *editor) splice(n *yaml.Node, was, text string) bool {
	rest := e.from(n)
	if !strings.HasPrefix(rest, was) {
		return false
	}
	from := len(e.lines[n.Line-1]) - len(rest)
	e.inLine[n.Line-1] = append(e.inLine[n.Line-1], replacement{from, from + len(was), text})
	return true
}

// settled are the edits in the order of lines.
func (e *editor) settled() []edit {
	all := slices.Clone(e.edits)
	for line, changes := range e.inLine {
		slices.SortFunc(changes, func(a, b replacement) int { return b.from - a.from })
		text := e.lines[line]
		for _, c := range changes {
			before := text[:c.from]
			if c.text == "" {
				before = strings.TrimRight(before, " ")
			}
			text = before + c.text + text[c.to:]
		}
		all = append(all, edit{line, 1, []string{text}})
	}
	slices.SortFunc(all, func(a, b edit) int { return a.at - b.at })
	return all
}

// text is the file with its edits.
func (e *editor) text() string {
	var out strings.Builder
	at := 0
	for _, change := range e.settled() {
		for ; at < change.at; at++ {
			out.WriteString(e.lines[at])
		}
		out.WriteString(strings.Join(change.put, ""))
		at += change.cut
	}
	out.WriteString(strings.Join(e.lines[at:], ""))
	return out.String()
}

// context is how many lines a diff shows around a change.
const context = 3

// diff is the edits as a unified diff.
func (e *editor) diff(name string) string {
	from := "a/" + name
	if e.doc == nil {
		from = "/dev/null"
	}
	out := "--- " + from + "\n+++ b/" + name + "\n"
	all := e.settled()
	shift := 0
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].at-(all[n-1].at+all[n-1].cut) <= 2*context {
			n++
		}
		hunk, grown := e.hunk(all[:n], shift)
		out += hunk
		shift += grown
		all = all[n:]
	}
	return out
}

// hunk is edits near each other, and by how many lines they lengthen the file.
func (e *editor) hunk(edits []edit, shift int) (string, int) {
	last := edits[len(edits)-1]
	start, end := max(0, edits[0].at-context), min(len(e.lines), last.at+last.cut+context)
	var body strings.Builder
	write := func(sign string, lines []string) {
		for _, line := range lines {
			body.WriteString(sign + line)
			if !strings.HasSuffix(line, "\n") {
				body.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	at, grown := start, 0
	for _, change := range edits {
		write(" ", e.lines[at:change.at])
		at = change.at + change.cut
		write("-", e.lines[change.at:at])
		write("+", change.put)
		grown += len(change.put) - change.cut
	}
	write(" ", e.lines[at:end])
	return "@@ -" + span(start, end-start) + " +" + span(start+shift, end-start+grown) + " @@\n" + body.String(), grown
}

// span is lines as a hunk's head has them: an empty one names the line before.
func span(start, n int) string {
	if n == 0 {
		return fmt.Sprintf("%d,0", start)
	}
	return fmt.Sprintf("%d,%d", start+1, n)
}
