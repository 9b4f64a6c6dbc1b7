package srimanifest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// An application with routes is served at every path. Wherever it is, a lazy module
// and a style sheet whose bytes changed on the server are blocked.
func TestRootedPageInChromium(t *testing.T) {
	dir := project(t, map[string]string{
		"dist/index.html": `<!doctype html><title>x</title><script type="module" src="/assets/a.js"></script><p>`,
		"dist/assets/a.js": `document.body.dataset.began = 1;
import("./lazy.js").catch(() => document.body.dataset.lazy = "blocked");
const l = document.createElement("link"); l.rel = "stylesheet"; l.href = "/assets/lazy.css";
l.onload = () => document.body.dataset.style = "applied"; l.onerror = () => document.body.dataset.style = "blocked"; document.head.append(l);`,
		"dist/assets/lazy.js":  `document.body.dataset.lazy = "ran";`,
		"dist/assets/lazy.css": `p { color: red }`,
	})
	if got := laptop(t, dir); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/assets/") {
			http.ServeFile(w, r, filepath.Join(dir, "dist/index.html"))
			return
		}
		http.ServeFile(w, r, filepath.Join(dir, "dist", filepath.Clean(r.URL.Path)))
	}))
	defer site.Close()
	b, err := browser.Start(t.Context(), browser.Options{})
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	defer func() { _ = b.Close() }()
	look := func(path string) string {
		p, err := b.Page(t.Context(), browser.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }()
		if err := p.Open(t.Context(), site.URL+path); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(t.Context(), "document.body.dataset.lazy && document.body.dataset.style", time.Minute); err != nil {
			t.Fatal(err)
		}
		got, err := browser.Evaluate[string](t.Context(), p, "document.body.dataset.lazy + ' ' + document.body.dataset.style")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, path := range []string{"/", "/pay/step"} {
		if got := look(path); got != "ran applied" {
			t.Errorf("%s: got %q, want a page that works", path, got)
		}
	}
	write(t, dir, map[string]string{"dist/assets/lazy.js": `document.body.dataset.lazy = "RAN";`, "dist/assets/lazy.css": `p { color: tan }`})
	for _, path := range []string{"/", "/pay/step"} {
		if got := look(path); got != "blocked blocked" {
			t.Errorf("%s, changed: got %q, want both blocked", path, got)
		}
	}
}
