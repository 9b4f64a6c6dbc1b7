package static

import (
	"context"
	"errors"
	"fmt"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// served gives the own page of what next serves: a complete release's, or the original
// one, which is live.
func (t *Target) served(ctx context.Context, from *State, next *channel.Channel) ([]byte, error) {
	id := next.Live()
	if id.IsZero() {
		return from.Page, t.isServed(ctx, next, from.Page)
	}
	if err := t.Complete(ctx, id); err != nil {
		return nil, err
	}
	return t.pageOf(ctx, id)
}

// isServed holds a page against what a channel serves.
func (t *Target) isServed(ctx context.Context, c *channel.Channel, page []byte) error {
	switch id := c.Live(); {
	case !id.IsZero():
		return t.isPageOf(ctx, id, page)
	case c.Original.IsZero():
		return errors.New("it serves neither a release nor the page of before the first deploy")
	case release.DigestOf(page) != c.Original:
		return fmt.Errorf("its page is not the one of before the first deploy, %s: it was altered in the store", c.Original)
	}
	return nil
}

// headerOfEntry is what the page that a channel serves is sent with. The original one
// keeps its type, which may name another charset.
func (t *Target) headerOfEntry(c *channel.Channel, was store.Header) store.Header {
	h := headerOf(t.Entry, cachedBriefly)
	if c.Live().IsZero() && was.ContentType != "" {
		h.ContentType = was.ContentType
	}
	return h
}

// before gives what p's revert leads to: the fallback's own page, else the original one
// with its header. It is nil where there is neither.
func (t *Target) before(ctx context.Context, p *Publication) (page []byte, original *store.Header, err error) {
	if id := p.next.Fallback; !id.IsZero() {
		page, err = t.pageOf(ctx, id)
		return page, nil, err
	}
	want := p.next.Original
	if want.IsZero() {
		return nil, nil, nil
	}
	page, info, err := store.Read(ctx, t.Store, originalOf(want), maxPage)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the page of before the first deploy: %w", err)
	}
	if release.DigestOf(page) != want {
		return nil, nil, fmt.Errorf("%s: it was altered in the store", originalOf(want))
	}
	return page, &info.Header, nil
}

// keepOriginal keeps the page that the first deploy replaces.
func (t *Target) keepOriginal(ctx context.Context, from *State) error {
	header := store.Header{ContentType: from.header.ContentType, CacheControl: cachedNever}
	_, err := t.Store.Write(ctx, originalOf(release.DigestOf(from.Page)), store.Bytes(from.Page), header, store.Anew)
	if err != nil && store.CodeOf(err) != store.Exists {
		return fmt.Errorf("keeping the page of before the first deploy: %w", err)
	}
	return nil
}

func originalOf(page release.Digest) string { return "deploy/original/" + page.String() }
