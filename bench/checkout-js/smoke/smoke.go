package smoke

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// Offline are the browser's switches for a visit: no host but the loopback
// interface resolves, so neither the shop's images nor payment providers are
// asked, and a visit is the same everywhere.
var Offline = []string{"host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"}

// Run says which build to visit and how.
type Run struct {
	App       string        // an installed checkout of checkout-js, read only
	Dist      string        // the folder of built files
	Loader    string        // the auto-loader's file in Dist; empty: auto-loader.js or auto-loader-*.js
	Recording string        // empty: Yardstick
	Flip      string        // a file in Dist to serve with one byte changed
	Within    time.Duration // bound for each single wait; 0: 20 s
}

// Visit opens the checkout page in a new tab and walks it to the payment step.
// A page that doesn't get there is a Result that says so; the error is for
// what kept the visit from being made.
func (r Run) Visit(ctx context.Context, b *browser.Browser) (*Result, error) {
	if r.Recording == "" {
		r.Recording = Yardstick
	}
	if r.Within == 0 {
		r.Within = 20 * time.Second
	}
	recording, err := ReadRecording(r.App, r.Recording)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(r.Dist)
	if err != nil {
		return nil, fmt.Errorf("opening the built files: %w", err)
	}
	defer root.Close()
	loader, err := r.loader()
	if err != nil {
		return nil, err
	}
	code, err := root.ReadFile(loader)
	if err != nil {
		return nil, fmt.Errorf("reading the auto-loader: %w", err)
	}
	if r.Flip != "" {
		if _, err := root.Stat(r.Flip); err != nil {
			return nil, fmt.Errorf("no file to flip: %w", err)
		}
	}
	files := &cdn{root: root, flip: r.Flip, served: map[string]int{}}
	assets, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	defer assets.close()
	go assets.serve(files)
	base := assets.origin() + mount
	shop, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	defer shop.close()
	st, err := newStore(recording, shop.origin(), base+loader, integrity(code))
	if err != nil {
		return nil, err
	}
	go shop.serve(st)

	page, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		return nil, err
	}
	res := &Result{Recording: r.Recording, Loader: loader, base: base}
	walkErr := res.walk(ctx, page, shop.origin()+"/checkout", r.Within)
	return res, errors.Join(walkErr, res.collect(ctx, page, files, st), page.Close())
}

// server is a port of the loopback interface; its number is known before its
// handler is made.
type server struct {
	http.Server
	listener net.Listener
}

func listen(ctx context.Context) (*server, error) {
	var network net.ListenConfig
	l, err := network.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the page: %w", err)
	}
	return &server{Server: http.Server{ReadHeaderTimeout: 10 * time.Second}, listener: l}, nil
}

func (s *server) origin() string { return "http://" + s.listener.Addr().String() }

func (s *server) serve(h http.Handler) {
	s.Handler = h
	_ = s.Serve(s.listener) // until close
}

func (s *server) close() { _ = s.Close() }

func (s *server) Close() error {
	return errors.Join(s.Server.Close(), ignoreClosed(s.listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// loader finds the auto-loader: webpack's name carries the version, and the
// unversioned copy beside it is the same.
func (r Run) loader() (string, error) {
	if r.Loader != "" {
		return r.Loader, nil
	}
	for _, pattern := range []string{"auto-loader.js", "auto-loader-*.js"} {
		if found, _ := filepath.Glob(filepath.Join(r.Dist, pattern)); len(found) > 0 {
			return filepath.Base(found[len(found)-1]), nil
		}
	}
	return "", fmt.Errorf("%q has no auto-loader.js or auto-loader-*.js", r.Dist)
}

// walk opens the page and completes step after step. That the page stops is a
// result, not an error.
func (r *Result) walk(ctx context.Context, page *browser.Page, url string, within time.Duration) error {
	if err := page.Open(ctx, url); err != nil {
		return err
	}
	walking, cancel := untilBlocked(ctx, page)
	defer cancel()
	if err := r.steps(walking, &traveller{page: page, within: within}); err != nil {
		r.Stopped = err.Error()
		if blocked := page.Violations(); len(blocked) > 0 {
			r.Stopped = "integrity blocked " + blocked[0].URL
		}
	}
	return ctx.Err()
}

func (r *Result) steps(ctx context.Context, t *traveller) error {
	done := map[string]bool{}
	for {
		s, err := t.next(ctx, done)
		if err != nil {
			return err
		}
		r.Step = s.name
		if err := r.mark(ctx, t.page, s.name); err != nil {
			return err
		}
		if s.complete == nil {
			r.Reached = true
			// The chosen payment method loads after the step has opened.
			return t.page.Quiet(ctx, time.Second, t.within)
		}
		done[s.name] = true
		if err := s.complete(ctx, t); err != nil {
			return fmt.Errorf("completing the %s step: %w", s.name, err)
		}
	}
}

func integrity(data []byte) string {
	sum := sha512.Sum384(data)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// inDist turns an address into a file name in dist; ok is false for others.
func inDist(url, base string) (name string, ok bool) {
	name, ok = strings.CutPrefix(url, base)
	name, _, _ = strings.Cut(name, "?")
	return name, ok
}
