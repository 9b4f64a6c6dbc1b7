package scanimage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// scanName is what the scan is called where deploy looks for it.
const scanName = "scan"

// maxTests bounds a list of the predicate: transparency logs take 100 KiB in all.
const maxTests = 500

// testResult is the predicate of a verdict,
// https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md.
type testResult struct {
	Result        policy.Verdict `json:"result"`
	Configuration []descriptor   `json:"configuration"`
	Warned        []string       `json:"warnedTests,omitempty"`
	Failed        []string       `json:"failedTests,omitempty"`
}

// descriptor is in-toto's resource descriptor,
// https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md.
type descriptor struct {
	Name        string            `json:"name"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]any    `json:"annotations,omitempty"`
}

// policyDocument is a policy as it is written down: what it does not have, the moment
// of the scan, is no part of it.
type policyDocument struct {
	Fail          finding.Severity `json:"fail,omitempty"`
	Report        finding.Severity `json:"report,omitempty"`
	IgnoreUnfixed bool             `json:"ignoreUnfixed,omitempty"`
	MaxBaseDays   float64          `json:"maxBaseDays,omitempty"`
	KnownFrom     string           `json:"knownFrom,omitempty"`
	Known         string           `json:"known,omitempty"` // the sha256 of their keys
	Ignores       []ignoreDocument `json:"ignores,omitempty"`
	Scanners      []string         `json:"scanners,omitempty"`
	SkipDirs      []string         `json:"skipDirs,omitempty"`
	VEX           []string         `json:"vex,omitempty"`
}

type ignoreDocument struct {
	ID      string    `json:"id"`
	Package string    `json:"package,omitempty"`
	Path    string    `json:"path,omitempty"`
	Owner   string    `json:"owner"`
	Reason  string    `json:"reason"`
	Expires time.Time `json:"expires"`
}

func policyOf(p policy.Policy) policyDocument {
	d := policyDocument{
		Fail: p.Fail, Report: p.Report, IgnoreUnfixed: p.IgnoreUnfixed,
		MaxBaseDays: float64(p.MaxBaseAge) / float64(policy.Day), KnownFrom: p.KnownFrom,
		Scanners: p.Scanners, SkipDirs: p.SkipDirs, VEX: p.VEX,
	}
	if p.Known != nil {
		h := sha256.New()
		for _, key := range slices.Sorted(maps.Keys(p.Known)) {
			_, _ = fmt.Fprintf(h, "%q\n", key) // a hash takes everything
		}
		d.Known = hex.EncodeToString(h.Sum(nil))
	}
	for _, i := range p.Ignores {
		d.Ignores = append(d.Ignores, ignoreDocument{i.ID, i.Package, i.Path, i.Owner, i.Reason, i.Expires.UTC()})
	}
	return d
}

// digest is that of the policy's canonical JSON: result.json has the policy.
func (d policyDocument) digest() (string, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	if data, err = release.Canonical(data); err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// verdictOf is the predicate of a scan's verdict, for whoever deploys.
func verdictOf(j *policy.Judgement, r *result.Result, p policy.Policy) (json.RawMessage, error) {
	digest, err := policyOf(p).digest()
	if err != nil {
		return nil, fmt.Errorf("stating the verdict: %w", err)
	}
	failed, warned := testsOf(j, p)
	out := testResult{
		Result: j.Verdict, Warned: warned[:min(len(warned), maxTests)], Failed: failed[:min(len(failed), maxTests)],
		Configuration: []descriptor{{
			Name: scanName, Digest: map[string]string{"sha256": digest},
			Annotations: map[string]any{
				"scanned": p.Now.UTC().Format(time.RFC3339), "failed": len(failed), "warned": len(warned),
			},
		}},
	}
	for _, db := range r.Databases {
		d := descriptor{Name: db.Name, Digest: digestOf(db.Digest), Annotations: map[string]any{
			"source": db.Source, "updated": db.Updated.UTC().Format(time.RFC3339),
		}}
		if d.Digest == nil { // a descriptor has one of the two
			d.URI = (&url.URL{Path: db.Source}).String()
		}
		out.Configuration = append(out.Configuration, d)
	}
	return json.Marshal(out)
}

// testsOf names what failed the scan and what did not, each once, the worst first.
func testsOf(j *policy.Judgement, p policy.Policy) (failed, warned []string) {
	worst := map[string]bool{}
	var order []string
	add := func(name string, fails bool) {
		name = strings.ToValidUTF8(name, "\ufffd")
		if _, known := worst[name]; !known {
			order = append(order, name)
		}
		worst[name] = worst[name] || fails
	}
	for _, f := range j.About {
		if f.Severity != finding.Info {
			add(f.Rule, p.Fatal(f))
		}
	}
	for _, f := range j.Found {
		add(f.Annotation().Rule, f.Fails)
	}
	for _, name := range order {
		if worst[name] {
			failed = append(failed, name)
			continue
		}
		warned = append(warned, name)
	}
	return failed, warned
}

// digestOf splits "sha256:…".
func digestOf(s string) map[string]string {
	if algorithm, hex, ok := strings.Cut(s, ":"); ok && algorithm != "" && hex != "" {
		return map[string]string{algorithm: hex}
	}
	return nil
}
