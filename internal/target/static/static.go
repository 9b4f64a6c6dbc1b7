// Package static is the target that serves files from a store: a bucket, or a
// folder below a web server.
//
//	r/<id>/…                     a release's files, create-only
//	<entry>                      the page that shoppers ask for: the one mutable object
//	deploy/complete/<id>.json    all files of the release were there, and read back
//	deploy/log/<n>-<nonce>.json  the channel that was published with the sequence n
//	deploy/revert/<n>.json       what takes n back, prepared before n was published
//	deploy/healthy/<n>.json      n was watched, and passed
//	deploy/original/<sha256>     the page that was there before the first deploy
//	deploy/staged/<id>.json      something may be in r/<id>/
//	deploy/journal/<nonce>.json  a deploy in flight
//	deploy/lock.json             who deploys: advice alone
//	deploy/target.json           whose the store is
//
// The entry is the release's own page with a base element, so that its relative
// addresses lead into r/<id>/, and a last line that names the channel. Replacing
// it is the one conditional write that changes what shoppers see.
package static

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Target is one place that shoppers are served from.
type Target struct {
	// Store is retried by itself where that is safe (store.Retrying): Target tries
	// again only what has to be settled first.
	Store store.Store
	// Name is the channel's target.
	Name string
	// Entry is the page's name in a release and in the store, such as index.html.
	Entry string
	// Base is the path that the store's root has in the page's address, such as
	// /checkout/; it begins and ends with a slash.
	Base string
	// Mark signs a marker's statement; nil leaves it bare. Marked says whether one is
	// signed by whom it should be, with bundle nil for a bare one; nil believes all.
	Mark   func(ctx context.Context, statement []byte) (bundle []byte, err error)
	Marked func(ctx context.Context, statement, bundle []byte) error
	// Uploading hears how far the staging of files is; it may be nil.
	Uploading func(store.Uploaded)
	// Now and Random are the clock and a source of random bytes.
	Now    func() time.Time
	Random io.Reader
}

// Limits of what is read back from a store.
const (
	maxPage     = 8 << 20 // bytes of an entry
	maxDocument = 1 << 20
	// sequences bounds how many sequence numbers are tried that others have taken.
	sequences = 32
)

func folderOf(id release.Digest) string         { return "r/" + id.String() }
func fileOf(id release.Digest, p string) string { return folderOf(id) + "/" + p }
func markerOf(id release.Digest) string         { return "deploy/complete/" + id.String() + ".json" }
func stagedOf(id release.Digest) string         { return "deploy/staged/" + id.String() + ".json" }
func revertOf(seq int64) string                 { return fmt.Sprintf("deploy/revert/%d.json", seq) }
func healthyOf(seq int64) string                { return fmt.Sprintf("deploy/healthy/%d.json", seq) }

// Headers of CHANNEL's table: what can change is asked for again, what is named
// by its content is kept for a year.
const (
	cachedNever   = "no-store"
	cachedBriefly = "public, max-age=0, s-maxage=5, stale-if-error=86400"
	cachedForever = "public, max-age=31536000, immutable"
)

func headerOf(name, cache string) store.Header {
	return store.Header{ContentType: release.TypeOf(name), CacheControl: cache}
}

var record = store.Header{ContentType: "application/json", CacheControl: cachedNever}
