package image_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/org/checkout-deploy/internal/sign"
	"github.com/org/checkout-deploy/internal/sign/image"
	"github.com/org/checkout-deploy/internal/sign/predicate"
	"github.com/org/checkout-deploy/internal/sign/signtest"
)

// Annotations of the old layout.
const (
	signature   = "dev.cosignproject.cosign/signature"
	certificate = "dev.sigstore.cosign/certificate"
	entry       = "dev.sigstore.cosign/bundle"
)

// raw is a manifest to write.
type raw struct {
	data      []byte
	mediaType types.MediaType
}

func (r raw) RawManifest() ([]byte, error)        { return r.data, nil }
func (r raw) MediaType() (types.MediaType, error) { return r.mediaType, nil }

func sum(data []byte) v1.Hash {
	s := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(s[:])}
}

func put(t testing.TB, ref name.Reference, manifest any, mediaType types.MediaType) {
	t.Helper()
	data, err := json.Marshal(manifest)
	check(t, err)
	check(t, remote.Put(ref, raw{data, mediaType}))
}

func blob(t testing.TB, repo name.Repository, data []byte, mediaType types.MediaType) v1.Descriptor {
	t.Helper()
	check(t, remote.WriteLayer(repo, static.NewLayer(data, mediaType)))
	return v1.Descriptor{MediaType: mediaType, Digest: sum(data), Size: int64(len(data))}
}

func read(t testing.TB, repo name.Repository, d v1.Descriptor) []byte {
	t.Helper()
	layer, err := remote.Layer(repo.Digest(d.Digest.String()))
	check(t, err)
	body, err := layer.Compressed()
	check(t, err)
	defer body.Close()
	data, err := io.ReadAll(body)
	check(t, err)
	return data
}

func manifestOf(t testing.TB, ref name.Reference) *v1.Manifest {
	t.Helper()
	got, err := remote.Get(ref)
	check(t, err)
	m, err := v1.ParseManifest(bytes.NewReader(got.Manifest))
	check(t, err)
	return m
}

func listOf(t testing.TB, d name.Digest) []v1.Descriptor {
	t.Helper()
	index, err := remote.Referrers(d)
	check(t, err)
	m, err := index.IndexManifest()
	check(t, err)
	return m.Manifests
}

// bundlesOf are the bundles beside an image, as they are.
func bundlesOf(t testing.TB, d name.Digest) (all [][]byte) {
	t.Helper()
	for _, r := range listOf(t, d) {
		all = append(all, read(t, d.Context(), manifestOf(t, d.Context().Digest(r.Digest.String())).Layers[0]))
	}
	return all
}

// refer lays a bundle beside an image.
func refer(t testing.TB, d name.Digest, bundle []byte) {
	t.Helper()
	head, err := remote.Head(d)
	check(t, err)
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: sign.MediaType,
		Config: blob(t, d.Context(), []byte("{}"), "application/vnd.oci.empty.v1+json"),
		Layers: []v1.Descriptor{blob(t, d.Context(), bundle, sign.MediaType)}, Subject: head,
	}
	data, err := json.Marshal(m)
	check(t, err)
	check(t, remote.Put(d.Context().Digest(sum(data).String()), raw{data, types.OCIManifestSchema1}))
}

func tagOf(d name.Digest, suffix string) name.Tag {
	return d.Context().Tag(strings.Replace(d.DigestStr(), ":", "-", 1) + suffix)
}

// old changes what is under the two tags of an image, and lays it beside another.
func old(t testing.TB, from, to name.Digest, change func(l *v1.Descriptor, suffix string)) {
	t.Helper()
	for _, suffix := range []string{".sig", ".att"} {
		m := manifestOf(t, tagOf(from, suffix))
		for i := range m.Layers {
			change(&m.Layers[i], suffix)
		}
		put(t, tagOf(to, suffix), m, types.OCIManifestSchema1)
	}
}

// replaced is the JSON with one member changed, wherever it is.
func replaced(t testing.TB, data []byte, member string, change func(any) any) []byte {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	check(t, d.Decode(&v))
	changed := 0
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				if k == member {
					v[k] = change(v[k])
					changed++
				} else {
					walk(v[k])
				}
			}
		case []any:
			for i := range v {
				walk(v[i])
			}
		}
	}
	walk(v)
	if changed == 0 {
		t.Fatalf("no %s in %s", member, data)
	}
	out, err := json.Marshal(v)
	check(t, err)
	return out
}

// in64 changes the bytes in a member's base64.
func in64(t testing.TB, change func([]byte) []byte) func(any) any {
	return func(v any) any {
		data, err := base64.StdEncoding.DecodeString(v.(string))
		check(t, err)
		return base64.StdEncoding.EncodeToString(change(data))
	}
}

func swap(from, to string) func([]byte) []byte {
	return func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(from), []byte(to)) }
}

func flip(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)-1] ^= 1
	return data
}

// Each row lays something beside an image, out of what its signer said of another
// one; what stands there unchanged is accepted, by TestSignAndVerify.
func TestBundleRefused(t *testing.T) {
	s := signtest.New(t)
	for _, p := range map[string]party{"key": byKey(t), "keyless": keyless(t, s)} {
		for _, test := range []struct {
			name, want string
			change     func(bundle []byte, from, to name.Digest) []byte
		}{
			{"another image's", "it is about", func(b []byte, _, _ name.Digest) []byte { return b }},
			{"another image's, made out for this one", "want a valid one by", func(b []byte, from, to name.Digest) []byte {
				return replaced(t, b, "payload", in64(t, swap(from.DigestStr()[7:], to.DigestStr()[7:])))
			}},
			{"another signature", "want a valid one by", func(b []byte, _, _ name.Digest) []byte {
				return replaced(t, b, "sig", in64(t, flip))
			}},
			{"another kind of payload", "got an envelope of the type", func(b []byte, _, _ name.Digest) []byte {
				return replaced(t, b, "payloadType", func(any) any { return "text/plain" })
			}},
			{"an old bundle's type", "got a bundle of the type", func(b []byte, _, _ name.Digest) []byte {
				return replaced(t, b, "mediaType", func(any) any { return sign.OldMediaType })
			}},
			{"no bundle", "it is no bundle of a statement", func([]byte, name.Digest, name.Digest) []byte { return []byte(`{}`) }},
			{"no JSON", "it is no bundle of a statement", func([]byte, name.Digest, name.Digest) []byte { return []byte(`{`) }},
			{"no statement", "its statement is no JSON object", func(b []byte, _, _ name.Digest) []byte {
				return replaced(t, b, "payload", in64(t, func([]byte) []byte { return []byte("[]") }))
			}},
			{"no subject", "its statement has no subject", func(b []byte, _, _ name.Digest) []byte {
				return replaced(t, b, "payload", in64(t, swap(`"subject"`, `"Subject"`)))
			}},
			{"another kind of statement", "its statement is of the type", func(b []byte, _, _ name.Digest) []byte {
				return replaced(t, b, "payload", in64(t, swap("Statement/v1", "Statement/v2")))
			}},
		} {
			t.Run(test.name, func(t *testing.T) {
				h := newHub(t, true)
				from, to := h.push(t), h.push(t)
				p.signed(t, from, image.Bundle)
				for _, b := range bundlesOf(t, from) {
					refer(t, to, test.change(b, from, to))
				}
				_, err := own().Verify(t.Context(), to, p.policy(predicate.CycloneDX))
				refusedFor(t, err, test.want, sign.ErrRefused)
			})
		}
	}
}

func TestTagRefused(t *testing.T) {
	s := signtest.New(t)
	p, other := keyless(t, s), keyless(t, s)
	annotation := func(name string, change func(string) string) func(*v1.Descriptor, string, *v1.Manifest) {
		return func(l *v1.Descriptor, _ string, _ *v1.Manifest) { l.Annotations[name] = change(l.Annotations[name]) }
	}
	inEntry := func(member string, change func(any) any) func(*v1.Descriptor, string, *v1.Manifest) {
		return annotation(entry, func(text string) string { return string(replaced(t, []byte(text), member, change)) })
	}
	for _, test := range []struct {
		name, want string
		change     func(l *v1.Descriptor, suffix string, others *v1.Manifest)
	}{
		{"no entry of a log", "not enough verified log entries", func(l *v1.Descriptor, _ string, _ *v1.Manifest) { delete(l.Annotations, entry) }},
		{"the entry of another signature", "transparency log signature does not match", func(l *v1.Descriptor, _ string, others *v1.Manifest) {
			l.Annotations[entry] = others.Layers[0].Annotations[entry]
		}},
		{"another time in the entry", "not enough verified log entries", inEntry("integratedTime", func(any) any { return time.Now().Unix() - 60 })},
		{"another promise", "not enough verified log entries", inEntry("SignedEntryTimestamp", in64(t, flip))},
		{"another log", "not enough verified log entries", inEntry("logID", func(any) any { return strings.Repeat("ab", 32) })},
		{"an entry that is none", "is no entry of a log", annotation(entry, func(string) string { return "{" })},
		{"an entry of a body that is none", "is no entry of a log", inEntry("body", func(any) any { return "bm9uZQ==" })},
		{"another certificate", "want a valid one by", func(l *v1.Descriptor, _ string, others *v1.Manifest) {
			l.Annotations[certificate] = others.Layers[0].Annotations[certificate]
		}},
		{"no certificate", "want a valid one by", func(l *v1.Descriptor, _ string, _ *v1.Manifest) { delete(l.Annotations, certificate) }},
		{"two certificates", "holds 2 certificates that can be read, want 1", annotation(certificate, func(text string) string { return text + text })},
		{"a certificate that is none", "holds 0 certificates", annotation(certificate, func(string) string { return "none" })},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, true)
			d, elses := h.push(t), h.push(t)
			p.signed(t, d, image.Tag)
			other.signed(t, elses, image.Tag)
			old(t, d, d, func(l *v1.Descriptor, suffix string) { test.change(l, suffix, manifestOf(t, tagOf(elses, suffix))) })
			_, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
			refusedFor(t, err, test.want, sign.ErrRefused)
			if strings.Count(err.Error(), "that counts") != 2 {
				t.Errorf("got %v, want it to be about the signature and the attestation", err)
			}
		})
	}
}

// Payloads are in blobs of their own.
func TestTagPayloadRefused(t *testing.T) {
	p := byKey(t)
	for _, test := range []struct {
		name, want string
		change     func(data []byte, suffix string, from, to name.Digest) []byte
	}{
		{"another image's", "it is about", func(data []byte, _ string, _, _ name.Digest) []byte { return data }},
		{"another image's, made out for this one", "want a valid one by", func(data []byte, suffix string, from, to name.Digest) []byte {
			made := swap(from.DigestStr()[7:], to.DigestStr()[7:])
			if suffix == ".sig" {
				return made(data)
			}
			return replaced(t, data, "payload", in64(t, made))
		}},
		{"no JSON", "it", func([]byte, string, name.Digest, name.Digest) []byte { return []byte("none") }},
		{"another type", "of the type", func(data []byte, suffix string, _, _ name.Digest) []byte {
			if suffix == ".sig" {
				return swap("cosign container image", "atomic container")(data)
			}
			return replaced(t, data, "payloadType", func(any) any { return "text/plain" })
		}},
		{"two signatures of one envelope", "got", func(data []byte, suffix string, _, _ name.Digest) []byte {
			if suffix == ".sig" {
				return append(data, ' ')
			}
			return replaced(t, data, "signatures", func(v any) any { return append(v.([]any), v.([]any)...) })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, true)
			from, to := h.push(t), h.push(t)
			p.signed(t, from, image.Tag)
			old(t, from, to, func(l *v1.Descriptor, suffix string) {
				d := blob(t, to.Context(), test.change(read(t, from.Context(), *l), suffix, from, to), l.MediaType)
				l.Digest, l.Size = d.Digest, d.Size
			})
			_, err := own().Verify(t.Context(), to, p.policy(predicate.CycloneDX))
			refusedFor(t, err, test.want, sign.ErrRefused)
			if strings.Count(err.Error(), "that counts") != 2 {
				t.Errorf("got %v, want it to be about the signature and the attestation", err)
			}
		})
	}
}

// What the error says when what is there is not what is wanted.
func TestVerifyRefused(t *testing.T) {
	s := signtest.New(t)
	p, workflow := byKey(t), keyless(t, s)
	for _, layout := range both {
		h := newHub(t, true)
		none, d, byWorkflow, onlySigned := h.push(t), h.push(t), h.push(t), h.push(t)
		p.signed(t, d, layout)
		workflow.signed(t, byWorkflow, layout)
		_, err := own().Sign(t.Context(), onlySigned, p.options(layout))
		check(t, err)
		for _, test := range []struct {
			name   string
			digest name.Digest
			policy image.Policy
			want   string
			kinds  []error
		}{
			{"no such image", h.repository(t).Digest("sha256:" + strings.Repeat("0", 64)), p.policy(), "the registry has none", []error{sign.ErrRefused, image.ErrMissing}},
			{"nothing there", none, p.policy(), "got no signature that counts, want one by the key sha256:", []error{sign.ErrRefused, image.ErrMissing}},
			{"another key", d, byKey(t).policy(), "got a signature by a key", []error{sign.ErrRefused}},
			{"a key, wanted a workflow", d, workflow.policy(), "want a valid one by " + signtest.Workflow, []error{sign.ErrRefused}},
			{"a workflow, wanted a key", byWorkflow, p.policy(), "got a signature by \"" + signtest.Workflow, []error{sign.ErrRefused}},
			{"another workflow", byWorkflow, image.Policy{By: identity(t, s, "https://github.com/org/shop/.github/workflows/other.yml@refs/heads/*")}, "checkout.yml@refs/heads/main", []error{sign.ErrRefused}},
			{"another type of attestation", d, p.policy(predicate.SPDX), `got no attestation of the type "https://spdx.dev/Document" that counts`, []error{sign.ErrRefused, image.ErrMissing}},
			{"another type, and which there are", d, p.policy(predicate.SPDX), "the attestations there are of these types (1): https://cyclonedx.org/bom", []error{sign.ErrRefused, image.ErrMissing}},
			{"no attestation", onlySigned, p.policy(predicate.CycloneDX), "there is none by anybody", []error{sign.ErrRefused, image.ErrMissing}},
		} {
			t.Run(string(layout)+", "+test.name, func(t *testing.T) {
				_, err := own().Verify(t.Context(), test.digest, test.policy)
				refusedFor(t, err, test.want, test.kinds...)
			})
		}
	}
}

// A good one counts beside any number of others, up to what is read.
func TestVerifyAmongOthers(t *testing.T) {
	p, stranger := byKey(t), byKey(t)
	for _, layout := range both {
		d := newHub(t, false).push(t)
		for range 3 {
			stranger.signed(t, d, layout)
		}
		p.signed(t, d, layout)
		got, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
		check(t, err)
		if len(got.Signatures) != 1 || len(got.Attestations) != 1 {
			t.Errorf("got %+v", got)
		}
	}
}

func TestVerifyIsBounded(t *testing.T) {
	p := byKey(t)
	h := newHub(t, true)
	d := h.push(t)
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for i := range 10_000 {
		index.Manifests = append(index.Manifests, v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Size: 500, ArtifactType: sign.MediaType, Digest: sum(fmt.Append(nil, i)),
		})
	}
	list := func() {
		data, err := json.Marshal(index)
		check(t, err)
		h.set(func() { h.referrers = data })
	}
	list()
	before := h.count("GET", "/manifests/")
	_, err := own().Verify(t.Context(), d, p.policy())
	refusedFor(t, err, "9900 more beside the image were not read; 100 of each layout are", sign.ErrRefused)
	if n := h.count("GET", "/manifests/") - before; n > 110 {
		t.Errorf("asked for %d manifests", n)
	}
	if len(err.Error()) > 10_000 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
	// What is of another type is not counted, nor read.
	for i := range index.Manifests {
		index.Manifests[i].ArtifactType = "application/spdx+json"
	}
	h.set(func() { h.referrers = nil })
	p.signed(t, d, image.Bundle)
	index.Manifests = append(index.Manifests, listOf(t, d)...)
	list()
	if _, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX)); err != nil {
		t.Error(err)
	}
	// Of a tag the newest are read.
	many := manifestOf(t, d)
	many.Layers = nil
	junk := blob(t, d.Context(), []byte("junk"), "application/vnd.dev.cosign.simplesigning.v1+json")
	for range 500 {
		many.Layers = append(many.Layers, junk)
	}
	other := h.push(t)
	put(t, tagOf(other, ".sig"), many, types.OCIManifestSchema1)
	_, err = own().Verify(t.Context(), other, p.policy())
	refusedFor(t, err, "400 more beside the image were not read", sign.ErrRefused)
	_, err = own().Sign(t.Context(), other, p.options(image.Tag))
	check(t, err)
	if _, err := own().Verify(t.Context(), other, p.policy()); err != nil {
		t.Error(err)
	}
	for range 500 {
		many.Layers = append(many.Layers, junk)
	}
	put(t, tagOf(other, ".sig"), many, types.OCIManifestSchema1)
	_, err = own().Sign(t.Context(), other, p.options(image.Tag))
	refusedFor(t, err, "holds 1000 signatures, and cosign reads no more than 1000", sign.ErrRefused)
}

func TestServicesFail(t *testing.T) {
	s := signtest.New(t)
	shut := []int{503, 503, 503, 503}
	for _, test := range []struct {
		name, path string
		codes      []int
		change     func(*sign.KeylessOptions)
		want       string
		kind       error
	}{
		{"Fulcio is down", "/api/v2/signingCert", shut, nil, "Fulcio at", sign.ErrUnavailable},
		{"Rekor is down", "/api/v1/log/entries", shut, nil, "Rekor at", sign.ErrUnavailable},
		{"the issuer is down", "/token", shut, nil, "the issuer of identities at", sign.ErrUnavailable},
		{"the wrong audience", "", nil, func(o *sign.KeylessOptions) { o.Audience = "another" }, "the token is for another", sign.ErrRefused},
		{"the job may not", "/token", []int{403}, nil, "the issuer of identities at", sign.ErrRefused},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := s.Keyless(t)
			if test.change != nil {
				test.change(&o)
			}
			signer, err := sign.NewKeylessSigner(t.Context(), o)
			check(t, err)
			s.Fails[test.path] = test.codes
			h := newHub(t, true)
			d := h.push(t)
			before := h.count("PUT", "") + h.count("POST", "")
			written, err := own().Sign(t.Context(), d, image.Options{Signer: signer, Trust: o.Trust, Layouts: both})
			refusedFor(t, err, test.want, test.kind)
			if len(written) != 0 || h.count("PUT", "")+h.count("POST", "") != before {
				t.Error("something was written")
			}
		})
	}
}

// A certificate that was no more valid when the log saw the signature.
func TestExpiredCertificate(t *testing.T) {
	s := signtest.New(t)
	s.Born = -time.Hour
	p := keyless(t, s)
	_, err := own().Sign(t.Context(), newHub(t, true).push(t), p.options(both...))
	refusedFor(t, err, "outside certificate validity", sign.ErrRefused)
}

// An attestation's timestamp is of other bytes in the old layout, so a timestamp
// alone witnesses it in a bundle only.
func TestTimestampAlone(t *testing.T) {
	s := signtest.New(t)
	o := s.Keyless(t)
	o.Services.Rekor, o.Services.TSA = "", s.URL+signtest.TimestampPath
	o.Trust.Entries = -1
	signer, err := sign.NewKeylessSigner(t.Context(), o)
	check(t, err)
	v, err := sign.NewIdentityVerifier(sign.IdentityOptions{Identity: signtest.Workflow, Trust: o.Trust})
	check(t, err)
	p := party{signer, o.Trust, v}
	d := newHub(t, true).push(t)
	for _, layout := range both {
		_, err := own().Sign(t.Context(), d, p.options(layout))
		check(t, err)
	}
	_, err = own().Attest(t.Context(), d, predicate.CycloneDX, sbom, p.options(both...))
	refusedFor(t, err, "can't be kept in the old layout by a timestamp alone")
	got, err := own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
	check(t, err)
	if len(got.Signatures) != 2 || got.Signatures[1].By.SignedAt.IsZero() || got.Attestations[0].Layout != image.Bundle {
		t.Errorf("got %+v", got)
	}
}

// Statements that somebody who counts has signed, and that other tools could write.
func TestStatements(t *testing.T) {
	p := byKey(t)
	bom := `"predicateType":"https://cyclonedx.org/bom","predicate":{}`
	for _, test := range []struct{ name, subject, rest, want string }{
		{"one subject", `{"digest":{"sha256":"HEX"}}`, bom, ""},
		{"other subjects too", `{"digest":{"sha512":"ab"}},{"name":"x"},{"digest":{"sha256":"HEX"}}`, bom, ""},
		{"a hash of another kind", `{"digest":{"sha1":"HEX"}}`, bom, "it is about"},
		{"no subject", "", bom, "it is about"},
		{"no predicate", `{"digest":{"sha256":"HEX"}}`, `"predicateType":"https://cyclonedx.org/bom"`, "no predicate that is a JSON object"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newHub(t, true).push(t)
			_, err := own().Sign(t.Context(), d, p.options())
			check(t, err)
			text := `{"_type":"https://in-toto.io/Statement/v1","subject":[` + test.subject + `],` + test.rest + `}`
			b, err := p.signer.SignStatement(t.Context(), []byte(strings.ReplaceAll(text, "HEX", d.DigestStr()[7:])))
			check(t, err)
			refer(t, d, b)
			_, err = own().Verify(t.Context(), d, p.policy(predicate.CycloneDX))
			if test.want != "" {
				refusedFor(t, err, test.want, sign.ErrRefused)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
