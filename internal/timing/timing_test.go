package timing_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/timing"
)

// clock is a time that only a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) wait(ms int)          { c.at = c.at.Add(time.Duration(ms) * time.Millisecond) }
func ms(n int) time.Duration          { return time.Duration(n) * time.Millisecond }
func work(s timing.Stage) timing.Work { return timing.Work{Stage: s} }
func step(name string) timing.Work    { return timing.Work{Stage: timing.Compilation, Step: name} }

func file(step, name string) timing.Work {
	return timing.Work{Stage: timing.Compilation, Step: step, File: name}
}

func TestStage(t *testing.T) {
	for _, test := range []struct {
		name  string
		spans [][2]int // start, end
		want  int
	}{
		{"nothing", nil, 0},
		{"one", [][2]int{{5, 15}}, 10},
		{"one after the other", [][2]int{{0, 10}, {10, 15}}, 15},
		{"with a gap", [][2]int{{0, 10}, {20, 25}}, 15},
		{"side by side", [][2]int{{0, 10}, {0, 10}}, 10},
		{"overlapping", [][2]int{{0, 10}, {5, 20}}, 20},
		{"one within the other", [][2]int{{0, 30}, {5, 20}, {25, 40}}, 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := timing.Timings{Spans: []timing.Span{{Work: work(timing.Output), Length: ms(1000)}}}
			for _, s := range test.spans {
				in.Spans = append(in.Spans, timing.Span{Work: work(timing.Compilation), Start: ms(s[0]), Length: ms(s[1] - s[0])})
			}
			if got := in.Stage(timing.Compilation); got != ms(test.want) {
				t.Errorf("got %v, want %v", got, ms(test.want))
			}
		})
	}
}

func TestRecorder(t *testing.T) {
	c := &clock{at: time.Unix(1, 0)}
	var seen []string
	r := timing.New(c.now, func(p timing.Progress) {
		seen = append(seen, fmt.Sprintf("%v %s %d/%d", p.Work.Stage, p.Step, p.Done, p.Total))
	})
	c.wait(5)
	scan := r.Begin(step("esbuild"))
	long := r.Begin(file("Sass", "a.scss"))
	c.wait(20)
	long.End()
	r.Begin(file("Sass", "b.scss")).End()
	r.Progress(step("esbuild"), 2, 3)
	scan.End()
	c.wait(1)

	got := r.Timings()
	want := timing.Timings{
		Length: ms(26),
		Spans:  []timing.Span{{step("esbuild"), ms(5), ms(20)}, {file("Sass", "a.scss"), ms(5), ms(20)}},
		Totals: []timing.Total{{step("Sass"), 2, ms(20)}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if want := []string{"compilation esbuild 0/0", "compilation esbuild 2/3"}; !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

func TestNilRecordsNothing(t *testing.T) {
	var r *timing.Recorder
	r.Begin(step("esbuild")).End()
	r.Progress(step("esbuild"), 1, 1)
	if got := r.Timings(); got.Length != 0 || got.Spans != nil || got.Totals != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestSteps(t *testing.T) {
	in := timing.Timings{Spans: []timing.Span{
		{step("scan"), 0, ms(10)}, {step("link"), ms(10), ms(15)}, {file("Sass", "a"), 0, ms(90)}, {step("scan"), ms(30), ms(10)},
	}}
	want := []timing.Span{{step("scan"), 0, ms(20)}, {step("link"), ms(10), ms(15)}}
	if got := in.Steps(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFiles(t *testing.T) {
	in := timing.Timings{Spans: []timing.Span{
		{step("scan"), 0, ms(100)},
		{file("scripts", "a"), 0, ms(3)},
		{file("Sass", "b"), 0, ms(8)},
		{file("styles", "b"), 0, ms(8)},
		{file("Sass", "c"), 0, ms(1)},
		{file("enums", "a"), ms(3), ms(6)},
	}}
	want := []timing.Span{{file("enums", "a"), 0, ms(9)}, {file("Sass", "b"), 0, ms(8)}}
	if got := in.Files(2); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSideBySide is for the race detector, and counts what it gets.
func TestSideBySide(t *testing.T) {
	r := timing.New(time.Now, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				r.Begin(file("scripts", "a")).End()
			}
		})
	}
	all.Wait()
	if got := r.Timings().Totals[0].Files; got != 800 {
		t.Errorf("got %d files, want 800", got)
	}
}

func BenchmarkSpan(b *testing.B) {
	r := timing.New(time.Now, nil)
	for b.Loop() {
		r.Begin(file("scripts", "a")).End()
	}
}
