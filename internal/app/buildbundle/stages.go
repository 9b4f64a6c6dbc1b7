package buildbundle

import (
	"fmt"
	"sync"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/timing"
)

// watcher tells who watches a build how far it is.
type watcher struct {
	run   *action.Run
	start time.Time
	mu    sync.Mutex
	last  time.Time
}

// follow begins to record the time, and to show it. Without a clock it does
// neither.
func follow(r *action.Run) (*watcher, *timing.Recorder) {
	if r.Now == nil {
		return nil, nil
	}
	w := &watcher{run: r, start: r.Now()}
	return w, timing.New(r.Now, w.show)
}

// between is the time between two updates: people read no faster.
const between = 80 * time.Millisecond

// show is for timing.New.
func (w *watcher) show(p timing.Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.run.Now()
	if now.Sub(w.last) < between {
		return
	}
	w.last = now
	text := p.Work.Stage.String()
	if p.Pass != "" {
		text += " of " + p.Pass
	}
	text += ": " + p.Step
	switch {
	case p.Total > 0:
		text += fmt.Sprintf(" %s/%s files", report.FormatCount(int64(p.Done)), report.FormatCount(int64(p.Total)))
	case p.Done > 0:
		text += fmt.Sprintf(" %s files", report.FormatCount(int64(p.Done)))
	}
	w.run.Live(text + ", " + report.FormatDuration(now.Sub(w.start)))
}

// end takes the line away; what comes later is not shown.
func (w *watcher) end() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.last.Add(24 * time.Hour)
	w.run.Live("")
}

// How much of a stage is told where it can be folded away.
const (
	toldSteps = 5
	toldFiles = 5
)

// tellStages logs what each stage took; in a workflow, with what took longest in it.
func tellStages(r *action.Run, t timing.Timings) error {
	if t.Length == 0 {
		return nil
	}
	for _, stage := range timing.Stages {
		title := fmt.Sprintf("%-12s %s", stage, report.FormatDuration(t.Stage(stage)))
		if !r.OnRunner() {
			r.Logf("%s", title)
			continue
		}
		err := r.Group(title, func() error {
			for _, s := range first(stepsOf(t, stage), toldSteps) {
				r.Logf("%8s  %s", report.FormatDuration(s.Length), stepName(s.Work))
			}
			for _, s := range first(filesOf(t, stage), toldFiles) {
				r.Logf("%8s  %s: %s", report.FormatDuration(s.Length), s.Step, s.File)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func stepsOf(t timing.Timings, stage timing.Stage) (out []timing.Span) {
	for _, s := range t.Steps() {
		if s.Work.Stage == stage {
			out = append(out, s)
		}
	}
	return out
}

func filesOf(t timing.Timings, stage timing.Stage) (out []timing.Span) {
	for _, s := range t.Files(len(t.Spans)) {
		if s.Work.Stage == stage {
			out = append(out, s)
		}
	}
	return out
}

func stepName(w timing.Work) string {
	if w.Pass == "" {
		return w.Step
	}
	return w.Pass + ": " + w.Step
}

func first[T any](all []T, n int) []T { return all[:min(n, len(all))] }
