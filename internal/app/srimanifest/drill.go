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
	"github.com/org/checkout-deploy/internal/report"
)

// drill is the mode drill: the page is altered on its way to the browser, and each
// alteration has to be noticed.
func (j *job) drill(ctx context.Context, l *looked, o live.Options, s signer) error {
	if o.Browser == nil {
		return action.Explain(errors.New("a drill without a browser would prove nothing: scripts are not executed"), "give the input browser, or install Chromium")
	}
	var err error
	if l.drill, err = live.Drill(ctx, o, l.baseline, j.against(l)); err != nil {
		return fmt.Errorf("the drill: %w", err)
	}
	l.seen = &live.Observation{Browser: o.Browser.Version()}
	for _, alarm := range l.drill.Alarms {
		if !alarm.Fired {
			j.found(finding.Finding{
				Rule: "live/drill", Severity: finding.Critical, Message: fmt.Sprintf("%s (%s) raised no alarm: %s", alarm.Name, alarm.URL, alarm.Message),
				Hint: "an attacker's change would pass unseen too; look at exceptions in the inventory, and at how old the baseline is",
			})
		}
	}
	j.r.SetOutput("coverage", "unknown")
	step, err := j.drillAlert(ctx, l)
	pack := j.newPack(l.listed)
	pack.Subject.Pages = []evidence.Page{{URL: j.cfg.Integrity.Live.Pages[0]}}
	pack.Method.Executed = evidence.Step{Outcome: evidence.Done, Note: l.seen.Browser}
	pack.Method.Alert = step
	pack.Method.Inventory = evidence.Step{Outcome: evidence.NotDone, Note: "a drill looks at alarms alone"}
	pack.Notes = append(pack.Notes, "The pack of a drill stands for itself: it lists no scripts, and follows no other pack.")
	files := outFiles{}
	if failed := j.seal(pack, nil); failed != nil {
		return errors.Join(err, failed)
	}
	if failed := errors.Join(addPack(files, pack), j.addFindings(files)); failed != nil {
		return errors.Join(err, failed)
	}
	if failed := errors.Join(j.signPack(ctx, s, files), j.writeOut(files)); failed != nil {
		return errors.Join(err, failed)
	}
	return errors.Join(err, j.end(ctx, l.id, j.drillSummary(l), false))
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
