package health

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const forever = "public, max-age=31536000, immutable"

// good are the headers of a site where nothing is wrong.
func good(kind, cacheControl string) http.Header {
	return http.Header{
		"Content-Type": {kind}, "Cache-Control": {cacheControl}, "X-Content-Type-Options": {"nosniff"},
		"Access-Control-Allow-Origin": {"*"}, "Content-Encoding": {"gzip"}, "Vary": {"Accept-Encoding"},
	}
}

func TestPreflight(t *testing.T) {
	script := strings.Repeat("checkout();", 4000)
	for _, test := range []struct {
		name   string
		file   SiteFile // URL is a path
		origin string
		header http.Header
		change map[string]string // of the header; "" removes
		status int
		want   []string
		blocks bool // a deploy
	}{
		{name: "nothing", file: SiteFile{URL: "/r/1/a.js"}, origin: "https://shop.example", header: good("text/javascript; charset=utf-8", forever)},
		{name: "an entry", file: SiteFile{URL: "/channel.json", Entry: true}, header: good("application/json", "public, max-age=0, s-maxage=5, stale-if-error=86400")},
		{name: "an entry that is not stored", file: SiteFile{URL: "/index.html", Entry: true}, header: good("text/html", "no-store")},
		{
			name: "all at once", file: SiteFile{URL: "/r/1/a.js"}, origin: "https://shop.example", header: http.Header{"Content-Type": {"text/plain"}},
			want: []string{
				"/r/1/a.js: Access-Control-Allow-Origin: got none, want * (asked with Origin: https://shop.example)", "Content-Type: got text/plain, want text/javascript or application/javascript",
				"X-Content-Type-Options: got none, want nosniff", "Content-Encoding: got none", "Cache-Control: got none, want " + forever,
			},
		},
		{name: "another page's origin", file: SiteFile{URL: "/a.css"}, origin: "https://shop.example", header: good("text/css", forever), change: map[string]string{"Access-Control-Allow-Origin": "https://other.example"}, want: []string{"Access-Control-Allow-Origin: got https://other.example"}},
		{name: "one's own origin without Vary", file: SiteFile{URL: "/a.css"}, origin: "https://shop.example", header: good("text/css", forever), change: map[string]string{"Access-Control-Allow-Origin": "https://shop.example"}, want: []string{"Vary: got Accept-Encoding, want Origin"}},
		{name: "one's own origin", file: SiteFile{URL: "/a.css"}, origin: "https://shop.example", header: good("text/css", forever), change: map[string]string{"Access-Control-Allow-Origin": "https://shop.example", "Vary": "origin, accept-encoding"}},
		{name: "compressed without Vary", file: SiteFile{URL: "/a.js"}, header: good("text/javascript", forever), change: map[string]string{"Vary": ""}, want: []string{"Vary: got none, want Accept-Encoding"}},
		{name: "compressed otherwise", file: SiteFile{URL: "/a.js"}, header: good("text/javascript", forever), change: map[string]string{"Content-Encoding": "zstd"}, want: []string{"Content-Encoding: got zstd"}},
		{name: "a picture is not compressed", file: SiteFile{URL: "/a.png"}, header: good("image/png", forever), change: map[string]string{"Content-Encoding": ""}},
		{name: "a short while", file: SiteFile{URL: "/a.js"}, header: good("text/javascript", "max-age=3600"), want: []string{"Cache-Control: got max-age=3600, want " + forever}},
		{name: "an entry for a day", file: SiteFile{URL: "/index.html", Entry: true}, header: good("text/html", "max-age=86400"), want: []string{"want at most max-age=5"}, blocks: true},
		{name: "an entry for a day at the edge", file: SiteFile{URL: "/index.html", Entry: true}, header: good("text/html", "max-age=0, s-maxage=86400"), want: []string{"want at most max-age=5"}, blocks: true},
		{name: "an entry for as long as one likes", file: SiteFile{URL: "/index.html", Entry: true}, header: good("text/html", "public"), want: []string{"no-store, or at most max-age=5"}},
		{name: "an entry that is stale first", file: SiteFile{URL: "/index.html", Entry: true}, header: good("text/html", "max-age=1, stale-while-revalidate=60"), want: []string{"no stale-while-revalidate"}, blocks: true},
		{name: "not there", file: SiteFile{URL: "/a.js"}, header: http.Header{}, status: 404, want: []string{"got status 404, want status 200"}, blocks: true},
		{name: "not there yet", file: SiteFile{URL: "/a.js", MayLack: true}, header: http.Header{"Cache-Control": {"no-store"}}, status: 404},
		{name: "not there yet, and that is kept", file: SiteFile{URL: "/a.js", MayLack: true}, header: http.Header{"Cache-Control": {"max-age=60"}}, status: 404, want: []string{"Cache-Control of status 404: got max-age=60, want no-store"}},
		{name: "a server that fails is not there yet", file: SiteFile{URL: "/a.js", MayLack: true}, header: http.Header{}, status: 503, want: []string{"got status 503"}, blocks: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				for name, values := range test.header {
					w.Header()[name] = values
				}
				for name, value := range test.change {
					w.Header().Set(name, value)
					if value == "" {
						w.Header().Del(name)
					}
				}
				if test.status != 0 {
					w.WriteHeader(test.status)
				}
				if w.Header().Get("Content-Encoding") != "gzip" {
					_, _ = w.Write([]byte(script))
					return
				}
				if r.Header.Get("Accept-Encoding") != "br, gzip" {
					t.Errorf("got Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
				}
				_, _ = w.Write(append(zipped([]byte(script)), make([]byte, 2048)...))
			})
			test.file.URL = at + test.file.URL
			blocking, advice := Preflight(t.Context(), Site{Files: []SiteFile{test.file}, Origin: test.origin, EntryTTL: 5 * time.Second}, newClock().options())
			if (len(blocking) > 0) != test.blocks {
				t.Errorf("got %d problems that block, want some: %t", len(blocking), test.blocks)
			}
			got := slices.Concat(blocking, advice)
			if len(got) != len(test.want) {
				t.Fatalf("got %d problems, want %d:\n%s", len(got), len(test.want), text(got))
			}
			for i, p := range got {
				if !strings.Contains(p.String(), test.want[i]) {
					t.Errorf("got %q, want %q", p, test.want[i])
				}
			}
		})
	}
}

func TestPreflightOfMany(t *testing.T) {
	at := serve(t, shop)
	files := []SiteFile{{URL: "http://shop.invalid/a"}, {URL: at + "/broken"}, {URL: "https://u:hunter2@shop.example"}}
	got, _ := Preflight(t.Context(), Site{Files: files}, newClock().options())
	if len(got) != 3 || !strings.Contains(got[0].Got, "shop.invalid") || got[1].Got != "status 500" || strings.Contains(text(got), "hunter2") {
		t.Errorf("got %s", text(got))
	}
	if got, _ = Preflight(t.Context(), Site{}, newClock().options()); len(got) != 1 {
		t.Errorf("no file: got %s", text(got))
	}
}
