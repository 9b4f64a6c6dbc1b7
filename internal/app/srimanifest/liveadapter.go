package srimanifest

import (
	"context"
	"errors"

	"github.com/org/checkout-deploy/internal/live"
)

// liveBrowser starts the installed browser, or attaches to the one at a DevTools
// address, for live checks. The error wraps browser.ErrNoBrowser where none is
// installed. close ends what was started.
func liveBrowser(ctx context.Context, address string) (b live.Browser, end func() error, err error) {
	return nil, nil, errors.New("not yet")
}

// scanLive is live.Options.Scan by internal/integrity/page.
func scanLive(html []byte) ([]live.Element, error) { return nil, errors.New("not yet") }
