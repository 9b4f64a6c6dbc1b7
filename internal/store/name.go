package store

import "github.com/org/checkout-deploy/internal/release"

// CheckName is Invalid for what is no name of an object. Every driver asks it
// before it does anything, so that a name means one object in every store.
func CheckName(op, name string) error {
	if err := release.CheckPath(name); err != nil {
		return &Error{Code: Invalid, Op: op, Name: name, Err: err}
	}
	return nil
}

// CheckFolder is CheckName for what is listed, "" being all.
func CheckFolder(folder string) error {
	if folder == "" {
		return nil
	}
	return CheckName("listing", folder)
}
