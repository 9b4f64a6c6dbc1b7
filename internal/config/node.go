package config

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	// Of the two kept YAML libraries this is the YAML organisation's own, the
	// continuation of gopkg.in/yaml; its v3 gets security fixes only. It resolves
	// YAML 1.2 words (no surprise from "no" and "on"), gives lines and columns,
	// and bounds nesting and aliases. Only this file knows it.
	"go.yaml.in/yaml/v4"
)

type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isText
	isList
	isMap
)

func (k kind) String() string {
	return [...]string{"nothing", "a boolean", "a number", "text", "a list", "a mapping"}[k]
}

// node is a value of the file and its place.
type node struct {
	line, column int
	kind         kind
	value        any    // of a boolean or number: bool, int, int64, uint64 or float64
	text         string // of a scalar: the text, or as it is written
	items        []*node
	keys         []pair // of a mapping, in the file's order
}

type pair struct {
	name         string
	line, column int
	value        *node
}

func (n *node) get(name string) *node {
	for _, k := range n.keys {
		if k.name == name {
			return k.value
		}
	}
	return nil
}

// describe says what n is, for messages.
func (n *node) describe() string {
	switch n.kind {
	case isText:
		return quote(n.text)
	case isBool, isNumber:
		return n.kind.String() + " (" + n.text + ")"
	}
	return n.kind.String()
}

// Bounds of a file. A few lines of aliases to aliases can stand for more values
// than there is memory for.
const (
	maxFile  = 1 << 20
	maxNodes = 50_000
	maxDepth = 64
)

// parse reads one YAML document, reporting duplicate and non-text keys. It
// returns nil if there is nothing to go on with.
func parse(data []byte, p *problems) *node {
	if len(data) > maxFile {
		p.add(ruleFile, 0, 0, "got %d bytes, want at most %d", len(data), maxFile)
		return nil
	}
	if !utf8.Valid(data) {
		p.add(ruleFile, 0, 0, "got bytes that are not UTF-8, want a file saved as UTF-8")
		return nil
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc, yaml.WithUniqueKeys(false)); err != nil {
		reportYAML(data, err, p)
		return nil
	}
	if len(doc.Content) != 1 {
		p.add(ruleFile, 0, 0, "got an empty file, want at least the line version: %d", Version)
		return nil
	}
	c := converter{problems: p}
	n := c.convert(doc.Content[0], 0)
	if c.nodes > maxNodes {
		p.add(ruleYAML, 0, 0, "got more than %d values, aliases counted each time, want fewer", maxNodes)
		return nil
	}
	return n
}

func reportYAML(data []byte, err error, p *problems) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		p.add(ruleYAML, 0, 0, "not YAML: %v", err)
		return
	}
	message := strings.TrimPrefix(e.Message, "yaml: ")
	if e.ContextMsg != "" {
		message = e.ContextMsg + ": " + message
		if e.ContextMark.Line > 0 && e.ContextMark.Line != e.Mark.Line {
			message = fmt.Sprintf("%s (it starts in line %d)", message, e.ContextMark.Line)
		}
	}
	switch {
	case e.Mark.Index < len(data) && data[e.Mark.Index] == '\t' && e.Mark.Line > 0:
		message = "got a tab, want spaces: YAML doesn't indent with tabs"
	case strings.Contains(message, "no documents"):
		message = fmt.Sprintf("got an empty file, want at least the line version: %d", Version)
	case strings.Contains(message, "found multiple"):
		message = "got several YAML documents, want one"
	default:
		message = "not YAML: " + message
	}
	p.add(ruleYAML, e.Mark.Line, e.Mark.Column, "%s", message)
}

type converter struct {
	*problems
	nodes int
}

func (c *converter) convert(y *yaml.Node, depth int) *node {
	n := &node{line: y.Line, column: y.Column}
	if c.nodes++; c.nodes > maxNodes {
		return n
	}
	if depth > maxDepth {
		c.report(ruleYAML, n, "got nesting deeper than %d, want less", maxDepth)
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		aliased := *c.convert(y.Alias, depth+1)
		aliased.line, aliased.column = y.Line, y.Column
		return &aliased
	case yaml.SequenceNode:
		n.kind = isList
		for _, item := range y.Content {
			n.items = append(n.items, c.convert(item, depth+1))
		}
	case yaml.MappingNode:
		n.kind = isMap
		c.mapping(n, y, depth)
	default:
		c.scalar(n, y)
	}
	return n
}

func (c *converter) mapping(n *node, y *yaml.Node, depth int) {
	first := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		switch {
		case k.Kind != yaml.ScalarNode:
			c.add(ruleYAML, k.Line, k.Column, "got a list or mapping as a key, want text")
			continue
		case k.ShortTag() == "!!merge":
			c.add(ruleYAML, k.Line, k.Column, "got the merge key <<, want the keys themselves: what a pass inherits is written under build")
			continue
		case first[k.Value] > 0:
			c.add(ruleYAML, k.Line, k.Column, "got the key %s twice, first in line %d", quote(k.Value), first[k.Value])
			continue
		}
		first[k.Value] = k.Line
		n.keys = append(n.keys, pair{k.Value, k.Line, k.Column, c.convert(v, depth+1)})
	}
}

func (c *converter) scalar(n *node, y *yaml.Node) {
	n.kind, n.text = isText, y.Value
	switch tag := y.ShortTag(); tag {
	case "!!str", "!!timestamp": // a date is text here
	case "!!null":
		n.kind = isNull
	case "!!bool", "!!int", "!!float":
		if err := y.Load(&n.value); err != nil {
			c.report(ruleYAML, n, "got %s, which is no %s", quote(y.Value), tag)
			return
		}
		switch v := n.value.(type) {
		case bool:
			n.kind = isBool
		case float64:
			if math.IsInf(v, 0) || math.IsNaN(v) {
				c.report(ruleYAML, n, "got %s, want a finite number", y.Value)
			}
			n.kind = isNumber
		case int, int64, uint64:
			n.kind = isNumber
		}
	default:
		c.report(ruleYAML, n, "got the tag %s, want a value without a tag", quote(tag))
	}
}
