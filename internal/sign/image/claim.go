package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

// The types of statements, https://github.com/in-toto/attestation. cosign attests
// by the older one.
const (
	statementType    = "https://in-toto.io/Statement/v1"
	statementTypeOld = "https://in-toto.io/Statement/v0.1"
)

// claim is what is said about an image: that it is signed, or a predicate.
type claim struct {
	predicateType string
	predicate     []byte // JSON, nil of a signature
}

func (c claim) isSignature() bool { return c.predicateType == SignatureType }

// what names the claim in errors.
func (c claim) what() string {
	if c.isSignature() {
		return "signature"
	}
	return "attestation of the type " + quote(c.predicateType)
}

// same says whether two claims say the same, whatever their spaces.
func (c claim) same(other claim) bool {
	return c.predicateType == other.predicateType && (c.isSignature() || bytes.Equal(compact(c.predicate), compact(other.predicate)))
}

func compact(data []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, data) != nil {
		return data
	}
	return out.Bytes()
}

func checkPredicate(predicateType string, predicate []byte) error {
	if u, err := url.Parse(predicateType); err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("got the predicate type %s; it is a URL, such as %s", quote(predicateType), "https://cyclonedx.org/bom")
	}
	if predicateType == SignatureType {
		return fmt.Errorf("got the predicate type %s, which is that of signatures; sign the image instead", predicateType)
	}
	if trimmed := bytes.TrimSpace(predicate); !json.Valid(predicate) || trimmed[0] != '{' {
		return fmt.Errorf("got a predicate of the type %s that is no JSON object", predicateType)
	}
	return nil
}

type statement struct {
	Type          string          `json:"_type"`
	Subject       []resource      `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate,omitempty"`
}

type resource struct {
	Name   string            `json:"name,omitempty"`
	Digest map[string]string `json:"digest"`
}

// statement writes the claim about an image. A signature's subject has no name, as
// cosign's has none: the image is as well signed where it is copied to.
func (c claim) statement(d name.Digest) ([]byte, error) {
	h, err := hash(d)
	if err != nil {
		return nil, err
	}
	subject := resource{Digest: map[string]string{h.Algorithm: h.Hex}}
	if !c.isSignature() {
		subject.Name = d.Context().Name()
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err = e.Encode(statement{statementType, []resource{subject}, c.predicateType, c.predicate})
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// readStatement reads what a statement claims, and of which images by their digests.
// Names of members are compared letter by letter.
func readStatement(data []byte) (c claim, about []string, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return c, nil, fmt.Errorf("its statement is no JSON object")
	}
	var s statement
	for _, of := range []struct {
		name string
		into any
	}{{"_type", &s.Type}, {"subject", &s.Subject}, {"predicateType", &s.PredicateType}} {
		if err := json.Unmarshal(members[of.name], of.into); err != nil {
			return c, nil, fmt.Errorf("its statement has no %s that can be read", of.name)
		}
	}
	if s.Type != statementType && s.Type != statementTypeOld {
		return c, nil, fmt.Errorf("its statement is of the type %s, want %s or %s", quote(s.Type), statementType, statementTypeOld)
	}
	for _, subject := range s.Subject {
		about = append(about, "sha256:"+subject.Digest["sha256"])
	}
	c = claim{predicateType: s.PredicateType}
	if c.isSignature() {
		return c, about, nil
	}
	if c.predicate = members["predicate"]; len(c.predicate) == 0 || c.predicate[0] != '{' {
		return claim{}, nil, fmt.Errorf("its statement has no predicate that is a JSON object")
	}
	return c, about, nil
}

// simple writes the payload of a tag's signature,
// https://github.com/containers/image/blob/main/docs/containers-signature.5.md.
func simple(d name.Digest) ([]byte, error) { return payload.Cosign{Image: d}.MarshalJSON() }

func readSimple(data []byte) (claim, []string, error) {
	var p payload.SimpleContainerImage
	if err := json.Unmarshal(data, &p); err != nil {
		return claim{}, nil, fmt.Errorf("its payload is no JSON of an image's signature")
	}
	if p.Critical.Type != payload.CosignSignatureType {
		return claim{}, nil, fmt.Errorf("its payload is of the type %s, want %q", quote(p.Critical.Type), payload.CosignSignatureType)
	}
	return claim{predicateType: SignatureType}, []string{p.Critical.Image.DockerManifestDigest}, nil
}

// found is what lies beside an image and says to be a signature or an attestation.
type found struct {
	layout Layout
	place  name.Reference
	at     string // for errors
	claim  claim  // which nothing proves yet
	about  []string
	// payload is what was signed, and bundle the signature of it.
	payload, bundle []byte
	broken          error // why it can't be judged
}

func (f *found) isAbout(h v1.Hash) error {
	for _, digest := range f.about {
		if digest == h.String() {
			return nil
		}
	}
	return fmt.Errorf("it is about %s, not about this image", quote(fmt.Sprint(f.about)))
}
