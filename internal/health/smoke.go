package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Smoke opens a page in a browser and looks whether it comes alive: it has status
// 200, nothing is thrown and not caught, no script or style fails or is blocked, and
// what is named is there in time.
type Smoke struct {
	Name string // unique among the checks
	URL  string
	// Selector is a CSS selector of an element that becomes visible; may be empty.
	Selector string
	// Global is a JavaScript variable that comes to be, such as "checkout" or
	// "app.ready"; may be empty.
	Global string
	// Within bounds the whole; 0 for 30 s.
	Within time.Duration
	// MaxConsoleErrors is how many lines of the console may be errors; nil counts
	// them only.
	MaxConsoleErrors *int
}

// Browser opens pages.
type Browser interface {
	// Visit loads a page with an empty profile and looks for what is named, for
	// Within at most. An error says that the page could not be looked at; that it did
	// not load is a Visit's Failed.
	Visit(ctx context.Context, s Smoke) (*Visit, error)
}

// Visit is what a browser saw.
type Visit struct {
	Status int    // of the document
	Failed string // why the document did not load; "" if it did
	// NoSelector and NoGlobal say why it was not seen; "" if it was, or none was
	// asked for.
	NoSelector, NoGlobal string
	Exceptions           []string // uncaught, and unhandled rejections
	ConsoleErrors        []string
	// Unloaded are scripts and styles that did not load, Blocked those that their
	// integrity blocked.
	Unloaded []Unloaded
	Blocked  []string
}

// Unloaded is a script or style that did not load.
type Unloaded struct{ URL, Why string }

const smokeWithin = 30 * time.Second

// global is what is safe to ask a page for.
var global = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]{0,99}(\.[A-Za-z_$][A-Za-z0-9_$]{0,99}){0,9}$`)

func (s *Smoke) problems() (all []Problem) {
	if _, p := address(s.URL); p != nil {
		all = append(all, *p)
	}
	if s.Global != "" && !global.MatchString(s.Global) {
		all = append(all, Problem{"global", strconv.Quote(clip(s.Global)), "a name, or names with dots between them", "such as checkout or app.ready"})
	}
	if len(s.Selector) > 1000 {
		all = append(all, Problem{"selector", fmt.Sprintf("%d bytes", len(s.Selector)), "at most 1000", ""})
	}
	if n := s.MaxConsoleErrors; n != nil && *n < 0 {
		all = append(all, Problem{"maximum of console errors", strconv.Itoa(*n), "0 or more", "without it they are counted only"})
	}
	return append(all, times(s.Within, "time to be ready within", MaxTimeout)...)
}

func (s Smoke) ask(ctx context.Context, o Options) Sample {
	what := shown(s.URL)
	s.Within = cmp.Or(s.Within, smokeWithin)
	began := o.Now()
	v, err := visit(ctx, o.Browser, s)
	if err != nil {
		return Sample{Outcome: Errored, Problems: []Problem{{what, clip(err.Error()), "a browser that looks at it", ""}}}
	}
	got := Sample{Outcome: Passed, Latency: o.Now().Sub(began), Status: v.Status, ConsoleErrors: len(v.ConsoleErrors)}
	if got.Problems = s.judge(v, what); got.Problems != nil {
		got.Outcome = Failed
	}
	return got
}

func visit(ctx context.Context, b Browser, s Smoke) (*Visit, error) {
	if b == nil {
		return nil, errors.New("no browser")
	}
	// The browser's own bound comes first; this one is for a browser that hangs.
	bounded, cancel := context.WithTimeoutCause(ctx, s.Within+20*time.Second, errors.New("the browser hangs"))
	defer cancel()
	v, err := b.Visit(bounded, s)
	if err != nil {
		return nil, cause(bounded, err)
	}
	return v, nil
}

func (s Smoke) judge(v *Visit, what string) (all []Problem) {
	add := func(got, want string) { all = append(all, Problem{what, got, want, ""}) }
	if v.Failed != "" {
		add("no page: "+clip(v.Failed), "a page")
		return all
	}
	if v.Status != 200 {
		add("status "+strconv.Itoa(v.Status), "status 200")
	}
	for _, u := range first(v.Unloaded, "scripts and styles", add) {
		add(strconv.Quote(shown(u.URL))+" did not load: "+clip(u.Why), "all scripts and styles")
	}
	for _, u := range first(v.Blocked, "blocked files", add) {
		add(strconv.Quote(shown(u))+" was blocked: its bytes are not those of its integrity", "all scripts and styles")
	}
	for _, e := range first(v.Exceptions, "uncaught errors", add) {
		add("the uncaught error "+strconv.Quote(clip(e)), "none")
	}
	if v.NoSelector != "" {
		add(fmt.Sprintf("no visible %q within %v: %s", clip(s.Selector), s.Within, clip(v.NoSelector)), "one")
	}
	if v.NoGlobal != "" {
		add(fmt.Sprintf("no global %q within %v: %s", s.Global, s.Within, clip(v.NoGlobal)), "it")
	}
	if most := s.MaxConsoleErrors; most != nil && len(v.ConsoleErrors) > *most {
		add(fmt.Sprintf("%d errors in the console, the first %q", len(v.ConsoleErrors), clip(v.ConsoleErrors[0])), fmt.Sprintf("at most %d", *most))
	}
	return all
}

// first are the first five, with a word on the others.
func first[T any](list []T, what string, add func(got, want string)) []T {
	const most = 5
	if len(list) > most {
		add(fmt.Sprintf("%d %s in all", len(list), what), "none")
		list = list[:most]
	}
	return list
}
