package action

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sethvargo/go-githubactions"

	"github.com/org/checkout-deploy/internal/finding"
)

// The runner shows ten annotations of a level a step and drops the others
// silently; a message is cut at 4,096 characters.
const (
	maxAnnotations = 10
	maxMessage     = 4096
)

// level is the runner's word, and a terminal's.
type level string

const (
	errorLevel   level = "error"
	warningLevel level = "warning"
	noticeLevel  level = "notice"
)

var levels = []level{errorLevel, warningLevel, noticeLevel}

func levelOf(s finding.Severity) level {
	switch {
	case s.Rank() >= finding.High.Rank():
		return errorLevel
	case s.Rank() >= finding.Low.Rank():
		return warningLevel
	}
	return noticeLevel
}

// annotations holds back the tenth of a level: should there be an eleventh, the
// last place says how many more there are.
type annotations struct {
	shown map[level]int
	held  map[level]*githubactions.Command
	more  map[level]int
}

// annotate shows a finding. All of them are lines of the log.
func (r *Run) annotate(f finding.Finding) {
	l := levelOf(f.Severity)
	if !r.OnRunner() {
		r.printLevel(l, lines(f))
		return
	}
	n := &r.notes
	if n.shown == nil {
		n.shown, n.held, n.more = map[level]int{}, map[level]*githubactions.Command{}, map[level]int{}
	}
	command := r.command(l, f)
	switch {
	case n.shown[l] < maxAnnotations-1:
		n.shown[l]++
		r.toolkit.IssueCommand(command)
		return
	case n.held[l] == nil && n.more[l] == 0:
		n.held[l] = command
	default:
		n.more[l]++
	}
	r.print(string(l) + ": " + lines(f))
}

func (r *Run) command(l level, f finding.Finding) *githubactions.Command {
	message := f.Message
	if f.Hint != "" {
		message += "\n" + f.Hint
	}
	properties := githubactions.CommandProperties{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			properties[name] = visible(r.secrets.hide(value))
		}
	}
	set("title", f.Rule)
	set("file", f.Location.Path)
	set("line", strconv.Itoa(f.Location.Line))
	set("endLine", strconv.Itoa(f.Location.EndLine))
	// Columns count for a place in one line only.
	if f.Location.Line > 0 && (f.Location.EndLine == 0 || f.Location.EndLine == f.Location.Line) {
		set("col", strconv.Itoa(f.Location.Column))
		set("endColumn", strconv.Itoa(f.Location.EndColumn))
	}
	return &githubactions.Command{Name: string(l), Properties: properties, Message: cut(plain(r.secrets.hide(message), false), maxMessage)}
}

// flushAnnotations shows what was held back, or how many are only in the log.
func (r *Run) flushAnnotations() {
	for _, l := range levels {
		held, more := r.notes.held[l], r.notes.more[l]
		if held == nil {
			continue
		}
		if more > 0 {
			held = &githubactions.Command{Name: string(l), Message: fmt.Sprintf("and %d more, in this step's log", more+1)}
		}
		r.toolkit.IssueCommand(held)
	}
	r.notes = annotations{}
}

// lines are a finding as a log has it: the place and message, the source's line,
// and what to try.
func lines(f finding.Finding) string {
	text := f.String()
	if f.Excerpt != "" {
		text += "\n" + f.Excerpt
	}
	return text + indented(f.Hint)
}

// indented puts a hint under its message.
func indented(hint string) string {
	if hint == "" {
		return ""
	}
	return "\n  " + strings.ReplaceAll(hint, "\n", "\n  ")
}

// cut shortens text to most characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// colours of levels: red, yellow, cyan, each bold.
var colours = map[level]string{errorLevel: "\x1b[1;31m", warningLevel: "\x1b[1;33m", noticeLevel: "\x1b[1;36m"}

// printLevel writes a line as compilers do. Escape sequences are made here and
// nowhere else: those of a message are shown as text.
func (r *Run) printLevel(l level, text string) {
	if r.Colour {
		r.log().print(colours[l] + string(l) + ":\x1b[0m ")
	} else {
		r.log().print(string(l) + ": ")
	}
	r.print(text)
}
