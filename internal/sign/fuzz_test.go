package sign_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"

	"github.com/org/checkout-deploy/internal/sign"
)

// Whatever the bundle: what verifies are the bytes that were signed, and all else
// is refused.
func FuzzVerify(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		f.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		f.Fatal(err)
	}
	s, err := sign.NewKeySigner(f.Context(), of(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	if err != nil {
		f.Fatal(err)
	}
	v, err := sign.NewKeyVerifier(f.Context(), of(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	if err != nil {
		f.Fatal(err)
	}
	blob, err := s.Sign(f.Context(), record)
	if err != nil {
		f.Fatal(err)
	}
	envelope, err := s.SignStatement(f.Context(), statement)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob, record)
	f.Add(envelope, statement)
	f.Add([]byte(`{"mediaType":"`+sign.MediaType+`","verificationMaterial":{"certificate":{"rawBytes":""}},"messageSignature":{}}`), record)
	f.Fuzz(func(t *testing.T, bundle, payload []byte) {
		if len(payload) == 0 {
			return
		}
		for want, verify := range map[*[]byte]func() (sign.Identity, error){
			&record:    func() (sign.Identity, error) { return v.Verify(t.Context(), payload, bundle) },
			&statement: func() (sign.Identity, error) { return v.VerifyStatement(t.Context(), payload, bundle) },
		} {
			if id, err := verify(); err == nil && !bytes.Equal(payload, *want) || err != nil && (!errors.Is(err, sign.ErrRefused) || id != sign.Identity{}) {
				t.Errorf("got %v, %v", id, err)
			}
		}
	})
}
