//go:build goexperiment.jsonv2

package scan

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Trivy logs to log/slog's default. Its init makes itself that default and keeps
// every record in memory until its own command line starts, which here it never
// does. So the default is this one, which drops everything but the warnings of a
// scan that listens. It is set after Trivy's, as imports are initialised first.
func init() { slog.SetDefault(slog.New(tap)) }

// tap is what Trivy says to the scan that is running.
var tap = &warnings{}

// maxWarnings bounds what one scan keeps of them.
const maxWarnings = 50

type warnings struct {
	mu   sync.Mutex
	on   bool
	said []string
}

// listen begins to keep warnings, and returns what ends it with them.
func (w *warnings) listen() (end func() []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on, w.said = true, nil
	return func() []string {
		w.mu.Lock()
		defer w.mu.Unlock()
		said := w.said
		w.on, w.said = false, nil
		return said
	}
}

func (w *warnings) Enabled(_ context.Context, level slog.Level) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.on && level >= slog.LevelWarn
}

// Handle keeps a warning once, its attributes behind it. Secrets are in none:
// Trivy's own logs are made to be shown.
func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(r.Message))
	r.Attrs(func(a slog.Attr) bool {
		if text := a.Value.String(); len(text) < 200 && !strings.ContainsAny(text, "\r\n") {
			b.WriteString(" " + a.Key + "=" + text)
		}
		return true
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if said := b.String(); w.on && len(w.said) < maxWarnings && !slices.Contains(w.said, said) {
		w.said = append(w.said, said)
	}
	return nil
}

func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }
func (w *warnings) WithGroup(string) slog.Handler      { return w }
