package action

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/spell"
)

// Value is where an input goes to. Set parses text of unknown origin; its error
// says what is allowed. Text is trimmed, and not empty.
type Value interface {
	Set(text string) error
	// Allowed says in a few words what Set takes, for help and tables; may be empty.
	Allowed() string
}

// Text takes any one line.
func Text(to *string) Value { return textValue{to} }

type textValue struct{ to *string }

func (v textValue) Set(s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return fmt.Errorf("want one line")
	}
	*v.to = s
	return nil
}

func (textValue) Allowed() string { return "" }

// Bool takes what YAML 1.2 calls a boolean, as actions/toolkit's
// getBooleanInput does.
func Bool(to *bool) Value { return boolValue{to} }

type boolValue struct{ to *bool }

func (v boolValue) Set(s string) error {
	switch s {
	case "true", "True", "TRUE":
		*v.to = true
	case "false", "False", "FALSE":
		*v.to = false
	default:
		return fmt.Errorf("want %s", v.Allowed())
	}
	return nil
}

func (boolValue) Allowed() string { return "true or false" }

// isBool says whether a flag of this value may stand alone, for true.
func isBool(v Value) bool {
	switch v := v.(type) {
	case boolValue:
		return true
	case allValues:
		return isBool(v[0])
	}
	return false
}

// OneOf takes one of a few words.
func OneOf[T ~string](to *T, words []T) Value { return oneOfValue[T]{to, words} }

type oneOfValue[T ~string] struct {
	to    *T
	words []T
}

func (v oneOfValue[T]) Set(s string) error {
	if !slices.Contains(v.words, T(s)) {
		return wantOneOf(s, v.words)
	}
	*v.to = T(s)
	return nil
}

func (v oneOfValue[T]) Allowed() string { return "one of " + joinWords(v.words, ", ") }

// ListOf takes some of a few words, separated by commas or white space, in any
// order and each once.
func ListOf[T ~string](to *[]T, words []T) Value { return listValue[T]{to, words} }

type listValue[T ~string] struct {
	to    *[]T
	words []T
}

func (v listValue[T]) Set(s string) error {
	var all []T
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || strings.ContainsRune(" \t\r\n", r) }) {
		switch {
		case !slices.Contains(v.words, T(word)):
			return fmt.Errorf("with %s in it, %w", quote(word), wantOneOf(word, v.words))
		case slices.Contains(all, T(word)):
			return fmt.Errorf("with %q twice, want each once", word)
		}
		all = append(all, T(word))
	}
	if len(all) == 0 {
		return fmt.Errorf("want at least one of %s", joinWords(v.words, ", "))
	}
	*v.to = all
	return nil
}

func (v listValue[T]) Allowed() string { return "a list of " + joinWords(v.words, ", ") }

// wantOneOf says what is allowed, and what a word was probably meant to be.
func wantOneOf[T ~string](got string, words []T) error {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	if meant := spell.Nearest(got, names); meant != "" {
		return fmt.Errorf("did you mean %s? Allowed: %s", meant, strings.Join(names, ", "))
	}
	return fmt.Errorf("want one of %s", strings.Join(names, ", "))
}

func joinWords[T ~string](words []T, between string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// All sets several values from one input: those of a pipeline's stages.
func All(values ...Value) Value { return allValues(values) }

type allValues []Value

func (v allValues) Set(s string) error {
	for _, one := range v {
		if err := one.Set(s); err != nil {
			return err
		}
	}
	return nil
}

func (v allValues) Allowed() string { return v[0].Allowed() }

// Duration takes a time as Go writes it, within bounds.
func Duration(to *time.Duration, least, most time.Duration) Value {
	return durationValue{to, least, most}
}

type durationValue struct {
	to          *time.Duration
	least, most time.Duration
}

func (v durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < v.least || d > v.most {
		return fmt.Errorf("want %s", v.Allowed())
	}
	*v.to = d
	return nil
}

func (v durationValue) Allowed() string {
	return fmt.Sprintf("a time from %v to %v, such as 90s or 10m", v.least, v.most)
}

// Integer takes a whole number, within bounds.
func Integer(to *int, least, most int) Value { return integerValue{to, least, most} }

type integerValue struct {
	to          *int
	least, most int
}

func (v integerValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < v.least || n > v.most {
		return fmt.Errorf("want %s", v.Allowed())
	}
	*v.to = n
	return nil
}

func (v integerValue) Allowed() string {
	return fmt.Sprintf("a whole number from %d to %d", v.least, v.most)
}
