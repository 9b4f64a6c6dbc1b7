package sign_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

var (
	record    = []byte(`{"release":"one"}`)
	other     = []byte(`{"release":"two"}`)
	statement = []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"release.json","digest":{"sha256":"9fa3b0f1f7a6d6ce1f8e7e4ed54b7f7c1f0a2a7d1b8ad7b0f9a54a0f3ee8b6f5"}}],"predicateType":"https://github.com/org/checkout-deploy/attestations/integrity/v1","predicate":{}}`)
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func answer(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(data)
}

type pair struct{ private, public []byte }

func newPair(t testing.TB, kind string) pair {
	t.Helper()
	if kind == "rsa" {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		check(t, err)
		return pairOf(t, key)
	}
	curve := map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()}[kind]
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	check(t, err)
	return pairOf(t, key)
}

func pairOf(t testing.TB, key crypto.Signer) pair {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	check(t, err)
	return pair{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})}
}

// of is a key that lies in a variable.
func of(data []byte) sign.KeyOptions {
	return sign.KeyOptions{Reference: "env://KEY", Getenv: func(name string) string {
		if name == "KEY" {
			return string(data)
		}
		return ""
	}}
}

func signer(t testing.TB, p pair) sign.Signer {
	t.Helper()
	s, err := sign.NewKeySigner(t.Context(), of(p.private))
	check(t, err)
	return s
}

func keyVerifier(t testing.TB, p pair) sign.Verifier {
	t.Helper()
	v, err := sign.NewKeyVerifier(t.Context(), of(p.public))
	check(t, err)
	return v
}

func TestKey(t *testing.T) {
	for _, kind := range []string{"p256", "p384", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			p := newPair(t, kind)
			s, v := signer(t, p), keyVerifier(t, p)
			blob, err := s.Sign(t.Context(), record)
			check(t, err)
			id, err := v.Verify(t.Context(), record, blob)
			if err != nil || len(id.Key) != 64 || id.Name != "" {
				t.Errorf("got %+v, %v", id, err)
			}
			envelope, err := s.SignStatement(t.Context(), statement)
			check(t, err)
			if _, err := v.VerifyStatement(t.Context(), statement, envelope); err != nil {
				t.Error(err)
			}
		})
	}
}

// What no verifier would take for a statement is not signed as one.
func TestKeyNoStatement(t *testing.T) {
	bundle, err := signer(t, newPair(t, "p256")).SignStatement(t.Context(), record)
	if !errors.Is(err, sign.ErrRefused) || bundle != nil {
		t.Errorf("got %v", err)
	}
}

func TestKeyRefused(t *testing.T) {
	p, stranger := newPair(t, "p256"), newPair(t, "p256")
	s := signer(t, p)
	blob, err := s.Sign(t.Context(), record)
	check(t, err)
	envelope, err := s.SignStatement(t.Context(), statement)
	check(t, err)
	elses, err := s.SignStatement(t.Context(), statementOf(other))
	check(t, err)
	v := keyVerifier(t, p)
	file, about := v.Verify, v.VerifyStatement
	for _, test := range []struct {
		name    string
		verify  func() (sign.Identity, error)
		message string
	}{
		{"tampered bytes", func() (sign.Identity, error) { return file(t.Context(), append([]byte(" "), record...), blob) }, "want a valid one by the key sha256:"},
		{"another release's signature", func() (sign.Identity, error) { return file(t.Context(), other, blob) }, "want a valid one by the key sha256:"},
		{"another statement's signature", func() (sign.Identity, error) { return about(t.Context(), statement, elses) }, "got the signature of another statement"},
		{"a tampered envelope", func() (sign.Identity, error) {
			return about(t.Context(), other, edit(t, envelope, func(b map[string]any) { b["dsseEnvelope"].(map[string]any)["payload"] = other }))
		}, "want a valid one by the key sha256:"},
		{"two signatures", func() (sign.Identity, error) {
			return about(t.Context(), statement, edit(t, envelope, func(b map[string]any) {
				e := b["dsseEnvelope"].(map[string]any)
				e["signatures"] = append(e["signatures"].([]any), e["signatures"].([]any)...)
			}))
		}, "got an envelope with 2 signatures, want 1"},
		{"no signature", func() (sign.Identity, error) {
			return file(t.Context(), record, edit(t, blob, func(b map[string]any) { b["messageSignature"].(map[string]any)["signature"] = "" }))
		}, "want a valid one by the key sha256:"},
		{"a wrong key", func() (sign.Identity, error) { return keyVerifier(t, stranger).Verify(t.Context(), record, blob) }, "want a valid one by the key sha256:"},
		{"a wrong key's statement", func() (sign.Identity, error) {
			return keyVerifier(t, stranger).VerifyStatement(t.Context(), statement, envelope)
		}, "want a valid one by the key sha256:"},
		{"a statement's for a file", func() (sign.Identity, error) { return file(t.Context(), statement, envelope) }, "got the signature of a statement, want one of a file's bytes"},
		{"a file's for a statement", func() (sign.Identity, error) { return about(t.Context(), record, blob) }, "got the signature of a file's bytes, want one of a statement"},
		{"another envelope's type", func() (sign.Identity, error) {
			return about(t.Context(), statement, bytes.Replace(envelope, []byte(sign.PayloadType), []byte("text/plain"), 1))
		}, `got an envelope of the type "text/plain"`},
		{"truncated", func() (sign.Identity, error) { return file(t.Context(), record, blob[:len(blob)/2]) }, "got a bundle that is no Sigstore bundle"},
		{"empty", func() (sign.Identity, error) { return file(t.Context(), record, nil) }, "got a bundle that is no Sigstore bundle"},
		{"huge", func() (sign.Identity, error) {
			return file(t.Context(), record, append(blob, make([]byte, sign.MaxBundle)...))
		}, "bytes; it has"},
		{"nested", func() (sign.Identity, error) {
			return file(t.Context(), record, []byte(strings.Repeat(`{"a":[`, 5000)))
		}, "nested 10000 levels deep; it has 32 at most"},
		{"a key twice", func() (sign.Identity, error) {
			return file(t.Context(), record, bytes.Replace(blob, []byte(`{`), []byte(`{"mediaType":"`+sign.MediaType+`",`), 1))
		}, "duplicate field"},
		{"a key more", func() (sign.Identity, error) {
			return file(t.Context(), record, bytes.Replace(blob, []byte(`{`), []byte(`{"__proto__":{},`), 1))
		}, "unknown field"},
		{"a byte order mark", func() (sign.Identity, error) {
			return file(t.Context(), record, append([]byte("\ufeff"), blob...))
		}, "got a bundle that is no Sigstore bundle"},
		{"no UTF-8", func() (sign.Identity, error) { return file(t.Context(), record, []byte("{\xff}")) }, "not UTF-8"},
		{"an older bundle", func() (sign.Identity, error) {
			return file(t.Context(), record, bytes.Replace(blob, []byte("v0.3"), []byte("v0.2"), 1))
		}, `got a bundle of the type "application/vnd.dev.sigstore.bundle.v0.2+json"`},
		{"no material", func() (sign.Identity, error) {
			return file(t.Context(), record, []byte(`{"mediaType":"`+sign.MediaType+`"}`))
		}, "got a bundle that is incomplete"},
	} {
		t.Run(test.name, func(t *testing.T) {
			id, err := test.verify()
			if !errors.Is(err, sign.ErrRefused) || !strings.Contains(err.Error(), test.message) || id != (sign.Identity{}) {
				t.Errorf("got %v, %v; want refused: …%s…", id, err, test.message)
			}
		})
	}
}

func TestKeyOptionsRefused(t *testing.T) {
	p, large := newPair(t, "p256"), newPair(t, "p521")
	file := func(data string) sign.KeyOptions {
		return sign.KeyOptions{Reference: "k.pem", ReadFile: func(string) ([]byte, error) { return []byte(data), nil }}
	}
	for _, test := range []struct {
		name    string
		options sign.KeyOptions
		message string
	}{
		{"none", sign.KeyOptions{}, "got no key; give the path of a PEM file, env://NAME, or a key of a KMS"},
		{"another scheme", sign.KeyOptions{Reference: "https://x/k"}, `begins with "https://"; a key is the path of a PEM file, env://NAME, or one of awskms://, azurekms://, gcpkms://, hashivault://`},
		{"an empty variable", sign.KeyOptions{Reference: "env://NONE"}, `the variable "NONE" is empty`},
		{"no files here", sign.KeyOptions{Reference: "a.pem"}, `got the key's path "a.pem" where none is allowed`},
		{"no PEM", file("hello"), "is no PEM"},
		{"a public key", of(p.public), `PEM of the kind "PUBLIC KEY"`},
		{"a curve cosign has no hash for here", of(large.private), "ECDSA on P-256 or P-384, or RSA"},
		{"huge", file(strings.Repeat("a", 70000)), "a key has 65536 at most"},
		{"Fulcio", sign.KeyOptions{Reference: "env://KEY", Services: sign.Services{Fulcio: "https://f"}}, "a key needs no certificate"},
		{"a log for P-384", witnessedBy(of(newPair(t, "p384").private), "https://rekor.example"), "is ECDSA on P-384, whose statements Rekor's v1 can't log"},
		{"Rekor in the clear", sign.KeyOptions{Reference: "env://KEY", Services: sign.Services{Rekor: "http://r.example"}}, "it is https"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := sign.NewKeySigner(t.Context(), test.options)
			if err == nil || !strings.Contains(err.Error(), test.message) || strings.Contains(err.Error(), "BEGIN PRIVATE") {
				t.Errorf("got %v, want …%s…", err, test.message)
			}
		})
	}
}

func witnessedBy(o sign.KeyOptions, rekor string) sign.KeyOptions {
	o.Services.Rekor = rekor
	return o
}

func TestKeyless(t *testing.T) {
	s := signtest.New(t)
	made, err := sign.NewKeylessSigner(t.Context(), s.Keyless(t))
	check(t, err)
	blob, err := made.Sign(t.Context(), record)
	check(t, err)
	envelope, err := made.SignStatement(t.Context(), statement)
	check(t, err)
	for _, test := range []struct{ name, identity, issuer, refused string }{
		{"exactly", signtest.Workflow, "", ""},
		{"any workflow", "https://github.com/org/shop/.github/workflows/*", "", ""},
		{"a star inside", "https://github.com/org/shop/.github/workflows/*.yml@refs/heads/main", sign.GitHubIssuer, ""},
		{"wrong name", "https://github.com/org/other/.github/workflows/*", "", `got a signature by "` + signtest.Workflow},
		{"only its beginning", "https://github.com/org/shop/.github/workflows/checkout.yml", "", "want a valid one by"},
		{"a dot is no star", "https://github.com/org/shop/xgithub/workflows/*", "", "want a valid one by"},
		{"a star crosses no slash", "https://github.com/org/*/checkout.yml@refs/heads/main", "", "want a valid one by"},
		{"wrong issuer", signtest.Workflow, "https://gitlab.com", "(issuer https://gitlab.com)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: test.identity, Issuer: test.issuer, Trust: s.Trust(t)})
			check(t, err)
			id, err := v.Verify(t.Context(), record, blob)
			_, about := v.VerifyStatement(t.Context(), statement, envelope)
			if test.refused != "" {
				if !errors.Is(err, sign.ErrRefused) || !errors.Is(about, sign.ErrRefused) || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("got %v and %v, want refused: %s", err, about, test.refused)
				}
				return
			}
			if err != nil || about != nil || id.Name != signtest.Workflow || id.Issuer != sign.GitHubIssuer || id.SignedAt.IsZero() {
				t.Errorf("got %+v, %v and %v", id, err, about)
			}
		})
	}
}

// statementOf is a statement about these bytes, as the house writes them.
func statementOf(data []byte) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"https://github.com/org/checkout-deploy/attestations/integrity/v1","subject":[{"digest":{"sha256":"%x"},"name":"release.json"}]}`, sha256.Sum256(data))
}

// edit changes a bundle as someone would who has no key.
func edit(t *testing.T, bundle []byte, change func(map[string]any)) []byte {
	t.Helper()
	var b map[string]any
	check(t, json.Unmarshal(bundle, &b))
	change(b)
	data, err := json.Marshal(b)
	check(t, err)
	return data
}
