// Package scanimage is the use case "may this be shipped?": it scans an image or a
// folder once, judges what was found, and only then has the image signed, verified
// and its tag moved. What links Trivy, cosign and registries is given to it.
package scanimage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/finding"
)

// threshold is a severity, or none.
type threshold string

const none threshold = "none"

var thresholds = []threshold{threshold(finding.Critical), threshold(finding.High), threshold(finding.Medium), threshold(finding.Low), none}

// severity is what a threshold stands for; "" for none.
func (t threshold) severity() finding.Severity {
	if t == none {
		return ""
	}
	return finding.Severity(t)
}

// counted severities are the outputs.
var counted = []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Low}

// mode is what is done.
type mode string

const (
	ofScan   mode = "scan"
	ofVerify mode = "verify"
)

var modes = []mode{ofScan, ofVerify}

// scanner is what is looked for, by Trivy's names.
type scanner string

const (
	vuln      scanner = "vuln"
	secret    scanner = "secret"
	misconfig scanner = "misconfig"
	license   scanner = "license"
)

var scanners = []scanner{vuln, secret, misconfig, license}

// attestation is what is attested of an image.
type attestation string

const (
	cycloneDX  attestation = "cyclonedx"
	spdx       attestation = "spdx"
	ofResult   attestation = "scan"
	provenance attestation = "provenance"
)

var attestations = []attestation{cycloneDX, spdx, ofResult, provenance}

// layout is how signatures are kept in a registry.
type layout string

var layouts = []layout{"bundle", "tag"}

type inputs struct {
	tools        Tools
	dir, config  string
	mode         mode
	image, path  string
	platforms    string
	scanners     []scanner
	licenseFiles bool
	skipDirs     string

	fail, report  threshold
	ignoreUnfixed bool
	base          string
	vex           string
	maxBaseAge    time.Duration

	repositories, java, cache, archive string
	offline                            bool
	maxAge                             time.Duration

	username, password string
	insecure           bool
	maxSize            int // GiB

	sign             signing.By
	key, keyPassword string
	layouts          []layout
	attest           []attestation
	promote          string

	out, dockerfile string
	artifact, sarif bool
	token           string
	timeout         time.Duration
}

// Action is scan-image.
func Action(tools Tools) action.Action {
	in := &inputs{tools: tools}
	spec := action.Spec{
		Name:        "scan-image",
		Summary:     "scans an image or a folder, signs what it scanned, and only then moves the tag",
		Description: "Scan an image once for vulnerabilities and secrets, attest it, and move its tag only after the signature verifies.",
		Icon:        "shield",
		Colour:      "green",
		Inputs:      in.spec(),
		Outputs: []action.Output{
			{Name: "digest", Doc: "The image's digest: what was scanned, and what to deploy. Empty for a folder."},
			{Name: "verdict", Doc: "`passed`, `warned` or `failed`."},
		},
		Permissions: []string{"contents: read", "packages: write", "id-token: write", "security-events: write"},
	}
	for _, s := range counted {
		spec.Outputs = append(spec.Outputs, action.Output{Name: string(s), Doc: fmt.Sprintf("How many findings of severity %s count.", s)})
	}
	spec.Outputs = append(spec.Outputs,
		action.Output{Name: "unrated", Doc: "How many findings count that nobody has rated."},
		action.Output{Name: "result", Doc: "The result, `result.json` in `out`: a later run's `base`."},
		action.Output{Name: "sarif", Doc: "The findings as SARIF, all of them."},
		action.Output{Name: "sbom", Doc: "The first SBOM, in CycloneDX; empty for a release, of which only secrets are looked for."},
		action.Output{Name: "html", Doc: "The report, a page."},
		action.Output{Name: "promoted", Doc: "The tags that lead to the digest now."},
	)
	return action.Action{Spec: spec, Run: in.run}
}

func (in *inputs) spec() []action.Input {
	const day = 24 * time.Hour
	return []action.Input{
		action.WorkingDirectory(&in.dir),
		action.Config(&in.config),
		{Name: "mode", Default: string(ofScan), Value: action.OneOf(&in.mode, modes), Doc: "What to do: `scan`; or `verify` that an image is signed and attested as the configuration's section `scan.image` wants it, and scan nothing."},
		{Name: "image", Value: action.Text(&in.image), Doc: "The image: a reference in a registry, best by digest; or `oci:FOLDER`, `oci-archive:FILE`, `docker-archive:FILE`, `docker-daemon:NAME`."},
		{Name: "path", Value: action.Text(&in.path), Doc: "A folder to scan, relative to the workspace, besides an image or alone. Without both inputs it is `dist`. In a release nothing is looked for but secrets."},
		{Name: "platforms", Value: action.Text(&in.platforms), Doc: "Of an image for several platforms those to scan, such as `linux/amd64,linux/arm64`; empty for all. What is not scanned is not signed, so an image whose tag is to move has to be scanned whole."},
		{Name: "scanners", Value: action.ListOf(&in.scanners, scanners), Doc: "What to look for. Empty is `vuln,secret`, of a folder `misconfig` too, and `secret` alone where the folder is a release."},
		{Name: "license-files", Default: "false", Value: action.Bool(&in.licenseFiles), Doc: "Whether `license` reads every text file too, and not only what packages declare."},
		{Name: "skip-dirs", Value: action.Text(&in.skipDirs), Doc: "Folders that are passed over, separated by commas. They do not count as scanned."},
		{Name: "fail-severity", Default: string(finding.High), Value: action.OneOf(&in.fail, thresholds), Doc: "The mildest severity that fails the action. With `none` it only reports, also what it could not scan."},
		{Name: "report-severity", Default: string(finding.Low), Value: action.OneOf(&in.report, thresholds), Doc: "The mildest severity that is shown one by one. SARIF and `result.json` have all of them, whatever it is."},
		{Name: "ignore-unfixed", Default: "false", Value: action.Bool(&in.ignoreUnfixed), Doc: "Whether vulnerabilities that no version fixes yet are set aside."},
		{Name: "base", Value: action.Text(&in.base), Doc: "What is known already: an image, such as the one this was built on, or the file `result.json` of an earlier run, or Trivy's JSON. What it has too is set aside, so that only what is new fails."},
		{Name: "vex", Value: action.Text(&in.vex), Doc: "Files of VEX statements (OpenVEX, CSAF or CycloneDX), separated by commas."},
		{Name: "max-base-age", Default: "0s", Value: action.Duration(&in.maxBaseAge, 0, 3650*day), Doc: "How old the base image may be, such as `720h`; `0s` for as old as it likes. An older one is a finding of severity medium."},
		{Name: "db-repository", Value: action.Text(&in.repositories), Doc: "Repositories of the vulnerability database, separated by commas, in the order in which they are asked. Empty for Trivy's own."},
		{Name: "java-db-repository", Value: action.Text(&in.java), Doc: "The same of the database that jars are looked up in, which is fetched only where there are some."},
		{Name: "db-max-age", Default: "0s", Value: action.Duration(&in.maxAge, 0, 365*day), Doc: "How old a database may be that is used because no newer one could be had; `0s` for the tool's own bound."},
		{Name: "db-archive", Value: action.Text(&in.archive), Doc: "The vulnerability database as a file or folder, and no network: an OCI layout or an archive of one."},
		{Name: "offline", Default: "false", Value: action.Bool(&in.offline), Doc: "Whether databases are taken from `cache-dir` alone."},
		{Name: "cache-dir", Value: action.Text(&in.cache), Doc: "The folder that keeps the databases, relative to the workspace; keep it by actions/cache. Empty is a folder of the user's on a laptop, and one that goes with the container in a workflow."},
		{Name: "registry-username", Value: action.Text(&in.username), Doc: "Who logs in to the image's registry. Without it: the docker configuration in `DOCKER_CONFIG`, the cloud's own identity, and on ghcr.io the job's token."},
		{Name: "registry-password", Value: action.Text(&in.password), Secret: true, Doc: "The password or token for it."},
		{Name: "insecure-registry", Default: "false", Value: action.Bool(&in.insecure), Doc: "Whether the image's registry may speak plain HTTP. This machine's own may in any case."},
		{Name: "max-image-size", Default: "32", Value: action.Integer(&in.maxSize, 1, 10_000), Doc: "How many GiB an image's layers may have when they are unpacked: a bomb ends there."},
		{Name: "sign", Default: string(signing.Nobody), Value: action.OneOf(&in.sign, signing.Ways), Doc: "Who signs the image once it has passed: a `key`, or `keyless` the workflow itself, by its OIDC token (`id-token: write`)."},
		{Name: "key", Value: action.Text(&in.key), Doc: "The private key for `sign: key`: a file relative to the project, `env://NAME`, or a key service's address."},
		{Name: "key-password", Value: action.Text(&in.keyPassword), Secret: true, Doc: "The password of an encrypted key."},
		{Name: "signature-layouts", Default: "bundle", Value: action.ListOf(&in.layouts, layouts), Doc: "How signatures are kept in the registry: `bundle` as Sigstore bundles that refer to the image; `tag` under tags such as `sha256-….sig`, for verifiers that know nothing else."},
		{Name: "attest", Default: "cyclonedx,scan,provenance", Value: action.ListOf(&in.attest, attestations), Doc: "What is attested of a signed image: its SBOM, the scan and its verdict, and SLSA provenance, which only a workflow has."},
		{Name: "promote-tag", Value: action.Text(&in.promote), Doc: "Tags, separated by commas, that lead to the image in the end: after it was scanned, signed and verified from the registry. Any failure before leaves them where they were."},
		{Name: "out", Default: "scan", Value: action.Text(&in.out), Doc: "The folder that gets the result and its views, relative to the project."},
		{Name: "dockerfile", Default: "Dockerfile", Value: action.Text(&in.dockerfile), Doc: "The file at which code scanning shows what is in no file of the repository."},
		{Name: "artifact", Default: "true", Value: action.Bool(&in.artifact), Doc: "Whether a workflow keeps what was found of a release as its artifact `checkout-<release>-scan`, for `deploy`."},
		{Name: "upload-sarif", Default: "false", Value: action.Bool(&in.sarif), Doc: "Whether the findings go to code scanning (`security-events: write`)."},
		{Name: "timeout", Default: "30m", Value: action.Duration(&in.timeout, time.Second, 6*time.Hour), Doc: "How long it may take in all."},
		action.Token(&in.token),
	}
}

func (in *inputs) run(ctx context.Context, r *action.Run) error {
	j, err := in.begin(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, in.timeout, fmt.Errorf("it took longer than %v: %w; give the input timeout", in.timeout, context.DeadlineExceeded))
	defer cancel()
	do := j.scan
	if in.mode == ofVerify {
		do = j.verify
	}
	err = do(ctx)
	if why := context.Cause(ctx); err != nil && errors.Is(why, context.DeadlineExceeded) && !errors.Is(err, why) {
		return fmt.Errorf("%w: %w", why, err) // who waited on a registry knows nothing of the input
	}
	return err
}
