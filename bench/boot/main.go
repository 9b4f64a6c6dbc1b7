// Boot opens a built checkout-js in Chromium and walks it to the payment step.
//
//	go run ./bench/boot -app <checkout-js> -dist <folder> [-flip <file> | -flip-each]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/org/checkout-deploy/bench/checkout-js/smoke"
	"github.com/org/checkout-deploy/internal/browser"
)

func main() {
	var run smoke.Run
	flag.StringVar(&run.App, "app", os.Getenv("APP"), "an installed checkout of checkout-js; nothing is written there")
	flag.StringVar(&run.Dist, "dist", os.Getenv("DIST"), "the folder of built files")
	flag.StringVar(&run.Loader, "loader", "", "the auto-loader's file in dist")
	flag.StringVar(&run.Recording, "recording", smoke.Yardstick, "which of the app's recordings the store answers from")
	flag.StringVar(&run.Flip, "flip", "", "serve this file of dist with one byte changed and see that it is blocked")
	flag.DurationVar(&run.Within, "within", 0, "bound for each single wait (default 20s)")
	each := flag.Bool("flip-each", false, "flip each script and style of the page in turn")
	chromium := flag.String("chromium", os.Getenv("CHROMIUM"), "Chromium's program")
	shot := flag.String("screenshot", "", "write the page as PNG to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	b, err := browser.Start(ctx, browser.Options{Binary: *chromium, Flags: smoke.Offline})
	if err == nil {
		switch {
		case run.Flip != "":
			err = flip(ctx, run, b)
		case *each:
			err = flipEach(ctx, run, b)
		default:
			err = visit(ctx, run, b, *shot)
		}
		err = errors.Join(err, b.Close())
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "boot:", err)
		os.Exit(1)
	}
}

func visit(ctx context.Context, run smoke.Run, b *browser.Browser, shot string) error {
	res, err := run.Visit(ctx, b)
	if err != nil {
		return err
	}
	if shot != "" {
		if err := os.WriteFile(shot, res.Screenshot, 0o644); err != nil {
			return err
		}
	}
	if err := printJSON(res); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, res.Summary())
	if !res.Reached {
		return fmt.Errorf("the payment step was not reached: %s", res.Stopped)
	}
	return nil
}

func flip(ctx context.Context, run smoke.Run, b *browser.Browser) error {
	f, err := run.FlipOne(ctx, b, run.Flip)
	if err != nil {
		return err
	}
	if err := printJSON(f); err != nil {
		return err
	}
	if !f.Blocked {
		return fmt.Errorf("%s was served with a changed byte and not blocked", f.File)
	}
	return nil
}

func flipEach(ctx context.Context, run smoke.Run, b *browser.Browser) error {
	res, err := run.Visit(ctx, b)
	if err != nil {
		return err
	}
	if !res.Reached {
		return fmt.Errorf("undisturbed, the payment step was not reached: %s", res.Stopped)
	}
	flips, err := run.FlipEach(ctx, b, res)
	if err := errors.Join(err, printJSON(flips)); err != nil {
		return err
	}
	var open []string
	for _, f := range flips {
		if !f.Blocked {
			open = append(open, f.File)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%d of %d files ran with a changed byte: %s", len(open), len(flips), strings.Join(open, ", "))
	}
	fmt.Fprintf(os.Stderr, "each of %d files was blocked when one byte of it changed\n", len(flips))
	return nil
}

func printJSON(v any) error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
