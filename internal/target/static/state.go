package static

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/target"
)

// State is what a target serves at one moment.
type State struct {
	// Version is that of the entry: what the next write replaces. Zero is none.
	Version store.Version
	// Foreign: there is an entry, and no deploy of ours put it there.
	Foreign bool
	// Ref and Channel are zero where nothing of ours is served. Page is the release's
	// own, or the foreign one.
	Ref     channel.Ref
	Page    []byte
	Channel *channel.Channel
	// Healthy: it was watched, and passed.
	Healthy bool
	// Altered says why what is served is not what was published last: the page has other
	// bytes than the release's, or an old one was put back.
	Altered error
	// latest is the highest sequence that was recorded healthy, and better its release
	// if it is above what is live, and can be gone back to.
	latest int64
	better release.Digest
	header store.Header // of the entry
}

// Live is the release that is served, or zero.
func (s *State) Live() release.Digest { return s.Ref.Release }

// Healthiest is the release to go back to from what is published over this
// state: what is live if it was recorded healthy, else what was before it.
func (s *State) Healthiest() release.Digest {
	switch {
	case s.Channel == nil:
		return release.Digest{}
	case !s.better.IsZero():
		return s.better
	case s.Healthy:
		return s.Live()
	}
	return s.Channel.Fallback
}

// Situation is the state as a strategy sees it.
func (s *State) Situation(wanted release.Digest) target.Situation {
	now := target.Situation{
		Wanted: wanted, Live: s.Live(), Healthy: s.Healthy, Seq: s.Ref.Seq, Fallback: s.Healthiest(), Foreign: s.Foreign, Altered: s.Altered != nil,
	}
	if s.Channel != nil && s.Channel.Hold != nil {
		now.Held = s.Channel.Hold.Reason
	}
	return now
}

// removing are the releases that can't be published now.
func (s *State) removing() []channel.Retirement {
	if s.Channel == nil {
		return nil
	}
	return s.Channel.Removing()
}

// removes is ErrRemoving if the release's files are being removed.
func (s *State) removes(id release.Digest) error {
	for _, r := range s.removing() {
		if r.Release == id {
			return fmt.Errorf("release %s: %w, after %s", id, ErrRemoving, r.Removing.Add(shortest).UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// State reads what is live.
func (t *Target) State(ctx context.Context) (*State, error) {
	s, err := t.entry(ctx)
	if err != nil || s.Ref.Seq == 0 {
		return s, err
	}
	if s.Channel, err = t.published(ctx, s.Ref); err != nil {
		return nil, err
	}
	if s.Healthy, err = t.passed(ctx, s.Ref); err != nil {
		return s, err
	}
	if s.latest, err = t.latestHealthy(ctx); err != nil {
		return s, err
	}
	if s.Altered == nil {
		s.Altered = t.isServed(ctx, s.Channel, s.Page)
	}
	if s.latest > s.Ref.Seq {
		s.Altered = errors.Join(s.Altered, fmt.Errorf("sequence %d is live, and %d was recorded healthy after it: an old page was put back, or a run stopped before it published", s.Ref.Seq, s.latest))
		return s, t.findBetter(ctx, s)
	}
	return s, nil
}

func (t *Target) findBetter(ctx context.Context, s *State) error {
	h, err := t.healthAt(ctx, healthyOf(s.latest))
	if err != nil || s.removes(h.Release) != nil {
		return err
	}
	err = t.Complete(ctx, h.Release)
	if err == nil {
		s.better = h.Release
	} else if errors.Is(err, ErrIncomplete) {
		err = nil // it was collected since
	}
	return err
}

// entry reads the entry alone: one request.
func (t *Target) entry(ctx context.Context) (*State, error) {
	data, info, err := store.Read(ctx, t.Store, t.Entry, maxPage)
	if store.CodeOf(err) == store.NotFound {
		return &State{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is live: %w", err)
	}
	page, ref, ours, err := t.cut(data)
	if err != nil {
		err = fmt.Errorf("reading what is live: %s: %w", t.Entry, err)
	}
	switch {
	case err != nil && !ours:
		return nil, err
	case !ours:
		page = data
	}
	return &State{Version: info.Version, Foreign: !ours, Ref: ref, Page: page, Altered: err, header: info.Header}, nil
}

// ErrChannel says that nobody can tell what is live from what the store has of it.
var ErrChannel = errors.New("the channel that the live page names is lost, or one of them was altered")

// published reads the channel that a page names, and holds it against the page:
// ErrChannel if they don't belong together.
func (t *Target) published(ctx context.Context, ref channel.Ref) (*channel.Channel, error) {
	name, data, err := t.logged(ctx, ref)
	switch {
	case store.CodeOf(err) == store.NotFound:
		return nil, fmt.Errorf("reading the channel that is live: %w: %w", ErrChannel, err)
	case err != nil:
		return nil, fmt.Errorf("reading the channel that is live: %w", err)
	}
	e, c, err := channel.Open(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", name, ErrChannel, err)
	case e.Digest != ref.Channel:
		return nil, fmt.Errorf("%s: %w: got SHA-256 %s, and the page names %s", name, ErrChannel, e.Digest, ref.Channel)
	case c.Target != t.Name:
		return nil, fmt.Errorf("%s: got the target %q, want %q: the store belongs to another environment", name, c.Target, t.Name)
	case c.Seq != ref.Seq || c.Nonce != ref.Nonce || c.Live() != ref.Release:
		return nil, fmt.Errorf("%s: it is not the channel that the live page says it is: %w", name, ErrChannel)
	}
	return c, nil
}

// logged reads the channel's envelope from the log; a revert's was prepared.
func (t *Target) logged(ctx context.Context, ref channel.Ref) (name string, data []byte, err error) {
	if isRevert(ref.Seq) {
		name = revertOf(ref.Seq - 1)
		r, err := t.prepared(ctx, ref.Seq-1)
		if err != nil {
			return name, nil, err
		}
		return name, r.Channel, nil
	}
	name = logOf(ref.Seq, ref.Nonce)
	data, _, err = store.Read(ctx, t.Store, name, channel.MaxSize)
	return name, data, err
}

func isRevert(seq int64) bool { return seq%2 == 1 }

func logOf(seq int64, nonce channel.Nonce) string {
	return fmt.Sprintf("deploy/log/%d-%s.json", seq, nonce)
}

// ErrRemoving says that nobody needed the release any more.
var ErrRemoving = errors.New("its files are being removed; deploy it again when they are")
