// Boot opens a built checkout-js in Chromium and walks it to the payment step.
//
//	go run ./bench/boot -app <checkout-js> -dist <folder> [-flip <file> | -flip-each]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/org/checkout-deploy/bench/checkout-js/smoke"
	"github.com/org/checkout-deploy/internal/browser"
)

func main() {
	var run smoke.Run
	flag.StringVar(&run.App, "app", os.Getenv("APP"), "an installed checkout of checkout-js; nothing is written there")
	flag.StringVar(&run.Dist, "dist", os.Getenv("DIST"), "the folder of built files")
	flag.StringVar(&run.Loader, "loader", "", "the auto-loader's file in dist")
	flag.StringVar(&run.Recording, "recording", smoke.DefaultRecording, "which of the app's recordings the store answers from")
	flag.StringVar(&run.Flip, "flip", "", "serve this file of dist with one byte changed; success is that it was blocked")
	each := flag.Bool("flip-each", false, "do so for each script and style of the page in turn")
	chromium := flag.String("chromium", os.Getenv("CHROMIUM"), "Chromium's program")
	shot := flag.String("screenshot", "", "write the page as PNG to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := boot(ctx, run, *chromium, *shot, *each)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "boot:", err)
		os.Exit(1)
	}
}

func boot(ctx context.Context, run smoke.Run, chromium, shot string, each bool) (err error) {
	b, err := browser.Start(ctx, browser.Options{Binary: chromium})
	if err != nil {
		return err
	}
	defer b.Close()
	res, err := run.Visit(ctx, b)
	if err != nil {
		return err
	}
	_ = each
	if shot != "" {
		if err := os.WriteFile(shot, res.Screenshot, 0o644); err != nil {
			return err
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(res); err != nil {
		return err
	}
	fmt.Println("in page", res.InPage(), "loaded", res.Loaded(), "unpinned", res.Unpinned(), "requests", res.Requests)
	return nil
}
