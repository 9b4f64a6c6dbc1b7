package buildbundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/devserver"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/watch"
)

// laptop is what only a person at a terminal asks for.
type laptop struct {
	watch, serve       bool
	port, public, from string
}

func (l *laptop) inputs() []action.Input {
	return []action.Input{
		{Name: "watch", Laptop: true, Value: action.Bool(&l.watch), Doc: "Build again at every change, until Ctrl-C, with the profile `development` if no `--profile` is given."},
		{Name: "serve", Laptop: true, Value: action.Bool(&l.serve), Doc: "Watch, and serve the files to a browser on this machine from memory: pages reload after a build and show its errors. Nothing is written."},
		{Name: "port", Laptop: true, Value: action.Text(&l.port), Doc: "The port to serve on. Without it the first free one from 4700 on."},
		{Name: "public", Laptop: true, Value: action.Text(&l.public), Doc: "A folder with pages and files of the project to serve beside the build, relative to the project. Without it `public`, if there is one."},
		{Name: "allow-origin", Laptop: true, Value: action.Text(&l.from), Doc: "Origins, separated by commas, whose pages may load what is served, such as the shop's `https://store.example.com`. Pages of this machine always may."},
	}
}

func (l *laptop) wanted() bool { return l.watch || l.serve }

// check refuses flags that would do nothing; given are those of a single build.
func (l *laptop) check(given []string) error {
	var errs []error
	for _, f := range []struct{ name, given string }{{"port", l.port}, {"public", l.public}, {"allow-origin", l.from}} {
		if f.given != "" && !l.serve {
			errs = append(errs, fmt.Errorf("--%s: got %q without --serve, want --serve with it", f.name, f.given))
		}
	}
	if l.wanted() {
		for _, name := range given {
			errs = append(errs, fmt.Errorf("--%s: got it with --watch or --serve, which do not do that; want it in a build of its own", name))
		}
	}
	if n, err := strconv.Atoi(l.port); l.port != "" && (err != nil || n < 1 || n > 65535) {
		errs = append(errs, fmt.Errorf("--port: got %q, want a number from 1 to 65535", l.port))
	}
	return action.Misuse(errors.Join(errs...))
}

// workshop is a project that is built at every change.
type workshop struct {
	*laptop
	r       *action.Run
	req     Request
	server  *devserver.Server // nil without --serve
	watcher *watch.Watcher
	dev     *developer
	last    release.Digest
	own     atomic.Pointer[string] // the output folder, for the watcher
	told    []finding.Finding      // the warnings of the last build
	wrong   []string               // files with the errors of the last build
}

// work builds and waits, until the context ends.
func (l *laptop) work(ctx context.Context, r *action.Run, req Request) error {
	if req.Profile == "" {
		req.Profile = release.Development
	}
	if err := req.findProject(); err != nil {
		return action.Misuse(err)
	}
	w := &workshop{laptop: l, r: r, req: req}
	defer w.close()
	stop, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer stop()
	w.watcher = watch.Start(ctx, watch.Options{After: r.After, Ignore: w.ignore})
	var changed []string
	for {
		w.round(ctx, changed)
		select {
		case paths, ok := <-w.watcher.Changes():
			if !ok {
				return nil
			}
			changed = paths
		case <-ctx.Done():
			return nil
		}
	}
}

func (w *workshop) close() {
	if w.dev != nil {
		w.dev.close()
	}
}

// ignore leaves out what a build writes itself.
func (w *workshop) ignore(path string) bool {
	own := w.own.Load()
	return own != nil && place.Inside(path, *own)
}

// open starts the server.
func (w *workshop) open(ctx context.Context) (stop func(), err error) {
	if !w.serve {
		return func() {}, nil
	}
	port, _ := strconv.Atoi(w.port) // checked
	listener, err := devserver.Listen(ctx, "127.0.0.1", port)
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("--serve: %w", err))
	}
	sources, err := os.OpenRoot(w.req.Dir)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	w.server = &devserver.Server{Sources: sources.FS(), Now: w.r.Now, After: w.r.After}
	for origin := range strings.SplitSeq(w.from, ",") {
		if origin = strings.TrimSpace(origin); origin != "" {
			w.server.Origins = append(w.server.Origins, strings.TrimSuffix(origin, "/"))
		}
	}
	folder := filepath.Join(w.req.Dir, "public")
	if w.public != "" {
		folder = place.Within(w.req.Dir, w.public)
	}
	switch root, err := os.OpenRoot(folder); {
	case err == nil:
		w.server.Public = root
	case w.public != "":
		return nil, errors.Join(action.Misuse(fmt.Errorf("--public: got %q, want a folder: %w", w.public, err)), listener.Close())
	}
	serving, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.server.Serve(serving, listener); err != nil && serving.Err() == nil {
			w.r.Logf("nothing is served any more: %v", err)
		}
	}()
	w.r.Logf("serving on http://localhost:%s/ (Ctrl-C ends it)", portOf(listener.Addr().String()))
	return func() { cancel(); <-ended }, nil
}

func portOf(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

// round builds once and tells what came of it; its errors are for who looks.
func (w *workshop) round(ctx context.Context, changed []string) {
	began := w.r.Now()
	if w.server != nil {
		w.server.Begin()
	}
	b, err := w.build(ctx, changed)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = w.deliver(ctx, b)
	}
	found := w.r.Findings(w.r.In(w.req.Dir, err))
	w.wrong = nil
	for _, f := range found {
		if f.Location.Path != "" {
			w.wrong = append(w.wrong, w.r.Path(filepath.FromSlash(f.Location.Path)))
		}
	}
	w.watcher.Set(ctx, began, w.files())
	if err != nil {
		w.r.Report(found...)
		w.r.Logf("not built; waiting for a change")
		if w.server != nil {
			w.server.Fail(relativeTo(w.req.Dir, w.r, found))
		}
		return
	}
	w.warn(b.warnings)
	w.r.Logf("built in %s%s", seconds(w.r.Now().Sub(began)), because(w.req.Dir, changed))
}

// warn tells the warnings that the build before had not.
func (w *workshop) warn(warnings []finding.Finding) {
	fresh := slices.DeleteFunc(slices.Clone(warnings), func(f finding.Finding) bool { return slices.Contains(w.told, f) })
	warn(w.r, w.req.Dir, fresh)
	w.told = warnings
}

// relativeTo gives the findings' paths as the server's sources have them.
func relativeTo(dir string, r *action.Run, found []finding.Finding) []finding.Finding {
	out := slices.Clone(found)
	for i := range out {
		path := r.Path(filepath.FromSlash(out[i].Location.Path))
		if rel, err := filepath.Rel(dir, path); err == nil && out[i].Location.Path != "" && filepath.IsLocal(rel) {
			out[i].Location.Path = filepath.ToSlash(rel)
		}
	}
	return out
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s" }

// because names what changed, if that is a word.
func because(dir string, changed []string) string {
	if len(changed) == 0 {
		return ""
	}
	name := changed[0]
	if rel, err := filepath.Rel(dir, name); err == nil {
		name = filepath.ToSlash(rel)
	}
	if n := len(changed) - 1; n > 0 {
		return fmt.Sprintf(" after a change of %s and %d more", name, n)
	}
	return " after a change of " + name
}

// build reads the configuration where that is new, and builds.
func (w *workshop) build(ctx context.Context, changed []string) (*builder, error) {
	if w.dev == nil || slices.ContainsFunc(changed, w.configures) {
		w.close()
		var banner func(release.Format) string
		if w.serve {
			banner = devserver.Client
		}
		dev, err := newDeveloper(w.req, banner)
		if w.dev = dev; err != nil {
			return nil, err
		}
		own := dev.styles.outDir()
		w.own.Store(&own)
		changed = nil
	}
	return w.dev.build(ctx, changed)
}

// configures reports a file that the build's settings come from.
func (w *workshop) configures(path string) bool {
	base := filepath.Base(path)
	return slices.Contains(w.configFiles(), path) || base == "package.json" && filepath.Dir(path) == w.req.Dir || base == ".browserslistrc"
}

// configFiles may have the configuration, whether they are there or not.
func (w *workshop) configFiles() []string {
	if w.req.Config != "" {
		return []string{place.Within(w.req.Dir, w.req.Config)}
	}
	var out []string
	for _, name := range config.Names {
		out = append(out, filepath.Join(w.req.Dir, name))
	}
	return out
}

// files are those to watch.
func (w *workshop) files() []string {
	out := append(w.configFiles(), filepath.Join(w.req.Dir, "package.json"), filepath.Join(w.req.Dir, ".browserslistrc"))
	out = append(out, w.wrong...)
	if w.dev != nil {
		out = append(out, w.dev.inputs()...)
	}
	return out
}

// deliver gives the build to the browser, or to the output folder.
func (w *workshop) deliver(ctx context.Context, b *builder) error {
	if w.server != nil {
		return w.server.Publish(b.rel, b.contents)
	}
	id, err := b.rel.ID()
	if err != nil || id == w.last {
		return err
	}
	if err := b.checkOutDir(); err != nil {
		return action.Misuse(err)
	}
	out, err := b.commit(ctx)
	if err == nil {
		w.last = out.ID
	}
	return err
}
