package config

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schema is a JSON Schema, or any JSON object of one.
type schema = map[string]any

func ref(name string) schema { return schema{"$ref": "#/$defs/" + name} }

// text is any text that is not blank, ${NAME} replaced.
func text() kindOf[string] {
	return kindOf[string]{shape{"text", ref("text")}, (*reader).text}
}

// checkedText is text that check takes. Its schema is of the text as it is in
// the file, so one with a variable passes there.
func checkedText(words, name string, check func(string) error) kindOf[string] {
	return kindOf[string]{shape{words, ref(name)}, func(r *reader, n *node, at string) (string, bool) {
		s, ok := r.text(n, at)
		if !ok {
			return "", false
		}
		if err := check(s); err != nil {
			r.at(n, "%s: %v", at, err)
			return "", false
		}
		return s, true
	}}
}

// filePath is a path inside the project; it is read clean.
func filePath() kindOf[string] {
	return kindOf[string]{shape{"path", ref("path")}, (*reader).file}
}

func (r *reader) file(n *node, at string) (string, bool) {
	s, ok := r.text(n, at)
	if !ok {
		return "", false
	}
	if err := checkPath(s); err != nil {
		r.at(n, "%s: %v", at, err)
		return "", false
	}
	return path.Clean(s), true
}

func checkPath(s string) error {
	clean := path.Clean(s)
	switch {
	case strings.Contains(s, `\`):
		return errors.New("got " + quote(s) + ", want / between folders")
	case strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) >= 0:
		return errors.New("got " + quote(s) + ", want a path without control characters")
	case path.IsAbs(s) || len(s) > 1 && s[1] == ':':
		return errors.New("got the absolute path " + quote(s) + ", want one relative to the project's root")
	case clean == ".." || strings.HasPrefix(clean, "../"):
		return errors.New("got " + quote(s) + ", which leads out of the project; want a path in it, or a configuration further up")
	}
	return nil
}

// oneOfThe takes one of a few words.
func oneOfThe[T ~string](allowed []T) kindOf[T] {
	words := "`" + strings.Join(stringsOf(allowed), "`, `") + "`"
	s := schema{"anyOf": []any{schema{"enum": stringsOf(allowed)}, ref("variable")}}
	return kindOf[T]{shape{words, s}, func(r *reader, n *node, at string) (T, bool) {
		s, ok := r.text(n, at)
		if ok && !slices.Contains(allowed, T(s)) {
			r.at(n, "%s: got %s, want one of %s", at, quote(s), oneOf(allowed))
			return "", false
		}
		return T(s), ok
	}}
}

func stringsOf[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return out
}

// texts takes a list of texts that differ, or one text for a list of one.
func texts() kindOf[[]string] {
	return kindOf[[]string]{shape{"text or list of texts", ref("texts")}, func(r *reader, n *node, at string) ([]string, bool) {
		var all []string
		for i, item := range r.list(n, at) {
			s, ok := r.text(item, itemPath(n, at, i))
			if ok && slices.Contains(all, s) {
				r.at(item, "%s: got %s again, want each once", at, quote(s))
			}
			all = append(all, s)
		}
		return all, true
	}}
}

// severalOf takes a list of some of a few words, each once; [] is none.
func severalOf[T ~string](allowed []T) kindOf[[]T] {
	word := oneOfThe(allowed)
	list := schema{"type": "array", "items": word.schema, "uniqueItems": true}
	return kindOf[[]T]{shape{"list of " + word.words, schema{"anyOf": []any{word.schema, list}}}, func(r *reader, n *node, at string) ([]T, bool) {
		if n.kind == isList && len(n.items) == 0 {
			return nil, true
		}
		var all []T
		for i, item := range r.list(n, at) {
			t, ok := word.read(r, item, itemPath(n, at, i))
			if ok && slices.Contains(all, t) {
				r.at(item, "%s: got %s again, want each once", at, quote(string(t)))
			}
			all = append(all, t)
		}
		return all, true
	}}
}

func integer(least, most int) kindOf[int] {
	s := shape{"whole number", schema{"type": "integer", "minimum": least, "maximum": most}}
	return kindOf[int]{s, func(r *reader, n *node, at string) (int, bool) {
		i, ok := n.value.(int)
		if !ok || i < least || i > most {
			r.at(n, "%s: got %s, want a whole number from %d to %d", at, n.describe(), least, most)
			return 0, false
		}
		return i, true
	}}
}

func boolean() kindOf[bool] {
	return kindOf[bool]{shape{"`true`, `false`", schema{"type": "boolean"}}, func(r *reader, n *node, at string) (bool, bool) {
		b, ok := n.value.(bool)
		if !ok {
			r.at(n, "%s: got %s, want true or false", at, n.describe())
		}
		return b, ok
	}}
}

// expression is a regular expression of Go.
func expression() kindOf[*regexp.Regexp] {
	return kindOf[*regexp.Regexp]{shape{"regular expression", ref("text")}, func(r *reader, n *node, at string) (*regexp.Regexp, bool) {
		s, ok := r.text(n, at)
		if !ok {
			return nil, false
		}
		re, err := regexp.Compile(s)
		if err != nil {
			r.report(ruleConflict, n, "%s: got %s, want a regular expression of Go (RE2: no lookaround, no backreferences): %v", at, quote(s), err)
		}
		return re, err == nil
	}}
}

// mapOf is a mapping whose keys the project chooses.
func mapOf(words, keys string, values schema) shape {
	return shape{words, schema{"type": "object", "propertyNames": ref(keys), "additionalProperties": values}}
}

// pairs calls take for each key of a mapping.
func (r *reader) pairs(n *node, at string, take func(k pair, at string)) {
	if n.kind != isMap {
		r.at(n, "%s: got %s, want a mapping", at, n.describe())
		return
	}
	for _, k := range n.keys {
		take(k, join(at, k.name))
	}
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

func itemPath(n *node, path string, i int) string {
	if n.kind != isList {
		return path
	}
	return path + "[" + strconv.Itoa(i) + "]"
}

// duration is a time as Go writes it.
func duration(least, most time.Duration) kindOf[time.Duration] {
	s := shape{"time such as `10s`, `5m`", schema{"anyOf": []any{schema{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`}, ref("variable")}}}
	return kindOf[time.Duration]{s, func(r *reader, n *node, at string) (time.Duration, bool) {
		text, ok := r.text(n, at)
		if !ok {
			return 0, false
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < least || d > most {
			r.at(n, "%s: got %s, want a time from %v to %v, such as 10s", at, quote(text), least, most)
			return 0, false
		}
		return d, true
	}}
}
