package static

import (
	"context"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
)

// Restore leads everybody to a release that is in the store already, and sets the
// hold. Where both are so already it does nothing. The errors are Publish's, and
// ErrIncomplete if the release is not there.
func (t *Target) Restore(ctx context.Context, id release.Digest, reason, run string) (*State, error) {
	s, err := t.State(ctx)
	if err != nil {
		return nil, err
	}
	if c := s.Channel; c != nil && s.Live() == id && c.Hold != nil {
		return s, nil
	}
	return t.publish(ctx, s, func(c *channel.Channel) {
		c.Serve(id)
		c.Commit, c.Run = "", run
		c.Hold = &channel.Hold{Reason: reason}
	})
}

// ClearHold lets deploys go on.
func (t *Target) ClearHold(ctx context.Context, run string) (*State, error) {
	s, err := t.State(ctx)
	if err != nil || s.Channel == nil || s.Channel.Hold == nil {
		return s, err
	}
	return t.publish(ctx, s, func(c *channel.Channel) { c.Hold, c.Run = nil, run })
}
