package static

import (
	"context"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/target"
)

// swap is the one write that changes what shoppers see.
type swap struct {
	from store.Version  // of the page that is replaced, or zero
	over release.Digest // the channel that it names, or zero
	page []byte         // what replaces it, with its header
	ref  channel.Ref    // what that names

	header store.Header
}

// Bounds of a swap.
const (
	swaps    = 4 // how often one is sent
	settling = 20 * time.Second
)

// swap does the write. An unknown outcome is settled by reading back; if the old
// page is still there the same write is sent again, which is safe: its condition
// names that page, and its nonce tells whether it was this one that was done.
func (t *Target) swap(ctx context.Context, s swap) (store.Version, error) {
	var last error
	sent := false // an attempt may have been done
	for range swaps {
		v, err := t.Store.Write(ctx, t.Entry, store.Bytes(s.page), s.header, store.Replacing(s.from))
		if err == nil {
			return v, nil
		}
		last = err
		code := store.CodeOf(err)
		sent = sent || code == store.Unknown
		if !sent && code != store.Changed && code != store.Exists {
			return "", err
		}
		if v, settled, err := t.settle(ctx, s, sent); settled {
			return v, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return "", fmt.Errorf("%w: %w", target.ErrUnknown, last)
}

// settle finds out what became of a swap, even after a cancellation. It is not
// settled while the old page is there.
func (t *Target) settle(ctx context.Context, s swap, sent bool) (_ store.Version, settled bool, _ error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	now, err := t.entry(ctx)
	switch {
	case err != nil:
		return "", true, fmt.Errorf("%w: reading back: %w", target.ErrUnknown, err)
	case now.Ref == s.ref:
		return now.Version, true, nil
	case now.Version == s.from:
		return "", false, nil
	case !sent:
		return "", true, fmt.Errorf("%w: sequence %d is live", target.ErrLost, now.Ref.Seq)
	}
	// It may have been live before what is live now.
	if c, err := t.published(ctx, now.Ref); err == nil && c.Prev == s.over {
		return "", true, fmt.Errorf("%w: sequence %d is live", target.ErrLost, now.Ref.Seq)
	}
	return "", true, fmt.Errorf("%w: sequence %d is live, which somebody else published", target.ErrUnknown, now.Ref.Seq)
}
