package style

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/bundle/advice"
	"github.com/org/checkout-deploy/internal/finding"
)

// reporter words esbuild's messages in terms of the project's files.
type reporter struct {
	compiler *Compiler
	// real has the files behind the names esbuild was given. May be nil.
	real map[string]string
}

// unresolved is esbuild's message, and Sass's below, of an import that leads nowhere.
var (
	unresolved = regexp.MustCompile(`^Could not resolve "(.+)"$`)
	sassImport = regexp.MustCompile(`["']([^"']+)["']`)
)

func (c *Compiler) advice() advice.Project { return advice.Project{Root: c.root} }

// errors joins esbuild's errors into one, nil when there are none. Those of
// this package come through plugins and are passed on as they were.
func (r reporter) errors(messages []api.Message) error {
	var all []error
	for _, m := range messages {
		if inner, ok := m.Detail.(error); ok {
			all = append(all, inner)
			continue
		}
		out := &Error{Message: r.message(m)}
		if m.Location != nil {
			column := columnOf(m.Location)
			out.Excerpt = finding.Excerpt(out.Line, m.Location.LineText, column, column+m.Location.Length)
			if spec := unresolved.FindStringSubmatch(m.Text); spec != nil && out.File != "" {
				out.Hint = r.compiler.advice().Style(spec[1], filepath.Join(r.compiler.root, filepath.FromSlash(out.File)))
			}
		}
		all = append(all, out)
	}
	return errors.Join(all...)
}

// warnings are esbuild's about the project's own files.
func (r reporter) warnings(messages []api.Message) []Message {
	var all []Message
	for _, m := range messages {
		if m.Location == nil || !isDependency("/"+m.Location.File) {
			all = append(all, r.message(m))
		}
	}
	return sortMessages(all)
}

// message has a place only in a plain CSS file: in the CSS made of a Sass
// source nobody could look it up.
func (r reporter) message(m api.Message) Message {
	text := m.Text
	for given, real := range r.real {
		text = strings.ReplaceAll(text, r.compiler.display(given), r.compiler.display(real))
	}
	if m.Location == nil {
		return Message{Text: text}
	}
	at := m.Location.File
	if !filepath.IsAbs(at) {
		at = filepath.Join(r.compiler.root, at)
	}
	if real, ok := r.real[at]; ok {
		at = real
	}
	out := Message{File: r.compiler.display(at), Text: text}
	if kindOf(at) == cssKind {
		out.Line, out.Column = m.Location.Line, columnOf(m.Location)
	}
	return out
}

// columnOf is a location's column from 1, in UTF-16 units; esbuild counts bytes.
func columnOf(at *api.Location) int {
	return 1 + len(utf16.Encode([]rune(at.LineText[:min(at.Column, len(at.LineText))])))
}
