// Package artifact hands folders from job to job as GitHub workflow artifacts,
// protocol v4, from inside a container action and without Node.
//
// The protocol has no published specification; the source followed is GitHub's
// own client, @actions/artifact (actions/toolkit, packages/artifact). A Twirp
// service takes JSON and a bearer token; the bytes, one zip, go to and come from
// a blob host, by URLs that the service signs.
//
// The bearer token goes to the service only, no redirect is followed, and
// neither the token nor a signed URL is in an error.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// What a caller may branch on, with errors.Is.
var (
	// ErrNotFound: the run has no finished artifact of that name.
	ErrNotFound = errors.New("no such artifact")
	// ErrTaken: the name belongs to other content, or to an upload that
	// nobody finished. Artifacts are never overwritten.
	ErrTaken = errors.New("the name is taken")
	// ErrRefused: the token may not do this, or the quota is used up. Trying
	// again does not help.
	ErrRefused = errors.New("refused")
	// ErrUnavailable: the service or the blob host failed at every attempt, or
	// asked for a longer wait than maxWait.
	ErrUnavailable = errors.New("unavailable")
)

// Runtime is what the runner tells an action about the service.
type Runtime struct {
	ResultsURL string // ACTIONS_RESULTS_URL; only its origin counts
	Token      string // ACTIONS_RUNTIME_TOKEN, a secret
}

// Options are the client's means. Now is required.
type Options struct {
	// Now is the clock, for dates in Retry-After and for RetentionDays.
	Now func() time.Time
	// Sleep waits between attempts; nil takes a timer. It returns early with
	// the context's error.
	Sleep func(context.Context, time.Duration) error
	// HTTP carries the requests; nil takes http.DefaultTransport. Its Timeout,
	// Jar and CheckRedirect are not used: timeouts are set for each request.
	HTTP *http.Client
	// TempDir holds the zip while it is uploaded; "" takes the system's, which
	// an image made FROM scratch lacks.
	TempDir string
	// Limits that are zero are DefaultLimits.
	Limits Limits
	// Parallel is how many blocks are uploaded at once; 0 means 4.
	Parallel int
	// RetentionDays is how long uploads are kept; 0 leaves it to the
	// repository. The service refuses more than the repository allows.
	RetentionDays int
}

// Artifact is one finished artifact of the run.
type Artifact struct {
	ID      int64
	Name    string
	Size    int64          // of the zip, in bytes
	Digest  release.Digest // of the zip; zero in a list whose server gives none
	Created time.Time      // zero where the server gives none

	ids backendIDs // of the job that made it
}

// Client speaks for one job. It is safe for concurrent use.
type Client struct {
	options Options
	service *url.URL
	token   string
	ids     backendIDs
	http    *http.Client
	times   times
	block   int64 // size of all blocks of an upload but the last
}

// times bounds single attempts. Attempts are bounded by maxAttempts.
type times struct {
	call     time.Duration // one request to the service
	block    time.Duration // one block's upload
	stall    time.Duration // without a byte, while downloading
	download time.Duration // one download
}

var defaultTimes = times{
	call:     30 * time.Second,
	block:    5 * time.Minute,
	stall:    time.Minute,
	download: 30 * time.Minute,
}

// New checks the runtime without a request. All that is wrong is reported at
// once.
func New(rt Runtime, o Options) (*Client, error) {
	service, err := serviceOrigin(rt.ResultsURL)
	ids, idErr := idsFromToken(rt.Token)
	if err := errors.Join(err, idErr, o.check()); err != nil {
		return nil, fmt.Errorf("workflow artifacts: %w", err)
	}
	o.Limits.Files = orDefault(o.Limits.Files, DefaultLimits.Files)
	o.Limits.Bytes = orDefault(o.Limits.Bytes, DefaultLimits.Bytes)
	o.Parallel = orDefault(o.Parallel, 4)
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	client := &http.Client{}
	if o.HTTP != nil {
		client.Transport = o.HTTP.Transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{options: o, service: service, token: rt.Token, ids: ids, http: client, times: defaultTimes, block: blockSize}, nil
}

func (o Options) check() error {
	var problems []error
	if o.Now == nil {
		problems = append(problems, errors.New("Options.Now: got nil, want a clock"))
	}
	if o.Limits.Files < 0 || o.Limits.Bytes < 0 || o.Limits.Bytes > maxBytes || o.Parallel < 0 || o.RetentionDays < 0 {
		problems = append(problems, fmt.Errorf("Options: got a negative number, or Limits.Bytes over %d, want 0 or more", int64(maxBytes)))
	}
	return errors.Join(problems...)
}

func orDefault[T int | int64](got, otherwise T) T {
	if got == 0 {
		return otherwise
	}
	return got
}

// serviceOrigin reads ACTIONS_RESULTS_URL as GitHub's client does: of the path
// nothing is used. Plain http is allowed, because act's server has no other.
func serviceOrigin(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("ACTIONS_RESULTS_URL: got nothing, want the address that the runner gives to actions; " +
			"GitHub Enterprise Server has no artifacts of protocol v4, and a step with run: gets no address")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("ACTIONS_RESULTS_URL: got no such address, want https://host/")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	pause, end := context.WithTimeout(ctx, d)
	defer end()
	<-pause.Done()
	return ctx.Err()
}
