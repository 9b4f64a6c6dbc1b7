package rollout_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/org/checkout-deploy/internal/plan"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/rollout"
	"github.com/org/checkout-deploy/internal/target"
)

var before, wanted = release.Digest{0xaa}, release.Digest{0xbb}

// stage is a target and its checks. Each call that is planned to fail does; the
// others go well, and change what is live.
type stage struct {
	t     *testing.T
	fails map[string][]error // by call, in turn; what is nil goes well
	takes map[string]time.Duration

	mu        sync.Mutex
	calls     []string
	renewals  int
	open      bool // between Begin and End
	live      release.Digest
	published bool // by this run, and not taken back
	healthy   bool
	dead      []string // calls with a context that has ended
}

func (s *stage) call(ctx context.Context, name string) error {
	if d := s.takes[name]; d > 0 {
		if err := sleep(ctx, d); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, name)
	if ctx.Err() != nil {
		s.dead = append(s.dead, name)
	}
	if name != "begin" && !s.open {
		s.t.Errorf("%s, and no rollout has begun", name)
	}
	list := s.fails[name]
	if len(list) == 0 {
		return nil
	}
	s.fails[name] = list[1:]
	return list[0]
}

func (s *stage) Begin(ctx context.Context) error {
	err := s.call(ctx, "begin")
	s.open = err == nil
	return err
}

func (s *stage) End(ctx context.Context) error {
	err := s.call(ctx, "end")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	return err
}

func (s *stage) Renew(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		s.t.Error("renewed, and no rollout has begun")
	}
	s.renewals++
	return ctx.Err()
}

func (s *stage) Look(ctx context.Context) (target.Situation, error) {
	err := s.call(ctx, "look")
	return target.Situation{Wanted: wanted, Live: s.live, Healthy: s.healthy}, err
}

func (s *stage) Stage(ctx context.Context) error  { return s.call(ctx, "stage") }
func (s *stage) Verify(ctx context.Context) error { return s.call(ctx, "verify") }

func (s *stage) Publish(ctx context.Context, weights []target.Weight) error {
	if len(weights) != 1 || weights[0] != (target.Weight{Release: wanted, BasisPoints: 10_000}) {
		s.t.Errorf("publishing %v", weights)
	}
	err := s.call(ctx, "publish")
	if err == nil {
		s.live, s.healthy, s.published = wanted, false, true
	}
	return err
}

func (s *stage) Revert(ctx context.Context) error {
	err := s.call(ctx, "revert")
	if err == nil {
		s.live, s.healthy, s.published = before, true, false
	}
	return err
}

func (s *stage) Record(ctx context.Context) error  { return s.call(ctx, "record") }
func (s *stage) Collect(ctx context.Context) error { return s.call(ctx, "collect") }
func (s *stage) Preview(ctx context.Context) error { return s.call(ctx, "preview") }
func (s *stage) Confirm(ctx context.Context) error { return s.call(ctx, "confirm") }

func (s *stage) Watch(ctx context.Context, lasting time.Duration) error {
	if lasting != time.Minute {
		s.t.Errorf("watching for %s", lasting)
	}
	if err := sleep(ctx, lasting); err != nil {
		s.calls = append(s.calls, "watch")
		return err
	}
	return s.call(ctx, "watch")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newStage(t *testing.T, fails map[string][]error) *stage {
	copied := map[string][]error{}
	for name, list := range fails {
		copied[name] = slices.Clone(list)
	}
	return &stage{t: t, fails: copied, takes: map[string]time.Duration{}, live: before, healthy: true}
}

func run(ctx context.Context, s *stage) rollout.Outcome {
	return rolling(s).Run(ctx)
}

func rolling(s *stage) *rollout.Rollout {
	return &rollout.Rollout{
		Target: s, Checks: s, Wait: 30 * time.Second, Now: time.Now, Sleep: sleep,
		Plan: func(now target.Situation) (plan.Plan, error) {
			return plan.BlueGreen(now, plan.Settings{Watch: time.Minute})
		},
	}
}

var errBad = errors.New("it is broken")

// TestStates has each step fail.
func TestStates(t *testing.T) {
	lost := fmt.Errorf("publishing: %w", target.ErrLost)
	unknown := fmt.Errorf("publishing: %w", target.ErrUnknown)
	to := "begin look stage verify preview publish"
	for _, row := range []struct {
		name  string
		fails map[string][]error
		want  rollout.State
		err   error
		calls string
		late  int
	}{
		{"nothing", nil, rollout.Live, nil, to + " confirm watch record collect end", 0},
		{"begin", map[string][]error{"begin": {errBad}}, rollout.Unchanged, errBad, "begin", 0},
		{"look", map[string][]error{"look": {errBad}}, rollout.Unchanged, errBad, "begin look end", 0},
		{"stage", map[string][]error{"stage": {errBad}}, rollout.Unchanged, errBad, "begin look stage end", 0},
		{"verify", map[string][]error{"verify": {errBad}}, rollout.Unchanged, errBad, "begin look stage verify end", 0},
		{"preview", map[string][]error{"preview": {errBad}}, rollout.Unchanged, errBad, "begin look stage verify preview end", 0},
		{"publish", map[string][]error{"publish": {errBad}}, rollout.Unchanged, errBad, to + " end", 0},
		{"publish, with an unknown outcome", map[string][]error{"publish": {unknown}}, rollout.Unknown, target.ErrUnknown, to + " end", 0},
		{
			"publish, as somebody else was first",
			map[string][]error{"publish": {lost}},
			rollout.Live, nil,
			to + " look stage verify preview publish confirm watch record collect end", 0,
		},
		{
			"publish, as somebody else always is",
			map[string][]error{"publish": slices.Repeat([]error{lost}, 9)},
			rollout.Unchanged, target.ErrLost,
			"begin" + strings.Repeat(strings.TrimPrefix(to, "begin"), 5) + " end", 0,
		},
		{
			"publish, and then look",
			map[string][]error{"publish": {lost}, "look": {nil, errBad}},
			rollout.Unchanged, errBad,
			to + " look end", 0,
		},
		{"confirm", map[string][]error{"confirm": {errBad}}, rollout.Reverted, errBad, to + " confirm revert confirm end", 0},
		{"watch", map[string][]error{"watch": {errBad}}, rollout.Reverted, errBad, to + " confirm watch revert confirm end", 0},
		{
			"watch, and going back",
			map[string][]error{"watch": {errBad}, "revert": {unknown}},
			rollout.Unknown, target.ErrUnknown,
			to + " confirm watch revert end", 0,
		},
		{
			"watch, and there is no way back",
			map[string][]error{"watch": {errBad}, "revert": {target.ErrNoWayBack}},
			rollout.Unknown, target.ErrNoWayBack,
			to + " confirm watch revert end", 0,
		},
		{
			"watch, and going back is not seen",
			map[string][]error{"watch": {errBad}, "confirm": {nil, errors.New("still there")}},
			rollout.Unknown, errBad,
			to + " confirm watch revert confirm end", 0,
		},
		{"record", map[string][]error{"record": {errBad}}, rollout.Live, nil, to + " confirm watch record collect end", 1},
		{"record, as something else is live", map[string][]error{"record": {lost}}, rollout.Reverted, target.ErrLost, to + " confirm watch record end", 0},
		{"collect", map[string][]error{"collect": {errBad}}, rollout.Live, nil, to + " confirm watch record collect end", 1},
		{"end", map[string][]error{"end": {errBad}}, rollout.Live, nil, to + " confirm watch record collect end", 1},
		{"all records", map[string][]error{"record": {errBad}, "collect": {errBad}, "end": {errBad}}, rollout.Live, nil, to + " confirm watch record collect end", 3},
		{"stage, and end", map[string][]error{"stage": {errBad}, "end": {errors.New("and this")}}, rollout.Unchanged, errBad, "begin look stage end", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, row.fails)
				out := run(t.Context(), s)
				if out.State != row.want || !errors.Is(out.Err, row.err) || (row.err == nil) != (out.Err == nil) || len(out.Late) != row.late {
					t.Errorf("got %s, %v, late %v, want %s", out.State, out.Err, out.Late, row.want)
				}
				if got := strings.Join(s.calls, " "); got != row.calls {
					t.Errorf("got  %s\nwant %s", got, row.calls)
				}
				if out.State == rollout.Live && s.live != wanted || out.State == rollout.Reverted && errors.Is(row.err, errBad) && s.live != before {
					t.Errorf("it is %s, and %s is live", out.State, s.live)
				}
			})
		})
	}
}

// TestResumed: what a run before published and did not watch is watched, and taken
// back if it fails.
func TestResumed(t *testing.T) {
	for _, row := range []struct {
		name  string
		fails map[string][]error
		want  rollout.State
		calls string
	}{
		{"it passes", nil, rollout.Live, "begin look confirm watch record collect end"},
		{"it is not served", map[string][]error{"confirm": {errBad}}, rollout.Reverted, "begin look confirm revert confirm end"},
		{"it fails", map[string][]error{"watch": {errBad}}, rollout.Reverted, "begin look confirm watch revert confirm end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, row.fails)
				s.live, s.healthy = wanted, false
				out := run(t.Context(), s)
				if got := strings.Join(s.calls, " "); out.State != row.want || got != row.calls {
					t.Errorf("got %s, %v by %s", out.State, out.Err, got)
				}
			})
		})
	}
}

// TestNothingToDo: what is live and healthy is not touched.
func TestNothingToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.live = wanted
		out := run(t.Context(), s)
		if got := strings.Join(s.calls, " "); out.State != rollout.Live || out.Err != nil || got != "begin look end" || !strings.Contains(out.Plan.Why, "already") {
			t.Errorf("got %s, %v by %s", out.State, out.Err, got)
		}
	})
}

// TestPlans are those that can't be carried out.
func TestPlans(t *testing.T) {
	unheard := plan.Step{Kind: 99}
	for _, row := range []struct {
		name  string
		plan  plan.Plan
		err   error
		want  rollout.State
		calls string
		says  string
	}{
		{"a hold", plan.Plan{}, fmt.Errorf("%w: 5xx", plan.ErrHeld), rollout.Holding, "begin look end", "5xx"},
		{"a foreign page", plan.Plan{}, plan.ErrForeign, rollout.Unchanged, "begin look end", "no deploy of ours"},
		{"an unknown step", plan.Plan{Steps: []plan.Step{unheard, {Kind: plan.Stage}}}, nil, rollout.Unchanged, "begin look end", "step 99"},
		{
			"an unknown step when it is live",
			plan.Plan{Steps: []plan.Step{{Kind: plan.Publish, Weights: []target.Weight{{Release: wanted, BasisPoints: 10_000}}}, unheard}},
			nil,
			rollout.Reverted, "begin look publish revert confirm end", "step 99",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, nil)
				r := rolling(s)
				r.Plan = func(target.Situation) (plan.Plan, error) { return row.plan, row.err }
				r.Tell = func(rollout.Event) {}
				out := r.Run(t.Context())
				if got := strings.Join(s.calls, " "); out.State != row.want || got != row.calls || !strings.Contains(fmt.Sprint(out.Err), row.says) {
					t.Errorf("got %s, %v by %s", out.State, out.Err, got)
				}
			})
		})
	}
}

// TestCancelled: a run that is cancelled before anything is published leaves what was
// there; after that it goes back, and ends, though its own time is over.
func TestCancelled(t *testing.T) {
	for _, row := range []struct {
		name  string
		takes string // the call in which it is cancelled; "" for the watch
		want  rollout.State
		calls string
	}{
		{"while staging", "stage", rollout.Unchanged, "begin look end"},
		{"while verifying", "verify", rollout.Unchanged, "begin look stage end"},
		{"while confirming", "confirm", rollout.Reverted, "begin look stage verify preview publish revert confirm end"},
		{"while watching", "", rollout.Reverted, "begin look stage verify preview publish confirm watch revert confirm end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, nil)
				if row.takes != "" {
					s.takes[row.takes] = 20 * time.Second
				}
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				out := run(ctx, s)
				if got := strings.Join(s.calls, " "); out.State != row.want || got != row.calls || !errors.Is(out.Err, context.DeadlineExceeded) {
					t.Errorf("got %s, %v by %s", out.State, out.Err, got)
				}
				if s.published || s.open || len(s.dead) > 0 || len(out.Late) > 0 {
					t.Errorf("published %t, open %t, without a context of their own %v, late %v", s.published, s.open, s.dead, out.Late)
				}
			})
		})
	}
}

// TestHangs: a store that never answers does not hold a run for ever.
func TestHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string][]error{"watch": {errBad}})
		s.takes["revert"], s.takes["end"] = time.Hour, time.Hour
		start := time.Now()
		out := run(t.Context(), s)
		if took := time.Since(start) - time.Minute; out.State != rollout.Unknown || len(out.Late) != 1 || took > time.Minute {
			t.Errorf("got %s, %v, late %v, %s after the watch", out.State, out.Err, out.Late, took)
		}
	})
}

// TestBusy: another rollout is waited for, and not for longer than was said.
func TestBusy(t *testing.T) {
	busy := fmt.Errorf("locking: %w", &target.BusyError{Run: "https://github.example/runs/1", Until: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	for _, row := range []struct {
		name   string
		begins []error
		cancel time.Duration // 0 for never
		want   rollout.State
		waited time.Duration // at most this, and at least 5 s less
	}{
		{"it ends soon", slices.Repeat([]error{busy}, 2), 0, rollout.Live, 10 * time.Second},
		{"it does not end", slices.Repeat([]error{busy}, 99), 0, rollout.Unchanged, 35 * time.Second},
		{"nobody waits any more", slices.Repeat([]error{busy}, 99), 12 * time.Second, rollout.Unchanged, 12 * time.Second},
		{"something else fails", []error{busy, errBad}, 0, rollout.Unchanged, 5 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, map[string][]error{"begin": row.begins})
				ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(row.cancel, time.Hour))
				defer cancel()
				start, waited := time.Now(), time.Duration(0)
				r := rolling(s)
				r.Tell = func(e rollout.Event) {
					if e.Step == "plan" {
						waited = e.At.Sub(start)
					}
				}
				out := r.Run(ctx)
				if out.State != rollout.Live {
					waited = time.Since(start)
					if row.name != "something else fails" && !strings.Contains(fmt.Sprint(out.Err), "runs/1") {
						t.Errorf("got %v, want who is at it", out.Err)
					}
					if slices.Contains(s.calls, "end") || slices.Contains(s.calls, "look") {
						t.Errorf("got %v of a rollout that did not begin", s.calls)
					}
				}
				if out.State != row.want || waited > row.waited || waited < row.waited-5*time.Second {
					t.Errorf("got %s, %v after %s", out.State, out.Err, waited)
				}
			})
		})
	}
}

// TestRenewed: others hear of a run for as long as it lives, and no longer.
func TestRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		s.takes["stage"] = 5 * time.Minute
		if out := run(t.Context(), s); out.State != rollout.Live {
			t.Fatalf("got %s, %v", out.State, out.Err)
		}
		if got := s.renewals; got < 30 || got > 40 {
			t.Errorf("renewed %d times in six minutes", got)
		}
		time.Sleep(time.Hour) // Renew fails the test from now on
	})
}

// TestTold: what is told is what was done, in its order, with what failed.
func TestTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string][]error{"watch": {errBad}, "end": {errBad}})
		var told []string
		r := rolling(s)
		r.Tell = func(e rollout.Event) {
			if e.At.IsZero() {
				t.Errorf("%s at no time", e.Step)
			}
			if e.Err != nil {
				e.Step += "!"
			}
			told = append(told, e.Step)
		}
		r.Run(t.Context())
		if got := strings.Join(told, " "); got != "plan stage verify preview publish confirm watch! revert end!" {
			t.Errorf("got %s", got)
		}
	})
}
