package health

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Rule decides what a watch shows.
type Rule struct {
	// MaxFailures of one check in a window pass; one more fails the watch, at once.
	MaxFailures int
	// MaxMissing errors and lacks of data of one check in a window are borne; with
	// one more the watch can't pass any more.
	MaxMissing int
	// Window is how long these count; 0 for the whole watch.
	Window time.Duration
	// MinSamples is how often each check has to have passed.
	MinSamples int
}

// Verdict is a watch's. The zero one promotes nothing.
type Verdict int

// The verdicts.
const (
	// Inconclusive: too little was seen to say. It is no pass.
	Inconclusive Verdict = iota
	// Healthy: each check passed often enough.
	Healthy
	// Unhealthy: a check failed more often than the rule allows.
	Unhealthy
)

func (v Verdict) String() string {
	return [...]string{Inconclusive: "inconclusive", Healthy: "healthy", Unhealthy: "unhealthy"}[v]
}

// Watched is what a watch saw.
type Watched struct {
	Verdict Verdict
	Why     string // in a sentence
	Rounds  int
	Checks  []Tally // in their order
}

// Tally is one check's.
type Tally struct {
	Check                          string
	Passed, Failed, Errors, NoData int
	ConsoleErrors                  int
	Latency                        Latency
	// First and Last are the first and the last sample that did not pass; nil if all
	// did.
	First, Last *Sample

	latencies []time.Duration
	failures  []time.Time // within the window
	missing   []time.Time
}

// Problems says what is wrong with a watch for so long, with a round as often.
func (r Rule) Problems(span, every time.Duration) (all []Problem) {
	add := func(what, got, want string) { all = append(all, Problem{what, got, want, ""}) }
	if every <= 0 || span < every {
		add("watch", fmt.Sprintf("a round every %v for %v", every, span), "an interval above 0, and a time that is no shorter")
	} else if n := rounds(span, every); n > MaxRounds {
		add("watch", fmt.Sprintf("%d rounds", n), fmt.Sprintf("at most %d", MaxRounds))
	} else if r.MinSamples > n {
		add("minimum of samples", strconv.Itoa(r.MinSamples), fmt.Sprintf("at most %d, the rounds that there are", n))
	}
	if r.MinSamples < 1 {
		add("minimum of samples", strconv.Itoa(r.MinSamples), "1 or more")
	}
	if r.MaxFailures < 0 || r.MaxMissing < 0 || r.Window < 0 {
		add("rule", "a number below 0", "0 or more")
	}
	return all
}

// rounds is how many begin in a span: one at its begin, one at its end.
func rounds(span, every time.Duration) int { return int(min(span/every, math.MaxInt32)) + 1 }

// Watch asks the checks round after round until the time is over or the rule is
// broken. A round begins when its time has come and the one before is over, so slow
// answers make fewer rounds. It is inconclusive if ctx ends before.
func Watch(ctx context.Context, c Checks, span, every time.Duration, rule Rule, o Options) Watched {
	o = o.filled()
	probes := c.probes()
	w := Watched{Checks: make([]Tally, len(probes))}
	for i, p := range probes {
		w.Checks[i].Check = p.name
	}
	switch wrong := append(rule.Problems(span, every), c.Problems()...); {
	case wrong != nil:
		w.Why = "nothing was asked: " + wrong[0].String()
		return w
	case len(probes) == 0:
		w.Why = "nothing was asked: there is no check"
		return w
	}
	began := o.Now()
	for n := range rounds(span, every) {
		// A round that is late is not made up for.
		if next := began.Add(time.Duration(n) * every); o.Now().Before(next) {
			if err := o.Sleep(ctx, next.Sub(o.Now())); err != nil {
				break
			}
		} else if o.Now().After(began.Add(span)) {
			break
		}
		samples := round(ctx, probes, o)
		w.Rounds++
		for i, s := range samples {
			w.Checks[i].add(s, rule.Window)
		}
		if w.broken(rule); w.Verdict == Unhealthy || ctx.Err() != nil {
			break
		}
	}
	return w.concluded(ctx, rule)
}

func (t *Tally) add(s Sample, window time.Duration) {
	if window > 0 {
		old := func(at time.Time) bool { return s.At.Sub(at) >= window }
		t.failures, t.missing = slices.DeleteFunc(t.failures, old), slices.DeleteFunc(t.missing, old)
	}
	t.ConsoleErrors += s.ConsoleErrors
	if s.Latency > 0 {
		t.latencies = append(t.latencies, s.Latency)
	}
	switch s.Outcome {
	case Passed:
		t.Passed++
		return
	case Failed:
		t.Failed++
		t.failures = append(t.failures, s.At)
	case Errored:
		t.Errors++
		t.missing = append(t.missing, s.At)
	default:
		t.NoData++
		t.missing = append(t.missing, s.At)
	}
	if t.Last = &s; t.First == nil {
		t.First = &s
	}
}

// broken looks whether a check has broken the rule. What failed goes before what
// is missing.
func (w *Watched) broken(rule Rule) {
	for i := range w.Checks {
		switch t := &w.Checks[i]; {
		case len(t.failures) > rule.MaxFailures:
			w.Verdict = Unhealthy
			w.Why = fmt.Sprintf("failures of %q%s: got %d, want at most %d", t.Check, rule.within(), len(t.failures), rule.MaxFailures)
			return
		case len(t.missing) > rule.MaxMissing && w.Why == "":
			w.Why = fmt.Sprintf("%q gave %d times no answer to judge by%s, and at most %d are borne", t.Check, len(t.missing), rule.within(), rule.MaxMissing)
		}
	}
}

func (r Rule) within() string {
	if r.Window == 0 {
		return ""
	}
	return " within " + r.Window.String()
}

func (w Watched) concluded(ctx context.Context, rule Rule) Watched {
	for i := range w.Checks {
		w.Checks[i].Latency = percentiles(w.Checks[i].latencies)
	}
	if ctx.Err() != nil && w.Verdict != Unhealthy {
		w.Why = fmt.Sprintf("the watch was ended after %d rounds", w.Rounds)
	}
	if w.Why != "" {
		return w
	}
	for _, t := range w.Checks {
		if t.Passed < rule.MinSamples {
			w.Why = fmt.Sprintf("%q passed %d times in %d rounds, and %d are needed", t.Check, t.Passed, w.Rounds, rule.MinSamples)
			return w
		}
	}
	w.Verdict, w.Why = Healthy, fmt.Sprintf("every check passed %d times or more in %d rounds", rule.MinSamples, w.Rounds)
	return w
}

// Latency is how long answers took.
type Latency struct {
	Samples                 int
	P50, P90, P95, P99, Max time.Duration
}

// percentiles by nearest rank: the smallest latency that this share of all are not
// above. Of 10, P90 is the 9th and P99 the 10th.
func percentiles(all []time.Duration) Latency {
	if len(all) == 0 {
		return Latency{}
	}
	slices.Sort(all)
	rank := func(percent int) time.Duration { return all[(len(all)*percent+99)/100-1] }
	return Latency{len(all), rank(50), rank(90), rank(95), rank(99), all[len(all)-1]}
}
