package trial

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/integrity/page"
)

// The guard sets integrity whichever way a script writes an address, and leaves
// what is not the release's.
func TestGuard(t *testing.T) {
	b := started(t)
	s := site{"a.js": []byte("1"), "b c.css": []byte("p{}"), "constructor": []byte("2")}
	pin := func(path string) string { return s.pin(path).String() }
	out, err := page.Rewrite([]byte("<!doctype html><title>guard</title><script>1</script>"),
		page.Options{Path: "shop/index.html", Integrity: s.pin, Guard: []string{"a.js", "b c.css"}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/x/shop/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(out.HTML)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := p.Open(ctx, server.URL+"/x/shop/"); err != nil {
		t.Fatal(err)
	}
	const script, link = "const e = document.createElement('script'); ", "const e = document.createElement('link'); "
	for _, test := range []struct{ name, code, want string }{
		{"src", script + "e.src = '../a.js'", pin("a.js") + " anonymous"},
		{"setAttribute, in any case", script + "e.setAttribute('SRC', '../a.js')", pin("a.js") + " anonymous"},
		{"href, with a query", link + "e.href = '../b c.css?v=1#x'", pin("b c.css") + " anonymous"},
		{"an absolute address", script + "e.src = location.origin + '/x/a.js'", pin("a.js") + " anonymous"},
		{"a base that came later", "const base = document.createElement('base'); base.href = '/x/'; document.head.append(base); " + script + "e.src = 'a.js'; base.remove()", pin("a.js") + " anonymous"},
		{"undefined before", script + "e.integrity = undefined; e.src = '../a.js'", pin("a.js") + " anonymous"},
		{"credentials stay", script + "e.crossOrigin = 'use-credentials'; e.src = '../a.js'", pin("a.js") + " use-credentials"},
		{"to a file, and away", link + "e.href = '../b c.css'; e.href = 'https://other.example/b.css'", " anonymous"},
		{"one's own integrity elsewhere", script + "e.integrity = 'sha256-x'; e.src = 'https://other.example/a.js'", "sha256-x null"},
		{"another origin's", script + "e.src = 'https://other.example/x/a.js'", " null"},
		{"a file of no release", script + "e.src = '../z.js'", " null"},
		{"a name of every object", script + "e.src = '../constructor'", " null"},
		{"a folder that begins alike", script + "e.src = '/xa.js'", " null"},
		{"what is no address", script + "e.src = 'https://'", " null"},
		{"a broken escape", script + "e.src = '../%zz'", " null"},
		{"an attribute of another element", "const e = document.createElement('a'); e.setAttribute('href', '../a.js'); e.integrity = ''; e.crossOrigin = null", " null"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := browser.Evaluate[string](ctx, p, "(() => { "+test.code+"; return e.integrity + ' ' + e.crossOrigin })()")
			if err != nil || got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
	if n := strings.Index(out.Inline[0].Text, `({"/`); n > 1000 {
		t.Errorf("without its table the guard has %d bytes, want at most 1000", n)
	}
}
