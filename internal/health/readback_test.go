package health

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

func numbered(body []byte, _ http.Header) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(string(body), "seq "), 10, 64)
	return n, err == nil
}

// cache answers with what it has until its TTL is over, apart for each Origin. It
// fails the test for a request that asks for a fresh answer.
type cache struct {
	t       *testing.T
	clock   *clock
	ttl     map[string]time.Duration // by Origin
	began   time.Time
	old     http.HandlerFunc
	present http.HandlerFunc
}

func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.RequestURI() != "/channel.json" || r.Header.Get("Cache-Control") != "" || r.Header.Get("Pragma") != "" || r.Header.Get("If-None-Match") != "" {
		c.t.Errorf("got %s with %v, want what shoppers ask", r.URL.RequestURI(), r.Header)
	}
	if c.clock.Now().Sub(c.began) < c.ttl[r.Header.Get("Origin")] {
		c.old(w, r)
		return
	}
	c.present(w, r)
}

func saying(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func status(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

func TestReadBack(t *testing.T) {
	const shop, long = "https://shop.example", time.Hour
	for _, test := range []struct {
		name         string
		ttl          map[string]time.Duration
		old, present http.HandlerFunc
		want         Shown
		within       time.Duration // at most
		says         string
	}{
		{"at once", nil, nil, saying("seq 8"), Newest, 0, ""},
		{"somebody has gone on", nil, nil, saying("seq 9"), Newest, 0, ""},
		{"after the TTL", map[string]time.Duration{"": 5 * time.Second, shop: 5 * time.Second}, saying("seq 7"), saying("seq 8"), Newest, 15 * time.Second, ""},
		{"one of the two later", map[string]time.Duration{shop: 15 * time.Second}, saying("seq 7"), saying("seq 8"), Newest, 20 * time.Second, ""},
		{"one of the two never", map[string]time.Duration{shop: long}, saying("seq 7"), saying("seq 8"), Older, 20 * time.Second, "an older one (7), asked with the Origin https://shop.example"},
		{"older", map[string]time.Duration{"": long}, saying("seq 7"), saying("seq 8"), Older, 20 * time.Second, "asked without Origin"},
		{"another site", nil, nil, saying("<html>"), Other, 20 * time.Second, "something else: 6 bytes that are none of ours"},
		{"a redirect", nil, nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login?next=x", http.StatusFound) }, Other, 20 * time.Second, `it redirects to "/login?…"`},
		{"not there", nil, nil, status(404), Other, 20 * time.Second, "status 404"},
		{"a server that fails", nil, nil, status(503), Unreachable, 20 * time.Second, "unreachable: status 503"},
		{"it fails, then shows it", map[string]time.Duration{"": 3 * time.Second}, status(502), saying("seq 8"), Newest, 20 * time.Second, ""},
		{"a body without end", nil, nil, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, Other, 20 * time.Second, "a body of more than 1024 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			s := httptest.NewServer(&cache{t, c, test.ttl, c.Now(), test.old, test.present})
			defer s.Close()
			o := c.options()
			o.MaxBody = 1024
			b := Back{URL: s.URL + "/channel.json", Origin: shop, Seq: 8, Judge: numbered, TTL: 5 * time.Second}
			got, err := ReadBack(t.Context(), b, o)
			if err != nil || got.Shown != test.want || got.Took > test.within {
				t.Fatalf("got %+v and error %v, want %s within %v", got, err, test.want, test.within)
			}
			if said := got.Err(); (said == nil) != (test.want == Newest) || said != nil && !strings.Contains(said.Error(), test.says) {
				t.Errorf("got %v, want %q", said, test.says)
			}
		})
	}
}

func TestReadBackUnreachable(t *testing.T) {
	c := newClock()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	b := Back{URL: s.URL + "/channel.json", Origin: "https://shop.example", Seq: 8, Judge: numbered, TTL: 5 * time.Second}
	got, err := ReadBack(t.Context(), b, c.options())
	if err != nil || got.Shown != Unreachable || got.Took != b.Patience() || !strings.Contains(got.Err().Error(), "refused") {
		t.Errorf("got %+v and error %v", got, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got, err = ReadBack(ended, b, c.options()); err == nil || got.Shown == Newest {
		t.Errorf("ended: got %+v and error %v", got, err)
	}
}

func TestReadBackProblems(t *testing.T) {
	got := Back{URL: "https://u:hunter2@shop.example", Origin: "https://shop.example/path", TTL: -1}.Problems()
	if len(got) != 4 || strings.Contains(text(got), "hunter2") {
		t.Errorf("got %s, want four", text(got))
	}
	if r, err := ReadBack(t.Context(), Back{}, newClock().options()); err == nil || r.Shown != Unreachable {
		t.Errorf("got %+v and error %v", r, err)
	}
}
