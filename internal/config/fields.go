package config

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/spell"
)

// Env looks up a variable of the environment, as os.LookupEnv does.
type Env func(name string) (string, bool)

// reader turns nodes into the configuration. Its functions report what they
// can't take and return zero.
type reader struct {
	problems
	env       Env
	allowed   map[string]bool // build.env and build.expose
	idle      bool            // what is read is not used: no value of a variable is asked for
	root      fs.FS
	overrides Overrides
	earlier   []Pass // those before the pass that is being read
	aliases   map[string]string
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
func (r *reader) object(n *node, path string, allowed []string) fields {
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
		f.unknown(k, allowed)
	}
	return f
}

func (f fields) unknown(k pair, allowed []string) {
	if meant := spell.Nearest(k.name, allowed); meant != "" {
		f.meant[meant] = true
		f.r.add(ruleUnknownKey, k.line, k.column, "%sgot the unknown key %s, did you mean %s?", prefix(f.path), quote(k.name), meant)
		return
	}
	f.r.add(ruleUnknownKey, k.line, k.column, "%sgot the unknown key %s, want one of %s", prefix(f.path), quote(k.name), oneOf(allowed))
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
