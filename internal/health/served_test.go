package health

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

func TestServed(t *testing.T) {
	script := []byte(strings.Repeat("checkout();", 500))
	typed := func(kind string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(body)
		}
	}
	const js = "text/javascript; charset=utf-8"
	var asked atomic.Int32
	for _, test := range []struct {
		name   string
		serve  http.HandlerFunc
		size   int64  // of the release's; 0 for the script's
		want   string // "" for nothing wrong
		sleeps int
	}{
		{name: "as it is", serve: typed(js, script)},
		{name: "compressed", serve: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("got Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
			}
			w.Header().Set("Content-Type", js)
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped(script))
		}},
		{name: "one byte changed", serve: typed(js, append([]byte("C"), script[1:]...)), want: "got other bytes, want the 5500 bytes of the release; something between"},
		{name: "an insertion", serve: typed(js, append([]byte("/* cdn */"), script...)), want: "got more than 5500 bytes, want the 5500 bytes"},
		{name: "minified", serve: typed(js, script[:100]), want: "got 100 bytes, want the 5500"},
		{name: "a page for everything", serve: typed("text/html", script), want: "/a.js: Content-Type: got text/html, want text/javascript or"},
		{name: "missing", serve: http.NotFound, want: "got status 404, want status 200", sleeps: 2},
		{name: "there at the second look", serve: func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) == 1 {
				http.NotFound(w, r)
				return
			}
			typed(js, script)(w, r)
		}, sleeps: 1},
		{name: "an empty file", serve: typed(js, nil), size: -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			at := serve(t, test.serve)
			a := Asset{URL: at + "/a.js", Size: int64(len(script)), Integrity: release.IntegrityOf(script)}
			if test.size < 0 {
				a.Size, a.Integrity = 0, release.IntegrityOf(nil)
			}
			o, slept := newClock().options(), 0
			o.Sleep = func(context.Context, time.Duration) error { slept++; return nil }
			got := text(Served(t.Context(), []Asset{a}, o))
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if slept != test.sleeps {
				t.Errorf("it waited %d times, want %d", slept, test.sleeps)
			}
		})
	}
}

// A server that has nothing is not asked for each of thousands.
func TestServedGivesUp(t *testing.T) {
	var asked atomic.Int32
	at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, "<!doctype html>")
	})
	assets := make([]Asset, 1000)
	for i := range assets {
		assets[i] = Asset{URL: fmt.Sprintf("%s/%d.js", at, i), Size: 1}
	}
	got := Served(t.Context(), assets, newClock().options())
	if n := asked.Load(); len(got) < servedWrong || n > 3*servedParallel {
		t.Errorf("got %d problems after %d requests, want at least %d, and at most %d", len(got), n, servedWrong, 3*servedParallel)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got := Served(ended, assets[:1], newClock().options()); len(got) == 0 {
		t.Error("what was not asked passes")
	}
}
