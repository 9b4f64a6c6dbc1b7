package integrity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

const script = "window.ran = (window.ran || 0) + 1;\n"

// values are attributes and what is to become of the script that has them.
func values() map[string]string {
	of := func(a Algorithm) string { return Sum(a, []byte(script)).String() }
	other := func(a Algorithm) string { return Sum(a, []byte("other")).String() }
	digest := Sum(SHA384, []byte(script)).Base64
	return map[string]string{
		"right":                      of(SHA384),
		"wrong":                      other(SHA384),
		"one of two":                 other(SHA384) + " " + of(SHA384),
		"strongest right":            other(SHA256) + " " + of(SHA512),
		"strongest wrong":            of(SHA256) + " " + other(SHA512),
		"empty":                      "",
		"undefined":                  "undefined",
		"unknown":                    "sha3-" + digest,
		"weak":                       "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
		"unknown beside wrong":       "blake3-abc " + other(SHA384),
		"options":                    of(SHA384) + "?ct=text/javascript",
		"options, wrong":             other(SHA384) + "?ct=text/javascript",
		"capitals":                   "SHA384-" + digest,
		"capitals, wrong":            "SHA384-" + Sum(SHA384, []byte("other")).Base64,
		"cut":                        of(SHA384)[:40],
		"no digest":                  "sha384-",
		"no digest, no dash":         "sha384",
		"no digest beside right":     "sha384- " + of(SHA384),
		"stronger without digest":    "sha512- " + of(SHA384),
		"stronger cut":               of(SHA512)[:40] + " " + of(SHA384),
		"stronger not base64":        "sha512-@#$@% " + of(SHA384),
		"not base64":                 "sha384-@#$@%",
		"base64url":                  "sha384-" + strings.NewReplacer("+", "-", "/", "_").Replace(digest),
		"unpadded":                   strings.TrimRight(of(SHA256), "="),
		"padding within":             strings.TrimRight(of(SHA256), "=") + "===",
		"a no-break space":           of(SHA384) + "\u00a0",
		"form feeds":                 "\f" + other(SHA384) + "\f",
		"without the dash":           "sha384" + digest,
		"hexadecimal":                "sha384-" + strings.Repeat("ab", 48),
		"two dashes":                 "sha384--" + digest,
		"template":                   "{{ hash }}",
		"a placeholder beside wrong": "${hash} " + other(SHA384),
		"a comma between":            other(SHA384) + "," + of(SHA384),
	}
}

// TestEffectiveAgreesWithChromium loads a script with each value. A value that
// Effective takes for no check has to let it run, any other as Match says.
func TestEffectiveAgreesWithChromium(t *testing.T) {
	b, err := browser.Start(t.Context(), browser.Options{Binary: os.Getenv("CHROMIUM")})
	if errors.Is(err, browser.ErrNoBrowser) {
		missing(t, err.Error()+": apt-get install chromium")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte(script))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>values</title>"))
	}))
	defer server.Close()
	p, err := b.Page(t.Context(), browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(t.Context(), server.URL); err != nil {
		t.Fatal(err)
	}
	all, err := json.Marshal(values())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := browser.Evaluate[bool](t.Context(), p, `(() => {
		window.results = {};
		const values = JSON.parse(atob('`+base64.StdEncoding.EncodeToString(all)+`').replace(/[\x80-\xff]+/g, s => new TextDecoder().decode(Uint8Array.from(s, c => c.charCodeAt(0)))));
		for (const [name, value] of Object.entries(values)) {
			const s = document.createElement('script');
			s.integrity = value;
			s.onload = () => { results[name] = true; };
			s.onerror = () => { results[name] = false; };
			s.src = '/' + encodeURIComponent(name) + '.js';
			document.head.append(s);
		}
		return true;
	})()`); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(t.Context(), `Object.keys(results).length == `+strconv.Itoa(len(values())), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	ran, err := browser.Evaluate[map[string]bool](t.Context(), p, "results")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values() {
		m := Effective(value)
		if want := len(m) == 0 || m.Match([]byte(script)); ran[name] != want {
			t.Errorf("%s: %.60q: Chromium ran it: %v, Effective %v says %v", name, value, ran[name], m, want)
		}
	}
}

// missing skips a test for want of a tool; where everything should be installed
// that is a failure.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
