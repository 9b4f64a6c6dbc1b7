package webdav

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
)

// client makes requests with what the server wants of a user. No redirect is
// followed: the password goes to one host.
type client struct {
	http  http.RoundTripper
	stall time.Duration
	auth  *authorizer
}

func newClient(o Options) *client {
	c := &client{http: o.HTTP, stall: cmp.Or(o.Stall, time.Minute), auth: &authorizer{user: o.User, password: o.Password}}
	if c.http == nil {
		c.http = &http.Transport{
			DialContext: (&net.Dialer{Timeout: 20 * time.Second}).DialContext, TLSHandshakeTimeout: 20 * time.Second, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 256 << 10, DisableCompression: true,
		}
	}
	return c
}

type request struct {
	method string
	url    *url.URL
	header http.Header
	body   func() (io.ReadCloser, error) // nil for none
	size   int64
}

func text(s string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(s))), nil }
}

// do sends a request, and once more where the server asks who is there. The answer's
// body is to be closed.
func (c *client) do(ctx context.Context, r request) (*http.Response, error) {
	res, used, err := c.send(ctx, r)
	if err != nil || res.StatusCode != http.StatusUnauthorized || !c.auth.challenged(res.Header, used) {
		return res, err
	}
	drain(res.Body)
	res, _, err = c.send(ctx, r)
	return res, err
}

// drain lets a connection be used again, if little is left on it.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

// send is one attempt. It returns the challenge that it has answered.
func (c *client) send(ctx context.Context, r request) (*http.Response, challenge, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	alarm := time.AfterFunc(c.stall, //nolint:forbidigo // a timeout of I/O, which no decision reads
		func() { cancel(fmt.Errorf("no byte in %v", c.stall)) })
	end := sync.OnceFunc(func() { alarm.Stop(); cancel(nil) })
	proof, used := c.auth.proof(r.method, r.url.RequestURI())
	req, err := c.request(ctx, r, proof, alarm)
	if err != nil {
		end()
		return nil, used, err
	}
	res, err := c.http.RoundTrip(req)
	if err != nil {
		err = reason(ctx, err)
		end()
		return nil, used, err
	}
	alarm.Reset(c.stall)
	res.Request = req
	res.Body = &watched{ReadCloser: res.Body, ctx: ctx, alarm: alarm, stall: c.stall, end: end}
	return res, used, nil
}

func (c *client) request(ctx context.Context, r request, proof string, alarm *time.Timer) (*http.Request, error) {
	body := io.ReadCloser(http.NoBody)
	if r.body != nil {
		opened, err := r.body()
		if err != nil {
			return nil, err
		}
		if r.size == 0 { // the transport would not look into it
			_, err := io.Copy(io.Discard, opened)
			_ = opened.Close()
			if err != nil {
				return nil, err
			}
			opened = http.NoBody
		}
		// The transport waits for a read that is under way, whatever ends the request.
		context.AfterFunc(ctx, func() { _ = opened.Close() })
		body = &watched{ReadCloser: opened, ctx: ctx, alarm: alarm, stall: c.stall, end: func() {}}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), body)
	if err != nil {
		_ = body.Close()
		return nil, err
	}
	req.ContentLength = r.size
	req.Header.Set("User-Agent", "checkout-deploy")
	for name, values := range r.header {
		req.Header[name] = values
	}
	if proof != "" {
		req.Header.Set("Authorization", proof)
	}
	return req, nil
}

// reason prefers that for which a context ended.
func reason(ctx context.Context, err error) error {
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// watched is a body that puts off the alarm with each byte.
type watched struct {
	io.ReadCloser
	ctx   context.Context
	alarm *time.Timer
	stall time.Duration
	end   func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.alarm.Reset(w.stall)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = reason(w.ctx, err)
	}
	return n, err
}

func (w *watched) Close() error {
	err := w.ReadCloser.Close()
	w.end()
	return err
}

// checked opens a body that ends with an error if its bytes are not those that were
// named. All is known before the last of them is sent: the upload breaks off.
type checked struct {
	body  store.Body
	wrong atomic.Pointer[error] // the transport reads on a goroutine of its own
}

func (c *checked) fail(err error) error {
	c.wrong.Store(&err)
	return err
}

func (c *checked) mismatch(format string, args ...any) error {
	return c.fail(&store.Error{Code: store.Mismatch, Err: fmt.Errorf(format, args...)})
}

// failed is why an upload was not what was named, or could not be read.
func (c *checked) failed(op, name string) error {
	switch wrong, e := c.wrong.Load(), (*store.Error)(nil); {
	case wrong == nil:
		return nil
	case errors.As(*wrong, &e):
		return &store.Error{Code: e.Code, Op: op, Name: name, Err: e.Err}
	default:
		return &store.Error{Code: store.Other, Op: op, Name: name, Err: *wrong}
	}
}

func (c *checked) open() (io.ReadCloser, error) {
	r, err := c.body.Open()
	if err != nil {
		return nil, c.fail(err)
	}
	return &hashing{checked: c, ReadCloser: r, hash: sha512.New384(), left: c.body.Size}, nil
}

type hashing struct {
	*checked
	io.ReadCloser
	hash   hash.Hash
	left   int64
	closed atomic.Bool // by the transport, which has its reasons
}

func (h *hashing) Close() error {
	if h.closed.Swap(true) {
		return nil
	}
	return h.ReadCloser.Close()
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.hash.Write(p[:n])
	if h.left -= int64(n); h.left == 0 && err == nil {
		var more [1]byte
		var extra int
		extra, err = io.ReadFull(h.ReadCloser, more[:])
		h.left -= int64(extra)
	}
	switch got := release.Integrity(h.hash.Sum(nil)); {
	case err != nil && h.closed.Load():
		return 0, err
	case err != nil && !errors.Is(err, io.EOF):
		return 0, h.fail(err)
	case h.left < 0:
		return 0, h.mismatch("got more than %d bytes", h.body.Size)
	case err == nil:
		return n, nil
	case h.left > 0 || got != h.body.Integrity:
		return 0, h.mismatch("got %d bytes of %s, want %d of %s", h.body.Size-h.left, got, h.body.Size, h.body.Integrity)
	}
	return n, io.EOF
}

// lost is a request without an answer: code says what that means.
func lost(op, name string, err error, code store.Code) error {
	if e := (*store.Error)(nil); errors.As(err, &e) && e.Code != store.Unknown {
		return err
	}
	if o := (*net.OpError)(nil); errors.As(err, &o) && o.Op == "dial" {
		code = store.Busy // not a byte has left
	}
	if out := (*url.Error)(nil); errors.As(err, &out) {
		err = out.Err
	}
	return &store.Error{Code: code, Op: op, Name: name, Err: err}
}

// refused reads a status that is not the one that was wanted. unknown is the code of
// a server's own failure.
func refused(op, name string, res *http.Response, unknown store.Code) error {
	e := &store.Error{Op: op, Name: name, Err: fmt.Errorf("%s: status %d", res.Request.Method, res.StatusCode)}
	switch s := res.StatusCode; {
	case s == http.StatusNotFound || s == http.StatusGone:
		e.Code = store.NotFound
	case s == http.StatusUnauthorized:
		e.Code, e.Err = store.Denied, errors.New("status 401: the user or password is wrong, or the server takes neither Digest nor Basic")
	case s == http.StatusForbidden:
		e.Code = store.Denied
	case s == http.StatusBadRequest: // so says Apache of what is below an object
		e.Code = store.Invalid
	case s == http.StatusPreconditionFailed:
		e.Code = store.Changed
	case s == http.StatusLocked || s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		e.Code, e.RetryAfter = store.Busy, wish(res.Header.Get("Retry-After"))
	case s == http.StatusInsufficientStorage:
		e.Err = errors.New("status 507: the server has no room left")
	case s == http.StatusMethodNotAllowed || s == http.StatusNotImplemented:
		e.Code, e.Err = store.Invalid, fmt.Errorf("%s: status %d: is this a WebDAV server, and writable?", res.Request.Method, s)
	case s/100 == 3:
		e.Code, e.Err = store.Invalid, fmt.Errorf("status %d: it redirects, and a password goes nowhere else: name the address that it redirects to", s)
	case s == http.StatusBadGateway && res.Request.Method == "MOVE":
		e.Code, e.Err = unknown, errors.New("MOVE: status 502: does the server know itself by this scheme and host, or is a proxy in between?")
	case s/100 == 5:
		e.Code = unknown
	}
	return e
}

// wish is a Retry-After in seconds; dates are left to the caller's own pauses.
func wish(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
