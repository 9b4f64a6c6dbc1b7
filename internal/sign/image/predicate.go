package image

import "github.com/org/checkout-deploy/internal/sign/predicate"

// What is said about images is package predicate's.
const (
	CycloneDX      = predicate.CycloneDX
	SPDX           = predicate.SPDX
	Vulnerability  = predicate.Vulnerability
	ProvenanceType = predicate.ProvenanceType
	TestResult     = predicate.TestResult
)

type (
	Scan       = predicate.Scan
	Provenance = predicate.Provenance
	Base       = predicate.Base
)

var (
	ReadScan       = predicate.ReadScan
	ReadProvenance = predicate.ReadProvenance
)
