package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
)

// TimestampPath is where the authority answers.
const TimestampPath = "/api/v1/timestamp"

// Authority answers timestamp requests (RFC 3161), and refuses what is none.
type Authority struct {
	intermediate, Leaf *x509.Certificate
	Key, above         *ecdsa.PrivateKey
	Change             func(*timestamp.Timestamp) // of what it says
	Answers            []byte                     // in place of a timestamp
}

// NewAuthority is one below a root.
func NewAuthority(t testing.TB, cert *x509.Certificate, key crypto.Signer) *Authority {
	t.Helper()
	a := &Authority{}
	var err error
	a.intermediate, a.above, err = ca.GenerateTSAIntermediate(cert, key)
	check(t, err)
	a.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	a.Certify(t, time.Now().Add(-time.Minute))
	return a
}

// Certify gives the authority a certificate for ten minutes.
func (a *Authority) Certify(t testing.TB, from time.Time) {
	t.Helper()
	var err error
	a.Leaf, err = ca.GenerateTSALeafCert(from, a.Key, a.intermediate, a.above)
	check(t, err)
}

func (a *Authority) trusted(over *x509.Certificate) root.TimestampingAuthority {
	return &root.SigstoreTimestampingAuthority{
		Root: over, Intermediates: []*x509.Certificate{a.intermediate}, Leaf: a.Leaf,
		ValidityPeriodStart: time.Now().Add(-time.Hour), ValidityPeriodEnd: time.Now().Add(time.Hour), URI: "https://tsa.example",
	}
}

func (a *Authority) stamp(w http.ResponseWriter, r *http.Request) {
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
	if a.Change != nil {
		a.Change(&say)
	}
	made := a.Answers
	if made == nil {
		if made, err = say.CreateResponseWithOpts(a.Leaf, a.Key, crypto.SHA256); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(made)
}
