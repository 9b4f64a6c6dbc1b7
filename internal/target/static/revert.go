package static

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/target"
)

// revert is the document at deploy/revert/<n>.json: what takes n back. With it a
// rollback needs no key and no file but this one.
type revert struct {
	V  int            `json:"v"`
	Of release.Digest `json:"of"` // the channel n, by its bytes
	// Channel is the envelope of n+1, and Page the entry's bytes then. Both are
	// missing where there is nothing to go back to.
	Channel json.RawMessage `json:"channel,omitempty"`
	Page    []byte          `json:"page,omitempty"`
	// Type is the page's, where it is of no release.
	Type string `json:"type,omitempty"`
}

// wayBack makes the revert of p.
func (t *Target) wayBack(ctx context.Context, p *Publication, of release.Digest) ([]byte, error) {
	back := revert{V: 1, Of: of}
	page, original, err := t.before(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("preparing the way back: %w", err)
	}
	if page != nil {
		c := p.taken(of)
		if !p.leaves(c.Live()) { // such as where releases are retired, or of a named one
			c.Commit = t.commitOf(ctx, c.Live())
		}
		if original != nil {
			back.Type = original.ContentType
		}
		if c.Nonce, err = channel.NewNonce(t.Random); err != nil {
			return nil, err
		}
		sealed, err := channel.Seal(&c)
		if err != nil {
			return nil, err
		}
		if back.Channel, err = sealed.Encode(); err != nil {
			return nil, err
		}
		ref := channel.Ref{Seq: c.Seq, Nonce: c.Nonce, Release: c.Live(), Channel: sealed.Digest}
		if back.Page, err = t.render(page, ref); err != nil {
			return nil, err
		}
	}
	return json.Marshal(back)
}

// EntryOf is the page that shoppers get in a state.
func (t *Target) EntryOf(s *State) []byte {
	page, err := t.render(s.Page, s.Ref)
	if err != nil {
		return nil
	}
	return page
}

// taken is the channel that takes p back: the fallback alone, and a hold.
func (p *Publication) taken(of release.Digest) channel.Channel {
	c := *p.next
	c.Seq, c.Prev = c.Seq+1, of
	c.Hold = &channel.Hold{Reason: fmt.Sprintf("rolled back from sequence %d, release %s", p.next.Seq, p.next.Live())}
	if c.Weights = nil; !c.Fallback.IsZero() {
		c.Serve(c.Fallback)
	} // else the original page
	c.Commit = ""
	if p.leaves(c.Live()) {
		c.Fallback, c.Original = p.from.Channel.Fallback, p.from.Channel.Original // one further back
		c.Commit = p.from.Channel.Commit
	}
	c.Keep()
	return c
}

// leaves says whether p takes the place of a release.
func (p *Publication) leaves(id release.Digest) bool {
	return p.from.Channel != nil && p.from.Live() == id
}

// prepared reads the revert of the sequence n.
func (t *Target) prepared(ctx context.Context, n int64) (*revert, error) {
	data, _, err := store.Read(ctx, t.Store, revertOf(n), 2*maxPage)
	if err != nil {
		return nil, fmt.Errorf("reading the prepared revert: %w", err)
	}
	var r revert
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading the prepared revert %s: %w", revertOf(n), err)
	}
	if r.V != 1 {
		return nil, fmt.Errorf("reading the prepared revert %s: got version %d, want 1; a newer checkout-deploy wrote it", revertOf(n), r.V)
	}
	return &r, nil
}

// Way is a way back that was looked at: what is live, and what would be.
type Way struct {
	From, To channel.Ref // equal where a revert is live already
	version  store.Version
	page     []byte
	header   store.Header
	there    bool // page is what shoppers get
}

// Done says that a revert is live already. There is nothing to do, unless it was Altered.
func (w *Way) Done() bool { return w.From == w.To }

// Altered says that the page of the revert that is live is not the one that was prepared,
// which is put back.
func (w *Way) Altered() bool { return w.Done() && !w.there }

// Way reads the page that is live, the revert that was prepared for it and the
// marker and record of what it leads to, and checks that they belong together. Nothing is
// written. Unless only is nil, the way is from that and nothing else: ErrLost says
// that something else is live.
func (t *Target) Way(ctx context.Context, only *channel.Ref) (*Way, error) {
	now, err := t.entry(ctx)
	switch {
	case err != nil:
		return nil, err
	case only != nil && now.Ref != *only:
		return nil, fmt.Errorf("taking back sequence %d: %w", only.Seq, target.ErrLost)
	case now.Version == "":
		return nil, fmt.Errorf("taking back what is live: there is no %s in the store: nothing was deployed there", t.Entry)
	case now.Ref.Seq == 0:
		return nil, fmt.Errorf("taking back what is live: %s is not a page that a deploy put there", t.Entry)
	}
	w := &Way{From: now.Ref, version: now.Version}
	if err = t.back(ctx, w); err != nil {
		return nil, fmt.Errorf("taking back sequence %d: %w", now.Ref.Seq, err)
	}
	w.there = now.Altered == nil && t.serves(w.page, now.Page, now.Ref)
	return w, nil
}

// Go goes the way, by one conditional write; the errors are Publish's.
func (t *Target) Go(ctx context.Context, w *Way) (*State, error) {
	version := w.version
	if !w.there {
		var err error
		if version, err = t.swap(ctx, swap{from: w.version, over: w.From.Channel, page: w.page, header: w.header, ref: w.To}); err != nil {
			return nil, fmt.Errorf("taking back sequence %d: %w", w.From.Seq, err)
		}
	}
	own, _, _, err := t.cut(w.page)
	return &State{Version: version, Ref: w.To, Page: own, Healthy: true, header: w.header}, err
}

// Revert takes back what is live, by the revert that was prepared for it: Way, and
// then Go.
func (t *Target) Revert(ctx context.Context, only *channel.Ref) (*State, error) {
	w, err := t.Way(ctx, only)
	if err != nil {
		return nil, err
	}
	return t.Go(ctx, w)
}

// serves says whether a page is what entry makes of a release's own.
func (t *Target) serves(page, own []byte, ref channel.Ref) bool {
	made, err := t.render(own, ref)
	return err == nil && bytes.Equal(made, page)
}

// back reads and checks what takes back what w leads from, or is it.
func (t *Target) back(ctx context.Context, w *Way) error {
	n := w.From.Seq - w.From.Seq%2
	name := revertOf(n)
	r, err := t.prepared(ctx, n)
	switch {
	case err != nil:
		return err
	case r.Of != w.From.Channel && !isRevert(w.From.Seq):
		return fmt.Errorf("%s is of the channel %s, and %s is live", name, r.Of, w.From.Channel)
	case r.Channel == nil:
		return target.ErrNoWayBack
	}
	e, c, err := channel.Open(r.Channel)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	own, to, ours, err := t.cut(r.Page)
	want := channel.Ref{Seq: n + 1, Nonce: c.Nonce, Release: c.Live(), Channel: e.Digest}
	other := isRevert(w.From.Seq) && to != w.From
	if err != nil || !ours || other || to != want || c.Target != t.Name || c.Seq != to.Seq || c.Prev != r.Of || !t.serves(r.Page, own, to) {
		return fmt.Errorf("%s: its page, its channel and the target %q don't belong together: it was altered in the store", name, t.Name)
	}
	if !to.Release.IsZero() {
		if err := t.Complete(ctx, to.Release); err != nil {
			return err
		}
	}
	if err := t.isServed(ctx, c, own); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.page, w.To, w.header = r.Page, to, t.headerOfEntry(c, store.Header{ContentType: r.Type})
	return nil
}
