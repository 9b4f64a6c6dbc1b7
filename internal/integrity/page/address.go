package page

import (
	"net/url"
	"strings"
)

// ports are those that browsers leave out of an address.
var ports = map[string]string{"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}

// Normal is a reference as browsers read it (URL, section 4.4): without tabs, line
// ends and what is at its ends, "\" as "/", and the host in lower case without its
// scheme's port. A template's expression, and an address of no server, stay as
// they are.
func Normal(ref string) string {
	ref = strings.TrimFunc(ref, func(r rune) bool { return r <= ' ' })
	if templated.MatchString(ref) {
		return ref
	}
	ref = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(ref)
	scheme, rest := "", ref
	if before, after, ok := strings.Cut(ref, ":"); ok && !strings.ContainsAny(before, `/\?#`) {
		if scheme = strings.ToLower(before); ports[scheme] == "" {
			return ref
		}
		rest = after
	}
	end := strings.IndexAny(rest, "?#")
	if end < 0 {
		end = len(rest)
	}
	path, tail := strings.ReplaceAll(rest[:end], `\`, "/"), rest[end:]
	if scheme != "" {
		path = "//" + strings.TrimLeft(path, "/") // browsers take any number
		scheme += ":"
	}
	if after, ok := strings.CutPrefix(path, "//"); ok {
		host, below, found := strings.Cut(strings.TrimLeft(after, "/"), "/")
		if host = strings.ToLower(host); scheme != "" {
			host = strings.TrimSuffix(host, ports[strings.TrimSuffix(scheme, ":")])
		} else {
			host = strings.TrimSuffix(host, ":443")
		}
		if path = "//" + host; found {
			path += "/" + below
		}
	}
	return scheme + path + tail
}

// Address is the URL of a reference in the document where it, or the document's
// base, names a host; "" for one of the page's own host. What only the page's own
// scheme would say is https.
func (d *Document) Address(ref string) string {
	u, err := url.Parse(Normal(ref))
	if err != nil {
		return ""
	}
	if base, err := url.Parse(Normal(d.Base)); err == nil && base.Host != "" {
		u = base.ResolveReference(u)
	}
	if u.Host == "" {
		return ""
	}
	if u.Scheme == "" {
		u.Scheme = "https"
	}
	return u.String()
}
