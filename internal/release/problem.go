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

// Error is everything wrong with a record, in its order.
type Error struct{ ProblemList[Problem] }

func (e *Error) Error() string { return e.Say("invalid release record") }

// ProblemList has the first twenty problems with a text, and how many more there are.
type ProblemList[P fmt.Stringer] struct {
	Problems []P
	More     int
}

const maxProblems = 20

// Add takes a problem. Past the bound it only counts.
func (l *ProblemList[P]) Add(p P) {
	if l.IsFull() {
		l.More++
		return
	}
	l.Problems = append(l.Problems, p)
}

// IsFull says that no more are kept.
func (l *ProblemList[P]) IsFull() bool { return len(l.Problems) >= maxProblems }

// Say lists the problems after what they are about.
func (l *ProblemList[P]) Say(about string) string {
	if n := len(l.Problems) + l.More; n != 1 {
		about = fmt.Sprintf("%s, %d problems:\n ", about, n)
	} else {
		about += ":"
	}
	var b strings.Builder
	b.WriteString(about)
	for i, p := range l.Problems {
		if i > 0 {
			b.WriteString("\n ")
		}
		b.WriteString(" " + p.String())
	}
	if l.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", l.More)
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

// report collects problems. A place is reported once, and nothing inside it
// afterwards: the first finding is the cause, later ones are its consequences.
type report struct {
	list ProblemList[Problem]
	seen map[string]bool
}

func (r *report) add(at *place, got, want string) {
	if r.list.IsFull() {
		r.list.More++ // no bookkeeping past the bound: a hostile record must stay cheap
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
	r.list.Add(Problem{Path: path, Got: got, Want: want})
}

func (r *report) err() error {
	if len(r.list.Problems) == 0 {
		return nil
	}
	return &Error{r.list}
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

// Quote shows a string of unknown origin: escaped, and cut to 80 bytes.
func Quote(s string) string { return quote(s) }

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
