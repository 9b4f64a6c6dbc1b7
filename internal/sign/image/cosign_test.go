package image_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/image"
	"github.com/org/checkout-deploy/internal/sign/predicate"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// cosign is the stock program, of the version in go.mod, in a folder of its own. It
// is not in $PATH there, nor is anybody's configuration.
type cosign struct {
	t    *testing.T
	path string
	env  []string
}

func newCosign(t *testing.T) *cosign {
	t.Helper()
	path, err := filepath.Abs("../../../.cache/bin/cosign")
	check(t, err)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no cosign: make .cache/bin/cosign")
		}
		t.Skip("no cosign: make .cache/bin/cosign")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	return &cosign{t, path, []string{"COSIGN_PASSWORD=checkout", "HOME=" + dir, "TUF_ROOT=" + dir + "/tuf", "PATH=/nowhere"}}
}

func (c *cosign) run(args ...string) (string, error) {
	cmd := exec.CommandContext(c.t.Context(), c.path, args...)
	cmd.Env = c.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *cosign) accepts(args ...string) string {
	c.t.Helper()
	out, err := c.run(args...)
	if err != nil {
		c.t.Errorf("cosign %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

func (c *cosign) refuses(want string, args ...string) {
	c.t.Helper()
	out, err := c.run(args...)
	if err == nil || !strings.Contains(out, want) {
		c.t.Errorf("cosign %s: got %v: %s, want %q", strings.Join(args, " "), err, out, want)
	}
}

// key makes a pair of keys: cosign.key, cosign.pub.
func (c *cosign) key() party {
	c.t.Helper()
	c.accepts("generate-key-pair")
	s, err := sign.NewKeySigner(c.t.Context(), sign.KeyOptions{Reference: "cosign.key", ReadFile: os.ReadFile, Password: []byte("checkout")})
	check(c.t, err)
	v, err := sign.NewKeyVerifier(c.t.Context(), sign.KeyOptions{Reference: "cosign.pub", ReadFile: os.ReadFile})
	check(c.t, err)
	return party{signer: s, verifier: v}
}

// deployment writes trusted_root.json, and for the old layout what it holds, as the
// files that cosign's environment names.
func (c *cosign) deployment(s *signtest.Sigstore) {
	c.t.Helper()
	write(c.t, "trusted_root.json", s.Trust(c.t).Root)
	trusted, err := root.NewTrustedRootFromJSON(s.Trust(c.t).Root)
	check(c.t, err)
	var above bytes.Buffer
	for _, ca := range trusted.FulcioCertificateAuthorities() {
		fulcio := ca.(*root.FulcioCertificateAuthority)
		for _, cert := range append(fulcio.Intermediates, fulcio.Root) {
			check(c.t, pem.Encode(&above, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
		}
	}
	write(c.t, "fulcio.pem", above.Bytes())
	for file, logs := range map[string]map[string]*root.TransparencyLog{"rekor.pub": trusted.RekorLogs(), "ct.pub": trusted.CTLogs()} {
		for _, log := range logs {
			write(c.t, file, publicPEM(c.t, log.PublicKey))
		}
	}
}

// byFiles has cosign trust those files.
func (c *cosign) byFiles() *cosign {
	other := *c
	other.env = append(append([]string{}, c.env...), "SIGSTORE_ROOT_FILE=fulcio.pem", "SIGSTORE_REKOR_PUBLIC_KEY=rekor.pub", "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=ct.pub")
	return &other
}

func publicPEM(t *testing.T, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	check(t, os.WriteFile(name, data, 0o600))
}

var byWorkflow = []string{"--certificate-identity", signtest.Workflow, "--certificate-oidc-issuer", sign.GitHubIssuer}

func with(list ...[]string) (all []string) {
	for _, l := range list {
		all = append(all, l...)
	}
	return all
}

func TestCosignAcceptsOurs(t *testing.T) {
	c := newCosign(t)
	key, s := c.key(), signtest.New(t)
	c.deployment(s)
	offline := []string{"--trusted-root", "trusted_root.json"}
	byKey := []string{"--key", "cosign.pub", "--insecure-ignore-tlog"}
	byTime := []string{"--key", "witnessed.pub", "--insecure-ignore-tlog", "--use-signed-timestamps"}
	witnessed := newKey(t, elliptic.P256())
	write(t, "witnessed.pub", publicPEM(t, witnessed.Public()))
	logged, stamped := keyParty(t, witnessed, s, true, false), keyParty(t, witnessed, s, false, true)
	for _, test := range []struct {
		name   string
		by     party
		layout image.Layout
		cosign *cosign
		how    []string
		// cosign takes no trusted root for attestations of the old layout.
		signatureOnly bool
	}{
		{"a key, bundle", key, image.Bundle, c, with(byKey, offline, []string{"--new-bundle-format"}), false},
		{"a key, bundle, found by itself", key, image.Bundle, c, with(byKey, offline), false},
		{"a key, tag", key, image.Tag, c, with(byKey, offline), false},
		{"a key, tag, no root", key, image.Tag, c.byFiles(), byKey, false},
		{"keyless, bundle", keyless(t, s), image.Bundle, c, with(byWorkflow, offline, []string{"--new-bundle-format"}), false},
		{"keyless, tag", keyless(t, s), image.Tag, c, with(byWorkflow, offline), true},
		{"keyless, tag, keys of the logs", keyless(t, s), image.Tag, c.byFiles(), byWorkflow, false},
		{"a key and a log, bundle", logged, image.Bundle, c, with([]string{"--key", "witnessed.pub"}, offline), false},
		{"a key and a log, tag", logged, image.Tag, c.byFiles(), []string{"--key", "witnessed.pub", "--offline"}, false},
		{"a key and a timestamp, bundle", stamped, image.Bundle, c, with(byTime, offline), false},
		{"a key and a timestamp, tag", stamped, image.Tag, c, with(byTime, offline), true},
		{"keyless, tag, no network", keyless(t, s), image.Tag, c.byFiles(), with(byWorkflow, []string{"--offline"}), false},
	} {
		for _, referrers := range []bool{true, false} {
			t.Run(test.name, func(t *testing.T) {
				test.cosign.t = t
				h := newHub(t, referrers)
				d, other := h.push(t).String(), h.push(t)
				test.by.signed(t, named(t, d), test.layout)
				test.cosign.accepts(with([]string{"verify"}, test.how, []string{d})...)
				if !test.signatureOnly {
					out := test.cosign.accepts(with([]string{"verify-attestation", "--type", "cyclonedx"}, test.how, []string{d})...)
					if !strings.Contains(out, `"payload"`) {
						t.Errorf("got no attestation: %s", out)
					}
				}
				_, err := own().Sign(t.Context(), other, image.Options{Signer: newParty(t).signer, Layouts: []image.Layout{test.layout}})
				check(t, err)
				test.cosign.refuses("", with([]string{"verify"}, test.how, []string{other.String()})...)
			})
		}
	}
}

func newParty(t *testing.T) party { t.Helper(); return byKey(t) }

func named(t testing.TB, s string) name.Digest {
	t.Helper()
	d, err := name.NewDigest(s)
	check(t, err)
	return d
}

// What cosign reads of a predicate has its own types.
func TestCosignReadsOurPredicates(t *testing.T) {
	c := newCosign(t)
	key := c.key()
	s := signtest.New(t)
	c.deployment(s)
	vulnerabilities, err := scan.Predicate()
	check(t, err)
	built, err := built.Predicate()
	check(t, err)
	for _, test := range []struct {
		kind, predicateType string
		predicate           []byte
	}{
		{"cyclonedx", predicate.CycloneDX, sbom},
		{"spdxjson", predicate.SPDX, []byte(`{"spdxVersion":"SPDX-2.3"}`)},
		{"vuln", predicate.Vulnerability, vulnerabilities},
		{"slsaprovenance1", predicate.ProvenanceType, built},
		{predicate.TestResult, predicate.TestResult, []byte(`{"result":"PASSED"}`)},
	} {
		for _, layout := range both {
			t.Run(test.kind+", "+string(layout), func(t *testing.T) {
				c.t = t
				d := newHub(t, true).push(t)
				_, err := own().Attest(t.Context(), d, test.predicateType, test.predicate, key.options(layout))
				check(t, err)
				how := []string{"--key", "cosign.pub", "--insecure-ignore-tlog", "--trusted-root", "trusted_root.json"}
				out := c.accepts(with([]string{"verify-attestation", "--type", test.kind}, how, []string{d.String()})...)
				if !strings.Contains(out, `"payload"`) {
					t.Errorf("got no attestation: %s", out)
				}
				c.refuses("", with([]string{"verify-attestation", "--type", "https://other.example/type"}, how, []string{d.String()})...)
			})
		}
	}
}

func TestOursAcceptsCosigns(t *testing.T) {
	c := newCosign(t)
	key, s := c.key(), signtest.New(t)
	c.deployment(s)
	write(t, "sbom.json", sbom)
	logged, err := sign.NewKeyVerifier(t.Context(), sign.KeyOptions{Reference: "cosign.pub", ReadFile: os.ReadFile, Trust: withEntries(s.Trust(t))})
	check(t, err)
	newer, unlogged, toLog := []string{"--new-bundle-format"}, []string{"--tlog-upload=false"}, []string{"--rekor-url", s.URL}
	for _, test := range []struct {
		name      string
		layout    image.Layout
		referrers bool
		by        sign.Verifier
		how       []string
	}{
		{"bundle", image.Bundle, true, key.verifier, with(newer, unlogged)},
		{"bundle, no list of referrers", image.Bundle, false, key.verifier, with(newer, unlogged)},
		{"bundle, a log", image.Bundle, true, logged, with(newer, toLog)},
		{"tag", image.Tag, true, key.verifier, unlogged},
		{"tag, a log", image.Tag, true, logged, toLog},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := c.byFiles()
			c.t = t
			d := newHub(t, test.referrers).push(t)
			how := with(test.how, []string{"--yes", "--key", "cosign.key", d.String()})
			c.accepts(with([]string{"sign"}, how)...)
			c.accepts(with([]string{"attest", "--type", "cyclonedx", "--predicate", "sbom.json"}, how)...)
			p := party{signer: key.signer, verifier: test.by}
			got, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
			check(t, err)
			if len(got.Signatures) != 1 || got.Signatures[0].Layout != test.layout || len(got.Attestations) != 1 || !sameJSON(t, got.Attestations[0].Predicate, sbom) {
				t.Errorf("got %+v", got)
			}
			_, err = own().Verify(t.Context(), d, newParty(t).policy())
			refusedFor(t, err, "want one by the key sha256:", sign.ErrRefused)
			// Ours goes beside it, and nothing of theirs is made again.
			o := p.options(test.layout)
			o.Known = test.by
			written, err := own().Sign(t.Context(), d, o)
			check(t, err)
			if !written[0].Existing {
				t.Errorf("got %+v, want cosign's signature to count", written)
			}
			newParty(t).signed(t, d, test.layout)
			if got, err = own().Verify(t.Context(), d, p.policy(predicate.CycloneDX)); err != nil || len(got.Signatures) != 1 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func withEntries(t sign.Trust) sign.Trust {
	t.Entries = 1
	return t
}

func sameJSON(t testing.TB, a, b []byte) bool {
	t.Helper()
	var x, y any
	check(t, json.Unmarshal(a, &x))
	check(t, json.Unmarshal(b, &y))
	p, err := json.Marshal(x)
	check(t, err)
	q, err := json.Marshal(y)
	check(t, err)
	return bytes.Equal(p, q)
}

// token is an identity token of the deployment's issuer, as a job gets it.
func token(t *testing.T, s *signtest.Sigstore) string {
	t.Helper()
	o := s.Keyless(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.RequestURL+"&audience=sigstore", nil)
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+o.RequestToken)
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	defer response.Body.Close()
	var answer struct{ Value string }
	check(t, json.NewDecoder(response.Body).Decode(&answer))
	return answer.Value
}

// olderFulcio answers in the protocol's first version, which cosign asks by for the
// old layout, with what the deployment answers in the second.
func olderFulcio(t *testing.T, s *signtest.Sigstore) string {
	t.Helper()
	chain, err := os.ReadFile("fulcio.pem")
	check(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/signingCert" {
			http.NotFound(w, r)
			return
		}
		var ask struct {
			PublicKey struct {
				Algorithm string
				Content   []byte
			}
			SignedEmailAddress []byte
		}
		check(t, json.NewDecoder(r.Body).Decode(&ask))
		body, err := json.Marshal(map[string]any{"publicKeyRequest": map[string]any{
			"publicKey":         map[string]string{"algorithm": "ECDSA", "content": string(ask.PublicKey.Content)},
			"proofOfPossession": base64.StdEncoding.EncodeToString(ask.SignedEmailAddress),
		}})
		check(t, err)
		newer, err := http.NewRequestWithContext(r.Context(), http.MethodPost, s.URL+"/api/v2/signingCert", bytes.NewReader(body))
		check(t, err)
		newer.Header = r.Header.Clone()
		response, err := http.DefaultClient.Do(newer)
		check(t, err)
		defer response.Body.Close()
		var answer struct {
			SignedCertificateEmbeddedSct struct {
				Chain struct{ Certificates []string }
			}
		}
		data, err := io.ReadAll(response.Body)
		check(t, err)
		if response.StatusCode != http.StatusOK || json.Unmarshal(data, &answer) != nil {
			http.Error(w, string(data), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		w.WriteHeader(http.StatusCreated)
		w.Write([]byte(answer.SignedCertificateEmbeddedSct.Chain.Certificates[0]))
		w.Write(chain)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestOursAcceptsCosignsKeyless(t *testing.T) {
	c := newCosign(t)
	s := signtest.New(t)
	c.deployment(s)
	write(t, "sbom.json", sbom)
	c.accepts("signing-config", "create", "--out", "signing.json",
		"--fulcio", "url="+s.URL+",api-version=1,start-time=2024-01-01T00:00:00Z,operator=test",
		"--rekor", "url="+s.URL+",api-version=1,start-time=2024-01-01T00:00:00Z,operator=test", "--rekor-config", "ANY")
	old := []string{"--fulcio-url", olderFulcio(t, s), "--rekor-url", s.URL}
	for _, test := range []struct {
		layout image.Layout
		cosign *cosign
		how    []string
	}{
		{image.Bundle, c, []string{"--new-bundle-format", "--signing-config", "signing.json", "--trusted-root", "trusted_root.json"}},
		{image.Tag, c.byFiles(), old},
	} {
		t.Run(string(test.layout), func(t *testing.T) {
			test.cosign.t = t
			d := newHub(t, true).push(t)
			write(t, "token", []byte(token(t, s)))
			how := with(test.how, []string{"--yes", "--identity-token", "token", d.String()})
			test.cosign.accepts(with([]string{"sign"}, how)...)
			test.cosign.accepts(with([]string{"attest", "--type", "cyclonedx", "--predicate", "sbom.json"}, how)...)
			p := party{verifier: identity(t, s, signtest.Workflow)}
			got, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
			check(t, err)
			if by := got.Signatures[0].By; by.Name != signtest.Workflow || time.Since(by.SignedAt) > time.Minute || got.Signatures[0].Layout != test.layout {
				t.Errorf("got %+v", got)
			}
			stranger := party{verifier: identity(t, s, "https://github.com/org/other/*")}
			_, err = own().Verify(t.Context(), d, stranger.policy())
			refusedFor(t, err, "checkout.yml@refs/heads/main", sign.ErrRefused)
		})
	}
}

// A key on P-384 has two hashes that go with it: cosign signs by the one of the old
// layout's payloads, and takes both.
func TestCosignP384(t *testing.T) {
	c := newCosign(t)
	s := signtest.New(t)
	c.deployment(s)
	key := newKey(t, elliptic.P384())
	private, public := pemKeys(t, key)
	write(t, "p384.key", private)
	write(t, "p384.pub", public)
	p := keyParty(t, key, nil, false, false)
	for _, layout := range both {
		d := newHub(t, true).push(t)
		p.signed(t, d, layout)
		c.accepts("verify", "--key", "p384.pub", "--insecure-ignore-tlog", "--trusted-root", "trusted_root.json", "--signature-digest-algorithm", "sha384", d.String())
	}
}
