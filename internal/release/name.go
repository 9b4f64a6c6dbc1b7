package release

import (
	"fmt"
	"strings"
)

// CheckName says what makes name unusable as the name of a pass, entry or
// chunk, or nil: these names become parts of file names and of "<pass>/<name>".
func CheckName(name string) error {
	if validName(name) {
		return nil
	}
	return fmt.Errorf("got %s, want %s", quote(name), wantName)
}

const (
	maxName  = 128
	wantName = `1 to 128 of A-Z a-z 0-9 . _ ~ @ + -, the first a letter, a digit, "_" or "@", the last no dot, and not the name of a Windows device`

	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

func validName(s string) bool {
	return s != "" && len(s) <= maxName &&
		strings.IndexByte(letters+"_@", s[0]) >= 0 &&
		strings.Trim(s, letters+"._~@+-") == "" &&
		s[len(s)-1] != '.' && !isDevice(s)
}

// A label is text for people and other tools: a tool's name, a version, a target.
const wantLabel = "1 to 214 printable ASCII characters, no spaces"

func validLabel(s string) bool {
	return s != "" && len(s) <= 214 && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// CheckLibrary says what makes name unusable as a global variable, or nil. Only
// ASCII identifiers, and not those that every object inherits: a page's own
// code reads window[name].
func CheckLibrary(name string) error {
	if validLibrary(name) {
		return nil
	}
	return fmt.Errorf("got %s, want %s", quote(name), wantLibrary)
}

const wantLibrary = `an identifier of A-Z a-z 0-9 _ $, at most 128 characters, not starting with a digit and not a property that every object has`

func validLibrary(s string) bool {
	switch s {
	case "__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "window", "self", "globalThis", "top", "location", "document", "undefined", "NaN", "Infinity":
		return false
	}
	return s != "" && len(s) <= 128 && strings.Trim(s, letters+"_$") == "" && (s[0] < '0' || s[0] > '9')
}
