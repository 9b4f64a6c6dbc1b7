package inventory

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/spell"
)

// Bounds of a file. The YAML library bounds nesting.
const (
	maxFile    = 1 << 20 // bytes
	maxEntries = 5000
	maxText    = 2000 // bytes of a text
	maxList    = 1000 // items of any other list
)

// Parse reads an inventory; name is for messages. The error is an *Error, a
// finding.Reporter with every problem. What is missing is no problem of the
// file's form: Check says it.
func Parse(name string, data []byte) (*Inventory, error) {
	r := &reader{problems: problems{file: name}}
	inv := &Inventory{File: name, source: data}
	if doc := r.document(data); doc != nil {
		object(r, doc, "", fileTable, inv)
		r.version(doc)
		r.twice(inv.Entries)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return inv, nil
}

// Empty is the inventory of a project that has none yet.
func Empty(name string) *Inventory { return &Inventory{File: name} }

// reader turns nodes into the inventory. Its functions report what they can't
// take and return zero.
type reader struct{ problems }

func (r *reader) document(data []byte) *yaml.Node {
	switch {
	case len(data) > maxFile:
		r.at(nil, ruleFile, "got %d bytes, want at most %d", len(data), maxFile)
		return nil
	case !utf8.Valid(data):
		r.at(nil, ruleFile, "got bytes that are not UTF-8, want a file saved as UTF-8")
		return nil
	}
	r.lines = strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	var doc yaml.Node
	if err := yaml.Load(data, &doc, yaml.WithUniqueKeys(false)); err != nil {
		r.notYAML(err)
		return nil
	}
	if len(doc.Content) != 1 {
		r.at(nil, ruleFile, "got an empty file, want at least the line version: %d", Version)
		return nil
	}
	return doc.Content[0]
}

func (r *reader) notYAML(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		r.at(nil, ruleFile, "not YAML: %v", err)
		return
	}
	message := strings.TrimPrefix(e.Message, "yaml: ")
	switch {
	case strings.Contains(message, "no documents"):
		r.at(nil, ruleFile, "got an empty file, want at least the line version: %d", Version)
		return
	case strings.Contains(message, "found multiple"):
		message = "got several YAML documents, want one"
	default:
		message = "not YAML: " + message
	}
	r.add(place{e.Mark.Line, e.Mark.Column}, ruleFile, "%s", message)
}

func (r *reader) version(doc *yaml.Node) {
	n := child(doc, "version")
	switch {
	case n == nil && doc.Kind == yaml.MappingNode:
		r.at(doc, ruleValue, "version: got nothing, want version: %d", Version)
	case n != nil && (n.ShortTag() != "!!int" || n.Value != "1"):
		r.at(n, ruleValue, "version: got %s, want %d, the one version this tool knows", describe(n), Version)
	}
}

// twice reports entries that are of the same: a reader would see one, and an
// approval in the other.
func (r *reader) twice(all []Entry) {
	first := map[string]int{}
	for _, e := range all {
		keys := e.matchers()
		if e.ID != "" {
			keys = append(keys, "id "+e.ID)
		}
		for _, key := range keys {
			if line, ok := first[key]; ok {
				r.add(place{e.Line, e.Column}, ruleConflict, "got %s again, first in line %d, want each once", quote(key), line)
				continue
			}
			first[key] = e.Line
		}
	}
}

// child returns the value of a mapping's key; nil where there is none.
func child(n *yaml.Node, name string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// field is a key: what editors and people are told of it, and its reader.
type field[T any] struct {
	name, doc string
	schema    schema
	read      func(r *reader, n *yaml.Node, at string, into *T)
}

func names[T any](table []field[T]) []string {
	out := make([]string, len(table))
	for i, f := range table {
		out[i] = f.name
	}
	return out
}

// object reads a mapping. at is where it is, for messages: "scripts[2].pin".
func object[T any](r *reader, n *yaml.Node, at string, table []field[T], into *T) {
	allowed := names(table)
	if n.Kind != yaml.MappingNode {
		r.at(n, ruleValue, "%sgot %s, want a mapping with %s", prefix(at), describe(n), strings.Join(allowed, ", "))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		j := slices.Index(allowed, k.Value)
		switch {
		case k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge":
			r.at(k, ruleValue, "%sgot a key that is no text, want one of %s", prefix(at), strings.Join(allowed, ", "))
		case first[k.Value] > 0:
			r.at(k, ruleConflict, "%sgot the key %s twice, first in line %d", prefix(at), quote(k.Value), first[k.Value])
		case j < 0:
			r.unknown(k, at, allowed)
		case v.Kind == yaml.AliasNode || v.Anchor != "":
			r.at(v, ruleValue, "%s%s: got an anchor or an alias, want the value itself: who approves a line should see all of it", prefix(at), k.Value)
		case v.ShortTag() == "!!null":
			r.at(v, ruleValue, "%s%s: got nothing, want a value, or no such key", prefix(at), k.Value)
		default:
			table[j].read(r, v, join(at, k.Value), into)
		}
		first[k.Value] = k.Line
	}
}

func (r *reader) unknown(k *yaml.Node, at string, allowed []string) {
	if meant := spell.Nearest(k.Value, allowed); meant != "" {
		r.at(k, ruleUnknownKey, "%sgot the unknown key %s, did you mean %s?", prefix(at), quote(k.Value), meant)
		return
	}
	r.at(k, ruleUnknownKey, "%sgot the unknown key %s, want one of %s", prefix(at), quote(k.Value), strings.Join(allowed, ", "))
}

func prefix(at string) string {
	if at == "" {
		return ""
	}
	return at + ": "
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// describe says what n is, for messages.
func describe(n *yaml.Node) string {
	switch n.Kind { //nolint:exhaustive // a value is none of the others
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	case yaml.ScalarNode:
		switch n.ShortTag() {
		case "!!str", "!!timestamp":
			return quote(n.Value)
		case "!!null":
			return "nothing"
		}
		return quote(n.Value) + ", which YAML takes for no text"
	}
	return "something else"
}
