package action

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Kind says what sort of error ended an action: who has to do something about
// it. Each has its exit code.
type Kind int

const (
	// Failed is the ordinary one: what was asked for was tried, and the answer is
	// no. A build's error, a verdict.
	Failed Kind = iota
	// Misused is an input, flag or configuration that has to be corrected.
	Misused
	// Unavailable is something outside that did not answer; the same again may work.
	Unavailable
	// Refused is a credential or permission that is missing or not enough.
	Refused
	// Cancelled is a signal's doing.
	Cancelled
	// Broken is a mistake in this program.
	Broken
)

// kinds tells of each Kind the exit code and what to try when the error itself
// does not say.
var kinds = map[Kind]struct {
	code int
	hint string
}{
	Failed:      {1, ""},
	Misused:     {2, ""},
	Unavailable: {3, "something outside did not answer: the same again may work"},
	Refused:     {4, "look at the job's permissions and secrets"},
	Cancelled:   {130, ""}, // 128 + SIGINT, as shells have it
	Broken:      {70, "this is a mistake of checkout-deploy's own: please report it"},
}

// Error is an error whose kind is not Failed, or that knows what to try.
type Error struct {
	Kind Kind
	Hint string // may be empty
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Misuse says that err is about an input, a flag or the configuration.
func Misuse(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: Misused, Err: err}
}

// Explain adds what to try.
func Explain(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kindOf(err), Hint: hint, Err: err}
}

// kindOf is the one place that turns errors into kinds.
func kindOf(err error) Kind {
	var known *Error
	var inputs *InputError
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.As(err, &known):
		return known.Kind
	case errors.As(err, &inputs):
		return Misused
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable
	}
	return Failed
}

// hintOf is what to try about err: its own hint, or one for what the system said,
// or its kind's.
func hintOf(err error) string {
	var known *Error
	switch {
	case errors.As(err, &known) && known.Hint != "":
		return known.Hint
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: nothing was put in place; make room and run it again"
	case errors.Is(err, fs.ErrPermission):
		return "the file's owner or mode keeps it from " + userName()
	}
	return kinds[kindOf(err)].hint
}

func userName() string {
	if os.Getuid() == 0 {
		return "root, so the file system may be read-only"
	}
	return "who runs this"
}
