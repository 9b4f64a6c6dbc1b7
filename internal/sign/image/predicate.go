package image

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/sigstore/cosign/v2/pkg/cosign/attestation"
)

// Types of predicates.
const (
	CycloneDX      = "https://cyclonedx.org/bom"
	SPDX           = "https://spdx.dev/Document"
	Vulnerability  = "https://cosign.sigstore.dev/attestation/vuln/v1"
	ProvenanceType = "https://slsa.dev/provenance/v1"
	TestResult     = "https://in-toto.io/attestation/test-result/v0.1"
)

// Scan is a scan for vulnerabilities, for the predicate Vulnerability,
// https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md.
type Scan struct {
	// Invocation is the run that scanned, its address; Event what started it, and
	// Builder the workflow.
	Invocation, Event, Builder string
	Scanner, ScannerVersion    string // such as pkg:github/aquasecurity/trivy
	Database, DatabaseVersion  string
	Report                     []byte // the scanner's own, JSON
	Started, Finished          time.Time
}

// Predicate is the scan as cosign's predicate.
func (s Scan) Predicate() ([]byte, error) {
	switch {
	case s.Scanner == "" || s.ScannerVersion == "":
		return nil, errors.New("got a scan without its scanner and its version")
	case !json.Valid(s.Report):
		return nil, errors.New("got a scan whose report is no JSON")
	case s.Started.IsZero() || s.Finished.Before(s.Started):
		return nil, errors.New("got a scan without its start, or that finished before it")
	}
	return json.Marshal(attestation.CosignVulnPredicate{
		Invocation: attestation.Invocation{URI: s.Invocation, EventID: s.Event, BuilderID: s.Builder},
		Scanner: attestation.Scanner{
			URI: s.Scanner, Version: s.ScannerVersion,
			DB:     attestation.DB{URI: s.Database, Version: s.DatabaseVersion},
			Result: json.RawMessage(s.Report),
		},
		Metadata: attestation.Metadata{ScanStartedOn: s.Started.UTC(), ScanFinishedOn: s.Finished.UTC()},
	})
}

// ReadScan reads such a predicate.
func ReadScan(predicate []byte) (Scan, error) {
	var p struct {
		attestation.CosignVulnPredicate
		Scanner struct {
			attestation.Scanner
			Result json.RawMessage `json:"result"`
		} `json:"scanner"`
	}
	if err := json.Unmarshal(predicate, &p); err != nil {
		return Scan{}, refuse("got a scan that can't be read: %s", excerpt(err))
	}
	s := Scan{
		Invocation: p.Invocation.URI, Event: p.Invocation.EventID, Builder: p.Invocation.BuilderID,
		Scanner: p.Scanner.URI, ScannerVersion: p.Scanner.Version, Database: p.Scanner.DB.URI, DatabaseVersion: p.Scanner.DB.Version,
		Report: p.Scanner.Result, Started: p.Metadata.ScanStartedOn, Finished: p.Metadata.ScanFinishedOn,
	}
	if s.Scanner == "" || s.Finished.IsZero() || len(s.Report) == 0 {
		return Scan{}, refuse("got a scan without its scanner, its end or its report")
	}
	return s, nil
}
