//go:build linux

// Bench builds checkout-js with build-bundle and its peers in one run: whole
// processes on the same tree, rounds interleaved, and prints what each took,
// what it wrote and whether that runs in a browser.
//
//	go run ./bench -app <checkout-js> [-only ours,bare,rspack,webpack] [-runs 5]
//
// With -rebuild the peers watch a copy of the checkout, and what an edit takes
// until its result is there is measured.
//
// The checkout is only read; a snapshot of it before and after shows that.
// Peers come from npm, by the lock file in bench/checkout-js/peers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// settings is what the command line says.
type settings struct {
	app, out, ours, only, chromium string
	runs, webpackRuns              int
	rebuild, noBoot                bool
}

func main() {
	var s settings
	flag.StringVar(&s.app, "app", os.Getenv("APP"), "an installed and generated checkout of checkout-js; only read")
	flag.StringVar(&s.out, "out", "bench/out", "folder for the peers, what they write and the results")
	flag.StringVar(&s.only, "only", "", "peers to run, comma-separated: "+strings.Join(peerNames, ", ")+" (default: all)")
	flag.StringVar(&s.ours, "ours", "bin/build-bundle -C {app} --config {config} --outdir {out}", "build-bundle's command; {app}, {config}, {out} are filled in")
	flag.IntVar(&s.runs, "runs", 5, "measured runs of each peer, after one that is not")
	flag.IntVar(&s.webpackRuns, "webpack-runs", 1, "measured runs of webpack, without one before")
	flag.BoolVar(&s.rebuild, "rebuild", false, "measure rebuilds after an edit, of peers that watch: "+strings.Join(watcherNames, ", "))
	flag.BoolVar(&s.noBoot, "no-boot", false, "don't open the outputs in a browser")
	flag.StringVar(&s.chromium, "chromium", os.Getenv("CHROMIUM"), "Chromium's program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, s, os.Stdout, log.New(os.Stderr, "", 0))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, s settings, out io.Writer, progress *log.Logger) error {
	if s.app == "" {
		return errors.New("no application: name an installed checkout of checkout-js with -app or APP")
	}
	l, err := newLayout(s)
	if err != nil {
		return err
	}
	if s.rebuild {
		return rebuilds(ctx, s, l, out, progress)
	}
	peers, err := l.peers(s)
	if err != nil {
		return err
	}
	before, err := snapshot(l.app)
	if err != nil {
		return err
	}
	for _, p := range peers {
		if p.prepare == nil {
			continue
		}
		progress.Printf("preparing %s\n", p.name)
		if err := p.prepare(ctx); err != nil {
			return fmt.Errorf("preparing %s: %w", p.name, err)
		}
	}
	results, err := rounds(ctx, peers, progress)
	if err != nil {
		return err
	}
	for i := range results {
		if results[i].Failed == "" {
			if results[i].Sizes, err = measureSizes(ctx, peers[i].dist); err != nil {
				return err
			}
		}
	}
	if !s.noBoot {
		if err := bootAll(ctx, s, l, peers, results, progress); err != nil {
			return err
		}
	}
	after, err := snapshot(l.app)
	if err != nil {
		return err
	}
	report := Report{Machine: machine(), Changed: changes(before, after), Peers: results}
	return finish(report, filepath.Join(l.out, "results"), out, l.app, report.Changed)
}
