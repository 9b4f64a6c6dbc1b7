package sign_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"testing"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// Whatever the bundle: what verifies are the bytes that were signed, and all else
// is refused. One verifier reads what witnesses said, too. The key is always the
// same, as the fuzzer's processes each make the verifiers of their own.
func FuzzVerify(f *testing.F) {
	deployment, p := signtest.New(f), samePair(f)
	s, err := sign.NewKeySigner(f.Context(), witnessed(f, deployment, p, true, true))
	check(f, err)
	strict := of(p.public)
	strict.Trust = deployment.Trust(f)
	strict.Trust.Entries, strict.Trust.Timestamps = 1, 2
	witnessed, err := sign.NewKeyVerifier(f.Context(), strict)
	check(f, err)
	verifiers := []sign.Verifier{keyVerifier(f, p), witnessed}
	blob, err := s.Sign(f.Context(), record)
	check(f, err)
	envelope, err := s.SignStatement(f.Context(), statement)
	check(f, err)
	alone, err := signer(f, p).Sign(f.Context(), record)
	check(f, err)
	f.Add(blob, record)
	f.Add(envelope, statement)
	f.Add(alone, record)
	f.Add([]byte(`{"mediaType":"`+sign.MediaType+`","verificationMaterial":{"certificate":{"rawBytes":""}},"messageSignature":{}}`), record)
	f.Fuzz(func(t *testing.T, bundle, payload []byte) {
		if len(payload) == 0 {
			return
		}
		for _, v := range verifiers {
			id, err := v.Verify(t.Context(), payload, bundle)
			property(t, id, err, payload, record)
			id, err = v.VerifyStatement(t.Context(), payload, bundle)
			property(t, id, err, payload, statement)
		}
	})
}

func samePair(f *testing.F) pair {
	f.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	check(f, err)
	return pairOf(f, key)
}

func property(t *testing.T, id sign.Identity, err error, payload, signed []byte) {
	t.Helper()
	if err == nil && !bytes.Equal(payload, signed) || err != nil && (!errors.Is(err, sign.ErrRefused) || id != sign.Identity{}) {
		t.Errorf("got %v, %v", id, err)
	}
}
