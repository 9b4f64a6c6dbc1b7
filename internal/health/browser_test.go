package health

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// chromium is Browser by internal/browser.
type chromium struct{ *browser.Browser }

func (b chromium) Visit(ctx context.Context, s Smoke) (*Visit, error) {
	bounded, cancel := context.WithTimeout(ctx, s.Within)
	defer cancel()
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	v := &Visit{}
	if err := p.Open(bounded, s.URL); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		v.Failed = err.Error()
		return v, nil
	}
	if v.NoSelector, v.NoGlobal, err = look(bounded, p, s); err != nil {
		return nil, err
	}
	gather(v, p)
	return v, nil
}

// look waits for what is named, both in the one time.
func look(ctx context.Context, p *browser.Page, s Smoke) (noSelector, noGlobal string, err error) {
	left := func() time.Duration { at, _ := ctx.Deadline(); return time.Until(at) }
	missing := func(err error) (string, error) {
		if errors.Is(err, browser.ErrNotSeen) || errors.Is(err, context.DeadlineExceeded) {
			return "it did not come", nil
		}
		return "", err
	}
	if s.Selector != "" {
		if noSelector, err = missing(p.Visible(ctx, s.Selector, left())); err != nil {
			return "", "", err
		}
	}
	if s.Global != "" {
		noGlobal, err = missing(p.Wait(ctx, "typeof globalThis."+strings.ReplaceAll(s.Global, ".", "?.")+" !== 'undefined'", left()))
	}
	return noSelector, noGlobal, err
}

func gather(v *Visit, p *browser.Page) {
	for _, e := range p.Exceptions() {
		v.Exceptions = append(v.Exceptions, e.Text)
	}
	for _, m := range p.Console() {
		if m.Level == "error" {
			v.ConsoleErrors = append(v.ConsoleErrors, m.Text)
		}
	}
	for _, b := range p.Violations() {
		v.Blocked = append(v.Blocked, b.URL)
	}
	for _, q := range p.Requests() {
		switch {
		case q.Type == "Document":
			v.Status = q.Status // the last one's, after redirects
		case q.Type != "Script" && q.Type != "Stylesheet" || q.Blocked == "integrity":
		case q.Status >= 400:
			v.unloaded(q.URL, fmt.Sprintf("status %d", q.Status))
		case q.Blocked != "" || q.Failed != "":
			v.unloaded(q.URL, strings.TrimSpace(q.Failed+" "+q.Blocked))
		}
	}
}

// unloaded notes an address once, by its status if there is one: of a style that it
// refuses Chromium makes a second request, and aborts it.
func (v *Visit) unloaded(url, why string) {
	i := slices.IndexFunc(v.Unloaded, func(u Unloaded) bool { return u.URL == url })
	switch {
	case i < 0:
		v.Unloaded = append(v.Unloaded, Unloaded{url, why})
	case strings.HasPrefix(why, "status"):
		v.Unloaded[i].Why = why
	}
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
			o := newClock().options()
			o.Browser = chromium{b}
			smoke := Smoke{Name: "page", URL: at + test.path, Within: 20 * time.Second, MaxConsoleErrors: &zero}
			if test.asks {
				smoke.Selector, smoke.Global = "#pay", "app.ready"
			}
			if test.name == "dead" {
				smoke.Within = 6 * time.Second
			}
			got := Run(t.Context(), Checks{Smoke: []Smoke{smoke}}, o).Samples[0]
			want := test.want
			if (got.Outcome == Passed) != (want == nil) || got.Outcome == Errored || len(got.Problems) != len(want) {
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
		o := newClock().options()
		o.Browser = chromium{b}
		got := Run(t.Context(), Checks{Smoke: []Smoke{{Name: "page", URL: "http://127.0.0.1:1/", Within: 10 * time.Second}}}, o).Samples[0]
		if got.Outcome != Failed || !strings.Contains(text(got.Problems), "no page") {
			t.Errorf("got %s:\n%s", got.Outcome, text(got.Problems))
		}
	})
}
