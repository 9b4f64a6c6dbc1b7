package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// maxShown findings are shown in the log; all are in findings.sarif.
const maxShown = 100

// end tells what was found, hands everything over, and fails where it is too much.
func (j *job) end(ctx context.Context, id release.Digest, p report.Page, made bool) error {
	for _, f := range j.findings[:min(len(j.findings), maxShown)] {
		j.r.Report(j.r.Within(j.dir, f))
	}
	if more := len(j.findings) - maxShown; more > 0 {
		j.r.Logf("and %d more findings, in %s", more, j.r.Shown(filepath.Join(j.out, findingsFile)))
	}
	j.r.Summarise(p.Markdown(report.SummaryLimit / 2))
	worst := j.worst()
	j.r.SetOutput("findings", strconv.Itoa(len(worst)))
	if j.in.mode != ofBaseline { // that writes the baseline alone
		j.r.SetOutput("evidence", j.r.Shown(filepath.Join(j.out, evidenceFile)))
		j.r.SetOutput("sarif", j.r.Shown(filepath.Join(j.out, findingsFile)))
	}
	if err := j.handOver(ctx, id, made); err != nil {
		return err
	}
	if len(worst) > 0 {
		return action.Explain(fmt.Errorf("got %s of severity %s or worse, want none (fail-severity: %s)", count(len(worst), "finding"), j.in.fail, j.in.fail),
			"each is above, with what to try")
	}
	return nil
}

// handOver keeps for later jobs what this run wrote, and a release that this action
// made.
func (j *job) handOver(ctx context.Context, id release.Digest, made bool) error {
	if !j.in.artifact || j.in.mode == ofBaseline {
		return nil
	}
	err := error(nil)
	if made {
		err = handover.Send(ctx, j.r, id, j.dist)
	}
	if err == nil {
		err = handover.SendIntegrity(ctx, j.r, j.artifactName(id), j.statements(id), j.wrote)
	}
	if errors.Is(err, handover.ErrNoArtifacts) {
		return nil // the folders are the hand-over
	}
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// summary is the page of the mode release.
func (j *job) summary(p *pinned) report.Page {
	totals := p.report.Totals()
	share := report.FormatPercent(totals.Share())
	j.r.SetOutput("coverage", share)
	j.r.SetOutput("release", p.id.String())
	j.r.SetOutput("dist", j.r.Shown(p.folder))
	j.r.Logf("%s of the scripts and styles of release %s are pinned: %d of %d", share, p.id, totals.Covered, totals.Covered+totals.Uncovered+totals.Unknown)
	page := report.Page{
		Title: "Integrity", Tool: "sri-manifest",
		Facts: []report.Fact{
			{Label: "Release", Value: report.Code(p.id.String())},
			{Label: "Folder", Value: report.Code(j.r.Shown(p.folder))},
			{Label: "Signed", Value: report.Text(j.in.sign), Status: signStatus(j.in.sign)},
		},
		Foot: "sri-manifest " + j.r.Version,
	}
	page.Status, page.Verdict = j.verdict()
	if !p.release.DerivedFrom.IsZero() {
		page.Facts = append(page.Facts, report.Fact{Label: "Derived from", Value: report.Code(p.release.DerivedFrom.String()), Note: "pages or manifests were rewritten"})
	}
	page.Sections = append(page.Sections, j.findingSection()...)
	page.Sections = append(page.Sections, report.Section{Title: "Coverage", Blocks: []report.Block{
		report.Figures{
			{Label: "Pinned", Value: report.Percent(totals.Share())},
			{Label: "Covered", Value: report.Count(totals.Covered)},
			{Label: "Not covered", Value: report.Count(totals.Uncovered)},
			{Label: "Not known", Value: report.Count(totals.Unknown)},
			{Label: "Tag elsewhere", Value: report.Count(totals.Elsewhere), Note: "in a platform's settings or a server's template"},
		},
		uncoveredTable(p), unpinnedTable(p),
	}})
	return page
}

func signStatus(s signing.By) report.Status {
	if s == signing.Nobody {
		return report.Unknown
	}
	return report.Passed
}

// verdict is the run in a sentence.
func (j *job) verdict() (report.Status, string) {
	switch worst := j.worst(); {
	case j.in.fail == noThreshold && j.incomplete == "" && len(j.findings) > 0:
		return report.Warning, fmt.Sprintf("%s, which fail nothing (fail-severity: none).", count(len(j.findings), "finding"))
	case len(worst) > 0:
		return report.Failed, fmt.Sprintf("%s of severity %s or worse.", count(len(worst), "finding"), j.in.fail)
	case j.incomplete != "":
		return report.Unknown, j.incomplete
	case len(j.findings) > 0:
		return report.Warning, fmt.Sprintf("Nothing of severity %s or worse; %s.", j.in.fail, count(len(j.findings), "finding"))
	}
	return report.Passed, "Nothing was found."
}

func (j *job) findingSection() []report.Section {
	if len(j.findings) == 0 {
		return nil
	}
	shown := make([]finding.Finding, len(j.findings))
	for i, f := range j.findings {
		shown[i] = j.r.Within(j.dir, f)
	}
	return []report.Section{{Title: "Findings", Blocks: []report.Block{report.Findings(shown)}}}
}

// uncoveredTable has what is not covered, and why.
func uncoveredTable(p *pinned) report.Table {
	t := report.Table{Caption: "Not covered", Columns: []string{"file", "kind", "load", "status", "why"}}
	for _, r := range p.report.Resources {
		if r.Reason != "" {
			t.Rows = append(t.Rows, []report.Value{report.Code(r.Name()), report.Text(r.Role), report.Text(r.Load), report.Text(r.Status), report.Text(r.Reason)})
		}
	}
	return t
}

// unpinnedTable has what pages load and can't be pinned there.
func unpinnedTable(p *pinned) report.Table {
	t := report.Table{Caption: "Left without a hash in pages", Columns: []string{"page", "line", "what", "why"}}
	for _, name := range sortedKeys(p.wired.contents) {
		for _, u := range p.wired.contents[name].Unpinned {
			what := u.URL
			if what == "" {
				what = "inline " + string(u.Kind)
			}
			t.Rows = append(t.Rows, []report.Value{report.Code(name), report.Count(u.Line), report.Code(what), report.Text(u.Message)})
		}
	}
	return t
}

// artifactName is that of the statements and the evidence. A live check has no
// release of its own, and each attempt of a run its own pack.
func (j *job) artifactName(id release.Digest) string {
	if j.in.mode == ofRelease {
		return handover.ProofName(id, "integrity")
	}
	attempt, _ := j.r.Lookup("GITHUB_RUN_ATTEMPT")
	return lookName(j.in.mode, attempt)
}

func lookName(m mode, attempt string) string {
	name := "checkout-" + string(m) + "-integrity"
	if attempt == "" || attempt == "1" {
		return name
	}
	return name + "-" + attempt
}

// statements is the folder of statements, "" for none.
func (j *job) statements(id release.Digest) string {
	if id.IsZero() {
		return ""
	}
	folder := filepath.Join(j.dist, release.StatementDir)
	if _, err := os.Stat(folder); err != nil || j.in.mode != ofRelease {
		return ""
	}
	return folder
}
