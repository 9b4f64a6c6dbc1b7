package static

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Retention says what stays.
type Retention struct {
	// Healthy is how many releases stay that were recorded healthy, the newest.
	Healthy int
	// Window is how long a release stays that is not needed: as long as a page of
	// it may be open somewhere. An hour is the least.
	Window time.Duration
}

const shortest = time.Hour

// Collect removes releases that nobody needs: those that no channel, prepared
// revert or flight names, beyond the last healthy ones. It publishes first that
// they are retired; after the window it publishes that they are being removed,
// and from then on nothing can publish them; then it removes the marker, and then
// the files. What was not finished the next call finishes.
//
// The errors are Publish's: with target.ErrLost or target.ErrUnknown nothing was removed.
func (t *Target) Collect(ctx context.Context, keep Retention) (removed []release.Digest, err error) {
	s, err := t.State(ctx)
	if err != nil || s.Channel == nil {
		return nil, err
	}
	for _, r := range s.removing() {
		if t.Now().Sub(r.Removing) < shortest {
			return nil, nil // another call is at it, or a request of one that stopped is on its way
		}
	}
	unneeded, err := t.unneeded(ctx, s, keep)
	if err != nil {
		return nil, err
	}
	if retired := t.age(s.Channel, unneeded, keep); !slices.Equal(retired, s.Channel.Retired) {
		s, err = t.publish(ctx, s, func(c *channel.Channel) { c.Retired = retired })
		if err != nil {
			return nil, err
		}
	}
	for _, r := range s.removing() {
		if err := t.remove(ctx, r.Release); err != nil {
			return removed, fmt.Errorf("removing release %s: %w", r.Release, err)
		}
		removed = append(removed, r.Release)
	}
	if len(removed) > 0 {
		s, err = t.publish(ctx, s, func(c *channel.Channel) {
			c.Retired = slices.DeleteFunc(slices.Clone(c.Retired), func(r channel.Retirement) bool { return !r.Removing.IsZero() })
		})
	}
	if err != nil {
		return removed, err
	}
	if err := t.tidy(ctx, s.Ref.Seq, keep); err != nil {
		return removed, fmt.Errorf("tidying: %w", err)
	}
	return removed, nil
}

func (t *Target) publish(ctx context.Context, from *State, change func(*channel.Channel)) (*State, error) {
	p, err := t.Prepare(ctx, from, change)
	if err != nil {
		return nil, err
	}
	s, err := t.Publish(ctx, p)
	if err == nil {
		s.Healthy = from.Healthy
	}
	return s, err
}

// age says what is retired now: what was, as long as nothing needs it, and the
// rest since now. What is old enough is being removed from now on, and what was
// being removed still is, whatever needs it.
func (t *Target) age(c *channel.Channel, unneeded []release.Digest, keep Retention) []channel.Retirement {
	now := t.Now().UTC().Truncate(time.Second)
	retired := c.Removing()
	for _, id := range unneeded {
		r, ok := c.Retirement(id)
		if !ok {
			r = channel.Retirement{Release: id, Since: now}
		}
		if !r.Removing.IsZero() || len(retired) == channel.MaxRetired {
			continue
		}
		if now.Sub(r.Since) >= max(keep.Window, shortest) {
			r.Removing = now
		}
		retired = append(retired, r)
	}
	return retired
}

// unneeded lists the releases of which something may be in the store, and that
// nothing needs, in the order of their ids.
func (t *Target) unneeded(ctx context.Context, s *State, keep Retention) ([]release.Digest, error) {
	staged, err := t.staged(ctx)
	if err != nil {
		return nil, err
	}
	needed := map[release.Digest]bool{}
	if err := t.named(ctx, s, needed); err != nil {
		return nil, err
	}
	if err := t.healthiest(ctx, keep.Healthy, needed); err != nil {
		return nil, err
	}
	// The journal last: what begins later finds the state changed when it publishes.
	flights, err := t.Flights(ctx, t.Now().Add(-max(keep.Window, shortest)))
	if err != nil {
		return nil, err
	}
	for _, f := range flights {
		needed[f.Release] = true
	}
	return slices.DeleteFunc(staged, func(id release.Digest) bool { return needed[id] }), nil
}

func (t *Target) staged(ctx context.Context) (ids []release.Digest, err error) {
	for info, err := range t.Store.List(ctx, "deploy/staged") {
		if err != nil {
			return nil, fmt.Errorf("listing releases: %w", err)
		}
		if id, err := release.ParseDigest(strings.TrimSuffix(path.Base(info.Name), ".json")); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// named adds what the channel names, and the revert that was prepared for it.
func (t *Target) named(ctx context.Context, s *State, needed map[release.Digest]bool) error {
	channels := []*channel.Channel{s.Channel}
	if !isRevert(s.Ref.Seq) {
		r, err := t.prepared(ctx, s.Ref.Seq)
		if err != nil {
			return err
		}
		if r.Channel != nil {
			_, back, err := channel.Open(r.Channel)
			if err != nil {
				return fmt.Errorf("%s: %w", revertOf(s.Ref.Seq), err)
			}
			channels = append(channels, back)
		}
	}
	for _, c := range channels {
		needed[c.Fallback] = true
		for _, w := range c.Weights {
			needed[w.Release] = true
		}
	}
	return nil
}

// healthiest adds the last n that were recorded healthy.
func (t *Target) healthiest(ctx context.Context, n int, needed map[release.Digest]bool) error {
	found := map[release.Digest]bool{}
	for h, err := range t.healthyOnes(ctx) {
		if err != nil {
			return err
		}
		if found[h.Release] = true; len(found) > n {
			return nil
		}
		needed[h.Release] = true
	}
	return nil
}

// remove removes a release that nothing can publish any more: the marker first,
// and the record last.
func (t *Target) remove(ctx context.Context, id release.Digest) error {
	names := []string{markerOf(id)}
	// A list may be late: the record knows the names too.
	r, err := t.Record(ctx, id)
	if err != nil && store.CodeOf(err) != store.NotFound && store.CodeOf(err) != store.Other {
		return err
	}
	if r != nil {
		for _, f := range r.Files {
			names = append(names, fileOf(id, f.Path))
		}
	}
	for info, err := range t.Store.List(ctx, folderOf(id)) {
		if err != nil {
			return err
		}
		names = append(names, info.Name)
	}
	last := fileOf(id, release.RecordName)
	names = slices.DeleteFunc(names, func(name string) bool { return name == last })
	slices.Sort(names[1:])
	for _, name := range append(slices.Compact(names), last) {
		if err := t.erase(ctx, name); err != nil {
			return err
		}
	}
	return t.forget(ctx, id)
}

// forget removes what says that something may be in a release's folder, unless a
// deploy that began meanwhile has written there, or may yet.
func (t *Target) forget(ctx context.Context, id release.Digest) error {
	flights, err := t.Flights(ctx, t.Now().Add(-shortest))
	if err != nil || slices.ContainsFunc(flights, func(f Flight) bool { return f.Release == id }) {
		return err
	}
	for _, err := range t.Store.List(ctx, folderOf(id)) {
		return err // something is there
	}
	return t.erase(ctx, stagedOf(id))
}

func (t *Target) erase(ctx context.Context, name string) error {
	body, info, err := t.Store.Open(ctx, name)
	if store.CodeOf(err) == store.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(body.Close(), t.Store.Delete(ctx, name, info.Version)); store.CodeOf(err) != store.NotFound {
		return err
	}
	return nil
}
