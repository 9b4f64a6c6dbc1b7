package smoke

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// written writes files, slash path to content, below a new folder.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const harPath = "packages/core/e2e/__har__/" + Yardstick + "_123/recording.har"

// har is a recording of our own: a checkout that is asked for twice.
const har = `{"log": {"entries": [
	{"request": {"method": "GET", "url": "https://shop.example/api/storefront/checkout/c-1?include=all"},
	 "response": {"status": 200, "content": {"mimeType": "application/json", "text": "{\"email\": \"\"}"}}},
	{"request": {"method": "GET", "url": "https://shop.example/api/storefront/checkout-settings?checkoutId=c-1"},
	 "response": {"status": 200, "content": {"mimeType": "application/json",
		"text": "{\"storeConfig\": {\"paymentSettings\": {\"bigpayBaseUrl\": \"https://pay.example\"}, \"checkoutSettings\": {}}}"}}},
	{"request": {"method": "POST", "url": "https://shop.example/api/storefront/checkouts/c-1/billing-address"},
	 "response": {"status": 201, "content": {"mimeType": "application/json", "text": "{}"}}},
	{"request": {"method": "GET", "url": "https://shop.example/api/storefront/checkout/c-1?include=all"},
	 "response": {"status": 200, "content": {"mimeType": "application/json", "text": "{\"email\": \"guest\"}"}}}
]}}`

// app is an application small enough to read: an auto-loader that adds a
// pinned script and a style that is not, as webpack does; the script asks the
// store and opens the payment step.
func app(t *testing.T) Run {
	t.Helper()
	const lazy = `
fetch('/api/storefront/checkout/' + checkoutConfig.checkoutId).then((r) => r.json()).then(() => {
  const b = document.createElement('button');
  b.id = 'checkout-payment-continue';
  b.textContent = 'pay';
  document.getElementById(checkoutConfig.containerId).append(b);
});
//# sourceMappingURL=lazy.js.map`
	loader := strings.NewReplacer("PIN", integrity([]byte(lazy))).Replace(`
const base = document.currentScript.src.replace(/[^/]*$/, '');
const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: base + 'loose.css' });
const script = Object.assign(document.createElement('script'), { src: base + 'lazy.js?v=1', integrity: 'PIN', crossOrigin: 'anonymous' });
script.onload = () => script.remove();
script.onerror = () => { throw new Error('chunk lazy did not load'); };
document.head.append(style, script);
`)
	return Run{
		App:    written(t, map[string]string{harPath: har}),
		Dist:   written(t, map[string]string{"auto-loader-1.0.0.js": loader, "lazy.js": lazy, "loose.css": "button { color: red }"}),
		Within: 5 * time.Second,
	}
}

func started(t *testing.T) (*browser.Browser, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx, browser.Options{Binary: os.Getenv("CHROMIUM"), Flags: Offline})
	if errors.Is(err, browser.ErrNoBrowser) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, ctx
}

func TestVisit(t *testing.T) {
	b, ctx := started(t)
	run := app(t)
	res, err := run.Visit(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Reached || res.Step != "payment" || len(res.Marks) != 1 || res.Marks[0].At <= 0 {
		t.Errorf("reached %t, step %q, marks %v, stopped %q", res.Reached, res.Step, res.Marks, res.Stopped)
	}
	if res.InPage() != 2 || res.Loaded() != 3 || res.Unpinned() != 1 || res.Requests != 3 {
		t.Errorf("got %s, want 2 in the page, 3 loaded, 1 without integrity, 3 requests", res.Summary())
	}
	if want := []string{"auto-loader-1.0.0.js", "lazy.js", "loose.css"}; !slices.Equal(res.Files, want) {
		t.Errorf("files: got %q, want %q", res.Files, want)
	}
	if len(res.Unanswered) > 0 || len(res.Exceptions) > 0 || len(res.Errors) > 0 {
		t.Errorf("complaints: %q, %q, %q", res.Unanswered, res.Exceptions, res.Errors)
	}
	if !bytes.HasPrefix(res.Screenshot, []byte("\x89PNG")) {
		t.Error("no screenshot")
	}
}

func TestFlipEach(t *testing.T) {
	b, ctx := started(t)
	run := app(t)
	res, err := run.Visit(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	flips, err := run.FlipEach(ctx, b, res)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Flip{}
	for _, f := range flips {
		got[f.File] = f
	}
	for file, blocked := range map[string]bool{"auto-loader-1.0.0.js": true, "lazy.js": true, "loose.css": false} {
		f, tried := got[file]
		if !tried || f.Blocked != blocked || blocked != (f.Step == "") || blocked != strings.HasPrefix(f.Computed, "sha384-") {
			t.Errorf("%s: got %+v, want blocked %t", file, f, blocked)
		}
	}
	if said := got["lazy.js"].Reported; len(said) != 1 || !strings.Contains(said[0], "chunk lazy did not load") {
		t.Errorf("what the page said of the blocked script: %q", said)
	}
	if _, err := run.FlipOne(ctx, b, "missing.js"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("flipping a missing file: %v", err)
	}
}

func TestVisitSaysWhereItStopped(t *testing.T) {
	b, ctx := started(t)
	run := app(t)
	run.Within = 300 * time.Millisecond
	run.Dist = written(t, map[string]string{"auto-loader.js": "throw new TypeError('no such region')"})
	res, err := run.Visit(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if res.Reached || !strings.Contains(res.Stopped, "no further step") || len(res.Exceptions) != 1 || !strings.Contains(res.Exceptions[0], "no such region") {
		t.Errorf("got %+v", res)
	}
}

// TestCheckoutJS visits a build of the real application. APP names an
// installed checkout of it, DIST the build's folder.
func TestCheckoutJS(t *testing.T) {
	run := Run{App: os.Getenv("APP"), Dist: os.Getenv("DIST")}
	if run.App == "" || run.Dist == "" {
		t.Skip("APP and DIST name no checkout-js and no build of it")
	}
	b, ctx := started(t)
	for _, recording := range []string{Yardstick, GuestWalk} {
		run.Recording = recording
		res, err := run.Visit(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(res.Summary())
		if !res.Reached || len(res.Exceptions) > 0 {
			t.Errorf("%s: stopped: %s; exceptions: %q", recording, res.Stopped, res.Exceptions)
		}
	}
}

func TestReplay(t *testing.T) {
	root := written(t, map[string]string{harPath: har})
	r, err := ReadRecording(root, Yardstick)
	if err != nil {
		t.Fatal(err)
	}
	st, err := newStore(r, "http://shop.test", "http://cdn.test/auto-loader.js", "sha384-x")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, target string) (int, string) {
		w := httptest.NewRecorder()
		st.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, nil))
		return w.Code, w.Body.String()
	}
	for _, step := range []struct {
		name, method, target string
		status               int
		body                 string
	}{
		{"the first answer", "GET", "/api/storefront/checkout/c-1?other=query", 200, `{"email": ""}`},
		{"another method", "POST", "/api/storefront/checkouts/c-1/billing-address", 201, "{}"},
		{"the second answer", "GET", "/api/storefront/checkout/c-1", 200, `{"email": "guest"}`},
		{"the last answer stays", "GET", "/api/storefront/checkout/c-1", 200, `{"email": "guest"}`},
		{"a newer endpoint", "GET", "/api/storefront/checkout-extensions", 200, "[]"},
		{"settings stay on this machine", "GET", "/api/storefront/checkout-settings", 200, `"bigpayBaseUrl":"http://shop.test"`},
		{"what older recordings lack", "GET", "/api/storefront/checkout-settings", 200, `"walletButtonsOnTop":false`},
		{"not recorded", "DELETE", "/api/storefront/checkout/c-1", 404, "not recorded"},
		{"the page", "GET", "/checkout", 200, `checkoutId: "c-1"`},
		{"the page pins the loader", "GET", "/checkout", 200, `src="http://cdn.test/auto-loader.js" integrity="sha384-x" crossorigin`},
	} {
		if status, body := ask(step.method, step.target); status != step.status || !strings.Contains(body, step.body) {
			t.Errorf("%s: got %d %s, want %d … %s …", step.name, status, body, step.status, step.body)
		}
	}
	if got, want := st.unanswered(), []string{"DELETE /api/storefront/checkout/c-1"}; !slices.Equal(got, want) {
		t.Errorf("unanswered: got %q, want %q", got, want)
	}
}

func TestReadRecordingErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no application": {map[string]string{"package.json": "{}"}, "is it a checkout of checkout-js?"},
		"other name":     {map[string]string{strings.Replace(harPath, Yardstick, "Other", 1): har}, "no recording \"" + Yardstick + "\""},
		"broken":         {map[string]string{harPath: "{"}, "recording.har"},
		"no checkout":    {map[string]string{harPath: `{"log": {"entries": []}}`}, "asks for no checkout"},
	} {
		if _, err := ReadRecording(written(t, c.files), Yardstick); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want … %s …", name, err, c.want)
		}
	}
}

func TestCDN(t *testing.T) {
	dir := written(t, map[string]string{"a.js": "let a = 1;", "sub/b.css": "b{}"})
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	c := &cdn{root: root, flip: "sub/b.css", served: map[string]int{}}
	for _, req := range []struct {
		name, target string
		status       int
		body, kind   string
	}{
		{"a file", "/dist/a.js?v=2", 200, "let a = 1;", "text/javascript"},
		{"a changed one", "/dist/sub/b.css", 200, "B{}", "text/css"},
		{"missing", "/dist/c.js", 404, "", ""},
		{"outside", "/a.js", 404, "", ""},
		{"escape", "/dist/../../etc/passwd", 404, "", ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.URL.Path, _, _ = strings.Cut(req.target, "?")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code != req.status || req.status == http.StatusOK && w.Body.String() != req.body || !strings.HasPrefix(w.Header().Get("Content-Type"), req.kind) {
			t.Errorf("%s: got %d %q %q", req.name, w.Code, w.Body, w.Header().Get("Content-Type"))
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: no CORS", req.name)
		}
	}
}

// FuzzFlipped: exactly one byte differs, whatever the file.
func FuzzFlipped(f *testing.F) {
	for _, s := range []string{"", "A", "\x00", "let a = 1;\n//# sourceMappingURL=a.js.map", "//# sourceMappingURL=", "1234567890"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := slices.Clone(data)
		out := flipped(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was changed")
		}
		if len(out) != len(data) {
			t.Fatalf("length %d became %d", len(data), len(out))
		}
		differ := 0
		for i := range out {
			if out[i] != data[i] {
				differ++
			}
		}
		if want := min(1, len(data)); differ != want {
			t.Fatalf("%d bytes differ, want %d", differ, want)
		}
	})
}
