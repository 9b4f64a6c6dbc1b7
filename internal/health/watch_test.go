package health

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// replies is a transport that answers by a script, a letter a request, and the last
// one from then on: p passes, f fails, e can't be asked, n is a limit, s is slow.
type replies struct {
	clock  *clock
	script string
	asked  int
	end    context.CancelFunc
}

func (r *replies) RoundTrip(req *http.Request) (*http.Response, error) {
	letter := r.script[min(r.asked, len(r.script)-1)]
	r.asked++
	status := http.StatusOK
	switch letter {
	case 'f':
		status = http.StatusBadGateway
	case 'n':
		status = http.StatusTooManyRequests
	case 'e':
		return nil, errors.New("no route")
	case 's':
		r.clock.pass(25 * time.Second)
	case 'x':
		r.end()
		return nil, req.Context().Err()
	}
	r.clock.pass(100 * time.Millisecond)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
}

func TestWatch(t *testing.T) {
	const span, every = 100 * time.Second, 10 * time.Second // 11 rounds
	for _, test := range []struct {
		name, script string
		rule         Rule
		want         Verdict
		rounds       int
		says         string
	}{
		{"all pass", "p", Rule{MinSamples: 11}, Healthy, 11, "passed 11 times or more in 11 rounds"},
		{"one failure", "ppfp", Rule{MinSamples: 5}, Unhealthy, 3, `failures of "a": got 1, want at most 0`},
		{"one failure that is allowed", "ppfp", Rule{MaxFailures: 1, MinSamples: 10}, Healthy, 11, ""},
		{"too few passed beside it", "ppfp", Rule{MaxFailures: 1, MinSamples: 11}, Inconclusive, 11, "passed 10 times in 11 rounds, and 11 are needed"},
		{"failures apart", "fpppppfp", Rule{MaxFailures: 1, Window: time.Minute, MinSamples: 1}, Healthy, 11, ""},
		{"failures in a window", "fppppfp", Rule{MaxFailures: 1, Window: time.Minute, MinSamples: 1}, Unhealthy, 6, `failures of "a" within 1m0s: got 2, want at most 1`},
		{"it fails at the end", "ppppppppppf", Rule{MinSamples: 1}, Unhealthy, 11, "failures"},
		{"it goes away", "ppppppppe", Rule{MinSamples: 5}, Inconclusive, 11, "gave 1 times no answer"},
		{"errors alone", "e", Rule{MinSamples: 1, MaxMissing: 100}, Inconclusive, 11, "passed 0 times"},
		{"an error that is borne", "pep", Rule{MinSamples: 10, MaxMissing: 1}, Healthy, 11, ""},
		{"no data", "n", Rule{MinSamples: 1, MaxMissing: 100}, Inconclusive, 11, "passed 0 times"},
		{"no data, too often", "pnpnp", Rule{MinSamples: 5, MaxMissing: 1}, Inconclusive, 11, "gave 2 times no answer"},
		{"a failure after what is missing", "ef", Rule{MinSamples: 1}, Unhealthy, 2, "failures"},
		{"slow answers make fewer rounds", "s", Rule{MinSamples: 5}, Inconclusive, 4, "passed 4 times in 4 rounds"},
		{"it is ended", "pppx", Rule{MinSamples: 1}, Inconclusive, 4, "ended after 4 rounds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, end := context.WithCancel(t.Context())
			defer end()
			c := newClock()
			o := c.options()
			o.HTTP = &replies{clock: c, script: test.script, end: end}
			got := Watch(ctx, Checks{HTTP: []Check{{Name: "a", URL: "https://shop.example/"}}}, span, every, test.rule, o)
			if got.Verdict != test.want || got.Rounds != test.rounds || !strings.Contains(got.Why, test.says) {
				t.Errorf("got %s after %d rounds, %q; want %s after %d, %q", got.Verdict, got.Rounds, got.Why, test.want, test.rounds, test.says)
			}
		})
	}
}

func TestWatchCountsApart(t *testing.T) {
	c := newClock()
	o := c.options()
	o.HTTP = &replies{clock: c, script: "pfenp"}
	w := Watch(t.Context(), Checks{HTTP: []Check{{Name: "a", URL: "https://shop.example/"}}}, 9*time.Second, time.Second, Rule{MaxFailures: 9, MaxMissing: 9, MinSamples: 7}, o)
	a := w.Checks[0]
	if w.Verdict != Healthy || a.Passed != 7 || a.Failed != 1 || a.Errors != 1 || a.NoData != 1 {
		t.Errorf("got %+v", w)
	}
	if a.First.Outcome != Failed || a.Last.Outcome != NoData || !a.First.At.Before(a.Last.At) {
		t.Errorf("got the first %+v and the last %+v", a.First, a.Last)
	}
	if want := (Latency{9, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}); a.Latency != want {
		t.Errorf("got %+v, want %+v", a.Latency, want)
	}
}

// One check of two that is not well is enough.
func TestWatchEachCheck(t *testing.T) {
	c := newClock()
	o := c.options()
	o.Concurrency = 1
	o.HTTP = &replies{clock: c, script: "p"}
	checks := Checks{HTTP: []Check{{Name: "a", URL: "https://shop.example/"}}, Smoke: []Smoke{{Name: "b", URL: "https://shop.example/"}}}
	if w := Watch(t.Context(), checks, time.Minute, time.Second, Rule{MinSamples: 1}, o); w.Verdict != Inconclusive || w.Checks[1].Errors != 61 || !strings.Contains(w.Why, `"b"`) {
		t.Errorf("without a browser: got %s, %q, %+v", w.Verdict, w.Why, w.Checks[1])
	}
}

func TestWatchAsksNothing(t *testing.T) {
	one := Checks{HTTP: []Check{{Name: "a", URL: "https://shop.example/"}}}
	for _, test := range []struct {
		name        string
		checks      Checks
		span, every time.Duration
		rule        Rule
		says        string
	}{
		{"no check", Checks{}, time.Minute, time.Second, Rule{MinSamples: 1}, "there is no check"},
		{"a wrong check", Checks{HTTP: []Check{{Name: "a"}}}, time.Minute, time.Second, Rule{MinSamples: 1}, "URL"},
		{"no sample is needed", one, time.Minute, time.Second, Rule{}, "minimum of samples: got 0"},
		{"more samples than rounds", one, time.Minute, time.Second, Rule{MinSamples: 62}, "at most 61"},
		{"no interval", one, time.Minute, 0, Rule{MinSamples: 1}, "an interval above 0"},
		{"no time", one, 0, time.Second, Rule{MinSamples: 1}, "a time that is no shorter"},
		{"too many rounds", one, 1 << 62, 1, Rule{MinSamples: 1}, "at most 10000"},
		{"below 0", one, time.Minute, time.Second, Rule{MinSamples: 1, MaxFailures: -1}, "a number below 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			o := c.options()
			r := &replies{clock: c, script: "p"}
			o.HTTP = r
			w := Watch(t.Context(), test.checks, test.span, test.every, test.rule, o)
			if w.Verdict != Inconclusive || r.asked > 0 || !strings.Contains(w.Why, test.says) {
				t.Errorf("got %s, %q after %d requests, want %q", w.Verdict, w.Why, r.asked, test.says)
			}
		})
	}
}

func TestPercentiles(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i))
	}
	for _, test := range []struct {
		name string
		of   []time.Duration
		want Latency
	}{
		{"none", nil, Latency{}},
		{"one", []time.Duration{7}, Latency{1, 7, 7, 7, 7, 7}},
		{"two", []time.Duration{9, 1}, Latency{2, 1, 9, 9, 9, 9}},
		{"a hundred", hundred, Latency{100, 50, 90, 95, 99, 100}},
	} {
		if got := percentiles(test.of); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}
