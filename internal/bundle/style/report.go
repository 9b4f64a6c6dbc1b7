package style

import (
	"errors"
	"path/filepath"
	"unicode/utf16"

	"github.com/evanw/esbuild/pkg/api"
)

// buildErrors joins esbuild's errors into one, nil when there are none. Those
// of this package come through plugins and are passed on as they were.
func (c *Compiler) buildErrors(messages []api.Message, real func(string) string) error {
	var all []error
	for _, m := range messages {
		if inner, ok := m.Detail.(error); ok {
			all = append(all, inner)
			continue
		}
		out := &Error{Message: c.message(m, real)}
		if m.Location != nil {
			out.Excerpt = excerpt(out.Line, m.Location.LineText, out.Column, out.Column+m.Location.Length)
		}
		all = append(all, out)
	}
	return errors.Join(all...)
}

// buildWarnings are esbuild's warnings about the project's own files.
func (c *Compiler) buildWarnings(messages []api.Message, real func(string) string) []Message {
	var all []Message
	for _, m := range messages {
		if m.Location == nil || !isDependency("/"+m.Location.File) {
			all = append(all, c.message(m, real))
		}
	}
	return sortMessages(all)
}

// message places a message of esbuild. In a Sass source the place is that in
// the CSS made of it, which nobody has: the text of the line says more.
func (c *Compiler) message(m api.Message, real func(string) string) Message {
	if m.Location == nil {
		return Message{Text: m.Text}
	}
	at := m.Location.File
	if !filepath.IsAbs(at) {
		at = filepath.Join(c.root, at)
	}
	if real != nil {
		at = real(at)
	}
	out := Message{File: c.display(at), Line: m.Location.Line, Column: 1, Text: m.Text}
	if column := m.Location.Column; column <= len(m.Location.LineText) {
		out.Column += len(utf16.Encode([]rune(m.Location.LineText[:column])))
	}
	return out
}
