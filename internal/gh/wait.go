package gh

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxAttempts = 5
	firstWait   = time.Second          // after a failure, and twice as long each time
	limitWait   = time.Minute          // after a secondary limit that names no time, likewise
	writeSpace  = time.Second          // between requests that make or change something
	longestWait = 366 * 24 * time.Hour // what is longer than any that is waited
)

// failure is an attempt's, and whether another is worth it.
type failure struct {
	*Error
	again again
	after time.Duration // what the server asked for; 0 if nothing
	why   string        // of the wait
}

type again int

const (
	never again = iota
	// soon: the server or the way to it failed. A write may have been done.
	soon
	// limited: the server refused to look at it. It was not done.
	limited
)

// refused reads an answer with an error's status.
func (t *transport) refused(req *http.Request, resp *http.Response, body []byte) *failure {
	f := &failure{Error: refusal(req, resp, body, t.options.Token)}
	switch {
	case isLimit(resp, f.Message, body):
		f.kind, f.hint, f.Needs = ErrUnavailable, "", ""
		f.again, f.why = limited, "GitHub's secondary rate limit"
		f.after = t.asked(resp.Header)
		if f.after == 0 && resp.Header.Get("X-RateLimit-Remaining") == "0" {
			f.why, f.after = "GitHub's rate limit", t.reset(resp.Header)
		}
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout:
		f.kind, f.again, f.Unknown = ErrUnavailable, soon, isWrite(req)
		f.after = t.asked(resp.Header)
	}
	return f
}

// isLimit tells a limit from a permission that is missing, which has the same
// status. The last request before a limit can be one that was refused: it too
// says that none are left.
func isLimit(resp *http.Response, message string, body []byte) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
	default:
		return false
	}
	text := strings.ToLower(message + string(body))
	switch {
	case strings.Contains(text, "rate limit"), strings.Contains(text, "rate-limit"), strings.Contains(text, "abuse"):
		return true
	case strings.Contains(text, "not accessible"):
		return false
	}
	return resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0"
}

// asked reads Retry-After, in both forms of RFC 9110 section 10.2.3; 0 for none.
func (t *transport) asked(h http.Header) time.Duration {
	return retryAfter(h.Get("Retry-After"), t.date(h))
}

func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return seconds(n)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), longestWait)
	}
	return 0
}

// reset is the time until a primary limit's end, which is told in whole
// seconds; 0 for none.
func (t *transport) reset(h http.Header) time.Duration {
	return untilReset(h.Get("X-RateLimit-Reset"), t.date(h))
}

func untilReset(value string, now time.Time) time.Duration {
	at, err := strconv.ParseInt(value, 10, 64)
	if err != nil || at <= 0 {
		return 0
	}
	return seconds(min(at, 1<<40) - now.Unix() + 1)
}

func seconds(n int64) time.Duration {
	return time.Duration(min(max(n, 0), int64(longestWait/time.Second))) * time.Second
}

// date is the server's time of an answer: a runner's clock may be off.
func (t *transport) date(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return t.options.Now()
}

// wait sleeps until the attempt after the nth, or says why there is none.
func (t *transport) wait(req *http.Request, n int, f *failure, left *allowance) error {
	switch {
	case f.again == never, f.again == soon && !harmless(req, f):
		return f.Error
	case n == maxAttempts:
		f.hint = fmt.Sprintf("that was the last of %d attempts", maxAttempts)
		return f.Error
	}
	d := max(f.after, growing(f.again, n))
	if f.after > 0 && f.again == limited {
		d = f.after
	}
	if err := left.take(req.Context(), d, t.options.Now()); err != nil {
		f.hint = err.Error()
		return f.Error
	}
	why := f.why
	if why == "" {
		why = f.short()
	}
	t.options.Waiting(Wait{For: d, Request: req.Method + " " + req.URL.Path, Why: why})
	if err := t.options.Sleep(req.Context(), d); err != nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	return nil
}

// short is a failure in a few words.
func (f *failure) short() string {
	if f.err != nil {
		return f.err.Error()
	}
	return fmt.Sprintf("status %d", f.Status)
}

// harmless says whether a request may be made again after a failure that does
// not tell whether it was done. A certificate is not better the next time.
func harmless(req *http.Request, f *failure) bool {
	var cert *tls.CertificateVerificationError
	if errors.As(f.err, &cert) {
		return false
	}
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return req.Context().Value(repeatKey) != nil || !f.Unknown
}

// growing is the wait after the nth attempt where the server names none, and up
// to half as much again, so that jobs that failed together don't return
// together.
func growing(a again, n int) time.Duration {
	first := firstWait
	if a == limited {
		first = limitWait
	}
	d := first << (n - 1)
	return d + rand.N(d/2)
}

type contextKey int

const (
	readKey contextKey = iota
	repeatKey
	callKey
	needsKey
)

// reading marks a POST that changes nothing.
func reading(ctx context.Context) context.Context {
	return context.WithValue(repeating(ctx), readKey, true)
}

// repeating marks a write that does no more when it is made twice, though its
// method does not say so.
func repeating(ctx context.Context) context.Context { return context.WithValue(ctx, repeatKey, true) }

// call begins a call of this package's: its waits share one allowance, and it
// needs a permission as a whole, "issues: write", of which a single request may
// need less.
func (c *Client) call(ctx context.Context, needs string) context.Context {
	ctx = context.WithValue(ctx, needsKey, needs)
	return context.WithValue(ctx, callKey, &allowance{all: c.options.MaxWait, left: c.options.MaxWait})
}

func budget(ctx context.Context, o Options) *allowance {
	if a, ok := ctx.Value(callKey).(*allowance); ok {
		return a
	}
	return &allowance{all: o.MaxWait, left: o.MaxWait}
}

// allowance is the time that a call may wait.
type allowance struct {
	mu        sync.Mutex
	all, left time.Duration
}

// take takes d, or says what there is.
func (a *allowance) take(ctx context.Context, d time.Duration, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d > a.left {
		return fmt.Errorf("the next attempt is to wait %v, and of the %v that are waited %v are left", d.Round(time.Second), a.all, a.left.Round(time.Second))
	}
	if deadline, ok := ctx.Deadline(); ok && d > deadline.Sub(now) {
		return fmt.Errorf("the next attempt is to wait %v, and there are %v until the deadline", d.Round(time.Second), deadline.Sub(now).Round(time.Second))
	}
	a.left -= d
	return nil
}

// writes makes writes follow one another, a second apart: what GitHub asks of
// its clients, and what keeps them out of its secondary limits.
type writes struct {
	turn chan struct{} // holds the one turn while nobody has it
	last *time.Time    // of whoever has the turn
}

func newWrites() writes {
	w := writes{turn: make(chan struct{}, 1), last: new(time.Time)}
	w.turn <- struct{}{}
	return w
}

func (w writes) begin(ctx context.Context) error {
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w writes) end() { w.turn <- struct{}{} }

// space waits until a second has gone since the last write's beginning.
func (w writes) space(ctx context.Context, o Options) error {
	if rest := writeSpace - o.Now().Sub(*w.last); !w.last.IsZero() && rest > 0 {
		if err := o.Sleep(ctx, min(rest, writeSpace)); err != nil {
			return err
		}
	}
	*w.last = o.Now()
	return nil
}
