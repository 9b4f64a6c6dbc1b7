package database

import (
	"errors"
	"strings"
)

// What a caller may ask of an error.
var (
	ErrUnavailable = errors.New("a registry did not answer")
	ErrRefused     = errors.New("a registry refused the credentials")
	ErrMisused     = errors.New("an option is wrong")
)

// errLocal is of this machine, as a full disk.
var errLocal = errors.New("the cache folder could not be written")

// failure is an error of a kind, with a text of its own.
type failure struct {
	kind error
	text string
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return target == f.kind }

// Error says that there is no database to look things up in, and why each place
// that could have one has none.
type Error struct {
	Kind  string // "vulnerabilities", "java", "checks"
	Tried []error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("nothing was scanned, as there is no database of " + e.Kind + " to look things up in:")
	for _, err := range e.Tried {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			b.WriteString("\n  " + line)
		}
	}
	b.WriteString("\n" + e.advice())
	return b.String()
}

func (e *Error) Unwrap() []error { return e.Tried }

func (e *Error) advice() string {
	all := errors.Join(e.Tried...)
	switch {
	case errors.Is(all, ErrMisused):
		return "correct the names"
	case errors.Is(all, errLocal):
		return "make room in the cache folder, and let who runs this write there"
	case errors.Is(all, ErrUnavailable):
		return "run it again later, name a mirror of your own, or keep the cache folder from run to run: the last good one is used while it is not too old"
	case errors.Is(all, ErrRefused):
		return "look at the repository's name and the credentials for its registry"
	}
	return "name another repository, bring a newer archive, or keep the cache folder of a run that had one"
}

// list is errors in one line.
func list(all []error) string {
	var texts []string
	for _, err := range all {
		texts = append(texts, strings.ReplaceAll(err.Error(), "\n", ", "))
	}
	return strings.Join(texts, "; ")
}
