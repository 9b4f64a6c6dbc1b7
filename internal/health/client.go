package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrMetadata says that an address where clouds keep their machines' credentials
// was refused.
var ErrMetadata = errors.New("the address of a cloud's metadata service")

// NewTransport carries requests to any network, one's own too, but to no metadata
// service, whatever name leads there. nil takes the system's certificates.
func NewTransport(trust *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err == nil && metadata(at.Addr()) {
			return fmt.Errorf("%s is %w", at.Addr(), ErrMetadata)
		}
		return err
	}}
	// No proxy: it would look up the names, and nothing here could see where to. No
	// connection is kept: each check sees what a new visitor would.
	return &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: trust, TLSHandshakeTimeout: 10 * time.Second,
		DisableKeepAlives: true, MaxResponseHeaderBytes: 256 << 10, ForceAttemptHTTP2: true,
	}
}

// services are the clouds' (AWS, Google, Azure, Alibaba, Oracle); link-local
// networks have most of them.
var services = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"), netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"),
}

func metadata(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		// An IPv4 address inside: NAT64 (RFC 6052), 6to4 (RFC 3056).
		b := ip.As16()
		switch {
		case netip.MustParsePrefix("64:ff9b::/96").Contains(ip):
			ip = netip.AddrFrom4([4]byte(b[12:]))
		case netip.MustParsePrefix("2002::/16").Contains(ip):
			ip = netip.AddrFrom4([4]byte(b[2:6]))
		}
	}
	return ip.IsLinkLocalUnicast() || slices.Contains(services, ip)
}

// ask is one request, and more where it is redirected.
type ask struct {
	method  string
	url     *url.URL
	header  http.Header
	follow  bool
	timeout time.Duration
}

// answer is what came.
type answer struct {
	status int
	header http.Header
	body   []byte
	cut    bool // the body is longer than the bound
}

// get asks. asked says whether a server got the request: then what failed is the
// server's failure, else nobody could be asked. The time to dial a redirect's
// target is the server's too.
func (o Options) get(ctx context.Context, a ask) (got *answer, asked bool, err error) {
	bounded, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("no answer within %v", a.timeout))
	defer cancel()
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(bounded, &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) { sent.Store(sent.Load() || i.Err == nil) },
	})
	to := a.url
	for range MaxRedirects + 1 {
		res, next, err := o.once(traced, a, to)
		if err != nil {
			return nil, sent.Load(), cause(bounded, err)
		}
		sent.Store(true) // a transport of a test's own traces nothing
		if next == nil {
			return res, true, nil
		}
		to = next
	}
	return nil, true, fmt.Errorf("more than %d redirects", MaxRedirects)
}

func (o Options) once(ctx context.Context, a ask, to *url.URL) (*answer, *url.URL, error) {
	if ip, err := netip.ParseAddr(to.Hostname()); err == nil && metadata(ip) {
		return nil, nil, fmt.Errorf("%s is %w", ip, ErrMetadata)
	}
	req, err := http.NewRequestWithContext(ctx, a.method, to.String(), http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("User-Agent", "checkout-deploy")
	for name, values := range a.header {
		req.Header[name] = values
	}
	res, err := o.HTTP.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if at := res.Header.Get("Location"); a.follow && at != "" && res.StatusCode/100 == 3 {
		next, err := target(to, at)
		return nil, next, err
	}
	got := &answer{status: res.StatusCode, header: res.Header}
	got.body, err = io.ReadAll(io.LimitReader(res.Body, o.MaxBody+1))
	if got.cut = int64(len(got.body)) > o.MaxBody; got.cut {
		got.body = got.body[:o.MaxBody]
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(got.body), err)
	}
	return got, nil, nil
}

// target is where a redirect leads. From https none leads to http.
func target(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	if err != nil {
		return nil, errors.New("got a redirect to what is no address")
	}
	u, p := address(to.String())
	switch {
	case p != nil:
		return nil, fmt.Errorf("got a redirect to %s, want %s", p.Got, p.Want)
	case from.Scheme == "https" && u.Scheme == "http":
		return nil, fmt.Errorf("got a redirect from https to %q", shown(u.String()))
	}
	return u, nil
}

// cause prefers the reason why a context ended.
func cause(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}
