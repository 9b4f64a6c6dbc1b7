package gh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const (
	maxAnswer    = 16 << 20 // a page of 100 issues with the longest bodies has 25 MB at worst, a real one less than one
	maxRedirects = 3        // a repository that was renamed and moved
)

// transport is what lies between go-github and the network. go-github gets an
// answer with its whole body, or an error that tells all.
type transport struct {
	options Options
	base    *url.URL
	writes  writes
}

func newTransport(o Options, base *url.URL) *transport {
	return &transport{options: o, base: base, writes: newWrites()}
}

func isWrite(req *http.Request) bool {
	return req.Method != http.MethodGet && req.Method != http.MethodHead && req.Context().Value(readKey) == nil
}

// RoundTrip makes attempts until one has an answer, or no other is worth it.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if isWrite(req) {
		if err := t.writes.begin(req.Context()); err != nil {
			return nil, err
		}
		defer t.writes.end()
	}
	left := budget(req.Context(), t.options)
	for n := 1; ; n++ {
		if isWrite(req) {
			if err := t.writes.space(req.Context(), t.options); err != nil {
				return nil, err
			}
		}
		resp, failed := t.attempt(req)
		if failed == nil {
			return resp, nil
		}
		if err := req.Context().Err(); err != nil {
			return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
		}
		if err := t.wait(req, n, failed, left); err != nil {
			return nil, err
		}
	}
}

// attempt is one try, with its redirects. Its failure says whether another may
// fare better.
func (t *transport) attempt(req *http.Request) (*http.Response, *failure) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), t.options.Timeout, fmt.Errorf("no answer in %v", t.options.Timeout))
	defer cancel()
	to := req.URL
	for range maxRedirects + 1 {
		resp, body, failed := t.send(ctx, req, to)
		if failed != nil {
			return nil, failed
		}
		if !redirects(resp.StatusCode) {
			return t.judge(req, resp, body)
		}
		location := resp.Header.Get("Location")
		next, err := to.Parse(location)
		if err != nil || location == "" {
			return nil, t.foreign(req, resp.StatusCode, location)
		}
		to = next
	}
	return nil, &failure{Error: &Error{
		Method: req.Method, Path: req.URL.Path, kind: ErrUnavailable,
		err: fmt.Errorf("got more than %d redirects, one after the other", maxRedirects),
	}}
}

// send does one request and reads the answer's body, whole.
func (t *transport) send(ctx context.Context, req *http.Request, to *url.URL) (*http.Response, []byte, *failure) {
	if !t.own(to) { // a redirect's or a next page's
		return nil, nil, t.foreign(req, 0, to.String())
	}
	out := req.Clone(ctx)
	out.URL, out.Host = to, ""
	out.Header.Set("Authorization", "Bearer "+t.options.Token)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, nil, t.broken(req, err, false)
		}
		out.Body = body
	}
	resp, err := t.carrier().RoundTrip(out)
	if err != nil {
		return nil, nil, t.broken(req, cause(ctx, fmt.Errorf("got no answer: %w", err)), isWrite(req) && !unsent(err))
	}
	defer resp.Body.Close()
	limit := int64(maxAnswer)
	if resp.StatusCode >= 300 {
		limit = maxErrorBody
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case resp.StatusCode >= 300: // what there is of its text is enough
		return resp, body[:min(len(body), maxErrorBody)], nil
	case err != nil:
		return nil, nil, t.broken(req, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), cause(ctx, err)), isWrite(req))
	case len(body) > maxAnswer:
		failed := t.broken(req, fmt.Errorf("the answer has more than %d MB", maxAnswer>>20), isWrite(req))
		failed.again = never
		return nil, nil, failed
	}
	return resp, body, nil
}

func (t *transport) carrier() http.RoundTripper {
	if t.options.HTTP.Transport != nil {
		return t.options.HTTP.Transport
	}
	return http.DefaultTransport
}

// own says whether an address is one that may have the token.
func (t *transport) own(u *url.URL) bool {
	return u.Scheme == t.base.Scheme && strings.EqualFold(u.Host, t.base.Host) && u.User == nil
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// judge hands a good answer on and reads a bad one.
func (t *transport) judge(req *http.Request, resp *http.Response, body []byte) (*http.Response, *failure) {
	if resp.StatusCode >= 300 || resp.StatusCode < 200 {
		return nil, t.refused(req, resp, body)
	}
	if err := readable(resp, body); err != nil {
		failed := t.broken(req, err, isWrite(req))
		failed.Status = resp.StatusCode
		return nil, failed
	}
	// go-github remembers limits by the wall clock and would refuse the next
	// request in GitHub's name.
	for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"} {
		resp.Header.Del(name)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// readable says why an answer is not the JSON that was asked for: go-github
// takes an empty one for an empty object, and a proxy's page is no answer.
func readable(resp *http.Response, body []byte) error {
	if resp.StatusCode == http.StatusNoContent {
		return nil
	}
	got := resp.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(got)
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return fmt.Errorf("got status %d with %.80q, not JSON; is something between here and GitHub, or the API's URL another server's?", resp.StatusCode, got)
	}
	if !json.Valid(body) {
		return fmt.Errorf("got status %d with %d bytes that are no JSON, or the beginning of some", resp.StatusCode, len(body))
	}
	return nil
}

// foreign is a request that would take the token to another host.
func (t *transport) foreign(req *http.Request, status int, to string) *failure {
	return &failure{Error: &Error{
		Method: req.Method, Path: req.URL.Path, Status: status, kind: ErrRefused,
		err: fmt.Errorf("got sent to %.200q, which is not at %s://%s: the token goes nowhere else", masked(to, t.options.Token), t.base.Scheme, t.base.Host),
	}}
}

// broken is a request without an answer that can be read.
func (t *transport) broken(req *http.Request, err error, unknown bool) *failure {
	e := &Error{Method: req.Method, Path: req.URL.Path, kind: ErrUnavailable, Unknown: unknown, err: err}
	return &failure{Error: e, again: soon}
}

func masked(s, token string) string { return strings.ReplaceAll(s, token, "***") }

// cause prefers the reason for which a context ended. The rest is text: an
// attempt's deadline must not look like the caller's.
func cause(ctx context.Context, err error) error {
	if reason := context.Cause(ctx); reason != nil {
		return errors.New(reason.Error())
	}
	return err
}

// unsent says that no byte of the request has left: no connection came about.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}
