// Package browser opens pages in headless Chromium and reports what a shopper's
// browser would have seen: the scripts and styles of the page, every request,
// what the console said, uncaught exceptions and what Subresource Integrity
// blocked.
//
// It is a thin layer over chromedp. Nothing here judges a page; callers do.
package browser

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// Options say which browser to start and how. The zero value starts the first
// Chromium on PATH, headless, with a window of 1280×1024.
type Options struct {
	// Binary is a path or a name looked up on PATH. Empty: see Find.
	Binary string

	// Width and Height are the window's size in CSS pixels.
	Width, Height int

	// Flags are further switches, each "name" or "name=value", with or without
	// the leading dashes.
	Flags []string

	// Watched lets pages be watched (Page.Watch). The browser then listens on a port
	// of this machine instead of a pipe.
	Watched bool
}

// Browser is a running Chromium with an empty profile of its own. Close must be
// called; it ends every process of the browser and removes the profile.
type Browser struct {
	ctx     context.Context
	release context.CancelFunc
	version string

	wire     *wire // nil without Options.Watched
	attached bool  // to a browser of somebody else's
}

// Start starts a browser. It lives until Close or until ctx ends, so a context
// with a deadline bounds the browser's whole life.
func Start(ctx context.Context, o Options) (*Browser, error) {
	binary, err := Find(o.Binary)
	if err != nil {
		return nil, err
	}
	b := &Browser{}
	opts := switches(binary, o)
	if o.Watched {
		opts = append(opts, chromedp.WithDialer(func(ctx context.Context, address string) (chromedp.Transport, error) {
			var err error
			b.wire, err = dialed(ctx, address)
			return b.wire, err
		}))
	}
	allocator, release := chromedp.NewExecAllocator(ctx, opts...)
	root, _ := chromedp.NewContext(allocator, chromedp.WithErrorf(discard))
	// The first command starts the process and binds its life to root.
	v, err := chromedp.CallBrowser(root, browser.GetVersion, cdp.Empty{})
	if err != nil {
		release()
		return nil, fmt.Errorf("starting the browser %q: %w", binary, err)
	}
	b.ctx, b.release, b.version = root, release, v.Product
	return b, nil
}

// Version names the browser as it names itself, for example "Chrome/140.0.1.2".
func (b *Browser) Version() string { return b.version }

// Close ends the browser and waits until its processes are gone. One that was
// attached to goes on.
func (b *Browser) Close() error {
	if b.attached {
		b.release()
		return nil
	}
	err := chromedp.Cancel(b.ctx)
	b.release()
	if err != nil {
		return fmt.Errorf("closing the browser: %w", err)
	}
	return nil
}

// switches lists Chromium's command line. Everything that talks to a vendor's
// service is off: a page under test must be the only cause of requests.
func switches(binary string, o Options) []chromedp.ExecAllocatorOption {
	if o.Width == 0 {
		o.Width = 1280
	}
	if o.Height == 0 {
		o.Height = 1024
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary),
		chromedp.DisableGPU,
		chromedp.WindowSize(o.Width, o.Height),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-pings", true),
	)
	for _, f := range o.Flags {
		name, value, given := strings.Cut(strings.TrimLeft(f, "-"), "=")
		if given {
			opts = append(opts, chromedp.Flag(name, value))
		} else {
			opts = append(opts, chromedp.Flag(name, true))
		}
	}
	return opts
}

// discard drops chromedp's remarks about events it does not know: a newer
// browser than its protocol description is normal here.
func discard(string, ...any) {}
