package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	attempts   = 5
	maxWait    = time.Minute // the longest Retry-After that is obeyed, and the longest pause
	maxResumes = 5           // of one body
)

// retry sends requests again that another attempt may serve, and asks for the rest of
// bodies that broke off.
type retry struct {
	inner http.RoundTripper
	sleep func(context.Context, time.Duration) error
	now   func() time.Time
	pause time.Duration
}

type onceKey struct{}

// once marks requests that are sent once: whoever asks settles what became of them.
func once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// RoundTrip is http.RoundTripper's.
func (t *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	for n := 1; ; n++ {
		resp, err := t.inner.RoundTrip(req)
		if !again(req, resp, err) || n == attempts {
			if err == nil && resumable(req, resp) {
				resp.Body = &resuming{ReadCloser: resp.Body, transport: t, request: req, length: resp.ContentLength}
			}
			return resp, err
		}
		wait := min(jittered(t.pause<<(n-1)), maxWait)
		if resp != nil {
			wait = max(wait, min(t.asked(resp), maxWait))
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // the connection can be used again
			_ = resp.Body.Close()
		}
		if err := t.sleep(req.Context(), wait); err != nil {
			return nil, err
		}
		if req.GetBody != nil {
			req = req.Clone(req.Context())
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// again says whether a request is sent once more.
func again(req *http.Request, resp *http.Response, err error) bool {
	if req.Context().Err() != nil || req.Context().Value(onceKey{}) != nil {
		return false
	}
	switch {
	case req.Body != nil && req.Body != http.NoBody && req.GetBody == nil:
		return false // it is gone
	case err == nil && resp.StatusCode == http.StatusTooManyRequests:
		return true
	case req.Method == http.MethodPatch, strings.Contains(req.URL.Path, "/blobs/uploads/") && req.Method == http.MethodPut:
		return false // how much of it arrived, nobody knows: the upload is begun anew
	case err != nil:
		return broken(err)
	}
	return transient(resp.StatusCode)
}

func transient(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= 500 && status != http.StatusNotImplemented
}

// broken says that a connection failed, and not what was sent over it.
func broken(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary || dns.IsTimeout
	}
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, errIdle, errBroken} {
		if errors.Is(err, e) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// asked is how long the registry wants to be left alone.
func (t *retry) asked(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && t.now != nil {
		return at.Sub(t.now())
	}
	return 0
}

// resumable says whether a body is a blob's: the rest of it is the same later.
func resumable(req *http.Request, resp *http.Response) bool {
	return req.Method == http.MethodGet && resp.StatusCode == http.StatusOK && resp.ContentLength > 0 &&
		!resp.Uncompressed && !strings.Contains(req.URL.Path, "/manifests/")
}

// resuming is a body that goes on where a connection broke off.
type resuming struct {
	io.ReadCloser
	transport *retry
	request   *http.Request
	at        int64
	length    int64
	resumed   int
}

func (b *resuming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.at += int64(n)
	if err == nil || errors.Is(err, io.EOF) && b.at == b.length || b.request.Context().Err() != nil || !broken(err) {
		return n, err
	}
	if b.resumed == maxResumes || b.at >= b.length {
		return n, b.broke(fmt.Sprintf("%d times: %v", b.resumed+1, err))
	}
	b.resumed++
	if more := b.rest(err); more != nil {
		return n, more
	}
	return n, nil
}

// rest asks for what is missing; a registry that can't answer a range fails the read.
func (b *resuming) rest(cause error) error {
	if err := b.transport.sleep(b.request.Context(), min(jittered(b.transport.pause<<(b.resumed-1)), maxWait)); err != nil {
		return err
	}
	_ = b.ReadCloser.Close()
	req := b.request.Clone(b.request.Context())
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", b.at, b.length-1))
	resp, err := b.transport.inner.RoundTrip(req) //nolint:bodyclose // it is the body from now on
	if err != nil {
		if broken(err) && b.resumed < maxResumes {
			b.resumed++
			return b.rest(err)
		}
		return b.broke(fmt.Sprintf("%v; asking for the rest: %v", cause, err))
	}
	b.ReadCloser = resp.Body
	if resp.StatusCode != http.StatusPartialContent || !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", b.at)) {
		return b.broke(fmt.Sprintf("%v; asking for the rest got %d instead of 206", cause, resp.StatusCode))
	}
	return nil
}

// broke has what happened as text: an io.EOF in it must not look like the end.
func (b *resuming) broke(why string) error {
	return fmt.Errorf("%w after %d of %d bytes: %s", errBroken, b.at, b.length, why)
}

var (
	errIdle   = errors.New("the registry is silent")
	errBroken = errors.New("the answer broke off")
)

// idle ends requests whose answer does not go on.
type idle struct {
	inner http.RoundTripper
	limit time.Duration
}

// RoundTrip is http.RoundTripper's.
func (t *idle) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := fmt.Errorf("%w: no byte in %v", errIdle, t.limit)
	timer := time.AfterFunc(t.limit, func() { cancel(silent) }) //nolint:forbidigo // a timeout of I/O, which no decision reads
	sent := req.Clone(ctx)
	var answered atomic.Bool
	if req.Body != nil && req.Body != http.NoBody {
		sent.Body = &upload{ReadCloser: req.Body, timer: timer, limit: t.limit, answered: &answered}
	}
	resp, err := t.inner.RoundTrip(sent)
	answered.Store(true)
	timer.Stop()
	if err != nil {
		cancel(nil)
		if errors.Is(context.Cause(ctx), errIdle) {
			return nil, silent
		}
		return nil, err
	}
	resp.Request = req
	resp.Body = &ticking{ReadCloser: resp.Body, timer: timer, limit: t.limit, ctx: ctx, cancel: cancel}
	return resp, nil
}

// upload is a request's body: as long as it is taken, the registry is not silent.
type upload struct {
	io.ReadCloser
	timer    *time.Timer
	limit    time.Duration
	answered *atomic.Bool
}

func (b *upload) Read(p []byte) (int, error) {
	if !b.answered.Load() {
		b.timer.Reset(b.limit)
	}
	return b.ReadCloser.Read(p)
}

// ticking is an answer's body. The timer runs while it is read; between the reads the
// silence is ours.
type ticking struct {
	io.ReadCloser
	timer  *time.Timer
	limit  time.Duration
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (b *ticking) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(b.ctx), errIdle) {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *ticking) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// plain refuses plain http to others than this machine and those that are named.
type plain struct {
	inner   http.RoundTripper
	allowed []string
}

// RoundTrip is http.RoundTripper's.
func (t *plain) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" && !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, req.URL.Hostname()) &&
		!slices.Contains(t.allowed, req.URL.Host) {
		return nil, &plainError{req.URL.Host}
	}
	return t.inner.RoundTrip(req)
}

type plainError struct{ host string }

func (e *plainError) Error() string {
	return fmt.Sprintf("%s speaks plain http, in which credentials and images can be read and changed on the way; name it as insecure to allow that", e.host)
}
