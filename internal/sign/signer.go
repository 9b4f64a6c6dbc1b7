package sign

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

type keySigner struct {
	key      *keypair
	services Services
	trust    Trust
}

// NewKeySigner opens a key. A KMS is asked for its public key at once.
func NewKeySigner(ctx context.Context, o KeyOptions) (Signer, error) {
	if o.Services.Fulcio != "" {
		return nil, errors.New("got Fulcio's address with a key; a key needs no certificate")
	}
	if err := o.Services.check(); err != nil {
		return nil, err
	}
	key, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	if o.Services.Rekor != "" && key.details.GetHashType() != crypto.SHA256 {
		return nil, fmt.Errorf("the key %q is %s, whose statements Rekor's v1 can't log; take one on P-256 or RSA, or no log", o.Reference, kindOf(key.public))
	}
	return &keySigner{key: key, services: o.Services, trust: o.Trust}, nil
}

func (s *keySigner) Sign(ctx context.Context, payload []byte) ([]byte, error) {
	return s.make(ctx, payload, &sign.PlainData{Data: payload})
}

func (s *keySigner) SignStatement(ctx context.Context, statement []byte) ([]byte, error) {
	return s.make(ctx, statement, &sign.DSSEData{Data: statement, PayloadType: PayloadType})
}

func (s *keySigner) make(ctx context.Context, payload []byte, content sign.Content) ([]byte, error) {
	return makeBundle(ctx, payload, content, s.key, s.services, s.trust, sign.BundleOptions{})
}

type keylessSigner struct{ options KeylessOptions }

// NewKeylessSigner signs by an identity: each signature has a key of its own,
// that is forgotten, and a certificate for it. No request is made before the
// first signature.
func NewKeylessSigner(_ context.Context, o KeylessOptions) (Signer, error) {
	if o.RequestURL == "" || o.RequestToken == "" {
		return nil, errors.New("got no way to ask for an identity; give the job `permissions: { id-token: write }` (a pull request of a fork can't have it)")
	}
	if o.Audience == "" {
		o.Audience = "sigstore"
	}
	s := &o.Services
	if s.Fulcio == "" && s.Rekor == "" && s.TSA == "" {
		s.Fulcio, s.Rekor = PublicFulcio, PublicRekor
	}
	if s.Fulcio == "" || s.Rekor == "" && s.TSA == "" {
		return nil, errors.New("got some of the services' addresses; keyless needs Fulcio, and Rekor or a timestamp authority, as a certificate lives ten minutes")
	}
	if err := errors.Join(s.check(), checkAddress("the identity token's request URL", o.RequestURL)); err != nil {
		return nil, err
	}
	if _, err := o.Trust.forIdentities(); err != nil {
		return nil, err
	}
	return &keylessSigner{options: o}, nil
}

func (s *keylessSigner) Sign(ctx context.Context, payload []byte) ([]byte, error) {
	return s.make(ctx, payload, &sign.PlainData{Data: payload})
}

func (s *keylessSigner) SignStatement(ctx context.Context, statement []byte) ([]byte, error) {
	return s.make(ctx, statement, &sign.DSSEData{Data: statement, PayloadType: PayloadType})
}

func (s *keylessSigner) make(ctx context.Context, payload []byte, content sign.Content) ([]byte, error) {
	if err := checkPayload(payload); err != nil {
		return nil, err
	}
	token, err := s.options.token(ctx)
	if err != nil {
		return nil, err
	}
	ephemeral, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, err
	}
	return makeBundle(ctx, payload, content, ephemeral, s.options.Services, s.options.Trust, sign.BundleOptions{
		CertificateProvider: sign.NewFulcio(&sign.FulcioOptions{
			BaseURL: trimSlash(s.options.Services.Fulcio), Transport: s.options.Services.transport(ctx, "Fulcio"),
		}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: token},
	})
}

// makeBundle signs, has it witnessed, and believes no service or KMS: what they
// answered has to verify.
func makeBundle(ctx context.Context, payload []byte, content sign.Content, key sign.Keypair, s Services, t Trust, o sign.BundleOptions) ([]byte, error) {
	if err := checkPayload(payload); err != nil {
		return nil, err
	}
	o.Context = ctx
	if s.Rekor != "" {
		o.TransparencyLogs = []sign.Transparency{s.rekor(ctx)}
	}
	if s.TSA != "" {
		o.TimestampAuthorities = []*sign.TimestampAuthority{sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{
			URL: s.TSA, Transport: s.transport(ctx, "the timestamp authority"),
		})}
	}
	made, err := sign.Bundle(content, key, o)
	if err != nil {
		return nil, classify(ctx, err)
	}
	data, err := writeBundle(made)
	if err != nil {
		return nil, err
	}
	if err := verifyMade(ctx, payload, data, key, o.CertificateProvider != nil, t, s); err != nil {
		return nil, fmt.Errorf("what was signed does not verify: %w", err)
	}
	return data, nil
}

func verifyMade(ctx context.Context, payload, data []byte, key sign.Keypair, keyless bool, t Trust, s Services) error {
	v, err := verifierOfMade(key, keyless, t, s)
	if err != nil {
		return err
	}
	b, err := readBundle(data, MediaType)
	if err != nil {
		return err
	}
	if b.GetDsseEnvelope() != nil {
		_, err = v.VerifyStatement(ctx, payload, data)
	} else {
		_, err = v.Verify(ctx, payload, data)
	}
	return err
}

// verifierOfMade wants every service's answer to be good, not one of them.
func verifierOfMade(key sign.Keypair, keyless bool, t Trust, s Services) (*verifier, error) {
	witnesses := 0
	if s.Rekor != "" {
		t.Entries = max(t.Entries, 1)
		witnesses++
	}
	if s.TSA != "" {
		witnesses++
	}
	t.Timestamps = max(t.Timestamps, witnesses)
	if keyless {
		library, err := t.forIdentities()
		return &verifier{library: library, who: verify.WithoutIdentitiesUnsafe(), wanted: "this job's identity", mediaType: MediaType}, err
	}
	return newKeyVerifier(key.GetPublicKey(), t)
}

// VerifierOf believes what a key's signer signs, by the public key alone; false for
// a signer without a key of its own.
func VerifierOf(s Signer) (v Verifier, ok bool, err error) {
	by, ok := s.(*keySigner)
	if !ok {
		return nil, false, nil
	}
	v, err = newKeyVerifier(by.key.GetPublicKey(), by.trust)
	return v, true, err
}
