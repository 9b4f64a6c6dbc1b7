package sign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"github.com/org/checkout-deploy/internal/sign"
)

const timestampPath = "/api/v1/timestamp"

// authority answers timestamp requests (RFC 3161), and refuses what is none.
type authority struct {
	intermediate, leaf *x509.Certificate
	key, above         *ecdsa.PrivateKey
	change             func(*timestamp.Timestamp) // of what it says
	answers            []byte                     // in place of a timestamp
}

func newAuthority(t testing.TB, cert *x509.Certificate, key crypto.Signer) *authority {
	t.Helper()
	a := &authority{}
	var err error
	a.intermediate, a.above, err = ca.GenerateTSAIntermediate(cert, key)
	check(t, err)
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	a.certify(t, time.Now().Add(-time.Minute))
	return a
}

// certify gives the authority a certificate for ten minutes.
func (a *authority) certify(t testing.TB, from time.Time) {
	t.Helper()
	var err error
	a.leaf, err = ca.GenerateTSALeafCert(from, a.key, a.intermediate, a.above)
	check(t, err)
}

func (a *authority) trusted(over *x509.Certificate) root.TimestampingAuthority {
	return &root.SigstoreTimestampingAuthority{
		Root: over, Intermediates: []*x509.Certificate{a.intermediate}, Leaf: a.leaf,
		ValidityPeriodStart: time.Now().Add(-time.Hour), ValidityPeriodEnd: time.Now().Add(time.Hour), URI: "https://tsa.example",
	}
}

func (a *authority) stamp(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "want application/timestamp-query", http.StatusUnsupportedMediaType)
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ask, err := timestamp.ParseRequest(data)
	if err != nil || ask.HashAlgorithm != crypto.SHA256 || len(ask.HashedMessage) != sha256.Size || len(ask.Extensions) > 0 || ask.TSAPolicyOID != nil {
		http.Error(w, "want a request of a SHA-256, without extensions or a policy", http.StatusBadRequest)
		return
	}
	say := timestamp.Timestamp{
		HashAlgorithm: ask.HashAlgorithm, HashedMessage: ask.HashedMessage, Nonce: ask.Nonce, AddTSACertificate: ask.Certificates,
		Time: time.Now(), Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}
	if a.change != nil {
		a.change(&say)
	}
	made := a.answers
	if made == nil {
		if made, err = say.CreateResponseWithOpts(a.leaf, a.key, crypto.SHA256); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(made)
}

// witnessed are the options of a key whose signatures these services see.
func (s *sigstore) witnessed(t testing.TB, p pair, rekor, tsa bool) sign.KeyOptions {
	t.Helper()
	o := of(p.private)
	o.Trust = s.trust(t)
	o.Services.Sleep = s.services().Sleep
	if rekor {
		o.Services.Rekor = s.URL
	}
	if tsa {
		o.Services.TSA = s.URL + timestampPath
	}
	return o
}

func TestKeyWitnessed(t *testing.T) {
	s := newSigstore(t)
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
			made, err := sign.NewKeySigner(t.Context(), s.witnessed(t, p, test.rekor, test.tsa))
			check(t, err)
			blob, err := made.Sign(t.Context(), record)
			check(t, err)
			envelope, err := made.SignStatement(t.Context(), statement)
			check(t, err)
			o := of(p.public)
			o.Trust = s.trust(t)
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
		change     func(*testing.T, *sigstore, *sign.KeyOptions)
		kind       error
		message    string
	}{
		{"another signature's timestamp", false, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) {
			s.tsa.change = func(say *timestamp.Timestamp) { say.HashedMessage = make([]byte, sha256.Size) }
		}, sign.ErrRefused, "hashed messages don't match"},
		{"the same, beside a good log", true, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) {
			s.tsa.change = func(say *timestamp.Timestamp) { say.HashedMessage = make([]byte, sha256.Size) }
		}, sign.ErrRefused, "hashed messages don't match"},
		{"an authority whose certificate is expired", false, true, func(t *testing.T, s *sigstore, o *sign.KeyOptions) {
			s.tsa.certify(t, time.Now().Add(-time.Hour))
			o.Trust = s.trust(t)
		}, sign.ErrRefused, "is outside of certificate validity"},
		{"a time of when the root has no such authority", false, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) {
			s.tsa.change = func(say *timestamp.Timestamp) { say.Time = time.Now().Add(2 * time.Hour) }
		}, sign.ErrRefused, "after the validity period end"},
		{"an authority that the root does not name", false, true, func(t *testing.T, s *sigstore, _ *sign.KeyOptions) {
			cert, key, err := ca.GenerateRootCa()
			check(t, err)
			stranger := newAuthority(t, cert, key)
			s.tsa.leaf, s.tsa.key = stranger.leaf, stranger.key
		}, sign.ErrRefused, "unable to verify signed timestamps"},
		{"an authority, and the public good instance's root", false, true, func(_ *testing.T, _ *sigstore, o *sign.KeyOptions) {
			o.Trust = sign.Trust{}
		}, sign.ErrRefused, "what was signed does not verify"},
		{"a rejection", false, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) { s.tsa.answers = rejection }, sign.ErrUnavailable, "the request is rejected"},
		{"a login page", false, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) { s.tsa.answers = []byte("<html>login</html>") }, sign.ErrUnavailable, "something else than what it is for"},
		{"an authority that denies", false, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) { s.fails[timestampPath] = []int{403} }, sign.ErrRefused, "the timestamp authority at"},
		{"an authority that is down", false, true, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) {
			s.fails[timestampPath] = []int{500, 503, 429, 500}
		}, sign.ErrUnavailable, "the timestamp authority at"},
		{"a log that denies", true, false, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) { s.fails["/api/v1/log/entries"] = []int{403} }, sign.ErrRefused, "Rekor at"},
		{"a log that is down", true, false, func(_ *testing.T, s *sigstore, _ *sign.KeyOptions) {
			s.fails["/api/v1/log/entries"] = []int{500, 500, 500, 500}
		}, sign.ErrUnavailable, "Rekor at"},
		{"another signature's entry", true, false, func(t *testing.T, s *sigstore, o *sign.KeyOptions) {
			made, err := sign.NewKeySigner(t.Context(), *o)
			check(t, err)
			_, err = made.Sign(t.Context(), other)
			check(t, err)
			s.logs = s.logged
		}, sign.ErrRefused, "what was signed does not verify"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSigstore(t)
			o := s.witnessed(t, newPair(t, "p256"), test.rekor, test.tsa)
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
	s := newSigstore(t)
	o := s.keyless(t)
	o.Services.Rekor, o.Services.TSA = "", s.URL+timestampPath
	o.Trust.Entries = -1
	made, err := sign.NewKeylessSigner(t.Context(), o)
	check(t, err)
	blob, err := made.Sign(t.Context(), record)
	check(t, err)
	v, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: workflow, Trust: o.Trust})
	check(t, err)
	if id, err := v.Verify(t.Context(), record, blob); err != nil || id.Name != workflow || id.SignedAt.IsZero() {
		t.Errorf("got %+v, %v", id, err)
	}
	s.born = -time.Hour
	if _, err := made.Sign(t.Context(), record); !errors.Is(err, sign.ErrRefused) || !strings.Contains(err.Error(), "what was signed does not verify") {
		t.Errorf("a certificate that was expired at the timestamp: got %v", err)
	}
}

// Stock cosign takes a key's signature with its witness.
func TestCosignAcceptsWitnessed(t *testing.T) {
	run := cosign(t)
	s := newSigstore(t)
	p := newPair(t, "p256")
	write(t, "cosign.pub", p.public)
	write(t, "release.json", record)
	write(t, "trusted_root.json", s.trust(t).Root)
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
			made, err := sign.NewKeySigner(t.Context(), s.witnessed(t, p, test.rekor, test.tsa))
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
