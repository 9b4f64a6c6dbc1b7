package smoke

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// Run says which build to visit and how.
type Run struct {
	App       string        // an installed checkout of checkout-js, read only
	Dist      string        // the folder of built files
	Loader    string        // the auto-loader's file in Dist; empty: auto-loader.js or auto-loader-*.js
	Recording string        // empty: Yardstick
	Flip      string        // a file in Dist to serve with one byte changed
	Within    time.Duration // bound for each single wait; 0: 20 s
}

// Visit opens the checkout page in a new tab and walks it to the payment step.
// A page that doesn't get there is a Result that says so; the error is for
// what kept the visit from being made.
func (r Run) Visit(ctx context.Context, b *browser.Browser) (*Result, error) {
	if r.Recording == "" {
		r.Recording = Yardstick
	}
	if r.Within == 0 {
		r.Within = 20 * time.Second
	}
	recording, err := ReadRecording(r.App, r.Recording)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(r.Dist)
	if err != nil {
		return nil, fmt.Errorf("opening the built files: %w", err)
	}
	defer root.Close()
	loader, err := r.loader()
	if err != nil {
		return nil, err
	}
	code, err := root.ReadFile(loader)
	if err != nil {
		return nil, fmt.Errorf("reading the auto-loader: %w", err)
	}
	files := &cdn{root: root, flip: r.Flip, served: map[string]int{}}
	if r.Flip != "" {
		if _, err := root.Stat(r.Flip); err != nil {
			return nil, fmt.Errorf("no file to flip: %w", err)
		}
	}
	assets := httptest.NewServer(files)
	defer assets.Close()
	shop := httptest.NewUnstartedServer(nil)
	origin := "http://" + shop.Listener.Addr().String()
	st, err := newStore(recording, origin, assets.URL+mount+loader, integrity(code))
	if err != nil {
		return nil, err
	}
	shop.Config.Handler = st
	shop.Start()
	defer shop.Close()

	page, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		return nil, err
	}
	res := &Result{Recording: r.Recording, Loader: loader, base: assets.URL + mount}
	walkErr := res.walk(ctx, page, origin+"/checkout", r.Within)
	return res, errors.Join(walkErr, res.collect(ctx, page, files, st), page.Close())
}

// loader finds the auto-loader: webpack's name carries the version, and the
// unversioned copy beside it is the same.
func (r Run) loader() (string, error) {
	if r.Loader != "" {
		return r.Loader, nil
	}
	for _, pattern := range []string{"auto-loader.js", "auto-loader-*.js"} {
		if found, _ := filepath.Glob(filepath.Join(r.Dist, pattern)); len(found) > 0 {
			return filepath.Base(found[len(found)-1]), nil
		}
	}
	return "", fmt.Errorf("%q has no auto-loader.js or auto-loader-*.js", r.Dist)
}

// walk opens the page and completes step after step. That the page stops is a
// result, not an error.
func (res *Result) walk(ctx context.Context, page *browser.Page, url string, within time.Duration) error {
	if err := page.Open(ctx, url); err != nil {
		return err
	}
	walking, cancel := untilBlocked(ctx, page)
	defer cancel()
	if err := res.steps(walking, &traveller{page: page, within: within}); err != nil {
		res.Stopped = err.Error()
		if blocked := page.Violations(); len(blocked) > 0 {
			res.Stopped = "integrity blocked " + blocked[0].URL
		}
	}
	return ctx.Err()
}

func (res *Result) steps(ctx context.Context, t *traveller) error {
	done := map[string]bool{}
	for {
		s, err := t.next(ctx, done)
		if err != nil {
			return err
		}
		res.Step = s.name
		if err := res.mark(ctx, t.page, s.name); err != nil {
			return err
		}
		if s.complete == nil {
			res.Reached = true
			// The chosen payment method loads after the step has opened.
			return t.page.Quiet(ctx, 500*time.Millisecond, t.within)
		}
		done[s.name] = true
		if err := s.complete(ctx, t); err != nil {
			return fmt.Errorf("completing the %s step: %w", s.name, err)
		}
	}
}

func integrity(data []byte) string {
	sum := sha512.Sum384(data)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// inDist turns an address into a file name in dist; ok is false for others.
func inDist(url, base string) (name string, ok bool) {
	name, ok = strings.CutPrefix(url, base)
	name, _, _ = strings.Cut(name, "?")
	return name, ok
}
