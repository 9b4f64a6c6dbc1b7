//go:build goexperiment.jsonv2

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/image"
	"github.com/org/checkout-deploy/internal/scan"
	"github.com/org/checkout-deploy/internal/sign"
	signimage "github.com/org/checkout-deploy/internal/sign/image"
)

// Open finds an image.
func (t *Tools) Open(ctx context.Context, reference string, o scanimage.ImageOptions) (scanimage.Image, error) {
	ref, err := image.Parse(reference)
	if err != nil {
		return nil, action.Misuse(err)
	}
	of, err := image.Parse(o.For)
	if err != nil {
		return nil, action.Misuse(err)
	}
	registry, err := t.registry(of.Host(), o.Username, o.Password, o.DockerConfig)
	if err != nil {
		return nil, action.Misuse(err)
	}
	if o.Insecure {
		registry.Insecure = []string{of.Host()}
	}
	source, err := image.Open(ctx, ref, image.Options{
		Platforms: o.Platforms, MaxSize: o.MaxSize, Registry: registry, Dir: o.Dir, DockerHost: o.DockerHost,
	})
	if err != nil {
		return nil, blame(err)
	}
	return &opened{ref: ref, registry: registry, source: source, ctx: ctx, tools: t}, nil
}

// opened is an image that was found.
type opened struct {
	ref      image.Reference
	registry *image.Registry
	source   *image.Source
	ctx      context.Context //nolint:containedctx // of the requests that read it
	tools    *Tools
}

func (o *opened) Name() string       { return o.source.Name }
func (o *opened) Repository() string { return o.ref.Repository() }
func (o *opened) Digest() string     { return o.source.Digest }
func (o *opened) Close() error       { return o.source.Close() }

func (o *opened) Platforms() (all []scanimage.Platform) {
	for _, p := range o.source.Platforms {
		all = append(all, scanimage.Platform{Name: p.Platform, Digest: p.Digest})
	}
	return all
}

func (o *opened) Left() (all []string) {
	for _, l := range o.source.Left {
		if l.Why != image.Unwanted {
			all = append(all, fmt.Sprintf("%s (%s) was not scanned: %s", cmp.Or(l.Platform, "a manifest of no platform"), l.Digest, l.Why))
		}
	}
	return all
}

func (o *opened) Signatures() scanimage.Signatures {
	if o.ref.Transport != image.Docker {
		return nil
	}
	return &signatures{opened: o, registry: &signimage.Registry{Options: o.registry.Remote(o.ctx), Sleep: o.tools.Sleep}}
}

// signatures are what lies beside an image.
type signatures struct {
	*opened
	registry *signimage.Registry
}

func (s *signatures) at(digest string) (name.Digest, error) {
	return name.NewDigest(s.ref.Repository()+"@"+digest, s.opened.registry.Named(s.ref.Host())...)
}

func options(o scanimage.SignOptions) signimage.Options {
	to := signimage.Options{Signer: o.Signer, Known: o.Known, Trust: o.Trust, Time: o.Now}
	for _, l := range o.Layouts {
		to.Layouts = append(to.Layouts, signimage.Layout(l))
	}
	return to
}

func (s *signatures) Sign(ctx context.Context, o scanimage.SignOptions) error {
	digest, err := s.at(s.Digest())
	if err != nil {
		return err
	}
	to := options(o)
	for _, p := range s.Platforms() {
		to.Manifests = append(to.Manifests, p.Digest)
	}
	_, err = s.registry.Sign(ctx, digest, to)
	return err
}

func (s *signatures) Attest(ctx context.Context, digest, predicateType string, predicate []byte, o scanimage.SignOptions) error {
	at, err := s.at(digest)
	if err != nil {
		return err
	}
	_, err = s.registry.Attest(ctx, at, predicateType, predicate, options(o))
	return err
}

func (s *signatures) Verify(ctx context.Context, digest string, by sign.Verifier, types []string) (scanimage.Verified, error) {
	at, err := s.at(digest)
	if err != nil {
		return scanimage.Verified{}, err
	}
	found, err := s.registry.Verify(ctx, at, signimage.Policy{By: by, Predicates: types})
	if err != nil {
		return scanimage.Verified{}, err
	}
	var v scanimage.Verified
	for _, one := range found.Signatures {
		v.By = append(v.By, one.By)
	}
	for _, one := range found.Attestations {
		v.Attestations = append(v.Attestations, scanimage.Attestation{Type: one.PredicateType, Predicate: one.Predicate})
	}
	return v, nil
}

func (s *signatures) TagDigest(ctx context.Context, tag string) (string, error) {
	digest, err := s.opened.registry.TagDigest(ctx, s.ref, tag)
	return digest, blame(err)
}

func (s *signatures) Tag(ctx context.Context, digest, tag string) error {
	ref, err := s.ref.At(digest)
	if err != nil {
		return err
	}
	_, err = s.opened.registry.Tag(ctx, ref, tag)
	return blame(err)
}

// blame says who has to do something about a registry's error.
func blame(err error) error {
	var known *image.Error
	switch {
	case err == nil || !errors.As(err, &known):
		return err
	case errors.Is(err, image.ErrUnauthorized):
		return &action.Error{Kind: action.Refused, Err: err}
	case errors.Is(err, image.ErrUnavailable):
		return &action.Error{Kind: action.Unavailable, Err: err}
	}
	return err
}

// view is a scan as the action has it.
func view(s *scan.Scan) scanimage.Scan {
	return scanimage.Scan{Report: s.Report, Warnings: s.Warnings, Write: func(ctx context.Context, w io.Writer, format string) error {
		if err := s.Write(ctx, w, scan.Format(format)); err != nil {
			return fmt.Errorf("writing the SBOM: %w", err)
		}
		return nil
	}}
}
