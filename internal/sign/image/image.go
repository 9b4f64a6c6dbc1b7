// Package image signs container images and attests what is known of them, and
// verifies both as a stranger would, with nothing but the registry. Stock cosign
// reads what is written here, and the other way round.
//
// There are two layouts. In a bundle's, the newer one, everything is an in-toto
// statement about the image's digest, signed as a Sigstore bundle, in a manifest
// whose subject is the image. In a tag's, the older one, all signatures of an image
// are the layers of one manifest, and all attestations those of another, under tags
// that are made of the digest.
//
// The package reads no environment and no configuration.
package image

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/checkout-deploy/internal/sign"
)

// ErrMissing is about what is not there at all: the image, a signature of it, a
// required attestation. Such an error is sign.ErrRefused too.
var ErrMissing = errors.New("missing")

// Layout is a way to keep signatures and attestations beside an image.
type Layout string

// The layouts.
const (
	// Bundle is cosign's new bundle format: a referrer (OCI 1.1), listed under a tag
	// where the registry lists none.
	Bundle Layout = "bundle"
	// Tag is cosign's old format: sha256-….sig and sha256-….att.
	Tag Layout = "tag"
)

const (
	// maxRead bounds the signatures and attestations that are read of one layout.
	maxRead = 100
	// maxLayers is how many signatures cosign reads of a tag; it takes no more.
	maxLayers   = 1000
	maxManifest = 4 << 20
)

// Registry is where images lie, and what is said of them. It is safe for concurrent
// use.
type Registry struct {
	// Options say how to get there: credentials, transport. Attempts and the context
	// are not theirs.
	Options []remote.Option
	// Sleep waits between attempts; nil takes a timer.
	Sleep func(context.Context, time.Duration) error
	// Random is in [0, 1), and spreads attempts; nil takes math/rand.
	Random func() float64
}

// Options say how to sign.
type Options struct {
	Signer sign.Signer
	// Layouts are written in this order; none is Bundle.
	Layouts []Layout
	// Trust is the signer's: Tag keeps the certificates above the signer's too.
	Trust sign.Trust
	// Manifests are the digests, "sha256:…", of those in an index that are signed as
	// well, before the index; whatever else it lists is not. Attest does not read
	// them: what is known of one platform is not known of another.
	Manifests []string
	// Known says whose signature is as good as a new one: what is there by it is not
	// signed again. nil signs in any case.
	Known sign.Verifier
	// Time is noted beside a bundle; no verifier believes it. The zero value notes
	// none.
	Time time.Time
}

func (o *Options) layouts() ([]Layout, error) {
	if o.Signer == nil {
		return nil, errors.New("got nothing to sign with")
	}
	list := o.Layouts
	if len(list) == 0 {
		list = []Layout{Bundle}
	}
	for i, l := range list {
		if l != Bundle && l != Tag {
			return nil, fmt.Errorf("got the layout %q; it is %q or %q", string(l), string(Bundle), string(Tag))
		}
		if slices.Contains(list[:i], l) {
			return nil, fmt.Errorf("got the layout %q twice", string(l))
		}
	}
	return list, nil
}

// Written is one signature or attestation beside an image.
type Written struct {
	Layout  Layout
	Subject name.Digest // the image it is about
	// Place is where it is: a manifest of its own, or a tag.
	Place name.Reference
	// Existing says that it was there before.
	Existing bool
}

// Sign signs an image, or an index. The registry has to have it already.
func (r *Registry) Sign(ctx context.Context, digest name.Digest, o Options) ([]Written, error) {
	layouts, err := o.layouts()
	if err != nil {
		return nil, err
	}
	subjects, err := r.subjects(ctx, digest, o.Manifests)
	if err != nil {
		return nil, err
	}
	var all []Written
	for _, s := range subjects {
		written, err := r.attach(ctx, s, claim{predicateType: SignatureType}, layouts, &o)
		all = append(all, written...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// Attest signs a predicate, a JSON object, about an image.
func (r *Registry) Attest(ctx context.Context, digest name.Digest, predicateType string, predicate []byte, o Options) ([]Written, error) {
	layouts, err := o.layouts()
	if err != nil {
		return nil, err
	}
	if err := checkPredicate(predicateType, predicate); err != nil {
		return nil, err
	}
	s, err := r.exists(ctx, digest)
	if err != nil {
		return nil, err
	}
	return r.attach(ctx, s, claim{predicateType, predicate}, layouts, &o)
}

// attach writes one claim in each layout. A statement is signed once for all.
func (r *Registry) attach(ctx context.Context, s subject, c claim, layouts []Layout, o *Options) ([]Written, error) {
	var written []Written
	signer := &once{Signer: o.Signer}
	for _, layout := range layouts {
		w, known, err := r.known(ctx, s, c, layout, o.Known)
		if err == nil && !known {
			if layout == Bundle {
				w, err = r.attachBundle(ctx, s, c, signer, o)
			} else {
				w, err = r.attachTag(ctx, s, c, signer, o)
			}
		}
		if err != nil {
			return written, fmt.Errorf("%s, layout %s: %w", s.digest, layout, err)
		}
		written = append(written, w)
	}
	return written, nil
}

// once remembers the bundle of the last statement.
type once struct {
	sign.Signer
	statement, bundle []byte
}

func (s *once) SignStatement(ctx context.Context, statement []byte) ([]byte, error) {
	if s.bundle != nil && string(s.statement) == string(statement) {
		return s.bundle, nil
	}
	bundle, err := s.Signer.SignStatement(ctx, statement)
	if err == nil {
		s.statement, s.bundle = statement, bundle
	}
	return bundle, err
}
