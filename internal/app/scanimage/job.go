package scanimage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// job is one run.
type job struct {
	in  *inputs
	r   *action.Run
	cfg *config.Config
	dir string // the project, absolute
	out string // absolute
	// folder is what is scanned, absolute; "" where an image alone is.
	folder string
	// release is the record's id where folder is a release.
	release release.Digest
	tags    []string
	known   map[string]bool
	started time.Time
}

// begin reads the configuration, and tells all at once what is wrong with inputs.
func (in *inputs) begin(r *action.Run) (*job, error) {
	dir, err := place.Project(r.Path(in.dir), r.Workspace())
	if err != nil {
		return nil, action.Misuse(err)
	}
	cfg, err := place.Config(dir, in.config, config.Overrides{Built: true}, r.Lookup)
	if err != nil {
		return nil, action.Misuse(r.In(dir, err))
	}
	j := &job{in: in, r: r, cfg: cfg, dir: dir, tags: listOf(in.promote), started: r.Now()}
	j.out = place.Real(place.Within(dir, filepath.FromSlash(in.out)))
	if in.path != "" || in.image == "" {
		j.folder = r.Path(in.path)
		if in.path == "" {
			j.folder = r.Path("dist")
		}
	}
	problems := []error{j.checkSigning(), j.checkTags(), j.checkOut()}
	if in.mode == ofVerify {
		problems = append(problems, j.checkVerify())
	} else if j.folder != "" {
		problems = append(problems, j.checkFolder())
	}
	return j, action.Misuse(errors.Join(problems...))
}

func (j *job) checkSigning() (err error) {
	problem := func(format string, args ...any) { err = errors.Join(err, fmt.Errorf(format, args...)) }
	in := j.in
	if (in.key != "") != (in.sign == signing.Key) {
		problem("sign, key: got sign: %s %s a key, want sign: key with a key, or none", in.sign, map[bool]string{true: "with", false: "without"}[in.key != ""])
	}
	if in.keyPassword != "" && in.sign != signing.Key {
		problem("key-password: got a password without sign: key")
	}
	if (in.username == "") != (in.password == "") {
		problem("registry-username, registry-password: got one without the other, want both or neither")
	}
	if in.sign != signing.Nobody && j.isOnDisk() {
		problem("sign: got the image %q, which lies in no registry, want a reference such as ghcr.io/org/shop@sha256:…: signatures lie beside the image", in.image)
	}
	if in.sign != signing.Nobody && in.image != "" {
		if len(in.scanners) > 0 && !slices.Contains(in.scanners, vuln) {
			problem("sign, scanners: got a signer and scanners without vuln, want vuln too: whoever believes the signature believes that it was looked for")
		}
		if in.fail == none {
			problem("sign, fail-severity: got a signer and fail-severity: none, want a severity: else everything would be signed")
		}
	}
	if in.sign != signing.Nobody && in.image == "" && !j.isRelease() && in.mode == ofScan {
		problem("sign: got a signer, and neither an image nor a release to sign the verdict of")
	}
	if in.skipDirs != "" && j.folder != "" && j.isRelease() {
		problem("skip-dirs: got folders of a release, all of which will be served; want none")
	}
	if in.offline && in.repositories != "" {
		problem("offline, db-repository: got both, want one of them")
	}
	return err
}

// isOnDisk says of an image whether its name leads to no registry.
func (j *job) isOnDisk() bool {
	for _, transport := range []string{"oci:", "oci-archive:", "docker-archive:", "docker-daemon:"} {
		if strings.HasPrefix(j.in.image, transport) {
			return true
		}
	}
	return false
}

var tagForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`) // OCI distribution spec 1.1, "Pulling manifests"

func (j *job) checkTags() (err error) {
	problem := func(format string, args ...any) { err = errors.Join(err, fmt.Errorf("promote-tag: "+format, args...)) }
	if len(j.tags) == 0 {
		return nil
	}
	switch {
	case j.in.image == "" || j.isOnDisk():
		problem("got tags and no image in a registry, want the image that they are to lead to")
	case j.in.mode == ofVerify:
		problem("got tags in the mode verify, want the mode scan")
	case j.in.sign == signing.Nobody:
		problem("got tags and sign: none, want sign: keyless or a key: a tag is moved to what verifies, and to nothing else")
	}
	if j.in.platforms != "" {
		problem("got tags and platforms, want all of the image's platforms scanned: the tag leads to all of them")
	}
	for _, tag := range j.tags {
		if strings.HasPrefix(tag, "sha256-") {
			problem("got the tag %q, want none of those that signatures have", tag)
		}
		if !tagForm.MatchString(tag) {
			problem("got the tag %q, want letters, digits, and ., _ and - after the first", tag)
		}
	}
	return err
}

func (j *job) checkOut() error {
	switch w := j.r.Workspace(); {
	case w != "" && !place.Inside(j.out, w):
		return fmt.Errorf("out: got %q, which lies outside the workspace, and would be gone with the container; want a folder in it", j.in.out)
	case place.Inside(j.dir, j.out):
		return fmt.Errorf("out: got %q, which holds the project; want a folder of its own, such as scan", j.in.out)
	case j.folder != "" && place.Inside(j.out, place.Real(j.folder)) && j.isRelease():
		return fmt.Errorf("out: got %q, which lies in the release; want a folder beside it, such as scan", j.in.out)
	}
	return nil
}

// checkFolder wants a folder that holds something: a scan of nothing finds nothing,
// and that must not look like a clean one.
func (j *job) checkFolder() error {
	const want = "want a folder with files: build first, or give the input path"
	shown := j.r.Shown(j.folder)
	entries, err := os.ReadDir(j.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("path: got no folder %q, %s", shown, want)
	case err != nil:
		return fmt.Errorf("path: opening the folder to scan, %q: %w", shown, place.Cause(err))
	case len(entries) == 0:
		return fmt.Errorf("path: got the empty folder %q, %s", shown, want)
	}
	return nil
}

// isRelease says whether the folder has a release's record: then everyone will be
// served all of it, and no path makes a key harmless.
func (j *job) isRelease() bool {
	info, err := os.Lstat(filepath.Join(j.folder, release.RecordName))
	return err == nil && info.Mode().IsRegular()
}

// kinds are what is looked for.
func (j *job) kinds(inFolder bool) (all []result.Kind) {
	list := j.in.scanners
	switch {
	case len(list) > 0:
	case inFolder && j.isRelease():
		list = []scanner{secret}
	case inFolder:
		list = []scanner{vuln, secret, misconfig}
	default:
		list = []scanner{vuln, secret}
	}
	for _, s := range list {
		all = append(all, kindOf[s])
	}
	return all
}

var kindOf = map[scanner]result.Kind{
	vuln: result.Vulnerability, secret: result.Secret, misconfig: result.Misconfiguration, license: result.License,
}

// policy is what counts, by inputs and configuration.
func (j *job) policy() policy.Policy {
	p := policy.Policy{
		Fail: j.in.fail.severity(), Report: j.in.report.severity(), IgnoreUnfixed: j.in.ignoreUnfixed,
		SkipDirs: listOf(j.in.skipDirs), VEX: listOf(j.in.vex), MaxBaseAge: j.in.maxBaseAge, Now: j.started, Known: j.known, KnownFrom: j.in.base,
	}
	for _, i := range j.cfg.Scan.Ignore {
		one := policy.Ignore{ID: i.ID, Package: i.Package, Path: i.Path, Owner: i.Owner, Reason: i.Reason, Expires: i.Expires}
		one.At.Path, one.At.Line, one.At.Column = j.cfg.File, i.Line, i.Column
		p.Ignores = append(p.Ignores, one)
	}
	p.Scanners = j.lookedFor()
	return p
}

// lookedFor are the scanners, by Trivy's names, of image and folder.
func (j *job) lookedFor() (all []string) {
	for _, s := range scanners {
		if j.in.image != "" && slices.Contains(j.kinds(false), kindOf[s]) || j.folder != "" && slices.Contains(j.kinds(true), kindOf[s]) {
			all = append(all, string(s))
		}
	}
	return all
}

// listOf takes apart what commas separate.
func listOf(text string) (all []string) {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one != "" && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
