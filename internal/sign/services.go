package sign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-openapi/runtime"
	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/sigstore/rekor/pkg/generated/client/entries"
	"github.com/sigstore/sigstore-go/pkg/sign"
)

const (
	maxAttempts = 4
	maxAnswer   = 1 << 20
	maxWait     = 30 * time.Second
	timeout     = 30 * time.Second // of one attempt
	maxQuote    = 300
)

func trimSlash(s string) string { return strings.TrimRight(s, "/") }

func (s *Services) check() error {
	var problems []error
	for _, of := range []struct{ what, address string }{
		{"Fulcio's address", s.Fulcio}, {"Rekor's address", s.Rekor}, {"the timestamp authority's address", s.TSA},
	} {
		if of.address != "" {
			problems = append(problems, checkAddress(of.what, of.address))
		}
	}
	return errors.Join(problems...)
}

// checkAddress quotes no query: the identity token's URL may hold a secret.
func checkAddress(what, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%s is no URL with a host and without a user", what)
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("got %s %q; it is https, except on this machine", what, u.Scheme+"://"+u.Host)
	}
	return nil
}

// transport carries the requests of one signature: bounded in time, size and
// attempts. It answers with an error for all that is no success, so that the
// libraries above need not tell.
type transport struct {
	ctx      context.Context // the libraries pass none on
	services *Services
	who      string
}

func (s *Services) transport(ctx context.Context, who string) http.RoundTripper {
	return &transport{ctx: ctx, services: s, who: who}
}

// failure is a service's no, or its silence.
type failure struct {
	kind error
	text string
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return target == f.kind }

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		body, err = io.ReadAll(request.Body)
		if err = errors.Join(err, request.Body.Close()); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		response, wait, err := t.once(request, body)
		if err == nil || !errors.Is(err, ErrUnavailable) || attempt == maxAttempts {
			return response, err
		}
		if err := t.services.sleep(t.ctx, max(wait, time.Second<<(attempt-1))); err != nil {
			return nil, err
		}
	}
}

func (t *transport) once(request *http.Request, body []byte) (*http.Response, time.Duration, error) {
	ctx, cancel := context.WithTimeout(t.ctx, timeout)
	defer cancel()
	request = request.Clone(ctx)
	request.Body = io.NopCloser(bytes.NewReader(body))
	response, err := t.services.roundTripper().RoundTrip(request)
	if err != nil {
		if t.ctx.Err() != nil {
			return nil, 0, t.ctx.Err()
		}
		return nil, 0, &failure{ErrUnavailable, fmt.Sprintf("%s at %s did not answer: %v", t.who, request.URL.Host, err)}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil || len(data) > maxAnswer {
		return nil, 0, &failure{ErrUnavailable, fmt.Sprintf("%s at %s gave an answer that breaks off or has over %d bytes", t.who, request.URL.Host, maxAnswer)}
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
	text := fmt.Sprintf("%s at %s answered %d: %s", t.who, request.URL.Host, response.StatusCode, t.excerpt(request, data))
	switch code := response.StatusCode; {
	case code == http.StatusOK || code == http.StatusCreated:
		return response, 0, nil
	case code == http.StatusTooManyRequests || code >= 500:
		return nil, retryAfter(response), &failure{ErrUnavailable, text}
	default:
		return nil, 0, &failure{ErrRefused, text}
	}
}

// excerpt quotes an answer, unless it repeats the request's secret.
func (t *transport) excerpt(request *http.Request, data []byte) string {
	_, secret, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	if secret != "" && bytes.Contains(data, []byte(secret)) {
		return "(an answer that holds the token)"
	}
	return fmt.Sprintf("%q", data[:min(len(data), maxQuote)])
}

func retryAfter(r *http.Response) time.Duration {
	d, err := time.ParseDuration(r.Header.Get("Retry-After") + "s")
	if err != nil || d < 0 {
		return 0
	}
	return min(d, maxWait)
}

func (s *Services) roundTripper() http.RoundTripper {
	if s.HTTP != nil && s.HTTP.Transport != nil {
		return s.HTTP.Transport
	}
	return http.DefaultTransport
}

func (s *Services) sleep(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	timer := time.NewTimer(d) //nolint:forbidigo // the one real wait, in nobody's test
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rekor is the log's client, with our transport in the place of its own.
func (s *Services) rekor(ctx context.Context) sign.Transparency {
	u, err := url.Parse(trimSlash(s.Rekor))
	if err != nil {
		panic(err) // check has parsed it
	}
	carrier := httptransport.NewWithClient(u.Host, u.Path, []string{u.Scheme}, &http.Client{Transport: s.transport(ctx, "Rekor")})
	carrier.Consumers["application/json"] = runtime.JSONConsumer()
	carrier.Producers["application/json"] = runtime.JSONProducer()
	return sign.NewRekor(&sign.RekorOptions{BaseURL: s.Rekor, Client: entries.New(carrier, strfmt.Default)})
}

// classify keeps what the transport said, or takes a service for unavailable
// that answered something else than what it is.
func classify(ctx context.Context, err error) error {
	var f *failure
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &f):
		return f
	default:
		return &failure{ErrUnavailable, fmt.Sprintf("signing: a service answered something else than what it is for: %v", err)}
	}
}

// token asks GitHub for the job's identity.
func (o *KeylessOptions) token(ctx context.Context) (string, error) {
	u, err := url.Parse(o.RequestURL)
	if err != nil {
		return "", errors.New("the identity token's request URL is none")
	}
	query := u.Query()
	query.Set("audience", o.Audience)
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", errors.New("the identity token's request URL is none")
	}
	request.Header.Set("Authorization", "Bearer "+o.RequestToken)
	request.Header.Set("Accept", "application/json")
	response, err := o.Services.transport(ctx, "the issuer of identities").RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct{ Value string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || strings.Count(answer.Value, ".") != 2 {
		return "", &failure{ErrUnavailable, fmt.Sprintf("the issuer of identities at %s answered with something else than a token", u.Host)}
	}
	return answer.Value, nil
}
