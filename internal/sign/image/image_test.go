package image_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/image"
	"github.com/org/checkout-deploy/internal/sign/predicate"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hub is go-containerregistry's registry, with a door that may be shut.
type hub struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // method and path
	// answer is a code in the place of the registry's; 0 lets the request through, and
	// a negative one lets it through and loses the answer.
	answer func(r *http.Request) int
	after  func(r *http.Request)
	// referrers are listed in the place of those that are there.
	referrers []byte
}

func newHub(t testing.TB, referrers bool) *hub {
	t.Helper()
	inner := registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0)))
	h := &hub{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.asked = append(h.asked, r.Method+" "+r.URL.Path)
		answer, after, referrers := h.answer, h.after, h.referrers
		h.mu.Unlock()
		code := 0
		if answer != nil {
			code = answer(r)
		}
		if code < 0 {
			inner.ServeHTTP(httptest.NewRecorder(), r)
			code = -code
		}
		if code != 0 {
			http.Error(w, "the door is shut", code)
			return
		}
		if referrers != nil && strings.Contains(r.URL.Path, "/referrers/") {
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			w.Write(referrers)
			return
		}
		inner.ServeHTTP(w, r)
		if after != nil {
			after(r)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// with answers differently until the function that is returned is called.
func (h *hub) with(answer func(*http.Request) int) (restore func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
	return func() { h.with(nil) }
}

// set changes a field.
func (h *hub) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// count counts the requests so far.
func (h *hub) count(method, part string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.asked {
		if strings.HasPrefix(a, method+" ") && strings.Contains(a, part) {
			n++
		}
	}
	return n
}

func (h *hub) repository(t testing.TB) name.Repository {
	t.Helper()
	u, err := url.Parse(h.URL)
	check(t, err)
	repo, err := name.NewRepository(u.Host + "/shop/checkout")
	check(t, err)
	return repo
}

// push pushes an image of random bytes.
func (h *hub) push(t testing.TB) name.Digest {
	t.Helper()
	img, err := random.Image(64, 1)
	check(t, err)
	sum, err := img.Digest()
	check(t, err)
	d := h.repository(t).Digest(sum.String())
	check(t, remote.Write(d, img))
	return d
}

func (h *hub) pushIndex(t testing.TB, platforms int64) (name.Digest, []name.Digest) {
	t.Helper()
	index, err := random.Index(64, 1, platforms)
	check(t, err)
	sum, err := index.Digest()
	check(t, err)
	d := h.repository(t).Digest(sum.String())
	check(t, remote.WriteIndex(d, index))
	m, err := index.IndexManifest()
	check(t, err)
	var children []name.Digest
	for _, child := range m.Manifests {
		children = append(children, d.Context().Digest(child.Digest.String()))
	}
	return d, children
}

// own is the package's view of a registry, that never waits.
func own() *image.Registry {
	return &image.Registry{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Random: func() float64 { return 0 }}
}

// party is who signs, and how others know.
type party struct {
	signer   sign.Signer
	trust    sign.Trust
	verifier sign.Verifier
}

func pemKeys(t testing.TB, key crypto.Signer) (private, public []byte) {
	t.Helper()
	p, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	q, err := x509.MarshalPKIXPublicKey(key.Public())
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: p}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: q})
}

func keyOf(data []byte) sign.KeyOptions {
	return sign.KeyOptions{Reference: "env://KEY", Getenv: func(string) string { return string(data) }}
}

func newKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	check(t, err)
	return key
}

func byKey(t testing.TB) party {
	t.Helper()
	return keyParty(t, newKey(t, elliptic.P256()), nil, false, false)
}

// keyParty is a key whose signatures a deployment may have witnessed; then that is
// wanted, too.
func keyParty(t testing.TB, key crypto.Signer, s *signtest.Sigstore, rekor, tsa bool) party {
	t.Helper()
	private, public := pemKeys(t, key)
	o, v := keyOf(private), keyOf(public)
	if s != nil {
		o.Trust, v.Trust = s.Trust(t), s.Trust(t)
		o.Services.Sleep = s.Services().Sleep
		if rekor {
			o.Services.Rekor, v.Trust.Entries = s.URL, 1
		}
		if tsa {
			o.Services.TSA, v.Trust.Timestamps = s.URL+signtest.TimestampPath, 1
		}
	}
	signer, err := sign.NewKeySigner(t.Context(), o)
	check(t, err)
	verifier, err := sign.NewKeyVerifier(t.Context(), v)
	check(t, err)
	return party{signer, o.Trust, verifier}
}

func keyless(t testing.TB, s *signtest.Sigstore) party {
	t.Helper()
	o := s.Keyless(t)
	signer, err := sign.NewKeylessSigner(t.Context(), o)
	check(t, err)
	return party{signer, o.Trust, identity(t, s, signtest.Workflow)}
}

func identity(t testing.TB, s *signtest.Sigstore, who string) sign.Verifier {
	t.Helper()
	v, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: who, Trust: s.Trust(t)})
	check(t, err)
	return v
}

var (
	both = []image.Layout{image.Bundle, image.Tag}
	sbom = []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"<a&b>"}]}`)
)

func (p party) options(layouts ...image.Layout) image.Options {
	return image.Options{Signer: p.signer, Trust: p.trust, Layouts: layouts}
}

func (p party) policy(predicates ...string) image.Policy {
	return image.Policy{By: p.verifier, Predicates: predicates}
}

// signed signs and attests an image.
func (p party) signed(t testing.TB, d name.Digest, layouts ...image.Layout) {
	t.Helper()
	_, err := own().Sign(t.Context(), d, p.options(layouts...))
	check(t, err)
	_, err = own().Attest(t.Context(), d, predicate.CycloneDX, sbom, p.options(layouts...))
	check(t, err)
}

// refusedFor wants an error of some kinds that says something.
func refusedFor(t testing.TB, err error, text string, kinds ...error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
		return
	}
	for _, kind := range []error{sign.ErrRefused, sign.ErrUnavailable, image.ErrMissing} {
		if errors.Is(err, kind) != slices.Contains(kinds, kind) {
			t.Errorf("got an error that is %v: %t; %v", kind, errors.Is(err, kind), err)
		}
	}
}

// parties are all the ways to sign, each with the witnesses that it is then wanted
// to have.
func parties(t testing.TB) map[string]party {
	t.Helper()
	s := signtest.New(t)
	stamped := s.Keyless(t)
	stamped.Services.TSA = s.URL + signtest.TimestampPath
	signer, err := sign.NewKeylessSigner(t.Context(), stamped)
	check(t, err)
	return map[string]party{
		"a key":                     byKey(t),
		"a key on P-384":            keyParty(t, newKey(t, elliptic.P384()), nil, false, false),
		"a key, a log":              keyParty(t, newKey(t, elliptic.P256()), s, true, false),
		"a key, a log, a timestamp": keyParty(t, newKey(t, elliptic.P256()), s, true, true),
		"keyless":                   keyless(t, s),
		"keyless, a timestamp too":  {signer, stamped.Trust, identity(t, s, "https://github.com/org/shop/.github/workflows/*")},
	}
}

func TestSignAndVerify(t *testing.T) {
	for name, p := range parties(t) {
		for _, layouts := range [][]image.Layout{{image.Bundle}, {image.Tag}, both} {
			for _, referrers := range []bool{true, false} {
				t.Run(strings.Join([]string{name, string(layouts[len(layouts)-1]), map[bool]string{true: "referrers", false: "fallback"}[referrers]}, ", "), func(t *testing.T) {
					h := newHub(t, referrers)
					d := h.push(t)
					p.signed(t, d, layouts...)
					got, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
					check(t, err)
					if len(got.Signatures) != len(layouts) || len(got.Attestations) != 1 || !slices.Equal(got.Types, []string{predicate.CycloneDX}) {
						t.Errorf("got %+v", got)
					}
					if a := got.Attestations[0]; string(a.Predicate) != string(sbom) || a.By.String() != got.Signatures[0].By.String() {
						t.Errorf("got %s, by %s", a.Predicate, a.By)
					}
				})
			}
		}
	}
}

// What an index lists is signed where it is asked for, and else is not.
func TestSignManifests(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	index, children := h.pushIndex(t, 3)
	o := p.options()
	written, err := own().Sign(t.Context(), index, o)
	check(t, err)
	if len(written) != 1 || written[0].Subject != index {
		t.Errorf("got %v", written)
	}
	_, err = own().Verify(t.Context(), children[0], p.policy())
	refusedFor(t, err, "there is none by anybody", sign.ErrRefused, image.ErrMissing)
	o.Manifests = []string{children[0].DigestStr(), index.DigestStr(), children[2].DigestStr()}
	written, err = own().Sign(t.Context(), index, o)
	check(t, err)
	if len(written) != 3 || written[2].Subject != index {
		t.Errorf("got %v, want two manifests and the index last, once", written)
	}
	for _, d := range []name.Digest{children[0], children[2], index} {
		if _, err := own().Verify(t.Context(), d, p.policy()); err != nil {
			t.Error(err)
		}
	}
	_, err = own().Verify(t.Context(), children[1], p.policy())
	refusedFor(t, err, "there is none by anybody", sign.ErrRefused, image.ErrMissing)
}

// Nothing is signed where one of the manifests is not there, or no digest.
func TestSignNoManifest(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	index, children := h.pushIndex(t, 1)
	for digest, says := range map[string]string{
		sum([]byte("nowhere")).String(): "the registry has none",
		"sha256:12":                     `got the digest "sha256:12"`,
	} {
		o := p.options()
		o.Manifests = []string{children[0].DigestStr(), digest}
		written, err := own().Sign(t.Context(), index, o)
		if err == nil || !strings.Contains(err.Error(), says) || len(written) > 0 {
			t.Errorf("got %v, %v, want %q", written, err, says)
		}
		_, err = own().Verify(t.Context(), children[0], p.policy())
		refusedFor(t, err, "there is none by anybody", sign.ErrRefused, image.ErrMissing)
	}
}

// What is there by somebody who counts is not signed again; what is there by others
// stays.
func TestSignAgain(t *testing.T) {
	for _, layout := range both {
		for _, referrers := range []bool{true, false} {
			t.Run(string(layout), func(t *testing.T) {
				h, p, foreign := newHub(t, referrers), byKey(t), byKey(t)
				d := h.push(t)
				foreign.signed(t, d, layout)
				o := p.options(layout)
				o.Known = p.verifier
				for i := range 3 {
					written, err := own().Sign(t.Context(), d, o)
					check(t, err)
					attested, err := own().Attest(t.Context(), d, predicate.CycloneDX, append(sbom, '\n'), o)
					check(t, err)
					if written[0].Existing != (i > 0) || attested[0].Existing != (i > 0) {
						t.Errorf("attempt %d: got %v, %v", i+1, written, attested)
					}
				}
				// Another SBOM is another attestation.
				again, err := own().Attest(t.Context(), d, predicate.CycloneDX, []byte(`{"bomFormat":"CycloneDX"}`), o)
				check(t, err)
				if again[0].Existing {
					t.Error("another predicate is taken for the one that was there")
				}
				for _, of := range []struct {
					by           party
					attestations int
				}{{p, 2}, {foreign, 1}} {
					got, err := own().Verify(t.Context(), d, of.by.policy(predicate.CycloneDX))
					check(t, err)
					if len(got.Signatures) != 1 || len(got.Attestations) != of.attestations {
						t.Errorf("got %+v", got)
					}
				}
			})
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	d := h.push(t)
	for _, test := range []struct {
		name, want string
		do         func() error
	}{
		{"no signer", "got nothing to sign with", func() error {
			_, err := own().Sign(t.Context(), d, image.Options{})
			return err
		}},
		{"a layout that is none", `got the layout "sig"; it is "bundle" or "tag"`, func() error {
			_, err := own().Sign(t.Context(), d, p.options("sig"))
			return err
		}},
		{"a layout twice", `got the layout "tag" twice`, func() error {
			_, err := own().Sign(t.Context(), d, p.options(image.Tag, image.Tag))
			return err
		}},
		{"a predicate type that is no URL", `got the predicate type "cyclonedx"; it is a URL, such as https://cyclonedx.org/bom`, func() error {
			_, err := own().Attest(t.Context(), d, "cyclonedx", sbom, p.options())
			return err
		}},
		{"a signature as a predicate", "sign the image instead", func() error {
			_, err := own().Attest(t.Context(), d, image.SignatureType, sbom, p.options())
			return err
		}},
		{"a predicate that is no object", "that is no JSON object", func() error {
			_, err := own().Attest(t.Context(), d, predicate.SPDX, []byte(`[1]`), p.options())
			return err
		}},
		{"an empty predicate", "that is no JSON object", func() error {
			_, err := own().Attest(t.Context(), d, predicate.SPDX, nil, p.options())
			return err
		}},
		{"nobody who counts", "got nobody whose signatures count", func() error {
			_, err := own().Verify(t.Context(), d, image.Policy{})
			return err
		}},
		{"a digest of another kind", "got the digest", func() error {
			_, err := own().Verify(t.Context(), d.Context().Digest("sha512:"+strings.Repeat("0", 128)), p.policy())
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(h.asked)
			refusedFor(t, test.do(), test.want)
			if len(h.asked) != before {
				t.Errorf("asked the registry: %v", h.asked[before:])
			}
		})
	}
}

type counting struct {
	sign.Signer
	statements int
}

func (c *counting) SignStatement(ctx context.Context, statement []byte) ([]byte, error) {
	c.statements++
	return c.Signer.SignStatement(ctx, statement)
}

// An attestation in both layouts is one signature, one certificate, one entry of the
// log; another image's is another.
func TestStatementIsSignedOnce(t *testing.T) {
	h, p := newHub(t, true), byKey(t)
	c := &counting{Signer: p.signer}
	o := p.options(both...)
	o.Signer = c
	for i := range 2 {
		_, err := own().Attest(t.Context(), h.push(t), predicate.CycloneDX, sbom, o)
		check(t, err)
		if c.statements != i+1 {
			t.Errorf("signed %d statements, want %d", c.statements, i+1)
		}
	}
}
