package timing

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Recorder collects spans. Its methods may be called from several goroutines,
// and on nil, which records nothing.
type Recorder struct {
	now     func() time.Time
	start   time.Time
	observe func(Progress)

	mu     sync.Mutex
	spans  []Span
	totals map[Work]*Total
}

// New starts a recorder that reads the time from now. observe, which may be nil,
// is called from whichever goroutine does the work.
func New(now func() time.Time, observe func(Progress)) *Recorder {
	return &Recorder{now: now, start: now(), observe: observe, totals: map[Work]*Total{}}
}

// short is the length below which work on one file counts in its total alone: a
// build has thousands of those.
const short = time.Millisecond

// Mark is work that has begun.
type Mark struct {
	recorder *Recorder
	work     Work
	start    time.Duration
}

// Begin begins a span; the mark's End ends it.
func (r *Recorder) Begin(w Work) Mark {
	if r == nil {
		return Mark{}
	}
	if w.File == "" {
		r.Progress(w, 0, 0)
	}
	return Mark{r, w, r.now().Sub(r.start)}
}

// End ends the span.
func (m Mark) End() {
	r := m.recorder
	if r == nil {
		return
	}
	s := Span{m.work, m.start, r.now().Sub(r.start) - m.start}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.File != "" {
		r.add(s)
		if s.Length < short {
			return
		}
	}
	r.spans = append(r.spans, s)
}

// add counts a file's span in its total.
func (r *Recorder) add(s Span) {
	w := s.Work
	w.File = ""
	t := r.totals[w]
	if t == nil {
		t = &Total{Work: w}
		r.totals[w] = t
	}
	t.Files++
	t.Length += s.Length
}

// Progress tells the observer how far the work is.
func (r *Recorder) Progress(w Work, done, total int) {
	if r != nil && r.observe != nil {
		r.observe(Progress{w, done, total})
	}
}

// Timings is what has been seen so far.
func (r *Recorder) Timings() Timings {
	if r == nil {
		return Timings{}
	}
	length := r.now().Sub(r.start)
	r.mu.Lock()
	defer r.mu.Unlock()
	t := Timings{Length: length, Spans: slices.Clone(r.spans)}
	for _, sum := range r.totals {
		t.Totals = append(t.Totals, *sum)
	}
	slices.SortFunc(t.Spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.Length, a.Length), a.compare(b.Work))
	})
	slices.SortFunc(t.Totals, func(a, b Total) int {
		return cmp.Or(cmp.Compare(b.Length, a.Length), a.compare(b.Work))
	})
	return t
}

func (w Work) compare(other Work) int {
	return cmp.Or(cmp.Compare(w.File, other.File), cmp.Compare(w.Stage, other.Stage), cmp.Compare(w.Pass, other.Pass), cmp.Compare(w.Step, other.Step))
}
