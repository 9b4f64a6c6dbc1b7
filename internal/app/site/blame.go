package site

import (
	"errors"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/store"
)

// Blame says whose an error of the store is, where nobody has yet: a right that is
// missing ends with another exit code than a release that is not well.
func Blame(err error) error {
	kind, hint := action.Failed, ""
	if code := store.CodeOf(err); code == store.Denied {
		kind, hint = action.Refused, "see what rights the store's credentials need, and how they are found: docs/stores.md"
	} else if code == store.Busy {
		kind = action.Unavailable
	}
	known := (*action.Error)(nil)
	if errors.As(err, &known) && known.Kind != action.Failed || kind == action.Failed {
		return err
	}
	if known != nil && known.Hint != "" {
		hint = known.Hint
	}
	return &action.Error{Kind: kind, Hint: hint, Err: err}
}
