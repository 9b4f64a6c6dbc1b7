package image

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Registry is the client of registries. The zero Registry reads public images.
type Registry struct {
	// Keychain knows the credentials, mostly Credentials; nil is none.
	Keychain authn.Keychain
	// Insecure are hosts that are spoken to in plain http, with their ports; this
	// machine's own names always may be.
	Insecure  []string
	UserAgent string

	Transport http.RoundTripper // nil is ggcr's
	Sleep     func(context.Context, time.Duration) error
	// Now is for a Retry-After that names a time; nil does not obey such a one.
	Now func() time.Time
	// Pause is the first wait before another attempt; the next ones double.
	Pause time.Duration // 1 s if 0
	// Idle is how long a registry may be silent amid an answer.
	Idle time.Duration // 60 s if 0
}

// Remote has ggcr's options for this client: credentials, attempts, time limits.
func (r *Registry) Remote(ctx context.Context) []remote.Option {
	opts := []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(r.transport()),
		// One attempt in ggcr's transport; an upload, which can't be sent again
		// from there, is begun anew.
		remote.WithRetryStatusCodes(),
		remote.WithRetryPredicate(uploadAgain),
		remote.WithRetryBackoff(remote.Backoff{Duration: r.pause(), Factor: 2, Jitter: 0.5, Steps: 3}),
		remote.WithUserAgent(r.UserAgent),
	}
	if r.Keychain != nil {
		opts = append(opts, remote.WithAuthFromKeychain(r.Keychain))
	}
	return opts
}

// Named are ggcr's options to parse the name of an image of a host: plain http where
// that is allowed.
func (r *Registry) Named(host string) []name.Option {
	if slices.Contains(r.Insecure, host) {
		return []name.Option{name.Insecure}
	}
	return nil
}

func (r *Registry) transport() http.RoundTripper {
	inner := r.Transport
	if inner == nil {
		inner = remote.DefaultTransport
	}
	once := &idle{inner: &plain{inner: inner, allowed: r.Insecure}, limit: r.idle()}
	return &retry{inner: once, sleep: r.sleep, now: r.Now, pause: r.pause()}
}

// uploadAgain says whether ggcr begins an upload anew. Its transport asks with the
// bare error of one request, which retry has already sent again.
func uploadAgain(err error) bool {
	var answer *transport.Error
	if errors.As(err, &answer) {
		return transient(answer.StatusCode)
	}
	var request *url.Error
	return errors.As(err, &request) && broken(request.Err)
}

func (r *Registry) pause() time.Duration {
	if r.Pause == 0 {
		return time.Second
	}
	return r.Pause
}

func (r *Registry) idle() time.Duration {
	if r.Idle == 0 {
		return time.Minute
	}
	return r.Idle
}

func (r *Registry) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	timer := time.NewTimer(d) //nolint:forbidigo // the one real wait, in nobody's test
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// jittered is between a half and all of a duration.
func jittered(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
