package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxErrorBody = 8 << 10 // of a failed answer's body, read
	maxShown     = 512     // of it, in the error
)

// rejection is an answer that is not the wanted one.
type rejection struct {
	status  int
	code    string // Twirp's or Azure's word for it, "" if none
	message string // safe to show
}

func (r *rejection) Error() string {
	text := fmt.Sprintf("got status %d", r.status)
	if r.code != "" {
		text += fmt.Sprintf(" (%.60q)", r.code)
	}
	if r.message != "" {
		text += fmt.Sprintf(", %q", r.message)
	}
	return text
}

// Unwrap gives the kind that callers branch on.
func (r *rejection) Unwrap() error {
	switch {
	case r.status == http.StatusUnauthorized || r.status == http.StatusForbidden || r.quota():
		return ErrRefused
	case r.status == http.StatusNotFound && r.code == "not_found":
		return ErrNotFound
	}
	return nil
}

// quota recognises the one refusal for which the service has no code of its own:
// GitHub's client looks for these words too.
func (r *rejection) quota() bool { return strings.Contains(r.message, "insufficient usage") }

func (r *rejection) temporary() bool {
	switch r.status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return !r.quota()
	}
	return false
}

// send does one request and returns the answer if its status is want. Other
// answers and failures to get one are errors, transient where trying again may
// help. None holds the request's URL, nor any of secrets.
func (c *Client) send(req *http.Request, want int, secrets ...string) (*http.Response, error) {
	req.Header.Set("User-Agent", "checkout-deploy")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &transient{err: redact(withoutURL(req.Context(), err), secrets)}
	}
	if resp.StatusCode == want {
		return resp, nil
	}
	defer resp.Body.Close()
	r := describe(resp, secrets)
	if !r.temporary() {
		return nil, r
	}
	return nil, &transient{err: r, after: c.retryAfter(resp.Header.Get("Retry-After"))}
}

// withoutURL takes the cause out of net/http's error, which quotes the URL, and
// prefers the reason for which the context ended.
func withoutURL(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var outer *url.Error
	for errors.As(err, &outer) {
		err = outer.Err
	}
	return err
}

func redact(err error, secrets []string) error {
	if text := mask(err.Error(), secrets); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// mask takes each secret out of text, as it is and as it looks in a URL. One that
// holds another comes before it.
func mask(text string, secrets []string) string {
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			if len(form) > 3 { // the rest would tear words apart and hides nothing
				text = strings.ReplaceAll(text, form, "***")
			}
		}
	}
	return text
}

// describe reads what the server says about a failure.
func describe(resp *http.Response, secrets []string) *rejection {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	code, text := resp.Header.Get("x-ms-error-code"), string(body)
	if m, err := parseMessage(body); err == nil && m.text("code")+m.text("msg") != "" {
		code, text = m.text("code"), m.text("msg")
	}
	text = strings.ToValidUTF8(mask(text, secrets), "")
	if len(body) == maxErrorBody {
		text = withoutTail(text, secrets)
	}
	text = strings.TrimSpace(text)
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return &rejection{status: resp.StatusCode, code: mask(code, secrets), message: text}
}

// withoutTail drops as much of the end as the first part of a secret may fill,
// whose rest was not read and which is therefore not masked.
func withoutTail(text string, secrets []string) string {
	longest := 0
	for _, s := range secrets {
		longest = max(longest, len(url.QueryEscape(s)), len(url.PathEscape(s)))
	}
	return text[:max(len(text)-longest, 0)]
}

// retryAfter reads the header's two forms, RFC 9110 section 10.2.3; 0 for none.
func (c *Client) retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(c.options.Now()), 0)
	}
	return 0
}
