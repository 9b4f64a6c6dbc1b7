// Package predicate is what is said about an image, apart from how it is signed and
// kept: whoever only reads it need not link cosign.
package predicate

import (
	"errors"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign"
)

// Types of predicates.
const (
	CycloneDX      = "https://cyclonedx.org/bom"
	SPDX           = "https://spdx.dev/Document"
	Vulnerability  = "https://cosign.sigstore.dev/attestation/vuln/v1"
	ProvenanceType = "https://slsa.dev/provenance/v1"
	TestResult     = "https://in-toto.io/attestation/test-result/v0.1"
)

// ReadTestResult reads the result of a test result, and the names of what it was made
// by, https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md.
// Members count as they are spelled: encoding/json takes "Result" for one too, and of
// two the last.
func ReadTestResult(predicate []byte) (result string, by []string, err error) {
	v, err := release.ParseJSON(string(predicate))
	if err != nil {
		return "", nil, refuse("got a test result that can't be read: %s", excerpt(err))
	}
	for _, c := range member(v, "configuration").Members {
		by = append(by, member(c.JSON, "name").Text)
	}
	return member(v, "result").Text, by, nil
}

// ScannedAt is when the scan of a test result was, as scan-image says it in the
// annotation "scanned" of what it was made by; zero where it does not.
func ScannedAt(predicate []byte, name string) time.Time {
	v, err := release.ParseJSON(string(predicate))
	if err != nil {
		return time.Time{}
	}
	for _, c := range member(v, "configuration").Members {
		if member(c.JSON, "name").Text == name {
			at, _ := time.Parse(time.RFC3339, member(member(c.JSON, "annotations"), "scanned").Text)
			return at
		}
	}
	return time.Time{}
}

func member(v release.JSON, name string) release.JSON {
	for _, m := range v.Members {
		if m.Name == name {
			return m.JSON
		}
	}
	return release.JSON{}
}

// refuse is an error of the kind sign.ErrRefused.
func refuse(format string, args ...any) error {
	return &refusal{fmt.Sprintf(format, args...)}
}

type refusal struct{ text string }

func (r *refusal) Error() string        { return r.text }
func (r *refusal) Is(target error) bool { return errors.Is(target, sign.ErrRefused) }

func excerpt(err error) string { return quote(err.Error()) }

func quote(s string) string { return fmt.Sprintf("%.200q", s) }
