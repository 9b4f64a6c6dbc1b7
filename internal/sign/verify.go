package sign

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

type verifier struct {
	library *verify.Verifier
	who     verify.PolicyOption
	wanted  string // for errors
	key     string // the fingerprint, "" for identities
	// mediaType is the one kind of bundle that is taken.
	mediaType string
}

// String is who is believed, for errors.
func (v *verifier) String() string { return v.wanted }

// NewKeyVerifier believes what one key signed.
func NewKeyVerifier(ctx context.Context, o KeyOptions) (Verifier, error) {
	public, err := o.publicKey(ctx)
	if err != nil {
		return nil, err
	}
	return newKeyVerifier(public, o.Trust)
}

func newKeyVerifier(public crypto.PublicKey, t Trust) (*verifier, error) {
	material, err := keyMaterial(public)
	if err != nil {
		return nil, err
	}
	key, err := fingerprint(public)
	if err != nil {
		return nil, err
	}
	list, err := t.options(0)
	if err != nil {
		return nil, err
	}
	trusted := root.TrustedMaterialCollection{material}
	if len(list) > 0 {
		logs, err := t.read()
		if err != nil {
			return nil, err
		}
		trusted = append(trusted, logs)
	}
	if t.Timestamps < 1 {
		list = append(list, verify.WithNoObserverTimestamps())
	}
	library, err := verify.NewVerifier(trusted, list...)
	if err != nil {
		return nil, err
	}
	return &verifier{library: library, who: verify.WithKey(), wanted: "the key sha256:" + key, key: key, mediaType: MediaType}, nil
}

func keyMaterial(public crypto.PublicKey) (root.TrustedMaterial, error) {
	hash, err := hashOf(public)
	if err != nil {
		return nil, err
	}
	v, err := signature.LoadVerifier(public, hash)
	if err != nil {
		return nil, err
	}
	key := root.NewExpiringKey(v, time.Time{}, time.Time{})
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return key, nil }), nil
}

// NewIdentityVerifier believes what an identity signed.
func NewIdentityVerifier(o IdentityOptions) (Verifier, error) {
	if o.Issuer == "" {
		o.Issuer = GitHubIssuer
	}
	who, err := o.policy()
	if err != nil {
		return nil, err
	}
	library, err := o.Trust.forIdentities()
	if err != nil {
		return nil, err
	}
	return &verifier{library: library, who: who, wanted: o.Identity + " (issuer " + o.Issuer + ")", mediaType: MediaType}, nil
}

func (v *verifier) Verify(ctx context.Context, payload, data []byte) (Identity, error) {
	b, err := v.read(ctx, payload, data)
	if err != nil {
		return Identity{}, err
	}
	if b.GetMessageSignature() == nil {
		return Identity{}, refuse("got the signature of a statement, want one of a file's bytes")
	}
	return v.judge(b, verify.WithArtifact(bytes.NewReader(payload)))
}

func (v *verifier) VerifyStatement(ctx context.Context, statement, data []byte) (Identity, error) {
	b, err := v.read(ctx, statement, data)
	if err != nil {
		return Identity{}, err
	}
	envelope := b.GetDsseEnvelope()
	switch {
	case envelope == nil:
		return Identity{}, refuse("got the signature of a file's bytes, want one of a statement")
	case envelope.GetPayloadType() != PayloadType:
		return Identity{}, refuse("got an envelope of the type %.100q, want %q", envelope.GetPayloadType(), PayloadType)
	case len(envelope.GetSignatures()) != 1:
		return Identity{}, refuse("got an envelope with %d signatures, want 1", len(envelope.GetSignatures()))
	case !bytes.Equal(envelope.GetPayload(), statement):
		return Identity{}, refuse("got the signature of another statement: its envelope holds %d other bytes than the %d given", len(envelope.GetPayload()), len(statement))
	}
	return v.judge(b, verify.WithoutArtifactUnsafe()) // the bytes were compared
}

func (v *verifier) read(ctx context.Context, payload, data []byte) (*bundle.Bundle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkPayload(payload); err != nil {
		return nil, err
	}
	return readBundle(data, v.mediaType)
}

func (v *verifier) judge(b *bundle.Bundle, what verify.ArtifactPolicyOption) (Identity, error) {
	result, err := v.library.Verify(b, verify.NewPolicy(what, v.who))
	if err != nil {
		return Identity{}, refuse("got a signature by %s, want a valid one by %s: %w", signedBy(b), v.wanted, err)
	}
	id := Identity{Key: v.key}
	if c := result.Signature.Certificate; c != nil {
		id.Name, id.Issuer = c.SubjectAlternativeName, c.Issuer
	}
	for _, t := range result.VerifiedTimestamps {
		if t.Type != "CurrentTime" && (id.SignedAt.IsZero() || t.Timestamp.Before(id.SignedAt)) {
			id.SignedAt = t.Timestamp
		}
	}
	return id, nil
}

// signedBy is who a bundle says it is by, which nothing proves.
func signedBy(b *bundle.Bundle) string {
	content, err := b.VerificationContent()
	if err != nil {
		return "nobody"
	}
	if c := content.Certificate(); c != nil {
		summary, err := certificate.SummarizeCertificate(c)
		if err != nil {
			return "a certificate that can't be read"
		}
		return quote(summary.SubjectAlternativeName) + " (issuer " + quote(summary.Issuer) + ")"
	}
	return "a key with the hint " + quote(b.GetVerificationMaterial().GetPublicKey().GetHint())
}

func quote(s string) string { return fmt.Sprintf("%.200q", s) }
