package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/sign"
)

const (
	// SignatureType is the predicate type by which a bundle is an image's signature.
	SignatureType = "https://sigstore.dev/cosign/sign/v1"

	bundleTypes = "application/vnd.dev.sigstore.bundle"
	emptyType   = "application/vnd.oci.empty.v1+json"
)

// attachBundle signs the statement and writes it as a referrer.
func (r *Registry) attachBundle(ctx context.Context, s subject, c claim, signer sign.Signer, o *Options) (Written, error) {
	about, err := c.statement(s.digest)
	if err != nil {
		return Written{}, err
	}
	bundle, err := signer.SignStatement(ctx, about)
	if err != nil {
		return Written{}, err
	}
	place, err := r.putReferrer(ctx, s, c.predicateType, bundle, o.Time)
	return Written{Layout: Bundle, Subject: s.digest, Place: place}, err
}

// putReferrer writes what cosign's WriteAttestationNewBundleFormat writes. That one
// takes the time of each call into the manifest, so a second attempt would be a
// second signature, and does not tell the manifest's digest, to look for it.
func (r *Registry) putReferrer(ctx context.Context, s subject, predicateType string, bundle []byte, at time.Time) (name.Reference, error) {
	config, layer := static.NewLayer([]byte("{}"), emptyType), static.NewLayer(bundle, sign.MediaType)
	manifest := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: sign.MediaType,
		Config: describe([]byte("{}"), emptyType), Layers: []v1.Descriptor{describe(bundle, sign.MediaType)},
		Subject: &s.desc,
		Annotations: map[string]string{
			"dev.sigstore.bundle.content":       "dsse-envelope",
			"dev.sigstore.bundle.predicateType": predicateType,
		},
	}
	if !at.IsZero() {
		manifest.Annotations["org.opencontainers.image.created"] = at.UTC().Format(time.RFC3339)
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	made := describe(data, types.OCIManifestSchema1).Digest
	place := s.digest.Context().Digest(made.String())
	err = r.try(ctx, "writing a bundle beside "+s.digest.String(), func(o []remote.Option) error {
		for _, blob := range []v1.Layer{config, layer} {
			if err := remote.WriteLayer(s.digest.Context(), blob, o...); err != nil {
				return err
			}
		}
		if err := remote.Put(place, raw(data), o...); err != nil {
			return err
		}
		there, err := listed(s.digest, made, o)
		if err == nil && !there {
			return unavailable("%s is written, and somebody else's list of what refers to the image took the place of that with it", place)
		}
		return err
	})
	return place, err
}

func describe(data []byte, mediaType types.MediaType) v1.Descriptor {
	h, size, _ := v1.SHA256(bytes.NewReader(data)) // memory can be read
	return v1.Descriptor{MediaType: mediaType, Digest: h, Size: size}
}

// bundles reads the referrers that may be bundles, up to maxRead of them, and says
// how many more there are.
func (r *Registry) bundles(ctx context.Context, d name.Digest, use func(*found)) (more int, err error) {
	all, err := r.referrers(ctx, d)
	if err != nil {
		return 0, err
	}
	seen := 0
	for _, m := range all {
		if !mayBeBundle(m) {
			continue
		}
		if seen++; seen > maxRead {
			continue
		}
		f, ok := r.readBundle(ctx, d, m)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if ok {
			use(&f)
		}
		if errors.Is(f.broken, sign.ErrUnavailable) {
			return 0, nil // each of the rest would be waited for as long
		}
	}
	return max(0, seen-maxRead), nil
}

// mayBeBundle goes by the type that a registry lists. Some list that of the
// configuration, which is the same for artifacts of all types.
func mayBeBundle(m v1.Descriptor) bool {
	return m.MediaType.IsImage() && (m.ArtifactType == "" || m.ArtifactType == emptyType || strings.HasPrefix(m.ArtifactType, bundleTypes))
}

// readBundle reads one, unless it turns out to be something else.
func (r *Registry) readBundle(ctx context.Context, d name.Digest, m v1.Descriptor) (found, bool) {
	place := d.Context().Digest(m.Digest.String())
	f := found{layout: Bundle, place: place, at: "the referrer " + m.Digest.String()}
	data, err := r.manifest(ctx, place)
	if err != nil {
		f.broken = err
		return f, true
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		f.broken = fmt.Errorf("its manifest can't be read: %s", excerpt(err))
		return f, true
	}
	if len(manifest.Layers) != 1 || !strings.HasPrefix(string(manifest.Layers[0].MediaType), bundleTypes) {
		return f, false
	}
	f.bundle, err = r.blob(ctx, d.Context().Digest(manifest.Layers[0].Digest.String()), sign.MaxBundle)
	if err != nil {
		f.broken = err
		return f, true
	}
	var envelope struct {
		DSSEEnvelope struct{ Payload []byte }
	}
	if err := json.Unmarshal(f.bundle, &envelope); err != nil || envelope.DSSEEnvelope.Payload == nil {
		f.broken = fmt.Errorf("it is no bundle of a statement")
		return f, true
	}
	f.payload = envelope.DSSEEnvelope.Payload
	f.claim, f.about, f.broken = readStatement(f.payload)
	return f, true
}
