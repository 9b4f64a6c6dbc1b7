package browser

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func watched(t *testing.T) (*Browser, context.Context) {
	t.Helper()
	if _, err := Find(os.Getenv("CHROMIUM")); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	b, err := Start(ctx, Options{Binary: os.Getenv("CHROMIUM"), Watched: true})
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

// seenBy loads a page and returns what was watched.
func seenBy(t *testing.T, ctx context.Context, b *Browser, url string, stay time.Duration, rules ...Rule) ([]Source, []string) {
	t.Helper()
	p, err := b.Page(ctx, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Watch(ctx, rules...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	if open, err := w.Quiet(ctx, stay, 200*time.Millisecond, 5*time.Second); err != nil || len(open) > 0 {
		t.Errorf("still open: %q, %v", open, err)
	}
	sources, unseen := w.Sources()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	return sources, unseen
}

const (
	frameScript  = "window.framed = 1;"
	workerScript = "importScripts('/imported.js'); postMessage('up');"
	moduleScript = "import '/dep.js';"
)

func everyKind(t *testing.T) string {
	bodies := map[string]string{
		"/frame.html": `<!doctype html><script src="/frame.js"></script>`, "/frame.js": frameScript,
	}
	// Another host name is another site, and its frame another process.
	other := strings.Replace(files(t, bodies), "127.0.0.1", "localhost", 1)
	return files(t, map[string]string{
		"/index.html": strings.ReplaceAll(`<!doctype html><title>t</title>
<link rel="stylesheet" href="/a.css">
<script>window.inline = 1;</script>
<script src="/a.js"></script>
<script type="module" src="/m.js"></script>
<iframe src="OTHER/frame.html"></iframe>`, "OTHER", other),
		"/a.css": "p{margin:0}", "/m.js": moduleScript, "/dep.js": "export {};",
		"/a.js": `const add = (set) => document.head.append(Object.assign(document.createElement('script'), set));
(0, eval)("window.evaled = 1;\n//# sourceURL=" + location.origin + "/a.js");
add({ src: URL.createObjectURL(new Blob(['window.blobbed = 1;'])) });
add({ src: 'data:text/javascript,window.data = 1;' });
add({ textContent: 'window.inserted = 1;' });
new Worker('/worker.js');
setTimeout(() => add({ src: '/late.js' }), 300);`,
		"/worker.js": workerScript, "/imported.js": "self.imported = 1;", "/late.js": "window.late = 1;",
	})
}

func TestWatch(t *testing.T) {
	b, ctx := watched(t)
	site := everyKind(t)
	sources, unseen := seenBy(t, ctx, b, site+"/index.html", time.Second)
	checkEveryKind(t, site, sources)
	if len(unseen) > 0 {
		t.Errorf("unseen: %q", unseen)
	}
}

func checkEveryKind(t *testing.T, site string, sources []Source) {
	t.Helper()
	for _, want := range []struct{ name, via, target, by, text string }{
		{"linked style", "linked", "page", "/index.html", "p{margin:0}"},
		{"inline", "inline", "page", "/index.html", "window.inline = 1;"},
		{"module", "linked", "page", "/index.html", moduleScript},
		{"import of a module", "linked", "page", "/m.js", "export {};"},
		{"frame of another site", "linked", "iframe", "/frame.html", frameScript},
		{"eval that calls itself a trusted file", "eval", "page", "/a.js", "window.evaled = 1;\n//# sourceURL=" + site + "/a.js"},
		{"blob", "blob", "page", "/a.js", "window.blobbed = 1;"},
		{"data", "data", "page", "/a.js", "window.data = 1;"},
		{"inserted inline", "eval", "page", "/a.js", "window.inserted = 1;"},
		{"worker", "linked", "worker", "", workerScript},
		{"import of a worker", "linked", "worker", "/worker.js", "self.imported = 1;"},
		{"late", "linked", "page", "/a.js", "window.late = 1;"},
	} {
		t.Run(want.name, func(t *testing.T) {
			var found []Source
			for _, s := range sources {
				if s.SHA384 == pin(want.text) {
					found = append(found, s)
				}
			}
			if len(found) != 1 {
				t.Fatalf("got %d, want 1: %+v", len(found), found)
			}
			s := found[0]
			if s.Via != want.via || !strings.HasPrefix(s.Target, want.target) && want.name != "worker" || !strings.HasSuffix(s.By, want.by) || !s.Parsed {
				t.Errorf("got via %q target %q by %q parsed %t", s.Via, s.Target, s.By, s.Parsed)
			}
			sum256, sum512 := sha256.Sum256([]byte(want.text)), sha512.Sum512([]byte(want.text))
			others := []string{"sha256-" + base64.StdEncoding.EncodeToString(sum256[:]), "sha512-" + base64.StdEncoding.EncodeToString(sum512[:])}
			if !slices.Equal(s.Hashes, others) {
				t.Errorf("got the other hashes %q, want %q", s.Hashes, others)
			}
		})
	}
	for _, s := range sources {
		if s.Type != "Document" && s.SHA384 == "" {
			t.Errorf("no hash: %+v", s)
		}
	}
	if t.Failed() {
		for _, s := range sources {
			t.Logf("%s %s %s in %q by %q %s %s", s.Type, s.Via, s.URL, s.Target, s.By, s.SHA384, s.Problem)
		}
	}
}

// What can't be looked into is told, not left out.
func TestWatchUnseen(t *testing.T) {
	b, ctx := watched(t)
	site := files(t, map[string]string{
		"/index.html": `<!doctype html><script>
new SharedWorker('/shared.js'); window.open('/other.html'); navigator.serviceWorker.register('/service.js');</script>`,
		"/other.html": "<!doctype html>", "/shared.js": "self.shared = 1;", "/service.js": "self.service = 1;",
	})
	p, err := b.Page(ctx, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(ctx, site+"/index.html"); err != nil {
		t.Fatal(err)
	}
	// The shared worker's request ends where nobody is attached.
	if _, err := w.Quiet(ctx, time.Second, 200*time.Millisecond, 2*time.Second); err != nil {
		t.Fatal(err)
	}
	sources, unseen := w.Sources()
	want := []string{"page", "shared_worker " + site + "/shared.js"}
	if !slices.Equal(unseen, want) {
		t.Errorf("unseen: got %q, want %q", unseen, want)
	}
	if !slices.ContainsFunc(sources, func(s Source) bool { return s.SHA384 == pin("self.service = 1;") }) {
		t.Errorf("the service worker was not seen: %+v", sources)
	}
}

func TestWatchRules(t *testing.T) {
	b, ctx := watched(t)
	site := files(t, map[string]string{"/index.html": `<!doctype html><script src="/a.js"></script>`, "/a.js": "window.a = 1;"})
	sources, _ := seenBy(t, ctx, b, site+"/index.html", 300*time.Millisecond, Rule{URL: site + "/a.js", Drop: "Access-Control-Allow-Origin", Body: func([]byte) []byte {
		return []byte("const s = document.createElement('script'); s.src = '/made.js'; document.head.append(s);")
	}}, Rule{URL: site + "/made.js", Make: "window.made = 1;"})
	i := slices.IndexFunc(sources, func(s Source) bool { return s.SHA384 == pin("window.made = 1;") })
	j := slices.IndexFunc(sources, func(s Source) bool { return s.URL == site+"/a.js" })
	if i < 0 || j < 0 || sources[j].SHA384 == pin("window.a = 1;") || sources[j].Headers["Access-Control-Allow-Origin"] != "" || sources[i].By != site+"/a.js" {
		t.Errorf("got %+v", sources)
	}
}

func TestConnect(t *testing.T) {
	binary, err := Find(os.Getenv("CHROMIUM"))
	if err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	profile := t.TempDir()
	cmd := exec.CommandContext(ctx, binary, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0", "--user-data-dir="+profile, "about:blank")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	var port, path string
	for port == "" {
		if data, err := os.ReadFile(filepath.Join(profile, "DevToolsActivePort")); err == nil {
			port, path, _ = strings.Cut(strings.TrimSpace(string(data)), "\n")
		}
		if !pause(ctx, pollEvery) {
			t.Fatal("no DevToolsActivePort")
		}
	}
	site := everyKind(t)
	for _, test := range []struct{ name, address string }{
		{"http", "http://127.0.0.1:" + port},
		{"a host's name", "http://localhost:" + port + "/"},
		{"ws without a path", "ws://127.0.0.1:" + port},
		{"ws", "ws://127.0.0.1:" + port + path},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := Connect(ctx, test.address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}()
			if !strings.Contains(b.Version(), "/") {
				t.Errorf("version %q", b.Version())
			}
			sources, _ := seenBy(t, ctx, b, site+"/index.html", time.Second)
			checkEveryKind(t, site, sources)
		})
	}
	for _, test := range []struct{ name, address, want string }{
		{"a page", site, "no webSocketDebuggerUrl"},
		{"a user", "http://u:p@127.0.0.1:" + port, "without a user"},
		{"a file", "file:///etc/passwd", "want http://host:port"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Connect(ctx, test.address); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
