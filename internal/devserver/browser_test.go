package devserver

import (
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// To look at the pages and the errors:
//
//	go test ./internal/devserver -run TestPictures -pictures <folder>
var pictures = flag.String("pictures", "", "an absolute `folder` for pictures")

const soon = 20 * time.Second

func started(t *testing.T) (*browser.Browser, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx, browser.Options{
		Binary: os.Getenv("CHROMIUM"),
		// Every site's name leads here, as an attacker's may.
		Flags: []string{"host-resolver-rules=MAP *.example 127.0.0.1"},
	})
	if errors.Is(err, browser.ErrNoBrowser) {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err.Error() + ": apt-get install chromium")
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

// tab is a page and what it is asked.
type tab struct {
	*browser.Page
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, ctx context.Context, b *browser.Browser, url string) tab {
	t.Helper()
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if err := p.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	return tab{p, t, ctx}
}

func (p tab) wait(condition string) {
	p.t.Helper()
	if err := p.Wait(p.ctx, condition, soon); err != nil {
		p.t.Fatalf("%v\nthe console says %+v\nexceptions %+v", err, p.Console(), p.Exceptions())
	}
}

func (p tab) run(expression string) string {
	p.t.Helper()
	v, err := browser.Evaluate[string](p.ctx, p.Page, "String("+expression+")")
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// connected waits until the page listens, so that it sees what comes next.
func (p tab) connected(s *Server) {
	p.t.Helper()
	deadline := time.Now().Add(soon)
	for time.Now().Before(deadline) {
		s.mu.Lock()
		n := s.clients
		s.mu.Unlock()
		if n > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.t.Fatalf("the page does not listen; the console says %+v", p.Console())
}

func (p tab) loads() (n int) {
	for _, q := range p.Requests() {
		if q.Type == "Document" {
			n++
		}
	}
	return n
}

const shop = `<!doctype html><title>shop</title><!-- entry: checkout css --><body><input id="typed">
<!-- entry: checkout js --></body>`

// shell is what the overlay says.
const shell = `(document.querySelector('checkout-deploy-errors') || { shadowRoot: { textContent: '' } }).shadowRoot.textContent`

// One browser is started for all: that takes longer than they do.
func TestInBrowser(t *testing.T) {
	b, ctx := started(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, context.Context, *browser.Browser)
	}{
		{"a page reloads once", pageReloadsOnce},
		{"style sheets are swapped", stylesAreSwapped},
		{"errors are shown", errorsAreShown},
		{"a first build that fails", firstBuildFails},
		{"a strict page of another origin", strictPageOfAnotherOrigin},
		{"pages of any site", pagesOfAnySite},
		{"a server that comes back", serverComesBack},
		{"several entries", severalEntriesOneClient},
		{"modules", modules},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, ctx, b) })
	}
}

func pageReloadsOnce(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{}
	url := served(t, s, map[string]string{"index.html": shop})
	publish(t, s, plain)
	p := open(t, ctx, b, url+"/")
	p.wait("self.runs == 1")
	p.connected(s)
	p.run("self.before = 1")
	publish(t, s, plain) // the same again
	next := plain
	next.script += "self.next = 1;"
	publish(t, s, next)
	p.wait("self.next == 1 && !self.before && self.runs == 1")
	p.connected(s)
	if err := p.Quiet(ctx, 300*time.Millisecond, time.Second); err == nil {
		t.Error("nothing listens any more")
	}
	if n := p.loads(); n != 2 {
		t.Errorf("got %d loads of the page, want 2", n)
	}
	if all := p.Violations(); len(all) > 0 {
		t.Errorf("blocked: %+v", all)
	}
}

func stylesAreSwapped(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{}
	url := served(t, s, map[string]string{"index.html": shop})
	publish(t, s, plain)
	p := open(t, ctx, b, url+"/")
	p.connected(s)
	p.wait("getComputedStyle(document.body).color == 'rgb(1, 2, 3)'")
	p.run("self.counter = 41")
	// A style sheet that loads later, as the page's scripts know it.
	rel, _ := plain.build(t, release.Classic)
	old := rel.Passes[0].Chunks[0].CSS[0]
	next := plain
	next.style, next.lazy = "body { color: rgb(4, 5, 6) }", "body { margin-top: 11px }"
	e := entryOf(publish(t, s, next))
	p.wait("getComputedStyle(document.body).color == 'rgb(4, 5, 6)' && document.querySelectorAll('link').length == 1")
	p.run(`document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/` + old + `' }))`)
	p.wait("getComputedStyle(document.body).marginTop == '11px'")
	if got, want := p.run("document.querySelector('link').integrity"), release.IntegrityOf([]byte(next.style)).String(); got != want {
		t.Errorf("got integrity %s, want %s", got, want)
	}
	if got := p.run("document.querySelector('link').href"); !strings.HasSuffix(got, e.CSS[0]) {
		t.Errorf("got %s, want %s", got, e.CSS[0])
	}
	publish(t, s, plain) // back to what was
	p.wait("getComputedStyle(document.body).color == 'rgb(1, 2, 3)' && getComputedStyle(document.body).marginTop != '11px'")
	if got := p.run("self.counter"); got != "41" || p.loads() != 1 {
		t.Errorf("the page was reloaded: the counter is %s", got)
	}
}

var bad = []finding.Finding{
	{
		Rule: "build/source", Severity: finding.High, Message: "Could not resolve \"./<img src=x onerror=alert(1)>\"",
		Hint:     "are the project's packages installed? Try npm ci in its folder",
		Location: finding.Location{Path: "src/pay.ts", Line: 3, Column: 20, EndLine: 3, EndColumn: 40},
	},
	{Severity: finding.High, Message: "Expected \";\" but found \"}\"", Location: finding.Location{Path: "src/pay.ts", Line: 6, Column: 1}},
}

var project = fstest.MapFS{"src/pay.ts": {Data: []byte(`import { total } from './basket';

import image from "./<img src=x onerror=alert(1)>";

export function pay(order: Order) {
}return total(order, image, 'a line that is long enough that it has to be scrolled in a narrow window, so that one sees it is');
`)}}

func errorsAreShown(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{Sources: project}
	url := served(t, s, map[string]string{"index.html": shop})
	publish(t, s, plain)
	p := open(t, ctx, b, url+"/")
	p.connected(s)
	s.Begin()
	s.Fail(bad)
	for _, want := range []string{"2 errors", "src/pay.ts:3:20", "<img src=x onerror=alert(1)>", "npm ci", "src/pay.ts:6:1"} {
		p.wait(shell + ".includes(" + `'` + want + `')`)
	}
	if got := p.run("[...document.querySelector('checkout-deploy-errors').shadowRoot.querySelectorAll('mark')].map((m) => m.textContent).join('|')"); got != "./<img src=x onerror|}" {
		t.Errorf("marked: %s", got)
	}
	if got := p.run("document.querySelector('checkout-deploy-errors').shadowRoot.querySelectorAll('img').length"); got != "0" {
		t.Error("text became an element")
	}
	p.run("dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', cancelable: true }))")
	p.wait("!" + shell)
	s.Begin()
	s.Fail(bad[:1])
	p.wait(shell + ".includes('npm ci') && !" + shell + ".includes('2 errors')")
	s.Begin()
	publish(t, s, plain)
	p.wait("!" + shell)
	if p.loads() != 1 {
		t.Error("a build that is the same again reloaded the page")
	}
	s.Begin()
	s.Fail(bad)
	// A page that is opened now runs the last good build, and says what is wrong.
	if err := p.Open(ctx, url+"/"); err != nil {
		t.Fatal(err)
	}
	p.wait("self.runs == 1 && " + shell + ".includes('2 errors')")
}

func firstBuildFails(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{Sources: project}
	url := served(t, s, nil)
	s.Fail(bad)
	p := open(t, ctx, b, url+"/")
	p.wait(shell + ".includes('src/pay.ts:3:20')")
	publish(t, s, plain)
	p.wait("!" + shell + " && document.body.innerText.includes('sha384-')")
	for _, e := range p.Exceptions() {
		t.Errorf("%+v", e)
	}
}

// hosted serves a page of another origin, with policies, that loads the entry
// from the server as a hosted checkout does.
func hosted(t *testing.T, page func(nonce string) string, policies func(nonce string) map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		for name, value := range policies("n0nce") {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page("n0nce")))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func strictPageOfAnotherOrigin(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{Sources: project}
	url := served(t, s, nil)
	tags := func(nonce string) string {
		st, _ := s.now()
		p := st.build.release.Passes[0]
		text, err := st.build.tags(p, p.Entries[0], "", url+"/")
		if err != nil {
			t.Error(err)
		}
		return `<!doctype html><body>` + strings.ReplaceAll(text, " crossorigin", ` nonce="`+nonce+`" crossorigin`)
	}
	strict := func(connect string) func(string) map[string]string {
		return func(nonce string) map[string]string {
			return map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'; connect-src " + connect +
					"; require-trusted-types-for 'script'; trusted-types 'none'",
				"Integrity-Policy": "blocked-destinations=(script)",
			}
		}
	}
	publish(t, s, plain)
	p := open(t, ctx, b, hosted(t, tags, strict(url)))
	p.wait("self.runs == 1")
	p.connected(s)
	s.Begin()
	s.Fail(bad)
	p.wait(shell + ".includes('src/pay.ts:3:20')")
	p.wait("getComputedStyle(document.querySelector('checkout-deploy-errors').shadowRoot.querySelector('section')).borderTopWidth == '4px'")
	next := plain
	next.style = "body { color: rgb(4, 5, 6) }"
	publish(t, s, next)
	p.wait("!" + shell + " && getComputedStyle(document.body).color == 'rgb(4, 5, 6)'")
	next.script += "self.next = 1;"
	publish(t, s, next)
	p.wait("self.next == 1")
	for _, m := range p.Console() {
		if m.Level == "error" || m.Level == "warning" {
			t.Errorf("the console says %+v", m)
		}
	}
	blocked := open(t, ctx, b, hosted(t, tags, strict("'self'")))
	blocked.wait("self.runs == 1")
	deadline := time.Now().Add(soon)
	for !strings.Contains(consoleOf(blocked), "add "+url+" to its connect-src") {
		if time.Now().After(deadline) {
			t.Fatalf("the console says %s", consoleOf(blocked))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func consoleOf(p tab) string {
	var all []string
	for _, m := range p.Console() {
		all = append(all, m.Text)
	}
	return strings.Join(all, "\n")
}

func pagesOfAnySite(t *testing.T, ctx context.Context, b *browser.Browser) {
	var url string
	site := hosted(t, func(string) string {
		return `<script src="` + url + `/checkout.js"></script><script>
			fetch('` + url + `/checkout.js').then(() => { self.read = 1; }, () => { self.read = 0; });
			new EventSource('` + url + Prefix + `events').addEventListener('release', () => { self.told = 1; });
		</script>`
	}, func(string) map[string]string { return nil })
	site = strings.Replace(site, "127.0.0.1", "store.example", 1)
	s := &Server{}
	url = served(t, s, nil)
	publish(t, s, plain)
	p := open(t, ctx, b, site)
	p.wait("self.read === 0")
	if got := p.run("[self.runs, self.told]"); got != "," {
		t.Errorf("any site's page got %s", got)
	}
	if err := p.Open(ctx, strings.Replace(url, "127.0.0.1", "store.example", 1)+"/checkout.js"); err != nil {
		t.Fatal(err)
	}
	if got := p.run("document.body.innerText"); !strings.Contains(got, "not this machine's") {
		t.Errorf("a name that leads here got %s", got)
	}
	named := &Server{Origins: []string{strings.TrimSuffix(site, "/")}}
	url = served(t, named, nil)
	publish(t, named, plain)
	open(t, ctx, b, site).wait("self.read === 1 && self.runs == 1 && self.told == 1")
}

func serverComesBack(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{After: never, Now: time.Now}
	publish(t, s, plain)
	life, end := context.WithCancel(ctx)
	l, err := Listen(ctx, "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Serve(life, l) }()
	p := open(t, ctx, b, hosted(t, func(string) string {
		return `<script src="http://` + l.Addr().String() + `/checkout.js" crossorigin></script>`
	}, func(string) map[string]string { return nil }))
	p.wait("self.runs == 1")
	p.connected(s)
	end()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	again := &Server{After: never, Now: time.Now}
	next := plain
	next.script += "self.next = 1;"
	publish(t, again, next)
	second, err := Listen(ctx, "127.0.0.1", l.Addr().(*net.TCPAddr).Port)
	if err != nil {
		t.Fatal(err)
	}
	life, end = context.WithCancel(ctx)
	go func() { done <- again.Serve(life, second) }()
	p.wait("self.next == 1")
	end()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func severalEntriesOneClient(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{}
	url := served(t, s, map[string]string{"index.html": `<!doctype html><!-- entry: checkout --><!-- entry: checkout js -->`})
	publish(t, s, plain)
	p := open(t, ctx, b, url+"/")
	p.wait("self.runs == 2")
	p.connected(s)
	n := 0
	for _, q := range p.Requests() {
		if strings.Contains(q.URL, Prefix+"events") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("got %d streams, want 1", n)
	}
}

func modules(t *testing.T, ctx context.Context, b *browser.Browser) {
	s := &Server{}
	url := served(t, s, map[string]string{"index.html": shop})
	rel, content := plain.build(t, release.ESM)
	if err := s.Publish(rel, content); err != nil {
		t.Fatal(err)
	}
	p := open(t, ctx, b, url+"/")
	p.wait("self.runs == 1")
	p.connected(s)
	next := plain
	next.script += "self.next = 1;"
	rel, content = next.build(t, release.ESM)
	if err := s.Publish(rel, content); err != nil {
		t.Fatal(err)
	}
	p.wait("self.next == 1")
	if all := p.Violations(); len(all) > 0 {
		t.Errorf("blocked: %+v", all)
	}
}

func TestPictures(t *testing.T) {
	if *pictures == "" {
		return // asked for by hand
	}
	b, ctx := started(t)
	s := &Server{Sources: project}
	url := served(t, s, map[string]string{"shop.html": `<!doctype html><body style="font: 40px serif"><h1>Shop</h1><dialog id="d">dialog</dialog><!-- entry: checkout js -->`})
	publish(t, s, plain)
	for name, r := range map[string]browser.Reader{
		"light": {Width: 1200, Height: 800}, "dark": {Width: 1200, Height: 800, Dark: true},
		"narrow": {Width: 360, Height: 800}, "narrow-dark": {Width: 320, Height: 800, Dark: true},
	} {
		publish(t, s, plain)
		shoot := func(path, what, run string, ready string) {
			p := open(t, ctx, b, "about:blank")
			if err := p.Emulate(ctx, r); err != nil {
				t.Fatal(err)
			}
			if err := p.Open(ctx, url+path); err != nil {
				t.Fatal(err)
			}
			p.connected(s)
			p.run(run)
			p.wait(ready)
			png, err := p.Screenshot(ctx)
			_ = p.Close()
			if err == nil {
				err = os.WriteFile(filepath.Join(*pictures, what+"-"+name+".png"), png, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		shoot("/", "index", "document.querySelector('details').open = true", "true")
		shoot("/checkuot.js", "missing", "0", "true")
		s.Fail(bad)
		shoot("/shop.html", "errors", "0", shell)
	}
}
