// Package plan decides what a rollout does: a strategy is a pure function from
// what is live and what is wanted to a Plan. It does no I/O.
package plan

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/target"
)

// Plan is the steps of a rollout, in order.
type Plan struct {
	// Why says in a sentence what the plan is for.
	Why   string
	Steps []Step
}

// Step is one of a plan. What a step needs besides its kind is in the fields that
// the kind names.
type Step struct {
	Kind    Kind
	Weights []target.Weight // Publish
	For     time.Duration   // Watch
}

// Kind is what a step does.
type Kind int

// The kinds. What fails before the first Publish leaves users what they had; what
// fails after it is taken back.
const (
	Stage   Kind = iota // bring the bytes
	Verify              // read them back
	Preview             // check what is not published yet
	Publish             // one conditional write
	Confirm             // read back what users get
	Watch               // check what is published, for a time
	Record              // say that it is healthy
	Collect             // remove what nobody needs
)

var kinds = [...]string{"stage", "verify", "preview", "publish", "confirm", "watch", "record", "collect"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kinds) {
		return fmt.Sprintf("step %d", int(k))
	}
	return kinds[k]
}

// String says what the step will do, for a dry run.
func (s Step) String() string {
	switch s.Kind {
	case Stage:
		return "upload the files that are not there yet"
	case Verify:
		return "read every file back, and mark the release complete"
	case Preview:
		return "check the release at its own address, before anybody is led there"
	case Publish:
		return "publish " + weights(s.Weights) + ", by one conditional write"
	case Confirm:
		return "read back what the public address serves"
	case Watch:
		return fmt.Sprintf("check it for %s; go back if it fails", s.For)
	case Record:
		return "record that it is healthy"
	case Collect:
		return "collect releases that nobody needs"
	default:
		return fmt.Sprintf("do what this version does not know (%s)", s.Kind)
	}
}

func weights(list []target.Weight) string {
	var parts []string
	for _, w := range list {
		text := fmt.Sprintf("%.12s", w.Release)
		if w.BasisPoints != all {
			text += fmt.Sprintf(" to %g %%", float64(w.BasisPoints)/100)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}

const all = 10_000 // basis points

// Settings are what people chose for an environment.
type Settings struct {
	// Watch is how long a release is checked after it was published.
	Watch time.Duration
	// Adopt lets a plan replace a page that no rollout put there.
	Adopt bool
	// ClearHold lets a plan end a hold.
	ClearHold bool
}

// What no strategy plans.
var (
	// ErrHeld: somebody rolled back, and what was wrong has to be looked at first.
	ErrHeld = errors.New("the environment is on hold")
	// ErrForeign: there is a page that no rollout put there.
	ErrForeign = errors.New("something is served that no deploy of ours put there")
)

// allowed is what all strategies ask first.
func allowed(s target.Situation, o Settings) error {
	switch {
	case s.Held != "" && !o.ClearHold:
		return fmt.Errorf("%w: %s", ErrHeld, s.Held)
	case s.Foreign && !o.Adopt:
		return ErrForeign
	}
	return nil
}
