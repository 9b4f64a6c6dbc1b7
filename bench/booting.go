//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/org/checkout-deploy/bench/checkout-js/smoke"
	"github.com/org/checkout-deploy/internal/browser"
)

// patience bounds each wait of a visit. A page that works needs a second or
// two for the slowest; one that doesn't would hold up the bench.
const patience = 15 * time.Second

// bootAll opens every output in the browser, at the payment step and on a
// guest's way there. Without a browser the results say nothing of it.
func bootAll(ctx context.Context, s settings, l layout, peers []*peer, results []Result, progress *log.Logger) (err error) {
	b, err := browser.Start(ctx, browser.Options{Binary: s.chromium, Flags: smoke.Offline})
	if errors.Is(err, browser.ErrNoBrowser) {
		progress.Println("not booted:", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for i, p := range peers {
		if results[i].Failed != "" {
			continue
		}
		for _, recording := range []string{smoke.Yardstick, smoke.GuestWalk} {
			res, err := smoke.Run{App: l.app, Dist: p.dist, Recording: recording, Within: patience}.Visit(ctx, b)
			if err != nil {
				return fmt.Errorf("booting %s: %w", p.name, err)
			}
			progress.Printf("%-9s %s: %s\n", p.name, recording, res.Summary())
			results[i].Boots = append(results[i].Boots, &Boot{Result: res, InPage: res.InPage(), Loaded: res.Loaded(), Unpinned: res.Unpinned()})
			if !res.Reached {
				break // the longer way can't get further
			}
		}
	}
	return nil
}
