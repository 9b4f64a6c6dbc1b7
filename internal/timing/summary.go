package timing

import (
	"cmp"
	"slices"
	"time"
)

// Stage is how long a stage took: the time in which any of its work was under
// way. Stages overlap, so their times may add up to more than the build's.
func (t Timings) Stage(s Stage) time.Duration {
	var sum, until time.Duration
	for _, span := range t.Spans { // by start
		if span.Work.Stage != s || span.End() <= until {
			continue
		}
		sum += span.End() - max(span.Start, until)
		until = span.End()
	}
	return sum
}

// Steps lists the spans that are for no file of their own, the longest first:
// equal work of several turns is one.
func (t Timings) Steps() []Span {
	var out []Span
	at := map[Work]int{}
	for _, s := range t.Spans {
		if s.File != "" {
			continue
		}
		if i, ok := at[s.Work]; ok {
			out[i].Length += s.Length
			continue
		}
		at[s.Work] = len(out)
		out = append(out, s)
	}
	longestFirst(out)
	return out
}

// Files lists the longest work on single files, the longest first, at most n:
// the time in which any step of any pass was at work on the file. Step names the
// longest of the steps.
func (t Timings) Files(n int) []Span {
	var out []Span
	at := map[string]int{}
	until, longest := map[string]time.Duration{}, map[string]time.Duration{}
	for _, s := range t.Spans { // by start
		if s.File == "" {
			continue
		}
		i, ok := at[s.File]
		if !ok {
			i = len(out)
			at[s.File] = i
			out = append(out, Span{Work: Work{File: s.File}, Start: s.Start})
		}
		if s.End() > until[s.File] {
			out[i].Length += s.End() - max(s.Start, until[s.File])
			until[s.File] = s.End()
		}
		if s.Length > longest[s.File] {
			longest[s.File] = s.Length
			out[i].Work.Stage, out[i].Pass, out[i].Step = s.Work.Stage, s.Pass, s.Step
		}
	}
	longestFirst(out)
	return out[:min(n, len(out))]
}

func longestFirst(spans []Span) {
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(b.Length, a.Length), a.compare(b.Work))
	})
}
