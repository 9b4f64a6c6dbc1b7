//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// peer is one way to build the application.
type peer struct {
	name, what string
	prepare    func(context.Context) error // once, not measured; may be nil
	args       []string
	dir        string   // working directory
	env        []string // added to the bench's own
	dist       string   // what it writes; removed before every run
	log        string
	runs       int
	warm       bool // one run before the measured ones
}

// peerNames are all peers, the lower bound first: ratios refer to it.
var peerNames = []string{"bare", "ours", "ours-esm", "rspack", "webpack"}

// peers are the ones asked for.
func (l layout) peers(s settings) ([]*peer, error) {
	names := peerNames
	if s.only != "" {
		names = strings.Split(s.only, ",")
	}
	var list []*peer
	for _, name := range names {
		if !slices.Contains(peerNames, name) {
			return nil, fmt.Errorf("no peer %q: %s", name, strings.Join(peerNames, ", "))
		}
		p := &peer{name: name, dir: l.app, dist: filepath.Join(l.out, name, "dist"), log: filepath.Join(l.out, name, "log.txt"), runs: s.runs, warm: true}
		if err := os.MkdirAll(filepath.Dir(p.dist), 0o755); err != nil {
			return nil, err
		}
		switch name {
		case "bare":
			l.bare(p)
		case "ours":
			l.ours(p, s.ours, "classic")
		case "ours-esm":
			l.ours(p, s.ours, "esm")
		case "rspack":
			l.rspack(p)
		case "webpack":
			l.webpack(p, s.webpackRuns)
		}
		list = append(list, p)
	}
	return list, nil
}

func (l layout) bare(p *peer) {
	p.what = "esbuild's Go API, ES module splitting, embedded Dart Sass; app and loader; nothing else"
	binary := filepath.Join(l.out, p.name, "bare")
	p.prepare = func(ctx context.Context) error {
		if err := l.install(ctx); err != nil {
			return err
		}
		sass, err := l.sass()
		if err != nil {
			return err
		}
		p.args = append(p.args, "-sass", sass)
		return goBuild(ctx, binary, "./bench/checkout-js/bare")
	}
	p.args = []string{binary, "-app", l.app, "-outdir", p.dist}
}

// ours runs build-bundle on the checkout itself with a configuration kept
// here; the command is a template because where its program lies is the
// caller's business.
func (l layout) ours(p *peer, command, format string) {
	p.what = "build-bundle, format " + format + ": splitting, chunk groups, integrity for every file; app and loader"
	config := filepath.Join(filepath.Dir(p.dist), "checkout-deploy.yml")
	fill := strings.NewReplacer("{app}", l.app, "{config}", config, "{out}", p.dist)
	for _, arg := range strings.Fields(command) {
		p.args = append(p.args, fill.Replace(arg))
	}
	p.prepare = func(ctx context.Context) error {
		if err := l.install(ctx); err != nil {
			return err
		}
		sass, err := l.sass()
		if err != nil {
			return err
		}
		p.env = append(p.env, "PATH="+filepath.Dir(sass)+string(os.PathListSeparator)+os.Getenv("PATH"))
		if program, err := filepath.Abs(p.args[0]); err == nil && strings.ContainsRune(p.args[0], '/') {
			p.args[0] = program
		}
		if _, err := exec.LookPath(p.args[0]); err != nil {
			return fmt.Errorf("%w: build it first, or say what to run with -ours", err)
		}
		data, err := os.ReadFile(filepath.Join(l.source, "checkout-deploy.yml"))
		if err != nil {
			return err
		}
		classic := []byte("format: classic")
		if bytes.Count(data, classic) != 1 {
			return fmt.Errorf("checkout-deploy.yml must say %q once", classic)
		}
		return os.WriteFile(config, bytes.Replace(data, classic, []byte("format: "+format), 1), 0o644)
	}
}

func (l layout) rspack(p *peer) {
	p.what = "Rspack with the app's chunk groups, swc, sass-embedded and its SRI plugin; app and loader"
	p.prepare = l.install
	p.dir = l.installed()
	p.args = []string{"node", "node_modules/@rspack/cli/bin/rspack.js", "build", "--config", "rspack.config.js"}
	p.env = []string{"APP=" + l.app, "OUT=" + p.dist, "NODE_ENV=production"}
}

// webpack runs the app's own configuration in a copy of the checkout: it
// writes into its own folder, and its manifest plugin can't be told otherwise.
func (l layout) webpack(p *peer, runs int) {
	p.what = "the app's own webpack configuration, file cache off; app and loader"
	twin := filepath.Join(l.out, p.name, "app")
	p.prepare = func(context.Context) error { return l.twin(twin, ".git") }
	p.dir, p.dist = twin, filepath.Join(twin, "dist")
	p.args = []string{"node", "node_modules/webpack/bin/webpack.js", "--mode", "production", "--no-cache"}
	p.runs, p.warm = runs, false
}

func goBuild(ctx context.Context, binary, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", binary, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOEXPERIMENT=jsonv2")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, output)
	}
	return nil
}
