package scanimage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/sign/predicate"
)

func (j *job) checkVerify() (err error) {
	problem := func(format string, args ...any) { err = errors.Join(err, fmt.Errorf(format, args...)) }
	if j.in.image == "" || j.isOnDisk() {
		problem("image: got %q, want an image in a registry: what is verified lies beside it", j.in.image)
	}
	if j.in.path != "" {
		problem("path: got a folder in the mode verify, want an image alone")
	}
	if j.in.sign != signing.Nobody {
		problem("sign: got %s in the mode verify, which signs nothing", j.in.sign)
	}
	if j.cfg.Scan.Image.SignedBy.Empty() {
		problem("scan.image.signed-by: got nobody in the configuration, want who must have signed, such as https://github.com/org/shop/.github/workflows/*: a signature of just anybody proves nothing")
	}
	return err
}

// verify wants of an image what the configuration says, and tells all at once what it
// lacks.
func (j *job) verify(ctx context.Context) (err error) {
	by, err := j.signing().Verifier(ctx, j.cfg.Scan.Image.SignedBy, "scan.image.signed-by")
	if err != nil {
		return err
	}
	img, err := j.open(ctx, j.in.image, nil)
	if err != nil {
		return fmt.Errorf("image: %w", err)
	}
	defer func() { err = errors.Join(err, img.Close()) }()
	if left := img.Left(); len(left) > 0 {
		return fmt.Errorf("%s: what else it lists is neither signed nor scanned: %s", img.Name(), left[0])
	}
	j.r.SetOutput("digest", img.Digest())
	found, err := j.proofs(img, func(digest string, types []string) (Verified, error) {
		return img.Signatures().Verify(ctx, digest, by, types)
	})
	if err != nil {
		j.r.SetOutput("verdict", strings.ToLower(string(policy.Failed)))
		return action.Explain(blame(fmt.Errorf("%s: %w", img.Name(), err)), "the configuration's section scan.image says what an image has to have proved")
	}
	j.r.SetOutput("verdict", strings.ToLower(string(policy.Passed)))
	for _, line := range found {
		j.r.Logf("%s", line)
	}
	j.r.Summarise(fmt.Sprintf("### Image verified\n\n`%s`\n\n- %s\n", img.Digest(), strings.Join(found, "\n- ")))
	return nil
}

// vulnerabilityDatabase is what the database is called in a result.
const vulnerabilityDatabase = "vulnerabilities"

type ask func(digest string, types []string) (Verified, error)

// proofs are what was verified, a line each.
func (j *job) proofs(img Image, verify ask) (lines []string, err error) {
	want := j.cfg.Scan.Image
	var types []string
	if slices.Contains(want.Attestations, config.OfScan) {
		types = append(types, predicate.TestResult)
	}
	if slices.Contains(want.Attestations, config.OfProvenance) {
		types = append(types, predicate.ProvenanceType)
	}
	whole, err := verify(img.Digest(), types)
	if err != nil {
		return nil, err
	}
	if len(whole.By) > 0 {
		lines = append(lines, fmt.Sprintf("%s is signed by %s", img.Digest(), whole.By[0]))
	}
	errs := []error{j.checkVerdict(whole, &lines), j.checkProvenance(whole, &lines)}
	for _, p := range img.Platforms() {
		errs = append(errs, j.checkPlatform(p, verify, &lines))
	}
	return lines, errors.Join(errs...)
}

// checkVerdict wants the newest scan's verdict: an image is scanned again when more is
// known.
func (j *job) checkVerdict(v Verified, lines *[]string) error {
	want := j.cfg.Scan.Image
	if !slices.Contains(want.Attestations, config.OfScan) {
		return nil
	}
	var newest []byte
	for _, one := range v.Attestations {
		if one.Type != predicate.TestResult {
			continue
		}
		_, by, err := predicate.ReadTestResult(one.Predicate)
		if err != nil {
			return fmt.Errorf("the verdict: %w", err)
		}
		if slices.Contains(by, scanName) && (newest == nil || predicate.ScannedAt(one.Predicate, scanName).After(predicate.ScannedAt(newest, scanName))) {
			newest = one.Predicate
		}
	}
	if newest == nil {
		return errors.New("it has no verdict of a scan, and what was not scanned has not passed")
	}
	said, by, err := predicate.ReadTestResult(newest)
	switch {
	case err != nil:
		return err
	case !slices.Contains(by, vulnerabilityDatabase):
		return errors.New("its scan looked nothing up in a database of vulnerabilities")
	case said == string(policy.Passed) || said == string(policy.Warned) && want.Worst == config.VerdictWarn:
		*lines = append(*lines, "its scan said "+said)
		return nil
	}
	return fmt.Errorf("its scan said %s, want scan: %s", said, want.Worst)
}

// checkProvenance wants one that names the repository.
func (j *job) checkProvenance(v Verified, lines *[]string) error {
	want := j.cfg.Scan.Image
	if !slices.Contains(want.Attestations, config.OfProvenance) {
		return nil
	}
	var errs []error
	for _, one := range v.Attestations {
		if one.Type != predicate.ProvenanceType {
			continue
		}
		p, err := predicate.ReadProvenance(one.Predicate)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("its provenance: %w", err))
		case want.Repository != "" && strings.TrimSuffix(p.Repository, ".git") != strings.TrimSuffix(want.Repository, ".git"):
			errs = append(errs, fmt.Errorf("its provenance names the repository %q, want %s", p.Repository, want.Repository))
		default:
			*lines = append(*lines, fmt.Sprintf("built from %s at %s, by %s", p.Repository, p.Commit, p.Builder))
			return nil
		}
	}
	return errors.Join(errs...)
}

// checkPlatform wants the SBOM and the scan of one platform's manifest.
func (j *job) checkPlatform(p Platform, verify ask, lines *[]string) error {
	want := j.cfg.Scan.Image
	var types []string
	if slices.Contains(want.Attestations, config.OfScan) {
		types = append(types, predicate.Vulnerability)
	}
	var sbom []string
	if slices.Contains(want.Attestations, config.OfSBOM) {
		sbom = []string{predicate.CycloneDX, predicate.SPDX}
	}
	if len(types)+len(sbom) == 0 {
		return nil
	}
	on := func(err error) error { return fmt.Errorf("%s: %w", p.Name, err) }
	v, err := verify(p.Digest, types)
	if err != nil {
		return on(err)
	}
	if len(sbom) > 0 {
		if err := anyOf(p.Digest, sbom, verify); err != nil {
			return on(err)
		}
		*lines = append(*lines, p.Name+" has its SBOM")
	}
	return j.checkAge(p, v, lines)
}

// anyOf wants one of some types of attestations.
func anyOf(digest string, types []string, verify ask) (err error) {
	for _, one := range types {
		var last error
		if _, last = verify(digest, []string{one}); last == nil {
			return nil
		}
		err = errors.Join(err, last)
	}
	return err
}

// checkAge wants a scan that is young enough: what became known since is not in it.
func (j *job) checkAge(p Platform, v Verified, lines *[]string) error {
	want := j.cfg.Scan.Image
	if !slices.Contains(want.Attestations, config.OfScan) {
		return nil
	}
	var err error
	for _, one := range v.Attestations {
		if one.Type != predicate.Vulnerability {
			continue
		}
		scan, bad := predicate.ReadScan(one.Predicate)
		switch age := j.started.Sub(scan.Finished); {
		case bad != nil:
			err = errors.Join(err, fmt.Errorf("%s: its scan: %w", p.Name, bad))
		case want.MaxAge > 0 && age > want.MaxAge:
			err = errors.Join(err, fmt.Errorf("%s: its scan is %s old, want at most %s; scan it again", p.Name, policy.Days(age), policy.Days(want.MaxAge)))
		default:
			*lines = append(*lines, fmt.Sprintf("%s was scanned on %s", p.Name, scan.Finished.UTC().Format("2006-01-02 15:04 UTC")))
			return nil
		}
	}
	return err
}
