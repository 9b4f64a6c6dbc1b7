package advice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/org/checkout-deploy/internal/scan/policy"
)

const (
	maxNamed = 5   // names in a list
	maxName  = 120 // characters of a name
	maxText  = 300 // characters of a text of unknown origin
)

// name is a name of unknown origin: on one line, quoted where it is no plain word.
func name(s string) string {
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r == ' ' || r == '"' || r == '`' || r == utf8.RuneError || !strconv.IsPrint(r)
	}) < 0
	s = clip(s, maxName)
	if plain {
		return s
	}
	return strconv.Quote(s)
}

// sentence is a text of unknown origin on one line, with a full stop.
func sentence(s string) string {
	s = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = clip(strings.Join(strings.Fields(s), " "), maxText)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// listed names at most maxNamed, and counts the others.
func listed(all []string) string {
	var names []string
	for _, s := range all[:min(len(all), maxNamed)] {
		names = append(names, name(s))
	}
	switch more := len(all) - len(names); {
	case more > 0:
		return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", more)
	case len(names) > 1:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
	return strings.Join(names, "")
}

// distinct gives what the findings have, each once, in order, without "".
func distinct(all []policy.One, of func(policy.One) string) (out []string) {
	seen := map[string]bool{"": true}
	for _, f := range all {
		if s := of(f); !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
