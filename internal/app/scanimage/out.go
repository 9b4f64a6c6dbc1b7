package scanimage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/gh"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/scan/advice"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// Names in the folder out. Those of one platform have its name in them, where there
// are several.
const (
	resultFile    = "result.json"
	sarifFile     = "findings.sarif"
	pageFile      = "report.html"
	trivyFile     = "trivy.json"
	cycloneDXFile = "sbom.cyclonedx.json"
	spdxFile      = "sbom.spdx.json"
)

// views is everything that is made of one scan.
type views struct {
	files   map[string][]byte
	table   string
	summary string
	sbom    string // the name of the first
}

// views makes them, before any is written.
func (j *job) views(ctx context.Context, s *scanned) (*views, error) {
	v := &views{files: map[string][]byte{}}
	steps := advice.Advise(s.judgement, s.result, s.compare)
	page := pageOf(s.judgement, s.result, s.policy, steps, j.r.Version, TrivyVersion)
	html, err := page.HTML()
	if err != nil {
		return nil, fmt.Errorf("drawing the report: %w", err)
	}
	v.summary, v.table = page.Markdown(report.SummaryLimit/2), tableOf(ofPackages(s.judgement), s.policy)
	sarif, err := finding.SARIF(sarifOf(s.judgement, s.result, cmp.Or(j.in.dockerfile, s.result.Artifact), j.shownFolder(), j.r.Version))
	if err != nil {
		return nil, fmt.Errorf("writing SARIF: %w", err)
	}
	document, err := documentOf(s.judgement, s.result, s.policy, j.r.Version, TrivyVersion)
	if err != nil {
		return nil, fmt.Errorf("writing the result: %w", err)
	}
	v.files[pageFile], v.files[sarifFile], v.files[resultFile] = html, sarif, document
	for i := range s.scans {
		if err := v.add(ctx, &s.scans[i], len(s.scans) > 1); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// add adds what the engine makes of one platform.
func (v *views) add(ctx context.Context, s *Scan, several bool) error {
	name := func(file string) string {
		if !several {
			return file
		}
		return platformFile(file, s.Report.Platform)
	}
	if s.Report.JSON != nil {
		v.files[name(trivyFile)] = s.Report.JSON
	}
	if s.Write == nil { // a release's secrets alone
		return nil
	}
	for _, one := range []struct{ format, file string }{{"cyclonedx", cycloneDXFile}, {"spdx", spdxFile}} {
		var b bytes.Buffer
		if err := s.Write(ctx, &b, one.format); err != nil {
			return err
		}
		v.files[name(one.file)] = b.Bytes()
	}
	if v.sbom == "" {
		v.sbom = name(cycloneDXFile)
	}
	return nil
}

// platformFile is trivy-linux-arm64.json for trivy.json, and trivy-folder.json.
func platformFile(file, platform string) string {
	if platform == "" {
		platform = "folder"
	}
	base, rest, _ := strings.Cut(file, ".")
	return base + "-" + strings.ReplaceAll(platform, "/", "-") + "." + rest
}

// write puts the files into the folder out, all or none, and takes away what an
// earlier run left there.
func (j *job) write(v *views) (err error) {
	if err := j.r.MkdirAll(j.out); err != nil {
		return fmt.Errorf("making the folder %s: %w", j.r.Shown(j.out), place.Cause(err))
	}
	var staged []place.File
	defer func() {
		for i := range staged {
			staged[i].Discard()
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		path := filepath.Join(j.out, name)
		f, err := place.Stage(path, v.files[name])
		if err != nil {
			return fmt.Errorf("writing %s: %w", j.r.Shown(path), place.Cause(err))
		}
		staged = append(staged, f)
	}
	if err := j.clear(v); err != nil {
		return err
	}
	for i := range staged {
		if err := staged[i].Commit(); err != nil {
			return fmt.Errorf("writing %s: %w", j.r.Shown(staged[i].Path), place.Cause(err))
		}
		j.r.Wrote(staged[i].Path)
	}
	return nil
}

// clear removes an earlier run's views of platforms that this one does not have: an
// SBOM of another image beside this one's would be taken for it. Which they were, that
// run's result says; what else lies there is somebody's own.
func (j *job) clear(v *views) error {
	for _, name := range j.earlier() {
		if v.files[name] != nil {
			continue
		}
		if err := place.Remove(filepath.Join(j.out, name)); err != nil {
			return fmt.Errorf("removing an earlier %s: %w", name, place.Cause(err))
		}
	}
	return nil
}

// earlier are the files of platforms that the result in the folder is of.
func (j *job) earlier() (names []string) {
	data, err := os.ReadFile(filepath.Join(j.out, resultFile))
	if err != nil || checkHead(data) != nil {
		return nil
	}
	var of struct{ Reports []struct{ Platform string } }
	if err := json.Unmarshal(data, &of); err != nil {
		return nil
	}
	for _, file := range []string{trivyFile, cycloneDXFile, spdxFile} {
		names = append(names, file)
		for _, r := range of.Reports {
			names = append(names, platformFile(file, r.Platform))
		}
	}
	return names
}

// Of findings so many are told one by one: a log of a million lines shows nothing, and
// of a step's annotations a runner shows ten errors, of which the verdict is one.
const (
	maxShown     = 200
	maxAnnotated = 8
)

// report shows what counts, and what the scan is worth. What is in a file has a line
// of its own; packages are a table, and the worst of them annotations too.
func (j *job) report(s *scanned, table string) error {
	shown := s.judgement.Shown(s.policy)
	most := maxAnnotated
	if !j.r.OnRunner() {
		shown = slices.DeleteFunc(shown, isOfPackage)
		most = maxShown
	}
	for _, one := range shown[:min(len(shown), most)] {
		j.r.Report(j.place(one.Annotation(), slices.Contains(one.Platforms, "")))
	}
	for _, one := range shown[min(len(shown), most):min(len(shown), maxShown)] {
		if !isOfPackage(one) {
			j.r.Logf("%s: %s: %s", one.Severity, one.Annotation().Location, one)
		}
	}
	if more := len(shown) - maxShown; more > 0 {
		j.r.Logf("and %d more", more)
	}
	for _, about := range s.judgement.About {
		if about.Location.Path != "" {
			about = j.r.Within(j.dir, about)
		}
		j.r.Report(about)
	}
	if table != "" {
		if err := j.r.Group("Findings", func() error { j.r.Logf("%s", table); return nil }); err != nil {
			return err
		}
	}
	j.r.Logf("%s", headline(s.judgement, s.result))
	return nil
}

func isOfPackage(f policy.One) bool {
	return f.Kind == result.Vulnerability || f.Kind == result.License
}

// ofPackages is a judgement of what was found of packages alone.
func ofPackages(j *policy.Judgement) *policy.Judgement {
	only := *j
	only.Found = slices.DeleteFunc(slices.Clone(j.Found), func(f policy.One) bool { return !isOfPackage(f) })
	return &only
}

// place leads a path of the folder to the workspace. Those of an image lead nowhere.
func (j *job) place(f finding.Finding, inFolder bool) finding.Finding {
	if inFolder {
		return j.r.Within(j.folder, f)
	}
	if f.Location.Path != "" {
		f.Message = f.Location.String() + ": " + f.Message
		f.Location = finding.Location{}
	}
	return f
}

// shownFolder is the scanned folder as the repository has it.
func (j *job) shownFolder() string {
	if j.folder == "" {
		return ""
	}
	return j.r.Shown(j.folder)
}

// upload sends the findings to code scanning.
func (j *job) upload(ctx context.Context, sarif []byte) error {
	if !j.in.sarif {
		return nil
	}
	repository, _ := j.r.Lookup("GITHUB_REPOSITORY")
	if !j.r.OnRunner() || repository == "" || j.in.token == "" {
		return action.Misuse(errors.New("upload-sarif: got true where there is no workflow or no token, want it in a workflow with the input token"))
	}
	base, _ := j.r.Lookup("GITHUB_API_URL")
	commit, _ := j.r.Lookup("GITHUB_SHA")
	ref, _ := j.r.Lookup("GITHUB_REF")
	client, err := gh.New(gh.Options{
		BaseURL: base, Repository: repository, Token: j.in.token, Now: j.r.Now, UserAgent: "checkout-deploy/" + j.r.Version,
		Waiting: func(w gh.Wait) { j.r.Logf("waiting %v for %s: %s", w.For, w.Request, w.Why) },
	})
	if err != nil {
		return err
	}
	done, err := client.UploadSARIF(ctx, gh.SARIF{Commit: commit, Ref: ref, Data: sarif})
	if err != nil {
		return action.Explain(err, "code scanning has to be turned on, and the job needs permissions: { security-events: write }; a pull request of a fork never has it")
	}
	if !done.Complete {
		j.r.Logf("code scanning has the findings, and had not read them yet: %s", done.ID)
	}
	return nil
}
