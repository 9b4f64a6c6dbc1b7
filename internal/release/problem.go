package release

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Problem is one thing wrong with a record.
type Problem struct {
	Path string // JSON path, such as $.files[3].size
	Got  string // what is there
	Want string // what is allowed there
}

func (p Problem) String() string {
	return p.Path + ": got " + p.Got + ", want " + p.Want
}

// Error is everything wrong with a record: the first twenty problems, in the
// order of the record, and how many more there are.
type Error struct {
	Problems []Problem
	More     int
}

func (e *Error) Error() string {
	var b strings.Builder
	n := len(e.Problems) + e.More
	if n == 1 {
		return "invalid release record: " + e.Problems[0].String()
	}
	fmt.Fprintf(&b, "invalid release record, %d problems:", n)
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

// UnknownVersionError says that a record is of a version that this package does
// not read. A newer tool wrote it, most likely.
type UnknownVersionError struct {
	Got   string
	Known []int
}

func (e *UnknownVersionError) Error() string {
	known := make([]string, len(e.Known))
	for i, v := range e.Known {
		known[i] = strconv.Itoa(v)
	}
	return fmt.Sprintf("unknown version of a release record: $.version is %s, this tool knows %s; read it with the tool that wrote it, or a newer one",
		e.Got, strings.Join(known, ", "))
}

const maxProblems = 20

// report collects problems. A place is reported once, and nothing inside it
// afterwards: the first finding is the cause, later ones are its consequences.
type report struct {
	problems []Problem
	more     int
	seen     map[string]bool
}

func (r *report) add(at *place, got, want string) {
	if len(r.problems) >= maxProblems {
		r.more++ // no bookkeeping past the bound: a hostile record must stay cheap
		return
	}
	for p := at; ; p = p.in {
		if r.seen[p.String()] {
			return
		}
		if p == nil {
			break
		}
	}
	path := at.String()
	if r.seen == nil {
		r.seen = make(map[string]bool)
	}
	r.seen[path] = true
	r.problems = append(r.problems, Problem{Path: path, Got: got, Want: want})
}

func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return &Error{Problems: r.problems, More: r.more}
}

// place is a JSON path, kept as a chain so that it costs nothing until printed.
type place struct {
	in    *place
	name  string // of a member
	index int    // of an item; of a member -1
}

var root *place

func (p *place) member(name string) *place { return &place{in: p, name: name, index: -1} }
func (p *place) item(i int) *place         { return &place{in: p, index: i} }

func (p *place) String() string {
	if p == nil {
		return "$"
	}
	if p.index >= 0 {
		return p.in.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	if p.name == "" || strings.Trim(p.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return p.in.String() + "[" + quote(p.name) + "]"
	}
	return p.in.String() + "." + p.name
}

// quote shows a string of unknown origin: escaped, and cut to 80 bytes.
func quote(s string) string {
	const most = 80
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q… (%d bytes)", s[:cut], len(s))
}

// oneOf lists what is allowed, quoted.
func oneOf[T ~string](allowed []T) string {
	all := make([]string, len(allowed))
	for i, a := range allowed {
		all[i] = strconv.Quote(string(a))
	}
	return strings.Join(all, ", ")
}
