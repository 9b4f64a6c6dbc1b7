package scanimage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

// statement is what is attested of one manifest.
type statement struct {
	digest, kind string
	predicate    []byte
}

// statements are those that the input attest asks for: the SBOM and the scan of each
// platform's manifest, the verdict and the provenance of the image as a whole.
func (j *job) statements(ctx context.Context, s *scanned) (all []statement, err error) {
	for _, what := range j.in.attest {
		switch what {
		case cycloneDX, spdx:
			err = j.eachPlatform(s, func(p Platform, one *Scan) error {
				var b bytes.Buffer
				if err := one.Write(ctx, &b, string(what)); err != nil {
					return err
				}
				kind := map[attestation]string{cycloneDX: predicate.CycloneDX, spdx: predicate.SPDX}[what]
				all = append(all, statement{p.Digest, kind, b.Bytes()})
				return nil
			})
		case ofResult:
			if err = j.eachPlatform(s, func(p Platform, one *Scan) error {
				data, err := j.scanPredicate(s, one)
				all = append(all, statement{p.Digest, predicate.Vulnerability, data})
				return err
			}); err == nil {
				var verdict []byte
				verdict, err = verdictOf(s.judgement, s.result, s.policy)
				all = append(all, statement{s.image.Digest(), predicate.TestResult, verdict})
			}
		case provenance:
			if !j.r.OnRunner() {
				j.r.Logf("no provenance is attested: this is no workflow, and nobody would vouch for what it says")
				continue
			}
			var data []byte
			data, err = j.provenance()
			all = append(all, statement{s.image.Digest(), predicate.ProvenanceType, data})
		}
		if err != nil {
			return nil, fmt.Errorf("attesting %s: %w", what, err)
		}
	}
	return all, nil
}

// eachPlatform goes through the image's platforms and what was found of each.
func (j *job) eachPlatform(s *scanned, do func(Platform, *Scan) error) error {
	for i, p := range s.image.Platforms() {
		if err := do(p, &s.scans[i]); err != nil {
			return err
		}
	}
	return nil
}

// scanPredicate is Trivy's report of vulnerabilities.
func (j *job) scanPredicate(s *scanned, one *Scan) ([]byte, error) {
	report, err := vulnerabilities(one.Report.JSON)
	if err != nil {
		return nil, err
	}
	get := func(name string) string { v, _ := j.r.Lookup(name); return v }
	scan := predicate.Scan{
		Event: get("GITHUB_EVENT_NAME"), Scanner: "pkg:github/aquasecurity/trivy", ScannerVersion: TrivyVersion,
		Report: report, Started: j.started, Finished: j.r.Now(),
	}
	if j.r.OnRunner() {
		scan.Builder = j.server() + "/" + get("GITHUB_WORKFLOW_REF")
		scan.Invocation = fmt.Sprintf("%s/%s/actions/runs/%s", j.server(), get("GITHUB_REPOSITORY"), get("GITHUB_RUN_ID"))
	}
	for _, db := range s.result.Databases {
		if db.Name == "vulnerabilities" {
			scan.Database, scan.DatabaseVersion = db.Source, db.Digest
		}
	}
	return scan.Predicate()
}

// vulnerabilities is a report with what it says of vulnerabilities, and nothing else:
// lines of files, of secrets and misconfigurations, are not for everybody who may pull
// the image, and its packages are in the SBOM.
func vulnerabilities(report []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(report, &all); err != nil {
		return nil, err
	}
	type result struct {
		Target          string
		Class, Type     string          `json:",omitempty"`
		Vulnerabilities json.RawMessage `json:",omitempty"`
	}
	var results []result
	if all["Results"] != nil {
		if err := json.Unmarshal(all["Results"], &results); err != nil {
			return nil, err
		}
	}
	results = slices.DeleteFunc(results, func(r result) bool { return r.Class != "os-pkgs" && r.Class != "lang-pkgs" })
	var err error
	if all["Results"], err = json.Marshal(results); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// handOver lays the verdict beside the release that was scanned, signed where that is
// asked for, and keeps it for the job that deploys.
func (j *job) handOver(ctx context.Context, s *scanned, by signer) error {
	if j.release.IsZero() {
		return nil
	}
	verdict, err := verdictOf(s.judgement, s.result, s.policy)
	if err != nil {
		return err
	}
	data, err := release.Statement{Release: j.release, PredicateType: predicate.TestResult, Predicate: verdict}.Encode()
	if err != nil {
		return err
	}
	name := release.StatementDir + "/" + scanName + ".json"
	files := map[string][]byte{name: data}
	if by.Signer != nil {
		bundle, err := by.SignStatement(ctx, data)
		if err != nil {
			return signing.Blame(fmt.Errorf("signing the statement: %w", err), err)
		}
		files[name+release.SignatureExtension] = bundle
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := release.Lay(j.folder, name, files[name]); err != nil {
			return fmt.Errorf("laying %s beside the record: %w", name, err)
		}
	}
	j.r.Wrote(filepath.Join(j.folder, release.StatementDir))
	if !j.in.artifact {
		return nil
	}
	err = handover.SendProof(ctx, j.r, handover.ProofName(j.release, scanName), j.folder, slices.Sorted(maps.Keys(files)))
	if errors.Is(err, handover.ErrNoArtifacts) {
		return nil
	}
	return err
}

// TrivyVersion is the engine's.
const TrivyVersion = "0.74.0"
