package policy

import (
	"cmp"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// Annotation is the finding as other tools say theirs: with a rule, a place and what
// to try. Its path is the image's or the folder's.
func (o One) Annotation() finding.Finding {
	return finding.Finding{
		Rule: string(o.Kind) + "/" + o.ID, Severity: o.Severity, Message: o.String(), Hint: o.todo(),
		Location: finding.Location{Path: o.Path, Line: o.Line, Column: o.Column, EndLine: o.EndLine},
	}
}

// todo says what would mend it.
func (o One) todo() string {
	switch o.Kind {
	case result.Vulnerability:
		if o.Fixed == "" {
			return "No version fixes it yet: leave the package out, or say in a VEX statement or an ignore why it does not matter."
		}
		return "Raise " + cmp.Or(o.Source, o.Package) + " to " + o.Fixed + "."
	case result.Secret:
		return "Revoke it where it was issued, as who could read the file may have it; then take it out, also out of the layers below."
	case result.Misconfiguration:
		return o.Resolution
	case result.License:
		return "Replace it, or have the licence approved and write an ignore."
	}
	return ""
}
