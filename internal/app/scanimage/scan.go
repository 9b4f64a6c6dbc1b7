package scanimage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// scanned is what one run found, and all that is made of it.
type scanned struct {
	image     Image // nil for a folder alone
	result    *result.Result
	scans     []Scan // of the image's platforms, in the reports' order, and of the folder
	policy    policy.Policy
	judgement *policy.Judgement
	compare   func(ecosystem, a, b string) int
	ends      []func() error
}

// scan does it all: nothing is signed that did not pass, and no tag moves to what
// does not verify.
func (j *job) scan(ctx context.Context) (err error) {
	signer, err := j.signer(ctx)
	if err != nil {
		return err
	}
	s := &scanned{result: &result.Result{Artifact: j.r.Shown(j.folder)}}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := j.look(ctx, s); err != nil {
		return err
	}
	s.policy = j.policy()
	s.judgement = policy.Judge(s.result, s.policy)
	sarif, err := j.tell(ctx, s)
	if err != nil {
		return err
	}
	if err := errors.Join(j.handOver(ctx, s, signer), j.upload(ctx, sarif)); err != nil {
		return errors.Join(err, j.failed(s))
	}
	if s.judgement.Verdict == policy.Failed {
		return j.failed(s)
	}
	return j.ship(ctx, s, signer)
}

// failed is the error that ends a scan that did not pass, nil for one that did.
func (j *job) failed(s *scanned) error {
	if s.judgement.Verdict != policy.Failed {
		return nil
	}
	var errs []error
	for _, why := range s.judgement.Why {
		errs = append(errs, fmt.Errorf("%s: %s (fail-severity: %s)", s.result.Artifact, why, j.in.fail))
	}
	err := errors.Join(errs...)
	if len(j.tags) > 0 {
		return action.Explain(err, "nothing was signed, and "+j.stay())
	}
	return err
}

// close lets go of what was opened, the last first.
func (s *scanned) close() error {
	var errs []error
	for _, one := range slices.Backward(s.ends) {
		errs = append(errs, one())
	}
	return errors.Join(errs...)
}

// look scans the image and the folder.
func (j *job) look(ctx context.Context, s *scanned) (err error) {
	if j.in.image != "" {
		if s.image, err = j.open(ctx, j.in.image, listOf(j.in.platforms)); err != nil {
			return fmt.Errorf("image: %w", err)
		}
		s.ends = append(s.ends, s.image.Close)
		s.result.Artifact, s.result.Digest = s.image.Name(), s.image.Digest()
		j.r.Logf("%s is %s", s.image.Name(), s.image.Digest())
	}
	engine, err := j.engine(ctx, s)
	if err != nil {
		return err
	}
	if engine != nil {
		s.ends = append(s.ends, engine.Close)
	}
	if err := j.scanAll(ctx, engine, s); err != nil {
		return err
	}
	if j.known, err = j.base(ctx, engine); err != nil {
		return err
	}
	if engine != nil {
		s.result.Databases, s.compare = engine.Databases(), engine.Compare
	}
	return nil
}

// open finds an image.
func (j *job) open(ctx context.Context, reference string, platforms []string) (Image, error) {
	o := j.imageOptions()
	o.Platforms = platforms
	return j.in.tools.Open(ctx, reference, o)
}

func (j *job) imageOptions() ImageOptions {
	o := ImageOptions{
		For: j.in.image, Username: j.in.username, Password: j.in.password, Insecure: j.in.insecure, DockerConfig: j.dockerConfig(),
		MaxSize: int64(j.in.maxSize) << 30, Dir: j.dir,
	}
	o.DockerHost, _ = j.r.Lookup("DOCKER_HOST")
	if o.Username == "" && strings.HasPrefix(strings.TrimPrefix(j.in.image, "docker://"), "ghcr.io/") && j.in.token != "" {
		o.Username, _ = j.r.Lookup("GITHUB_ACTOR")
		o.Password = j.in.token
	}
	return o
}

// dockerConfig is the folder of docker's configuration, "" for none.
func (j *job) dockerConfig() string {
	if dir, ok := j.r.Lookup("DOCKER_CONFIG"); ok && dir != "" {
		return j.r.Path(dir)
	}
	if home, ok := j.r.Lookup("HOME"); ok && home != "" {
		return filepath.Join(home, ".docker")
	}
	return ""
}

// engine is Trivy, for whatever wants it: a release's secrets do not.
func (j *job) engine(ctx context.Context, s *scanned) (Engine, error) {
	var kinds []result.Kind
	if s.image != nil {
		kinds = j.kinds(false)
	}
	if j.folder != "" {
		for _, kind := range j.kinds(true) {
			if kind != result.Secret && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	if len(kinds) == 0 {
		return nil, nil //nolint:nilnil // nothing wants it
	}
	o := EngineOptions{Kinds: kinds, LicenseFiles: j.in.licenseFiles, SkipDirs: listOf(j.in.skipDirs), Databases: DatabaseOptions{
		Cache: j.cache(), Repositories: listOf(j.in.repositories), Java: listOf(j.in.java), Offline: j.in.offline, MaxAge: j.in.maxAge,
		DockerConfig: j.dockerConfig(),
	}}
	if j.in.archive != "" {
		o.Databases.Archive = place.Within(j.dir, filepath.FromSlash(j.in.archive))
	}
	for _, file := range listOf(j.in.vex) {
		if _, err := place.Read(j.dir, j.r.Workspace(), file, maxVEX); err != nil {
			return nil, action.Misuse(fmt.Errorf("vex: %w", err))
		}
		o.VEX = append(o.VEX, place.Within(j.dir, filepath.FromSlash(file)))
	}
	return j.in.tools.Engine(ctx, o)
}

const maxVEX = 64 << 20

// cache is the folder of the databases.
func (j *job) cache() string {
	if j.in.cache != "" {
		dir := j.r.Path(j.in.cache)
		j.r.Wrote(dir)
		return dir
	}
	if !j.r.OnRunner() {
		if home, err := os.UserCacheDir(); err == nil {
			return filepath.Join(home, "checkout-deploy", "scan")
		}
	}
	return filepath.Join(os.TempDir(), "checkout-deploy-scan")
}

// scanAll scans what there is to scan, once.
func (j *job) scanAll(ctx context.Context, engine Engine, s *scanned) error {
	if s.image != nil {
		scans, err := engine.Image(ctx, s.image)
		if err != nil {
			return fmt.Errorf("scanning %s: %w", s.image.Name(), err)
		}
		for i := range scans {
			only(&scans[i].Report, j.kinds(false))
		}
		s.scans = scans
	}
	if j.folder != "" {
		one, err := j.scanFolder(ctx, engine)
		if err != nil {
			return fmt.Errorf("scanning %s: %w", j.r.Shown(j.folder), err)
		}
		s.scans = append(s.scans, one)
	}
	for _, one := range s.scans {
		for i, e := range one.Report.Excused {
			one.Report.Excused[i].File = j.r.Shown(e.File)
		}
		s.result.Reports = append(s.result.Reports, one.Report)
		for _, w := range one.Warnings {
			j.r.Logf("the engine warns: %s", w)
		}
	}
	return nil
}

// only leaves out what was looked for elsewhere: the engine is one for an image and the
// folder beside it.
func only(report *result.Report, kinds []result.Kind) {
	report.Findings = slices.DeleteFunc(report.Findings, func(f result.Finding) bool { return !slices.Contains(kinds, f.Kind) })
}

// tell writes what was found, and shows it. It returns the findings as SARIF.
func (j *job) tell(ctx context.Context, s *scanned) (sarif []byte, err error) {
	views, err := j.views(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := j.write(views); err != nil {
		return nil, err
	}
	if s.image != nil {
		j.r.SetOutput("digest", s.image.Digest())
	}
	for _, severity := range counted {
		j.r.SetOutput(string(severity), strconv.Itoa(s.judgement.Count(severity)))
	}
	j.r.SetOutput("unrated", strconv.Itoa(s.judgement.Count(finding.Info)))
	j.r.SetOutput("verdict", strings.ToLower(string(s.judgement.Verdict)))
	for _, file := range []struct{ output, name string }{{"result", resultFile}, {"sarif", sarifFile}, {"sbom", views.sbom}, {"html", pageFile}} {
		if file.name != "" {
			j.r.SetOutput(file.output, j.r.Shown(filepath.Join(j.out, file.name)))
		}
	}
	if err := j.report(s, views.table); err != nil {
		return nil, err
	}
	j.r.Summarise(views.summary)
	return views.files[sarifFile], nil
}

// signer opens the key before anything is scanned: a job that may not sign is told at
// once.
func (j *job) signer(ctx context.Context) (signer, error) {
	s, err := j.signing().Signer(ctx, j.in.sign, j.in.key, j.in.keyPassword)
	return signer{s}, err
}

func (j *job) signing() signing.Signing {
	return signing.Signing{Run: j.r, Dir: j.dir, Sigstore: j.cfg.Integrity.Sigstore}
}
