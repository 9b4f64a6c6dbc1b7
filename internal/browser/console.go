package browser

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// Message is one line of the console.
type Message struct {
	// Level is "error", "warning", "info", "log", "debug", …
	Level string
	// Source is "console" for the page's own calls, else the part of the
	// browser that spoke: "network", "security", "javascript", "deprecation", …
	Source string
	Text   string
	URL    string // the script that wrote it, or the resource it is about; may be empty
	Line   int    // 1-based; 0 unknown
}

// Exception is an uncaught exception or an unhandled rejection.
type Exception struct {
	Text   string // with the stack as the engine prints it
	URL    string // of the script; may be empty
	Line   int    // 1-based
	Column int    // 1-based
}

func (r *record) entry(e *log.Entry) {
	r.messages = append(r.messages, Message{
		Level: string(e.Level), Source: string(e.Source), Text: e.Text,
		URL: e.URL, Line: int(e.LineNumber),
	})
	if v, ok := violation(e); ok {
		r.violations = append(r.violations, v)
		r.markBlocked(v.URL)
	}
}

func consoleMessage(ev *runtime.EventConsoleAPICalled) Message {
	parts := make([]string, len(ev.Args))
	for i, arg := range ev.Args {
		parts[i] = printed(arg)
	}
	m := Message{Level: string(ev.Type), Source: "console", Text: strings.Join(parts, " ")}
	if s := ev.StackTrace; s != nil && len(s.CallFrames) > 0 {
		m.URL, m.Line = s.CallFrames[0].URL, int(s.CallFrames[0].LineNumber)+1
	}
	return m
}

func exception(d *runtime.ExceptionDetails) Exception {
	text := d.Text
	if d.Exception != nil {
		text = strings.TrimSpace(text + " " + printed(d.Exception))
	}
	e := Exception{Text: text, URL: d.URL, Line: int(d.LineNumber) + 1, Column: int(d.ColumnNumber) + 1}
	if e.URL == "" && d.StackTrace != nil && len(d.StackTrace.CallFrames) > 0 {
		e.URL = d.StackTrace.CallFrames[0].URL
	}
	return e
}

// printed renders a value as the console would: strings bare, objects by their
// description.
func printed(o *runtime.RemoteObject) string {
	switch {
	case o.UnserializableValue != "":
		return string(o.UnserializableValue)
	case len(o.Value) > 0:
		var v any
		if err := json.Unmarshal(o.Value, &v); err == nil {
			if s, bare := v.(string); bare {
				return s
			}
		}
		return string(o.Value)
	case o.Description != "":
		return o.Description
	}
	return string(o.Type)
}

// clip shortens text for an error message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// quote writes s as a JavaScript string literal. JSON's is one.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // cannot happen for a string
		panic(fmt.Sprintf("quoting %q: %v", s, err))
	}
	return string(b)
}
