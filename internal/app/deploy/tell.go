package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/site"
	"github.com/org/checkout-deploy/internal/gh"
	"github.com/org/checkout-deploy/internal/plan"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/rollout"
	"github.com/org/checkout-deploy/internal/target"
	"github.com/org/checkout-deploy/internal/target/static"
)

// timeline is what happened, as people are told.
type timeline struct {
	*job
	began  time.Time
	mu     sync.Mutex
	events []rollout.Event
}

func (t *timeline) tell(e rollout.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
	if e.Step == plan.Publish.String() && e.Err == nil {
		t.announcing.Go(t.announce)
	}
	after := e.At.Sub(t.began).Round(10 * time.Millisecond)
	switch {
	case e.Err != nil:
		t.Logf("%8v  ✗ %s: %s", after, e.Step, strings.ReplaceAll(e.Err.Error(), "\n", "\n            "))
	case e.Step == "plan":
		t.Logf("%8v  %s", after, e.Text)
	default:
		t.Logf("%8v  ✓ %s: %s", after, e.Step, e.Text)
	}
}

// verdict is the error that ends the action, with what to do next.
func (j *job) verdict(out rollout.Outcome) error {
	if out.State == rollout.Live {
		j.Logf("live: %s serves release %s", j.URL(), j.id)
		return nil
	}
	return j.explain(fmt.Errorf("%s: %w", out.State, out.Err), out.State)
}

// explain says what to do about an error of a plan or rollout.
func (j *job) explain(err error, state rollout.State) error {
	var busy *target.BusyError
	switch {
	case errors.Is(err, plan.ErrHeld):
		return action.Explain(err, "look at what was rolled back; then deploy with "+site.ClearHold)
	case errors.Is(err, plan.ErrForeign):
		return action.Explain(err, "to replace it, set adopt: true for the environment; the page that is there now is kept, as what a rollback leads to")
	case errors.As(err, &busy):
		return &action.Error{Kind: action.Unavailable, Err: err, Hint: "run this one again when that one has ended"}
	case errors.Is(err, target.ErrUnknown):
		return &action.Error{Kind: action.Unavailable, Err: err, Hint: "run the same deploy again: it looks what is live, and goes on from there; or run rollback"}
	case errors.Is(err, target.ErrNoWayBack):
		return action.Explain(err, "it was the first release here: nothing earlier is in the store; deploy a better one")
	}
	if state == rollout.Unchanged {
		return action.Explain(err, "shoppers saw nothing of it: mend what is wrong, and deploy again")
	}
	if seen := j.rollout.Seen(); state == rollout.Reverted && seen != nil && j.reverted(seen) {
		return action.Explain(err, "what was live before is live again, and deploys are on hold: mend what is wrong, then deploy with "+site.ClearHold)
	}
	return err
}

// announced is how long GitHub may take while the release is not watched yet.
const announced = 10 * time.Second

// announce has GitHub know that the release is published and being watched.
func (j *job) announce() {
	ctx, cancel := context.WithTimeout(j.ctx, announced)
	defer cancel()
	// What is not taken now is recorded in the end.
	_ = j.Record(ctx, gh.TaskDeploy, j.rollout.Flipped(), j.commit, gh.Status{State: gh.InProgress, Description: "published, and being watched"})
}

// record has GitHub know of what is live now, and of what became of this release.
func (j *job) record(ctx context.Context, out rollout.Outcome) []error {
	seen := j.rollout.Seen()
	if seen == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	switch out.State {
	case rollout.Live:
		return j.Record(ctx, gh.TaskDeploy, seen.Ref, j.commit, gh.Status{State: gh.Success, Description: "live and healthy"})
	case rollout.Reverted:
		if !j.reverted(seen) { // somebody else's publication: theirs to record
			return j.Record(ctx, gh.TaskDeploy, j.rollout.Flipped(), j.commit, gh.Status{State: gh.Failure, Description: "somebody else published over it"})
		}
		j.Reverted(ctx, seen.Ref)
		return append(
			j.Record(ctx, gh.TaskDeploy, j.rollout.Flipped(), j.commit, gh.Status{State: gh.Failure, Description: "it failed, and was taken back"}),
			j.Record(ctx, gh.TaskRollback, seen.Ref, j.CommitOf(ctx, seen.Ref), gh.Status{State: gh.Success, Description: "live again"})...)
	default:
		return nil
	}
}

// reverted says whether what was seen is the revert of what this run published.
func (j *job) reverted(seen *static.State) bool {
	return seen.Ref.Seq == j.rollout.Flipped().Seq+1
}

// summarise is the page of the run.
func (j *job) summarise(p plan.Plan, out rollout.Outcome, t *timeline) {
	j.told = true
	status, verdict := report.Failed, "Nothing was published."
	switch {
	case j.in.dryRun && out.Err == nil:
		status, verdict = report.Info, "A dry run: nothing was written."
	case j.in.dryRun:
		verdict = "A dry run: a deploy would publish nothing."
	case out.State == rollout.Live:
		status, verdict = report.Passed, "The release is live: the public address serves it, and it was watched to the end."
	case out.State == rollout.Reverted:
		verdict = "The release is not live any more: it was published and failed, and what was live before is live again."
	case out.State == rollout.Unknown:
		status, verdict = report.Unknown, "It is not known what the public address serves: look before you do anything."
	case out.State == rollout.Holding:
		verdict = "The environment is on hold: nothing was published."
	}
	page := report.Page{
		Title: "Deploy to " + j.Env.Name, Tool: "deploy", Status: status, Verdict: verdict,
		Facts: []report.Fact{
			{Label: "Address", Value: report.Link{Text: j.URL(), URL: j.URL()}},
		},
	}
	if !j.id.IsZero() {
		page.Facts = append(page.Facts, report.Fact{Label: "Release", Value: report.Code(j.id.String())})
	}
	if seen := j.seen(); seen != nil {
		page.Facts = append(page.Facts, report.Fact{Label: "Live", Value: live(seen)}, report.Fact{Label: "Sequence", Value: report.Count(seen.Ref.Seq)})
	}
	if out.Err != nil {
		page.Sections = append(page.Sections, site.Failed(out.Err), site.Next(j.explain(out.Err, out.State), "mend what failed, and deploy again"))
	}
	switch {
	case t == nil:
		page.Sections = append(page.Sections, planned(p))
	case len(t.events) > 0:
		page.Sections = append(page.Sections, t.section(out.Err))
	}
	j.Summarise(page.Markdown(report.SummaryLimit / 2))
}

// live is what is served as a fact of the page.
func live(s *static.State) report.Value {
	switch id := s.Live(); {
	case !id.IsZero():
		return report.Code(id.String())
	case s.Channel != nil:
		return report.Text(site.Served(id))
	default:
		return report.Text("nothing of ours")
	}
}

func planned(p plan.Plan) report.Section {
	section := report.Section{Title: "Plan", Intro: p.Why + "."}
	if len(p.Steps) == 0 {
		return section
	}
	rows := report.Table{Columns: []string{"Step", "What it does"}}
	for _, s := range p.Steps {
		rows.Rows = append(rows.Rows, []report.Value{report.Text(s.Kind.String()), report.Text(s.String())})
	}
	section.Blocks = []report.Block{rows}
	return section
}

// section is the time-line. The error that ended the run stands above it at length.
func (t *timeline) section(ended error) report.Section {
	rows := report.Table{Columns: []string{"After", "Step", "What happened"}}
	for _, e := range t.events {
		status, text := report.Passed, e.Text
		if e.Err != nil {
			status, text = report.Failed, e.Err.Error()
		}
		if e.Err != nil && errors.Is(ended, e.Err) {
			text = "failed, as told above"
		}
		rows.Rows = append(rows.Rows, []report.Value{report.Duration(e.At.Sub(t.began)), report.Mark{Status: status, Text: e.Step}, report.Text(text)})
	}
	return report.Section{Title: "Time-line", Blocks: []report.Block{rows}}
}
