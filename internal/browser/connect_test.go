package browser

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// A job's service container is reached by name, and Chromium answers only an address.
func TestSocketOfHostName(t *testing.T) {
	var host string
	chrome := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host = r.Host
		_, _ = w.Write([]byte(`{"webSocketDebuggerUrl":"ws://localhost/devtools/browser/id"}`))
	}))
	defer chrome.Close()
	at, err := url.Parse(chrome.URL)
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(_ context.Context, name string) ([]net.IPAddr, error) {
		if name != "chrome" {
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		return []net.IPAddr{{IP: net.IPv4(127, 0, 0, 1)}}, nil
	}
	got, err := socketOf(t.Context(), "http://chrome:"+at.Port(), lookup)
	if err != nil {
		t.Fatal(err)
	}
	if want := "ws://" + at.Host + "/devtools/browser/id"; got != want || host != at.Host {
		t.Errorf("got the socket %s, asked with Host %s; want %s and %s", got, host, want, at.Host)
	}
	if got, err := socketOf(t.Context(), "http://chrome.example:9222", lookup); err == nil {
		t.Errorf("got %s for a name that nobody knows; want an error", got)
	}
}
