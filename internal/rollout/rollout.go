// Package rollout executes a plan: step by step, with the checks between them,
// and back again if one fails after users were led to the release.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/org/checkout-deploy/internal/plan"
	"github.com/org/checkout-deploy/internal/target"
)

// Checks decide whether a rollout goes on. Each returns nil for "yes"; anything
// else, no answer included, is "no".
type Checks interface {
	// Preview checks the release before anybody is led to it.
	Preview(ctx context.Context) error
	// Confirm reads back what users get, until it is what was published.
	Confirm(ctx context.Context) error
	// Watch checks what users get for a time.
	Watch(ctx context.Context, lasting time.Duration) error
}

// Rollout leads a target to a release.
type Rollout struct {
	Target target.Target
	Checks Checks
	// Plan is the strategy.
	Plan func(target.Situation) (plan.Plan, error)
	// Wait is how long another rollout is waited for.
	Wait time.Duration
	// Tell is told what happens, as it happens, by several at once; it may be nil.
	Tell func(Event)
	// Now and Sleep are the clock; Sleep returns the context's error.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
}

// Event is something that happened.
type Event struct {
	At   time.Time
	Step string // the kind of a step, or "begin", "revert", "end"
	Text string
	Err  error // nil if it went well
}

// State is what a rollout came to.
type State string

// The states.
const (
	Live      State = "live"      // the release is live, confirmed, watched
	Unchanged State = "unchanged" // nothing was published: what was live still is
	Holding   State = "holding"   // a hold stops it; nothing was published
	Reverted  State = "reverted"  // it was published, and is not live any more: it failed, or somebody published over it
	Unknown   State = "unknown"   // look before you do anything
)

// Outcome is what a rollout came to, and why.
type Outcome struct {
	State State
	Plan  plan.Plan // the last one that was begun
	// Err is why the release is not live; nil with Live.
	Err error
	// Late are records that could not be written. Another run completes them.
	Late []error
}

// Bounds of a rollout.
const (
	replans = 5                // plans that are made when somebody else publishes first
	beat    = 10 * time.Second // between renewals
	poll    = 5 * time.Second  // between looks at another rollout
	parting = 30 * time.Second // what a revert and End have after a cancellation
)

// Run goes through the plan. It changes nothing after it returns.
func (r *Rollout) Run(ctx context.Context) Outcome {
	if err := r.begin(ctx); err != nil {
		return Outcome{State: Unchanged, Err: err}
	}
	renewed := r.renew(ctx)
	out := r.run(ctx)
	renewed()
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	if err := r.Target.End(parting); err != nil {
		out.Late = append(out.Late, err)
		r.tell("end", "", err)
	}
	return out
}

// renew has others know that this run is not dead, until the function that it
// returns is called.
func (r *Rollout) renew(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		for r.Sleep(ctx, beat) == nil {
			if err := r.Target.Renew(ctx); err != nil && ctx.Err() == nil {
				r.tell("renew", "", err)
			}
		}
	})
	return func() {
		cancel()
		renewing.Wait()
	}
}

func (r *Rollout) begin(ctx context.Context) error {
	for until := r.Now().Add(r.Wait); ; {
		err := r.Target.Begin(ctx)
		var busy *target.BusyError
		if !errors.As(err, &busy) || !r.Now().Before(until) {
			return err
		}
		r.tell("begin", "waiting", err)
		if r.Sleep(ctx, poll) != nil {
			return err
		}
	}
}

func (r *Rollout) run(ctx context.Context) Outcome {
	var lost error
	for range replans {
		s, err := r.Target.Look(ctx)
		if err != nil {
			return Outcome{State: Unchanged, Err: err}
		}
		p, err := r.Plan(s)
		if err != nil {
			state := Unchanged
			if errors.Is(err, plan.ErrHeld) {
				state = Holding
			}
			return Outcome{State: state, Err: errors.Join(err, lost)}
		}
		r.tell("plan", p.Why, nil)
		out := r.execute(ctx, p)
		if out.Plan = p; out.State != Unchanged || !errors.Is(out.Err, target.ErrLost) {
			return out
		}
		lost = out.Err
	}
	return Outcome{State: Unchanged, Err: fmt.Errorf("%w, %d times in a row", lost, replans)}
}

// execute goes through the steps. What was published before this plan is not
// taken back by it; a plan without Publish takes up where another run stopped,
// and takes that run's publication back.
func (r *Rollout) execute(ctx context.Context, p plan.Plan) (out Outcome) {
	published := len(p.Steps) > 0 && p.Steps[0].Kind == plan.Confirm
	for _, step := range p.Steps {
		err := r.step(ctx, step)
		r.tell(step.Kind.String(), step.String(), err)
		switch {
		case err == nil:
			published = published || step.Kind == plan.Publish
		case step.Kind == plan.Record && errors.Is(err, target.ErrLost):
			return Outcome{State: Reverted, Err: err}
		case step.Kind == plan.Record && errors.Is(err, target.ErrUnknown):
			return Outcome{State: Unknown, Err: err} // what was watched may be something else
		case step.Kind == plan.Record || step.Kind == plan.Collect:
			out.Late = append(out.Late, err)
		case step.Kind == plan.Publish && errors.Is(err, target.ErrUnknown):
			return Outcome{State: Unknown, Err: err}
		case published:
			return r.revert(ctx, fmt.Errorf("%s: %w", step.Kind, err))
		default:
			return Outcome{State: Unchanged, Err: err}
		}
	}
	out.State = Live
	return out
}

func (r *Rollout) step(ctx context.Context, s plan.Step) error {
	switch s.Kind {
	case plan.Stage:
		return r.Target.Stage(ctx)
	case plan.Verify:
		return r.Target.Verify(ctx)
	case plan.Preview:
		return r.Checks.Preview(ctx)
	case plan.Publish:
		return r.Target.Publish(ctx, s.Weights)
	case plan.Confirm:
		return r.Checks.Confirm(ctx)
	case plan.Watch:
		return r.Checks.Watch(ctx, s.For)
	case plan.Record:
		return r.Target.Record(ctx)
	case plan.Collect:
		return r.Target.Collect(ctx)
	default:
		return fmt.Errorf("got the step %d, which this version does not know", s.Kind)
	}
}

// revert takes back what was published. A cancelled run does too: nobody would
// watch what it leaves behind.
func (r *Rollout) revert(ctx context.Context, why error) Outcome {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	err := r.Target.Revert(ctx)
	r.tell("revert", "go back to the last healthy release", err)
	switch {
	case errors.Is(err, target.ErrLost): // it is not live any more: somebody else saw to that
		return Outcome{State: Reverted, Err: errors.Join(why, err)}
	case err != nil:
		return Outcome{State: Unknown, Err: errors.Join(why, fmt.Errorf("going back: %w", err))}
	}
	if err := r.Checks.Confirm(ctx); err != nil {
		return Outcome{State: Unknown, Err: errors.Join(why, fmt.Errorf("it was taken back, and the public address does not show it: %w", err))}
	}
	return Outcome{State: Reverted, Err: why}
}

func (r *Rollout) tell(step, text string, err error) {
	if r.Tell != nil {
		r.Tell(Event{At: r.Now(), Step: step, Text: text, Err: err})
	}
}
