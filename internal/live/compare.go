package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// comparison is of one page.
type comparison struct {
	against Against
	own     map[string]bool
	page    Page
	out     []Difference
}

// Compare says how an observation differs from its baseline, and what is wrong with
// it in any case. A nil baseline is none: then only the latter. Differences are
// sorted, the worst first.
func Compare(b *Baseline, a Against, o *Observation) []Difference {
	var all []Difference
	own := hashes(a.Own)
	old := map[string]*BaselinePage{}
	if b != nil {
		for i := range b.Pages {
			old[b.Pages[i].URL] = &b.Pages[i]
		}
	}
	for _, page := range o.Pages {
		c := &comparison{against: a, own: ownIn(page, own), page: page}
		c.state(o.Browser)
		if page.Failed == "" {
			c.wrong()
			if was := old[shown(page.URL)]; was != nil {
				c.changed(was)
			} else if b != nil {
				c.add(Difference{Rule: "live/new-page", Severity: finding.High, Message: "The baseline does not have this page: nothing says how it should be", Hint: "Write a new baseline after looking at the page."})
			}
		}
		delete(old, shown(page.URL))
		all = append(all, c.out...)
	}
	for _, url := range slices.Sorted(maps.Keys(old)) {
		all = append(all, Difference{Rule: "live/page-not-seen", Severity: finding.High, Page: url, URL: url, Message: fmt.Sprintf("The baseline has the page %s, which was not looked at", url)})
	}
	slices.SortStableFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Page, b.Page), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.URL, b.URL))
	})
	return slices.CompactFunc(all, func(a, b Difference) bool { return a == b })
}

// add completes a difference. Its texts may hold what servers sent; whoever shows
// them escapes them.
func (c *comparison) add(d Difference) {
	d.Page = shown(c.page.URL)
	if d.URL == "" {
		d.URL = d.Page
	}
	d.Message = clip(d.Message)
	c.out = append(c.out, d)
}

func (c *comparison) about(r Resource, rule string, severity finding.Severity, hint, format string, args ...any) {
	d := Difference{Rule: rule, Severity: severity, URL: named(r), By: shown(r.By), New: r.SHA384, Hint: hint, Message: fmt.Sprintf(format, args...)}
	c.add(d)
}

// state is whether the page was there and seen.
func (c *comparison) state(browser string) {
	p := c.page
	if p.Failed != "" {
		c.add(Difference{Rule: "live/not-loaded", Severity: finding.High, Message: fmt.Sprintf("%s was not looked at: %s", shown(p.URL), p.Failed)})
		return
	}
	if browser == "" || p.Loaded == nil {
		c.add(Difference{
			Rule: "live/not-executed", Severity: finding.High, Message: "Scripts were not executed: there is no browser, so what scripts load in turn was not seen",
			Hint: "Give a DevTools address in browser:, such as that of a service container with Chromium.",
		})
	} else {
		for _, u := range p.Loaded.Unseen {
			c.add(Difference{Rule: "live/unseen", Severity: finding.High, URL: shown(u), Message: fmt.Sprintf("%s ran and could not be looked into", shown(u))})
		}
		c.document(p.Loaded.Document, p.Loaded.Redirects)
	}
	c.document(p.Fetched, p.Redirects)
}

func (c *comparison) document(r Response, hops []Hop) {
	if r.Status != 200 {
		c.add(Difference{Rule: "live/status", Severity: finding.High, Message: fmt.Sprintf("The page has status %d, want 200", r.Status)})
	}
	if r.MIME != "text/html" && r.MIME != "application/xhtml+xml" {
		c.add(Difference{Rule: "live/mime", Severity: finding.High, Message: fmt.Sprintf("The page is of type %q, want text/html", r.MIME)})
	}
	for _, at := range append([]string{r.URL}, urls(hops)...) {
		if !strings.HasPrefix(at, "https:") {
			c.add(Difference{Rule: "live/not-https", Severity: finding.High, URL: shown(at), Message: fmt.Sprintf("%s is not https: whoever is on the way can change it", shown(at))})
		}
	}
}

func urls(hops []Hop) []string {
	var all []string
	for _, h := range hops {
		all = append(all, h.URL)
	}
	return all
}

// changed compares with the baseline.
func (c *comparison) changed(was *BaselinePage) {
	if c.another(was) {
		return
	}
	now := []Hop{}
	for _, h := range c.page.Redirects {
		now = append(now, Hop{shown(h.URL), h.Status})
	}
	if final := shown(c.page.Fetched.URL); !slices.Equal(now, was.Redirects) || final != was.Final {
		c.add(Difference{
			Rule: "live/redirects-changed", Severity: finding.High, Old: chain(was.Redirects, was.Final), New: chain(now, final),
			Message: fmt.Sprintf("The page comes by %s, was %s", chain(now, final), chain(was.Redirects, was.Final)),
		})
	}
	c.headers(was.Fetched, c.page.Fetched.Header)
	if c.page.Loaded != nil {
		c.headers(was.Loaded, c.page.Loaded.Document.Header)
	}
	c.resources(was)
}

func chain(hops []Hop, final string) string {
	var b strings.Builder
	for _, h := range hops {
		fmt.Fprintf(&b, "%s → (%d) ", h.URL, h.Status)
	}
	return b.String() + final
}

// another says that something else is in the page's place: a login, an error page.
// Not one of the page's own linked scripts is there then, and a list of all that is
// missing would hide that.
func (c *comparison) another(was *BaselinePage) bool {
	had, has := 0, 0
	for _, r := range was.Resources {
		if r.Kind == Script && r.Via == Linked {
			had++
			if slices.ContainsFunc(c.page.Resources, func(n Resource) bool { id := identify(n); return id.url == r.URL && id.kind == r.Kind }) {
				has++
			}
		}
	}
	ours := slices.ContainsFunc(c.page.Resources, func(r Resource) bool { return c.own[r.SHA384] })
	if had == 0 || has > 0 || ours {
		return false
	}
	c.add(Difference{
		Rule: "live/another-page", Severity: finding.High,
		Message: fmt.Sprintf("This is not the page: of its %d scripts none is there; it may be an error or login page", had),
		Hint:    "Open the address as this check does, without cookies. If the page is meant, write a new baseline.",
	})
	return true
}

func (c *comparison) resources(was *BaselinePage) {
	old := map[identity]BaselineResource{}
	for _, r := range was.Resources {
		id := identity{r.Kind, r.Via, r.URL}
		r.SHA384 = slices.Concat(old[id].SHA384, r.SHA384)
		old[id] = r
	}
	seen := map[identity]map[string]bool{}
	for _, r := range c.page.Resources {
		id := identify(r)
		if seen[id] == nil {
			seen[id] = map[string]bool{}
		}
		if r.Blocked == "" {
			seen[id][r.SHA384] = true
		}
		before, had := old[id]
		if c.own[r.SHA384] || slices.Contains(before.SHA384, r.SHA384) {
			continue
		}
		c.unknown(r, had, before)
		seen[id][r.SHA384] = true // it is told, and not missing
	}
	for _, r := range was.Resources {
		id := identity{r.Kind, r.Via, r.URL}
		if r.Own || c.page.Loaded == nil && r.Via != Linked {
			continue
		}
		for _, h := range r.SHA384 {
			linkedThere := r.Via == Linked && len(seen[id]) > 0
			if !linkedThere && !seen[id][h] && !c.own[h] { // what a release had, a later one need not
				c.add(Difference{
					Rule: "live/missing-" + string(r.Kind), Severity: finding.Medium, URL: r.URL, By: r.By, Old: h,
					Message: fmt.Sprintf("The %s %s is missing, which %s loaded", word(r.Kind, r.Via), r.URL, r.By),
				})
			}
		}
	}
}

// unknown tells of a resource whose bytes nobody approved.
func (c *comparison) unknown(r Resource, had bool, before BaselineResource) {
	severity, hint := finding.High, "If it is meant, approve it and write a new baseline."
	if c.evergreen(r) {
		severity, hint = finding.Low, "The inventory excepts it; its approval is reset until somebody looks at it."
	}
	state := ""
	if r.Blocked != "" {
		state = "; the browser blocked it: " + clip(r.Blocked)
	}
	if state == "" && forbidden(r) {
		state = "; its integrity forbids them"
	}
	if r.Via == Inline && !r.Executed && c.page.Loaded != nil {
		state = "; it did not run, as where a policy forbids it"
	}
	switch {
	case r.SHA384 == "":
		if !had && r.Blocked != "" {
			c.about(r, "live/new-"+string(r.Kind), severity, hint, "The %s %s is new, loaded by %s%s", word(r.Kind, r.Via), named(r), shown(r.By), state)
			return
		}
		c.about(r, "live/unread", finding.High, "", "The bytes of %s, loaded by %s, are not known: %s%s", named(r), shown(r.By), r.Problem, state)
	case !had || r.Via == Inline || r.Via == Eval:
		c.about(r, "live/new-"+string(r.Kind), severity, hint, "The %s %s is new, loaded by %s, with the bytes %s%s", word(r.Kind, r.Via), named(r), shown(r.By), r.SHA384, state)
	default:
		was := strings.Join(before.SHA384, " or ")
		// That they are not those of its integrity either has the same cause.
		c.out = slices.DeleteFunc(c.out, func(d Difference) bool { return d.Rule == ruleMismatch && d.URL == named(r) && d.New == r.SHA384 })
		c.about(r, "live/changed-"+string(r.Kind), severity, hint, "The bytes of the %s %s changed: got %s, was %s; %s loaded it%s", word(r.Kind, r.Via), named(r), r.SHA384, was, shown(r.By), state)
		c.out[len(c.out)-1].Old = was
	}
}

func word(k Kind, v Via) string {
	switch {
	case v == Inline:
		return "inline " + string(k)
	case v != Linked:
		return string(v) + " " + string(k)
	}
	return string(k)
}

// named is a resource's URL, with its hash where many share one.
func named(r Resource) string {
	if r.Via == Linked {
		return shown(r.URL)
	}
	if r.Via == Inline || r.URL == "" {
		return string(r.Via) + ":" + shown(cmp.Or(r.URL, r.By))
	}
	key, _ := urlKey(r.URL)
	return key
}

func (c *comparison) evergreen(r Resource) bool { return c.against.evergreen(c.page.URL, r) }

// evergreen: what a script evaluates or makes has no address that an exception names.
func (a Against) evergreen(page string, r Resource) bool {
	return a.Evergreen != nil && (r.Via == Linked || r.Via == Inline) && a.Evergreen(page, r)
}

func (c *comparison) headers(was, now map[string][]string) {
	for _, name := range SecurityHeaders {
		old, got := was[name], now[name]
		if name == "Set-Cookie" {
			c.cookies(old, got)
			continue
		}
		if slices.Equal(old, got) {
			continue
		}
		d := Difference{Severity: finding.Medium, Old: strings.Join(old, ", "), New: strings.Join(got, ", "), URL: shown(c.page.URL) + " " + name}
		switch {
		case len(old) == 0:
			d.Rule, d.Severity, d.Message = "live/header-added", finding.Low, fmt.Sprintf("The header %s was added: %s", name, d.New)
		case len(got) == 0:
			d.Rule, d.Severity, d.Message = "live/header-missing", finding.High, fmt.Sprintf("The header %s is missing, was %s", name, d.Old)
		case isPolicy(name):
			words, weaker := policyChanges(old, got, c.own)
			if len(words) == 0 {
				continue // another order
			}
			d.Rule, d.Message = "live/header-changed", fmt.Sprintf("The header %s changed: %s", name, strings.Join(words, "; "))
			if weaker {
				d.Rule, d.Severity = "live/header-weakened", finding.High
			}
		default:
			d.Rule, d.Message = "live/header-changed", fmt.Sprintf("The header %s changed: got %s, was %s", name, d.New, d.Old)
			if weakened(name, d.Old, d.New) {
				d.Rule, d.Severity = "live/header-weakened", finding.High
			}
		}
		c.add(d)
	}
}

// weakened knows the headers whose values have an order.
func weakened(name, old, now string) bool {
	old, now = strings.ToLower(old), strings.ToLower(now)
	if order := strictest[name]; order != nil {
		return strictness(order, now) > strictness(order, old)
	}
	switch name {
	case "Permissions-Policy":
		return permitsMore(old, now)
	case "Strict-Transport-Security":
		return maxAge(now) < maxAge(old) || strings.Contains(old, "includesubdomains") && !strings.Contains(now, "includesubdomains")
	case "X-Content-Type-Options":
		return old == "nosniff"
	case "X-Frame-Options":
		return old == "deny" || now != "deny" && now != "sameorigin"
	case "Access-Control-Allow-Origin":
		return now == "*"
	case "Integrity-Policy":
		return strings.Contains(old, "script") && !strings.Contains(now, "script") || strings.Contains(old, "style") && !strings.Contains(now, "style")
	}
	return false
}

// strictest are the values that browsers know of a header, the strictest first.
var strictest = map[string][]string{
	"Referrer-Policy": {
		"no-referrer", "same-origin", "strict-origin", "origin", referrerDefault, "origin-when-cross-origin", "no-referrer-when-downgrade", "unsafe-url",
	},
	"Cross-Origin-Opener-Policy":   {"same-origin", "noopener-allow-popups", "same-origin-allow-popups", "unsafe-none"},
	"Cross-Origin-Embedder-Policy": {"require-corp", "credentialless", "unsafe-none"},
	"Cross-Origin-Resource-Policy": {"same-origin", "same-site", "cross-origin"},
}

const referrerDefault = "strict-origin-when-cross-origin"

// strictness is the place of a value in its order; one that browsers don't know does
// what no header does. Of a Referrer-Policy's list the last that is known counts; the
// other headers have no lists.
func strictness(order []string, value string) int {
	at, values := len(order)-1, []string{value}
	if i := slices.Index(order, referrerDefault); i >= 0 {
		at, values = i, strings.Split(value, ",")
	}
	for _, v := range values {
		v, _, _ = strings.Cut(v, ";") // where to report
		if i := slices.Index(order, strings.TrimSpace(v)); i >= 0 {
			at = i
		}
	}
	return at
}

// cookies compares the flags of those that both have: which cookies a visitor gets
// is by chance.
func (c *comparison) cookies(was, now []string) {
	flags := map[string]string{}
	for _, w := range was {
		name, f, _ := strings.Cut(w, "; ")
		flags[name] = f
	}
	for _, n := range now {
		name, f, _ := strings.Cut(n, "; ")
		before, had := flags[name]
		if !had {
			continue
		}
		for _, flag := range strings.Split(before, "; ") {
			if flag != "" && !slices.Contains(strings.Split(f, "; "), flag) {
				c.add(Difference{Rule: "live/cookie-weakened", Severity: finding.Medium, URL: shown(c.page.URL) + " " + name, Old: before, New: f, Message: fmt.Sprintf("The cookie %s is without %s", name, flag)})
			}
		}
	}
}
