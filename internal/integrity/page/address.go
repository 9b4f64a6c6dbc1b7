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
	if scheme == "" && !strings.HasPrefix(path, "//") {
		return path + tail
	}
	host, below := strings.TrimLeft(path, "/"), "" // browsers take any number
	if slash := strings.IndexByte(host, '/'); slash >= 0 {
		host, below = host[:slash], host[slash:]
	}
	if scheme == "" {
		return "//" + normalHost(host, ports["https"]) + below + tail
	}
	return scheme + "://" + normalHost(host, ports[scheme]) + below + tail
}

// normalHost is a host in lower case, without a port that goes without saying.
func normalHost(host, port string) string {
	user := strings.LastIndexByte(host, '@') + 1
	host = host[:user] + strings.ToLower(host[user:])
	none := func(r rune) bool { return r <= ' ' || r == ':' } // of what is no host, nothing is taken away
	if bare, ok := strings.CutSuffix(host, port); ok && len(bare) >= user && (!strings.ContainsFunc(bare[user:], none) || strings.HasSuffix(bare, "]")) {
		return bare
	}
	return host
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
