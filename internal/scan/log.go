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
// does. So the default is this one, which drops everything but what a scan that
// listens has to know. It is set after Trivy's, as imports are initialised first.
func init() { slog.SetDefault(slog.New(tap)) }

// tap is what Trivy says to the scan that is running.
var tap = &voice{ear: &ear{}, details: true}

// maxWarnings bounds what one scan keeps of them.
const maxWarnings = 50

// heard is what was said in one scan: warnings, and of which files it was not told
// what is in them.
type heard struct {
	warnings []string
	unread   unread
}

type ear struct {
	mu    sync.Mutex
	on    bool
	heard heard
}

// voice is slog.Handler: the ear of all loggers, and whether this one tells details
// that are worth hearing.
type voice struct {
	*ear
	details bool
}

// listen begins to keep what is said, and returns what ends it with that.
func (e *ear) listen() (end func() heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.on, e.heard = true, heard{}
	return func() heard {
		e.mu.Lock()
		defer e.mu.Unlock()
		said := e.heard
		e.on, e.heard = false, heard{}
		return said
	}
}

func (v *voice) Enabled(_ context.Context, level slog.Level) bool {
	if level < slog.LevelWarn && !v.details {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.on
}

// Handle keeps what says that a file was not read, and a warning once, its attributes
// behind it. Secrets are in none: Trivy's own logs are made to be shown.
func (v *voice) Handle(_ context.Context, r slog.Record) error {
	name, why, is := unreadFile(r)
	if !is && r.Level < slog.LevelWarn {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case !v.on:
	case is:
		v.heard.unread.add(name, why)
	default:
		if said := sentence(r); len(v.heard.warnings) < maxWarnings && !slices.Contains(v.heard.warnings, said) {
			v.heard.warnings = append(v.heard.warnings, said)
		}
	}
	return nil
}

func sentence(r slog.Record) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(r.Message))
	r.Attrs(func(a slog.Attr) bool {
		if text := a.Value.String(); len(text) < 200 && !strings.ContainsAny(text, "\r\n") {
			b.WriteString(" " + a.Key + "=" + text)
		}
		return true
	})
	return b.String()
}

// WithAttrs makes the logger of a part of Trivy's. Those of parsers and of secrets
// tell details for each line and rule; analyzers' tell which file they gave up.
func (v *voice) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == "prefix" {
			return &voice{ear: v.ear, details: strings.TrimSpace(a.Value.String()) == "[analyzer]"}
		}
	}
	return v
}

func (v *voice) WithGroup(string) slog.Handler { return v }
