package health

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check asks one address. The zero value of a condition is none; without any, an
// answer with status 200 passes.
type Check struct {
	Name   string // unique among the checks
	URL    string // http or https, without a user
	Method string // "GET" or "HEAD"; "" for GET
	// Status are the ones that pass; none stands for 200.
	Status []int
	// Contains are texts that the body has, Matches regular expressions (RE2).
	Contains []string
	Matches  []string
	// Headers are the answer's, by name: its value is equal to this one.
	Headers map[string]string
	// JSON has what the body's JSON holds at pointers (RFC 6901): strings, numbers
	// (compared as float64), booleans, nil, or lists and objects of these.
	JSON map[string]any
	// Marker is a text in the body that tells which release is served.
	Marker string
	// MaxLatency is until the end of the answer; 0 for any.
	MaxLatency time.Duration
	// Timeout bounds the whole; 0 for DefaultTimeout.
	Timeout time.Duration
	// Redirects are followed, MaxRedirects at most. Without it one is an answer.
	Redirects bool
}

// Checks are what is asked.
type Checks struct {
	HTTP  []Check
	Smoke []Smoke
}

// Problems says all that is wrong with the checks. What starts with them otherwise
// asks nothing.
func (c Checks) Problems() []Problem {
	var all []Problem
	if n := len(c.HTTP) + len(c.Smoke); n > MaxChecks {
		all = append(all, Problem{"checks", strconv.Itoa(n), fmt.Sprintf("at most %d", MaxChecks), ""})
	}
	seen := map[string]bool{}
	add := func(i int, kind, name string, problems []Problem) {
		at := fmt.Sprintf("%s check %q", kind, clip(name))
		switch {
		case name == "" || len(name) > maxShown || strings.ContainsFunc(name, unprintable):
			at = fmt.Sprintf("%s check %d", kind, i+1)
			problems = append(problems, Problem{"name", strconv.Quote(clip(name)), fmt.Sprintf("1 to %d bytes on one line", maxShown), ""})
		case seen[name]:
			problems = append(problems, Problem{"name", "one that another check has", "a name for each", ""})
		}
		seen[name] = true
		for _, p := range problems {
			p.What = at + ": " + p.What
			all = append(all, p)
		}
	}
	for i := range c.HTTP {
		add(i, "HTTP", c.HTTP[i].Name, c.HTTP[i].problems())
	}
	for i := range c.Smoke {
		add(i, "browser", c.Smoke[i].Name, c.Smoke[i].problems())
	}
	return all
}

func (c *Check) problems() (all []Problem) {
	add := func(what, got, want, try string) { all = append(all, Problem{what, got, want, try}) }
	if _, p := address(c.URL); p != nil {
		all = append(all, *p)
	}
	if c.Method != "" && c.Method != http.MethodGet && c.Method != http.MethodHead {
		add("method", strconv.Quote(clip(c.Method)), "GET or HEAD", "a check changes nothing")
	}
	if c.Method == http.MethodHead && c.readsBody() {
		add("method", "HEAD with a condition on the body", "GET", "an answer to HEAD has no body")
	}
	for _, s := range c.Status {
		if s < 100 || s > 599 {
			add("status", strconv.Itoa(s), "100 to 599", "")
		}
	}
	if slices.Contains(c.Contains, "") {
		add("contains", `""`, "a text that not every body has", "")
	}
	for _, m := range c.Matches {
		if _, err := regexp.Compile(m); err != nil || m == "" {
			add("matches", strconv.Quote(clip(m)), "a regular expression of RE2", reason(err))
		}
	}
	all = append(all, c.namedProblems()...)
	all = append(all, times(c.Timeout, "timeout", MaxTimeout)...)
	return append(all, times(c.MaxLatency, "maximum latency", cmp.Or(c.Timeout, DefaultTimeout))...)
}

// namedProblems are those of conditions that have a name.
func (c *Check) namedProblems() (all []Problem) {
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if !headerName.MatchString(name) {
			all = append(all, Problem{"header", strconv.Quote(clip(name)), "a header's name", ""})
		}
	}
	for _, at := range slices.Sorted(maps.Keys(c.JSON)) {
		if _, err := tokens(at); err != nil {
			all = append(all, Problem{"JSON pointer", strconv.Quote(clip(at)), `"" or a path that begins with "/"`, `"~" is written "~0", and "/" in a key "~1"`})
		}
		if _, err := plain(c.JSON[at]); err != nil {
			all = append(all, Problem{"JSON at " + strconv.Quote(clip(at)), "a value that JSON has not", "a string, number, boolean or null", ""})
		}
	}
	return all
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")

func times(d time.Duration, what string, most time.Duration) []Problem {
	if d < 0 || d > most {
		return []Problem{{what, d.String(), "at most " + most.String(), ""}}
	}
	return nil
}

func (c *Check) readsBody() bool {
	return len(c.Contains)+len(c.Matches)+len(c.JSON) > 0 || c.Marker != ""
}

// address reads one. Its problem does not show a user.
func address(s string) (*url.URL, *Problem) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, &Problem{"URL", "one that can't be read", "https://host/path", ""}
	case u.User != nil:
		return nil, &Problem{"URL", "a user in the address", "an address without", "addresses end up in logs"}
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, &Problem{"URL", strconv.Quote(shown(s)), "http:// or https:// and a host", ""}
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// shown is an address without what may be secret: user, query and fragment.
func shown(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "an address"
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return clip(u.String())
}

// clip bounds a text for a message, on one line.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}

func unprintable(r rune) bool { return !strconv.IsPrint(r) }

func reason(err error) string {
	if err == nil {
		return ""
	}
	return clip(err.Error())
}
