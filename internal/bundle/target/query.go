package target

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// forms is what errors offer.
const forms = "chrome >= 87, safari 14-15, ios 12.2, firefox esr, es2020, node 18, not dead, not ie <= 11, joined by commas, or, and"

// query is one condition and how it joins what is selected so far.
type query struct {
	text string
	and  bool // else or
	not  bool
}

var separator = regexp.MustCompile(`(?i)\s*,\s*|\s+(?:and|or)\s+`)

// parse splits lists of queries at commas, "or" and "and". As in browserslist
// there is no precedence: each query acts on what those before it selected.
func parse(lists []string) ([]query, error) {
	var out []query
	for _, list := range lists {
		and := false
		rest := strings.TrimSpace(list)
		for rest != "" {
			text, joint := rest, ""
			if at := separator.FindStringIndex(rest); at != nil {
				text, joint, rest = rest[:at[0]], rest[at[0]:at[1]], rest[at[1]:]
			} else {
				rest = ""
			}
			q := query{text: strings.Join(strings.Fields(text), " "), and: and}
			if len(q.text) > 4 && strings.EqualFold(q.text[:4], "not ") {
				q.not, q.text = true, q.text[4:]
			}
			if q.text == "" {
				return nil, fmt.Errorf("browser query %q: an empty condition; allowed are %s", list, forms)
			}
			out = append(out, q)
			and = strings.EqualFold(strings.TrimSpace(joint), "and")
		}
	}
	if len(out) == 0 {
		return nil, errors.New("browser queries: none; allowed are " + forms)
	}
	if out[0].not {
		return nil, fmt.Errorf("browser query \"not %s\": nothing is selected yet that it could take away; write what is supported before it, as in \"chrome >= 87, not dead\"", out[0].text)
	}
	return out, nil
}

// resolve runs the queries in order.
func resolve(queries []query, data *usage) (selection, error) {
	var selected selection
	for _, q := range queries {
		found, err := q.selects(data)
		if err != nil {
			return selection{}, fmt.Errorf("browser query %q: %w", q.text, err)
		}
		if found.edition != 0 && (q.not || q.and) {
			return selection{}, fmt.Errorf("browser query %q: an edition of ECMAScript is not a set of browsers: it can't follow \"not\" or \"and\"", q.text)
		}
		switch {
		case q.not:
			selected = selected.without(found)
		case q.and:
			selected = selected.intersect(found)
		default:
			selected = selected.union(found)
		}
	}
	return selected, nil
}

// form is a kind of query. data is nil for those that need none.
type form struct {
	pattern   *regexp.Regexp
	needsData bool
	run       func(match []string, data *usage) (selection, error)
}

func plain(pattern string, run func(match []string) (selection, error)) form {
	return form{regexp.MustCompile(`(?i)^` + pattern + `$`), false, func(m []string, _ *usage) (selection, error) { return run(m) }}
}

var queryForms []form

// A function fills it in, for "defaults" and "dead" are queries in turn.
func init() {
	queryForms = slices.Concat([]form{
		plain(`(?:firefox|ff|fx) esr`, firefoxESR),
		plain(`dead`, dead),
		plain(`(?:op_mini|operamini) all`, func([]string) (selection, error) { return everyVersion("op_mini"), nil }),
		plain(`(?:.*\b(?:electron|phantomjs)\b.*)`, otherProgram),
		plain(`(es\d+|esnext)`, edition),
		plain(`(?:current node|maintained node versions|last [\d.]+ years?)`, needsClock),
		plain(`(?:extends .*|browserslist config|.* in my stats|.* in \S+ stats)`, otherConfig),
	}, usageForms, []form{
		plain(`(\w+) tp`, preview),
		plain(`(\w+) ?([\d.]+) ?- ?([\d.]+)`, versionRange),
		plain(`(\w+) ?(>=?|<=?) ?([\d.]+)`, versionRay),
		plain(`(\w+) ([\d.]+)`, oneVersion),
	})
}

func (q query) selects(data *usage) (selection, error) {
	for _, f := range queryForms {
		match := f.pattern.FindStringSubmatch(q.text)
		if match == nil {
			continue
		}
		if f.needsData && data == nil {
			return selection{}, errNoUsage
		}
		return f.run(match, data)
	}
	if b, err := findBrowser(q.text); err == nil {
		return selection{}, fmt.Errorf("which versions of %s? write them, as in \"%s >= 14\"", b.name, q.text)
	}
	return selection{}, fmt.Errorf("not understood; allowed are %s", forms)
}

// The extended support releases of Firefox. 128 went out of support in 2025,
// but browserslist still counts it, and the lower one is the safe answer; the
// list changes with releases of this program, never by itself.
var firefoxESRs = []int{128, 140}

func firefoxESR([]string) (selection, error) {
	var s selection
	for _, v := range firefoxESRs {
		s.add("firefox", browsers["firefox"].only(version{v, 0}))
	}
	return s, nil
}

// dead is browserslist's list of browsers without updates for two years.
func dead([]string) (selection, error) {
	var s selection
	for _, name := range []string{"baidu", "ie", "ie_mob", "bb"} {
		s.add(name, span{version{}, browsers[name].end()})
	}
	s.add("op_mob", span{version{}, version{12, 2}})
	s.add("samsung", span{version{4, 0}, version{5, 0}})
	return s, nil
}

func everyVersion(name string) selection {
	var s selection
	s.add(name, span{version{}, newest})
	return s
}

func edition(m []string) (selection, error) {
	target, ok := findEdition(m[1])
	if !ok {
		names := make([]string, len(editions))
		for i, e := range editions {
			names[i] = e.name
		}
		return selection{}, fmt.Errorf("unknown edition of ECMAScript: allowed are %s", strings.Join(names, ", "))
	}
	return selection{edition: target}, nil
}

// preview is a browser newer than any number: it asks for no lowering.
func preview(m []string) (selection, error) {
	_, err := findBrowser(m[1])
	return selection{}, err
}

func versionRange(m []string) (s selection, err error) {
	b, err := findBrowser(m[1])
	if err != nil {
		return s, err
	}
	from, err1 := parseVersion(m[2])
	to, err2 := parseVersion(m[3])
	if err := errors.Join(err1, err2); err != nil {
		return s, err
	}
	if to.less(from) {
		return s, fmt.Errorf("the range runs backwards: from %s to %s", m[2], m[3])
	}
	s.add(b.name, span{from, b.next(to)})
	return s, nil
}

func versionRay(m []string) (s selection, err error) {
	b, err := findBrowser(m[1])
	if err != nil {
		return s, err
	}
	v, err := parseVersion(m[3])
	if err != nil {
		return s, err
	}
	switch m[2] {
	case ">=":
		s.add(b.name, span{v, b.end()})
	case ">":
		s.add(b.name, span{b.next(v), b.end()})
	case "<=":
		s.add(b.name, span{version{}, b.next(v)})
	case "<":
		s.add(b.name, span{version{}, v})
	}
	return s, nil
}

func oneVersion(m []string) (s selection, err error) {
	b, err := findBrowser(m[1])
	if err != nil {
		return s, err
	}
	v, err := parseVersion(m[2])
	if err != nil {
		return s, err
	}
	only := b.only(v)
	if b.name == "node" && !strings.Contains(m[2], ".") {
		only.to = version{v.major + 1, 0}
	}
	s.add(b.name, only)
	return s, nil
}

func needsClock([]string) (selection, error) {
	return selection{}, errors.New("its answer changes with the day or the machine, and equal sources must give equal bytes; write versions or \"since 2023\"")
}

func otherProgram([]string) (selection, error) {
	return selection{}, errors.New("not a browser a page is shown in; write the Chromium in it, as in \"chrome >= 118\"")
}

func otherConfig([]string) (selection, error) {
	return selection{}, errors.New("it reads another package or your own statistics, which is not supported; allowed are " + forms)
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
