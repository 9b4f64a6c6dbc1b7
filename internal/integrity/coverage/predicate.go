package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// PredicateType and StatementName are those of the statement beside the record:
// attestations/integrity.json.
const (
	PredicateType = "https://github.com/org/checkout-deploy/attestations/integrity/v1"
	StatementName = "integrity"
)

// predicate is the statement's: no clock, and no path but those of the release.
type predicate struct {
	Algorithm string         `json:"algorithm"`
	Coverage  coverageText   `json:"coverage"`
	Findings  map[string]int `json:"findings"` // by severity, those that are none left out
	Pages     []string       `json:"pages"`
	Resources []resourceText `json:"resources"`
}

type coverageText struct {
	// PerMille is the share in thousandths, rounded down: a float's text is nothing
	// to sign.
	PerMille  int `json:"perMille"`
	Covered   int `json:"covered"`
	Uncovered int `json:"uncovered"`
	Unknown   int `json:"unknown"`
	Elsewhere int `json:"elsewhere"`
}

type resourceText struct {
	Path   string      `json:"path,omitempty"`
	URL    string      `json:"url,omitempty"`
	Role   string      `json:"role"`
	Load   string      `json:"load"`
	Pages  []string    `json:"pages"`
	Status string      `json:"status"`
	By     []coverText `json:"by"`
	Reason string      `json:"reason,omitempty"`
}

type coverText struct {
	Means  string `json:"means"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Hash   string `json:"hash"`
}

// Encode writes the report as the predicate of a statement: the same bytes for
// the same content.
func (r *Report) Encode() ([]byte, error) {
	t := r.Totals()
	out := predicate{
		Algorithm: string(r.Algorithm),
		Coverage:  coverageText{int(math.Floor(t.Share() * 1000)), t.Covered, t.Uncovered, t.Unknown, t.Elsewhere},
		Findings:  map[string]int{}, Pages: append([]string{}, r.Pages...), Resources: []resourceText{},
	}
	for _, s := range finding.Severities {
		for i := range r.Findings {
			if r.Findings[i].Severity == s {
				out.Findings[string(s)]++
			}
		}
	}
	for i := range r.Resources {
		out.Resources = append(out.Resources, r.Resources[i].text())
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("encoding the coverage: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (s *Resource) text() resourceText {
	out := resourceText{
		Path: valid(s.Path), URL: valid(s.URL), Role: string(s.Role), Load: string(s.Load), Pages: append([]string{}, s.Pages...),
		Status: string(s.Status), By: []coverText{}, Reason: s.Reason,
	}
	for _, c := range s.By {
		out.By = append(out.By, coverText{string(c.Means), c.File, c.Line, c.Column, c.Hash.String()})
	}
	return out
}

// valid: JSON has no bytes that are no UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
