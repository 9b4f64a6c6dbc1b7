package image

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	cosignbundle "github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci"
	"github.com/sigstore/cosign/v2/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	cosigntypes "github.com/sigstore/cosign/v2/pkg/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/org/checkout-deploy/internal/sign"
)

// tagOf is where the old layout keeps signatures, or attestations.
func tagOf(d name.Digest, signatures bool) name.Tag {
	suffix := ".att"
	if signatures {
		suffix = ".sig"
	}
	return d.Context().Tag(fallback(d).TagStr() + suffix)
}

// attachTag signs, and appends to what is under the tag.
func (r *Registry) attachTag(ctx context.Context, s subject, c claim, signer sign.Signer, o *Options) (Written, error) {
	made, err := oldSignature(ctx, s.digest, c, signer, o.Trust)
	if err != nil {
		return Written{}, err
	}
	tag := tagOf(s.digest, c.isSignature())
	return Written{Layout: Tag, Subject: s.digest, Place: tag}, r.appendTo(ctx, tag, made)
}

func oldSignature(ctx context.Context, d name.Digest, c claim, signer sign.Signer, trust sign.Trust) (oci.Signature, error) {
	if c.isSignature() {
		payload, err := simple(d)
		if err != nil {
			return nil, err
		}
		bundle, err := signer.Sign(ctx, payload)
		if err != nil {
			return nil, err
		}
		return layerOf(payload, bundle, trust, nil)
	}
	about, err := c.statement(d)
	if err != nil {
		return nil, err
	}
	bundle, err := signer.SignStatement(ctx, about)
	if err != nil {
		return nil, err
	}
	return layerOf(nil, bundle, trust, map[string]string{"predicateType": c.predicateType})
}

// layerOf is what a bundle holds, as cosign keeps it in a layer and its annotations.
func layerOf(payload, data []byte, trust sign.Trust, annotations map[string]string) (oci.Signature, error) {
	var b protobundle.Bundle
	if err := protojson.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("reading the bundle that was made: %w", err)
	}
	var signature string
	options := []static.Option{}
	if envelope := b.GetDsseEnvelope(); envelope != nil {
		// The log took the hash of these bytes, and cosign compares it.
		var err error
		if payload, err = json.Marshal(envelope); err != nil {
			return nil, err
		}
		options = append(options, static.WithLayerMediaType(cosigntypes.DssePayloadType), static.WithAnnotations(annotations))
	} else {
		signature = base64.StdEncoding.EncodeToString(b.GetMessageSignature().GetSignature())
	}
	more, err := proofs(&b, trust)
	if err != nil {
		return nil, err
	}
	return static.NewSignature(payload, signature, append(options, more...)...)
}

// proofs are who signed, and who saw it. A bundle has the signer's certificate alone,
// and the old layout those above it too, which the trusted root has. A timestamp of
// an attestation can't be taken over: a bundle's is of the signature, and in the old
// layout it is of the whole envelope.
func proofs(b *protobundle.Bundle, trust sign.Trust) ([]static.Option, error) {
	material := b.GetVerificationMaterial()
	var options []static.Option
	entries, stamps := material.GetTlogEntries(), material.GetTimestampVerificationData().GetRfc3161Timestamps()
	if raw := material.GetCertificate().GetRawBytes(); raw != nil {
		leaf, chain, err := pemOf(raw, trust)
		if err != nil {
			return nil, err
		}
		options = append(options, static.WithCertChain(leaf, chain))
		if b.GetDsseEnvelope() != nil && len(entries) == 0 {
			return nil, errors.New("an attestation without a key can't be kept in the old layout by a timestamp alone: a bundle's is of the signature, the old layout's of the whole envelope; name a log, or take the layout bundle")
		}
	}
	if len(entries) > 0 {
		e := entries[0]
		options = append(options, static.WithBundle(&cosignbundle.RekorBundle{
			SignedEntryTimestamp: e.GetInclusionPromise().GetSignedEntryTimestamp(),
			Payload: cosignbundle.RekorPayload{
				Body: base64.StdEncoding.EncodeToString(e.GetCanonicalizedBody()), IntegratedTime: e.GetIntegratedTime(),
				LogIndex: e.GetLogIndex(), LogID: hex.EncodeToString(e.GetLogId().GetKeyId()),
			},
		}))
	}
	if len(stamps) > 0 && b.GetDsseEnvelope() == nil {
		options = append(options, static.WithRFC3161Timestamp(cosignbundle.TimestampToRFC3161Timestamp(stamps[0].GetSignedTimestamp())))
	}
	return options, nil
}

func pemOf(raw []byte, trust sign.Trust) (leaf, chain []byte, err error) {
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the signer's certificate: %w", err)
	}
	above, err := trust.Chain(c)
	if err != nil {
		return nil, nil, err
	}
	leaf, err = cryptoutils.MarshalCertificateToPEM(c)
	if err != nil {
		return nil, nil, err
	}
	chain, err = cryptoutils.MarshalCertificatesToPEM(above)
	return leaf, chain, err
}

// appendTo adds one to those under a tag. No registry writes a tag on a condition,
// so it is read back: whoever wrote at the same time may have taken ours away.
func (r *Registry) appendTo(ctx context.Context, tag name.Tag, made oci.Signature) error {
	return r.try(ctx, "writing "+tag.String(), func(o []remote.Option) error {
		base, there, err := readTag(tag, made, o)
		if err != nil || there {
			return err
		}
		all, err := mutate.AppendSignatures(base, false, made)
		if err != nil {
			return err
		}
		if err := remote.Write(tag, all, o...); err != nil {
			return err
		}
		_, there, err = readTag(tag, made, o)
		if err == nil && !there {
			return unavailable("writing %s: somebody else's signatures took the place of ours at each of %d attempts", tag, maxAttempts)
		}
		return err
	})
}

// readTag reads what is under the tag, and whether this signature is there.
func readTag(tag name.Tag, made oci.Signature, o []remote.Option) (oci.Signatures, bool, error) {
	base, err := ociremote.Signatures(tag, ociremote.WithRemoteOptions(o...))
	if err != nil {
		return nil, false, err
	}
	manifest, err := base.Manifest()
	if err != nil {
		return nil, false, err
	}
	digest, err := made.Digest()
	if err != nil {
		return nil, false, err
	}
	annotations, err := made.Annotations()
	if err != nil {
		return nil, false, err
	}
	there := slices.ContainsFunc(manifest.Layers, func(l v1.Descriptor) bool {
		return l.Digest == digest && maps.Equal(l.Annotations, annotations)
	})
	if !there && len(manifest.Layers) >= maxLayers {
		return nil, false, refuse("%s holds %d signatures, and cosign reads no more than %d; take some away, or the layout bundle", tag, len(manifest.Layers), maxLayers)
	}
	return base, there, nil
}

// olds reads the newest of what is under a tag, up to maxRead, and says how many
// more there are.
func (r *Registry) olds(ctx context.Context, d name.Digest, signatures bool, use func(*found)) (more int, err error) {
	tag := tagOf(d, signatures)
	data, err := r.manifest(ctx, tag)
	if errors.Is(err, ErrMissing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return 0, refuse("%s can't be read: %s", tag, excerpt(err))
	}
	layers := manifest.Layers
	if len(layers) > maxRead {
		more = len(layers) - maxRead
		layers = layers[more:]
	}
	for i, layer := range layers {
		f := found{layout: Tag, place: tag, at: fmt.Sprintf("layer %d of %s", more+i+1, tag.TagStr())}
		f.broken = r.readOld(ctx, d, layer, signatures, &f)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		use(&f)
		if errors.Is(f.broken, sign.ErrUnavailable) {
			return 0, nil // each of the rest would be waited for as long
		}
	}
	return more, nil
}

func (r *Registry) readOld(ctx context.Context, d name.Digest, layer v1.Descriptor, signatures bool, f *found) error {
	data, err := r.blob(ctx, d.Context().Digest(layer.Digest.String()), sign.MaxBundle)
	if err != nil {
		return err
	}
	return f.parseOld(data, layer.Annotations, signatures)
}

// parseOld makes of a layer what a bundle would have held.
func (f *found) parseOld(data []byte, annotations map[string]string, signatures bool) error {
	b, err := oldBundle(annotations)
	if err != nil {
		return err
	}
	if signatures {
		f.payload = data
		if f.claim, f.about, err = readSimple(data); err == nil {
			err = messageOf(b, data, annotations)
		}
	} else if f.payload, err = envelopeOf(b, data); err == nil {
		f.claim, f.about, err = readStatement(f.payload)
	}
	if err != nil {
		return err
	}
	f.bundle, err = protojson.Marshal(b)
	return err
}
