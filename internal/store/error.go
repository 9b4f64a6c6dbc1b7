package store

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Code is the kind of an Error, for those who branch on it.
type Code int

// The codes. A write that failed with any but Unknown wrote nothing.
const (
	// Other is what no other code says; the message is all there is.
	Other Code = iota
	// NotFound: there is no such object.
	NotFound
	// Exists: an object is where none should be.
	Exists
	// Changed: the object is not the version that was seen.
	Changed
	// Denied: these credentials may not do this.
	Denied
	// Busy: nothing was done, and later may be better (429, 503, a conflict of
	// writes that the server did not decide).
	Busy
	// Unknown: no answer came, or one that does not say whether it was done.
	Unknown
	// Mismatch: the bytes are not those of the digest or size that was named.
	Mismatch
	// Invalid: the request can't be met by this store at all: a name it has no
	// room for, a condition it can't check.
	Invalid
)

var codes = [...]string{
	Other: "failed", NotFound: "not found", Exists: "already there", Changed: "changed meanwhile",
	Denied: "denied", Busy: "busy", Unknown: "outcome unknown", Mismatch: "other bytes", Invalid: "not possible",
}

func (c Code) String() string {
	if c < 0 || int(c) >= len(codes) {
		return "code " + strconv.Itoa(int(c))
	}
	return codes[c]
}

// Error is a driver's. Err says what the server or the system said, without
// credentials, signed addresses or more than a few hundred bytes of an answer.
type Error struct {
	Code Code
	Op   string // such as "writing"
	Name string
	// RetryAfter is the server's own wish, with Busy; may be zero.
	RetryAfter time.Duration
	Err        error // may be nil
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s %q: %s", e.Op, e.Name, e.Code)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code of the first Error in err's chain, and Other without one.
func CodeOf(err error) Code {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return Other
}

// wish is how long the server wants to be left alone, one minute at most.
func wish(err error) time.Duration {
	if e := (*Error)(nil); errors.As(err, &e) {
		return min(e.RetryAfter, time.Minute)
	}
	return 0
}
