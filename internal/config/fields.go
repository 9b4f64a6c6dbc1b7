package config

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Env looks up a variable of the environment, as os.LookupEnv does.
type Env func(name string) (string, bool)

// reader turns nodes into the configuration. Its functions report what they
// can't take and return zero.
type reader struct {
	problems
	env     Env
	allowed map[string]bool // build.env
	root    fs.FS
	// noSources says why no pass could be made up for a file that names none.
	noSources error
}

// fields reads a mapping's values by their names. path is where it is, for
// messages: "build.passes[0]".
type fields struct {
	r    *reader
	n    *node
	path string
	// meant holds allowed keys that a misspelled one seems to be: reported once,
	// and not as missing too.
	meant map[string]bool
}

// object reports what is not a mapping, and keys that are not allowed.
func (r *reader) object(n *node, path string, allowed ...string) fields {
	f := fields{r, n, path, map[string]bool{}}
	if n.kind != isMap {
		r.at(n, "%sgot %s, want a mapping with %s", prefix(path), n.describe(), oneOf(allowed))
		f.n = &node{}
		return f
	}
	for _, k := range n.keys {
		if slices.Contains(allowed, k.name) {
			continue
		}
		if meant := nearest(k.name, allowed); meant != "" {
			f.meant[meant] = true
			r.add(k.line, k.column, "%sgot the unknown key %s, did you mean %s?", prefix(path), quote(k.name), meant)
		} else {
			r.add(k.line, k.column, "%sgot the unknown key %s, want one of %s", prefix(path), quote(k.name), oneOf(allowed))
		}
	}
	return f
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

func join(path, name string) string {
	switch {
	case path == "":
		return name
	case plainKey.MatchString(name):
		return path + "." + name
	}
	return path + "[" + quote(name) + "]"
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// get returns the value of name, and its path; nil if the file has none. A key
// without a value is a slip (an indentation lost), not a default.
func (f fields) get(name string) (*node, string) {
	n, path := f.n.get(name), join(f.path, name)
	if n != nil && n.kind == isNull {
		f.r.at(n, "%s: got nothing, want a value, or no such key", path)
		return nil, path
	}
	return n, path
}

// missing reports whether a required key is not there, and that it is not.
func (f fields) missing(name string) bool {
	return f.n.kind == isMap && f.n.get(name) == nil && !f.meant[name]
}

func (f fields) text(name, otherwise string) string {
	n, path := f.get(name)
	if n == nil {
		return otherwise
	}
	s, _ := f.r.text(n, path)
	return s
}

// text takes non-empty text and replaces ${NAME} in it.
func (r *reader) text(n *node, path string) (string, bool) {
	switch {
	case n.kind == isNumber || n.kind == isBool:
		r.at(n, `%s: got %s, want text: put it in quotes, "%s"`, path, n.describe(), n.text)
	case n.kind != isText:
		r.at(n, "%s: got %s, want text", path, n.describe())
	case strings.TrimSpace(n.text) == "":
		r.at(n, "%s: got empty text, want some, or no such key", path)
	default:
		return r.expand(n, path, n.text)
	}
	return "", false
}

func (f fields) bool(name string) bool {
	n, path := f.get(name)
	if n == nil {
		return false
	}
	b, ok := n.value.(bool)
	if !ok {
		f.r.at(n, "%s: got %s, want true or false", path, n.describe())
	}
	return b
}

func (f fields) integer(name string, otherwise, least, most int) int {
	n, path := f.get(name)
	if n == nil {
		return otherwise
	}
	i, ok := n.value.(int)
	if !ok || i < least || i > most {
		f.r.at(n, "%s: got %s, want a whole number from %d to %d", path, n.describe(), least, most)
		return otherwise
	}
	return i
}

// texts takes a list of texts, or one text for a list of one.
func (f fields) texts(name string) []string {
	n, path := f.get(name)
	if n == nil {
		return nil
	}
	var all []string
	for i, item := range f.r.list(n, path) {
		s, ok := f.r.text(item, itemPath(n, path, i))
		if ok && slices.Contains(all, s) {
			f.r.at(item, "%s: got %s again, want each once", path, quote(s))
		}
		all = append(all, s)
	}
	return all
}

// list returns a list's items, or a scalar as the only one.
func (r *reader) list(n *node, path string) []*node {
	switch {
	case n.kind == isMap:
		r.at(n, "%s: got a mapping, want text or a list", path)
		return nil
	case n.kind != isList:
		return []*node{n}
	case len(n.items) == 0:
		r.at(n, "%s: got an empty list, want at least one item", path)
	}
	return n.items
}

// enum takes one of a few words.
func enum[T ~string](f fields, name string, otherwise T, allowed []T) T {
	n, path := f.get(name)
	if n == nil {
		return otherwise
	}
	s, ok := f.r.text(n, path)
	if ok && !slices.Contains(allowed, T(s)) {
		f.r.at(n, "%s: got %s, want one of %s", path, quote(s), oneOf(allowed))
		return otherwise
	}
	return T(s)
}

// pairs calls take for each key of a mapping.
func (f fields) pairs(name string, take func(k key, path string)) {
	n, path := f.get(name)
	if n == nil {
		return
	}
	if n.kind != isMap {
		f.r.at(n, "%s: got %s, want a mapping", path, n.describe())
		return
	}
	for _, k := range n.keys {
		take(k, join(path, k.name))
	}
}
