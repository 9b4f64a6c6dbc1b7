package static

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/store"
)

// keptReverts is how many sequence numbers below the live one keep their reverts. A
// rollback reads the live one's alone.
const keptReverts = 64

// tidy removes what runs left that died, and reverts that lead back from what is long
// gone. The log and what was recorded healthy stay: they are the history.
func (t *Target) tidy(ctx context.Context, live int64, keep Retention) error {
	before := t.Now().Add(-2 * max(keep.Window, shortest)) // nothing heeds these any more
	return errors.Join(t.sweep(ctx, journal, before), t.sweep(ctx, probes, before), t.outdated(ctx, live))
}

// sweep removes the documents of a folder that say they began before a time.
func (t *Target) sweep(ctx context.Context, folder string, before time.Time) error {
	for info, err := range t.Store.List(ctx, folder) {
		if err != nil {
			return err
		}
		data, _, err := store.Read(ctx, t.Store, info.Name, maxDocument)
		if store.CodeOf(err) == store.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		var left struct{ Began time.Time }
		if json.Unmarshal(data, &left) != nil || !left.Began.Before(before) {
			continue
		}
		if err := t.erase(ctx, info.Name); err != nil {
			return err
		}
	}
	return nil
}

// outdated removes the reverts of long ago.
func (t *Target) outdated(ctx context.Context, live int64) error {
	for info, err := range t.Store.List(ctx, "deploy/revert") {
		if err != nil {
			return err
		}
		seq, err := strconv.ParseInt(strings.TrimSuffix(path.Base(info.Name), ".json"), 10, 64)
		if err != nil || seq >= live-keptReverts {
			continue
		}
		if err := t.erase(ctx, info.Name); err != nil {
			return err
		}
	}
	return nil
}
