// Command serve shows an example checkout that build-bundle has built: its page
// on one origin, its files on another, as a shop would. With -check it goes
// through the checkout in a browser instead, says what it saw, and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/org/checkout-deploy/examples/internal/shop"
	"github.com/org/checkout-deploy/examples/internal/walk"
	"github.com/org/checkout-deploy/internal/browser"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	example := flag.String("example", "examples/checkout-vanilla", "the example's `folder`")
	dist := flag.String("dist", "", "the build's `folder` (default: dist in the example's)")
	page := flag.String("listen", "127.0.0.1:8080", "where the page is served, `host:port`")
	assets := flag.String("assets", "127.0.0.1:8081", "where the built files are served, `host:port`")
	check := flag.Bool("check", false, "go through the checkout in Chromium, report, and end")
	limit := flag.Duration("within", 3*time.Minute, "how long -check may take")
	flag.Parse()

	if *dist == "" {
		*dist = filepath.Join(*example, "dist")
	}
	build, err := shop.ReadBuild(*dist)
	if err != nil {
		return err
	}
	if *check {
		ctx, cancel := context.WithTimeout(ctx, *limit)
		defer cancel()
		return checkExample(ctx, *example, build)
	}
	s, err := shop.Open(ctx, *example, build, shop.Addresses{Page: *page, Assets: *assets})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	fmt.Printf("%s: open %s (Ctrl-C ends it)\n", *example, s.URL())
	<-ctx.Done()
	return nil
}

func checkExample(ctx context.Context, example string, build *shop.Build) error {
	b, err := browser.Start(ctx, browser.Options{})
	if errors.Is(err, browser.ErrNoBrowser) {
		fmt.Printf("%s: not checked in a browser: %v\n", example, err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	s, err := shop.Open(ctx, example, build, shop.Loopback)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	report, err := walk.Check(ctx, b, s, example, build)
	if err != nil {
		return fmt.Errorf("%s: %w", example, err)
	}
	fmt.Printf("%s in %s (%s)\n%s", example, b.Version(), build.Format(), report)
	if len(report.Wrong()) > 0 {
		return fmt.Errorf("%s: %d things are wrong", example, len(report.Wrong()))
	}
	return nil
}
