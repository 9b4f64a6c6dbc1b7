package srimanifest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
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

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/gh/ghtest"
	"github.com/org/checkout-deploy/internal/integrity"
)

// authority vouches for the test's servers. The system's certificates are read once
// a process, so it is made before any test.
var authority *tls.Certificate

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "authority-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		now := time.Now()
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			panic(err)
		}
		file := filepath.Join(dir, "ca.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			panic(err)
		}
		_ = os.Setenv("SSL_CERT_FILE", file)
		authority = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
		return m.Run()
	}())
}

// payPage is a page with a third party's script, both by TLS.
type payPage struct {
	site, third *httptest.Server
	tag, skim   atomic.Value
	down        atomic.Bool
}

const (
	calm  = "window.tag = 1;\n"
	alarm = "window.tag = 2; setTimeout(() => { const s = document.createElement('script'); s.src = '%s/skim%%60@org%%3Cimg%%3E.js'; document.head.append(s); }, 2000);\n"
)

func newPayPage(t *testing.T) *payPage {
	t.Helper()
	p := &payPage{}
	p.tag.Store(calm)
	p.skim.Store("window.skim = 1;\n")
	serve := func(answer func(path string) (kind, body string)) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kind, body := answer(r.URL.Path)
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Content-Security-Policy", "object-src 'none'")
			if p.down.Load() {
				w.WriteHeader(http.StatusBadGateway)
			}
			_, _ = io.WriteString(w, body)
		}))
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*authority}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	p.third = serve(func(path string) (string, string) {
		if path == "/tag.js" {
			return "text/javascript", p.tag.Load().(string)
		}
		return "text/javascript", p.skim.Load().(string)
	})
	p.site = serve(func(string) (string, string) {
		return "text/html; charset=utf-8", fmt.Sprintf("<!doctype html><title>Pay</title><script src='%s/tag.js'></script><p>Pay", p.third.URL)
	})
	return p
}

// checked is a project that looks at the page, and the program of a browser that
// trusts it.
func (p *payPage) checked(t *testing.T) (dir, program string) {
	t.Helper()
	chromium, err := browser.Find("")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir = project(t, map[string]string{
		"checkout-deploy.yml": fmt.Sprintf("version: 1\nintegrity:\n  inventory: scripts.yml\n  live: { pages: [%q], allow: [127.0.0.1], stay: 4s }\n", p.site.URL+"/"),
		"scripts.yml": fmt.Sprintf("version: 1\npages: [{ url: %q, purpose: takes cards }]\nscripts:\n  - url: %s/tag.js\n    source: them\n    owner: us\n    purpose: a tag\n"+
			"    justification: { business: it }\n    approved: { by: Ada, reference: R-1, on: 2026-01-01, expires: 2027-01-01 }\n    pin: %s\n", p.site.URL+"/", p.third.URL, integrity.Sum(integrity.SHA384, []byte(calm))),
	})
	program = filepath.Join(t.TempDir(), "browser")
	// An altered document counts as of the public network, which may not ask this machine.
	script := fmt.Sprintf("#!/bin/sh\nexec %q --ignore-certificate-errors --ip-address-space-overrides=%s=public,%s=public \"$@\"\n",
		chromium, p.site.Listener.Addr(), p.third.Listener.Addr())
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return dir, program
}

// permissions are those of the example's job: what is missing there, the fake refuses.
func permissions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../../examples/workflows/live-check.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w struct {
		Jobs map[string]struct{ Permissions map[string]string }
	}
	if err := yaml.Load(text, &w, yaml.WithKnownFields(false)); err != nil {
		t.Fatal(err)
	}
	return w.Jobs["live"].Permissions
}

// inAJob runs a mode with GitHub's API at api.
func inAJob(t *testing.T, dir, api string, inputs ...string) ran {
	t.Helper()
	runner := t.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir, "GITHUB_REPOSITORY=org/shop", "GITHUB_API_URL=" + api,
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_RUN_ID=77", "GITHUB_OUTPUT=" + filepath.Join(runner, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(runner, "summary"),
		"INPUT_TOKEN=" + ghtest.Token,
	}
	for _, pair := range inputs {
		name, value, _ := strings.Cut(pair, "=")
		env = append(env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	var out, log bytes.Buffer
	c := &action.Command{Dir: dir, Env: env, Stdout: &out, Stderr: &log, Version: "test", LookPath: exec.LookPath, Now: func() time.Time { return today }}
	code := c.Run(t.Context(), Action())
	for name, text := range tree(t, dir) {
		if strings.Contains(text, ghtest.Token) {
			t.Errorf("the token is in %s", name)
		}
	}
	return ran{code, out.String(), log.String()}
}

// The life of an alert: a third party's script changes on its server alone, and adds
// another after two seconds. The issue names both, is left alone while nothing
// changes, gets a comment when something does, and is closed.
func TestAlert(t *testing.T) {
	p := newPayPage(t)
	dir, program := p.checked(t)
	fake := ghtest.New(t, ghtest.Options{Repository: "org/shop", Permissions: permissions(t)})
	api := fake.Serve(t)
	look := func(mode string) ran { return inAJob(t, dir, api, "mode="+mode, "browser="+program) }
	if got := look("baseline"); got.code != 0 {
		t.Fatalf("the baseline: got %+v", got)
	}
	if got := look("live"); got.code != 0 || len(fake.Issues()) != 0 {
		t.Fatalf("a calm page: got %+v and %v", got, fake.Issues())
	}
	p.tag.Store(fmt.Sprintf(alarm, p.third.URL))
	got := look("live")
	issues := fake.Issues()
	if got.code != 1 || len(issues) != 1 || issues[0].State != "open" {
		t.Fatalf("an alarm: got %+v and %+v", got, issues)
	}
	for _, want := range []string{"/tag.js", "skim"} {
		if !strings.Contains(issues[0].Body, want) || !strings.Contains(got.log+got.out, want) {
			t.Errorf("got no %s in\n%s", want, issues[0].Body)
		}
	}
	if strings.Contains(issues[0].Body, "<img>") || strings.Contains(issues[0].Body, " @org") {
		t.Errorf("an address is markup:\n%s", issues[0].Body)
	}
	if look("live"); len(fake.Issues()) != 1 || len(fake.Issues()[0].Comments) != 0 {
		t.Errorf("the same again: got %+v", fake.Issues())
	}
	p.skim.Store("window.skim = 2;\n")
	if look("live"); len(fake.Issues()) != 1 || len(fake.Issues()[0].Comments) != 1 {
		t.Errorf("other bytes: got %+v, want a comment", fake.Issues())
	}
	if inAJob(t, dir, api, "mode=live", "browser="+program, "fail-severity=none"); fake.Issues()[0].State != "open" {
		t.Error("a run that judges nothing closed the issue")
	}
	p.tag.Store(calm)
	if got := look("live"); got.code != 0 || fake.Issues()[0].State != "closed" {
		t.Errorf("calm again: got %+v and %+v", got, fake.Issues())
	}
}

// A drill opens its issue and closes it; one whose alarm an exception keeps silent
// fails, and its issue stays until a drill passes.
func TestDrill(t *testing.T) {
	p := newPayPage(t)
	dir, program := p.checked(t)
	fake := ghtest.New(t, ghtest.Options{Repository: "org/shop", Permissions: permissions(t)})
	api := fake.Serve(t)
	look := func(mode string) ran { return inAJob(t, dir, api, "mode="+mode, "browser="+program) }
	if got := look("baseline"); got.code != 0 {
		t.Fatalf("the baseline: got %+v", got)
	}
	pinned := tree(t, dir)["scripts.yml"]
	write(t, dir, map[string]string{"scripts.yml": pinned[:strings.Index(pinned, "    pin:")] + "    exception: { reason: it changes, compensating-control: they tell us, expires: 2027-01-01 }\n"})
	got := look("drill")
	issues := fake.Issues()
	if got.code != 1 || len(issues) != 1 || issues[0].State != "open" || !strings.Contains(issues[0].Title, "would pass unseen") || !strings.Contains(issues[0].Body, "alarms nobody") {
		t.Fatalf("an alarm that an exception makes mild: got %+v and %+v", got, issues)
	}
	pack := tree(t, dir)["integrity/drill/evidence.json"]
	for _, want := range []string{`"rule":"live/drill"`, "2 of 3 alterations", "Content-Security-Policy is dropped"} {
		if !strings.Contains(pack+got.out+issues[0].Body, want) {
			t.Errorf("got no %s in\n%s", want, pack)
		}
	}
	write(t, dir, map[string]string{"scripts.yml": pinned})
	if got := look("drill"); got.code != 0 || strings.Count(got.out, "noticed: ") != 3 || len(fake.Issues()) != 1 || fake.Issues()[0].State != "closed" || !strings.Contains(fake.Issues()[0].Title, "would be noticed") {
		t.Errorf("a drill: got %+v and %+v", got, fake.Issues())
	}
}

// Without the permission nobody is told, and the evidence says so.
func TestAlertRefused(t *testing.T) {
	p := newPayPage(t)
	dir, program := p.checked(t)
	fake := ghtest.New(t, ghtest.Options{Repository: "org/shop", Permissions: map[string]string{"contents": "read"}})
	api := fake.Serve(t)
	if got := inAJob(t, dir, api, "mode=baseline", "browser="+program); got.code != 0 {
		t.Fatalf("the baseline: got %+v", got)
	}
	p.tag.Store("window.tag = 3;\n")
	got := inAJob(t, dir, api, "mode=live", "browser="+program)
	pack, err := os.ReadFile(filepath.Join(dir, "integrity/live/evidence.json"))
	if got.code != 4 || err != nil || !strings.Contains(string(pack), `"alert":{"note":"opening the issue`) || !strings.Contains(got.log+got.out, "issues: write") {
		t.Errorf("got %+v, %v\n%s", got, err, pack)
	}
}

// What was not executed is not passed, and no baseline.
func TestWithoutBrowser(t *testing.T) {
	p := newPayPage(t)
	dir, program := p.checked(t)
	if got := laptop(t, dir, "--mode", "live", "--browser", program); got.code != 2 || !strings.Contains(got.log, "got no checkout-baseline.json") {
		t.Errorf("without a baseline: got %+v", got)
	}
	if got := laptop(t, dir, "--mode", "baseline", "--browser", program); got.code != 0 {
		t.Fatalf("the baseline: got %+v", got)
	}
	before := tree(t, dir)
	t.Setenv("PATH", t.TempDir())
	for mode, want := range map[string]string{"live": "scripts not executed", "baseline": "without a browser", "drill": "without a browser"} {
		got := laptop(t, dir, "--mode", mode)
		if got.code != 1 || !strings.Contains(got.log, want) {
			t.Errorf("%s: got %+v", mode, got)
		}
	}
	if after := tree(t, dir); after["checkout-baseline.json"] != before["checkout-baseline.json"] || !strings.Contains(after["integrity/live/evidence.json"], `"executed":{"note":"No browser was there`) {
		t.Errorf("got the pack %s", after["integrity/live/evidence.json"])
	}
	if got := laptop(t, dir, "--mode", "live", "--browser", "http://127.0.0.1:1"); got.code != 3 {
		t.Errorf("a browser that is not there: got %+v", got)
	}
}

// A baseline that the next check would not believe is not written.
func TestBaselineOfSomebodyElse(t *testing.T) {
	p := newPayPage(t)
	dir, program := p.checked(t)
	private := openssl(t, openssl(t, "", "ecparam", "-genkey", "-name", "prime256v1", "-noout"), "pkcs8", "-topk8", "-nocrypt")
	write(t, dir, map[string]string{
		"key.pem": private, "other.pub": publicKey,
		"checkout-deploy.yml": fmt.Sprintf("version: 1\nintegrity: { signed-by: { key: other.pub }, live: { pages: [%q], allow: [127.0.0.1], stay: 1s } }\n", p.site.URL+"/"),
	})
	got := laptop(t, dir, "--mode", "baseline", "--browser", program, "--sign", "key", "--key", "key.pem")
	if _, there := tree(t, dir)["checkout-baseline.json"]; there || got.code != 2 || !strings.Contains(got.log, "integrity.signed-by names somebody else") {
		t.Errorf("by another key: got %+v and a baseline: %t", got, there)
	}
	got = laptop(t, dir, "--mode", "baseline", "--browser", program)
	if _, there := tree(t, dir)["checkout-baseline.json"]; !there || got.code != 0 || !strings.Contains(got.log+got.out, "Nobody signs this baseline") {
		t.Errorf("by nobody: got %+v and a baseline: %t", got, there)
	}
}

// An error page is no baseline, and one served in the page's place is told.
func TestErrorPage(t *testing.T) {
	p := newPayPage(t)
	dir, program := p.checked(t)
	if got := laptop(t, dir, "--mode", "baseline", "--browser", program); got.code != 0 {
		t.Fatalf("the baseline: got %+v", got)
	}
	p.down.Store(true)
	if got := laptop(t, dir, "--mode", "live", "--browser", program); got.code != 1 || !strings.Contains(got.log, "502") {
		t.Errorf("got %+v", got)
	}
	write(t, dir, map[string]string{"checkout-baseline.json": "{}"})
	if got := laptop(t, dir, "--mode", "live", "--browser", program); got.code != 2 || !strings.Contains(got.log, "checkout-baseline.json") {
		t.Errorf("a baseline that is none: got %+v", got)
	}
	write(t, dir, map[string]string{"checkout-deploy.yml": "version: 1\n"})
	if got := laptop(t, dir, "--mode", "live"); got.code != 2 || !strings.Contains(got.log, "want integrity.live.pages") {
		t.Errorf("no pages: got %+v", got)
	}
}
