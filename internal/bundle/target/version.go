package target

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// version is a browser's version. Browsers differ within a major version at
// most by the minor one; what comes after is of no interest to a compiler.
type version struct{ major, minor int }

// newest is above every version.
var newest = version{math.MaxInt32, 0}

func parseVersion(text string) (version, error) {
	parts := strings.Split(text, ".")
	var numbers [2]int
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(parts) > 4 {
			return version{}, fmt.Errorf("version %q: want numbers and dots, as in 61 or 12.1", text)
		}
		if i < len(numbers) {
			numbers[i] = int(n)
		}
	}
	return version{numbers[0], numbers[1]}, nil
}

func (v version) String() string {
	if v.minor == 0 {
		return strconv.Itoa(v.major)
	}
	return fmt.Sprintf("%d.%d", v.major, v.minor)
}

func (v version) less(o version) bool {
	return v.major < o.major || v.major == o.major && v.minor < o.minor
}

func minVersion(a, b version) version {
	if b.less(a) {
		return b
	}
	return a
}

func maxVersion(a, b version) version {
	if a.less(b) {
		return b
	}
	return a
}

// span is the versions from from up to, but not including, to.
type span struct{ from, to version }

// spans is a set of versions: sorted, apart from each other, none empty.
type spans []span

// union of two sets.
func (s spans) union(o spans) spans {
	var out spans
	for len(s) > 0 || len(o) > 0 {
		if len(s) == 0 || len(o) > 0 && o[0].from.less(s[0].from) {
			s, o = o, s
		}
		next := s[0]
		s = s[1:]
		if last := len(out) - 1; last >= 0 && !out[last].to.less(next.from) {
			out[last].to = maxVersion(out[last].to, next.to)
			continue
		}
		out = append(out, next)
	}
	return out
}

// intersect of two sets.
func (s spans) intersect(o spans) spans {
	var out spans
	for _, a := range s {
		for _, b := range o {
			both := span{maxVersion(a.from, b.from), minVersion(a.to, b.to)}
			if both.from.less(both.to) {
				out = append(out, both)
			}
		}
	}
	return out
}

// without takes o out of s.
func (s spans) without(o spans) spans {
	outside := spans{}
	from := version{}
	for _, b := range o {
		if from.less(b.from) {
			outside = append(outside, span{from, b.from})
		}
		from = b.to
	}
	if from.less(newest) {
		outside = append(outside, span{from, newest})
	}
	return s.intersect(outside)
}
