package header

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// source writes a URL as a policy has it: no query, no character that ends a
// source, a directive, a header or a server's string. Non-ASCII parts of the path
// are percent-encoded; a host is to be in its ASCII form.
func source(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || !slices.Contains([]string{"https", "http", "wss", "ws"}, u.Scheme) {
		return "", fmt.Errorf("got %s, want a URL with https://, such as %q", quote(raw), "https://api.example.com")
	}
	if strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]*") != "" {
		return "", fmt.Errorf("got the host %s, want it in ASCII: a name with other letters as xn--…", quote(u.Host))
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + escapePath(u.EscapedPath()), nil
}

// pattern is a source for a URL of the inventory, where * stands for any text but
// "/": a policy can only allow the folder that is above it.
func pattern(raw string) (string, error) {
	if host := strings.Index(raw, "://"); host >= 0 {
		if path := strings.IndexByte(raw[host+3:], '/'); path >= 0 {
			if star := strings.IndexByte(raw[host+3+path:], '*'); star >= 0 {
				raw = raw[:strings.LastIndexByte(raw[:host+3+path+star], '/')+1]
			}
		}
	}
	return source(raw)
}

// address is a source with its query: where reports go is no source.
func address(raw string) (string, error) {
	s, err := source(raw)
	if err != nil {
		return "", err
	}
	if _, query, ok := strings.Cut(raw, "?"); ok {
		query, _, _ = strings.Cut(query, "#")
		s += "?" + escapePath(query)
	}
	return s, nil
}

// escapePath percent-encodes what a path may hold and a header's value may not.
func escapePath(p string) string {
	var b strings.Builder
	for _, c := range []byte(p) {
		if c <= ' ' || c >= 0x7F || strings.IndexByte("\"'();,\\$*<>^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// origin is a source without a path.
func origin(raw string) (string, error) {
	s, err := source(raw)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

// quote shows a text of unknown origin: escaped, and cut.
func quote(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(s, "\uFFFD"))
}

// problems collects what is wrong with an input.
type problems []error

// sources writes a list of URLs, each once; what is wrong is a problem.
func (p *problems) sources(what string, raw []string, write func(string) (string, error)) []string {
	var out []string
	for _, r := range raw {
		s, err := write(r)
		if err != nil {
			*p = append(*p, fmt.Errorf("%s: %w", what, err))
			continue
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
