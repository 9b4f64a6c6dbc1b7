package site

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/health"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func text(problems []health.Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

func sri(body string) string {
	sum := sha512.Sum384([]byte(body))
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

func TestSmokeInChromium(t *testing.T) {
	b, err := browser.Start(t.Context(), browser.Options{Binary: os.Getenv("CHROMIUM")})
	if errors.Is(err, browser.ErrNoBrowser) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	const script = `setTimeout(() => { window.app = {ready: true}; document.body.innerHTML = '<button id="pay">Pay</button>'; }, 50)`
	page := func(tags string) string { return "<!doctype html><title>t</title><body>" + tags }
	bodies := map[string]string{
		"/app.js":      script,
		"/throws.js":   script + `; setTimeout(() => { throw new Error("no cart") }, 1)`,
		"/rejects.js":  script + `; Promise.reject(new Error("no cart"))`,
		"/says.js":     script + `; console.error("careful")`,
		"/":            page(`<script src="/app.js" integrity="` + sri(script) + `"></script>`),
		"/tampered":    page(`<script src="/app.js" integrity="` + sri(script+" ") + `"></script>`),
		"/lacks":       page(`<script src="/app.js"></script><script src="/gone.js"></script><link rel="stylesheet" href="/gone.css">`),
		"/throws":      page(`<script src="/throws.js"></script>`),
		"/rejects":     page(`<script src="/rejects.js"></script>`),
		"/says":        page(`<script src="/says.js"></script>`),
		"/dead":        page(`<div id="pay" hidden>Pay</div>`),
		"/csp":         page(`<script src="http://127.0.0.1:1/app.js"></script>`),
		"/favicon.ico": "",
	}
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", map[string]string{".js": "text/javascript", ".css": "text/css", "": "text/html"}[path.Ext(r.URL.Path)])
		if r.URL.Path == "/csp" {
			w.Header().Set("Content-Security-Policy", "script-src 'self'")
		}
		fmt.Fprint(w, body)
	})
	zero := 0
	for _, test := range []struct {
		name, path string
		asks       bool // for what is to be there
		want       []string
	}{
		{"alive", "/", true, nil},
		{"other bytes than its integrity", "/tampered", false, []string{`app.js" was blocked`, "in the console"}},
		{"files that are not there", "/lacks", true, []string{`gone.js" did not load: status 404`, `gone.css" did not load: `, "in the console"}},
		{"an uncaught error", "/throws", true, []string{"no cart"}},
		{"an unhandled rejection", "/rejects", true, []string{"no cart"}},
		{"an error in the console", "/says", true, []string{`1 errors in the console, the first "careful"`}},
		{"dead", "/dead", true, []string{`no visible "#pay"`, `no global "app.ready"`}},
		{"a policy", "/csp", false, []string{"app.js\" did not load: ", "in the console"}},
		{"not there", "/gone", false, []string{"status 404", "in the console"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := health.Options{Now: time.Now, Sleep: action.Sleep}
			o.Browser = chromium{b}
			smoke := health.Smoke{Name: "page", URL: at + test.path, Within: 20 * time.Second, MaxConsoleErrors: &zero}
			if test.asks {
				smoke.Selector, smoke.Global = "#pay", "app.ready"
			}
			if test.name == "dead" {
				smoke.Within = 6 * time.Second
			}
			got := health.Run(t.Context(), health.Checks{Smoke: []health.Smoke{smoke}}, o).Samples[0]
			want := test.want
			if (got.Outcome == health.Passed) != (want == nil) || got.Outcome == health.Errored || len(got.Problems) != len(want) {
				t.Fatalf("got %s, want the problems %q:\n%s", got.Outcome, want, text(got.Problems))
			}
			for i, p := range got.Problems {
				if !strings.Contains(p.String(), want[i]) {
					t.Errorf("got %q, want %q", p, want[i])
				}
			}
		})
	}
	t.Run("nothing listens", func(t *testing.T) {
		o := health.Options{Now: time.Now, Sleep: action.Sleep}
		o.Browser = chromium{b}
		got := health.Run(t.Context(), health.Checks{Smoke: []health.Smoke{{Name: "page", URL: "http://127.0.0.1:1/", Within: 10 * time.Second}}}, o).Samples[0]
		if got.Outcome != health.Failed || !strings.Contains(text(got.Problems), "no page") {
			t.Errorf("got %s:\n%s", got.Outcome, text(got.Problems))
		}
	})
}
