package config

import (
	"regexp"
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

// lookup returns an allowed variable's value.
func (r *reader) lookup(n *node, path, name string) (string, bool) {
	if !validVariable.MatchString(name) {
		r.report(ruleVariable, n, "%s: got the variable %s, want a name of A-Z a-z 0-9 _", path, quote(name))
		return "", false
	}
	if !r.allowed[name] {
		r.report(ruleVariable, n, "%s: got the variable %s, which build.env does not list; want build: { env: [%s] }", path, name, name)
		return "", false
	}
	value, found := r.env(name)
	if !found {
		r.report(ruleVariable, n, "%s: the variable %s is not set", path, name)
		return "", false
	}
	return value, r.expanded(n, path, name, value)
}

var validVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
