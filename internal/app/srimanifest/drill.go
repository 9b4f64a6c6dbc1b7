package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/gh"
	"github.com/org/checkout-deploy/internal/live"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// drill is the mode drill: the page is altered on its way to the browser, and each
// alteration has to be noticed.
func (j *job) drill(ctx context.Context, l *looked, o live.Options, s signer) error {
	if o.Browser == nil {
		return action.Explain(errors.New("a drill without a browser would prove nothing: scripts are not executed"), "give the input browser, or install Chromium")
	}
	least := finding.Severity(j.in.fail)
	if j.in.fail == noThreshold {
		least = finding.High
	}
	var err error
	if l.drill, err = live.Drill(ctx, o, l.baseline, j.against(l), least); err != nil {
		return fmt.Errorf("the drill: %w", err)
	}
	l.seen = &live.Observation{Browser: o.Browser.Version()}
	for _, alarm := range l.drill.Alarms {
		if alarm.Fired {
			j.r.Logf("noticed: %s (%s)", alarm.Name, alarm.URL)
		} else {
			j.found(finding.Finding{
				Rule: "live/drill", Severity: finding.Critical, Message: fmt.Sprintf("%s (%s) raised no alarm: %s", alarm.Name, alarm.URL, alarm.Message),
				Hint: "an attacker's change would pass unseen too; look at exceptions in the inventory, and at how old the baseline is",
			})
		}
	}
	j.r.SetOutput("coverage", "unknown")
	step, told := j.drillAlert(ctx, l)
	files, err := j.packDrill(l, step)
	if err == nil {
		err = errors.Join(j.signPack(ctx, s, files), j.writeOut(files))
	}
	if err != nil {
		return errors.Join(told, err)
	}
	return errors.Join(told, j.end(ctx, release.Digest{}, j.drillSummary(l), false))
}

// packDrill is the evidence of a drill. It is outside the chain: a pack that lists no
// scripts would say of all that they went, and the next one that they came.
func (j *job) packDrill(l *looked, alert evidence.Step) (outFiles, error) {
	pack := j.newPack(l.listed)
	pack.Subject.Pages = []evidence.Page{{URL: j.cfg.Integrity.Live.Pages[0]}}
	pack.Method.Executed = evidence.Step{Outcome: evidence.Done, Note: l.seen.Browser}
	pack.Method.Alert = alert
	pack.Method.Inventory = evidence.Step{Outcome: evidence.NotDone, Note: "a drill looks at alarms alone"}
	pack.Notes = append(append(pack.Notes, l.notes()...), "The pack of a drill stands for itself: it lists no scripts, and follows no other pack.")
	files := outFiles{}
	if err := j.seal(pack, nil); err != nil {
		return nil, err
	}
	return files, errors.Join(addPack(files, pack), j.addFindings(files))
}

// drillAlert opens an issue that says it is a drill, and closes it: what an alert
// needs is there.
func (j *job) drillAlert(ctx context.Context, l *looked) (evidence.Step, error) {
	fired := 0
	for _, alarm := range l.drill.Alarms {
		if alarm.Fired {
			fired++
		}
	}
	note := fmt.Sprintf("a drill: %d of %d alterations raised their alarm", fired, len(l.drill.Alarms))
	outcome := evidence.Done
	if !l.drill.Passed() {
		outcome = evidence.Partial
	}
	issues, why, err := j.issues()
	if issues == nil || err != nil {
		return evidence.Step{Outcome: evidence.Partial, Note: note + "; no issue was opened: " + why}, err
	}
	const key = "drill/live"
	title, todo := "Drill: a change of the payment page would be noticed", "Nobody has to do anything."
	if !l.drill.Passed() {
		title, todo = "Drill: a change of the payment page would pass unseen", "An alteration raised no alarm: see below."
	}
	body := "This is a drill: the page was altered on its way to a browser, nowhere else. " + todo + "\n\n" + j.drillSummary(l).Markdown(report.CommentLimit-1000) + j.runLine()
	step, err := j.raise(ctx, issues, gh.AlertIssue{Key: key, Title: title, State: drillState(l), Body: body})
	if err != nil {
		return evidence.Step{Outcome: evidence.Partial, Note: note + "; the issue failed"}, err
	}
	if !l.drill.Passed() {
		return evidence.Step{Outcome: outcome, Note: note + "; " + step.Note}, nil
	}
	if _, err := issues.Resolve(ctx, key, "The drill is over: every alteration was noticed."); err != nil {
		return evidence.Step{Outcome: evidence.Partial, Note: note + "; " + step.Note}, ghError("closing the drill's issue", err)
	}
	return evidence.Step{Outcome: outcome, Note: note + "; " + step.Note}, nil
}

// drillState is what a drill showed, without times.
func drillState(l *looked) string {
	var b strings.Builder
	for _, a := range l.drill.Alarms {
		fmt.Fprintf(&b, "%s %t\n", a.Name, a.Fired)
	}
	return b.String()
}

func (j *job) drillSummary(l *looked) report.Page {
	p := report.Page{Title: "Drill", Tool: "sri-manifest", Foot: "sri-manifest " + j.r.Version, Status: report.Passed, Verdict: "Every alteration raised its alarm."}
	if !l.drill.Passed() {
		p.Status, p.Verdict = report.Failed, "An alteration was not noticed."
	}
	t := report.Table{Caption: "Alterations", Columns: []string{"what was altered", "where", "alarm", "what it said"}}
	for _, a := range l.drill.Alarms {
		mark := report.Mark{Status: report.Passed, Text: "fired"}
		if !a.Fired {
			mark = report.Mark{Status: report.Failed, Text: "silent"}
		}
		t.Rows = append(t.Rows, []report.Value{report.Text(a.Name), report.Code(a.URL), mark, report.Text(a.Message)})
	}
	p.Sections = []report.Section{{Title: "Alarms", Blocks: []report.Block{t}}}
	return p
}
