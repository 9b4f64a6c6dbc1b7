package difftest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Harness runs graphs three ways and compares. It may be used from several goroutines.
type Harness struct {
	Node    *Node
	Browser *Browser
	Builder Builder
	// Scratch is the folder under which graphs are laid down; each is removed when it has run.
	Scratch string
	// Formats are tried in order; those that the builder does not support are left out.
	Formats []Format
}

// Report is what came of one graph.
type Report struct {
	Want        Trace
	Differences []Difference
	Ran         []Format
}

// Run gives the differences between plain and bundled. An error means that the graph itself or the machine is at
// fault: plain modules did not run to their end.
func (h *Harness) Run(ctx context.Context, c *Case) (*Report, error) {
	dir, err := os.MkdirTemp(h.Scratch, "graph-")
	if err != nil {
		return nil, fmt.Errorf("running %q: %w", c.Name, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("running %q: %w", c.Name, err)
	}
	plain, source := filepath.Join(dir, "plain"), filepath.Join(dir, "source")
	if err := errors.Join(c.WriteReference(plain), c.WriteSource(source)); err != nil {
		return nil, fmt.Errorf("running %q: %w", c.Name, err)
	}
	want, err := h.Node.Run(ctx, plain, c.Entry, c.Steps)
	if err != nil {
		return nil, fmt.Errorf("running %q: %w", c.Name, err)
	}
	r := &Report{Want: want}
	for _, format := range h.Formats {
		if err := h.runFormat(ctx, c, source, format, r); err != nil {
			return nil, fmt.Errorf("running %q: %w", c.Name, err)
		}
	}
	return r, nil
}

func (h *Harness) runFormat(ctx context.Context, c *Case, source string, format Format, r *Report) error {
	out, err := h.Builder.Build(ctx, source, format)
	switch {
	case errors.Is(err, ErrUnsupported):
		return nil
	case err != nil:
		r.Differences = append(r.Differences, Difference{format, KindBuild, err.Error()})
		return nil
	}
	r.Ran = append(r.Ran, format)
	got, err := h.Browser.Run(ctx, out, format, c.Steps)
	var failed *RunError
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	if got != nil {
		if d := compare(format, r.Want, got); d != nil {
			r.Differences = append(r.Differences, *d)
			return nil
		}
	}
	if failed != nil {
		r.Differences = append(r.Differences, Difference{format, KindRun, failed.Message})
	}
	return nil
}
