package smoke

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// grace is how long a page may take to react to a blocked file: a retry, an
// error of its own.
const grace = 1500 * time.Millisecond

// Flip is what became of a file that was served with one byte changed.
type Flip struct {
	File string `json:"file"`

	// Blocked: integrity refused it, and no element that asked for it loaded.
	Blocked  bool   `json:"blocked"`
	Computed string `json:"computed,omitempty"` // the browser's digest of the changed bytes

	// Step is how far the page came, Reported what the page itself said of it:
	// uncaught exceptions and its own console errors, not the browser's lines.
	Step     string   `json:"step"`
	Reported []string `json:"reported"`
}

// FlipOne visits the page with one file changed.
func (r Run) FlipOne(ctx context.Context, b *browser.Browser, file string) (Flip, error) {
	r.Flip = file
	res, err := r.Visit(ctx, b)
	if err != nil {
		return Flip{}, fmt.Errorf("flipping a byte of %q: %w", file, err)
	}
	f := Flip{File: file, Step: res.Step, Reported: slices.Concat(res.Exceptions, res.Reported)}
	for _, v := range res.Violations {
		if name, ours := inDist(v.URL, res.base); ours && name == file {
			f.Blocked, f.Computed = true, v.Computed
		}
	}
	for _, e := range res.Resources {
		if e.File == file && e.State == "loaded" {
			f.Blocked = false
		}
	}
	return f, nil
}

// FlipEach flips every script and style that an undisturbed visit loaded, one
// visit each.
func (r Run) FlipEach(ctx context.Context, b *browser.Browser, undisturbed *Result) ([]Flip, error) {
	var flips []Flip
	done := map[string]bool{}
	for _, e := range undisturbed.Resources {
		if done[e.File] {
			continue
		}
		done[e.File] = true
		f, err := r.FlipOne(ctx, b, e.File)
		if err != nil {
			return flips, err
		}
		flips = append(flips, f)
	}
	return flips, nil
}

// untilBlocked returns a context that ends a moment after integrity blocked
// something: a page with a hole in it may wait for ever.
func untilBlocked(ctx context.Context, page *browser.Page) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for len(page.Violations()) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(grace):
			cancel()
		}
	}()
	return ctx, cancel
}
