package devserver

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

func entryOf(rel *release.Release) release.Entry { return rel.Passes[0].Entries[0] }

func TestFiles(t *testing.T) {
	s := &Server{}
	url := served(t, s, map[string]string{
		"index.html":              `<title>shop</title><!-- entry: checkout css --><!--entry: checkout js-->`,
		"terms.html":              "terms",
		"help/index.html":         "help",
		"wrong.html":              "<!-- entry: chekout -->",
		"a.txt":                   "text",
		".env":                    "SECRET=1",
		"help/.git/config":        "secret",
		".well-known/merchant-id": "id",
	})
	dir := s.Public.Name()
	write(t, filepath.Join(filepath.Dir(dir), "outside.txt"), "secret")
	if err := os.Symlink("../outside.txt", filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	rel := publish(t, s, plain)
	e := entryOf(rel)
	style, _ := rel.File(e.CSS[0])
	for _, test := range []struct {
		name, path, accept string
		status             int
		mediaType, body    string
	}{
		{"a script", "/" + e.JS[0], "", 200, "text/javascript; charset=utf-8", "self.runs"},
		{"a style sheet", "/" + e.CSS[0], "", 200, "text/css; charset=utf-8", plain.style},
		{"the name that stays", "/checkout.css", "", 200, "text/css; charset=utf-8", plain.style},
		{"the record", "/release.json", "", 200, "application/json", `"version":1`},
		{"a page", "/", "", 200, "text/html; charset=utf-8", `<title>shop</title><link rel="stylesheet" href="/` + e.CSS[0] + `" integrity="` + style.Integrity.String() + `" crossorigin="anonymous"><script src="/` + e.JS[0] + `"`},
		{"a page without its ending", "/terms", "", 200, "text/html; charset=utf-8", "terms"},
		{"a folder's page", "/help/", "", 200, "text/html; charset=utf-8", "help"},
		{"a folder without its slash", "/help", "", 307, "", ""},
		{"an entry that is not there", "/wrong.html", "", 500, "text/plain; charset=utf-8", `did you mean checkout?`},
		{"a file", "/a.txt", "", 200, "text/plain; charset=utf-8", "text"},
		{"a file with a slash", "/a.txt/", "", 404, "text/plain; charset=utf-8", ""},
		{"a hidden file", "/.env", "", 404, "text/plain; charset=utf-8", ""},
		{"a hidden folder", "/help/.git/config", "", 404, "text/plain; charset=utf-8", ""},
		{"a well-known file", "/.well-known/merchant-id", "", 200, "application/octet-stream", "id"},
		{"a link out of the folder", "/link.txt", "", 404, "text/plain; charset=utf-8", ""},
		{"a path out of the folder", "/../outside.txt", "", 404, "text/plain; charset=utf-8", ""},
		{"an escaped path out of the folder", "/%2e%2e%2foutside.txt", "", 404, "text/plain; charset=utf-8", ""},
		{"a path with a zero byte", "/a.txt%00", "", 404, "text/plain; charset=utf-8", ""},
		{"a folder's list", "/.well-known/", "", 404, "text/plain; charset=utf-8", ""},
		{"a slip", "/chekout.js", "", 404, "text/plain; charset=utf-8", "Did you mean " + e.JS[0] + "?"},
		{"a hash of another day", "/checkout-0123456789.css", "text/html", 404, "text/html; charset=utf-8", `<a href="/` + e.CSS[0] + `">`},
		{"text that is markup", "/%3Cscript%3E", "text/html", 404, "text/html; charset=utf-8", "&lt;script&gt;"},
		{"the index beside a page of the project", Prefix, "text/html", 200, "text/html; charset=utf-8", "/checkout.js"},
		{"nothing of the server's own", Prefix + "other", "", 404, "text/plain; charset=utf-8", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, http.MethodGet, url+test.path, "Accept: "+test.accept)
			if got.status != test.status || got.header.Get("Content-Type") != test.mediaType || !strings.Contains(got.body, test.body) {
				t.Errorf("got %d %s %s\nwant %d %s with %s", got.status, got.header.Get("Content-Type"), got.body, test.status, test.mediaType, test.body)
			}
			if strings.Contains(got.body, "secret") || strings.Contains(got.body, "SECRET") {
				t.Errorf("got %q", got.body)
			}
			if got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got Cache-Control %q", got.header.Get("Cache-Control"))
			}
			if head := ask(t, http.MethodHead, url+test.path, "Accept: "+test.accept); head.status != test.status || head.body != "" {
				t.Errorf("HEAD: got %d %q", head.status, head.body)
			}
		})
	}
}

func TestWhoMayRead(t *testing.T) {
	s := &Server{Hosts: []string{"shop.test"}, Origins: []string{"https://store.example"}}
	url := served(t, s, nil)
	path := "/" + entryOf(publish(t, s, plain)).JS[0]
	for _, test := range []struct {
		name, host, origin string
		status             int
		allowed            bool
	}{
		{"no page", "127.0.0.1:4700", "", 200, false},
		{"localhost", "localhost:4700", "", 200, false},
		{"a name below localhost", "shop.localhost", "", 200, false},
		{"IPv6", "[::1]:4700", "", 200, false},
		{"a host that is named", "shop.test", "", 200, false},
		{"rebinding", "attacker.example:4700", "http://attacker.example:4700", 403, false},
		{"a name that looks local", "localhost.attacker.example", "", 403, false},
		{"no host", "-", "", 403, false},
		{"a page of this machine", "127.0.0.1", "http://localhost:8080", 200, true},
		{"a page of this machine by IPv6", "127.0.0.1", "http://[::1]:8080", 200, true},
		{"an origin that is named", "127.0.0.1", "https://store.example", 200, true},
		{"its other scheme", "127.0.0.1", "http://store.example", 200, false},
		{"any site", "127.0.0.1", "https://attacker.example", 200, false},
		{"a site that looks local", "127.0.0.1", "http://localhost.attacker.example", 200, false},
		{"a site on an address", "127.0.0.1", "http://192.0.2.1", 200, false},
		{"no origin of its own", "127.0.0.1", "null", 200, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"Host: " + test.host}
			if test.origin != "" {
				headers = append(headers, "Origin: "+test.origin)
			}
			got := ask(t, http.MethodGet, url+path, headers...)
			allow := got.header.Get("Access-Control-Allow-Origin")
			if got.status != test.status || (allow != "") != test.allowed || test.allowed && allow != test.origin {
				t.Errorf("got %d, allow %q", got.status, allow)
			}
			if test.status == 200 && got.header.Get("Cross-Origin-Resource-Policy") != "same-site" {
				t.Error("any page may run the script, and read its functions")
			}
			if test.origin != "" {
				got := ask(t, http.MethodGet, url+path, "Host: "+test.host, "Referer: "+test.origin+"/checkout")
				if want := map[bool]string{true: "cross-origin", false: "same-site"}[test.allowed]; test.status == 200 && got.header.Get("Cross-Origin-Resource-Policy") != want {
					t.Errorf("without crossorigin: got %q, want %q", got.header.Get("Cross-Origin-Resource-Policy"), want)
				}
			}
			if events := ask(t, http.MethodHead, url+Prefix+"events", headers...); test.origin != "" && (events.status == 200) != test.allowed {
				t.Errorf("events: got %d", events.status)
			}
			preflight := ask(t, http.MethodOptions, url+path, append(headers, "Access-Control-Request-Private-Network: true")...)
			if got := preflight.header.Get("Access-Control-Allow-Private-Network"); (got == "true") != test.allowed {
				t.Errorf("preflight: got %q", got)
			}
		})
	}
	if got := ask(t, http.MethodPost, url+path); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", got.status)
	}
	s.Origins = []string{"*"}
	if got := ask(t, http.MethodGet, url+path, "Origin: null"); got.header.Get("Access-Control-Allow-Origin") != "null" {
		t.Error("every origin is allowed, and this one is not")
	}
}

func TestOldBuildsAreKept(t *testing.T) {
	s := &Server{Now: at1970}
	url := served(t, s, nil)
	first := entryOf(publish(t, s, plain)).CSS[0]
	styled := func(n int) string {
		src := plain
		src.style += strings.Repeat(" ", n)
		return entryOf(publish(t, s, src)).CSS[0]
	}
	for n := 1; n < keptBuilds; n++ {
		styled(n)
	}
	if got := ask(t, http.MethodGet, url+"/"+first); got.status != 200 || got.body != plain.style {
		t.Errorf("after %d builds: got %d", keptBuilds-1, got.status)
	}
	last := styled(keptBuilds)
	if got := ask(t, http.MethodGet, url+"/"+first); got.status != http.StatusNotFound || !strings.Contains(got.body, last) {
		t.Errorf("after %d builds: got %d %s, want 404 and the new name", keptBuilds, got.status, got.body)
	}
}

func TestRequestsWaitForTheBuild(t *testing.T) {
	s := &Server{}
	url := served(t, s, map[string]string{"index.html": "<!-- entry: checkout -->"})
	first := entryOf(publish(t, s, plain))
	s.Begin()
	if got := ask(t, http.MethodGet, url+"/"+first.JS[0]); got.status != 200 {
		t.Errorf("a file of an open page: got %d", got.status)
	}
	page := make(chan answer)
	go func() { page <- ask(t, http.MethodGet, url+"/") }()
	select {
	case got := <-page:
		t.Fatalf("the page did not wait: %s", got.body)
	case <-time.After(50 * time.Millisecond): // it could only be too short to see a mistake
	}
	next := plain
	next.script += "//"
	want := entryOf(publish(t, s, next)).JS[0]
	if got := <-page; !strings.Contains(got.body, want) {
		t.Errorf("got %s, want %s in it", got.body, want)
	}
}

func TestWaitingIsBounded(t *testing.T) {
	passed := make(chan time.Time)
	close(passed)
	s := &Server{After: func(time.Duration) <-chan time.Time { return passed }}
	url := served(t, s, map[string]string{"index.html": "<!-- entry: checkout -->"})
	if got := ask(t, http.MethodGet, url+"/", "Accept: text/html"); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "client.js") {
		t.Errorf("before the first build: got %d %s", got.status, got.body)
	}
	s.Fail([]finding.Finding{{Message: "no <b>", Location: finding.Location{Path: "a.ts", Line: 2}}})
	if got := ask(t, http.MethodGet, url+"/", "Accept: text/html"); got.status != http.StatusInternalServerError || !strings.Contains(got.body, "a.ts:2: no &lt;b&gt;") {
		t.Errorf("after a first build that failed: got %d %s", got.status, got.body)
	}
	e := entryOf(publish(t, s, plain))
	s.Begin()
	if got := ask(t, http.MethodGet, url+"/"); got.status != 200 || !strings.Contains(got.body, e.JS[0]) {
		t.Errorf("a build that takes long: got %d %s, want the page as it was", got.status, got.body)
	}
}

func TestPublishRefuses(t *testing.T) {
	rel, content := plain.build(t, release.Classic)
	delete(content, entryOf(rel).JS[0])
	if err := new(Server).Publish(rel, content); err == nil || !strings.Contains(err.Error(), entryOf(rel).JS[0]) {
		t.Errorf("got %v", err)
	}
}
