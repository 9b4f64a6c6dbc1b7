// Package target is what a rollout needs of a place that users are served from.
// Each kind of place is a folder below this one.
package target

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Target serves users, and can be led to another release. It is about one
// release that is wanted, and of one run: its methods are called in turn.
type Target interface {
	// Begin says that a rollout of the wanted release begins, and End that it has
	// ended, whatever it came to. Begin is a *BusyError if another one is at it.
	Begin(ctx context.Context) error
	End(ctx context.Context) error
	// Renew says that it goes on: one that does not for a while is taken for dead. It
	// is called beside the other methods, and not after End.
	Renew(ctx context.Context) error

	// Look reads what is live. What follows is over what it saw.
	Look(ctx context.Context) (Situation, error)
	// Stage brings the release's bytes to where they will be served from, and
	// Verify reads each of them back. Neither changes what users get.
	Stage(ctx context.Context) error
	Verify(ctx context.Context) error
	// Publish gives the releases these parts of the users, by one conditional
	// write. ErrLost: somebody else published since Look. ErrUnknown: it may have
	// been done. Any other error: it was not.
	Publish(ctx context.Context, weights []Weight) error
	// Revert takes back what this run published, and nothing else: ErrLost if
	// something else is live.
	Revert(ctx context.Context) error
	// Record says that what this run published was watched, and passed. ErrLost if
	// something else is live by now: then that was watched. ErrUnknown if nobody can
	// say what is live.
	Record(ctx context.Context) error
	// Collect removes what nobody needs any more.
	Collect(ctx context.Context) error
}

// Weight gives a release a part of the users, in basis points.
type Weight struct {
	Release     release.Digest
	BasisPoints int
}

// Situation is what is live, and what is wanted. Digests are zero for none.
type Situation struct {
	Wanted, Live release.Digest
	// Healthy: what is live was watched, and passed.
	Healthy bool
	// Fallback is what a revert leads to, once something else is published.
	Fallback release.Digest
	// Seq is the sequence of what is live; it rises with each publication.
	Seq int64
	// Held says why nothing is to be published; "" is no hold.
	Held string
	// Altered: what is live is not what was published.
	Altered bool
	// Foreign: something is served that no rollout put there.
	Foreign bool
}

// What a publication can end in besides success and a plain error, which changed
// nothing.
var (
	ErrLost    = errors.New("somebody else published meanwhile")
	ErrUnknown = errors.New("it is not known whether it was done")
	// ErrNoWayBack: nothing was recorded healthy before what is live.
	ErrNoWayBack = errors.New("there is no earlier release that was recorded healthy")
)

// BusyError says that another rollout is at it, and until when at the latest.
type BusyError struct {
	Run   string // whose it is, such as the address of a workflow's run
	Until time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("another rollout is running, until %s at the latest: %s", e.Until.UTC().Format(time.RFC3339), e.Run)
}
