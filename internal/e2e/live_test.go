//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// paymentPage is served to containers, by TLS, at an address of this machine. Its
// third party's script is another one once it was changed.
type paymentPage struct {
	url, host string
	changed   atomic.Bool
}

const (
	good = "window.tag = 1;\n"
	bad  = `window.tag = 2; setTimeout(() => { const s = document.createElement("script"); s.src = "skim.js"; document.head.append(s); }, 2000);` + "\n"
)

func (p *paymentPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "script-src 'self'")
	w.Header().Set("Cache-Control", "no-cache")
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>Pay</title><p>Pay<script src="tag.js"></script>`)
	case "/tag.js", "/skim.js":
		w.Header().Set("Content-Type", "text/javascript")
		script := good
		if p.changed.Load() {
			script = bad
		}
		if r.URL.Path == "/skim.js" {
			script = "window.skim = 1;\n"
		}
		_, _ = io.WriteString(w, script)
	default:
		http.NotFound(w, r)
	}
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

func servePage(t *testing.T) (*paymentPage, []byte) {
	t.Helper()
	p := &paymentPage{host: address(t)}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(p.host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(p)
	server.Listener = listener
	server.TLS = certificate(t, p.host)
	server.StartTLS()
	t.Cleanup(server.Close)
	p.url = "https://" + listener.Addr().String() + "/"
	return p, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.TLS.Certificates[0].Certificate[0]})
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

// The weekly workflow of the examples: a baseline, a week in which nothing changed,
// and one in which a script's bytes did, on its server alone. What can't be had here
// stands in: the browser is this machine's, and signatures need Sigstore.
func TestLiveCheckWorkflow(t *testing.T) {
	page, trust := servePage(t)
	browser := devTools(t, page.host)
	folder := t.TempDir()
	write(t, folder, map[string]string{
		"ca.pem":                      string(trust),
		"bin/gh":                      "#!/bin/sh\nexit 0\n", // no pack yet
		"project/checkout-deploy.yml": fmt.Sprintf("version: 1\nintegrity:\n  inventory: checkout-scripts.yml\n  live:\n    pages: %q\n    allow: %q\n    stay: 5s\n", page.url, page.host),
		"project/checkout-scripts.yml": fmt.Sprintf(`version: 1
pages: [{ url: %q, purpose: takes cards }]
scripts:
  - url: %stag.js
    source: a third party
    owner: team-payments
    purpose: a tag
    justification: { business: it is needed }
    approved: { by: Ada Moreau, reference: SEC-1, on: 2026-11-02, expires: 2099-11-02 }
    pin: %s
`, page.url, page.url, pinOf(good)),
	})
	if err := os.Chmod(filepath.Join(folder, "bin/gh"), 0o755); err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(folder, "project")
	made := container(t, "run", "--rm", "-v", project+":/github/workspace", "-w", "/github/workspace", "-v", filepath.Join(folder, "ca.pem")+":/etc/ssl/certs/ca-certificates.crt:ro",
		sriManifest, "--mode", "baseline", "--browser", browser)
	if made.code != 0 {
		t.Fatalf("the baseline: got code %d\n%s%s", made.code, made.stdout, made.stderr)
	}
	text := read(t, repository(t), "examples/workflows/live-check.yml")
	for from, to := range map[string]string{"http://chrome:9222": browser, "sign: keyless": "sign: none\n          issue: false"} {
		if strings.Count(text, from) != 1 {
			t.Fatalf("the workflow has %q not once", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	services, steps := strings.Index(text, "    services:\n"), strings.Index(text, "    steps:\n")
	text = text[:services] + text[steps:]
	run := func() outcome {
		files := map[string]string{}
		for _, name := range []string{"checkout-deploy.yml", "checkout-scripts.yml", "checkout-baseline.json"} {
			files[name] = read(t, project, name)
		}
		return workflow{
			file: "live.yml", text: text, files: files, trigger: "workflow_dispatch", event: `{"inputs": {"mode": "live"}}`,
			tools: filepath.Join(folder, "bin"), trusted: filepath.Join(folder, "ca.pem"),
		}.run(t)
	}
	quiet := run()
	quiet.succeeded(t, "live")
	if log := quiet.log(); !strings.Contains(log, "scripts are executed by") {
		t.Errorf("got no browser in\n%s", log)
	}
	page.changed.Store(true)
	alarmed := run()
	log := alarmed.log()
	if alarmed.code == 0 || !strings.Contains(log, page.url+"skim.js") || !strings.Contains(log, "The bytes of the script "+page.url+"tag.js changed") {
		t.Errorf("got code %d, want an alarm that names both scripts:\n%s", alarmed.code, log)
	}
}
