package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/app/site"
	"github.com/org/checkout-deploy/internal/health"
	"github.com/org/checkout-deploy/internal/plan"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/rollout"
	"github.com/org/checkout-deploy/internal/target"
	"github.com/org/checkout-deploy/internal/target/static"
)

// job is one run.
type job struct {
	*site.Site
	in      *inputs
	id      release.Digest
	release *release.Release
	dist    string // absolute
	commit  string // that the release was built from, "" where nobody says
	checks  *site.Checks
	rollout *static.Rollout
	told    bool // the summary is written
	// announcing is GitHub's news of the publication, beside the watch.
	announcing sync.WaitGroup
	ctx        context.Context //nolint:containedctx // one run has one; events have none
}

func (in *inputs) run(ctx context.Context, r *action.Run) (err error) {
	in.Peek = in.dryRun
	s, err := in.Open(ctx, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(site.Blame(err), s.Close()) }()
	r.SetOutput("url", s.URL())
	r.SetOutput("state", string(rollout.Unchanged))
	j := &job{Site: s, in: in, ctx: ctx}
	defer func() {
		if err != nil && !j.told {
			j.summarise(plan.Plan{}, rollout.Outcome{State: rollout.Unchanged, Err: err}, &timeline{job: j})
		}
	}()
	if err := j.receive(ctx); err != nil {
		return err
	}
	r.SetOutput("release", j.id.String())
	var browser health.Browser
	if s.NeedsBrowser() && !in.dryRun {
		b, end, err := site.Chromium(ctx, in.browser)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
		browser = b
	}
	if err := j.arrange(ctx, browser); err != nil {
		return err
	}
	if err := j.preflight(ctx); err != nil {
		return err
	}
	if in.dryRun {
		return j.dry(ctx)
	}
	return j.deploy(ctx)
}

// receive finds the release, and compares every byte with its record.
func (j *job) receive(ctx context.Context) error {
	id, err := handover.ParseID(j.in.release)
	if err == nil && id.IsZero() && j.OnRunner() {
		// An output's name that is misspelled is empty too, and would make any
		// release right.
		err = errors.New("release: got nothing, want the id of a release, such as the output release of the job that made it")
	}
	if err != nil {
		return action.Misuse(err)
	}
	j.dist = place.Within(j.Dir, filepath.FromSlash(j.Config.Build.OutDir))
	if j.in.dist != defaultDist {
		j.dist = j.Path(j.in.dist)
	}
	if err := handover.Fill(ctx, j.Run, id, j.dist); err != nil {
		return err
	}
	if j.release, err = handover.Check(ctx, j.dist, id); err != nil {
		return j.In(j.dist, err)
	}
	if j.id, err = j.release.ID(); err != nil || !j.Env.Require.Proofs() {
		return err
	}
	return handover.Prove(ctx, j.Run, j.id, j.dist)
}

// arrange makes the rollout of what is given.
func (j *job) arrange(ctx context.Context, browser health.Browser) error {
	signer, err := j.Signing().Signer(ctx, j.in.sign, j.in.key, j.in.password)
	if err != nil {
		return err
	}
	if signer != nil {
		j.Target.Mark = signer.SignStatement
	}
	if err := j.Trust(ctx); err != nil {
		return err
	}
	if j.commit = j.in.commit; j.commit == "" {
		j.commit, _ = j.Lookup("GITHUB_SHA")
	} else if !commitID.MatchString(j.commit) {
		return action.Misuse(fmt.Errorf("commit: got %q, want the 40 digits of a commit, 0-9 and a-f", j.commit))
	}
	j.Target.Uploading = j.uploading()
	keep := j.Env.Keep
	j.rollout = &static.Rollout{
		Target: j.Target, Release: j.release, Files: os.DirFS(j.dist), Run: j.Name, Commit: j.commit,
		Keep:  static.Retention{Healthy: keep.Healthy, Window: keep.Window},
		Lease: lease, ClearHold: j.in.clear,
	}
	j.checks = &site.Checks{Site: j.Site, Browser: browser, Release: j.release, ID: j.id, Served: j.rollout.Seen}
	return action.Misuse(errors.Join(j.checks.Problems()...))
}

// commitID is Git's, by SHA-1 or SHA-256.
var commitID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// lease is for how long others wait for a deploy that gives no sign of life.
const lease = 45 * time.Second

// plan is the strategy's. What depends on what is live is asked each time: it may be
// another release by now than before the wait for another deploy.
func (j *job) plan(s target.Situation) (plan.Plan, error) {
	p, err := plan.BlueGreen(s, plan.Settings{Watch: j.Env.Strategy.Watch, Adopt: j.Env.Adopt, ClearHold: j.in.clear})
	if err != nil || s.Live == s.Wanted {
		return p, err
	}
	return p, errors.Join(j.healthyBefore(j.ctx), j.newer(j.ctx))
}

// dry prints what would be done.
func (j *job) dry(ctx context.Context) error {
	state, err := j.Target.State(ctx)
	if err != nil {
		return err
	}
	p, err := j.plan(state.Situation(j.id))
	if err != nil {
		if errors.Is(err, plan.ErrHeld) {
			j.SetOutput("state", string(rollout.Holding))
		}
		return j.explain(err, rollout.Unchanged)
	}
	j.Logf("dry run: deploy to %s, %s: %s", j.Env.Name, j.URL(), p.Why)
	for i, step := range p.Steps {
		j.Logf("  %d. %s: %s", i+1, step.Kind, step)
	}
	j.SetOutput("live", text(state.Live()))
	j.summarise(p, rollout.Outcome{State: rollout.Unchanged, Plan: p}, nil)
	return nil
}

// deploy does it, and tells.
func (j *job) deploy(ctx context.Context) error {
	t := &timeline{job: j, began: j.Now()}
	r := rollout.Rollout{
		Target: j.rollout, Checks: j.checks, Plan: j.plan, Wait: j.in.wait, Tell: t.tell, Now: j.Now, Sleep: action.Sleep,
	}
	out := r.Run(ctx)
	j.announcing.Wait()
	pending := j.record(ctx, out) // what GitHub did not take the next run makes good
	j.SetOutput("state", string(out.State))
	j.tellLive(ctx)
	j.summarise(out.Plan, out, t)
	for _, late := range out.Late {
		j.Logf("left undone, until the same deploy is run again: %v", late)
	}
	for _, late := range pending {
		j.Logf("not recorded, and made good by the next run: %v", late)
	}
	return j.verdict(out)
}

// seen is what was live at the last look, nil before one.
func (j *job) seen() *static.State {
	if j.rollout == nil {
		return nil
	}
	return j.rollout.Seen()
}

// tellLive says what is live in the end: somebody else's publication may be.
func (j *job) tellLive(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), looking)
	defer cancel()
	state, err := j.Target.State(ctx)
	if err != nil {
		j.Logf("what is live in the end is not known: %v", err)
		return
	}
	j.SetOutput("live", text(state.Live()))
	j.SetOutput("sequence", fmt.Sprint(state.Ref.Seq))
}

// looking is how long the last look at the store may take.
const looking = 20 * time.Second

func text(id release.Digest) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
