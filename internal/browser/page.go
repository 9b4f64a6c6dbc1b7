package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

// pollEvery is the pause between two looks at a condition: short beside a page
// load, long beside a round trip to the browser.
const pollEvery = 25 * time.Millisecond

// Page is a tab with a cookie jar and cache of its own, shared with no other
// page. Its records start empty and grow over all addresses it opens. A Page is
// driven by one goroutine; its records may be read from any.
type Page struct {
	*record
	wire   *wire
	ctx    context.Context
	cancel context.CancelFunc
}

// Settings shape a page before its first address.
type Settings struct {
	// IgnoreCertificates accepts any TLS certificate: for tests with their own.
	IgnoreCertificates bool

	// Headers are sent with every request of the page, name to value.
	Headers map[string]string
}

// Page opens an empty page. Close it, or close the browser.
func (b *Browser) Page(ctx context.Context, s Settings) (*Page, error) {
	rec := newRecord()
	tab, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(rec.event))
	p := &Page{record: rec, wire: b.wire, ctx: tab, cancel: cancel}
	// The tab must be made with its own context, not with a bounded one: the
	// context of the first command is the tab's life.
	stop := context.AfterFunc(ctx, cancel)
	err := chromedp.Do(tab, p.prepare(s))
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("opening a page: %w", err)
	}
	return p, nil
}

func (p *Page) prepare(s Settings) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: observer, WorldName: world,
		}); err != nil {
			return none, err
		}
		if s.IgnoreCertificates {
			if _, err = chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
				return none, err
			}
		}
		if len(s.Headers) > 0 {
			headers := network.Headers{}
			for name, value := range s.Headers {
				headers[name] = value
			}
			if _, err = chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers}); err != nil {
				return none, err
			}
		}
		return none, nil
	}
}

// Close closes the tab and forgets its cookies and cache. The records stay
// readable.
func (p *Page) Close() error {
	if err := chromedp.Cancel(p.ctx); err != nil {
		return fmt.Errorf("closing a page: %w", err)
	}
	return nil
}

// Open goes to an address and returns once its load event has fired: scripts
// and styles named in the HTML have run or failed, what they loaded in turn may
// still be on its way.
func (p *Page) Open(ctx context.Context, url string) error {
	if err := p.do(ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("opening %q: %w", url, err)
	}
	return nil
}

// Evaluate runs an expression in the page and decodes its JSON value into a T.
// A promise is awaited. T must be able to be nil where the value can be null.
func Evaluate[T any](ctx context.Context, p *Page, expression string) (T, error) {
	v, err := run(ctx, p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("evaluating %q: %w", clip(expression, 80), err)
	}
	return v, nil
}

// ErrNotSeen says that a condition did not become true within its bound.
var ErrNotSeen = errors.New("not seen")

// Wait looks until the JavaScript expression is truthy, for at most the given
// time. It outlives navigations. The error wraps ErrNotSeen, with what was
// waited for, or ctx's.
func (p *Page) Wait(ctx context.Context, expression string, within time.Duration) error {
	if err := p.wait(ctx, expression, within); err != nil {
		return fmt.Errorf("waiting for %q: %w", clip(expression, 80), err)
	}
	return nil
}

// Visible looks until the first element matching the CSS selector has a box on
// the page, for at most the given time.
func (p *Page) Visible(ctx context.Context, selector string, within time.Duration) error {
	const box = "(e => e && e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden')(document.querySelector(%s))"
	if err := p.wait(ctx, fmt.Sprintf(box, quote(selector)), within); err != nil {
		return fmt.Errorf("waiting for %q to be visible: %w", selector, err)
	}
	return nil
}

func (p *Page) wait(ctx context.Context, expression string, within time.Duration) error {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	test := chromedp.Evaluate[bool]("!!(" + expression + ")")
	var last error
	for {
		ok, err := run(bounded, p, test)
		if ok {
			return nil
		}
		if bounded.Err() == nil {
			last = err // a document that just went away, or a mistake in the expression
		}
		if !pause(bounded, pollEvery) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if last != nil {
				return fmt.Errorf("%w within %s: %w", ErrNotSeen, within, last)
			}
			return fmt.Errorf("%w within %s", ErrNotSeen, within)
		}
	}
}

// pause lets d pass between two looks, and reports whether ctx lasted that long.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d): //nolint:forbidigo // the browser is a process of its own: it goes by the real clock
		return true
	}
}

// Quiet looks until the page had no request under way for so long (still), for
// at most the given time. Pages that poll never become quiet.
func (p *Page) Quiet(ctx context.Context, still, within time.Duration) error {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for seen := time.Duration(0); seen < still; seen += pollEvery {
		if !pause(bounded, pollEvery) {
			if ctx.Err() != nil {
				return fmt.Errorf("waiting for a quiet network: %w", context.Cause(ctx))
			}
			return fmt.Errorf("waiting for a quiet network: %w within %s; still open: %q", ErrNotSeen, within, p.pending())
		}
		if len(p.pending()) > 0 {
			seen = -pollEvery
		}
	}
	return nil
}

// Screenshot returns the visible part of the page as PNG.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	png, err := run(ctx, p, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, fmt.Errorf("taking a screenshot: %w", err)
	}
	return png, nil
}

// Body returns the bytes of a response as the browser decoded them. The browser
// forgets them when the page goes elsewhere.
func (p *Page) Body(ctx context.Context, r Request) ([]byte, error) {
	body, err := run(ctx, p, func(ctx context.Context, _ *chromedp.Target) ([]byte, error) {
		res, err := chromedp.Call(ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: network.RequestID(r.ID)})
		if err != nil {
			return nil, err
		}
		return res.Body, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the body of %q: %w", r.URL, err)
	}
	return body, nil
}

func (p *Page) do(ctx context.Context, a chromedp.Action[chromedp.Void]) error {
	_, err := run(ctx, p, a)
	return err
}

// run executes an action in the tab, bounded by the caller's context. chromedp
// finds the tab in the context, so the two contexts are joined here.
func run[T any](ctx context.Context, p *Page, a chromedp.Action[T]) (T, error) {
	joined, cancel := context.WithCancelCause(p.ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	v, err := chromedp.Run(joined, a)
	if err != nil && ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	return v, err
}

// Before has a script run in every document of the page before its own scripts, from
// the next address on; no policy of the page holds it up.
func (p *Page) Before(ctx context.Context, script string) error {
	err := p.do(ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return chromedp.Void{}, err
	})
	if err != nil {
		return fmt.Errorf("running %q before the page: %w", clip(script, 80), err)
	}
	return nil
}
