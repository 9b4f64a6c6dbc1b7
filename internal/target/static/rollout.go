package static

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/target"
)

// Rollout is a target.Target: one run's, about one release.
type Rollout struct {
	*Target
	Release *release.Release
	Files   fs.FS // the release's
	Keep    Retention
	// Run says whose rollout it is, such as the address of a workflow's run, and
	// Commit what the release was built from; either may be empty.
	Run, Commit string
	// ClearHold has the publication end a hold.
	ClearHold bool
	// Lease is for how long others wait without a Renew.
	Lease time.Duration

	wanted    release.Digest
	seen      *State // what Look saw, or Publish made
	published *channel.Ref
	flipped   channel.Ref
	flight    *Flight
	lock      *Lock
}

var _ target.Target = (*Rollout)(nil)

// Begin is target.Target's.
func (r *Rollout) Begin(ctx context.Context) (err error) {
	if r.wanted, err = r.Release.ID(); err != nil {
		return err
	}
	if err = r.Claim(ctx); err != nil {
		return err
	}
	if r.lock, err = r.Lock(ctx, r.Run, r.Lease); err != nil {
		return err
	}
	if r.flight, err = r.Target.Begin(ctx, r.wanted, r.Run); err != nil {
		return errors.Join(err, r.Unlock(ctx, r.lock))
	}
	return nil
}

// End is target.Target's.
func (r *Rollout) End(ctx context.Context) error {
	return errors.Join(r.Target.End(ctx, r.flight), r.Unlock(ctx, r.lock))
}

// Renew is target.Target's.
func (r *Rollout) Renew(ctx context.Context) error { return r.Prolong(ctx, r.lock, r.Lease) }

// Look is target.Target's.
func (r *Rollout) Look(ctx context.Context) (s target.Situation, err error) {
	if r.seen, err = r.State(ctx); err != nil {
		return s, err
	}
	// A collection that somebody has begun has to end first.
	if r.seen.removes(r.wanted) != nil {
		if _, err = r.Target.Collect(ctx, r.Keep); err == nil {
			r.seen, err = r.State(ctx)
		}
		if err == nil {
			err = r.seen.removes(r.wanted)
		}
		if err != nil {
			return s, err
		}
	}
	s = r.seen.Situation(r.wanted)
	if r.published = nil; s.Live == s.Wanted {
		ref := r.seen.Ref
		r.published = &ref
	}
	return s, nil
}

// Stage is target.Target's.
func (r *Rollout) Stage(ctx context.Context) error { return r.Target.Stage(ctx, r.Release, r.Files) }

// Verify is target.Target's.
func (r *Rollout) Verify(ctx context.Context) error { return r.Target.Verify(ctx, r.Release) }

// Publish is target.Target's.
func (r *Rollout) Publish(ctx context.Context, weights []target.Weight) error {
	p, err := r.Prepare(ctx, r.seen, func(c *channel.Channel) {
		c.Weights, c.Commit, c.Run = nil, r.Commit, r.Run
		if r.ClearHold {
			c.Hold = nil
		}
		for _, w := range weights {
			c.Weights = append(c.Weights, channel.Weight(w))
		}
	})
	if err != nil {
		return err
	}
	next, err := r.Target.Publish(ctx, p)
	if err != nil {
		return err
	}
	r.seen, r.published, r.flipped = next, &next.Ref, next.Ref
	return nil
}

// Flipped names what this run published, also if it was taken back since.
func (r *Rollout) Flipped() channel.Ref { return r.flipped }

// Seen is what was live at the last look, or was made live since.
func (r *Rollout) Seen() *State { return r.seen }

// Revert is target.Target's.
func (r *Rollout) Revert(ctx context.Context) error {
	if r.published == nil {
		return errors.New("nothing of this run is live")
	}
	back, err := r.Target.Revert(ctx, r.published)
	if err == nil {
		r.seen, r.published = back, &back.Ref
	}
	return err
}

// Record is target.Target's.
func (r *Rollout) Record(ctx context.Context) error {
	now, err := r.entry(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", target.ErrUnknown, err)
	}
	if now.Ref != *r.published {
		return fmt.Errorf("%w: sequence %d is live, and not %d", target.ErrLost, now.Ref.Seq, r.published.Seq)
	}
	return r.Healthy(ctx, *r.published)
}

// Collect is target.Target's.
func (r *Rollout) Collect(ctx context.Context) error {
	_, err := r.Target.Collect(ctx, r.Keep)
	return err
}
