package inventory

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Pattern is a URL in which "*" stands for any text. In a path it ends at "/",
// in a query only at its end. A host may begin with "*.", for one label. A
// pattern without a query is of URLs without one. That of an inline script's
// page may be a glob of the release's paths instead. "" is none.
type Pattern string

// matcher is a pattern made ready. The zero matcher matches nothing.
type matcher struct {
	web bool // of addresses, not of paths
	re  *regexp.Regexp
	// open says that without a pin it trusts much: any host's label, or whatever
	// lies at a host's root.
	open bool
}

func (m matcher) match(s string) bool {
	if m.re == nil {
		return false
	}
	if m.web {
		var ok bool
		if s, ok = normal(s); !ok {
			return false
		}
	}
	return m.re.MatchString(s)
}

var patternForm = regexp.MustCompile(`^(https?)://((?:\*\.)?[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?(/[^?#\s\\]*)?(\?[^#\s\\]*)?$`)

// webMatcher reads a pattern of addresses.
func webMatcher(s string) (matcher, error) {
	m := patternForm.FindStringSubmatch(s)
	if m == nil {
		return matcher{}, fmt.Errorf("got %s, want a URL such as https://js.example.com/v3/*.js: * may stand in the path, in the query, and for the host's first label", quote(s))
	}
	host, wide := strings.CutPrefix(m[2], "*.")
	if wide && !strings.Contains(strings.Trim(host, "."), ".") {
		return matcher{}, fmt.Errorf("got %s, which is of every host below %s, want a host of at least two labels after *", quote(s), quote(host))
	}
	plain, ok := normal(strings.Replace(s, "*.", "any.", b2i(wide)))
	if !ok {
		return matcher{}, fmt.Errorf("got %s, want a URL without . and .. as folders", quote(s))
	}
	u, err := url.Parse(plain)
	if err != nil {
		return matcher{}, fmt.Errorf("got %s, which is no URL: %w", quote(s), err)
	}
	name := regexp.QuoteMeta(u.Host)
	if wide {
		name = `[^./:]+` + strings.TrimPrefix(name, "any")
	}
	// normal has written "*" as "%2A", as it does in what is compared.
	path := strings.ReplaceAll(regexp.QuoteMeta(u.EscapedPath()), "%2A", `[^/?#]*`)
	expression := "^" + u.Scheme + "://" + name + path
	if u.RawQuery != "" || u.ForceQuery {
		expression += `\?` + strings.ReplaceAll(regexp.QuoteMeta(u.RawQuery), "%2A", `[^#]*`)
	}
	re, err := regexp.Compile(expression + "$")
	if err != nil {
		return matcher{}, fmt.Errorf("got %s: %w", quote(s), err)
	}
	return matcher{web: true, re: re, open: wide || strings.HasPrefix(u.EscapedPath(), "/%2A")}, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// normal writes a web address as it is compared: scheme and host in lower case,
// without a default port and a fragment. It is not ok for one that browsers may
// take for another than it looks: with a user, or with folders such as "..".
func normal(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(s, "\\ \t\r\n") {
		return s, false
	}
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	for part := range strings.SplitSeq(path, "/") {
		switch strings.ReplaceAll(strings.ToLower(part), "%2e", ".") {
		case ".", "..":
			return s, false
		}
	}
	out := u.Scheme + "://" + host + path
	if u.RawQuery != "" || u.ForceQuery {
		out += "?" + u.RawQuery
	}
	return strings.ReplaceAll(out, "*", "%2A"), true
}

// globMatcher is of paths of the release.
func globMatcher(s string) matcher {
	parts := strings.Split(s, "/")
	expression := "^"
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case part == "**" && last:
			expression += ".+"
		case part == "**":
			expression += "(?:.+/)?"
		default:
			expression += strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, "[^/]*")
			if !last {
				expression += "/"
			}
		}
	}
	return matcher{re: regexp.MustCompile("(?s)" + expression + "$")}
}
