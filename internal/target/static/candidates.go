package static

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
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
