package live

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// names resolves what a test says, and each further time to the next address.
type names struct {
	to    map[string][]string
	asked int
}

func (n *names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	list := n.to[host]
	if len(list) == 0 {
		return nil, fmt.Errorf("no such host %q", host)
	}
	at := list[min(n.asked, len(list)-1)]
	n.asked++
	return []netip.Addr{netip.MustParseAddr(at)}, nil
}

func TestRefusedAddresses(t *testing.T) {
	for _, test := range []struct{ name, address, to string }{
		{"metadata", "http://169.254.169.254/latest/meta-data/", ""},
		{"metadata as IPv6-mapped", "http://[::ffff:169.254.169.254]/", ""},
		{"metadata by NAT64", "http://[64:ff9b::a9fe:a9fe]/", ""},
		{"metadata by 6to4", "http://[2002:a9fe:a9fe::1]/", ""},
		{"metadata of AWS over IPv6", "http://[fd00:ec2::254]/", ""},
		{"loopback", "http://127.0.0.1:1/", ""},
		{"loopback over IPv6", "http://[::1]:1/", ""},
		{"unspecified", "http://0.0.0.0:1/", ""},
		{"private", "http://10.0.0.1/", ""},
		{"carrier's", "http://100.64.0.1/", ""},
		{"link-local with a zone", "http://[fe80::1%25lo]/", ""},
		{"multicast", "http://224.0.0.1/", ""},
		{"a name that is loopback", "http://shop.example/", "127.0.0.1"},
		{"a name that is metadata", "http://shop.example/", "169.254.169.254"},
		{"a name that is a mapped loopback", "http://shop.example/", "::ffff:127.0.0.1"},
		{"an address in decimal", "http://2130706433/", "127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &names{to: map[string][]string{"shop.example": {test.to}, "2130706433": {test.to}}}
			_, err := newFetcher(Client{Resolver: r, Timeout: time.Minute}, nil).get(t.Context(), test.address)
			if !errors.Is(err, ErrPrivate) {
				t.Errorf("got %v, want ErrPrivate", err)
			}
		})
	}
}

// A name that is public when looked at and private when used is asked for once.
func TestRebinding(t *testing.T) {
	r := &names{to: map[string][]string{"shop.example": {"127.0.0.1", "192.168.0.1"}}}
	f := newFetcher(Client{Resolver: r, Timeout: time.Minute}, []string{"127.0.0.1"})
	_, err := f.dial(t.Context(), "tcp", "shop.example:1")
	if err == nil || errors.Is(err, ErrPrivate) || r.asked != 1 {
		t.Errorf("got %v after %d look-ups, want a refused connection after one", err, r.asked)
	}
	if _, err = f.dial(t.Context(), "tcp", "shop.example:1"); !errors.Is(err, ErrPrivate) {
		t.Errorf("got %v, want ErrPrivate", err)
	}
}

func TestAllowed(t *testing.T) {
	f := newFetcher(Client{}, []string{"10.1.0.0/16", "staging.internal", "192.168.1.1"})
	for _, test := range []struct {
		host, ip string
		want     bool
	}{
		{"a.example", "8.8.8.8", true},
		{"a.example", "10.1.2.3", true},
		{"a.example", "10.2.2.3", false},
		{"STAGING.internal", "10.2.2.3", true},
		{"staging.internal.example", "10.2.2.3", false},
		{"a.example", "192.168.1.1", true},
		{"a.example", "169.254.169.254", false},
	} {
		if got := f.allowed(test.host, netip.MustParseAddr(test.ip)); got != test.want {
			t.Errorf("%s %s: got %t", test.host, test.ip, got)
		}
	}
}

func zipped(n int) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, n))
	_ = w.Close()
	return b.Bytes()
}

func hostile(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/metadata":
		http.Redirect(w, r, "http://169.254.169.254/latest/", http.StatusFound)
	case "/file":
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	case "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped(10 << 20))
	case "/nested":
		w.Header().Set("Content-Encoding", "gzip, gzip, gzip")
	case "/br":
		w.Header().Set("Content-Encoding", "br")
	case "/endless":
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	case "/silent":
		<-r.Context().Done()
	case "/user":
		http.Redirect(w, r, "http://u:hunter2@"+r.Host+"/echo", http.StatusFound)
	case "/deflate":
		w.Header().Set("Content-Encoding", "deflate")
		z := zlib.NewWriter(w)
		_, _ = z.Write([]byte("hello"))
		_ = z.Close()
	default:
		fmt.Fprintf(w, "%q %q %q", r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("Referer"))
	}
}

func TestHostileServers(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(hostile))
	defer s.Close()
	f := newFetcher(Client{MaxBody: 1 << 20, Timeout: time.Minute}, []string{"127.0.0.1"})
	for _, test := range []struct{ name, path, want string }{
		{"a redirect to metadata", "/metadata", "link-local"},
		{"a redirect to a file", "/file", "want http:// or https://"},
		{"a redirect loop", "/loop", "more than 10 redirects"},
		{"a bomb", "/bomb", "more than 1048576 bytes"},
		{"encodings in encodings", "/nested", "at most 2"},
		{"an encoding nobody asked for", "/br", "want gzip or deflate"},
		{"an endless body", "/endless", "more than 1048576 bytes"},
		{"a server that says nothing", "/silent", "deadline exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f
			if test.path == "/silent" { // the others have the time they need
				f = newFetcher(Client{Timeout: time.Second}, []string{"127.0.0.1"})
			}
			_, err := f.get(t.Context(), s.URL+test.path)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	for _, test := range []struct{ name, path, want string }{
		{"credentials of a redirect are not sent", "/user", `"" "" ""`},
		{"deflate", "/deflate", "hello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := f.get(t.Context(), s.URL+test.path)
			if err != nil || string(got.body) != test.want || strings.Contains(fmt.Sprint(got.hops, got.URL), "hunter2") {
				t.Errorf("got %q %v, %v", got.body, got.hops, err)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(hostile))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	allow := []string{"127.0.0.1"}
	if _, err := newFetcher(Client{}, allow).get(t.Context(), s.URL); err == nil {
		t.Error("an unknown certificate was believed")
	}
	trusted := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, err := newFetcher(Client{TLS: &tls.Config{RootCAs: trusted}}, allow).get(t.Context(), s.URL); err != nil {
		t.Error(err)
	}
}

func TestShown(t *testing.T) {
	for _, test := range []struct{ name, address, want string }{
		{"a query's values", "https://a.example/x.js?b=2&a=1&b=3", "https://a.example/x.js?a&b"},
		{"a user and a fragment", "https://u:p@a.example/x#y", "https://a.example/x"},
		{"a blob", "blob:https://a.example/0f1e", "blob:https://a.example"},
		{"data", "data:text/javascript,secret", "data:text/javascript,secret"},
		{"long", "https://a.example/" + strings.Repeat("a", 3000), ("https://a.example/" + strings.Repeat("a", 3000))[:MaxText] + "…"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := shown(test.address); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
