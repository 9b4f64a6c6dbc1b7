package static

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// Candidates are the releases that a rollback could lead to, the newest first: they
// were recorded healthy, are marked complete, and are not live. At most n are
// looked for.
func (t *Target) Candidates(ctx context.Context, live release.Digest, n int) (ids []release.Digest, err error) {
	seen := map[release.Digest]bool{live: true}
	for h, err := range t.healthyOnes(ctx) {
		if err != nil || len(ids) == n {
			return ids, err
		}
		if seen[h.Release] {
			continue
		}
		if seen[h.Release] = true; t.Complete(ctx, h.Release) == nil {
			ids = append(ids, h.Release)
		}
	}
	return ids, nil
}

// maxLogged is how many publications are looked through for a release's commit.
const maxLogged = 50

// commitOf is the commit that a release was last published with; "" if the last
// publications don't say. It is for records and decides nothing, so an error says no more.
func (t *Target) commitOf(ctx context.Context, id release.Digest) string {
	if id.IsZero() { // the page of before the first deploy
		return ""
	}
	bySeq := map[int64]string{}
	for info, err := range t.Store.List(ctx, "deploy/log") {
		if err != nil {
			return ""
		}
		number, _, _ := strings.Cut(path.Base(info.Name), "-")
		if seq, err := strconv.ParseInt(number, 10, 64); err == nil {
			bySeq[seq] = info.Name
		}
	}
	seqs := slices.Sorted(maps.Keys(bySeq))
	for _, seq := range slices.Backward(seqs[max(0, len(seqs)-maxLogged):]) {
		data, _, err := store.Read(ctx, t.Store, bySeq[seq], channel.MaxSize)
		if err != nil {
			continue
		}
		if _, c, err := channel.Open(data); err == nil && c.Live() == id && c.Commit != "" {
			return c.Commit
		}
	}
	return ""
}

// latestHealthy is the highest sequence that was recorded healthy, or 0.
func (t *Target) latestHealthy(ctx context.Context) (latest int64, err error) {
	bySeq, err := t.healthySeqs(ctx)
	for seq := range bySeq {
		latest = max(latest, seq)
	}
	return latest, err
}

// healthySeqs are the names of the records of health, by their sequence.
func (t *Target) healthySeqs(ctx context.Context) (map[int64]string, error) {
	bySeq := map[int64]string{}
	for info, err := range t.Store.List(ctx, "deploy/healthy") {
		if err != nil {
			return nil, fmt.Errorf("listing what was healthy: %w", err)
		}
		if seq, err := strconv.ParseInt(strings.TrimSuffix(path.Base(info.Name), ".json"), 10, 64); err == nil {
			bySeq[seq] = info.Name
		}
	}
	return bySeq, nil
}

// healthyOnes yields what was recorded healthy, the newest first.
func (t *Target) healthyOnes(ctx context.Context) func(yield func(health, error) bool) {
	return func(yield func(health, error) bool) {
		bySeq, err := t.healthySeqs(ctx)
		if err != nil {
			yield(health{}, err)
			return
		}
		for _, seq := range slices.Backward(slices.Sorted(maps.Keys(bySeq))) {
			if !yield(t.healthAt(ctx, bySeq[seq])) {
				return
			}
		}
	}
}
