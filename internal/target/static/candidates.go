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

// healthyOnes yields what was recorded healthy, the newest first.
func (t *Target) healthyOnes(ctx context.Context) func(yield func(health, error) bool) {
	return func(yield func(health, error) bool) {
		bySeq := map[int64]string{}
		for info, err := range t.Store.List(ctx, "deploy/healthy") {
			if err != nil {
				yield(health{}, fmt.Errorf("listing what was healthy: %w", err))
				return
			}
			if seq, err := strconv.ParseInt(strings.TrimSuffix(path.Base(info.Name), ".json"), 10, 64); err == nil {
				bySeq[seq] = info.Name
			}
		}
		for _, seq := range slices.Backward(slices.Sorted(maps.Keys(bySeq))) {
			if !yield(t.healthAt(ctx, bySeq[seq])) {
				return
			}
		}
	}
}
