package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/live"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

const maxBaseline = 64 << 20 // bytes

// notExecuted is why a check without a browser is never passed.
const notExecuted = "No browser was there: scripts were not executed, so what they load was not seen."

// looked is what a live mode saw.
type looked struct {
	own       map[string]string // files of the signed release, path to integrity
	release   *release.Release  // nil where there is none here
	id        release.Digest
	baseline  *live.Baseline
	inventory *inventory.Inventory // nil for none
	previous  []byte               // the pack before, nil for none
	seen      *live.Observation
	listed    listed
	drill     *live.DrillResult
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
	signer, err := j.signer(ctx)
	if err != nil {
		return err
	}
	l := &looked{}
	if err := j.known(ctx, l); err != nil {
		return err
	}
	b, end, err := j.browser(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	options := j.liveOptions(b)
	if in.mode == ofDrill {
		return j.drill(ctx, l, options, signer)
	}
	if l.seen, err = live.Observe(ctx, options); err != nil {
		return fmt.Errorf("looking at the pages: %w", err)
	}
	if l.seen.Browser == "" {
		j.incomplete = notExecuted
	}
	if in.mode == ofBaseline {
		return j.keepBaseline(ctx, l, signer)
	}
	return j.compare(ctx, l, signer)
}

// known reads what the pages are compared with: the release, and the baseline.
func (j *job) known(ctx context.Context, l *looked) error {
	if err := j.knownRelease(ctx, l); err != nil {
		return err
	}
	if j.in.mode == ofBaseline {
		return nil
	}
	var err error
	if l.inventory, err = j.readInventory(); err != nil {
		return err
	}
	if l.previous, err = j.previous(ctx); err != nil {
		return err
	}
	name := j.cfg.Integrity.Live.Baseline
	data, err := j.file(name, maxBaseline)
	if errors.Is(err, fs.ErrNotExist) {
		return action.Explain(action.Misuse(fmt.Errorf("integrity.live.baseline: got no %s, so there is nothing to compare with", name)),
			"sri-manifest --mode baseline writes it from what is live now: look at it, then commit it with its signature")
	}
	if err != nil {
		return action.Misuse(fmt.Errorf("integrity.live.baseline: %w", err))
	}
	if err := j.verify(ctx, "integrity.live.baseline", name, data); err != nil {
		return err
	}
	if l.baseline, err = live.ReadBaseline(data); err != nil {
		return action.Misuse(fmt.Errorf("%s: %w", name, err))
	}
	return nil
}

// knownRelease reads the record of the release that is live, if it is here. Its
// files need not be: only their hashes are asked for.
func (j *job) knownRelease(ctx context.Context, l *looked) error {
	id, err := handover.ParseID(j.in.release)
	if err != nil {
		return action.Misuse(err)
	}
	record := filepath.Join(j.dist, release.RecordName)
	data, err := os.ReadFile(record)
	switch {
	case errors.Is(err, fs.ErrNotExist) && id.IsZero():
		return nil
	case err != nil:
		return action.Misuse(fmt.Errorf("reading the release's record: %w", err))
	}
	rel, err := release.Read(strings.NewReader(string(data)))
	if err != nil {
		return action.Misuse(j.r.In(j.dist, err))
	}
	if l.id, err = rel.ID(); err != nil {
		return err
	}
	if !id.IsZero() && id != l.id {
		return action.Misuse(fmt.Errorf("release: got %s, but the record in %s is that of %s", id, j.r.Shown(j.dist), l.id))
	}
	if err := j.verifyRecord(ctx, data); err != nil {
		return err
	}
	l.release, l.own = rel, map[string]string{}
	for _, f := range rel.Files {
		l.own[f.Path] = f.Integrity.String()
	}
	return nil
}

// verifyRecord wants the record's signature, where the configuration says whose.
func (j *job) verifyRecord(ctx context.Context, record []byte) error {
	v, err := j.verifier(ctx)
	if v == nil || err != nil {
		return err
	}
	name := filepath.Join(j.dist, release.StatementDir, release.RecordName+signed)
	bundle, err := j.file(name, maxPack)
	if err != nil {
		return action.Misuse(fmt.Errorf("integrity.signed-by wants the record to be signed: %w", err))
	}
	who, err := v.Verify(ctx, record, bundle)
	if err != nil {
		return &action.Error{Kind: action.Refused, Err: fmt.Errorf("the record in %s: %w", j.r.Shown(j.dist), err)}
	}
	j.r.Logf("the record is signed by %s", who)
	return nil
}

// browser is where scripts are executed; nil without one.
func (j *job) browser(ctx context.Context) (live.Browser, func() error, error) {
	b, end, err := liveBrowser(ctx, j.in.browser)
	if errors.Is(err, browser.ErrNoBrowser) && j.in.browser == "" {
		return nil, func() error { return nil }, nil
	}
	if err != nil {
		return nil, nil, &action.Error{Kind: action.Unavailable, Err: fmt.Errorf("browser: %w", err), Hint: "docs/live-check.md has a service container that works"}
	}
	j.r.Logf("scripts are executed by %s", b.Version())
	return b, end, nil
}

func (j *job) liveOptions(b live.Browser) live.Options {
	c := j.cfg.Integrity.Live
	return live.Options{Pages: c.Pages, Browser: b, Settle: live.Settle{Stay: c.Stay}, Scan: scanLive, Allow: c.Allow}
}

// against is what excuses a difference: the release, and exceptions of the inventory.
func (j *job) against(l *looked) live.Against {
	a := live.Against{Own: l.own}
	if l.inventory == nil {
		return a
	}
	today := inventory.DayOf(j.r.Now())
	for _, e := range l.inventory.Entries {
		if e.Exception == nil || e.Exception.Expires < today {
			continue
		}
		if e.URL != "" {
			a.Evergreen = append(a.Evergreen, string(e.URL))
		}
		if e.Inline != "" {
			a.Evergreen = append(a.Evergreen, "inline:"+string(e.Inline))
		}
	}
	return a
}

// compare is the mode live.
func (j *job) compare(ctx context.Context, l *looked, s signer) error {
	for _, d := range live.Compare(l.baseline, j.against(l), l.seen) {
		j.found(d.Finding())
	}
	var err error
	if l.listed, err = j.compareInventory(l.inventory, j.observedLive(l)); err != nil {
		return err
	}
	finding.Sort(j.findings)
	return j.tell(ctx, l, s)
}

// observedLive is what ran in the pages, in the words of the inventory.
func (j *job) observedLive(l *looked) inventory.Observed {
	seen := inventory.Observed{Live: true}
	right := map[string]bool{}
	if l.release != nil {
		seen.Own = inventory.OwnOf(l.release)
		for _, integrity := range l.own {
			right[integrity] = true
		}
	}
	for _, p := range l.seen.Pages {
		for _, r := range p.Resources {
			if right[r.SHA384] {
				continue
			}
			o := inventory.Loaded{URL: r.URL, Page: p.URL, Kind: release.Script, Integrity: r.Integrity, By: r.By}
			if r.Kind == live.Style {
				o.Kind = release.Style
			}
			if r.Via != live.Linked {
				o.URL = ""
			}
			if r.SHA384 != "" {
				o.Hashes = []string{r.SHA384}
			}
			seen.Loaded = append(seen.Loaded, o)
		}
	}
	return seen
}

// tell writes the evidence of a live check, the issue, and ends the run.
func (j *job) tell(ctx context.Context, l *looked, s signer) error {
	alert, err := j.alert(ctx, l)
	if err != nil {
		// The evidence is written all the same: it says that nobody was told.
		alert = evidence.Step{Outcome: evidence.NotDone, Note: err.Error()}
	}
	failed := j.writeLive(ctx, l, s, alert)
	if failed != nil {
		return errors.Join(err, failed)
	}
	return errors.Join(err, j.end(ctx, l.id, j.liveSummary(l), false), j.unseen())
}

// writeLive writes the evidence of a live check.
func (j *job) writeLive(ctx context.Context, l *looked, s signer, alert evidence.Step) error {
	pack := j.packLive(l)
	pack.Method.Alert = alert
	if err := j.seal(pack, l.previous); err != nil {
		return err
	}
	files := outFiles{}
	if err := addPack(files, pack); err != nil {
		return err
	}
	if l.listed.diff != "" {
		files["inventory.diff"] = []byte(l.listed.diff)
	}
	if err := j.addFindings(files); err != nil {
		return err
	}
	if err := j.signPack(ctx, s, files); err != nil {
		return err
	}
	return j.writeOut(files)
}

// unseen is the error of a check that had no browser, unless nothing fails it.
func (j *job) unseen() error {
	if j.incomplete == "" || j.in.fail == noThreshold {
		return nil
	}
	return action.Explain(errors.New("scripts not executed: "+j.incomplete), "give the input browser, or install Chromium")
}

// packLive is the pack of a live check.
func (j *job) packLive(l *looked) *evidence.Pack {
	pack := j.newPack(l.listed)
	pack.Subject.Release = l.id
	if l.release != nil {
		pack.Subject.Name = l.release.Name
		pack.Method.Release = evidence.Step{Outcome: evidence.Partial, Note: "the record was read; the bytes that shoppers get were compared with it"}
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
	if failed > 0 {
		pack.Method.Fetched = evidence.Step{Outcome: evidence.Partial, Note: fmt.Sprintf("%d of %d pages failed", failed, len(l.seen.Pages))}
	}
	pack.Method.Executed = evidence.Step{Outcome: evidence.Done, Note: l.seen.Browser}
	if l.seen.Browser == "" {
		pack.Method.Executed = evidence.Step{Outcome: evidence.NotDone, Note: notExecuted}
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
	p.Facts = []report.Fact{{Label: "Browser", Value: report.Text(browserName)}, {Label: "Compared with", Value: report.Code(j.cfg.Integrity.Live.Baseline)}}
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
