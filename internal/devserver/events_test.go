package devserver

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// listen opens a client's stream, which it reads event by event.
func listen(t *testing.T, url string) func() string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %s %s", response.Status, response.Header.Get("Content-Type"))
	}
	in := bufio.NewReader(response.Body)
	return func() string {
		var event strings.Builder
		for {
			text, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if text == "\n" {
				return event.String()
			}
			event.WriteString(text)
		}
	}
}

func TestEvents(t *testing.T) {
	beats := make(chan time.Time)
	s := &Server{After: func(time.Duration) <-chan time.Time { return beats }}
	url := served(t, s, nil)
	first := publish(t, s, plain)
	name := entryOf(first).JS[0]
	next := listen(t, url+Prefix+"events?script="+name)
	expect := func(want ...string) {
		t.Helper()
		got := next()
		for _, w := range want {
			if absent, ok := strings.CutPrefix(w, "!"); ok == strings.Contains(got, strings.TrimPrefix(w, "!")) {
				t.Errorf("got %q, want %q in it: %t", got, absent, !ok)
			}
		}
	}
	id, err := first.ID()
	if err != nil {
		t.Fatal(err)
	}
	expect("retry:")
	expect("event: release", id.String(), "!stale", "!styles")
	beats <- time.Time{}
	expect(": still here")
	s.Begin()
	s.Fail([]finding.Finding{{Message: "</script>\n\n"}})
	expect("event: errors", `\u003c/script\u003e\n\n`)
	s.Begin()
	publish(t, s, plain)
	expect("event: release", id.String())
	restyled := plain
	restyled.style = "body{}"
	rel := publish(t, s, restyled)
	expect("event: release", `"from":"`+id.String(), entryOf(rel).CSS[0])
	changed := plain
	changed.script += ";"
	publish(t, s, changed)
	expect("event: release", "!styles")

	late := listen(t, url+Prefix+"events?script="+name)
	late()
	if got := late(); !strings.Contains(got, `"stale":true`) {
		t.Errorf("a page with an old script: got %q", got)
	}
	stays := listen(t, url+Prefix+"events?script=checkout.js")
	stays()
	if got := stays(); strings.Contains(got, "stale") {
		t.Errorf("a page with the name that stays: got %q", got)
	}
}

func TestEventsAreBounded(t *testing.T) {
	s := &Server{}
	url := served(t, s, nil)
	ctx, cancel := context.WithCancel(t.Context())
	for range maxClients {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+Prefix+"events", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
	}
	if got := ask(t, http.MethodGet, url+Prefix+"events"); got.status != http.StatusServiceUnavailable {
		t.Errorf("got %d with %d clients", got.status, maxClients)
	}
	cancel()
	for { // the server sees it a little later
		s.mu.Lock()
		left := s.clients
		s.mu.Unlock()
		if left == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
}

// stuck is a client that reads nothing.
type stuck struct {
	http.ResponseWriter
	deadline time.Time
}

func (s *stuck) SetWriteDeadline(at time.Time) error { s.deadline = at; return nil }
func (s *stuck) Write([]byte) (int, error) {
	if s.deadline.IsZero() {
		select {} // would wait for ever
	}
	return 0, io.ErrShortWrite
}

func TestSlowClientIsDropped(t *testing.T) {
	s := &Server{Now: at1970, After: never}
	publish(t, s, plain)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+Prefix+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &stuck{ResponseWriter: &recorder{header: http.Header{}}}
	s.ServeHTTP(w, request) // returns
	if want := at1970().Add(writeTimeout); w.deadline != want {
		t.Errorf("got the deadline %s, want %s", w.deadline, want)
	}
}

type recorder struct{ header http.Header }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Flush()                      {}
