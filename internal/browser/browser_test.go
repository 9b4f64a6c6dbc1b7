package browser

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// started starts a browser for a test, or skips where there is none.
func started(t *testing.T) (*Browser, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	b, err := Start(ctx, Options{Binary: os.Getenv("CHROMIUM")})
	if errors.Is(err, ErrNoBrowser) {
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

func opened(t *testing.T, ctx context.Context, b *Browser, url string) *Page {
	t.Helper()
	p, err := b.Page(ctx, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	return p
}

func pin(body string) string {
	sum := sha512.Sum384([]byte(body))
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// files is a server of fixed bodies with CORS open, but for those under
// /nocors/, which get no header.
func files(t *testing.T, bodies map[string]string) string {
	t.Helper()
	types := map[string]string{".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/nocors/") {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		w.Header().Set("Content-Type", types[filepath.Ext(r.URL.Path)])
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func find(t *testing.T, list []Resource, suffix string) Resource {
	t.Helper()
	for _, r := range list {
		if strings.HasSuffix(r.URL, suffix) {
			return r
		}
	}
	t.Fatalf("no resource ends in %q among %+v", suffix, list)
	return Resource{}
}

func TestResources(t *testing.T) {
	b, ctx := started(t)
	const script, style = "window.ran = (window.ran || 0) + 1;", "body { color: green }"
	cdn := files(t, map[string]string{
		"/plain.js": script, "/pinned.js": script, "/module.js": script, "/lazy.js": script, "/gone.js": script,
		"/pinned.css": style, "/lazy.css": style, "/hint.js": script, "/switched.css": style,
	})
	site := files(t, map[string]string{"/index.html": strings.NewReplacer("CDN", cdn, "JS", pin(script), "CSS", pin(style)).Replace(`<!doctype html>
<title>resources</title>
<link rel="stylesheet" href="CDN/pinned.css" integrity="CSS" crossorigin>
<link rel="prefetch" href="CDN/hint.js">
<style>p { margin: 0 }</style>
<script type="application/json">{"data": true}</script>
<script src="CDN/plain.js"></script>
<script src="CDN/pinned.js" integrity="JS" crossorigin="anonymous" nonce="n1"></script>
<script type="module" src="CDN/module.js"></script>
<script>
  const add = (name, set) => document.head.append(Object.assign(document.createElement(name), set));
  add('script', { src: 'CDN/lazy.js', integrity: 'JS', crossOrigin: 'anonymous', nonce: 'n2' });
  add('script', { src: 'CDN/gone.js', onload: (e) => e.target.remove() });
  add('link', { rel: 'stylesheet', href: 'CDN/lazy.css' });
  add('link', { rel: 'preload', as: 'style', href: 'CDN/switched.css', onload: (e) => { e.target.onload = null; e.target.rel = 'stylesheet'; } });
  add('style', { textContent: ['ol', '{ margin: 0 }'].join('') });
</script>
<p>text</p>`)})
	p := opened(t, ctx, b, site+"/index.html")
	if err := p.Quiet(ctx, 200*time.Millisecond, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	list, err := p.Resources(ctx)
	if err != nil {
		t.Fatal(err)
	}

	want := map[string]Resource{
		"pinned.css":   {Kind: Style, Rel: "stylesheet", Integrity: pin(style), CrossOrigin: "anonymous", Present: true, State: "loaded"},
		"hint.js":      {Kind: Hint, Rel: "prefetch", Present: true, State: "loaded"},
		"plain.js":     {Kind: Script, Present: true, State: "loaded"},
		"pinned.js":    {Kind: Script, Integrity: pin(script), CrossOrigin: "anonymous", Nonce: "n1", Present: true, State: "loaded"},
		"module.js":    {Kind: Script, Module: true, Present: true, State: "loaded"},
		"lazy.js":      {Kind: Script, Integrity: pin(script), CrossOrigin: "anonymous", Nonce: "n2", Dynamic: true, Present: true, State: "loaded"},
		"gone.js":      {Kind: Script, Dynamic: true, State: "loaded"},
		"lazy.css":     {Kind: Style, Rel: "stylesheet", Dynamic: true, Present: true, State: "loaded"},
		"switched.css": {Kind: Style, Rel: "stylesheet", Dynamic: true, Present: true, State: "loaded"},
	}
	for name, w := range want {
		w.URL = cdn + "/" + name
		if got := find(t, list, "/"+name); got != w {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, w)
		}
	}
	dynamic := map[string]bool{"p { margin: 0 }": false, "ol{ margin: 0 }": true, `{"data": true}`: false}
	for text, want := range dynamic {
		i := slices.IndexFunc(list, func(r Resource) bool { return r.Text == text })
		if i < 0 {
			t.Errorf("the inline %q is missing", text)
		} else if list[i].Dynamic != want {
			t.Errorf("inline %q: Dynamic = %t, want %t", text, list[i].Dynamic, want)
		}
	}
	if len(list) != len(want)+len(dynamic)+1 { // and the inline script
		t.Errorf("got %d resources, want %d: %+v", len(list), len(want)+len(dynamic)+1, list)
	}
	leaked, err := Evaluate[bool](ctx, p, "'checkoutDeployResources' in window")
	if err != nil || leaked {
		t.Errorf("the observer shows in the page's own world: %t, %v", leaked, err)
	}
}

func TestViolations(t *testing.T) {
	b, ctx := started(t)
	const good = "window.good = true;"
	bodies := map[string]string{"/good.js": good, "/bad.js": "window.bad = true;", "/bad.css": "body{}", "/lazy.js": "window.lazy = true;", "/nocors/a.js": good}
	cdn := files(t, bodies)
	site := files(t, map[string]string{"/index.html": strings.NewReplacer("CDN", cdn, "PIN", pin(good)).Replace(`<!doctype html>
<link rel="stylesheet" href="CDN/bad.css" integrity="PIN" crossorigin>
<script src="CDN/good.js" integrity="PIN" crossorigin></script>
<script src="CDN/bad.js" integrity="PIN" crossorigin></script>
<script src="CDN/nocors/a.js" integrity="PIN"></script>
<script src="CDN/nocors/a.js?cors" integrity="PIN" crossorigin></script>
<script>
  document.head.append(Object.assign(document.createElement('script'), { src: 'CDN/lazy.js', integrity: 'PIN', crossOrigin: '' }));
</script>`)})
	p := opened(t, ctx, b, site+"/index.html")
	if err := p.Quiet(ctx, 200*time.Millisecond, 5*time.Second); err != nil {
		t.Fatal(err)
	}

	got := map[string]string{}
	for _, v := range p.Violations() {
		got[strings.TrimPrefix(v.URL, cdn)] = v.Computed
	}
	want := map[string]string{
		"/bad.css": pin(bodies["/bad.css"]), "/bad.js": pin(bodies["/bad.js"]), "/lazy.js": pin(bodies["/lazy.js"]),
		"/nocors/a.js": "",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("violations:\n got %v\nwant %v", got, want)
	}
	blocked := map[string]string{}
	for _, q := range p.Requests() {
		if q.Blocked != "" {
			blocked[strings.TrimPrefix(q.URL, cdn)] = q.Blocked
		}
	}
	for path := range want {
		if blocked[path] != "integrity" {
			t.Errorf("the request for %s is blocked by %q, want integrity", path, blocked[path])
		}
	}
	if !strings.HasPrefix(blocked["/nocors/a.js?cors"], "cors") {
		t.Errorf("a response without CORS is blocked by %q", blocked["/nocors/a.js?cors"])
	}
	ran, err := Evaluate[[]bool](ctx, p, "[!!window.good, !!window.bad, !!window.lazy]")
	if err != nil || !slices.Equal(ran, []bool{true, false, false}) {
		t.Errorf("ran (good, bad, lazy): %v, %v", ran, err)
	}
	list, err := p.Resources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if r := find(t, list, "/lazy.js"); r.State != "failed" {
		t.Errorf("the blocked script's state is %q, want failed", r.State)
	}
}

func TestConsoleAndExceptions(t *testing.T) {
	b, ctx := started(t)
	site := files(t, map[string]string{"/index.html": `<!doctype html><script>
console.warn('careful', 7, { a: 1 }, null);
Promise.reject(new RangeError('unhandled'));
setTimeout(() => { throw new TypeError('thrown'); });
</script>
<script src="/missing.js"></script>`})
	p := opened(t, ctx, b, site+"/index.html")
	if err := p.Quiet(ctx, 200*time.Millisecond, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	messages := p.Console()
	if i := slices.IndexFunc(messages, func(m Message) bool { return m.Source == "console" }); i < 0 {
		t.Errorf("no message among %+v", messages)
	} else if m := messages[i]; m.Level != "warning" || m.Text != "careful 7 Object null" || m.URL != site+"/index.html" || m.Line != 2 {
		t.Errorf("got message %+v", m)
	}
	if !slices.ContainsFunc(messages, func(m Message) bool { return m.Source == "network" && m.URL == site+"/missing.js" }) {
		t.Errorf("the missing script is not reported: %+v", messages)
	}
	var thrown []string
	for _, e := range p.Exceptions() {
		thrown = append(thrown, strings.SplitN(e.Text, "\n", 2)[0])
	}
	slices.Sort(thrown)
	if want := []string{"Uncaught (in promise) RangeError: unhandled", "Uncaught TypeError: thrown"}; !slices.Equal(thrown, want) {
		t.Errorf("exceptions: got %q, want %q", thrown, want)
	}
}

func TestRequests(t *testing.T) {
	b, ctx := started(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src 'unsafe-inline' 'self'")
		fmt.Fprint(w, `<script>fetch('/old')</script><script src="http://blocked.invalid/a.js"></script>`)
	})
	mux.Handle("/old", http.RedirectHandler("/new", http.StatusFound))
	mux.HandleFunc("/new", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Probe", "yes")
		fmt.Fprint(w, "fresh")
	})
	site := httptest.NewServer(mux)
	defer site.Close()
	p := opened(t, ctx, b, site.URL+"/")
	if err := p.Quiet(ctx, 200*time.Millisecond, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	byPath := map[string]Request{}
	for _, q := range p.Requests() {
		byPath[strings.TrimPrefix(q.URL, site.URL)] = q
	}
	if q := byPath["/old"]; q.Status != http.StatusFound || !q.Done || q.Initiator != "script" {
		t.Errorf("the redirect: %+v", q)
	}
	fresh := byPath["/new"]
	if fresh.Status != http.StatusOK || fresh.Type != "Fetch" || fresh.Headers["X-Probe"] != "yes" {
		t.Errorf("its target: %+v", fresh)
	}
	if body, err := p.Body(ctx, fresh); err != nil || string(body) != "fresh" {
		t.Errorf("its body: %q, %v", body, err)
	}
	if q := byPath["http://blocked.invalid/a.js"]; q.Blocked != "csp" || q.Initiator != "parser" {
		t.Errorf("the request against the policy: %+v", q)
	}
}

func TestInput(t *testing.T) {
	b, ctx := started(t)
	site := files(t, map[string]string{"/index.html": `<!doctype html>
<input id="name" value="old"><select id="country"><option>AU<option>US</select><button id="go">go</button>
<script>
  const said = [];
  for (const id of ['name', 'country']) document.getElementById(id).oninput = (e) => said.push(id + '=' + e.target.value);
  document.getElementById('go').onclick = (e) => said.push('clicked ' + e.isTrusted);
</script>`})
	p := opened(t, ctx, b, site+"/index.html")
	for _, err := range []error{
		p.Fill(ctx, "#name", "new", time.Second),
		p.Select(ctx, "#country", "US", time.Second),
		p.Click(ctx, "#go", time.Second),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	said, err := Evaluate[[]string](ctx, p, "said")
	if want := []string{"name=new", "country=US", "clicked true"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("got %q (%v), want %q", said, err, want)
	}
	png, err := p.Screenshot(ctx)
	if err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("screenshot of %d bytes: %v", len(png), err)
	}
}

func TestClickWaitsForRest(t *testing.T) {
	b, ctx := started(t)
	site := files(t, map[string]string{"/index.html": `<!doctype html>
<style>#go { position: absolute; top: 0 } #cover { position: fixed; inset: 0 }</style>
<button id="go" onclick="clicked = true">go</button><div id="cover"></div>
<script>
  let clicked = false, y = 0;
  const moving = setInterval(() => { document.getElementById('go').style.top = ++y * 7 + 'px'; }, 10);
  setTimeout(() => clearInterval(moving), 400);
  setTimeout(() => document.getElementById('cover').remove(), 700);
</script>`})
	p := opened(t, ctx, b, site+"/index.html")
	if err := p.Click(ctx, "#go", 100*time.Millisecond); !errors.Is(err, ErrNotSeen) {
		t.Errorf("clicking a moving button: %v", err)
	}
	if err := p.Click(ctx, "#go", 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if clicked, err := Evaluate[bool](ctx, p, "clicked"); err != nil || !clicked {
		t.Errorf("clicked: %t, %v", clicked, err)
	}
}

func TestWaitsAreBounded(t *testing.T) {
	b, ctx := started(t)
	p := opened(t, ctx, b, "about:blank")
	err := p.Visible(ctx, "#never", 100*time.Millisecond)
	if !errors.Is(err, ErrNotSeen) || !strings.Contains(err.Error(), "#never") {
		t.Errorf("got %v", err)
	}
	if err := p.Wait(ctx, "no.such.thing", 100*time.Millisecond); !errors.Is(err, ErrNotSeen) || !strings.Contains(err.Error(), "no is not defined") {
		t.Errorf("a mistake in the condition is not told: %v", err)
	}
	short, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.Wait(short, "false", time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's cancellation", err)
	}
	if err := p.Wait(ctx, "true", time.Second); err != nil {
		t.Errorf("the page did not outlive a bounded wait: %v", err)
	}
}

// TestCloseLeavesNothing starts a browser and looks for processes with its
// profile in their command line after Close, also when a page was left open.
func TestCloseLeavesNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mark := "--checkout-deploy-mark=" + filepath.Base(t.TempDir()) + fmt.Sprint(os.Getpid())
	b, err := Start(ctx, Options{Binary: os.Getenv("CHROMIUM"), Flags: []string{mark}})
	if errors.Is(err, ErrNoBrowser) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Page(ctx, Settings{}); err != nil {
		t.Fatal(err)
	}
	before := marked(t, mark)
	if len(before) == 0 {
		t.Fatal("no process carries the mark: the test would prove nothing")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for _, cmdline := range before {
		profile := cmdline[strings.Index(cmdline, "--user-data-dir=")+len("--user-data-dir="):]
		profile = strings.SplitN(profile, "\x00", 2)[0]
		if left := marked(t, profile); len(left) > 0 {
			t.Errorf("still running: %q", left)
		}
		if _, err := os.Stat(profile); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the profile %q is still there: %v", profile, err)
		}
	}
}

func marked(t *testing.T, mark string) (cmdlines []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		// A process may be gone by now; its error is of no interest.
		if cmdline, _ := os.ReadFile(path); strings.Contains(string(cmdline), mark) {
			cmdlines = append(cmdlines, string(cmdline))
		}
	}
	return cmdlines
}

func TestFind(t *testing.T) {
	for name, binary := range map[string]string{"missing path": "/no/such/chromium", "missing name": "no-such-chromium"} {
		if _, err := Find(binary); !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), binary) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(""); !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), "chromium") {
		t.Errorf("empty PATH: got %v", err)
	}
}
