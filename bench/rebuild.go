//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"
)

// Watched is what was found out about a peer that watches.
type Watched struct {
	Name   string        `json:"name"`
	What   string        `json:"what"`
	Failed []string      `json:"failed,omitempty"` // edits that did not come through, in its own words
	First  time.Duration `json:"first"`            // from its start to its first build
	Peak   int64         `json:"peak"`             // as in Cost
	Edits  []Edited      `json:"edits"`
}

// Edited is an edit, or its undoing, round by round.
type Edited struct {
	Kind   string          `json:"kind"`
	Runs   []time.Duration `json:"runs"`
	Median time.Duration   `json:"median"`
}

// rebuilds has each peer watch a copy of the checkout, one after the other,
// and measures from an edit to the new content.
func rebuilds(ctx context.Context, s settings, l layout, out io.Writer, progress *log.Logger) error {
	before, err := snapshot(l.app)
	if err != nil {
		return err
	}
	original := l.app
	l.app = filepath.Join(l.out, "rebuild", "app")
	watchers, err := l.watchers(s)
	if err != nil {
		return err
	}
	report := Rebuilds{}
	var peers []*peer
	var booted []Result
	for _, w := range watchers {
		progress.Printf("preparing %s\n", w.name)
		if err := (layout{app: original}).twin(l.app, ".git", "packages"); err != nil {
			return err
		}
		if w.prepare != nil {
			if err := w.prepare(ctx); err != nil {
				return fmt.Errorf("preparing %s: %w", w.name, err)
			}
		}
		res := w.measure(ctx, l.app, progress)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		report.Peers = append(report.Peers, res)
		if _, err := os.Stat(w.dist); err == nil && w.name != "bare" {
			peers = append(peers, w.peer)
			booted = append(booted, Result{Name: w.name})
		}
	}
	if !s.noBoot {
		if err := bootAll(ctx, s, l, peers, booted, progress); err != nil {
			return err
		}
	}
	report.Boots = booted
	after, err := snapshot(original)
	if err != nil {
		return err
	}
	report.Machine, report.Changed = machine(), changes(before, after)
	return finish(report, filepath.Join(l.out, "rebuild"), out, original, report.Changed)
}

// stuck says that an edit did not come through.
type stuck struct {
	edit int
	err  error
}

func (s *stuck) Error() string { return edits[s.edit].kind + ": " + s.err.Error() }

// measure has the watcher go through all edits. Where one does not come through
// it is started anew, and spared that one.
func (p *watcher) measure(ctx context.Context, root string, progress *log.Logger) Watched {
	res := Watched{Name: p.name, What: p.what}
	spared := map[int]bool{}
	for ctx.Err() == nil {
		res.Edits = nil
		for _, kind := range kinds() {
			res.Edits = append(res.Edits, Edited{Kind: kind})
		}
		err := p.attempt(ctx, root, &res, spared, progress)
		if err == nil {
			break
		}
		res.Failed = append(res.Failed, err.Error())
		progress.Printf("%-10s failed: %v\n", p.name, err)
		var s *stuck
		if !errors.As(err, &s) {
			break
		}
		spared[s.edit] = true
	}
	for i := range res.Edits {
		res.Edits[i].Median = middle(res.Edits[i].Runs, func(d time.Duration) time.Duration { return d })
	}
	return res
}

// attempt starts the watcher, makes the edits in rounds, and ends it. The first
// round is not measured where the peer is to be warm.
func (p *watcher) attempt(ctx context.Context, root string, res *Watched, spared map[int]bool, progress *log.Logger) (err error) {
	w, first, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer func() {
		peak, endErr := w.end()
		res.Peak, err = peak, errors.Join(err, endErr)
	}()
	res.First = first
	progress.Printf("%-10s %6.2f s first build\n", p.name, first.Seconds())
	if err := pause(ctx, p.afterFirst); err != nil {
		return err
	}
	from := 1
	if p.warm {
		from = 0
	}
	for round := from; round <= p.runs; round++ {
		for i, e := range edits {
			if spared[i] {
				continue
			}
			done, undone, err := w.once(ctx, root, e, fmt.Sprintf("bench-mark-%03d", round*len(edits)+i))
			if err != nil {
				return &stuck{i, err}
			}
			progress.Printf("%-10s %6d ms, undone %6d ms: %s%s\n", p.name, done.Milliseconds(), undone.Milliseconds(), e.kind, warming(round))
			if round > 0 {
				res.Edits[2*i].Runs = append(res.Edits[2*i].Runs, done)
				res.Edits[2*i+1].Runs = append(res.Edits[2*i+1].Runs, undone)
			}
		}
	}
	return nil
}

func warming(round int) string {
	if round == 0 {
		return " (warming up)"
	}
	return ""
}

// once makes an edit and takes it back.
func (w *watching) once(ctx context.Context, root string, e edit, mark string) (done, undone time.Duration, err error) {
	var undo func() error
	done, err = w.change(ctx, e, mark, true, func() (err error) {
		undo, err = e.apply(root, mark)
		return err
	})
	if err != nil {
		if undo != nil {
			err = errors.Join(err, undo())
		}
		return 0, 0, err
	}
	undone, err = w.change(ctx, e, mark, false, undo)
	return done, undone, err
}

// change measures from before a file is written until the new content is there.
func (w *watching) change(ctx context.Context, e edit, mark string, want bool, write func() error) (time.Duration, error) {
	w.forget()
	start := time.Now()
	if err := write(); err != nil {
		return 0, err
	}
	if err := w.ask(); err != nil {
		return 0, err
	}
	at, err := w.await(ctx, e, mark, want)
	if err != nil {
		return 0, err
	}
	return at.Sub(start), pause(ctx, w.between)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
