package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/health"
)

// Chromium starts the installed browser, or the program of that name, or attaches
// to the one at a DevTools address. end ends what was started. Without a browser
// that nobody named it is nil: each smoke test is an error then.
func Chromium(ctx context.Context, address string) (b health.Browser, end func() error, err error) {
	var found *browser.Browser
	if strings.Contains(address, "://") {
		found, err = browser.Connect(ctx, address)
	} else {
		found, err = browser.Start(ctx, browser.Options{Binary: address})
	}
	switch {
	case errors.Is(err, browser.ErrNoBrowser) && address == "":
		return nil, func() error { return nil }, nil
	case err != nil:
		return nil, nil, &action.Error{Kind: action.Unavailable, Err: fmt.Errorf("browser: %w", err), Hint: "give a DevTools address, such as that of a service container, or install Chromium"}
	}
	return chromium{found}, found.Close, nil
}

// chromium is health.Browser by internal/browser.
type chromium struct{ *browser.Browser }

func (b chromium) Visit(ctx context.Context, s health.Smoke) (*health.Visit, error) {
	bounded, cancel := context.WithTimeout(ctx, s.Within)
	defer cancel()
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	v := &health.Visit{}
	if err := p.Open(bounded, s.URL); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		v.Failed = err.Error()
		return v, nil
	}
	if v.NoSelector, v.NoGlobal, err = look(bounded, p, s); err != nil {
		return nil, err
	}
	gather(v, p)
	return v, nil
}

// look waits for what is named, both in the one time.
func look(ctx context.Context, p *browser.Page, s health.Smoke) (noSelector, noGlobal string, err error) {
	if s.Selector != "" {
		noSelector, err = comes(ctx, p, func(within time.Duration) error { return p.Visible(ctx, s.Selector, within) })
		if err != nil {
			return "", "", err
		}
	}
	if s.Global != "" {
		expression := "typeof globalThis." + strings.ReplaceAll(s.Global, ".", "?.") + " !== 'undefined'"
		noGlobal, err = comes(ctx, p, func(within time.Duration) error { return p.Wait(ctx, expression, within) })
	}
	return noSelector, noGlobal, err
}

// breath is how often a page is looked at that something is awaited of.
const breath = time.Second

// comes waits for something, and no longer where the page has thrown: it would not
// come any more.
func comes(ctx context.Context, p *browser.Page, wait func(time.Duration) error) (missing string, err error) {
	for ctx.Err() == nil {
		err := wait(breath)
		switch {
		case err == nil:
			return "", nil
		case !errors.Is(err, browser.ErrNotSeen) && !errors.Is(err, context.DeadlineExceeded):
			return "", err
		case len(p.Exceptions()) > 0:
			return "it did not come, and the page has thrown", nil
		}
	}
	return "it did not come", nil
}

func gather(v *health.Visit, p *browser.Page) {
	for _, e := range p.Exceptions() {
		v.Exceptions = append(v.Exceptions, e.Text)
	}
	for _, m := range p.Console() {
		if m.Level == "error" {
			v.ConsoleErrors = append(v.ConsoleErrors, m.Text)
		}
	}
	for _, b := range p.Violations() {
		v.Blocked = append(v.Blocked, b.URL)
	}
	for _, q := range p.Requests() {
		switch {
		case q.Type == "Document":
			v.Status = q.Status // the last one's, after redirects
		case q.Type != "Script" && q.Type != "Stylesheet" || q.Blocked == "integrity":
		case q.Status >= 400:
			unloaded(v, q.URL, fmt.Sprintf("status %d", q.Status))
		case q.Blocked != "" || q.Failed != "":
			unloaded(v, q.URL, strings.TrimSpace(q.Failed+" "+q.Blocked))
		}
	}
}

// unloaded notes an address once, by its status if there is one: of a style that it
// refuses Chromium makes a second request, and aborts it.
func unloaded(v *health.Visit, url, why string) {
	i := slices.IndexFunc(v.Unloaded, func(u health.Unloaded) bool { return u.URL == url })
	switch {
	case i < 0:
		v.Unloaded = append(v.Unloaded, health.Unloaded{URL: url, Why: why})
	case strings.HasPrefix(why, "status"):
		v.Unloaded[i].Why = why
	}
}
