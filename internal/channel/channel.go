// Package channel is what a target serves now, as one small document: a Channel
// in an Envelope. Deploy, canary and rollback all publish the next channel, and
// of two channels the one with the higher Order is right.
//
// The pinned loader and the pages that own their HTML read the same document: the
// loader as channel.json, a page by the Ref in its last line.
package channel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Version is the one version of the envelope that is read and written.
const Version = 1

// Limits of a channel. The loader has to read it on a phone.
const (
	MaxSize     = 16 << 10 // bytes of an envelope
	MaxReleases = 4        // ids with a weight, or to fall back to
	MaxBases    = 2
	MaxRetired  = 64 // ids of releases that nobody needs
	MaxText     = 256
	maxNumber   = 1<<53 - 1
	// Whole is the sum of all weights, in basis points.
	Whole = 10_000
)

// Channel says which releases are served, and to what part of the visitors.
type Channel struct {
	// Target is compared exactly: a staging channel is nothing in production.
	Target string
	// KeysVersion and Seq are the Order; Seq starts again under new keys. Deploys
	// have even numbers, the reverts that were prepared for them the odd one after.
	KeysVersion, Seq int64
	// Nonce makes every channel's bytes its own, so that a version which follows
	// the bytes never comes back.
	Nonce Nonce
	// Prev is the SHA-256 of the channel before, or zero.
	Prev release.Digest
	// Issued and Expires are in whole seconds. Expires raises an alarm, and never
	// takes a page away; zero is no time.
	Issued, Expires time.Time
	// Weights have at most two that are not zero, a canary first, and sum up to
	// Whole. None is a target that serves nothing of ours.
	Weights []Weight
	// Original is the SHA-256 of the page that was there before the first deploy, until a
	// release that was recorded healthy has followed on another: it is what is served
	// where no release is. Or it is zero.
	Original release.Digest
	// Fallback is the last release that was recorded healthy, or zero.
	Fallback release.Digest
	// Salt decides who is among a canary's visitors, and stays through a rollout.
	Salt string
	// Bases are where the loader finds files, https URLs.
	Bases []string
	// Hold stops deploys until it is cleared; nil does not.
	Hold *Hold
	// Retired are releases that nobody needs.
	Retired []Retirement
	// Commit is what Live was built from, and Run whose publication this is, such as
	// the address of a workflow's run. Either may be empty; the loader reads neither.
	Commit, Run string
}

// Retirement says since when nobody needs a release.
type Retirement struct {
	Release release.Digest
	Since   time.Time // in whole seconds
	// Removing is since when its files are being removed, or zero. Before that it
	// may be served again; from then on it may not.
	Removing time.Time
}

// Weight gives a release a part of the visitors, in basis points.
type Weight struct {
	Release     release.Digest
	BasisPoints int
}

// Hold says why nothing is to be deployed. A rollback sets it.
type Hold struct {
	Reason string `json:"reason"`
}

// Order says which of two channels of a target is newer.
type Order struct{ KeysVersion, Seq int64 }

// Order is the channel's.
func (c *Channel) Order() Order { return Order{c.KeysVersion, c.Seq} }

// Less says whether o is older than p.
func (o Order) Less(p Order) bool {
	return o.KeysVersion < p.KeysVersion || o.KeysVersion == p.KeysVersion && o.Seq < p.Seq
}

// Live is the release that most visitors get, or zero. Of a canary and the
// release before it with half of them each it is the one before.
func (c *Channel) Live() (id release.Digest) {
	most := 0
	for _, w := range c.Weights {
		if w.BasisPoints > 0 && w.BasisPoints >= most {
			id, most = w.Release, w.BasisPoints
		}
	}
	return id
}

// Names says whether somebody can be served the release by this channel, now or
// by falling back.
func (c *Channel) Names(id release.Digest) bool {
	return c.Fallback == id || slices.ContainsFunc(c.Weights, func(w Weight) bool { return w.Release == id })
}

// Serve makes the release the only one that is served. It is not retired any more.
func (c *Channel) Serve(id release.Digest) {
	c.Weights = []Weight{{Release: id, BasisPoints: Whole}}
	c.Keep()
}

// Keep takes what is served or fallen back to off the retired.
func (c *Channel) Keep() {
	c.Retired = slices.DeleteFunc(slices.Clone(c.Retired), func(r Retirement) bool { return c.Names(r.Release) })
}

// Retirement is the release's, if it is retired.
func (c *Channel) Retirement(id release.Digest) (Retirement, bool) {
	i := slices.IndexFunc(c.Retired, func(r Retirement) bool { return r.Release == id })
	if i < 0 {
		return Retirement{}, false
	}
	return c.Retired[i], true
}

// Removing are the retired whose files are being removed.
func (c *Channel) Removing() []Retirement {
	return slices.DeleteFunc(slices.Clone(c.Retired), func(r Retirement) bool { return r.Removing.IsZero() })
}

// Next is the channel that a deploy publishes over c: the same, with the next
// even Seq. What it is to serve, its nonce and its times are the caller's.
func (c *Channel) Next() Channel {
	next := *c
	next.Seq = c.Seq + 2 - c.Seq%2
	next.Nonce = Nonce{}
	return next
}

// Check tells all that is wrong with a channel.
func (c *Channel) Check() error {
	var wrong []error
	say := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	say(!text(c.Target) || c.Target == "", "target: got %q, want 1 to %d printable ASCII characters", c.Target, MaxText)
	say(c.KeysVersion < 0 || c.KeysVersion > maxNumber, "keysVersion: got %d, want 0 to 2^53-1", c.KeysVersion)
	say(c.Seq < 1 || c.Seq > maxNumber, "seq: got %d, want 1 to 2^53-1", c.Seq)
	say(c.Nonce == Nonce{}, "nonce: got none, want 128 random bits")
	say(c.Issued.IsZero(), "issued: got none, want a time")
	say(!text(c.Salt), "salt: got %q, want at most %d printable ASCII characters", c.Salt, MaxText)
	say(len(c.Bases) > MaxBases, "bases: got %d, want at most %d", len(c.Bases), MaxBases)
	for _, base := range c.Bases {
		say(!strings.HasPrefix(base, "https://") || !text(base), "bases: got %q, want an https URL", base)
	}
	say(!text(c.Commit), "commit: got %q, want a commit's digits", c.Commit)
	say(!text(c.Run), "run: got %q, want at most %d printable ASCII characters", c.Run, MaxText)
	if c.Hold != nil {
		say(!text(c.Hold.Reason), "hold: got the reason %q, want at most %d printable ASCII characters", c.Hold.Reason, MaxText)
	}
	say(len(c.Retired) > MaxRetired, "retired: got %d ids, want at most %d", len(c.Retired), MaxRetired)
	wrong = append(wrong, c.checkWeights()...)
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("channel %d of %q: %w", c.Seq, c.Target, err)
	}
	return nil
}

func (c *Channel) checkWeights() (wrong []error) {
	seen, sum, some := map[release.Digest]bool{}, 0, 0
	for _, w := range c.Weights {
		if w.Release.IsZero() || seen[w.Release] || w.BasisPoints < 0 || w.BasisPoints > Whole {
			wrong = append(wrong, fmt.Errorf("weights: got %s with %d, want each release once, with 0 to %d", w.Release, w.BasisPoints, Whole))
		}
		if seen[w.Release], sum = true, sum+w.BasisPoints; w.BasisPoints > 0 {
			some++
		}
	}
	named := len(c.Weights)
	if !c.Fallback.IsZero() && !seen[c.Fallback] {
		named++
	}
	if named > MaxReleases || some > 2 {
		wrong = append(wrong, fmt.Errorf("weights: got %d releases with the fallback, %d of them not zero, want at most %d and 2", named, some, MaxReleases))
	}
	if len(c.Weights) > 0 && sum != Whole {
		wrong = append(wrong, fmt.Errorf("weights: got a sum of %d, want %d", sum, Whole))
	}
	clear(seen)
	for _, r := range c.Retired {
		if c.Names(r.Release) || r.Since.IsZero() || r.Release.IsZero() || seen[r.Release] {
			wrong = append(wrong, fmt.Errorf("retired: got %s since %s, want each release once, one that is not served, and a time", r.Release, r.Since))
		}
		seen[r.Release] = true
	}
	return wrong
}

func text(s string) bool {
	return len(s) <= MaxText && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
