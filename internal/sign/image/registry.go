package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/sign"
)

const (
	maxAttempts = 4
	maxQuote    = 300
)

// failure is what a registry did not give, and of what kinds that is.
type failure struct {
	kinds []error
	text  string
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return slices.Contains(f.kinds, target) }

func refuse(format string, args ...any) error {
	return &failure{[]error{sign.ErrRefused}, fmt.Sprintf(format, args...)}
}

func missing(format string, args ...any) error {
	return &failure{[]error{sign.ErrRefused, ErrMissing}, fmt.Sprintf(format, args...)}
}

func unavailable(format string, args ...any) error {
	return &failure{[]error{sign.ErrUnavailable}, fmt.Sprintf(format, args...)}
}

// try asks until there is an answer. What it does has to be safe to do again.
func (r *Registry) try(ctx context.Context, what string, do func([]remote.Option) error) error {
	options := append(slices.Clip(r.Options), remote.WithContext(ctx),
		// The library's own attempts wait on a clock of their own.
		remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(error) bool { return false }), remote.WithRetryBackoff(remote.Backoff{Steps: 1}))
	for attempt := 1; ; attempt++ {
		err := classify(ctx, what, do(options))
		if err == nil || !errors.Is(err, sign.ErrUnavailable) || attempt == maxAttempts {
			return err
		}
		if err := r.sleep(ctx, r.wait(attempt)); err != nil {
			return err
		}
	}
}

// wait is one second, two, four, each to a half left to chance: jobs that were
// refused together would come again together.
func (r *Registry) wait(attempt int) time.Duration {
	random := r.Random
	if random == nil {
		random = rand.Float64
	}
	longest := time.Second << (attempt - 1)
	return longest/2 + time.Duration(random()*float64(longest/2))
}

func (r *Registry) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
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

// classify gives an error its kind. Whatever is no answer of the registry's, a
// connection that breaks or bytes that are not those of a digest, is unavailable.
func classify(ctx context.Context, what string, err error) error {
	var own *failure
	var answer *transport.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case errors.As(err, &own):
		return err
	case !errors.As(err, &answer):
		return unavailable("%s: the registry did not answer: %s", what, excerpt(err))
	}
	switch code := answer.StatusCode; {
	case code == http.StatusNotFound:
		return missing("%s: the registry has none: %s", what, excerpt(err))
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return refuse("%s: the registry answered %d; the credentials are missing, wrong, or for something else: %s", what, code, excerpt(err))
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return unavailable("%s: the registry answered %d at each of %d attempts: %s", what, code, maxAttempts, excerpt(err))
	default:
		return refuse("%s: the registry answered %d: %s", what, code, excerpt(err))
	}
}

// excerpt quotes what somebody else wrote.
func excerpt(err error) string { return quote(err.Error()) }

func quote(s string) string { return fmt.Sprintf("%.*q", maxQuote, s) }

// subject is an image that is there.
type subject struct {
	digest name.Digest
	desc   v1.Descriptor // media type, digest and size
}

// hash is a digest of the one kind that statements, tags and cosign share.
func hash(d name.Digest) (v1.Hash, error) {
	h, err := v1.NewHash(d.DigestStr())
	if err != nil || h.Algorithm != "sha256" {
		return h, fmt.Errorf("got the digest %q; an image to sign or verify is named by sha256:… and 64 hex digits", d.DigestStr())
	}
	return h, nil
}

// exists asks for the image.
func (r *Registry) exists(ctx context.Context, d name.Digest) (subject, error) {
	h, err := hash(d)
	if err != nil {
		return subject{}, err
	}
	var got *v1.Descriptor
	err = r.try(ctx, "looking for "+d.String(), func(o []remote.Option) (err error) {
		got, err = remote.Head(d, o...)
		return err
	})
	if err != nil {
		return subject{}, err
	}
	return subject{d, v1.Descriptor{MediaType: got.MediaType, Digest: h, Size: got.Size}}, nil
}

// subjects are the manifests and, after them, the image: an index that is signed has
// platforms that are. All are there before the first is signed.
func (r *Registry) subjects(ctx context.Context, d name.Digest, manifests []string) (all []subject, err error) {
	for _, digest := range manifests {
		if digest == d.DigestStr() {
			continue // the image is its own only platform
		}
		below, err := r.exists(ctx, d.Context().Digest(digest))
		if err != nil {
			return nil, err
		}
		all = append(all, below)
	}
	top, err := r.exists(ctx, d)
	return append(all, top), err
}

// manifest reads one, whose bytes are those of the digest where it is named by one.
func (r *Registry) manifest(ctx context.Context, ref name.Reference) ([]byte, error) {
	var got *remote.Descriptor
	err := r.try(ctx, "reading "+ref.String(), func(o []remote.Option) (err error) {
		got, err = remote.Get(ref, o...)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(got.Manifest) > maxManifest {
		return nil, refuse("%s has %d bytes; a manifest has %d at most", ref, len(got.Manifest), maxManifest)
	}
	return got.Manifest, nil
}

// blob reads one, whose bytes are those of the digest.
func (r *Registry) blob(ctx context.Context, d name.Digest, limit int64) (data []byte, err error) {
	err = r.try(ctx, "reading "+d.String(), func(o []remote.Option) error {
		layer, err := remote.Layer(d, o...)
		if err != nil {
			return err
		}
		body, err := layer.Compressed()
		if err != nil {
			return err
		}
		defer body.Close()
		if data, err = io.ReadAll(io.LimitReader(body, limit+1)); err == nil && int64(len(data)) > limit {
			return refuse("%s has over %d bytes", d, limit)
		}
		return err
	})
	return data, err
}

// referrers lists what says to be about the image: its own list, or the one under
// a tag.
func (r *Registry) referrers(ctx context.Context, d name.Digest) (list []v1.Descriptor, err error) {
	err = r.try(ctx, "listing what refers to "+d.String(), func(o []remote.Option) error {
		list, err = listReferrers(d, o)
		return err
	})
	return list, err
}

func listReferrers(d name.Digest, o []remote.Option) ([]v1.Descriptor, error) {
	index, err := remote.Referrers(d, o...)
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	return m.Manifests, nil
}

// listed says whether a referrer is in the list that anybody may write at the same
// time, which registries that list none themselves are given.
func listed(d name.Digest, made v1.Hash, o []remote.Option) (bool, error) {
	_, err := remote.Head(fallback(d), o...)
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	list, err := listReferrers(d, o)
	return slices.ContainsFunc(list, func(m v1.Descriptor) bool { return m.Digest == made }), err
}

// fallback is the tag of that list, and begins the names of cosign's own.
func fallback(d name.Digest) name.Tag {
	h, _ := v1.NewHash(d.DigestStr()) // a subject's was parsed
	return d.Context().Tag(h.Algorithm + "-" + h.Hex)
}

// raw is a manifest's bytes, to be written as they are.
type raw []byte

func (r raw) RawManifest() ([]byte, error)        { return r, nil }
func (r raw) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
