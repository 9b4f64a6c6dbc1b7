// Package rollback is the use case "take it back": to the last release that was
// recorded healthy, by what was prepared before the deploy, or to a named one. It
// needs no key, build or GitHub, and one conditional write.
package rollback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/site"
	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/gh"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/target"
	"github.com/org/checkout-deploy/internal/target/static"
)

// depth is how much is read before the write.
type depth string

const (
	byMarker depth = "marker"
	full     depth = "full"
)

var depths = []depth{byMarker, full}

type inputs struct {
	site.Inputs
	release, reason string
	verify          depth
	dryRun, drill   bool
}

// Action is rollback.
func Action() action.Action {
	in := &inputs{}
	return action.Action{
		Spec: action.Spec{
			Name:        "rollback",
			Summary:     "takes a release back by one write",
			Description: "Take back what is live: to the last healthy release, by one conditional write that was prepared before the deploy.",
			Icon:        "rotate-ccw",
			Colour:      "orange",
			Inputs: append(in.Spec(),
				action.Input{Name: "release", Value: action.Text(&in.release), Doc: "The id of the release to go back to, one that is in the store. Without it the last one that was recorded healthy."},
				action.Input{Name: "reason", Default: "rolled back by hand", Value: action.Text(&in.reason), Doc: "Why: those who want to deploy are told. It is kept with a named release; without one the prepared revert says from what it went back."},
				action.Input{Name: "verify", Default: string(byMarker), Value: action.OneOf(&in.verify, depths), Doc: "What is looked at before the write: the `marker` of the release, or with `full` every byte of it."},
				action.Input{Name: "drill", Default: "false", Value: action.Bool(&in.drill), Doc: "Whether to rehearse: everything but the flip, with every byte read, and writing tried on an object that nobody is served."},
				action.Input{Name: "dry-run", Default: "false", Value: action.Bool(&in.dryRun), Doc: "Whether to say what would be done, and do nothing."},
			),
			Outputs: []action.Output{
				{Name: "state", Doc: "What it came to: `reverted`, also where that was done before; `unchanged` after a drill, a dry run or an error; `unknown`: look before you do anything."},
				{Name: "url", Doc: "The page's address."},
				{Name: "release", Doc: "The release that is live in the end; empty where that is the page of before the first deploy."},
				{Name: "sequence", Doc: "The sequence number of what is live in the end."},
			},
			Permissions: []string{"contents: read", "deployments: write"},
		},
		Run: in.run,
	}
}

// job is one run.
type job struct {
	*site.Site
	in    *inputs
	named release.Digest // zero for the last healthy one
	told  bool           // the summary is written
}

func (in *inputs) run(ctx context.Context, r *action.Run) (err error) {
	named := release.Digest{}
	if in.release != "" {
		if named, err = release.ParseDigest(in.release); err == nil && named.IsZero() {
			err = errors.New("got zeros alone, want a release's id")
		}
		if err != nil {
			return action.Misuse(fmt.Errorf("release: %w", err))
		}
	}
	in.Peek = true // what is not there has nothing to take back
	s, err := in.Open(ctx, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(site.Blame(err), s.Close()) }()
	r.SetOutput("url", s.URL())
	r.SetOutput("state", "unchanged")
	j := &job{Site: s, in: in, named: named}
	defer func() {
		switch {
		case err == nil || j.told:
		case errors.Is(err, target.ErrUnknown):
			j.tell(report.Unknown, "It is not known whether it was done: look before you do anything.", site.Failed(err), site.Next(err, "run the same rollback again"))
		default:
			j.tell(report.Failed, "Nothing was changed.", site.Failed(err), site.Next(err, "mend what failed, and run the rollback again"))
		}
	}()
	if err := s.Trust(ctx); err != nil {
		return err
	}
	if named.IsZero() {
		return j.back(ctx)
	}
	return j.to(ctx)
}

// back goes the prepared way.
func (j *job) back(ctx context.Context) error {
	w, err := j.Target.Way(ctx, nil)
	if err != nil {
		return j.stuck(ctx, err)
	}
	switch {
	case w.Altered():
		j.Logf("sequence %d is a rollback already, and its page was altered in the store: the one of %s is put back", w.From.Seq, site.Served(w.To.Release))
	case w.Done():
		j.Logf("sequence %d is a rollback already: %s is live, and deploys are on hold", w.From.Seq, site.Served(w.From.Release))
	default:
		j.Logf("%s is live by sequence %d; the way back leads to %s", site.Served(w.From.Release), w.From.Seq, site.Served(w.To.Release))
	}
	if done, err := j.rehearse(ctx, w.To.Release); done || err != nil {
		return err
	}
	state, err := j.Target.Go(ctx, w)
	if err != nil {
		return j.failed(err)
	}
	return j.confirm(ctx, w.From, state)
}

// to leads to the release that was named.
func (j *job) to(ctx context.Context) error {
	before, err := j.Target.Known(ctx)
	if err = errors.Join(err, j.Target.Claimed(ctx)); err != nil {
		return err
	}
	if err := j.Target.Complete(ctx, j.named); err != nil {
		return j.stuck(ctx, err)
	}
	j.doubt(ctx, before.Live())
	if done, err := j.rehearse(ctx, j.named); done || err != nil {
		return err
	}
	state, err := j.Target.Restore(ctx, j.named, j.in.reason, j.Name)
	if err != nil {
		return j.failed(err)
	}
	return j.confirm(ctx, before.Ref, state)
}

// rehearse reads every byte where that is wanted, and says whether that was all.
func (j *job) rehearse(ctx context.Context, id release.Digest) (done bool, err error) {
	if (j.in.drill || j.in.verify == full) && !id.IsZero() {
		if err := j.Target.Intact(ctx, id); err != nil {
			return false, j.stuck(ctx, err)
		}
		j.Logf("every byte of release %s was read, and is right", id)
	}
	switch {
	case j.in.drill:
		if err := j.Target.Probe(ctx); err != nil {
			return false, err
		}
		j.Logf("the store lets this run write, tried on an object that nobody is served")
		j.Logf("the drill ends here: all but the flip was done")
		j.tell(report.Passed, "The drill passed: all but the flip was done. It would lead to "+site.Served(id)+".")
	case j.in.dryRun:
		j.tell(report.Info, "A dry run: it would lead to "+site.Served(id)+".")
		j.Logf("dry run: %s would be live now", site.Served(id))
	}
	return j.in.drill || j.in.dryRun, nil
}

// lately is among how many healthy releases the one that was named is looked for.
const lately = 20

// doubt warns of a release that is all there, and of which nobody has recorded that it
// was well: also one whose checks failed is.
func (j *job) doubt(ctx context.Context, live release.Digest) {
	healthy, err := j.Target.Candidates(ctx, live, lately)
	if err != nil || j.named == live || slices.Contains(healthy, j.named) {
		return
	}
	f := finding.Finding{Rule: "rollback/not-healthy", Severity: finding.Medium}
	f.Message = fmt.Sprintf("release %s is none of those that were recorded healthy here lately: its checks may have failed, or were never made", j.named)
	if len(healthy) > 0 {
		f.Hint = "look at the page now; the last one that was healthy is " + healthy[0].String()
	}
	j.Report(f)
}

// stuck says what is missing, and what could be gone back to instead.
func (j *job) stuck(ctx context.Context, err error) error {
	state, reading := j.Target.Known(ctx)
	if reading != nil {
		return err
	}
	ids, _ := j.Target.Candidates(ctx, state.Live(), 3)
	if len(ids) == 0 {
		return action.Explain(err, "no other release that was healthy is in the store: deploy one")
	}
	var names []string
	for _, id := range ids {
		names = append(names, id.String())
	}
	return action.Explain(err, "give one of these as release: "+strings.Join(names, ", "))
}

func (j *job) failed(err error) error {
	switch {
	case errors.Is(err, target.ErrUnknown):
		j.SetOutput("state", "unknown")
		return &action.Error{Kind: action.Unavailable, Err: err, Hint: "run the same rollback again: it looks what is live, and does what is left"}
	case errors.Is(err, target.ErrLost):
		return &action.Error{Kind: action.Unavailable, Err: err, Hint: "a deploy was published in between; run the rollback again to take that back"}
	}
	return err
}

// patience is how long GitHub may take to record it.
const patience = time.Minute

// confirm reads the public address back, and tells.
func (j *job) confirm(ctx context.Context, from channel.Ref, state *static.State) error {
	if id := state.Live(); !id.IsZero() {
		j.SetOutput("release", id.String())
	}
	j.SetOutput("sequence", fmt.Sprint(state.Ref.Seq))
	checks := site.Checks{Site: j.Site, Served: func() *static.State { return state }}
	shown := checks.Confirm(ctx)
	if shown == nil {
		j.Reverted(ctx, state.Ref)
		j.SetOutput("state", "reverted")
		j.Logf("%s serves %s; deploys are on hold until one is given %s", j.URL(), site.Served(state.Live()), site.ClearHold)
	} else {
		j.SetOutput("state", "unknown")
	}
	j.summarise(from, state, shown)
	j.record(ctx, state)
	return action.Explain(shown, "the store has it; look what stands between the store and "+j.URL()+", and run the rollback again: it only reads back then")
}

func (j *job) record(ctx context.Context, state *static.State) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, late := range j.Record(ctx, gh.TaskRollback, state.Ref, j.CommitOf(ctx, state.Ref), gh.Status{State: gh.Success, Description: "live again"}) {
		j.Logf("not recorded, and made good by the next run: %v", late)
	}
}

func (j *job) summarise(from channel.Ref, state *static.State, shown error) {
	facts := []report.Fact{
		{Label: "Taken back", Value: report.Code(site.Served(from.Release))},
		{Label: "Live", Value: report.Code(site.Served(state.Live()))},
		{Label: "Sequence", Value: report.Count(state.Ref.Seq)},
	}
	if shown != nil {
		j.tellOf(facts, report.Unknown, "It was written, and the public address does not show it.", site.Failed(shown),
			site.Next(nil, "look at what stands between the store and the address, and run the rollback again"))
		return
	}
	next := report.Paragraph{report.Text("Look at what was wrong. The next deploy needs"), report.Code("clear-hold: true"), report.Text("or, on a laptop,"), report.Code("--clear-hold"), report.Text(".")}
	j.tellOf(facts, report.Passed, "The public address serves what it served before. Deploys are on hold.",
		report.Section{Title: "What to do next", Blocks: []report.Block{next}})
}

func (j *job) tell(status report.Status, verdict string, sections ...report.Section) {
	j.tellOf(nil, status, verdict, sections...)
}

// tellOf writes the summary.
func (j *job) tellOf(facts []report.Fact, status report.Status, verdict string, sections ...report.Section) {
	j.told = true
	page := report.Page{
		Title: "Rollback of " + j.Env.Name, Tool: "rollback", Status: status, Verdict: verdict, Sections: sections,
		Facts: append([]report.Fact{{Label: "Address", Value: report.Link{Text: j.URL(), URL: j.URL()}}}, facts...),
	}
	j.Summarise(page.Markdown(report.SummaryLimit / 2))
}
