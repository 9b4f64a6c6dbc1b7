package live

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// SecurityHeaders are the response headers that are kept and compared, as their
// standards write them. Of Set-Cookie names and flags are kept, never a value.
var SecurityHeaders = []string{
	"Content-Security-Policy", "Content-Security-Policy-Report-Only", "Integrity-Policy", "Integrity-Policy-Report-Only",
	"Reporting-Endpoints", "Permissions-Policy", "Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options",
	"Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Set-Cookie", "Cache-Control",
}

// kept are a response's SecurityHeaders, ready to be compared: bounded, nonces
// replaced, cookies without values.
func kept(h http.Header) map[string][]string {
	out := map[string][]string{}
	for _, name := range SecurityHeaders {
		for i, v := range h.Values(name) {
			if i == 50 {
				break
			}
			// An empty header does what a missing one does.
			if v = normal(name, v); v != "" {
				out[name] = append(out[name], v)
			}
		}
	}
	if c := out["Set-Cookie"]; c != nil {
		slices.Sort(c)
	}
	return out
}

// KeepHeaders is kept for a browser's headers, where lines of one name are joined by
// a line feed.
func KeepHeaders(h map[string]string) map[string][]string {
	lines := http.Header{}
	for name, v := range h {
		for line := range strings.SplitSeq(v, "\n") {
			lines.Add(name, line)
		}
	}
	return kept(lines)
}

func normal(name, value string) string {
	value = strings.Join(strings.Fields(value), " ")
	switch name {
	case "Set-Cookie":
		parts := strings.Split(value, ";")
		cookie, _, _ := strings.Cut(parts[0], "=")
		flags := []string{}
		for _, p := range parts[1:] {
			p = strings.ToLower(strings.TrimSpace(p))
			if p == "secure" || p == "httponly" || p == "partitioned" || strings.HasPrefix(p, "samesite=") {
				flags = append(flags, p)
			}
		}
		slices.Sort(flags)
		value = strings.Join(append([]string{strings.TrimSpace(cookie)}, flags...), "; ")
	case "Content-Security-Policy", "Content-Security-Policy-Report-Only":
		fields := strings.Fields(value)
		for i, f := range fields {
			if strings.HasPrefix(strings.ToLower(f), "'nonce-") {
				end := f[strings.LastIndex(f, "'")+1:]
				fields[i] = "'nonce-*'" + end
			}
		}
		value = strings.Join(fields, " ")
	}
	return clipTo(value, MaxHeader)
}

// isPolicy says that less of the header is weaker.
func isPolicy(name string) bool { return strings.HasPrefix(name, "Content-Security-Policy") }

// policyChanges says in words how a policy differs, and whether it lets more pass. A
// release brings the hashes of its own bytes, and takes along those of the one before.
func policyChanges(before, after []string, own map[string]bool) (words []string, weaker bool) {
	old, now := directives(before), directives(after)
	for _, name := range slices.Sorted(keys(old)) {
		sources, has := now[name]
		if !has {
			words, weaker = append(words, name+" was removed"), true
			continue
		}
		for _, s := range sources {
			if !slices.Contains(old[name], s) && !own[strings.Trim(s, "'")] {
				words, weaker = append(words, fmt.Sprintf("%s now has %s", name, s)), true
			}
		}
		weaker = weaker || restricted(old[name]) && !restricted(sources) && slices.Contains(sources, "'unsafe-inline'")
		for _, s := range old[name] {
			// Without any hash 'unsafe-inline' would count again.
			if !slices.Contains(sources, s) && (!isHash(s) || !slices.ContainsFunc(sources, isHash)) {
				words = append(words, fmt.Sprintf("%s no longer has %s", name, s))
				// Sources let pass, but for these, which restrict.
				weaker = weaker || s == "'none'" || strings.HasPrefix(s, "'strict-dynamic'") || name == "sandbox" || strings.HasPrefix(name, "require-")
			}
		}
	}
	for _, name := range slices.Sorted(keys(now)) {
		if _, had := old[name]; !had {
			word, more := added(old, name, now[name], own)
			words, weaker = append(words, word), weaker || more
		}
	}
	return words, weaker
}

// added is a directive that a policy got: it counts in the place of the one that was
// asked until then.
func added(old map[string][]string, name string, sources []string, own map[string]bool) (word string, weaker bool) {
	word = name + " was added"
	general, had, ok := fallback(old, name)
	if !ok {
		return word, false
	}
	for _, s := range sources {
		if !slices.Contains(had, s) && s != "'none'" && !own[strings.Trim(s, "'")] {
			word, weaker = word+fmt.Sprintf(" with %s, which %s has not", s, general), true
		}
	}
	return word, weaker
}

// fallbacks are the directives that a browser asks where one is not there, in order
// (CSP Level 3, 6.8.3). All others that load something ask default-src.
var fallbacks = map[string][]string{
	"script-src-elem": {"script-src", "default-src"}, "script-src-attr": {"script-src", "default-src"}, "style-src-elem": {"style-src", "default-src"},
	"style-src-attr": {"style-src", "default-src"}, "worker-src": {"child-src", "script-src", "default-src"}, "frame-src": {"child-src", "default-src"},
	"script-src": {"default-src"}, "style-src": {"default-src"}, "child-src": {"default-src"}, "connect-src": {"default-src"}, "font-src": {"default-src"},
	"img-src": {"default-src"}, "manifest-src": {"default-src"}, "media-src": {"default-src"}, "object-src": {"default-src"}, "prefetch-src": {"default-src"},
}

// fallback is the directive that counts where a policy has none of that name.
func fallback(policy map[string][]string, name string) (general string, sources []string, has bool) {
	prefix := ""
	if i := strings.LastIndex(name, " "); i >= 0 { // of a second policy
		prefix, name = name[:i+1], name[i+1:]
	}
	for _, general := range fallbacks[name] {
		if sources, has := policy[prefix+general]; has {
			return general, sources, true
		}
	}
	return "", nil, false
}

// restricted says that 'unsafe-inline' does not count beside these.
func restricted(sources []string) bool {
	return slices.ContainsFunc(sources, func(s string) bool {
		return isHash(s) || strings.HasPrefix(s, "'nonce-") || s == "'strict-dynamic'"
	})
}

func isHash(source string) bool { return strings.HasPrefix(strings.ToLower(source), "'sha") }

// directives are those of all policies, by "n:" for the second and later ones: a
// browser enforces each. Of a directive that is there twice the first counts.
func directives(policies []string) map[string][]string {
	all := map[string][]string{}
	for i, policy := range strings.Split(strings.Join(policies, ","), ",") {
		for _, d := range strings.Split(policy, ";") {
			f := strings.Fields(d)
			if len(f) == 0 {
				continue
			}
			name := strings.ToLower(f[0])
			if i > 0 {
				name = fmt.Sprintf("policy %d: %s", i+1, name)
			}
			if _, twice := all[name]; !twice {
				all[name] = f[1:]
			}
		}
	}
	return all
}

// permitsMore says that a Permissions-Policy gives a feature to an origin that had it
// not. A feature that is not named is the page's own.
func permitsMore(old, now string) bool {
	before, after := permissions(old), permissions(now)
	of := func(p map[string][]string, feature string) []string {
		if origins, has := p[feature]; has {
			return origins
		}
		return []string{"self"}
	}
	for feature := range before {
		if _, has := after[feature]; !has {
			after[feature] = []string{"self"}
		}
	}
	for feature, origins := range after {
		had := of(before, feature)
		if !slices.Contains(had, "*") && slices.ContainsFunc(origins, func(o string) bool { return !slices.Contains(had, o) }) {
			return true
		}
	}
	return false
}

// permissions are the origins of each feature: of one that is there twice the last counts.
func permissions(value string) map[string][]string {
	all := map[string][]string{}
	for member := range strings.SplitSeq(value, ",") {
		feature, list, _ := strings.Cut(strings.TrimSpace(member), "=")
		list, _, _ = strings.Cut(list, ";")
		all[feature] = strings.Fields(strings.Trim(list, "() "))
	}
	return all
}
