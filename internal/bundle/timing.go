package bundle

import (
	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/timing"
)

// begun begins a span of the pass.
func (c *compilation) begun(stage timing.Stage, step string) timing.Mark {
	return c.opts.Timings.Begin(c.work(stage, step))
}

func (c *compilation) work(stage timing.Stage, step string) timing.Work {
	return timing.Work{Stage: stage, Pass: c.opts.Pass, Step: step}
}

// esbuildStep is what esbuild's runs are called.
func (c *compilation) esbuildStep(turn int) timing.Work {
	switch {
	case c.scan:
		return c.work(timing.Compilation, "esbuild: graph")
	case turn == 0:
		return c.work(timing.Compilation, "esbuild: chunks")
	}
	return c.work(timing.Optimisation, "esbuild: chunks in order")
}

// everyFiles is after how many files the progress is told.
const everyFiles = 50

type loadHook = func(api.OnLoadArgs) (api.OnLoadResult, error)

// timed is a load hook whose time is taken, file by file. It counts the files.
func (h *hooks) timed(step string, load loadHook) loadHook {
	if h.opts.Timings == nil {
		return load
	}
	return func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		w := h.work(timing.Compilation, step)
		w.File = h.rel(a.Path)
		defer h.opts.Timings.Begin(w).End()
		if n := int(h.loaded.Add(1)); n%everyFiles == 0 {
			total := 0
			if !h.scan {
				total = max(n, h.files)
			}
			h.opts.Timings.Progress(h.esbuildStep(0), n, total)
		}
		return load(a)
	}
}
