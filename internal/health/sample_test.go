package health

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is time that passes only while somebody sleeps, or a test says so.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.pass(d)
	return ctx.Err()
}

func (c *clock) options() Options { return Options{Now: c.Now, Sleep: c.Sleep} }

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

const page = `<!doctype html><html data-release="1f2e3d"><title>Checkout</title>`

// shop is a server with one page, and all that can be wrong.
func shop(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/checkout":
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		fmt.Fprint(w, page)
	case "/status.json":
		fmt.Fprint(w, `{"release":{"id":"1f2e3d","n":7},"ready":true,"parts":["cart",null],"a/b":{"~":1.5}}`)
	case "/moved":
		http.Redirect(w, r, "/checkout", http.StatusFound)
	case "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/metadata":
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/?secret=hunter2", http.StatusFound)
	case "/mapped":
		http.Redirect(w, r, "http://[64:ff9b::a9fe:a9fe]/", http.StatusFound)
	case "/file":
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	case "/user":
		http.Redirect(w, r, "http://u:hunter2@"+r.Host+"/checkout", http.StatusFound)
	case "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped(make([]byte, 10<<20)))
	case "/endless":
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	case "/cut":
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, page[:10])
	case "/silent":
		<-r.Context().Done()
	case "/busy":
		w.WriteHeader(http.StatusTooManyRequests)
	case "/broken":
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, strings.Repeat("stack ", 1000))
	default:
		http.NotFound(w, r)
	}
}

func text(problems []Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}
