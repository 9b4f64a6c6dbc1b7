// Package script finds out what a JavaScript or TypeScript configuration says,
// without running it.
//
// A file becomes a syntax tree, and the tree is followed as far as it is known:
// literals, functions of the file itself and of files beside it, and a few
// functions of Node.js and of bundlers that have no effect (path.join,
// Object.assign). Nothing else is called, nothing is written, no variable of the
// environment is read, and the work is bounded. Whatever can't be known is an
// Unknown that says where it comes from.
package script

import (
	"fmt"
	"slices"
	"strings"
)

// Root is where the project lies in paths that a configuration computes.
const Root = "/<project>"

// Hole stands in a Text for a part that is not known.
const Hole = "\x00"

// Value is what an expression is known to be: nil for undefined, Null, bool,
// float64, Text, *List, *Object, *Function, *Regexp, *Instance, *External,
// *JSON, *Env or *Unknown.
type Value any

type (
	Null struct{}
	// Text may have Holes.
	Text string
	// List has more items than are known if it is Open.
	List struct {
		Items []Value
		Open  bool
	}
	// Regexp is a regular expression of JavaScript.
	Regexp struct{ Source, Flags string }
	// Instance is a `new Class(args…)`.
	Instance struct {
		Class string // the last part of the name
		Args  []Value
		Pos
	}
	// External is a module that is not read, a global of the platform, or a
	// member of one: "webpack.DefinePlugin".
	External struct{ Name string }
	// JSON is JSON.stringify of a value that is more than a text can show.
	JSON struct{ Value Value }
	// Env is a variable of the environment.
	Env struct {
		Name string
		Pos
	}
	// Unknown is anything else; What is its source.
	Unknown struct {
		What string
		Pos
	}
	// Function can be called.
	Function struct{ call func(args []Value) Value }
)

// Object is a mapping in the order of its source.
type Object struct {
	Open   bool // more keys than are known
	keys   []string
	values map[string]Value
	places map[string]Pos
	// late are the functions that esbuild's exports are read through: a name is
	// exported before its module has run.
	late *Object
}

// Pos is a place in a file of the project.
type Pos struct {
	File string
	Line int
}

// String is file:line.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Keys are the known keys in order.
func (o *Object) Keys() []string { return slices.Clone(o.keys) }

// Get returns a key's value; nil for none.
func (o *Object) Get(key string) Value { return o.values[key] }

// At is where a key is given its value.
func (o *Object) At(key string) Pos { return o.places[key] }

func newObject() *Object { return &Object{values: map[string]Value{}, places: map[string]Pos{}} }

func (o *Object) set(key string, v Value, at Pos) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key], o.places[key] = v, at
}

func (o *Object) assign(from Value) {
	switch from := from.(type) {
	case *Object:
		if from.late != nil {
			o.late = from.late
		}
		for _, k := range from.keys {
			o.set(k, from.values[k], from.places[k])
		}
		o.Open = o.Open || from.Open
	case *Unknown, *External, *Instance, *Env, *JSON:
		o.Open = true
	}
}

// Of makes an object of keys and values in turn, for the arguments of a call.
func Of(pairs ...any) *Object {
	o := newObject()
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1], Pos{})
	}
	return o
}

// Known is the text of v; false if v is none, or is not known wholly.
func Known(v Value) (string, bool) {
	t, ok := v.(Text)
	return string(t), ok && !strings.Contains(string(t), Hole)
}

// Path is a path that v names, relative to the project's root; false for any
// other value, and for paths elsewhere.
func Path(v Value) (string, bool) {
	s, ok := Known(v)
	if !ok {
		return "", false
	}
	if s == Root {
		return ".", true
	}
	if rest, ok := strings.CutPrefix(s, Root+"/"); ok {
		return rest, true
	}
	return s, !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "../") && s != ".."
}

// truth is what v is as a condition; unknown for one that can't be told.
func truth(v Value) (is, known bool) {
	switch v := v.(type) {
	case nil, Null:
		return false, true
	case bool:
		return v, true
	case float64:
		return v != 0, true
	case Text:
		return v != "", true
	case *Unknown:
		return false, false
	case *Env:
		return false, true // as if it were not set
	}
	return true, true
}

// text is v in a template or sum.
func text(v Value) string { return textOf(v, 0) }

func textOf(v Value, depth int) string {
	switch v := v.(type) {
	case Text:
		return string(v)
	case bool, float64:
		return fmt.Sprint(v)
	case nil:
		return "undefined"
	case Null:
		return "null"
	case *List:
		if depth > 3 || len(v.Items) > 1000 {
			return Hole
		}
		parts := make([]string, len(v.Items))
		for i, item := range v.Items {
			parts[i] = textOf(item, depth+1)
		}
		return strings.Join(parts, ",")
	}
	return Hole
}
