package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing wrong with the file. Line and Column count from 1;
// Line 0 means the file as a whole.
type Problem struct {
	Line, Column int
	Message      string
}

// Error is everything wrong with a file, in its order.
type Error struct {
	File     string
	Problems []Problem
}

// Error has one line a problem, as compilers write them.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = e.File + ": " + p.Message
		if p.Line > 0 {
			lines[i] = fmt.Sprintf("%s:%d:%d: %s", e.File, p.Line, p.Column, p.Message)
		}
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds the report; nobody corrects more at a time.
const maxProblems = 50

// problems collects what is wrong.
type problems struct {
	list []Problem
	more int
}

func (p *problems) add(line, column int, format string, args ...any) {
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	found := Problem{line, column, fmt.Sprintf(format, args...)}
	if !slices.Contains(p.list, found) { // a key may be asked for twice
		p.list = append(p.list, found)
	}
}

// at reports a problem at a node.
func (p *problems) at(n *node, format string, args ...any) {
	p.add(n.line, n.column, format, args...)
}

func (p *problems) err(file string) error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if p.more > 0 {
		p.list = append(p.list, Problem{Message: fmt.Sprintf("and %d more problems", p.more)})
	}
	return &Error{File: file, Problems: p.list}
}

// quote shows text of the file, cut to 80 bytes.
func quote(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%q… (%d bytes)", strings.ToValidUTF8(s[:80], ""), len(s))
	}
	return strconv.Quote(s)
}

// oneOf lists what is allowed.
func oneOf[T ~string](allowed []T) string {
	all := make([]string, len(allowed))
	for i, a := range allowed {
		all[i] = string(a)
	}
	return strings.Join(all, ", ")
}
