package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// connectWithin bounds finding and dialing a running browser.
const connectWithin = 20 * time.Second

// Connect attaches to a running browser by its DevTools address, such as
// "http://chrome:9222" or "ws://127.0.0.1:9222/devtools/browser/…". Close leaves the
// browser running and closes the pages that were opened.
func Connect(ctx context.Context, address string) (*Browser, error) {
	bounded, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	socket, err := socketOf(bounded, address, net.DefaultResolver.LookupIPAddr)
	if err != nil {
		return nil, fmt.Errorf("finding the browser at %q: %w", clip(address, 200), err)
	}
	a := &attacher{address: socket}
	allocator, release := chromedp.NewAllocatorContext(ctx, a)
	root, _ := chromedp.NewContext(allocator, chromedp.WithErrorf(discard))
	v, err := chromedp.CallBrowser(root, browser.GetVersion, cdp.Empty{})
	if err != nil {
		release()
		return nil, fmt.Errorf("attaching to the browser at %q: %w", clip(address, 200), err)
	}
	return &Browser{ctx: root, release: release, version: v.Product, wire: a.wire, attached: true}, nil
}

// socketOf finds the WebSocket of a browser. Chromium answers only requests whose
// Host is an address or localhost, against DNS rebinding, and names itself by that
// Host; so the host's name is resolved here, and what it calls itself is replaced.
func socketOf(ctx context.Context, address string, lookup func(context.Context, string) ([]net.IPAddr, error)) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "ws") {
		return "", fmt.Errorf("want http://host:port or ws://host:port/devtools/browser/id, without a user")
	}
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = "9222"
	}
	if net.ParseIP(host) == nil && host != "localhost" {
		found, err := lookup(ctx, host)
		if err != nil {
			return "", err
		}
		host = found[0].IP.String()
	}
	at := net.JoinHostPort(host, port)
	if u.Scheme == "ws" && len(u.Path) > 1 {
		return (&url.URL{Scheme: "ws", Host: at, Path: u.Path}).String(), nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/json/version", http.NoBody)
	if err != nil {
		return "", err
	}
	// No proxy, and no redirect: the browser is next door or it is another.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var version struct {
		Socket string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&version); err != nil || version.Socket == "" {
		return "", fmt.Errorf("got status %d and no webSocketDebuggerUrl from /json/version; want a Chromium started with --remote-debugging-port", res.StatusCode)
	}
	socket, err := url.Parse(version.Socket)
	if err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "ws", Host: at, Path: socket.Path}).String(), nil
}

// attacher is chromedp's allocator for a browser that runs already, over a wire.
type attacher struct {
	address string
	wire    *wire
	wait    sync.WaitGroup
}

func (a *attacher) Allocate(ctx context.Context, opts ...chromedp.BrowserOption) (*chromedp.Browser, error) {
	w, err := dialed(ctx, a.address)
	if err != nil {
		return nil, err
	}
	a.wire = w
	// Pages are closed over the connection, so it outlives ctx by that.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	a.wait.Go(func() {
		<-ctx.Done()
		_ = chromedp.Cancel(ctx) //nolint:contextcheck // the context is chromedp's own handle
		end()
	})
	return chromedp.NewBrowserTransport(life, w, opts...)
}

func (a *attacher) Wait()          { a.wait.Wait() }
func (a *attacher) Attaches() bool { return true }
