package predicate

import (
	"encoding/json"
	"errors"
	"time"
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

type scan struct {
	Invocation invocation `json:"invocation"`
	Scanner    scanner    `json:"scanner"`
	Metadata   times      `json:"metadata"`
}

type invocation struct {
	Parameters json.RawMessage `json:"parameters"`
	URI        string          `json:"uri"`
	EventID    string          `json:"event_id"`
	BuilderID  string          `json:"builder.id"`
}

type scanner struct {
	URI     string          `json:"uri"`
	Version string          `json:"version"`
	DB      database        `json:"db"`
	Result  json.RawMessage `json:"result"`
}

type database struct {
	URI     string `json:"uri"`
	Version string `json:"version"`
}

type times struct {
	Started  time.Time `json:"scanStartedOn"`
	Finished time.Time `json:"scanFinishedOn"`
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
	return json.Marshal(scan{
		Invocation: invocation{URI: s.Invocation, EventID: s.Event, BuilderID: s.Builder},
		Scanner:    scanner{URI: s.Scanner, Version: s.ScannerVersion, DB: database{s.Database, s.DatabaseVersion}, Result: s.Report},
		Metadata:   times{s.Started.UTC(), s.Finished.UTC()},
	})
}

// ReadScan reads such a predicate.
func ReadScan(predicate []byte) (Scan, error) {
	var p scan
	if err := json.Unmarshal(predicate, &p); err != nil {
		return Scan{}, refuse("got a scan that can't be read: %s", excerpt(err))
	}
	s := Scan{
		Invocation: p.Invocation.URI, Event: p.Invocation.EventID, Builder: p.Invocation.BuilderID,
		Scanner: p.Scanner.URI, ScannerVersion: p.Scanner.Version, Database: p.Scanner.DB.URI, DatabaseVersion: p.Scanner.DB.Version,
		Report: p.Scanner.Result, Started: p.Metadata.Started, Finished: p.Metadata.Finished,
	}
	if s.Scanner == "" || s.Finished.IsZero() || len(s.Report) == 0 {
		return Scan{}, refuse("got a scan without its scanner, its end or its report")
	}
	return s, nil
}
