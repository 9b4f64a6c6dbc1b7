package release

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical returns data, one JSON text, in the form of RFC 8785 (JSON
// Canonicalization Scheme): no white space, members sorted by their names'
// UTF-16 code units, strings escaped as little as possible, numbers as
// ECMAScript prints the nearest double. It refuses what that RFC does (I-JSON,
// RFC 7493): duplicate names, invalid UTF-8, lone surrogates, numbers beyond a
// double's range; and nesting deeper than 64.
func Canonical(data []byte) ([]byte, error) {
	var r report
	v, err := parse(string(data), &r)
	if err != nil {
		return nil, err
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return encode(v)
}

// encode writes v canonically. It fails only on strings that are not UTF-8.
func encode(v value) ([]byte, error) {
	w := writer{}
	w.value(v)
	return w.out, w.err
}

type writer struct {
	out []byte
	err error
}

func (w *writer) value(v value) {
	switch v.kind {
	case absent: // objectOf leaves it out
	case isNull:
		w.out = append(w.out, "null"...)
	case isBool:
		w.out = strconv.AppendBool(w.out, v.bool)
	case isNumber:
		w.out = appendNumber(w.out, v.num)
	case isString:
		w.string(v.str)
	case isArray:
		w.out = append(w.out, '[')
		for i, m := range v.members {
			w.comma(i)
			w.value(m.value)
		}
		w.out = append(w.out, ']')
	case isObject:
		w.object(v.members)
	}
}

func (w *writer) object(members []member) {
	// Sorting a copy: the value may be shared.
	sorted := slices.SortedFunc(slices.Values(members), func(a, b member) int {
		return compareUTF16(a.name, b.name)
	})
	w.out = append(w.out, '{')
	for i, m := range sorted {
		w.comma(i)
		w.string(m.name)
		w.out = append(w.out, ':')
		w.value(m.value)
	}
	w.out = append(w.out, '}')
}

func (w *writer) comma(i int) {
	if i > 0 {
		w.out = append(w.out, ',')
	}
}

// string writes s as section 3.2.2.2 says: the two-character escapes where JSON
// has them, \u00xx for the other control characters, everything else as it is.
func (w *writer) string(s string) {
	if !utf8.ValidString(s) {
		w.err = errors.Join(w.err, fmt.Errorf("encoding %s: not UTF-8", quote(s)))
	}
	w.out = append(w.out, '"')
	for i := range len(s) {
		c := s[i]
		switch short := strings.IndexByte("\b\t\n\f\r\"\\", c); {
		case short >= 0:
			w.out = append(w.out, '\\', `btnfr"\`[short])
		case c < 0x20:
			w.out = fmt.Appendf(w.out, `\u%04x`, c)
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
}

// compareUTF16 orders strings by UTF-16 code units. That is not the order of
// their bytes: U+FB33 comes after U+1F600, whose first unit is 0xD83D.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			return slices.Compare(utf16.AppendRune(nil, ra), utf16.AppendRune(nil, rb))
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

// appendNumber writes f as ECMAScript's Number::toString does (ECMA-262,
// section 6.1.6.1.20), which RFC 8785 section 3.2.2.3 takes over. f is finite.
func appendNumber(out []byte, f float64) []byte {
	if f == 0 {
		return append(out, '0') // also for -0
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(out, f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript as few as it takes.
	mantissa, exponent, _ := strings.Cut(s, "e")
	sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
	return append(out, mantissa+"e"+sign+digits...)
}
