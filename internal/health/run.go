package health

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Result is what came of each check once, in their order, the HTTP checks first.
type Result struct{ Samples []Sample }

// Passed says that every check passed, and that there was one.
func (r Result) Passed() bool {
	return len(r.Samples) > 0 && !slices.ContainsFunc(r.Samples, func(s Sample) bool { return s.Outcome != Passed })
}

// Run asks each check once. Checks with Problems are not asked: each is NoData then.
func Run(ctx context.Context, c Checks, o Options) Result {
	return Result{round(ctx, c.probes(), o.filled())}
}

// probe is a check that is ready to be asked.
type probe struct {
	name string
	ask  func(context.Context, Options) Sample
}

func (c Checks) probes() []probe {
	var list []probe
	add := func(name string, ask func(context.Context, Options) Sample) {
		list = append(list, probe{name, ask})
	}
	wrong := c.Problems()
	refuse := func(context.Context, Options) Sample { return Sample{Problems: wrong} }
	for _, h := range c.HTTP {
		if wrong != nil {
			add(h.Name, refuse)
			continue
		}
		add(h.Name, h.prepared().ask)
	}
	for _, s := range c.Smoke {
		if wrong != nil {
			add(s.Name, refuse)
			continue
		}
		add(s.Name, s.ask)
	}
	return list
}

// round asks all, Options.Concurrency at once.
func round(ctx context.Context, probes []probe, o Options) []Sample {
	samples := make([]Sample, len(probes))
	places := make(chan struct{}, o.Concurrency)
	var running sync.WaitGroup
	for i, p := range probes {
		running.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			at := o.Now()
			if ctx.Err() == nil {
				samples[i] = p.ask(ctx, o)
			}
			samples[i].Check, samples[i].At = p.name, at
			// What came while it was being ended may be the end's own doing.
			if ctx.Err() != nil && samples[i].Outcome != Passed {
				samples[i].Outcome = NoData
				samples[i].Problems = []Problem{{"the check", "ended before an answer", "one", ""}}
			}
		})
	}
	running.Wait()
	return samples
}

// prepared is a check without problems, its expressions compiled.
type prepared struct {
	Check
	matches []*regexp.Regexp
}

func (c Check) prepared() prepared {
	p := prepared{Check: c}
	for _, m := range c.Matches {
		p.matches = append(p.matches, regexp.MustCompile(m))
	}
	return p
}

func (p prepared) ask(ctx context.Context, o Options) Sample {
	u, wrong := address(p.URL)
	if wrong != nil {
		return Sample{Problems: []Problem{*wrong}}
	}
	began := o.Now()
	got, asked, err := o.get(ctx, ask{
		method: cmp.Or(p.Method, http.MethodGet), url: u, follow: p.Redirects, timeout: cmp.Or(p.Timeout, DefaultTimeout),
	})
	s := Sample{Outcome: Passed, Latency: o.Now().Sub(began)}
	what := shown(p.URL)
	switch {
	case err != nil && asked:
		return Sample{Outcome: Failed, Problems: []Problem{{what, clip(err.Error()), "an answer", ""}}}
	case err != nil:
		return Sample{Outcome: Errored, Problems: []Problem{{what, clip(err.Error()), "a server to ask", "is the name, the port or the certificate wrong, or the network this runs in closed?"}}}
	}
	s.Status = got.status
	if got.status == http.StatusTooManyRequests && !slices.Contains(p.Status, got.status) {
		s.Outcome = NoData
		s.Problems = []Problem{{what, "status 429", "an answer", "a limit on requests says nothing of the page: ask less often, or let this address pass"}}
		return s
	}
	if s.Problems = p.judge(got, what, s); s.Problems != nil {
		s.Outcome = Failed
	}
	return s
}

// judge says all that is wrong with an answer.
func (p prepared) judge(got *answer, what string, s Sample) (all []Problem) {
	add := func(got, want, try string) { all = append(all, Problem{what, got, want, try}) }
	want := p.Status
	if want == nil {
		want = []int{http.StatusOK}
	}
	if !slices.Contains(want, got.status) {
		add("status "+strconv.Itoa(got.status), "status "+spelled(want), redirectHint(got))
	}
	if p.MaxLatency > 0 && s.Latency > p.MaxLatency {
		add("an answer after "+s.Latency.String(), "one within "+p.MaxLatency.String(), "")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Headers)) {
		if values := got.header.Values(name); strings.Join(values, ", ") != p.Headers[name] {
			add(name+": "+strconv.Quote(clip(strings.Join(values, ", "))), strconv.Quote(clip(p.Headers[name])), "")
		}
	}
	if !p.readsBody() {
		return all
	}
	if got.cut {
		add(fmt.Sprintf("a body of more than %d bytes", len(got.body)), "one that can be read whole", "")
		return all
	}
	return append(all, p.judgeBody(got.body, what)...)
}

func redirectHint(got *answer) string {
	if got.status/100 == 3 {
		return "it redirects to " + strconv.Quote(shown(got.header.Get("Location"))) + ": ask there, or allow redirects"
	}
	return ""
}

func (p prepared) judgeBody(body []byte, what string) (all []Problem) {
	add := func(got, want, try string) { all = append(all, Problem{what, got, want, try}) }
	text := string(body)
	for _, part := range p.Contains {
		if !strings.Contains(text, part) {
			add("a body without it", "the text "+strconv.Quote(clip(part)), "")
		}
	}
	for i, m := range p.matches {
		if !m.MatchString(text) {
			add("a body that does not match", "a match of "+strconv.Quote(clip(p.Matches[i])), "")
		}
	}
	if p.Marker != "" && !strings.Contains(text, p.Marker) {
		add("a page of another release", "the release with "+strconv.Quote(clip(p.Marker)), "does a cache in between keep the older one?")
	}
	if len(p.JSON) == 0 {
		return all
	}
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		add("a body that is no JSON", "JSON", clip(err.Error()))
		return all
	}
	for _, at := range slices.Sorted(maps.Keys(p.JSON)) {
		value, has := lookUp(document, at)
		switch where := strconv.Quote(clip(at)); {
		case !has:
			add("nothing at "+where, written(p.JSON[at]), "")
		case !equalJSON(value, p.JSON[at]):
			add(written(value)+" at "+where, written(p.JSON[at]), "")
		}
	}
	return all
}

func spelled(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " or ")
}
