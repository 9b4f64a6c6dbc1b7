package srimanifest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/live"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/target/static"
)

// notExecuted is why a check without a browser is never passed.
const notExecuted = "No browser was there: scripts were not executed, so what they load was not seen."

// looked is what a live mode saw.
type looked struct {
	known
	seen       *live.Observation
	unexecuted string // why scripts were not executed, "" where they were
	listed     listed
	drill      *live.DrillResult
	broken     []error // what kept a live check from being whole
}

// look is the modes live, baseline and drill.
func (in *inputs) look(ctx context.Context, r *action.Run) (err error) {
	j, err := in.begin(r)
	if err != nil {
		return err
	}
	if len(j.cfg.Integrity.Live.Pages) == 0 {
		return action.Misuse(fmt.Errorf("mode %s: got no pages to look at, want integrity.live.pages in %s", in.mode, orDefault(j.cfg.File)))
	}
	l := &looked{}
	s, err := j.signer(ctx)
	if err := j.goOn(ctx, l, "live/incomplete", err); err != nil {
		return err
	}
	j.tellUnsigned()
	if err := j.readKnown(ctx, l); err != nil {
		return err
	}
	b, end, err := j.browser(ctx, l)
	if err := j.goOn(ctx, l, ruleNotExecuted, err); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	options := j.liveOptions(b)
	if in.mode == ofDrill {
		return j.drill(ctx, l, options, s)
	}
	l.seen, err = live.Observe(ctx, options)
	if err != nil {
		l.seen = &live.Observation{}
		if err := j.goOn(ctx, l, "live/incomplete", fmt.Errorf("looking at the pages: %w", err)); err != nil {
			return err
		}
	}
	if in.mode == ofBaseline {
		return j.keepBaseline(ctx, l, s)
	}
	return j.compare(ctx, l, s)
}

const ruleNotExecuted = "live/not-executed"

// goOn makes a finding of what keeps a live check from being whole: it goes on, people
// are told, and the run ends with the error all the same. Who broke the check would
// else be heard of by nobody. The other modes, which somebody starts, end with it.
func (j *job) goOn(ctx context.Context, l *looked, rule string, err error) error {
	if err == nil || j.in.mode != ofLive || ctx.Err() != nil {
		return err
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	var told *action.Error
	hint := ""
	if errors.As(err, &told) {
		hint = told.Hint
	}
	l.broken = append(l.broken, err)
	j.found(finding.Finding{Rule: rule, Severity: finding.High, Message: text, Hint: hint})
	j.incomplete = cmp.Or(j.incomplete, "The check is not whole: "+text)
	return nil
}

// browser is where scripts are executed; nil without one.
func (j *job) browser(ctx context.Context, l *looked) (live.Browser, func() error, error) {
	b, end, err := liveBrowser(ctx, j.in.browser)
	if err != nil {
		end = func() error { return nil }
	}
	if errors.Is(err, browser.ErrNoBrowser) && j.in.browser == "" {
		l.unexecuted, j.incomplete = notExecuted, cmp.Or(j.incomplete, notExecuted)
		return nil, end, nil
	}
	if err != nil {
		l.unexecuted = "The browser did not answer: scripts were not executed, so what they load was not seen."
		return nil, end, &action.Error{Kind: action.Unavailable, Err: fmt.Errorf("browser: %w", err), Hint: "docs/live-check.md has a service container that works"}
	}
	j.r.Logf("scripts are executed by %s", b.Version())
	return b, end, nil
}

func (j *job) liveOptions(b live.Browser) live.Options {
	c := j.cfg.Integrity.Live
	return live.Options{Pages: c.Pages, Browser: b, Settle: live.Settle{Stay: c.Stay}, Scan: scanLive, Own: static.Own, Allow: c.Allow}
}

// compare is the mode live.
func (j *job) compare(ctx context.Context, l *looked, s signer) error {
	for _, d := range live.Compare(l.baseline, j.against(l), l.seen) {
		if d.Rule != ruleNotExecuted || len(l.broken) == 0 || l.unexecuted == notExecuted { // else it was told, with its cause
			j.found(d.Finding())
		}
	}
	var err error
	if l.listed, err = j.compareInventory(l.inventory, j.observedLive(l)); err != nil {
		return err
	}
	finding.Sort(j.findings)
	return j.tell(ctx, l, s)
}

// observedLive is what ran in the pages, in the words of the inventory. A file of a
// release that has other bytes is none that somebody could approve: the comparison
// told of it.
func (j *job) observedLive(l *looked) inventory.Observed {
	seen := inventory.Observed{Live: true, Own: l.ownSeen()}
	for _, p := range l.seen.Pages {
		right := live.Right(p, l.own)
		for _, r := range p.Resources {
			if right[r.SHA384] || l.baseline.Own(p.URL, r) || l.ofRelease(r) {
				continue
			}
			seen.Loaded = append(seen.Loaded, loadedLive(p.URL, r))
		}
	}
	return seen
}

// loadedLive is what a page loaded, in the words of the inventory.
func loadedLive(page string, r live.Resource) inventory.Loaded {
	l := inventory.Loaded{URL: r.URL, Page: page, Kind: release.Script, Integrity: r.Integrity, By: r.By}
	if r.Kind == live.Style {
		l.Kind = release.Style
	}
	if r.Via != live.Linked {
		l.URL = ""
	}
	if r.SHA384 != "" {
		l.Hashes = append([]string{r.SHA384}, r.Hashes...)
	}
	return l
}

// tell writes the evidence of a live check, the issue, and ends the run.
func (j *job) tell(ctx context.Context, l *looked, s signer) error {
	alert, err := j.alert(ctx, l)
	if err != nil {
		// The evidence is written all the same: it says that nobody was told.
		alert = evidence.Step{Outcome: evidence.NotDone, Note: err.Error()}
	}
	broken := errors.Join(l.broken...)
	unsigned, failed := j.writeLive(ctx, l, s, alert)
	if failed != nil {
		return errors.Join(err, broken, failed)
	}
	return errors.Join(err, broken, unsigned, j.end(ctx, release.Digest{}, j.liveSummary(l), false), j.unseen(l))
}

// writeLive writes the evidence of a live check, also where it can't be signed.
func (j *job) writeLive(ctx context.Context, l *looked, s signer, alert evidence.Step) (unsigned, err error) {
	pack := j.packLive(l)
	pack.Method.Alert = alert
	if err := j.seal(pack, l.previous); err != nil {
		return nil, err
	}
	files := outFiles{}
	if err := addPack(files, pack); err != nil {
		return nil, err
	}
	if l.listed.diff != "" {
		files["inventory.diff"] = []byte(l.listed.diff)
	}
	if err := j.addFindings(files); err != nil {
		return nil, err
	}
	unsigned = j.signPack(ctx, s, files)
	return unsigned, j.writeOut(files)
}

// unseen is the error of a check that had no browser, unless nothing fails it.
func (j *job) unseen(l *looked) error {
	if l.unexecuted != notExecuted || j.in.fail == noThreshold {
		return nil
	}
	return action.Explain(fmt.Errorf("scripts not executed: %s", notExecuted), "give the input browser, or install Chromium")
}

// packLive is the pack of a live check.
func (j *job) packLive(l *looked) *evidence.Pack {
	pack := j.newPack(l.listed)
	pack.Notes = append(pack.Notes, l.notes()...)
	if shown := l.shown(); shown != nil {
		pack.Subject.Name, pack.Subject.Release = shown.release.Name, shown.id
		pack.Method.Release = evidence.Step{Outcome: evidence.Partial, Note: count(len(l.records), "record") + " read; the bytes that shoppers get were compared with them"}
	}
	failed := 0
	for _, p := range l.seen.Pages {
		if len(pack.Subject.Pages) == 0 || l.listed.file == nil {
			pack.Subject.Pages = append(pack.Subject.Pages, evidence.Page{URL: p.URL})
		}
		if p.Failed != "" {
			failed++
		}
		for _, name := range sortedKeys(p.Fetched.Header) {
			pack.Headers = append(pack.Headers, evidence.Header{Page: p.URL, Name: name, Value: strings.Join(p.Fetched.Header[name], ", "), Source: "received"})
		}
	}
	pack.Method.Fetched = evidence.Step{Outcome: evidence.Done, Note: count(len(l.seen.Pages), "page")}
	switch {
	case len(l.seen.Pages) == 0:
		pack.Method.Fetched = evidence.Step{Outcome: evidence.NotDone, Note: j.incomplete}
		pack.Method.Executed = pack.Method.Fetched
		return pack
	case failed > 0:
		pack.Method.Fetched = evidence.Step{Outcome: evidence.Partial, Note: fmt.Sprintf("%d of %d pages failed", failed, len(l.seen.Pages))}
	}
	pack.Method.Executed = evidence.Step{Outcome: evidence.Done, Note: l.seen.Browser}
	if l.unexecuted != "" {
		pack.Method.Executed = evidence.Step{Outcome: evidence.NotDone, Note: l.unexecuted}
	}
	return pack
}

// liveSummary is the page of a live check.
func (j *job) liveSummary(l *looked) report.Page {
	p := report.Page{Title: "Live check", Tool: "sri-manifest", Foot: "sri-manifest " + j.r.Version}
	p.Status, p.Verdict = j.verdict()
	j.r.SetOutput("coverage", "unknown")
	browserName := l.seen.Browser
	if browserName == "" {
		browserName = "none: scripts not executed"
	}
	p.Facts = []report.Fact{{Label: "Browser", Value: report.Text(browserName)}, {Label: "Compared with", Value: report.Code(j.cfg.Integrity.Live.Baseline), Note: l.baselineBy()}}
	table := report.Table{Caption: "Pages", Columns: []string{"page", "status", "scripts", "styles", "executed"}}
	for _, page := range l.seen.Pages {
		scripts, styles, executed := 0, 0, 0
		for _, r := range page.Resources {
			if r.Kind == live.Style {
				styles++
			} else {
				scripts++
			}
			if r.Executed {
				executed++
			}
		}
		status := report.Value(report.Count(page.Fetched.Status))
		if page.Failed != "" {
			status = report.Text(page.Failed)
		}
		table.Rows = append(table.Rows, []report.Value{report.Code(page.URL), status, report.Count(scripts), report.Count(styles), report.Count(executed)})
	}
	p.Sections = append(j.findingSection(), report.Section{Title: "Pages", Blocks: []report.Block{table}})
	return p
}
