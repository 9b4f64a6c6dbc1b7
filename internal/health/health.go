// Package health asks what is served whether it is well: checks by HTTP, a smoke
// test in a browser, a watch that repeats both for a while, the read-back of what
// was just published, and the look at a site's headers before anything is written.
//
// What answered wrongly, what could not be asked, and what gave nothing to judge
// by are three things, and are counted apart: only an answer that is as it should
// be counts for a release.
package health

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// Options are how checks are made. Now is required.
type Options struct {
	// HTTP carries the requests; nil for a transport of this package's, which
	// dials no metadata service. Redirects are followed above it.
	HTTP http.RoundTripper
	// Browser is for smoke tests; nil makes each of them an error.
	Browser Browser
	// Now is the clock that latencies and windows are measured by.
	Now func() time.Time
	// Sleep waits, or returns the context's error; required by Watch and ReadBack.
	Sleep func(context.Context, time.Duration) error
	// Concurrency is how many checks are made at once; 0 for 4.
	Concurrency int
	// MaxBody bounds an answer's body, decoded, in bytes; 0 for MaxBody.
	MaxBody int64
}

// The bounds.
const (
	MaxBody      = 4 << 20
	MaxChecks    = 100
	MaxRedirects = 10
	MaxTimeout   = 5 * time.Minute
	MaxRounds    = 10_000 // of a watch
	maxShown     = 120    // bytes of a text that a server chose, in a message
)

// DefaultTimeout is that of a check which names none.
const DefaultTimeout = 10 * time.Second

func (o Options) filled() Options {
	if o.HTTP == nil {
		o.HTTP = NewTransport(nil)
	}
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.MaxBody = cmp.Or(o.MaxBody, MaxBody)
	return o
}

// Problem is one thing that is not as it should be. None of it holds credentials,
// or more than a few words of what a server sent.
type Problem struct {
	What string // it is about: a field, an address and a header
	Got  string
	Want string
	Try  string // may be empty
}

func (p Problem) String() string {
	s := p.What + ": got " + p.Got + ", want " + p.Want
	if p.Try != "" {
		s += "; " + p.Try
	}
	return s
}

// Outcome is what came of asking once.
type Outcome int

// The outcomes. The zero one is no answer to anything.
const (
	// NoData: there was nothing to judge by. It was not asked any more, or was told
	// to come later.
	NoData Outcome = iota
	// Passed: all is as it should be.
	Passed
	// Failed: it was asked, and the answer is not as it should be, or did not come in
	// time.
	Failed
	// Errored: it could not be asked. The name has no address, nothing listens, the
	// certificate is not valid, there is no browser.
	Errored
)

func (o Outcome) String() string {
	return [...]string{NoData: "no data", Passed: "passed", Failed: "failed", Errored: "error"}[o]
}

// Sample is what came of one check, once.
type Sample struct {
	Check   string
	At      time.Time
	Outcome Outcome
	Latency time.Duration // until the answer's end; 0 without one
	Status  int           // of the answer; 0 without one
	// ConsoleErrors are those of a smoke test.
	ConsoleErrors int
	Problems      []Problem // all that is wrong; of an error, why
}
