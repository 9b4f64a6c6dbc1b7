package header

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// nginx serves a folder with a snippet in its server block, and returns its
// address.
func nginx(t *testing.T, root string, snippet []byte) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no nginx on PATH: .ci/run installs it")
		}
		t.Skip("no nginx on PATH: apt-get install nginx")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("headers.conf", string(snippet))
	write("nginx.conf", fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server { listen %[2]s; root %[3]s; index index.html; include %[1]s/headers.conf; }
}`, dir, address, root))
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	for range 200 {
		if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("nginx does not answer: %s", said.String())
	return ""
}

// Every path gets the headers of its rule from a real nginx, and none twice.
func TestNginx(t *testing.T) {
	in := sample(t)
	in.Nonce = "$request_id"
	set := made2(t, in)
	snippet, err := set.Nginx("/shop/")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, f := range in.Release.Files {
		path := filepath.Join(root, "shop", filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.Path), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	address := nginx(t, root, snippet)
	ask := func(path string, rule Rule, status int) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+(&url.URL{Path: path}).EscapedPath(), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: got %s", path, res.Status)
		}
		for _, f := range rule.Fields {
			got := res.Header.Values(f.Name)
			if len(got) == 1 && strings.Contains(f.Value, "$request_id") {
				_, nonce, _ := strings.Cut(got[0], "'nonce-")
				nonce, _, _ = strings.Cut(nonce, "'")
				f.Value = strings.ReplaceAll(f.Value, "$request_id", nonce)
				if len(nonce) != 32 {
					t.Errorf("%s: got the nonce %q", path, nonce)
				}
			}
			if len(got) != 1 || got[0] != f.Value {
				t.Errorf("%s: %s: got %q, want %q", path, f.Name, got, f.Value)
			}
		}
	}
	for _, rule := range set.Rules {
		if folder, ok := strings.CutSuffix(rule.Path, "*"); ok {
			for _, f := range in.Release.Files {
				if strings.HasPrefix("/"+f.Path, folder) {
					ask("/shop/"+f.Path, rule, http.StatusOK)
				}
			}
			ask("/shop"+folder+"gone.js", rule, http.StatusNotFound) // always: an error has the headers too
			continue
		}
		ask("/shop"+rule.Path, rule, http.StatusOK)
	}
}
