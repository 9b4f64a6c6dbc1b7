// Build-bundle builds a checkout page's release from its sources.
//
//	build-bundle [-C dir] [--config file] [--outdir dir] [--format classic|esm|iife]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/org/checkout-deploy/internal/app/buildbundle"
)

var version = "devel" // set by the linker in releases

func main() {
	// esbuild keeps its syntax trees between two links, so the heap is mostly
	// alive: collecting a little earlier keeps the peak in the bound that
	// docs/benchmarks.md gives.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(80)
	}
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	req := buildbundle.Request{Env: os.LookupEnv, LookPath: exec.LookPath, Version: version, Sass: os.Getenv("DART_SASS")}
	flag.StringVar(&req.Dir, "C", ".", "the project's `folder`")
	flag.StringVar(&req.Config, "config", "", "the configuration `file`, relative to the project (default checkout-deploy.yml)")
	flag.StringVar(&req.OutDir, "outdir", "", "the `folder` that gets the release (default: the configuration's, else dist)")
	flag.StringVar(&req.Format, "format", "", "classic, esm or iife, for all passes")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "build-bundle: got %q, which is not a flag; see build-bundle -help\n", flag.Arg(0))
		return 2
	}
	if exe, err := os.Executable(); err == nil {
		req.ProgramFolder = filepath.Dir(exe)
	}
	dir, err := filepath.Abs(req.Dir)
	if err == nil {
		req.Dir = dir
		err = build(ctx, req)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build-bundle:", err)
		return 1
	}
	return 0
}

func build(ctx context.Context, req buildbundle.Request) error {
	out, err := buildbundle.Run(ctx, req)
	if err != nil {
		return err
	}
	warn(out.Warnings)
	var size int64
	for _, f := range out.Release.Files {
		size += f.Size
	}
	fmt.Printf("release %s\n%d files, %d bytes in %s\n", out.ID, len(out.Release.Files), size, out.OutDir)
	return nil
}

// shownDeprecations of Sass are printed whole; projects have hundreds, and all
// say the same.
const shownDeprecations = 3

func warn(warnings []string) {
	deprecations := 0
	for _, w := range warnings {
		if strings.Contains(w, "deprecated") && strings.Contains(w, "sass-lang.com") {
			if deprecations++; deprecations > shownDeprecations {
				continue
			}
			w, _, _ = strings.Cut(w, "\n")
		}
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	if more := deprecations - shownDeprecations; more > 0 {
		fmt.Fprintf(os.Stderr, "warning: and %d more deprecations of Sass\n", more)
	}
}
