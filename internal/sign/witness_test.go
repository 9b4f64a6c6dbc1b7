package sign_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// witnessed are the options of a key whose signatures these services see.
func witnessed(t testing.TB, s *signtest.Sigstore, p pair, rekor, tsa bool) sign.KeyOptions {
	t.Helper()
	o := of(p.private)
	o.Trust = s.Trust(t)
	o.Services.Sleep = s.Services().Sleep
	if rekor {
		o.Services.Rekor = s.URL
	}
	if tsa {
		o.Services.TSA = s.URL + signtest.TimestampPath
	}
	return o
}

func TestKeyWitnessed(t *testing.T) {
	s := signtest.New(t)
	for _, test := range []struct {
		name, kind         string
		rekor, tsa         bool
		entries, witnesses int
	}{
		{"a timestamp", "p256", false, true, 0, 1},
		{"a timestamp, P-384", "p384", false, true, 0, 1},
		{"a timestamp, RSA", "rsa", false, true, 0, 1},
		{"a log", "p256", true, false, 1, 1},
		{"a log, RSA", "rsa", true, false, 1, 1},
		{"both", "p256", true, true, 1, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, test.kind)
			made, err := sign.NewKeySigner(t.Context(), witnessed(t, s, p, test.rekor, test.tsa))
			check(t, err)
			blob, err := made.Sign(t.Context(), record)
			check(t, err)
			envelope, err := made.SignStatement(t.Context(), statement)
			check(t, err)
			o := of(p.public)
			o.Trust = s.Trust(t)
			o.Trust.Entries, o.Trust.Timestamps = test.entries, test.witnesses
			v, err := sign.NewKeyVerifier(t.Context(), o)
			check(t, err)
			id, err := v.Verify(t.Context(), record, blob)
			if err != nil || id.SignedAt.IsZero() || time.Since(id.SignedAt) > time.Minute {
				t.Errorf("got %+v, %v", id, err)
			}
			if _, err := v.VerifyStatement(t.Context(), statement, envelope); err != nil {
				t.Error(err)
			}
			alone, err := signer(t, p).Sign(t.Context(), record)
			check(t, err)
			if _, err := v.Verify(t.Context(), record, alone); !errors.Is(err, sign.ErrRefused) {
				t.Errorf("a signature without a witness: got %v", err)
			}
			if _, err := keyVerifier(t, p).Verify(t.Context(), record, blob); err != nil {
				t.Errorf("by the key alone: %v", err)
			}
		})
	}
}

// Each row changes what the services answer.
func TestKeyWitnessRefused(t *testing.T) {
	rejection, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.SystemFailure)
	check(t, err)
	for _, test := range []struct {
		name       string
		rekor, tsa bool
		change     func(*testing.T, *signtest.Sigstore, *sign.KeyOptions)
		kind       error
		message    string
	}{
		{"another signature's timestamp", false, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.TSA.Change = func(say *timestamp.Timestamp) { say.HashedMessage = make([]byte, sha256.Size) }
		}, sign.ErrRefused, "hashed messages don't match"},
		{"the same, beside a good log", true, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.TSA.Change = func(say *timestamp.Timestamp) { say.HashedMessage = make([]byte, sha256.Size) }
		}, sign.ErrRefused, "hashed messages don't match"},
		{"an authority whose certificate is expired", false, true, func(t *testing.T, s *signtest.Sigstore, o *sign.KeyOptions) {
			s.TSA.Certify(t, time.Now().Add(-time.Hour))
			o.Trust = s.Trust(t)
		}, sign.ErrRefused, "is outside of certificate validity"},
		{"a time of when the root has no such authority", false, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.TSA.Change = func(say *timestamp.Timestamp) { say.Time = time.Now().Add(2 * time.Hour) }
		}, sign.ErrRefused, "error while verifying signer certificate chain"},
		{"an authority that the root does not name", false, true, func(t *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			cert, key, err := ca.GenerateRootCa()
			check(t, err)
			stranger := signtest.NewAuthority(t, cert, key)
			s.TSA.Leaf, s.TSA.Key = stranger.Leaf, stranger.Key
		}, sign.ErrRefused, "unable to verify signed timestamps"},
		{"an authority, and the public good instance's root", false, true, func(_ *testing.T, _ *signtest.Sigstore, o *sign.KeyOptions) {
			o.Trust = sign.Trust{}
		}, sign.ErrRefused, "what was signed does not verify"},
		{"a rejection", false, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) { s.TSA.Answers = rejection }, sign.ErrUnavailable, "the request is rejected"},
		{"a login page", false, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.TSA.Answers = []byte("<html>login</html>")
		}, sign.ErrUnavailable, "something else than what it is for"},
		{"an authority that denies", false, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.Fails[signtest.TimestampPath] = []int{403}
		}, sign.ErrRefused, "the timestamp authority at"},
		{"an authority that is down", false, true, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.Fails[signtest.TimestampPath] = []int{500, 503, 429, 500}
		}, sign.ErrUnavailable, "the timestamp authority at"},
		{"a log that denies", true, false, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.Fails["/api/v1/log/entries"] = []int{403}
		}, sign.ErrRefused, "Rekor at"},
		{"a log that is down", true, false, func(_ *testing.T, s *signtest.Sigstore, _ *sign.KeyOptions) {
			s.Fails["/api/v1/log/entries"] = []int{500, 500, 500, 500}
		}, sign.ErrUnavailable, "Rekor at"},
		{"another signature's entry", true, false, func(t *testing.T, s *signtest.Sigstore, o *sign.KeyOptions) {
			made, err := sign.NewKeySigner(t.Context(), *o)
			check(t, err)
			_, err = made.Sign(t.Context(), other)
			check(t, err)
			s.Logs = s.Logged
		}, sign.ErrRefused, "what was signed does not verify"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := signtest.New(t)
			o := witnessed(t, s, newPair(t, "p256"), test.rekor, test.tsa)
			test.change(t, s, &o)
			made, err := sign.NewKeySigner(t.Context(), o)
			check(t, err)
			bundle, err := made.Sign(t.Context(), record)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.message) || bundle != nil {
				t.Errorf("got %v, want %v: …%s…", err, test.kind, test.message)
			}
		})
	}
}

// A deployment without a log: Fulcio and a timestamp authority.
func TestKeylessTimestamped(t *testing.T) {
	s := signtest.New(t)
	o := s.Keyless(t)
	o.Services.Rekor, o.Services.TSA = "", s.URL+signtest.TimestampPath
	o.Trust.Entries = -1
	made, err := sign.NewKeylessSigner(t.Context(), o)
	check(t, err)
	blob, err := made.Sign(t.Context(), record)
	check(t, err)
	v, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: signtest.Workflow, Trust: o.Trust})
	check(t, err)
	if id, err := v.Verify(t.Context(), record, blob); err != nil || id.Name != signtest.Workflow || id.SignedAt.IsZero() {
		t.Errorf("got %+v, %v", id, err)
	}
	s.Born = -time.Hour
	if _, err := made.Sign(t.Context(), record); !errors.Is(err, sign.ErrRefused) || !strings.Contains(err.Error(), "what was signed does not verify") {
		t.Errorf("a certificate that was expired at the timestamp: got %v", err)
	}
}

// Stock cosign takes a key's signature with its witness.
func TestCosignAcceptsWitnessed(t *testing.T) {
	run := cosign(t)
	s := signtest.New(t)
	p := newPair(t, "p256")
	write(t, "cosign.pub", p.public)
	write(t, "release.json", record)
	write(t, "trusted_root.json", s.Trust(t).Root)
	for _, test := range []struct {
		name       string
		rekor, tsa bool
		flags      []string
	}{
		{"a timestamp", false, true, []string{"--insecure-ignore-tlog", "--use-signed-timestamps"}},
		{"a log", true, false, nil},
		{"both", true, true, []string{"--use-signed-timestamps"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			verify := append([]string{"verify-blob", "--new-bundle-format", "--key", "cosign.pub", "--trusted-root", "trusted_root.json", "--bundle", "a.json", "release.json"}, test.flags...)
			made, err := sign.NewKeySigner(t.Context(), witnessed(t, s, p, test.rekor, test.tsa))
			check(t, err)
			blob, err := made.Sign(t.Context(), record)
			check(t, err)
			write(t, "a.json", blob)
			if out, err := run(verify...); err != nil {
				t.Fatalf("got %v: %s", err, out)
			}
			alone, err := signer(t, p).Sign(t.Context(), record)
			check(t, err)
			write(t, "a.json", alone)
			if out, err := run(verify...); err == nil {
				t.Errorf("without its witness it is accepted: %s", out)
			}
		})
	}
}
