package database

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	maxAttempts = 4 // of one repository
	firstWait   = time.Second
	longestWait = time.Minute // whatever Retry-After asks for
	maxQuote    = 300
)

// repository has what one repository offers put in place, or returns nil where that
// is what the cache folder is known to have.
func (g *getter) repository(ctx context.Context, ref name.Reference, known string) (*candidate, error) {
	bounded, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	got, err := g.attempts(bounded, ref, known)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return nil, &failure{ErrUnavailable, fmt.Sprintf("took longer than %s", g.Timeout)}
	}
	return got, err
}

func (g *getter) attempts(ctx context.Context, ref name.Reference, known string) (*candidate, error) {
	for attempt := 1; ; attempt++ {
		carrier := &carrier{base: g.Transport, silence: g.Silence, now: g.Now, after: timer}
		got, err := g.once(ctx, ref, known, carrier)
		if err == nil || ctx.Err() != nil {
			return got, err
		}
		if err = explain(err); !errors.Is(err, ErrUnavailable) {
			return nil, err
		}
		if attempt == maxAttempts {
			return nil, fmt.Errorf("%w (%d attempts)", err, maxAttempts)
		}
		if err := g.Sleep(ctx, max(carrier.asked, g.wait(attempt))); err != nil {
			return nil, err
		}
	}
}

// wait doubles with each attempt, less up to a half by chance: jobs that started
// together don't come back together.
func (g *getter) wait(attempt int) time.Duration {
	full := firstWait << (attempt - 1)
	return full - time.Duration(g.jitter()*float64(full/2))
}

func (g *getter) once(ctx context.Context, ref name.Reference, known string, c *carrier) (*candidate, error) {
	options := append(append([]remote.Option(nil), g.Remote...),
		remote.WithTransport(c), remote.WithContext(ctx),
		remote.WithRetryStatusCodes(), // the attempts are ours
		remote.WithRetryPredicate(func(error) bool { return false }),
	)
	puller, err := remote.NewPuller(options...)
	if err != nil {
		return nil, err
	}
	head, err := puller.Head(ctx, ref)
	if err != nil {
		return nil, err
	}
	if head.Digest.String() == known {
		return nil, nil
	}
	desc, err := puller.Get(ctx, ref.Context().Digest(head.Digest.String()))
	if err != nil {
		return nil, err
	}
	img, err := desc.Image()
	if err != nil {
		return nil, err
	}
	found, err := g.artifactOf(img, desc.Digest.String())
	if err != nil {
		return nil, err
	}
	found.source = ref.Name()
	return g.install(ctx, found)
}

// artifact is a layer that can be installed, and what its manifest says.
type artifact struct {
	source, digest string
	created        time.Time
	version        string
	size           int64 // of the layer, as it travels; -1 is unknown
	layer          v1.Hash
	open           func() (io.ReadCloser, error)
}

// artifactOf is the image's one layer.
func (g *getter) artifactOf(img v1.Image, digest string) (*artifact, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return nil, err
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) != 1 {
		return nil, fmt.Errorf("got an artifact of %d layers, want one of type %s", len(layers), g.Kind.mediaType)
	}
	if got := manifest.Layers[0].MediaType; got != g.Kind.mediaType {
		return nil, fmt.Errorf("got a layer of type %.100q, want %s", got, g.Kind.mediaType)
	}
	created, _ := time.Parse(time.RFC3339, manifest.Annotations["org.opencontainers.image.created"]) // else unknown
	if created.IsZero() {
		created = g.Now().UTC()
	}
	return &artifact{
		digest: digest, created: created, version: manifest.Annotations["org.opencontainers.image.version"],
		size: manifest.Layers[0].Size, layer: manifest.Layers[0].Digest,
		open: layers[0].Compressed,
	}, nil
}

// explain says what a failed request means.
func explain(err error) error {
	var answer *transport.Error
	if errors.As(err, &answer) {
		kind := errUnknown
		switch code := answer.StatusCode; {
		case code == http.StatusUnauthorized || code == http.StatusForbidden:
			kind = ErrRefused
		case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
			kind = ErrUnavailable
		}
		return &failure{kind, excerpt(fmt.Sprintf("answered %d %s: %v", answer.StatusCode, http.StatusText(answer.StatusCode), err))}
	}
	if passing(err) {
		return &failure{ErrUnavailable, excerpt(err.Error())}
	}
	return err
}

var errUnknown = errors.New("a registry said no")

// passing says whether an error of the network may be gone the next time.
func passing(err error) bool {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	var request *url.Error
	var operation *net.OpError
	switch {
	case errors.As(err, &certificate), errors.As(err, &dns) && dns.IsNotFound:
		return false
	case errors.Is(err, errSilent), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, os.ErrDeadlineExceeded):
		return true
	}
	return errors.As(err, &request) || errors.As(err, &operation)
}

// excerpt is a registry's text as one line of ours.
func excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(clean) > maxQuote {
		clean = strings.ToValidUTF8(clean[:maxQuote], "") + "…"
	}
	return clean
}

var errSilent = errors.New("the registry was silent")

// carrier is the transport of one attempt: it hears when to come back, and ends a
// request on which nothing has come for too long.
type carrier struct {
	base    http.RoundTripper
	silence time.Duration
	now     func() time.Time
	after   func(time.Duration, func()) alarm
	asked   time.Duration
}

// alarm is a time.Timer, or a test's.
type alarm interface {
	Reset(time.Duration) bool
	Stop() bool
}

func timer(d time.Duration, do func()) alarm {
	return time.AfterFunc(d, do) //nolint:forbidigo // a real timer, as it is a real connection that it ends
}

func (c *carrier) RoundTrip(request *http.Request) (*http.Response, error) {
	base := c.base
	if base == nil {
		base = remote.DefaultTransport
	}
	ctx, cancel := context.WithCancelCause(request.Context())
	silent := c.after(c.silence, func() { cancel(fmt.Errorf("%w for %s", errSilent, c.silence)) })
	end := func() { silent.Stop(); cancel(nil) }
	response, err := base.RoundTrip(request.Clone(ctx))
	if err != nil {
		end()
		return nil, causeOf(ctx, err)
	}
	if response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= 500 {
		c.asked = min(retryAfter(response.Header.Get("Retry-After"), c.now()), longestWait)
	}
	response.Body = &body{ReadCloser: response.Body, ctx: ctx, alive: func() { silent.Reset(c.silence) }, end: end}
	return response, nil
}

// causeOf tells silence from other ends.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
		return cause
	}
	return err
}

type body struct {
	io.ReadCloser
	ctx   context.Context
	alive func()
	end   func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		return n, causeOf(b.ctx, err)
	}
	if n > 0 {
		b.alive()
	}
	return n, err
}

func (b *body) Close() error {
	b.end()
	return b.ReadCloser.Close()
}

// retryAfter reads both forms of RFC 9110, section 10.2.3; 0 for none.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
