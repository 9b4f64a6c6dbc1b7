// Package scanimage is the use case "does this hold a secret?": it scans a folder
// and says what it found, what it did not look at, and whether that is too much.
// The engine is given to it, so that whoever only lists actions does not link it.
package scanimage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/scan/secrets"
)

// Scanner looks for secrets in a folder: scan.Secrets.
type Scanner func(ctx context.Context, root *os.Root, opts secrets.Options) (*secrets.Result, error)

// threshold is the mildest severity that fails the action, or none.
type threshold string

const none threshold = "none"

var thresholds = []threshold{threshold(finding.Critical), threshold(finding.High), threshold(finding.Medium), threshold(finding.Low), none}

// counted severities are the outputs.
var counted = []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Low}

type inputs struct {
	scan Scanner
	path string
	fail threshold
}

// Action is scan-image.
func Action(scan Scanner) action.Action {
	in := &inputs{scan: scan}
	spec := action.Spec{
		Name:        "scan-image",
		Summary:     "looks for secrets in a folder: a release, or its sources",
		Description: "Look for keys, tokens and other secrets in a release before shoppers get it, or in its sources, with Trivy's rules.",
		Icon:        "shield",
		Colour:      "green",
		Inputs: []action.Input{
			{Name: "path", Default: "dist", Value: action.Text(&in.path), Doc: "The folder to scan, relative to the workspace. It must hold something."},
			{Name: "fail-severity", Default: string(finding.High), Value: action.OneOf(&in.fail, thresholds), Doc: "The mildest severity that fails the action. With `none` it only reports, also what it could not scan."},
		},
		Permissions: []string{"contents: read"},
	}
	for _, s := range counted {
		spec.Outputs = append(spec.Outputs, action.Output{Name: string(s), Doc: fmt.Sprintf("How many secrets of severity %s were found.", s)})
	}
	return action.Action{Spec: spec, Run: in.run}
}

func (in *inputs) run(ctx context.Context, r *action.Run) (err error) {
	dir := r.Path(in.path)
	root, err := open(dir, r.Shown(dir))
	if err != nil {
		return action.Misuse(err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	opts := secrets.Options{Everything: isRelease(root)}
	res, err := in.scan(ctx, root, opts)
	if err != nil {
		return fmt.Errorf("looking for secrets in %s: %w", r.Shown(dir), err)
	}
	for _, s := range counted {
		r.SetOutput(string(s), strconv.Itoa(res.Count(s)))
	}
	reportAll(r, dir, res.Findings)
	reportAll(r, dir, unscanned(res, opts))
	told := tell(res)
	r.Logf("%s: %s", r.Shown(dir), told)
	r.Summarise(summary(res, told))
	return in.judge(r.Shown(dir), res)
}

// open opens a folder that holds something: a scan of nothing finds nothing, and
// that must not look like a clean one.
func open(dir, shown string) (*os.Root, error) {
	const want = "want a folder with files: build first, or give the input path"
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("got no folder %q, %s", shown, want)
	case err != nil:
		return nil, fmt.Errorf("opening the folder to scan, %q: %w", shown, err)
	case len(entries) == 0:
		return nil, fmt.Errorf("got the empty folder %q, %s", shown, want)
	}
	return os.OpenRoot(dir)
}

// isRelease says whether a folder has a release's record: then everyone will be
// served all of it, and no path makes a key harmless.
func isRelease(root *os.Root) bool {
	info, err := root.Lstat(release.RecordName)
	return err == nil && info.Mode().IsRegular()
}

// judge is the error that ends the action, nil if all is well.
func (in *inputs) judge(shown string, res *secrets.Result) error {
	var errs []error
	if res.Files == 0 && len(res.Findings) == 0 {
		errs = append(errs, fmt.Errorf("no file in %s was scanned, so it is not known to be clean", shown))
	}
	if in.fail == none {
		return errors.Join(errs...)
	}
	n, least := 0, finding.Severity(in.fail)
	for _, f := range res.Findings {
		if f.Severity.Rank() >= least.Rank() {
			n++
		}
	}
	if n > 0 {
		errs = append(errs, fmt.Errorf("got %s of severity %s or worse in %s, want none (fail-severity: %s)", count(n, "secret"), least, shown, in.fail))
	}
	if n := len(res.Left(secrets.Unknown...)); n > 0 {
		errs = append(errs, fmt.Errorf("%s in %s not scanned, or not to the end, so it is not known to be clean", count(n, "file"), shown))
	}
	return errors.Join(errs...)
}

// maxShown findings are shown; a log of a million lines shows nothing.
const maxShown = 200

func reportAll(r *action.Run, dir string, all []finding.Finding) {
	for _, f := range all[:min(len(all), maxShown)] {
		r.Report(r.Within(dir, f))
	}
	if more := len(all) - maxShown; more > 0 {
		r.Logf("and %d more", more)
	}
}

// unscanned are findings about what was not scanned and might have been expected
// to be, those first that fail the action.
func unscanned(res *secrets.Result, opts secrets.Options) (all []finding.Finding) {
	add := func(why secrets.Why, s finding.Severity, rule, message string) {
		for _, l := range res.Left(why) {
			all = append(all, finding.Finding{Rule: rule, Severity: s, Message: message, Location: finding.Location{Path: l.Path}})
		}
	}
	add(secrets.TooLarge, finding.Medium, "scan/too-large", fmt.Sprintf("not scanned: the file is larger than %d MiB", opts.Limit()>>20))
	add(secrets.TooMany, finding.Medium, "scan/too-many", "not scanned to the end: the file is full of what looks like secrets")
	add(secrets.Irregular, finding.Info, "scan/irregular", "not scanned: a link, device, pipe or socket, and no regular file")
	return all
}

// tell is the scan in a sentence. Nothing is called clean that was not scanned.
func tell(res *secrets.Result) string {
	what := "no secrets"
	if n := len(res.Findings); n > 0 {
		what = count(n, "secret")
	}
	text := fmt.Sprintf("%s in the %s (%d bytes) that were scanned", what, count(res.Files, "file"), res.Bytes)
	var left []string
	for _, why := range secrets.Whys {
		if n := len(res.Left(why)); n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, why))
		}
	}
	if len(left) > 0 {
		text += "; not scanned: " + strings.Join(left, ", ")
	}
	return text
}

// summary has counts only: no text of unknown origin.
func summary(res *secrets.Result, told string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Secrets\n\n%s.\n\n| severity | found |\n| --- | ---: |\n", told)
	for _, s := range counted {
		fmt.Fprintf(&b, "| %s | %d |\n", s, res.Count(s))
	}
	return b.String()
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
