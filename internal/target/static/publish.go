package static

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Publication is a channel that is ready to be published, with its way back.
type Publication struct {
	from *State
	ref  channel.Ref
	page []byte // the entry's bytes
	next *channel.Channel
	// header is the entry's.
	header store.Header
}

// Channel is what will be live.
func (p *Publication) Channel() *channel.Channel { return p.next }

// Prepare makes the publication of what change makes of the state's channel: it
// writes the log and the prepared revert, both create-only, and nothing that
// shoppers see. change gets the next channel, with the last release recorded
// healthy as its Fallback. What is to be live has to be marked complete, and its
// page and the fallback's are read and checked.
func (t *Target) Prepare(ctx context.Context, from *State, change func(*channel.Channel)) (*Publication, error) {
	return t.prepareKnown(ctx, from, false, change)
}

// prepareKnown is Prepare of a release that is known to be healthy, or not. What is
// known is recorded before the flip: after it a run may die.
func (t *Target) prepareKnown(ctx context.Context, from *State, healthy bool, change func(*channel.Channel)) (*Publication, error) {
	next := t.following(from)
	change(&next)
	if from.Channel != nil && next.Live() == from.Live() {
		next.Fallback, next.Original = from.Channel.Fallback, from.Channel.Original
	}
	next.Keep()
	for _, id := range []release.Digest{next.Live(), next.Fallback} {
		if err := from.removes(id); err != nil {
			return nil, err
		}
	}
	page, err := t.served(ctx, from, &next)
	if err != nil {
		return nil, err
	}
	if from.Foreign && !next.Original.IsZero() {
		if err := t.keepOriginal(ctx, from); err != nil {
			return nil, err
		}
	}
	healthy = (healthy || from.Healthy && from.Live() == next.Live()) && !next.Live().IsZero()
	for range sequences {
		p, err := t.prepare(ctx, from, next, page, healthy)
		if store.CodeOf(err) != store.Exists {
			return p, err
		}
		// Somebody prepared this number, and may have stopped there for good.
		if next.Seq, err = t.free(ctx, next.Seq); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("preparing a publication: the sequence numbers up to %d are taken; are many deploys running?", next.Seq)
}

// free is the first even number above n, and above all that were prepared.
func (t *Target) free(ctx context.Context, n int64) (int64, error) {
	for info, err := range t.Store.List(ctx, "deploy/revert") {
		if err != nil {
			return 0, fmt.Errorf("looking for a sequence number: %w", err)
		}
		if seq, err := strconv.ParseInt(strings.TrimSuffix(path.Base(info.Name), ".json"), 10, 64); err == nil {
			n = max(n, seq)
		}
	}
	return n + 2 - n%2, nil
}

func (t *Target) following(from *State) channel.Channel {
	if from.Channel == nil { // nothing, or a page whose channel was lost
		n := from.Ref.Seq
		next := channel.Channel{Target: t.Name, Seq: n + 2 - n%2, Prev: from.Ref.Channel}
		// What is stored compressed takes no last line, and what is too long nobody reads back.
		if from.Foreign && from.header.ContentEncoding == "" && len(from.Page) <= maxOwn {
			next.Original = release.DigestOf(from.Page)
		}
		return next
	}
	next := from.Channel.Next()
	next.Seq = max(next.Seq, from.latest+2-from.latest%2) // an old page may have been put back
	next.Prev = from.Ref.Channel
	if next.Fallback = from.Healthiest(); !next.Fallback.IsZero() {
		next.Original = release.Digest{}
	}
	return next
}

func (t *Target) prepare(ctx context.Context, from *State, next channel.Channel, page []byte, healthy bool) (*Publication, error) {
	var err error
	if next.Nonce, err = channel.NewNonce(t.Random); err != nil {
		return nil, err
	}
	next.Issued = t.Now()
	sealed, err := channel.Seal(&next)
	if err != nil {
		return nil, err
	}
	p := &Publication{
		from: from, next: &next, header: t.headerOfEntry(&next, from.header),
		ref: channel.Ref{Seq: next.Seq, Nonce: next.Nonce, Release: next.Live(), Channel: sealed.Digest},
	}
	if p.page, err = t.render(page, p.ref); err != nil {
		return nil, fmt.Errorf("%s of release %s: %w", t.Entry, next.Live(), err)
	}
	back, err := t.wayBack(ctx, p, sealed.Digest)
	if err != nil {
		return nil, err
	}
	// The revert first: it is what others with the same number run into.
	if err := t.create(ctx, revertOf(next.Seq), back); err != nil {
		return nil, err
	}
	data, err := sealed.Encode()
	if err != nil {
		return nil, err
	}
	if err := t.create(ctx, logOf(p.ref.Seq, p.ref.Nonce), data); err != nil {
		return nil, err
	}
	if healthy {
		return p, t.Healthy(ctx, p.ref)
	}
	return p, nil
}

func (t *Target) create(ctx context.Context, name string, data []byte) error {
	if _, err := t.Store.Write(ctx, name, store.Bytes(data), record, store.Anew); err != nil {
		return fmt.Errorf("preparing a publication: %w", err)
	}
	return nil
}

// isPageOf holds a page against the record of the release whose it should be.
func (t *Target) isPageOf(ctx context.Context, id release.Digest, page []byte) error {
	r, err := t.Record(ctx, id)
	if err != nil {
		return err
	}
	if f, ok := r.File(t.Entry); !ok || release.IntegrityOf(page) != f.Integrity {
		return fmt.Errorf("its page is not that of release %s: it was altered in the store", id)
	}
	return nil
}

// pageOf reads a release's own page, and holds it against the release's record.
func (t *Target) pageOf(ctx context.Context, id release.Digest) ([]byte, error) {
	r, err := t.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	want, ok := r.File(t.Entry)
	if !ok {
		return nil, fmt.Errorf("release %s has no file %q; name its page as the environment's entry", id, t.Entry)
	}
	page, _, err := store.Read(ctx, t.Store, fileOf(id, t.Entry), maxPage)
	if err != nil {
		return nil, fmt.Errorf("reading the page of release %s: %w", id, err)
	}
	if got := release.IntegrityOf(page); got != want.Integrity {
		return nil, fmt.Errorf("%s: got %s, want %s: it was altered in the store", fileOf(id, t.Entry), got, want.Integrity)
	}
	return page, nil
}

// Publish does the one conditional write. The errors are target.ErrLost,
// target.ErrUnknown, or another, and then nothing was written.
func (t *Target) Publish(ctx context.Context, p *Publication) (*State, error) {
	version, err := t.swap(ctx, swap{from: p.from.Version, over: p.next.Prev, page: p.page, header: p.header, ref: p.ref})
	if err != nil {
		return nil, fmt.Errorf("publishing sequence %d: %w", p.ref.Seq, err)
	}
	page, _, _, err := t.cut(p.page)
	return &State{Version: version, Ref: p.ref, Page: page, Channel: p.next, header: p.header}, err
}
