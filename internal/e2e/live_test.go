//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/gh/ghtest"
)

// paymentPage serves a release to containers, by TLS, at an address of this machine,
// and a third party's script, which is another one once it was changed.
type paymentPage struct {
	url, host string
	released  atomic.Pointer[map[string]string]
	changed   atomic.Bool
}

const (
	good = "window.tag = 1;\n"
	bad  = `window.tag = 2; setTimeout(() => { const s = document.createElement("script"); s.src = "skim.js"; document.head.append(s); }, 2000);` + "\n"
)

func (p *paymentPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "script-src 'self' 'unsafe-inline'")
	w.Header().Set("Cache-Control", "no-cache")
	files := maps.Clone(*p.released.Load())
	files["tag.js"], files["skim.js"] = good, "window.skim = 1;\n"
	if p.changed.Load() {
		files["tag.js"] = bad
	}
	name := cmp.Or(strings.TrimPrefix(r.URL.Path, "/"), "index.html")
	text, ok := files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(filepath.Ext(name)))
	_, _ = io.WriteString(w, text)
}

// address is one of this machine's that containers reach.
func address(t *testing.T) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", "192.0.2.1:9") // sends nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// serve serves it to containers by TLS, and returns where.
func serve(t *testing.T, host string, by *tls.Config, handler http.Handler) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener, server.TLS = listener, by
	server.StartTLS()
	t.Cleanup(server.Close)
	return "https://" + listener.Addr().String()
}

// devTools starts the browser that a service container would be, and returns its
// DevTools address for containers.
func devTools(t *testing.T, host string) string {
	t.Helper()
	binary := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			binary = cmp.Or(binary, path)
		}
	}
	if binary == "" {
		t.Fatal("got no Chromium, want one: apt-get install chromium")
	}
	profile := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	browser := exec.CommandContext(ctx, binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--ignore-certificate-errors",
		"--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir="+profile, "about:blank")
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = browser.Wait() })
	port := ""
	for range 300 {
		if data, err := os.ReadFile(filepath.Join(profile, "DevToolsActivePort")); err == nil {
			port, _, _ = strings.Cut(string(data), "\n")
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if port == "" {
		t.Fatal("Chromium told no DevTools port")
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go forward(listener, net.JoinHostPort("127.0.0.1", port))
	return "http://" + listener.Addr().String()
}

// forward passes connections on: Chromium listens on the loopback alone.
func forward(listener net.Listener, to string) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = from.Close() }()
			onward, err := (&net.Dialer{}).Dial("tcp", to)
			if err != nil {
				return
			}
			defer func() { _ = onward.Close() }()
			go func() { _, _ = io.Copy(onward, from) }()
			_, _ = io.Copy(from, onward)
		}()
	}
}

func pinOf(text string) string {
	sum := sha512.Sum384([]byte(text))
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// shopWatched is a shop with workflows for releases and for the live check, and what
// its runs left.
type shopWatched struct {
	page                 *paymentPage
	browser, api, folder string
	project              map[string]string // its files
	left                 []ranBefore       // the newest first
}

const releases = `name: checkout
on: push
permissions: { contents: read }
jobs:
  release:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v4
      - uses: org/checkout-deploy/sri-manifest@v1
        with: { sign: key, key: key.pem, fail-severity: none }
`

func newShopWatched(t *testing.T) (*shopWatched, *ghtest.Fake) {
	t.Helper()
	s := &shopWatched{folder: t.TempDir()}
	host := address(t)
	page, by := &paymentPage{host: host}, certificate(t, host)
	page.released.Store(&map[string]string{})
	page.url = serve(t, host, by, page) + "/"
	fake := ghtest.New(t, ghtest.Options{Repository: "example/shop", Permissions: permissions(t, read(t, repository(t), "examples/workflows/live-check.yml"), "live")})
	s.page, s.browser, s.api = page, devTools(t, host), serve(t, host, by, fake)
	write(t, s.folder, map[string]string{"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: by.Certificates[0].Certificate[0]}))})
	private, public := keyPair(t)
	approved := "source: it\n    owner: team-payments\n    purpose: it\n    justification: { business: it is needed }\n    approved: { by: Ada Moreau, reference: SEC-1, on: 2026-01-02, expires: 2099-11-02 }\n"
	s.project = map[string]string{
		"key.pem": private, "key.pub": public,
		"checkout-deploy.yml":  fmt.Sprintf("version: 1\nintegrity:\n  inventory: checkout-scripts.yml\n  signed-by: { key: key.pub }\n  live:\n    pages: %q\n    allow: %q\n    stay: 4s\n", page.url, page.host),
		"checkout-scripts.yml": fmt.Sprintf("version: 1\npages: [{ url: %q, purpose: takes cards }]\nscripts:\n  - files: [app.js]\n    %s  - url: %stag.js\n    %s    pin: %s\n", page.url, approved, page.url, approved, pinOf(good)),
	}
	return s, fake
}

// permissions are those of a workflow's job: what is missing there, GitHub refuses.
func permissions(t *testing.T, workflow, job string) map[string]string {
	t.Helper()
	var w struct {
		Jobs map[string]struct{ Permissions map[string]string }
	}
	if err := yaml.Load([]byte(workflow), &w, yaml.WithKnownFields(false)); err != nil {
		t.Fatal(err)
	}
	return w.Jobs[job].Permissions
}

// release runs the workflow of the releases, and serves what it made.
func (s *shopWatched) release(t *testing.T, app string) {
	t.Helper()
	files := maps.Clone(s.project)
	files["dist/app.js"] = app
	files["dist/index.html"] = fmt.Sprintf(`<!doctype html><title>Pay</title><p>Pay<script src="app.js"></script><script src=%q></script>`, s.page.url+"tag.js")
	got := workflow{file: "checkout.yml", text: releases, files: files}.run(t)
	got.succeeded(t, "release")
	served := unzipped(t, got.artifact(t, "checkout-[0-9a-f]{64}-files(\\.zip)?"))
	if !strings.Contains(served["index.html"], pinOf(app)) {
		t.Fatalf("the page is not pinned:\n%s", served["index.html"])
	}
	s.page.released.Store(&served)
	record := fmt.Sprintf("%x", sha256.Sum256([]byte(served["release.json"])))
	s.keep("checkout.yml", "checkout-"+record+"-integrity", got.artifact(t, "checkout-"+record+"-integrity(\\.zip)?"))
}

// keep puts a run before those that were, and before it what must not be taken for one:
// a fork's, another branch's, and what GitHub has deleted.
func (s *shopWatched) keep(workflow, name, zip string) {
	id := 100 + 10*len(s.left)
	run := func(id int, branch, head string, a keptArtifact) ranBefore {
		return ranBefore{id, workflow, branch, head, "completed", "success", []keptArtifact{a}}
	}
	stranger := keptArtifact{Name: name, Created: "2026-11-02T05:23:00Z"}
	gone := stranger
	gone.Expired = true
	s.left = slices.Concat([]ranBefore{
		run(id+5, "main", "mallory/shop", stranger),
		run(id+4, "feature", "example/shop", stranger),
		run(id+3, "main", "example/shop", keptArtifact{Name: "checkout-drill-integrity"}),
		run(id+2, "main", "example/shop", gone),
		run(id+1, "main", "example/shop", keptArtifact{Name: name, Zip: zip, Created: "2026-11-02T05:23:00Z"}),
	}, s.left)
}

// baseline is written and signed, as by the mode of that name.
func (s *shopWatched) baseline(t *testing.T) {
	t.Helper()
	project := filepath.Join(s.folder, "project")
	write(t, project, s.project)
	got := container(t, "run", "--rm", "-v", project+":/github/workspace", "-w", "/github/workspace", "-v", filepath.Join(s.folder, "ca.pem")+":/etc/ssl/certs/ca-certificates.crt:ro",
		sriManifest, "--mode", "baseline", "--browser", s.browser, "--sign", "key", "--key", "key.pem")
	if got.code != 0 {
		t.Fatalf("the baseline: got code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, name := range []string{"checkout-baseline.json", "checkout-baseline.json.sigstore.json"} {
		s.project[name] = read(t, project, name)
	}
}

// look runs the example's workflow, and returns the pack of evidence too. What can't be
// had here stands in: the browser is this machine's, the signature a key's.
func (s *shopWatched) look(t *testing.T) (outcome, string) {
	t.Helper()
	text := read(t, repository(t), "examples/workflows/live-check.yml")
	for from, to := range map[string]string{"http://chrome:9222": s.browser, "sign: keyless": "sign: key\n          key: key.pem"} {
		if strings.Count(text, from) != 1 {
			t.Fatalf("the workflow has %q not once", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	services, steps := strings.Index(text, "    services:\n"), strings.Index(text, "    steps:\n")
	tools := filepath.Join(s.folder, "bin")
	putGH(t, tools, append([]ranBefore{{1, "live-check.yml", "main", "example/shop", "in_progress", "", nil}}, s.left...)...)
	got := workflow{
		file: "live-check.yml", text: text[:services] + text[steps:], files: s.project, trigger: "workflow_dispatch", event: `{"inputs": {"mode": "live"}}`,
		env: []string{"GITHUB_API_URL=" + s.api}, token: ghtest.Token, tools: tools, trusted: filepath.Join(s.folder, "ca.pem"),
	}.run(t)
	zip := got.artifact(t, "checkout-live-integrity(\\.zip)?")
	s.keep("live-check.yml", "checkout-live-integrity", zip)
	return got, unzipped(t, zip)["evidence/evidence.json"]
}

// The weekly workflow of the examples: a deploy since the baseline is quiet, and a
// third party's bytes that changed on its server alone open an issue. The second pack
// follows the first.
func TestLiveCheckWorkflow(t *testing.T) {
	shop, fake := newShopWatched(t)
	shop.release(t, "window.app = 1;\n")
	shop.baseline(t)
	shop.release(t, "window.app = 2;\n")
	quiet, first := shop.look(t)
	quiet.succeeded(t, "live")
	if log := quiet.log(); !strings.Contains(log, "scripts are executed by") || len(fake.Issues()) != 0 {
		t.Errorf("got the issues %+v, and no browser in\n%s", fake.Issues(), log)
	}
	shop.page.changed.Store(true)
	alarmed, second := shop.look(t)
	if log := alarmed.log(); alarmed.code == 0 || !strings.Contains(log, "The bytes of the script "+shop.page.url+"tag.js changed") {
		t.Errorf("got code %d, want an alarm:\n%s", alarmed.code, log)
	}
	if issues := fake.Issues(); len(issues) != 1 || issues[0].State != "open" || !strings.Contains(issues[0].Body, "skim.js") || !strings.Contains(issues[0].Body, "tag.js changed") {
		t.Errorf("got the issues %+v, want one that names both scripts", issues)
	}
	if problems := evidence.Chain([][]byte{[]byte(first), []byte(second)}); len(problems) > 0 || !strings.Contains(second, `"sequence":2`) {
		t.Errorf("the packs are no chain: %v", problems)
	}
}
