package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/live"
	"github.com/org/checkout-deploy/internal/release"
)

// keepBaseline is the mode baseline: what is live now is what should be. A page that
// failed, or was not executed, is no such thing.
func (j *job) keepBaseline(ctx context.Context, l *looked, s signer) error {
	if j.incomplete != "" {
		return j.unseenBaseline()
	}
	var errs []error
	for _, p := range l.seen.Pages {
		if p.Failed != "" {
			errs = append(errs, fmt.Errorf("%s: %s", p.URL, p.Failed))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("no baseline is made of pages that failed: %w", errors.Join(errs...))
	}
	baseline, err := live.NewBaseline(l.seen, l.own)
	if err != nil {
		return err
	}
	data, err := baseline.Encode()
	if err != nil {
		return err
	}
	for _, d := range live.Compare(nil, j.against(l), l.seen) {
		j.found(d.Finding())
	}
	if err := j.writeBaseline(ctx, data, s); err != nil {
		return err
	}
	return j.end(ctx, release.Digest{}, j.liveSummary(l), false)
}

func (j *job) unseenBaseline() error {
	return action.Explain(errors.New("a baseline without a browser would not have what scripts load: "+j.incomplete), "give the input browser, or install Chromium")
}

// writeBaseline puts the file and its signature in place.
func (j *job) writeBaseline(ctx context.Context, data []byte, s signer) error {
	name := place.Within(j.dir, filepath.FromSlash(j.cfg.Integrity.Live.Baseline))
	if w := j.r.Workspace(); w != "" && !place.Inside(place.Real(name), w) {
		return action.Misuse(fmt.Errorf("integrity.live.baseline: got %q, which lies outside the workspace", j.cfg.Integrity.Live.Baseline))
	}
	files := map[string][]byte{name: data}
	if s.Signer != nil {
		bundle, err := j.bundle(ctx, s, "the baseline", data)
		if err != nil {
			return err
		}
		files[name+signed] = bundle
	}
	if err := j.writeAll(files); err != nil {
		return fmt.Errorf("writing the baseline: %w", err)
	}
	if s.Signer == nil {
		if err := place.Remove(name + signed); err != nil {
			return fmt.Errorf("removing the old baseline's signature: %w", err)
		}
	}
	j.r.Logf("%s is what is live now. Look at it before you commit it: from then on it is right.", j.r.Shown(name))
	return nil
}
