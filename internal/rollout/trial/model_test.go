package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/plan"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/rollout"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/target"
	"github.com/org/checkout-deploy/internal/target/static"
)

var (
	schedules = flag.Int("schedules", 10_000, "how many schedules to try")
	seed      = flag.Uint64("seed", 0, "try this one schedule, and print what happened")
)

// sample is a release to deploy. A bad one fails while it is watched.
type sample struct {
	name   string
	id     release.Digest
	record *release.Release
	files  fstest.MapFS
	bad    bool
}

var samples = func() (list []*sample) {
	for _, name := range []string{"A", "B", "C", "D", "bad"} {
		s := &sample{name: name, bad: name == "bad", files: fstest.MapFS{}, record: &release.Release{
			Name: "trial", Profile: release.Production, Tool: release.Tool{Name: "trial", Version: "1"},
		}}
		for file, text := range map[string]string{
			"index.html":             "<!doctype html><head><title>" + name + "</title></head><script src=app-" + name + ".js></script>",
			"app-" + name + ".js":    "document.title = '" + name + "'",
			"static/lazy-" + name:    "lazy",
			"static/shared-1234.css": "body{}",
		} {
			s.files[file] = &fstest.MapFile{Data: []byte(text)}
			s.record.Files = append(s.record.Files, release.File{
				Path: file, Size: int64(len(text)), Integrity: release.IntegrityOf([]byte(text)), Role: release.Asset,
			})
		}
		var err error
		if err = s.record.Seal(); err == nil {
			s.id, err = s.record.ID()
		}
		if err != nil {
			panic(err)
		}
		list = append(list, s)
	}
	return list
}()

func sampleOf(id release.Digest) *sample {
	i := slices.IndexFunc(samples, func(s *sample) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return samples[i]
}

const window = 2 * time.Hour

// targetOf is the target as a process sees it.
func targetOf(p *process) *static.Target {
	return &static.Target{
		Store: &store.Retrying{Store: lossy{p}, Attempts: 4, First: time.Second, Sleep: sleep},
		Name:  "trial", Entry: "index.html", Base: "/shop/", Now: time.Now,
		Random: random{p.rng},
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

type random struct{ *rand.Rand }

func (r random) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return len(b), nil
}

// checks are those of a site whose bad release fails when it is used.
type checks struct {
	*process
	s *sample
}

func (c checks) Preview(context.Context) error { return nil }

func (c checks) Confirm(ctx context.Context) error { return sleep(ctx, time.Second) }

func (c checks) Watch(ctx context.Context, lasting time.Duration) error {
	if err := sleep(ctx, lasting/2); err != nil {
		return err
	}
	_, ref, err := c.world.live()
	switch {
	case err != nil:
		return err
	case ref.Release == c.s.id && c.s.bad:
		return errors.New("no button to pay with")
	}
	return sleep(ctx, lasting/2)
}

// deployOnce is a run of the deploy action.
func deployOnce(ctx context.Context, p *process, s *sample) rollout.Outcome {
	r := rollout.Rollout{
		Target: &static.Rollout{
			Target: targetOf(p), Release: s.record, Files: s.files, Run: p.name,
			Keep: static.Retention{Healthy: 1, Window: window}, Lease: 2 * time.Minute,
		},
		Checks: checks{p, s}, Wait: 20 * time.Minute, Now: time.Now, Sleep: sleep,
		Plan: func(s target.Situation) (plan.Plan, error) {
			return plan.BlueGreen(s, plan.Settings{Watch: time.Minute, Adopt: true})
		},
	}
	return r.Run(ctx)
}

// live is what a shopper gets, without any fault.
func (w *world) live() ([]byte, channel.Ref, error) {
	page, _, err := store.Read(context.Background(), &w.memory, "index.html", 1<<20)
	if store.CodeOf(err) == store.NotFound {
		return nil, channel.Ref{}, nil
	}
	if err != nil {
		return nil, channel.Ref{}, err
	}
	own, ref, ours, err := channel.CutRef(string(page))
	switch {
	case err == nil && !ours && string(page) != theirs:
		err = errors.New("the page has no last line")
	case err == nil && ours && ref.Release.IsZero() && own != theirs:
		err = errors.New("the page is of no release, and not what was there before the first deploy")
	}
	return page, ref, err
}

// theirs is the page that is there before the first deploy, in some schedules.
const theirs = "<!doctype html><title>theirs</title>"

// witness sees every change of the store as it is made, and everything that is
// not as it was promised.
type witness struct {
	w       *world
	wrong   []string
	history []published
	page    []byte
	// last has until when a release was live.
	last map[release.Digest]time.Time
	// flights are the rollouts in the journal.
	flights map[string]flight
	// begun is when a process began to collect.
	begun map[*process]time.Time
	// healthy are the releases that were recorded so.
	healthy map[release.Digest]bool
	judging sync.Mutex
	// silent are the runs that said that they changed nothing.
	silent []*process
}

type published struct {
	ref channel.Ref
	by  *process
	c   *channel.Channel
}

type flight struct {
	id    release.Digest
	by    *process
	began time.Time
}

func (v *witness) say(format string, args ...any) {
	if len(v.wrong) < 10 {
		v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
		v.w.note("WRONG: "+format, args...)
	}
}

func (v *witness) look(by *process, what string) {
	v.record(by, what)
	page, ref, err := v.w.live()
	switch {
	case err != nil:
		v.say("after %s: %v", what, err)
		return
	}
	flipped := !bytes.Equal(page, v.page)
	if flipped {
		v.flipped(by, ref)
		v.page = page
	}
	now := time.Now()
	if !ref.Release.IsZero() {
		v.last[ref.Release] = now
	}
	// Nothing but a delete takes a file away, and nothing but a flip needs another one.
	if flipped || strings.HasPrefix(what, "delete ") {
		for id, at := range v.last {
			if id == ref.Release || now.Sub(at) < window {
				v.whole(id, what)
			}
		}
	}
	if name, ok := strings.CutPrefix(what, "delete r/"); ok {
		begun := v.begunBy(by)
		for _, f := range v.flights {
			if strings.HasPrefix(name, f.id.String()) && !f.by.over() && f.began.Before(begun) {
				v.say("%s removes %s, which %s is deploying", by.name, name, f.by.name)
			}
		}
	}
}

func (v *witness) read(name string, into any) {
	data, _, err := store.Read(context.Background(), &v.w.memory, name, 1<<20)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		v.say("%s: %v", name, err)
	}
}

// record notes what a change of the journal, or of what is healthy, says.
func (v *witness) record(by *process, what string) {
	op, name, _ := strings.Cut(what, " ")
	switch {
	case strings.HasPrefix(name, "deploy/journal/") && op == "delete":
		delete(v.flights, name)
	case strings.HasPrefix(name, "deploy/journal/"):
		var f static.Flight
		v.read(name, &f)
		v.flights[name] = flight{f.Release, by, time.Now()}
	case strings.HasPrefix(name, "deploy/healthy/"):
		var h struct{ Release release.Digest }
		v.read(name, &h)
		v.healthy[h.Release] = true
		if s := sampleOf(h.Release); s == nil || s.bad {
			v.say("%s records that %s is healthy", by.name, h.Release)
		}
	}
}

// flipped looks at a page that has become live.
func (v *witness) flipped(by *process, ref channel.Ref) {
	c, err := v.channelOf(ref)
	if err != nil {
		v.say("%s publishes a page whose channel can't be read: %v", by.name, err)
		return
	}
	var before published
	if n := len(v.history); n > 0 {
		before = v.history[n-1]
	}
	if ref.Seq <= before.ref.Seq {
		v.say("%s publishes sequence %d after %d", by.name, ref.Seq, before.ref.Seq)
	}
	if c.Prev != before.ref.Channel {
		v.say("%s publishes sequence %d over %.8s, and %.8s was live: an update is lost", by.name, ref.Seq, c.Prev, before.ref.Channel)
	}
	if before.c != nil && before.c.Hold != nil && c.Hold == nil && !strings.HasPrefix(by.name, "clear") {
		v.say("%s publishes sequence %d in spite of the hold %q", by.name, ref.Seq, before.c.Hold.Reason)
	}
	if !c.Fallback.IsZero() && !v.healthy[c.Fallback] {
		v.say("%s publishes sequence %d whose fallback %s was never recorded healthy", by.name, ref.Seq, sampleOf(c.Fallback).name)
	}
	v.history = append(v.history, published{ref, by, c})
}

func (v *witness) channelOf(ref channel.Ref) (*channel.Channel, error) {
	name := fmt.Sprintf("deploy/log/%d-%s.json", ref.Seq, ref.Nonce)
	if ref.Seq%2 == 1 {
		name = fmt.Sprintf("deploy/revert/%d.json", ref.Seq-1)
	}
	data, _, err := store.Read(context.Background(), &v.w.memory, name, 1<<20)
	if err != nil {
		return nil, err
	}
	if ref.Seq%2 == 1 {
		var r struct{ Channel json.RawMessage }
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, err
		}
		data = r.Channel
	}
	e, c, err := channel.Open(data)
	if err == nil && e.Digest != ref.Channel {
		err = fmt.Errorf("%s is the channel %s", name, e.Digest)
	}
	return c, err
}

// whole sees to it that a release can be served: its marker, and every file.
func (v *witness) whole(id release.Digest, what string) {
	s, ctx := sampleOf(id), context.Background()
	if _, _, err := store.Read(ctx, &v.w.memory, "deploy/complete/"+id.String()+".json", 1<<20); err != nil {
		v.say("after %s: %s is needed and not marked complete: %v", what, s.name, err)
	}
	for _, f := range s.record.Files {
		if err := store.Check(ctx, &v.w.memory, "r/"+id.String()+"/"+f.Path, f.Size, f.Integrity); err != nil {
			v.say("after %s: a shopper of %s gets no %s: %v", what, s.name, f.Path, err)
		}
	}
}

// schedule is one seed's: the programs that run at once, and what becomes of them.
func schedule(seed uint64, talks bool) (wrong, log []string) {
	w := &world{talks: talks, latecomers: map[string]bool{}, stirred: make(chan struct{}, 1), rng: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // the seed has to bring the same again
	v := &witness{
		w: w, last: map[release.Digest]time.Time{}, flights: map[string]flight{},
		begun: map[*process]time.Time{}, healthy: map[release.Digest]bool{},
	}
	w.look = v.look

	v.prelude()
	w.faults = true
	w.past = w.everything("")
	w.run(v.programs())
	w.faults = false
	time.Sleep(max(lateness, window))
	w.arrive(time.Now())
	v.converge()
	return v.wrong, w.log
}

func (w *world) everything(folder string) (list []store.Info) {
	for info, err := range w.memory.List(context.Background(), folder) {
		if err == nil {
			list = append(list, info)
		}
	}
	return list
}

func (w *world) process(name string, life int) *process {
	return &process{name: name, world: w, life: life, rng: rand.New(rand.NewPCG(w.rng.Uint64(), 1))} //nolint:gosec // as above
}

// prelude is what was before: a first deploy, and sometimes a year of them, after
// which the first release is old enough to be collected.
func (v *witness) prelude() {
	quietly := func(name string, do func(p *process)) {
		p := v.w.process(name, -1)
		v.w.run(map[*process]func(){p: func() { do(p) }})
	}
	deploys := samples[:1]
	switch v.w.rng.IntN(8) {
	case 0, 1, 2, 3:
		deploys = samples[:4]
	case 4:
		deploys = nil
		fallthrough
	case 5:
		_, _ = v.w.memory.Write(context.Background(), "index.html", store.Bytes([]byte(theirs)), store.Header{}, store.Anew)
		v.page = []byte(theirs)
	}
	for _, s := range deploys {
		quietly("early deploy of "+s.name, func(p *process) { v.judge(p, s, deployOnce(context.Background(), p, s)) })
	}
	if len(v.history) < len(deploys) {
		v.say("%d deploys published %d times", len(deploys), len(v.history))
	}
	time.Sleep(window)
}

// programs are what a bad day has at once: two or three deploys, a rollback, and
// somebody who collects, each with a delay, some to die and be started again.
func (v *witness) programs() map[*process]func() {
	programs := map[*process]func(){}
	add := func(name string, program func(*process)) {
		life := -1
		if v.w.rng.IntN(3) == 0 {
			life = 1 + v.w.rng.IntN(80)
		}
		delay := time.Duration(v.w.rng.IntN(300)) * time.Second
		for _, p := range []*process{v.w.process(name, life), v.w.process(name+" again", -1)} {
			programs[p] = func() {
				time.Sleep(delay)
				program(p)
			}
			if life < 0 {
				return
			}
			delay += time.Duration(v.w.rng.IntN(900)) * time.Second
		}
	}
	ctx := context.Background()
	for i := range 2 + v.w.rng.IntN(2) {
		s := samples[v.w.rng.IntN(len(samples))]
		add(fmt.Sprintf("deploy %d of %s", i, s.name), func(p *process) {
			ctx, cancel := ctx, func() {}
			if p.rng.IntN(8) == 0 { // somebody cancels the workflow
				ctx, cancel = context.WithTimeout(ctx, time.Duration(p.rng.IntN(200))*time.Second)
			}
			defer cancel()
			v.judge(p, s, deployOnce(ctx, p, s))
		})
	}
	if v.w.rng.IntN(2) == 0 {
		add("rollback", func(p *process) { _, _ = targetOf(p).Revert(ctx, nil) })
	}
	switch v.w.rng.IntN(4) {
	case 0:
		s := samples[v.w.rng.IntN(4)]
		add("restore of "+s.name, func(p *process) { _, _ = targetOf(p).Restore(ctx, s.id, "by name", p.name) })
	case 1:
		add("clear", func(p *process) { _, _ = targetOf(p).ClearHold(ctx, p.name) })
	}
	if v.w.rng.IntN(2) == 0 {
		add("collect", func(p *process) {
			for range 3 {
				v.beginsToCollect(p)
				_, _ = targetOf(p).Collect(ctx, static.Retention{Window: window})
				time.Sleep(time.Duration(p.rng.IntN(int(window))))
			}
		})
	}
	return programs
}

func (v *witness) beginsToCollect(p *process) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.begun[p] = time.Now()
}

func (v *witness) begunBy(p *process) time.Time {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	return v.begun[p]
}

// judge holds what a deploy says of itself against what happened.
func (v *witness) judge(p *process, s *sample, out rollout.Outcome) {
	v.w.note("%s says %s: %v (late: %v)", p.name, out.State, out.Err, out.Late)
	v.judging.Lock()
	defer v.judging.Unlock()
	var own []published
	for _, h := range v.history {
		if h.by == p && h.ref.Release == s.id {
			own = append(own, h)
		}
	}
	switch out.State {
	case rollout.Live:
		if s.bad {
			v.say("%s says that a bad release is live", p.name)
		}
		if !slices.ContainsFunc(v.history, func(h published) bool { return h.ref.Release == s.id }) {
			v.say("%s says live, and nobody ever published it", p.name)
		}
	case rollout.Unchanged, rollout.Holding:
		v.silent = append(v.silent, p)
	case rollout.Reverted:
		if len(own) == 0 && !s.bad && out.Plan.Steps[0].Kind != plan.Confirm {
			v.say("%s says reverted, and published nothing", p.name)
		}
	case rollout.Unknown:
	default:
		v.say("%s says %q", p.name, out.State)
	}
}

// converge sees to it that with the faults over everything is as it should be
// again: what is promised of silent runs, a deploy, a rollback, and collecting.
func (v *witness) converge() {
	for _, p := range v.silent {
		for _, h := range v.history {
			if h.by == p && sampleOf(h.ref.Release) != nil && h.c.Hold == nil && len(h.c.Removing()) == 0 {
				v.say("%s said that it changed nothing, and published sequence %d", p.name, h.ref.Seq)
			}
		}
	}
	ctx, c := context.Background(), samples[2]
	steps := []struct {
		name string
		do   func(p *process) error
	}{
		{"clear at the end", func(p *process) error { _, err := targetOf(p).ClearHold(ctx, p.name); return err }},
		{"deploy at the end", func(p *process) error {
			if out := deployOnce(ctx, p, c); out.State != rollout.Live || len(out.Late) > 0 {
				return fmt.Errorf("it says %s: %w %v", out.State, out.Err, out.Late)
			}
			if _, ref, _ := v.w.live(); ref.Release != c.id {
				return fmt.Errorf("%s is live", sampleOf(ref.Release).name)
			}
			return nil
		}},
		{"rollback at the end", func(p *process) error { return v.rollback(p) }},
		{"rollback again", func(p *process) error { return v.rollback(p) }},
		{"collect at the end", func(p *process) error { return v.collect(p) }},
	}
	for _, step := range steps {
		p := v.w.process(step.name, -1)
		v.w.run(map[*process]func(){p: func() {
			if err := step.do(p); err != nil {
				v.say("%s: %v", step.name, err)
			}
		}})
	}
}

func (v *witness) rollback(p *process) error {
	if len(v.history) == 0 {
		return nil
	}
	before := v.history[len(v.history)-1]
	_, err := targetOf(p).Revert(context.Background(), nil)
	now := v.history[len(v.history)-1]
	switch {
	case before.ref.Seq%2 == 1 && (err != nil || now.ref != before.ref):
		return fmt.Errorf("a second one changes something: sequence %d: %w", now.ref.Seq, err)
	case before.ref.Seq%2 == 1:
		return nil
	case errors.Is(err, target.ErrNoWayBack) && before.c.Fallback.IsZero() && v.restored():
		return nil // what somebody left by name is nothing to go back to
	case err != nil:
		return err
	case now.ref.Release != before.c.Fallback || now.c.Hold == nil:
		return fmt.Errorf("release %s is live", now.ref.Release)
	}
	return nil
}

// restored says whether somebody went back to a release by its name.
func (v *witness) restored() bool {
	return slices.ContainsFunc(v.history, func(h published) bool { return strings.HasPrefix(h.by.name, "restore") })
}

// collect goes on until nothing is left that nobody needs.
func (v *witness) collect(p *process) error {
	for range 4 {
		v.beginsToCollect(p)
		if _, err := targetOf(p).Collect(context.Background(), static.Retention{Window: window}); err != nil {
			return err
		}
		time.Sleep(2 * window)
	}
	needed := map[release.Digest]bool{}
	last := v.history[len(v.history)-1].c
	needed[last.Live()], needed[last.Fallback] = true, true
	s, err := targetOf(p).State(context.Background())
	if err != nil {
		return err
	}
	if !s.Healthy {
		return nil
	}
	for _, info := range v.w.everything("r") {
		id, _ := release.ParseDigest(strings.Split(info.Name, "/")[1])
		// What a request wrote that arrived after the release was removed stays: it
		// is in nobody's way, and a deploy of the release checks it as any other.
		if !needed[id] && !v.w.latecomers[info.Name] {
			return fmt.Errorf("%s of %s is still there, which nobody needs", info.Name, sampleOf(id).name)
		}
	}
	return nil
}

// TestSchedules: whatever happens, shoppers get whole pages, no update is lost,
// what a run says of itself is true, and in the end everything is right again.
func TestSchedules(t *testing.T) {
	if *seed != 0 {
		synctest.Test(t, func(t *testing.T) {
			wrong, log := schedule(*seed, true)
			t.Log(strings.Join(log, "\n"))
			for _, w := range wrong {
				t.Error(w)
			}
		})
		return
	}
	var next atomic.Uint64
	for range runtime.GOMAXPROCS(0) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for n := next.Add(1); n <= uint64(*schedules) && !t.Failed(); n = next.Add(1) {
				synctest.Test(t, func(t *testing.T) {
					if wrong, _ := schedule(n, false); len(wrong) > 0 {
						t.Errorf("go test ./internal/rollout/trial -run TestSchedules -v -seed %d:\n%s", n, strings.Join(wrong, "\n"))
					}
				})
			}
		})
	}
}
