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
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Client is how pages are fetched. The zero value is for the internet.
type Client struct {
	Resolver Resolver      // nil for the system's
	TLS      *tls.Config   // nil for the system's certificates
	Timeout  time.Duration // of a request with its body; 0 for 30 s
	MaxBody  int64         // bytes as sent, and as decoded; 0 for MaxBody
}

// Resolver is net.Resolver's part that is needed.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// ErrPrivate says that an address of a private network was refused.
var ErrPrivate = errors.New("a private, loopback, link-local or reserved address")

// fetched is an answer with its body.
type fetched struct {
	Response
	hops []Hop
	body []byte
}

type fetcher struct {
	allow  []string
	client Client
	http   *http.Client
}

func newFetcher(c Client, allow []string) *fetcher {
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxBody == 0 {
		c.MaxBody = MaxBody
	}
	f := &fetcher{allow: allow, client: c}
	f.http = &http.Client{
		Timeout: c.Timeout,
		// No proxy: it would look up the names, and nothing here could see where to.
		Transport:     &http.Transport{DialContext: f.dial, TLSClientConfig: c.TLS, DisableCompression: true, DisableKeepAlives: true, MaxResponseHeaderBytes: 1 << 18, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return f
}

// dial connects to an address that was looked at: the name is not resolved twice, so
// a second answer can't lead elsewhere.
func (f *fetcher) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var found []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		found = []netip.Addr{ip}
	} else if found, err = f.client.Resolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, err
	}
	failed := fmt.Errorf("%q has no address", host)
	for _, ip := range found {
		if ip = ip.Unmap(); !f.allowed(host, ip) {
			failed = fmt.Errorf("%q is %s, %w; name the host or its network in the live check's allow if that is meant", host, ip, ErrPrivate)
			continue
		}
		conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	return nil, failed
}

func (f *fetcher) allowed(host string, ip netip.Addr) bool {
	if public(ip) {
		return true
	}
	return slices.ContainsFunc(f.allow, func(a string) bool {
		if p, err := netip.ParsePrefix(a); err == nil {
			return p.Contains(ip)
		}
		if at, err := netip.ParseAddr(a); err == nil {
			return at.Unmap() == ip
		}
		return strings.EqualFold(a, host)
	})
}

// reserved are networks that nobody's public page is in, besides those that netip
// knows (IANA's special-purpose registries). Those with an IPv4 address inside are
// refused whole.
var reserved = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10")

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, p := range list {
		all[i] = netip.MustParsePrefix(p)
	}
	return all
}

func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// get follows redirects itself, to keep them. Nothing is sent but the request: no
// cookies, no credentials of a URL, no referrer.
func (f *fetcher) get(ctx context.Context, address string) (*fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, f.client.Timeout)
	defer cancel()
	var hops []Hop
	for {
		u, err := webURL(address)
		if err != nil {
			return nil, err
		}
		res, next, err := f.once(ctx, u)
		if err != nil {
			return nil, err
		}
		if next == "" {
			res.hops = hops
			return res, nil
		}
		if hops = append(hops, Hop{clip(shown(u.String())), res.Status}); len(hops) > MaxRedirects {
			return nil, fmt.Errorf("%s: more than %d redirects", shown(hops[0].URL), MaxRedirects)
		}
		address = next
	}
}

func webURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("got the address %q, want http:// or https:// and a host", clip(shown(address)))
	}
	u.User, u.Fragment = nil, ""
	return u, nil
}

func (f *fetcher) once(ctx context.Context, u *url.URL) (*fetched, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; checkout-deploy)")
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	res, err := f.http.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	got := &fetched{Response: Response{URL: clip(u.String()), Status: res.StatusCode, MIME: mediaType(res.Header.Get("Content-Type")), Header: kept(res.Header)}}
	if at := res.Header.Get("Location"); at != "" && res.StatusCode/100 == 3 {
		next, err := u.Parse(at)
		if err != nil {
			return nil, "", fmt.Errorf("%s redirects to %q: no address", shown(u.String()), clip(at))
		}
		return got, next.String(), nil
	}
	if got.body, err = f.body(res); err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", shown(u.String()), err)
	}
	return got, "", nil
}

// body reads and decodes, each to a bound: a kilobyte can say a gigabyte.
func (f *fetcher) body(res *http.Response) ([]byte, error) {
	sent, err := bounded(res.Body, f.client.MaxBody)
	if err != nil {
		return nil, err
	}
	codings := strings.FieldsFunc(strings.ToLower(strings.Join(res.Header.Values("Content-Encoding"), ",")), func(r rune) bool { return r == ',' || r == ' ' })
	if len(codings) > 2 {
		return nil, fmt.Errorf("got %d content encodings, want at most 2", len(codings))
	}
	for _, coding := range slices.Backward(codings) {
		var r io.Reader
		switch coding {
		case "identity":
			continue
		case "gzip", "x-gzip":
			r, err = gzip.NewReader(bytes.NewReader(sent))
		case "deflate":
			r, err = zlib.NewReader(bytes.NewReader(sent))
		default:
			return nil, fmt.Errorf("got the content encoding %q, which was not asked for; want gzip or deflate", clip(coding))
		}
		if err != nil {
			return nil, err
		}
		if sent, err = bounded(r, f.client.MaxBody); err != nil {
			return nil, err
		}
	}
	return sent, nil
}

func bounded(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	return data, err
}

func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		t, _, _ = strings.Cut(header, ";")
	}
	return clip(strings.ToLower(strings.TrimSpace(t)))
}

// clip bounds a text that a server chose.
func clip(s string) string { return clipTo(s, MaxText) }

func clipTo(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// shown is an address without what may be secret in it: a user and the values of the
// query. Data URLs are cut.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "data" {
		if len(address) > 60 {
			address = address[:60] + "…"
		}
		return clip(address)
	}
	key, _ := urlKey(address)
	return clip(key)
}

// urlKey is what addresses are compared by: without user, fragment and the query's
// values, which are session ids and cache busters as often as not. A blob's is
// random, so its origin stands for it.
func urlKey(address string) (string, error) {
	if rest, ok := strings.CutPrefix(address, "blob:"); ok {
		u, err := url.Parse(rest)
		if err != nil {
			return "blob:", err
		}
		return "blob:" + u.Scheme + "://" + u.Host, nil
	}
	if strings.HasPrefix(address, "data:") {
		return "data:", nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return clip(address), err
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.RawQuery != "" {
		names := map[string]bool{}
		for _, pair := range strings.Split(u.RawQuery, "&") {
			name, _, _ := strings.Cut(pair, "=")
			names[name] = true
		}
		u.RawQuery = strings.Join(slices.Sorted(keys(names)), "&")
	}
	return clip(u.String()), nil
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
