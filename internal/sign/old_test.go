package sign_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"testing"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// Each verifier takes its own kind of bundle alone.
func TestAcceptOld(t *testing.T) {
	p := newPair(t, "p256")
	v := keyVerifier(t, p)
	made, err := signer(t, p).Sign(t.Context(), record)
	check(t, err)
	old := bytes.Replace(made, []byte(sign.MediaType), []byte(sign.OldMediaType), 1)
	for _, test := range []struct {
		name     string
		by       sign.Verifier
		payload  []byte
		bundle   []byte
		accepted bool
	}{
		{"a bundle", v, record, made, true},
		{"an old one", v, record, old, false},
		{"old ones accepted: an old one", sign.AcceptOld(v), record, old, true},
		{"old ones accepted: a bundle", sign.AcceptOld(v), record, made, false},
		{"old ones accepted: other bytes", sign.AcceptOld(v), other, old, false},
		{"old ones accepted: another key", sign.AcceptOld(keyVerifier(t, newPair(t, "p256"))), record, old, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.by.Verify(t.Context(), test.payload, test.bundle)
			if (err == nil) != test.accepted || err != nil && !errors.Is(err, sign.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestChain(t *testing.T) {
	s := signtest.New(t)
	keyless, err := sign.NewKeylessSigner(t.Context(), s.Keyless(t))
	check(t, err)
	made, err := keyless.Sign(t.Context(), record)
	check(t, err)
	var b struct {
		VerificationMaterial struct{ Certificate struct{ RawBytes []byte } }
	}
	check(t, json.Unmarshal(made, &b))
	leaf, err := x509.ParseCertificate(b.VerificationMaterial.Certificate.RawBytes)
	check(t, err)
	chain, err := s.Trust(t).Chain(leaf)
	check(t, err)
	if len(chain) != 2 || leaf.CheckSignatureFrom(chain[0]) != nil || chain[0].CheckSignatureFrom(chain[1]) != nil {
		t.Errorf("got %d certificates that do not follow one from another", len(chain))
	}
	if _, err := signtest.New(t).Trust(t).Chain(leaf); !errors.Is(err, sign.ErrRefused) {
		t.Errorf("got %v", err)
	}
}
