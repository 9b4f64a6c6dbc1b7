package config

import (
	"regexp"
	"slices"
	"strings"
)

var variable = regexp.MustCompile(`\$?\$\{[^}]*\}?`)

// expand replaces each ${NAME} by a variable that build.env allows; $${ is ${
// itself. The list shows a reviewer what of the environment a build uses. A pull
// request may change it, so names and values that look like secrets are refused
// whatever it says.
func (r *reader) expand(n *node, path, s string) (string, bool) {
	ok := true
	var names []string
	out := variable.ReplaceAllStringFunc(s, func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		name, closed := strings.CutSuffix(match[2:], "}")
		if !closed {
			r.report(ruleVariable, n, "%s: got %s without its }, want ${NAME}, or $${ for the characters themselves", path, quote(match))
			ok = false
			return ""
		}
		value, found := r.lookup(n, path, name)
		ok = ok && found
		names = append(names, name)
		return value
	})
	if !ok {
		return "", false
	}
	// Pieces that are no secrets may make one together.
	if len(names) > 0 && !r.expanded(n, path, strings.Join(names, ", "), out) {
		return "", false
	}
	return out, true
}

// lookup returns an allowed variable's value; none, and without a word, in what
// is not used.
func (r *reader) lookup(n *node, path, name string) (string, bool) {
	if !validVariable.MatchString(name) {
		r.report(ruleVariable, n, "%s: got the variable %s, want a name of A-Z a-z 0-9 _", path, quote(name))
		return "", false
	}
	if !r.allowed[name] {
		r.report(ruleVariable, n, "%s: got the variable %s, which build.env does not list; want build: { env: [%s] }", path, name, name)
		return "", false
	}
	if r.idle {
		return "", false
	}
	value, found := r.env(name)
	if !found {
		r.report(ruleVariable, n, "%s: the variable %s is not set", path, name)
		return "", false
	}
	return value, r.expanded(n, path, name, value)
}

// environment reads build.env, the variables that the file may use.
func (r *reader) environment(n *node, path string, _ *draft) { r.allow(n, path) }

// allow reads a list of variables and returns those that may be used.
func (r *reader) allow(n *node, path string) []*node {
	var fine []*node
	for i, item := range r.list(n, path) {
		at := itemPath(n, path, i)
		switch {
		case item.kind != isText || !validVariable.MatchString(item.text):
			r.at(item, "%s: got %s, want a variable's name of A-Z a-z 0-9 _", at, item.describe())
		case secretName(item.text):
			r.secret(item.line, item.column, "%s: got %s, whose name says secret, want only variables that may be published: their values are copied into scripts", at, item.text)
		default:
			fine = append(fine, item)
		}
		r.allowed[item.text] = true // also where it is reported, to report it once
	}
	return fine
}

// expose reads build.expose: variables that the sources read by two names, as
// webpack's and Vite's projects write them.
func (r *reader) expose(n *node, path string, d *draft) {
	for _, item := range r.allow(n, path) {
		if item.text == "NODE_ENV" {
			r.nodeEnv(item.line, item.column, path)
			continue
		}
		value, ok := r.lookup(item, path, item.text)
		if !ok || r.named(item, path, item.text, value) {
			continue
		}
		for _, object := range []string{"import.meta.env.", "process.env."} {
			d.shared.Define = append(d.shared.Define, Define{Name: object + item.text, Expr: jsonText(value)})
		}
	}
	sortDefines(d.shared.Define)
	d.shared.Define = slices.CompactFunc(d.shared.Define, func(a, b Define) bool { return a.Name == b.Name })
}

var validVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
