// Package examples_test builds the example checkouts in every format and goes
// through them in a browser.
package examples_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/examples/internal/shop"
	"github.com/org/checkout-deploy/examples/internal/walk"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/release"
)

// example is an example built in one format.
type example struct {
	name   string
	format release.Format
	build  *shop.Build
}

func (e example) folder() string { return e.name }

// every runs a test on each example in each format, all builds side by side.
func every(t *testing.T, test func(*testing.T, example)) {
	for _, e := range []struct {
		name    string
		npm     bool
		formats []release.Format
	}{
		{"checkout-vanilla", false, []release.Format{release.Classic, release.ESM, release.IIFE}},
		{"checkout", true, []release.Format{release.Classic, release.ESM}},
	} {
		for _, format := range e.formats {
			t.Run(fmt.Sprintf("%s/%s", e.name, format), func(t *testing.T) {
				t.Parallel()
				needBrowser(t)
				if e.npm {
					needModules(t, e.name)
				}
				test(t, example{e.name, format, build(t, e.name, format)})
			})
		}
	}
}

func TestCheckout(t *testing.T) {
	every(t, func(t *testing.T, e example) {
		report, err := walk.Check(t.Context(), start(t), open(t, e), e.folder(), e.build)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := report.Wrong(); len(wrong) > 0 {
			t.Errorf("wrong:\n%s", strings.Join(wrong, "\n"))
		}
	})
}

// Scripts that are not minified do the same, with the packages' code for
// development.
func TestDevelopment(t *testing.T) {
	for _, e := range []example{{name: "checkout-vanilla", format: release.Classic}, {name: "checkout-vanilla", format: release.ESM}, {name: "checkout", format: release.Classic}} {
		t.Run(e.name+"/"+string(e.format), func(t *testing.T) {
			needBrowser(t)
			if e.name == "checkout" {
				needModules(t, e.name)
			}
			e.build = build(t, e.name, e.format, "--profile=development")
			report, err := walk.Check(t.Context(), start(t), open(t, e), e.folder(), e.build)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := report.Wrong(); len(wrong) > 0 {
				t.Errorf("wrong:\n%s", strings.Join(wrong, "\n"))
			}
		})
	}
}

// A page that comes in a language of its own, which is a lazy chunk too.
func TestFrench(t *testing.T) {
	every(t, func(t *testing.T, e example) {
		s, shopper := open(t, e), visit(t)
		if err := shopper.ToPayment(t.Context(), s.URL()+"?locale=fr"); err != nil {
			t.Fatal(err)
		}
		title, err := browser.Evaluate[string](t.Context(), shopper.Page, `document.querySelector('h1').textContent`)
		if err != nil || title != "Commande" {
			t.Errorf("got the title %q (%v), want %q", title, err, "Commande")
		}
	})
}

// The second root that is required late, on the page of an order placed before.
func TestOrderConfirmation(t *testing.T) {
	every(t, func(t *testing.T, e example) {
		if e.name != "checkout" {
			t.Skip("only the React example has this page")
		}
		s, shopper := open(t, e), visit(t)
		if err := shopper.Page.Open(t.Context(), s.URL()+"?order=2001"); err != nil {
			t.Fatal(err)
		}
		if err := shopper.ToConfirmation(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// Icons behind a side-effect-free barrel: by their outlines, which no minifier changes.
func TestFirstLoadHoldsNoLazyIcon(t *testing.T) {
	every(t, func(t *testing.T, e example) {
		if e.format == release.IIFE {
			t.Skip("one file holds everything")
		}
		outlines := map[string]bool{ // whether the first load uses it
			"M7 10V8a5 5 0 0 1 10 0": true,  // lock
			"M3 10 12 4l9 6v2H3":     false, // bank
			"M2 5h20v14H2":           false, // card
			"M2 6h12v10H2":           false, // truck
			"M5 2l2 2 2-2 3":         false, // receipt
		}
		first := content(t, e, e.build.Initial())
		all := append(first, content(t, e, e.build.Lazy())...)
		for outline, wanted := range outlines {
			if got := bytes.Contains(first, []byte(outline)); got != wanted {
				t.Errorf("icon %q in the first load: got %t, want %t", outline, got, wanted)
			}
			if !bytes.Contains(all, []byte(outline)) {
				t.Errorf("icon %q is in no file", outline)
			}
		}
	})
}

// One flipped byte in any script or style that the page loads keeps it from
// running, and the page says so.
func TestFlippedByte(t *testing.T) {
	every(t, func(t *testing.T, e example) {
		for _, path := range loaded(t, e) {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				s, shopper := open(t, e), visit(t)
				s.Break(shop.Fault{Path: path, Kind: shop.FlippedByte})
				err := everything(t.Context(), shopper, s.URL())
				if alert := new(walk.Alert); !errors.As(err, &alert) {
					t.Errorf("got %v, want the page to say that the file is not the one that was built", err)
				}
				if !slices.ContainsFunc(shopper.Page.Violations(), func(v browser.Violation) bool {
					return v.URL == s.Assets()+"/"+path
				}) {
					t.Errorf("the browser did not block it; its violations: %v", shopper.Page.Violations())
				}
			})
		}
	})
}

// A chunk that can't be had is asked for a second time, and not a third time.
func TestUnavailableChunk(t *testing.T) {
	every(t, func(t *testing.T, e example) {
		if e.format == release.IIFE {
			t.Skip("there are no chunks")
		}
		method := map[string]string{"checkout": "bank", "checkout-vanilla": "transfer"}[e.name]
		files, err := e.build.Chunk("payment-" + method)
		if err != nil {
			t.Fatal(err)
		}
		others, err := e.build.Chunk("payment-invoice")
		if err != nil {
			t.Fatal(err)
		}
		if len(files) < 2 {
			t.Fatalf("chunk payment-%s: got the files %q, want a script and a style", method, files)
		}
		for _, path := range files {
			t.Run("once/"+path, func(t *testing.T) {
				t.Parallel()
				s, shopper := open(t, e), visit(t)
				s.Break(shop.Fault{Path: path, Times: 1})
				if err := choose(t.Context(), shopper, s.URL(), method); err != nil {
					t.Error(err)
				}
				if got := s.Asked(path); got != 2 {
					t.Errorf("got %d requests, want 2", got)
				}
			})
			t.Run("always/"+path, func(t *testing.T) {
				t.Parallel()
				s, shopper := open(t, e), visit(t)
				s.Break(shop.Fault{Path: path})
				err := choose(t.Context(), shopper, s.URL(), method)
				if alert := new(walk.Alert); !errors.As(err, &alert) || alert.Name != "ChunkLoadError" {
					t.Errorf("got %v, want the page to show a ChunkLoadError", err)
				}
				if got := s.Asked(path); got != 2 {
					t.Errorf("got %d requests, want 2", got)
				}
				if slices.Contains(others, path) {
					return // a file that the other method needs too
				}
				if err := shopper.Choose(t.Context(), "invoice"); err != nil {
					t.Errorf("another method after the failure: %v", err)
				}
			})
		}
	})
}

// loaded returns the scripts and styles that everything loads: all of the
// release, but for entries that no page of the example starts.
func loaded(t *testing.T, e example) []string {
	t.Helper()
	s, shopper := open(t, e), visit(t)
	if err := everything(t.Context(), shopper, s.URL()); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, path := range slices.Concat(e.build.Initial(), e.build.Lazy()) {
		if s.Sent(path) {
			paths = append(paths, path)
		} else if f, _ := e.build.Release.File(path); started(f, e.format) {
			t.Errorf("no page loaded %s", path)
		}
	}
	return paths
}

// started reports whether a page starts one of a file's entries or loads one of
// its chunks.
func started(f release.File, format release.Format) bool {
	pages := []string{"app/checkout", "loader/auto-loader"}
	if format == release.ESM {
		pages = pages[:1] // a module needs no loader
	}
	return f.Load == release.Lazy || slices.ContainsFunc(f.Entries, func(e string) bool { return slices.Contains(pages, e) })
}

// everything loads all chunks: a language, every payment method, the confirmation.
func everything(ctx context.Context, s walk.Shopper, url string) error {
	if _, err := s.Buy(ctx, url+"?locale=fr"); err != nil {
		return err
	}
	return nil
}

func choose(ctx context.Context, s walk.Shopper, url, method string) error {
	if err := s.ToPayment(ctx, url); err != nil {
		// Not wrapped: an alert that comes earlier is not the one looked for.
		return errors.New("before the choice: " + err.Error())
	}
	return s.Choose(ctx, method)
}

func content(t *testing.T, e example, paths []string) []byte {
	t.Helper()
	var all []byte
	for _, path := range paths {
		data, err := os.ReadFile(filepath.Join(e.build.Dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func open(t *testing.T, e example) *shop.Shop {
	t.Helper()
	s, err := shop.Open(t.Context(), e.folder(), e.build, shop.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func visit(t *testing.T) walk.Shopper {
	t.Helper()
	page, err := start(t).Page(t.Context(), browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = page.Close() })
	return walk.Shopper{Page: page}
}

// One browser serves all tests; each page of it has its own cookies and cache.
var shared struct {
	sync.Once
	*browser.Browser
	err error
}

func start(t *testing.T) *browser.Browser {
	t.Helper()
	shared.Do(func() { shared.Browser, shared.err = browser.Start(context.Background(), browser.Options{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.Browser
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.Browser != nil {
		_ = shared.Browser.Close()
	}
	if workspace != "" {
		_ = os.RemoveAll(workspace)
	}
	os.Exit(code)
}

// builds holds what build made, by example and format.
var (
	builds    sync.Map // string → func() (*shop.Build, error)
	workspace string   // where tool and build write; removed at the end
)

func build(t *testing.T, name string, format release.Format, args ...string) *shop.Build {
	t.Helper()
	binary, err := tool()
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Join(append([]string{name, string(format)}, args...), "-")
	once, _ := builds.LoadOrStore(key, sync.OnceValues(func() (*shop.Build, error) {
		dist := filepath.Join(workspace, key)
		args := append([]string{"-C", name, "--format", string(format), "--outdir", dist}, args...)
		if err := command(2*time.Minute, binary, args...); err != nil {
			return nil, err
		}
		return shop.ReadBuild(dist)
	}))
	b, err := once.(func() (*shop.Build, error))()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tool builds build-bundle as users get it: the tests see what the command does.
var tool = sync.OnceValues(func() (string, error) {
	var err error
	if workspace, err = os.MkdirTemp("", "examples"); err != nil {
		return "", err
	}
	binary := filepath.Join(workspace, "build-bundle")
	return binary, command(10*time.Minute, "go", "build", "-o", binary, "../cmd/build-bundle")
})

func command(limit time.Duration, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "DART_SASS=") // the example's own
	if output, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c, err, output)
	}
	return nil
}

func needBrowser(t *testing.T) {
	t.Helper()
	if _, err := browser.Find(""); err != nil {
		missing(t, fmt.Sprintf("%v; install it: apt-get install chromium", err))
	}
}

func needModules(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(name, "node_modules")); err != nil {
		missing(t, "the example's npm packages are not installed: make npm")
	}
}

// missing skips a test for want of a tool; where everything should be
// installed that is a failure.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
