package health

import (
	"cmp"
	"context"
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Site is what a preflight looks at, before anything is written.
type Site struct {
	Files []SiteFile
	// Origin is that of the page which loads the files, such as
	// "https://shop.example"; "" where they are of the page's own origin, and no
	// CORS is needed.
	Origin string
	// EntryTTL is how long caches may keep the entry.
	EntryTTL time.Duration
}

// SiteFile is one file of a site.
type SiteFile struct {
	URL string
	// Entry is the one that a flip changes; the others never change.
	Entry bool
	// Base says that the page gets a base element of its own origin.
	Base bool
	// MayLack says that it need not be there yet. Its headers can't be looked at
	// then.
	MayLack bool
}

const (
	year          = 365 * 24 * time.Hour
	minCompressed = 1024 // bytes below which servers rightly don't
)

// Preflight says all that is wrong with what a site serves: files that can't be
// reached, CORS, compression, caching, nosniff and content types. Those in blocking
// would hide a flip, or a rollback, from shoppers or from who reads it back; advice
// are the others.
func Preflight(ctx context.Context, s Site, o Options) (blocking, advice []Problem) {
	o = o.filled()
	if len(s.Files) == 0 || len(s.Files) > MaxChecks {
		return []Problem{{"preflight", strconv.Itoa(len(s.Files)) + " files", fmt.Sprintf("1 to %d", MaxChecks), ""}}, nil
	}
	found := make([]looked, len(s.Files))
	places := make(chan struct{}, o.Concurrency)
	var looking sync.WaitGroup
	for i, f := range s.Files {
		looking.Go(func() {
			places <- struct{}{}
			found[i] = s.look(ctx, f, o)
			<-places
		})
	}
	looking.Wait()
	for _, l := range found {
		blocking, advice = append(blocking, l.blocking...), append(advice, l.problems...)
	}
	return blocking, advice
}

func (s Site) look(ctx context.Context, f SiteFile, o Options) looked {
	u, wrong := address(f.URL)
	if wrong != nil {
		return looked{blocking: []Problem{*wrong}}
	}
	header := http.Header{"Accept-Encoding": {"br, gzip"}}
	if s.Origin != "" {
		header.Set("Origin", s.Origin)
	}
	got, _, err := o.get(ctx, ask{method: http.MethodGet, url: u, header: header, timeout: DefaultTimeout})
	l := looked{what: shown(f.URL), file: path.Base(u.Path)}
	switch {
	case err != nil:
		l.block("", clip(err.Error()), "an answer", "")
	case got.status == http.StatusNotFound && f.MayLack:
		l.lacking(got)
	case got.status != http.StatusOK:
		l.block("", "status "+strconv.Itoa(got.status), "status 200", redirectHint(got))
	default:
		l.cors(got.header, s.Origin)
		l.mimeType(got.header)
		l.compression(got)
		l.caching(got.header, f.Entry, s.EntryTTL)
		if f.Base {
			l.base(got.header)
		}
	}
	return l
}

// looked gathers what is wrong with one file.
type looked struct {
	what, file         string
	blocking, problems []Problem
}

func (l *looked) block(what, got, want, try string) {
	if what != "" {
		what = ": " + what
	}
	l.blocking = append(l.blocking, Problem{l.what + what, got, want, try})
}

func (l *looked) add(what, got, want, try string) {
	if what != "" {
		what = ": " + what
	}
	l.problems = append(l.problems, Problem{l.what + what, got, want, try})
}

func sent(h http.Header, name string) string {
	return cmp.Or(strings.Join(h.Values(name), ", "), "none")
}

// lacking is for a file that is not there yet: a 404 that is kept would hide it.
func (l *looked) lacking(got *answer) {
	c := cacheControl(got.header)
	if !c.has("no-store") && c.age() != 0 {
		l.add("Cache-Control of status 404", clip(sent(got.header, "Cache-Control")), "no-store", "a cache that keeps it hides the file for a while after it was written")
	}
}

func (l *looked) cors(h http.Header, origin string) {
	const name = "Access-Control-Allow-Origin"
	got := h.Values(name)
	if origin == "" || slices.Equal(got, []string{"*"}) {
		return
	}
	switch {
	case !slices.Equal(got, []string{origin}):
		l.add(name, clip(sent(h, name)), "* (asked with Origin: "+clip(origin)+")", "without it browsers refuse files that have an integrity")
	case !slices.Contains(list(h, "Vary"), "origin"):
		l.add("Vary", clip(sent(h, "Vary")), "Origin, as the CORS header depends on it", "send Access-Control-Allow-Origin: *, or Vary: Origin: a cache gives one page's answer to another's")
	}
}

// base is about policies that forbid a base element.
func (l *looked) base(h http.Header) {
	const name = "Content-Security-Policy"
	for _, policy := range h.Values(name) {
		if !AllowsBase(policy) {
			l.block(name, clip(policy), "base-uri 'self'", "the deploy inserts a base element, and without it no script is found")
		}
	}
}

// AllowsBase says whether a Content-Security-Policy lets a page have a base element of
// its own origin (CSP3, section 6.4.1: without the directive it does).
func AllowsBase(policy string) bool {
	for directive := range strings.SplitSeq(policy, ";") {
		fields := strings.Fields(strings.ToLower(directive))
		if len(fields) > 0 && fields[0] == "base-uri" {
			return slices.ContainsFunc(fields[1:], func(s string) bool { return s == "'self'" || s == "*" || s == "https:" })
		}
	}
	return true
}

// mediaTypes are those that browsers take, by extension.
var mediaTypes = map[string][]string{
	".js": {"text/javascript", "application/javascript"}, ".mjs": {"text/javascript", "application/javascript"},
	".css": {"text/css"}, ".json": {"application/json"}, ".map": {"application/json"}, ".html": {"text/html"},
	".svg": {"image/svg+xml"}, ".png": {"image/png"}, ".jpg": {"image/jpeg"}, ".webp": {"image/webp"}, ".avif": {"image/avif"},
	".woff": {"font/woff"}, ".woff2": {"font/woff2"}, ".wasm": {"application/wasm"},
}

func (l *looked) mimeType(h http.Header) {
	if want := mediaTypes[path.Ext(l.file)]; want != nil {
		if got, _, _ := mime.ParseMediaType(h.Get("Content-Type")); !slices.Contains(want, got) {
			l.add("Content-Type", clip(sent(h, "Content-Type")), strings.Join(want, " or "), "")
		}
	}
	if !strings.EqualFold(h.Get("X-Content-Type-Options"), "nosniff") {
		l.add("X-Content-Type-Options", clip(sent(h, "X-Content-Type-Options")), "nosniff", "")
	}
}

func (l *looked) compression(got *answer) {
	media, _, _ := mime.ParseMediaType(got.header.Get("Content-Type"))
	text := strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "javascript") || strings.HasSuffix(media, "json") || strings.HasSuffix(media, "xml") || media == "application/wasm"
	if !text || len(got.body) < minCompressed {
		return
	}
	encoding := got.header.Get("Content-Encoding")
	switch strings.ToLower(encoding) {
	case "br", "gzip":
		if !slices.Contains(list(got.header, "Vary"), "accept-encoding") {
			l.add("Vary", clip(sent(got.header, "Vary")), "Accept-Encoding", "a cache gives compressed bytes to those who can't read them")
		}
	case "":
		l.add("Content-Encoding", "none, for "+strconv.Itoa(len(got.body))+" bytes or more of "+clip(media), "br or gzip", "turn compression on at the server or the CDN")
	default:
		l.add("Content-Encoding", clip(encoding), "br or gzip, which were asked for", "")
	}
}

func (l *looked) caching(h http.Header, entry bool, ttl time.Duration) {
	c := cacheControl(h)
	got := clip(sent(h, "Cache-Control"))
	switch age := c.age(); {
	case !entry && (age < year || c.has("no-store") || c.has("no-cache") || !c.has("immutable")):
		l.add("Cache-Control", got, "public, max-age=31536000, immutable", "the file never changes under this name")
	case entry && (c.has("no-store") || c.has("no-cache")):
	case entry && age < 0:
		l.add("Cache-Control", got, fmt.Sprintf("no-store, or at most max-age=%d", ttl/time.Second), "without it caches keep it as long as they like")
	case entry && (age > ttl || c.has("immutable")):
		l.block("Cache-Control", got, fmt.Sprintf("at most max-age=%d and not immutable", ttl/time.Second), "for that long a flip is not seen, and a rollback neither")
	case entry && c.has("stale-while-revalidate"):
		l.block("Cache-Control", got, "no stale-while-revalidate", "the first visitor after a rollback gets what was taken back")
	}
}

// directives are a Cache-Control's, RFC 9111 section 5.2.2.
type directives map[string]string

func cacheControl(h http.Header) directives {
	all := directives{}
	for _, d := range list(h, "Cache-Control") {
		name, value, _ := strings.Cut(d, "=")
		all[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return all
}

func (d directives) has(name string) bool {
	_, has := d[name]
	return has
}

// age is the longest that any cache, a visitor's or a shared one, takes an answer
// for fresh; -1 if nothing says.
func (d directives) age() time.Duration {
	longest := time.Duration(-1)
	for _, name := range []string{"max-age", "s-maxage"} {
		if n, err := strconv.ParseUint(d[name], 10, 31); err == nil {
			longest = max(longest, time.Duration(n)*time.Second)
		}
	}
	return longest
}

// list are a header's entries, in small letters.
func list(h http.Header, name string) (all []string) {
	for e := range strings.SplitSeq(strings.ToLower(strings.Join(h.Values(name), ",")), ",") {
		if e = strings.TrimSpace(e); e != "" {
			all = append(all, e)
		}
	}
	return all
}
