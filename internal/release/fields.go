package release

import (
	"fmt"
	"slices"
	"strconv"
)

// fields reads the members of one object.
type fields struct {
	d       *decoder
	at      *place
	members []member
	broken  bool // not an object: reported once, not once a member
}

// object reports what is not an object, and members that are not allowed.
func (d *decoder) object(at *place, v value, allowed ...string) *fields {
	if v.kind != isObject {
		d.add(at, describe(v), "an object")
		return &fields{d: d, at: at, broken: true}
	}
	o := &fields{d: d, at: at, members: v.members}
	for _, m := range v.members {
		if !slices.Contains(allowed, m.name) {
			d.add(at.member(m.name), "an unknown member", "one of "+oneOf(allowed))
		}
	}
	return o
}

// get returns a member; a required one that is missing is reported.
func (o *fields) get(name string, required bool) (value, bool) {
	for _, m := range o.members {
		if m.name == name {
			return m.value, true
		}
	}
	if required && !o.broken {
		o.d.add(o.at.member(name), "nothing", "this member")
	}
	return value{}, false
}

func (o *fields) text(name string, required bool) (string, bool) {
	v, ok := o.get(name, required)
	if ok && v.kind != isString {
		o.d.add(o.at.member(name), describe(v), "a string")
		return "", false
	}
	return v.str, ok
}

func (o *fields) string(name string) string {
	s, _ := o.text(name, true)
	return s
}

// optional refuses the empty string: absence has one form.
func (o *fields) optional(name string) string {
	s, ok := o.text(name, false)
	if ok && s == "" {
		o.d.add(o.at.member(name), `""`, "a text, or no such member")
	}
	return s
}

// integer takes the canonical form of an integer only: 1, not 1.0, 1e0 or -0.
func (o *fields) integer(name string) int64 {
	v, ok := o.get(name, true)
	if !ok {
		return 0
	}
	if v.kind != isNumber {
		o.d.add(o.at.member(name), describe(v), "an integer")
		return 0
	}
	n, err := strconv.ParseInt(v.str, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != v.str || n > maxNumber || n < -maxNumber {
		o.d.add(o.at.member(name), quote(v.str), "an integer of at most 2^53-1, written in digits only")
		return 0
	}
	return n
}

func (o *fields) strings(name string) []string {
	return decodeArray(o, name, o.d.text)
}

func (o *fields) optionalStrings(name string) []string {
	v, ok := o.get(name, false)
	if !ok {
		return nil
	}
	if v.kind == isArray && len(v.members) == 0 {
		o.d.add(o.at.member(name), "[]", "at least one item, or no such member")
	}
	return o.strings(name)
}

func (d *decoder) text(at *place, v value) string {
	if v.kind != isString {
		d.add(at, describe(v), "a string")
	}
	return v.str
}

// decodeArray reads a required array; the result is empty, not nil, so that a
// release read equals one made.
func decodeArray[T any](o *fields, name string, f func(*place, value) T) []T {
	v, ok := o.get(name, true)
	if !ok {
		return nil
	}
	at := o.at.member(name)
	if v.kind != isArray {
		o.d.add(at, describe(v), "an array")
		return nil
	}
	out := make([]T, len(v.members))
	for i, m := range v.members {
		out[i] = f(at.item(i), m.value)
	}
	return out
}

func describe(v value) string {
	switch v.kind {
	case isString:
		return "the string " + quote(v.str)
	case isNumber:
		return "the number " + quote(v.str)
	case isBool:
		return fmt.Sprint(v.bool)
	default:
		return v.kind.String()
	}
}
