package site

import (
	"errors"
	"fmt"
	"testing"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/store"
)

func TestBlame(t *testing.T) {
	denied := fmt.Errorf("reading what is live: %w", &store.Error{Code: store.Denied, Op: "opening", Name: "index.html"})
	for _, test := range []struct {
		name string
		err  error
		want action.Kind
	}{
		{"nothing", nil, action.Failed},
		{"a release that is not well", errors.New("no"), action.Failed},
		{"a right that is missing", denied, action.Refused},
		{"the same among other things", action.Explain(errors.Join(errors.New("no"), denied), "mend all of it"), action.Refused},
		{"a configuration that is wrong, too", action.Misuse(errors.Join(errors.New("no"), denied)), action.Misused},
		{"a store that is busy", &store.Error{Code: store.Busy}, action.Unavailable},
		{"a race that was lost", &store.Error{Code: store.Changed}, action.Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Blame(test.err)
			got := action.Failed
			if known := (*action.Error)(nil); errors.As(err, &known) {
				got = known.Kind
			}
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %v of the kind %d, want %d", err, got, test.want)
			}
		})
	}
}
