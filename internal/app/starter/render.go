package starter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/org/checkout-deploy/internal/config"
)

// pairs is a mapping in order. Values of settings are string, bool, float64,
// nil, []any and pairs.
type pairs []pair

type pair struct {
	key   string
	value any
}

func (all pairs) get(key string) any {
	for _, one := range all {
		if one.key == key {
			return one.value
		}
	}
	return nil
}

const width = 96

// render writes the configuration with its comments.
func (p *plan) render() []byte {
	var b bytes.Buffer
	b.WriteString(config.EditorLine + "\n")
	p.preamble(&b)
	fmt.Fprintf(&b, "version: %d\nbuild:\n", config.Version)
	if len(p.env) > 0 {
		list := make([]any, len(p.env))
		for i, name := range p.env {
			list[i] = name
		}
		write(&b, "  ", setting{key: "env", value: list, from: "their values become part of the scripts"})
	}
	for _, s := range p.build {
		write(&b, "  ", s)
	}
	b.WriteString("  passes:\n")
	for _, pass := range p.passes {
		fmt.Fprintf(&b, "    - name: %s\n", scalar(pass.name))
		write(&b, "      ", setting{key: "entries", value: pass.entries})
		for _, s := range pass.settings {
			write(&b, "      ", s)
		}
	}
	return b.Bytes()
}

func (p *plan) preamble(b *bytes.Buffer) {
	comment(b, "Written by `checkout-deploy init` from "+p.source+". Nothing of the project was run. A comment behind a value says where the value comes from.", "")
	for _, r := range p.remarks {
		comment(b, r, "")
	}
	if len(p.questions) > 0 {
		b.WriteString("#\n")
		comment(b, "What could not be taken over, and what to do:", "")
		for _, q := range p.questions {
			comment(b, q, "- ")
		}
	}
}

// comment writes text over as many lines as it needs. Control characters, which
// may come from the project's files, would end it.
func comment(b *bytes.Buffer, text, bullet string) {
	text = clean(text)
	line := "# " + bullet
	hang := "# " + strings.Repeat(" ", len(bullet))
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line, empty = hang, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	b.WriteString(line + "\n")
}

func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == 0x85 || c == '\u2028' || c == '\u2029' || c == '\ufeff' || c == '\ufffd' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, " "))
}

// write writes a key, in one line if it fits.
func write(b *bytes.Buffer, indent string, s setting) {
	note := ""
	if s.from != "" {
		note = "  # " + clean(s.from)
	}
	key := indent + scalar(s.key) + ":"
	inline := flow(s.value)
	all, isPairs := s.value.(pairs)
	list, isList := s.value.([]any)
	if len(key)+1+len(inline) <= width-20 || !isPairs && !isList {
		b.WriteString(key + " " + inline + note + "\n")
		return
	}
	b.WriteString(key + note + "\n")
	for _, one := range all {
		write(b, indent+"  ", setting{key: one.key, value: one.value})
	}
	for _, item := range list {
		b.WriteString(indent + "  - " + flow(item) + "\n")
	}
}

// flow is a value in YAML's flow style.
func flow(v any) string {
	switch v := v.(type) {
	case string:
		return scalar(v)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = flow(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case pairs:
		if len(v) == 0 {
			return "{}"
		}
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = scalar(one.key) + ": " + flow(one.value)
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case nil:
		return "null"
	}
	return encoded(v)
}

// plainText needs no quotes anywhere: not a number, a word of YAML or a date.
var plainText = regexp.MustCompile(`^(\.{0,2}/|\.?[A-Za-z_^])[A-Za-z0-9_./@+^$()\\-]*( [<>=]+ [0-9.]+)?$`)

var words = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|~|\.inf|\.nan)$`)

func scalar(s string) string {
	s = strings.ReplaceAll(s, "${", "$${") // text as it is, no variable
	if plainText.MatchString(s) && !words.MatchString(s) {
		return s
	}
	return encoded(s)
}

// encoded is JSON, which YAML takes.
func encoded(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return `""` // numbers without end: the reader refuses them as text too
	}
	return unprintable.ReplaceAllStringFunc(strings.TrimSuffix(b.String(), "\n"), func(s string) string {
		c, _ := utf8.DecodeRuneInString(s)
		return fmt.Sprintf(`\u%04x`, c)
	})
}

// unprintable are the characters that JSON has as they are and YAML does not:
// one of them would even break the line.
var unprintable = regexp.MustCompile(`[\x{7f}-\x{9f}\x{feff}\x{fffe}\x{ffff}]`)

// noFiles is a project without any.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
