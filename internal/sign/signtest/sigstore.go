// Package signtest is a private deployment of Sigstore, for tests: sigstore-go's own
// test CA, an issuer, Fulcio, Rekor and a timestamp authority, over HTTP.
package signtest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-openapi/runtime"
	ct "github.com/google/certificate-transparency-go"
	cttls "github.com/google/certificate-transparency-go/tls"
	"github.com/google/certificate-transparency-go/x509util"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"

	"github.com/org/checkout-deploy/internal/sign"
)

// The workflow that tokens are of, and what a job asks for one with.
const (
	Workflow  = "https://github.com/org/shop/.github/workflows/checkout.yml@refs/heads/main"
	JobsToken = "the-jobs-own-request-token"
)

// Sigstore is a private deployment: sigstore-go's own test CA, behind HTTP. An
// issuer, Fulcio and Rekor refuse what the real ones refuse.
type Sigstore struct {
	*httptest.Server
	Virtual          *ca.VirtualSigstore
	authority        *x509.Certificate
	root             *x509.Certificate
	authorityKey     crypto.Signer
	ctKey, issuerKey *ecdsa.PrivateKey
	TSA              *Authority

	Subject  string        // of the tokens it gives
	Lifetime time.Duration // of tokens
	Born     time.Duration // of certificates, from now
	WithSCT  bool
	Logs     []byte // an entry to answer with in place of the asked one
	Logged   []byte
	Fails    map[string][]int // status codes to answer first, by path
	Asked    map[string]int
}

// New starts one, until the test ends.
func New(t testing.TB) *Sigstore {
	t.Helper()
	s := &Sigstore{Subject: Workflow, Lifetime: time.Minute, WithSCT: true, Fails: map[string][]int{}, Asked: map[string]int{}}
	var err error
	s.Virtual, err = ca.NewVirtualSigstore()
	check(t, err)
	rootCert, rootKey, err := ca.GenerateRootCa()
	check(t, err)
	s.root = rootCert
	s.authority, s.authorityKey, err = intermediate(rootCert, rootKey)
	check(t, err)
	for _, key := range []**ecdsa.PrivateKey{&s.ctKey, &s.issuerKey} {
		*key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		check(t, err)
	}
	s.TSA = NewAuthority(t, rootCert, rootKey)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /token", s.token)
	mux.HandleFunc("POST /api/v1/timestamp", s.TSA.stamp)
	mux.HandleFunc("POST /api/v2/signingCert", s.certificate)
	mux.HandleFunc("POST /api/v1/log/entries", s.entry)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Asked[r.URL.Path]++
		if codes := s.Fails[r.URL.Path]; len(codes) > 0 {
			s.Fails[r.URL.Path] = codes[1:]
			w.WriteHeader(codes[0])
			w.Write([]byte("not now; you sent " + r.Header.Get("Authorization")))
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func intermediate(cert *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, crypto.Signer, error) {
	c, k, err := ca.GenerateFulcioIntermediate(cert, key)
	return c, k, err
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// token is what a job with id-token: write is given.
func (s *Sigstore) token(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+JobsToken:
		http.Error(w, "bad bearer "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	case r.URL.Query().Get("audience") == "" || r.URL.Query().Get("api-version") != "2.0":
		http.Error(w, "no audience, or the URL lost its query", http.StatusBadRequest)
	default:
		claims, _ := json.Marshal(map[string]any{
			"iss": sign.GitHubIssuer, "sub": s.Subject,
			"aud": r.URL.Query().Get("audience"), "exp": time.Now().Add(s.Lifetime).Unix(),
		})
		input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
		sum := sha256.Sum256([]byte(input))
		a, b, _ := ecdsa.Sign(rand.Reader, s.issuerKey, sum[:])
		sig := append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)
		answer(w, map[string]any{"count": 1, "value": input + "." + base64.RawURLEncoding.EncodeToString(sig)})
	}
}

// claims are those of a token that the issuer signed, for Fulcio, in time.
func (s *Sigstore) claims(r *http.Request) (subject, problem string) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", "no token"
	}
	sig, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if len(sig) != 64 || !ecdsa.Verify(&s.issuerKey.PublicKey, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return "", "the token's signature is wrong"
	}
	var c struct {
		Sub, Aud string
		Exp      int64
	}
	data, _ := base64.RawURLEncoding.DecodeString(parts[1])
	if err := json.Unmarshal(data, &c); err != nil {
		return "", err.Error()
	}
	switch {
	case c.Aud != "sigstore":
		return "", "the token is for " + c.Aud
	case time.Now().After(time.Unix(c.Exp, 0)):
		return "", "the token is expired"
	}
	return c.Sub, ""
}

func (s *Sigstore) certificate(w http.ResponseWriter, r *http.Request) {
	subject, problem := s.claims(r)
	if problem != "" {
		http.Error(w, problem, http.StatusUnauthorized)
		return
	}
	var ask struct {
		PublicKeyRequest struct {
			PublicKey         struct{ Algorithm, Content string }
			ProofOfPossession []byte
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	block, _ := pem.Decode([]byte(ask.PublicKeyRequest.PublicKey.Content))
	if block == nil {
		http.Error(w, "no key", http.StatusBadRequest)
		return
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	sum := sha256.Sum256([]byte(subject))
	if err != nil || !ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), sum[:], ask.PublicKeyRequest.ProofOfPossession) {
		http.Error(w, "the proof of possession is wrong", http.StatusBadRequest)
		return
	}
	cert, err := s.leaf(subject, key)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	chain := map[string]any{"chain": map[string]any{"certificates": []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))}}}
	answer(w, map[string]any{"signedCertificateEmbeddedSct": chain})
}

// leaf has the workflow as its URI, its issuer as Fulcio writes it, and the SCT
// of a log that was shown the certificate without one.
func (s *Sigstore) leaf(subject string, key crypto.PublicKey) ([]byte, error) {
	u, err := url.Parse(subject)
	if err != nil {
		return nil, err
	}
	issuer, err := asn1.MarshalWithParams(sign.GitHubIssuer, "utf8")
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), URIs: []*url.URL{u},
		NotBefore: time.Now().Add(s.Born), NotAfter: time.Now().Add(s.Born + 10*time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{
			// Fulcio writes it twice, and cosign reads the first of an old signature.
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(sign.GitHubIssuer)},
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: issuer},
		},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, s.authority, key, s.authorityKey)
	if err != nil || !s.WithSCT {
		return der, err
	}
	shown, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	list, err := s.sct(shown)
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: list})
	return x509.CreateCertificate(rand.Reader, template, s.authority, key, s.authorityKey)
}

func (s *Sigstore) sct(shown *x509.Certificate) ([]byte, error) {
	now := uint64(time.Now().UnixMilli())
	der, err := x509.MarshalPKIXPublicKey(s.ctKey.Public())
	if err != nil {
		return nil, err
	}
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, LogID: ct.LogID{KeyID: sha256.Sum256(der)}, Timestamp: now}
	input, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{
		Version: ct.V1, LeafType: ct.TimestampedEntryLeafType,
		TimestampedEntry: &ct.TimestampedEntry{Timestamp: now, EntryType: ct.PrecertLogEntryType, PrecertEntry: &ct.PreCert{
			IssuerKeyHash: sha256.Sum256(s.authority.RawSubjectPublicKeyInfo), TBSCertificate: shown.RawTBSCertificate,
		}},
	}})
	if err != nil {
		return nil, err
	}
	signed, err := cttls.CreateSignature(*s.ctKey, cttls.SHA256, input)
	if err != nil {
		return nil, err
	}
	sct.Signature = ct.DigitallySigned(signed)
	list, err := x509util.MarshalSCTsIntoSCTList([]*ct.SignedCertificateTimestamp{&sct})
	if err != nil {
		return nil, err
	}
	data, err := cttls.Marshal(*list)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(data)
}

// entry logs what Rekor's own types take: they verify the signature.
func (s *Sigstore) entry(w http.ResponseWriter, r *http.Request) {
	proposed, err := models.UnmarshalProposedEntry(r.Body, runtime.JSONConsumer())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	entry, err := types.UnmarshalEntry(proposed)
	if err == nil {
		var body []byte
		if body, err = entry.Canonicalize(context.Background()); err == nil {
			if s.Logged = body; s.Logs != nil {
				body = s.Logs
			}
			err = s.log(w, body)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (s *Sigstore) log(w http.ResponseWriter, body []byte) error {
	id, err := s.Virtual.RekorLogID()
	if err != nil {
		return err
	}
	now, index, text := time.Now().Unix(), int64(0), base64.StdEncoding.EncodeToString(body)
	set, err := s.Virtual.RekorSignPayload(tlog.RekorPayload{Body: text, IntegratedTime: now, LogIndex: index, LogID: id})
	if err != nil {
		return err
	}
	proof, err := s.Virtual.GetInclusionProof(body)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte{0}, body...))
	uuid := hex.EncodeToString(sum[:])
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", uuid)
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(models.LogEntry{uuid: models.LogEntryAnon{
		Body: text, IntegratedTime: &now, LogIndex: &index, LogID: &id,
		Verification: &models.LogEntryAnonVerification{InclusionProof: proof, SignedEntryTimestamp: set},
	}})
}

// Trust is the deployment's trusted root.
func (s *Sigstore) Trust(t testing.TB) sign.Trust {
	t.Helper()
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	authority := &root.FulcioCertificateAuthority{Root: s.root, Intermediates: []*x509.Certificate{s.authority}, ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: s.URL}
	der, err := x509.MarshalPKIXPublicKey(s.ctKey.Public())
	check(t, err)
	sum := sha256.Sum256(der)
	certificates := map[string]*root.TransparencyLog{hex.EncodeToString(sum[:]): {
		BaseURL: s.URL, ID: sum[:], ValidityPeriodStart: from, ValidityPeriodEnd: to,
		HashFunc: crypto.SHA256, SignatureHashFunc: crypto.SHA256, PublicKey: s.ctKey.Public(),
	}}
	logs := s.Virtual.RekorLogs()
	for id, log := range logs {
		log.BaseURL = s.URL
		log.ID, err = hex.DecodeString(id)
		check(t, err)
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, []root.CertificateAuthority{authority}, certificates, []root.TimestampingAuthority{s.TSA.trusted(s.root)}, logs)
	check(t, err)
	data, err := trusted.MarshalJSON()
	check(t, err)
	return sign.Trust{Root: data}
}

// Services are its addresses, without waiting between attempts.
func (s *Sigstore) Services() sign.Services {
	return sign.Services{Fulcio: s.URL, Rekor: s.URL, Sleep: func(context.Context, time.Duration) error { return nil }}
}

// Keyless are the options of a job that may sign.
func (s *Sigstore) Keyless(t testing.TB) sign.KeylessOptions {
	t.Helper()
	return sign.KeylessOptions{RequestURL: s.URL + "/token?api-version=2.0", RequestToken: JobsToken, Services: s.Services(), Trust: s.Trust(t)}
}

func answer(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(data)
}
