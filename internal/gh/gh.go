// Package gh talks to GitHub's REST API: the one client of the house, on
// google/go-github, which knows the paths and the types but neither waits nor
// retries, and takes an answer that it can't read for an empty one.
//
// What lies between it and the network here: the token goes to one host alone,
// redirects are followed on that host with the method they had, answers are
// bounded and have to be the JSON that was asked for, writes go one after the
// other, a second apart, limits are waited out for as long as the caller
// allows, and a request that may have been done is not done again.
package gh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// What a caller may branch on, with errors.Is. An error of none of these kinds
// is GitHub's no to what was asked.
var (
	// ErrRefused: the token is not valid, or may not do this. Trying again does
	// not help.
	ErrRefused = errors.New("refused")
	// ErrNotFound: the repository or what was asked of it isn't there, or the
	// token may not see it: GitHub does not tell these apart.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: GitHub failed at every attempt, asked for a longer wait
	// than is allowed, or something else answered in its place.
	ErrUnavailable = errors.New("unavailable")
)

// DefaultURL is the API of github.com.
const DefaultURL = "https://api.github.com"

// Options are a client's means. Repository, Token and Now are required.
type Options struct {
	// BaseURL is what a runner has in GITHUB_API_URL: https://api.github.com,
	// https://<host>/api/v3 of an Enterprise Server; "" is DefaultURL. Plain
	// http is for this machine's own addresses.
	BaseURL string
	// Repository is owner/name, GITHUB_REPOSITORY on a runner.
	Repository string
	// Token is a secret. It is in no error.
	Token string
	// Now is the clock, for dates in answers that have no date of their own.
	Now func() time.Time
	// Sleep waits; nil takes a timer. It returns early with the context's error.
	Sleep func(context.Context, time.Duration) error
	// HTTP carries the requests; nil takes http.DefaultTransport. Its Timeout,
	// Jar and CheckRedirect are not used.
	HTTP *http.Client
	// UserAgent is what GitHub's logs have; "" is checkout-deploy.
	UserAgent string
	// MaxWait bounds the sum of all waits of one call; 0 is DefaultMaxWait. The
	// context's deadline bounds it too: a wait that does not fit is not begun.
	MaxWait time.Duration
	// Timeout bounds one attempt, from dialling to the answer's last byte; 0 is
	// DefaultTimeout.
	Timeout time.Duration
	// Waiting is told of each wait before it begins; nil if nobody listens.
	Waiting func(Wait)
}

const (
	DefaultMaxWait = 15 * time.Minute
	DefaultTimeout = time.Minute
)

// Wait is why a call takes longer.
type Wait struct {
	For     time.Duration
	Request string // "POST /repos/org/shop/issues"
	Why     string // "GitHub's secondary rate limit"
}

// Client speaks to one repository. It is safe for concurrent use; its writes
// follow one another.
type Client struct {
	options     Options
	base        *url.URL
	owner, repo string
	api         *github.Client
}

// New checks the options without a request. All that is wrong is reported at
// once.
func New(o Options) (*Client, error) {
	base, err := baseURL(o.BaseURL)
	owner, repo, repoErr := ownerAndName(o.Repository)
	if err := errors.Join(err, repoErr, o.check()); err != nil {
		return nil, fmt.Errorf("the GitHub client: %w", err)
	}
	o.setDefaults()
	api := github.NewClient(&http.Client{
		Transport: newTransport(o, base),
		// The transport follows them.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	api.BaseURL, api.UserAgent = base, o.UserAgent
	return &Client{options: o, base: base, owner: owner, repo: repo, api: api}, nil
}

func (o *Options) check() error {
	var problems []error
	if o.Token == "" {
		problems = append(problems, errors.New("got no token; give the step `token: ${{ github.token }}`"))
	}
	if strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		problems = append(problems, errors.New("got a token with spaces, line breaks or letters that none has; is the secret pasted whole, without a line's end?"))
	}
	if o.Now == nil {
		problems = append(problems, errors.New("got no clock"))
	}
	return errors.Join(problems...)
}

func (o *Options) setDefaults() {
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	if o.UserAgent == "" {
		o.UserAgent = "checkout-deploy"
	}
	if o.MaxWait == 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Waiting == nil {
		o.Waiting = func(Wait) {}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d) //nolint:forbidigo // the one real wait, in nobody's test
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// baseURL reads an API's address. It ends with "/", as go-github wants it.
func baseURL(s string) (*url.URL, error) {
	if s == "" {
		s = DefaultURL
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("got the API's URL %.200q, which is none; it is %s or https://<host>/api/v3", s, DefaultURL)
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	switch {
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("got the API's URL %.200q; it is %s or https://<host>/api/v3, without user, query or fragment", u.Redacted(), DefaultURL)
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return nil, fmt.Errorf("got the API's URL %.200q; the token goes by https only", s)
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	return u, nil
}

var repository = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_-]{0,99})/([A-Za-z0-9._-]{1,100})$`)

func ownerAndName(s string) (owner, name string, err error) {
	m := repository.FindStringSubmatch(s)
	if m == nil || m[2] == "." || m[2] == ".." {
		return "", "", fmt.Errorf("got the repository %.200q; it is owner/name, such as org/shop", s)
	}
	return m[1], m[2], nil
}
