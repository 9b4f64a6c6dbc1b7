package report

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// To look at the sample page, or at a report that an action wrote:
//
//	go test ./internal/report -run TestPictures -pictures <folder> [-page report.html]
//
// docs/report.png is report.png of build-bundle's report of examples/checkout.
var (
	pictures = flag.String("pictures", "", "an absolute `folder` for pictures of a page")
	pageFile = flag.String("page", "", "the page's `file`, absolute; \"\" for the sample")
)

// missing skips a test for want of a tool; where everything should be
// installed that is a failure.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// started starts a browser for a test.
func started(t testing.TB) (*browser.Browser, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx, browser.Options{Binary: os.Getenv("CHROMIUM")})
	if errors.Is(err, browser.ErrNoBrowser) {
		missing(t, err.Error()+": apt-get install chromium")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, ctx
}

// opened shows a page to a reader. It is served as any file would be.
func opened(t testing.TB, ctx context.Context, b *browser.Browser, html []byte, r browser.Reader) *browser.Page {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/report.html" {
			http.NotFound(w, q)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(html)
	}))
	t.Cleanup(s.Close)
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.Emulate(ctx, r); err != nil {
		t.Fatal(err)
	}
	if err := p.Open(ctx, s.URL+"/report.html"); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPictures(t *testing.T) {
	if *pictures == "" {
		return // asked for by hand
	}
	html, err := sample().HTML()
	if *pageFile != "" {
		html, err = os.ReadFile(*pageFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)
	save := func(name string, data []byte, err error) {
		t.Helper()
		if err == nil {
			err = os.WriteFile(filepath.Join(*pictures, name), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	save("report.html", html, nil)
	for name, r := range map[string]browser.Reader{
		"report.png": {Width: 1200, Height: 1130},
		"light.png":  {Width: 1280, Height: 4800}, "dark.png": {Width: 1280, Height: 4800, Dark: true},
		"narrow.png": {Width: 360, Height: 7000}, "narrow-dark.png": {Width: 320, Height: 1600, Dark: true},
	} {
		p := opened(t, ctx, b, html, r)
		png, err := p.Screenshot(ctx)
		save(name, png, err)
		if name == "dark.png" {
			pdf, err := p.PDF(ctx)
			save("report.pdf", pdf, err)
		}
	}
}
