package static

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
)

// Restore leads everybody to a release that is in the store already, and sets the
// hold. Where both are so already it does nothing. What it leaves is no fallback for
// what comes: somebody thought it wrong. The errors are Publish's, and ErrIncomplete
// if the release is not there.
func (t *Target) Restore(ctx context.Context, id release.Digest, reason, run string) (*State, error) {
	s, err := t.Known(ctx)
	if err != nil {
		return nil, err
	}
	c := s.Channel
	switch {
	case s.Foreign:
		return nil, fmt.Errorf("%s is not a page that a deploy put there, and only a deploy replaces one (adopt)", t.Entry)
	case c != nil && s.Live() == id && c.Hold != nil && s.Altered == nil:
		return s, nil
	}
	healthy, err := t.everHealthy(ctx, id)
	if err != nil {
		return nil, err
	}
	left := s.Live()
	p, err := t.prepareKnown(ctx, s, healthy, func(c *channel.Channel) {
		c.Serve(id)
		if c.Fallback == left || c.Fallback == id {
			c.Fallback = release.Digest{}
		}
		c.Commit, c.Run = t.commitOf(ctx, id), run
		c.Hold = &channel.Hold{Reason: printable(reason)}
	})
	if err != nil {
		return nil, err
	}
	return t.Publish(ctx, p)
}

// Known is the state, and the page alone where its channel can't be told: ErrChannel.
func (t *Target) Known(ctx context.Context) (*State, error) {
	s, err := t.State(ctx)
	if errors.Is(err, ErrChannel) {
		return t.entry(ctx)
	}
	return s, err
}

func (t *Target) everHealthy(ctx context.Context, id release.Digest) (bool, error) {
	for h, err := range t.healthyOnes(ctx) {
		if err != nil || h.Release == id {
			return err == nil, err
		}
	}
	return false, nil
}

// printable makes a text one that a channel takes.
func printable(reason string) string {
	reason = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, reason)
	return reason[:min(len(reason), channel.MaxText)]
}

// ClearHold lets deploys go on.
func (t *Target) ClearHold(ctx context.Context, run string) (*State, error) {
	s, err := t.State(ctx)
	if err != nil || s.Channel == nil || s.Channel.Hold == nil {
		return s, err
	}
	return t.publish(ctx, s, func(c *channel.Channel) { c.Hold, c.Run = nil, run })
}

// ErrOther says that a store belongs to something else.
var ErrOther = errors.New("the store belongs to something else")
