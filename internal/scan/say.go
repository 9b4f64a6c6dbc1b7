//go:build goexperiment.jsonv2

package scan

import (
	"fmt"

	"github.com/aquasecurity/trivy/pkg/fanal/types"

	"github.com/org/checkout-deploy/internal/finding"
)

// severities are Trivy's words.
var severities = map[string]finding.Severity{
	"CRITICAL": finding.Critical, "HIGH": finding.High, "MEDIUM": finding.Medium, "LOW": finding.Low,
}

const hint = "revoke it where it was issued, as who could read the file may have it; then take it out of the source, also out of what was built from it"

// say makes a finding of Trivy's. It takes the rule's own words only: Match and
// Code are lines of the file, in which Trivy censors what the rule matched, but
// not what stands beside it.
func say(f types.SecretFinding, path string) finding.Finding {
	severity, known := severities[f.Severity]
	if !known {
		severity = finding.High // a secret of unknown weight is not made light of
	}
	return finding.Finding{
		Rule: "secret/" + f.RuleID, Severity: severity, Hint: hint,
		Message:  fmt.Sprintf("got what looks like a secret: %s", f.Title),
		Location: finding.Location{Path: path},
	}
}
