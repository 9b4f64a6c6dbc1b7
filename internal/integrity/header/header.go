// Package header makes the security headers of a release's pages:
// Content-Security-Policy, Integrity-Policy, Permissions-Policy and the small
// ones, as JSON, for nginx and as a _headers file.
//
// What is written is of the release: equal input gives equal bytes.
package header

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// Mode says what a browser does with a policy.
type Mode string

const (
	None       Mode = "none"        // no header
	ReportOnly Mode = "report-only" // tells what would be blocked
	Enforce    Mode = "enforce"
)

// Style is how a Content-Security-Policy names scripts.
type Style string

const (
	Hashes        Style = "hashes"         // each script by its hash
	StrictDynamic Style = "strict-dynamic" // those that start the page, which may load others
)

// Input is what the headers are made of. Origins are written as
// "https://api.example.com".
type Input struct {
	Release *release.Release
	Pages   map[string]*page.Document // the release's HTML files by path
	// Hashes are those that tags and run-time tables have of own scripts, as
	// coverage.Report's: the record has sha384 only, where a page may have others,
	// and of another bundler's release it does not know what is loaded later.
	Hashes []integrity.Hash
	// PublicURL is where the release's folder is served, ending in "/"; "" where its
	// pages are.
	PublicURL string
	Origins   []string // those of the pages, as coverage.Input's
	Prefix    string   // goes before a path of the release in findings, such as "dist/"

	CSP             Mode
	Scripts         Style
	IntegrityPolicy Mode
	TrustedTypes    Mode
	// Nonce is put into script-src and style-src as 'nonce-…' where it is not "":
	// for servers that replace it in the header and the page at each request.
	Nonce string
	// ReportTo is the URL that browsers send reports to, "" for none.
	ReportTo string

	ThirdParty []Resource
	Connect, Images, Fonts, Styles, Frames,
	Workers, Forms, FrameAncestors, Payment []string
	// Deployed says that a deploy inserts a base element of the page's own origin.
	Deployed bool
	// Routes are paths at which a server gives the index.html above them, as Rule's.
	Routes []string
}

// Resource is a script or style of somebody else, as the inventory has it.
type Resource struct {
	URL  string
	Kind release.Role // Script or Style
	// Integrity is its pin, nil where it has none; then Reason says why it can't be
	// pinned, as the inventory has it.
	Integrity integrity.Metadata
	Reason    string
	// Page is where it was seen, for messages: a file of the release or an address;
	// At is the place in a file, such as the inventory's, if there is one.
	Page string
	At   finding.Location
}

// Field is a header.
type Field struct{ Name, Value string }

// Rule is the headers of the files at a path.
type Rule struct {
	// Path is that of a URL below the release's folder, from "/": "/index.html". One
	// that ends in "*" stands for all that begin so and have no rule of their own.
	Path   string
	Fields []Field
	// Route says that a page of another path is served here.
	Route bool
}

// Set is the headers of a release.
type Set struct {
	Rules []Rule // sorted by path
	// Findings tell what was left out or is worth a look: a header too long, a
	// policy that some format can't live with.
	Findings []finding.Finding
}

// Make makes the headers. The error is a *Refusal where an enforcing
// Integrity-Policy was asked for and a script can't be pinned; others tell what
// is wrong with in, all at once.
func Make(in Input) (*Set, error) {
	var p problems
	in.check(&p)
	in.normalise()
	m := &maker{Input: in, sources: p.all(&in), set: &Set{}}
	if len(p) > 0 {
		return nil, errors.Join(p...)
	}
	if r := m.unpinned(); m.IntegrityPolicy == Enforce && len(r) > 0 {
		return nil, &Refusal{r}
	}
	for _, path := range slices.Sorted(maps.Keys(in.Pages)) {
		m.page(path, in.Pages[path])
	}
	m.files()
	m.routes()
	m.judge()
	return m.set, nil
}

// normalise writes addresses as browsers compare them.
func (in *Input) normalise() {
	in.PublicURL = page.Normal(in.PublicURL)
	in.Origins = slices.Clone(in.Origins)
	for i, o := range in.Origins {
		in.Origins[i] = page.Normal(o)
	}
}

type maker struct {
	Input
	sources
	set *Set
}

func (in *Input) check(p *problems) {
	add := func(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }
	if in.Release == nil {
		add("got no release, want one")
		in.Release = &release.Release{}
	}
	for _, path := range slices.Sorted(maps.Keys(in.Pages)) {
		if err := release.CheckPath(path); err != nil {
			*p = append(*p, err)
		}
	}
	for _, mode := range []*Mode{&in.CSP, &in.IntegrityPolicy, &in.TrustedTypes} {
		switch *mode {
		case "":
			*mode = None
		case None, ReportOnly, Enforce:
		default:
			add("got the mode %s, want one of %s, %s, %s", quote(string(*mode)), None, ReportOnly, Enforce)
		}
	}
	switch in.Scripts {
	case "":
		in.Scripts = Hashes
	case Hashes, StrictDynamic:
	default:
		add("got the style %s of scripts, want %s or %s", quote(string(in.Scripts)), Hashes, StrictDynamic)
	}
	for _, route := range in.Routes {
		if above(in.Pages, route) == "" {
			add("routes: got %s, and no index.html among the pages in or above it; want a path at which one is served", quote(route))
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-$"
	if strings.Trim(in.Nonce, letters) != "" {
		add("got the nonce %s, want letters of base64, or the name of a variable of the server such as %q", quote(in.Nonce), "$request_id")
	}
}

// Refusal is why an enforcing Integrity-Policy is not written. It is a
// finding.Reporter.
type Refusal struct{ Unpinned []Resource }

func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString("an enforcing Integrity-Policy would block")
	for i, u := range r.Unpinned {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %s (%s: %s)", quote(u.URL), u.Page, reason(u))
	}
	b.WriteString("; use report-only until each has a pin")
	return b.String()
}

func reason(r Resource) string {
	if r.Reason == "" {
		return "it has no pin"
	}
	return r.Reason
}

// Findings has one for each script.
func (r *Refusal) Findings() []finding.Finding {
	var out []finding.Finding
	for _, u := range r.Unpinned {
		out = append(out, finding.Finding{
			Rule: ruleUnpinned, Severity: finding.High, Hint: hints[ruleUnpinned], Location: u.At, Fingerprint: ruleUnpinned + " " + u.URL,
			Message: fmt.Sprintf("an enforcing Integrity-Policy would block the %s %s of %s: %s", u.Kind, quote(u.URL), u.Page, reason(u)),
		})
	}
	return out
}

// unpinned is what an enforcing Integrity-Policy blocks.
func (m *maker) unpinned() []Resource {
	var out []Resource
	for _, t := range m.ThirdParty {
		if len(t.Integrity) == 0 {
			out = append(out, t)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(m.Pages)) {
		for i := range m.Pages[path].Elements {
			e := &m.Pages[path].Elements[i]
			why := ""
			switch {
			case e.URL == "" || e.Kind != page.Script && e.Kind != page.Module && e.Kind != page.Style || isLocal(e.URL) || m.listed(m.Pages[path], e.URL):
				continue
			case len(integrity.Effective(e.Integrity)) == 0:
				if e.Kind == page.Module && m.mapped(path, e.URL) {
					continue
				}
				why = "its tag has no integrity"
			case !e.HasCrossOrigin && e.Kind != page.Module:
				why = "its tag has no crossorigin"
			default:
				continue
			}
			kind := release.Script
			if e.Kind == page.Style {
				kind = release.Style
			}
			out = append(out, Resource{URL: e.URL, Kind: kind, Reason: why, Page: path, At: m.at(path, e)})
		}
	}
	return out
}

func (m *maker) at(path string, e *page.Element) finding.Location {
	return finding.Location{Path: m.Prefix + path, Line: e.Line, Column: e.Column}
}

// mapped: an import map pins the modules that tags load as well. Which of its names
// is which file is coverage's to say; one that ends so will do here.
func (m *maker) mapped(path, ref string) bool {
	ref, _, _ = strings.Cut(ref, "?")
	name := ref[strings.LastIndex(ref, "/")+1:]
	return slices.ContainsFunc(m.Pages[path].Elements, func(e page.Element) bool {
		return e.Kind == page.ImportMap && strings.Contains(e.Text, name+`"`)
	})
}

func isLocal(ref string) bool {
	return strings.HasPrefix(ref, "data:") || strings.HasPrefix(ref, "blob:")
}

// listed reports whether the inventory has the URL that a page loads.
func (m *maker) listed(doc *page.Document, ref string) bool {
	address := doc.Address(ref)
	return slices.ContainsFunc(m.ThirdParty, func(t Resource) bool { return t.URL == ref || address != "" && doc.Address(t.URL) == address })
}

// isForeign reports whether a page's URL is of neither the page's origin nor the
// release's folder.
func (m *maker) isForeign(doc *page.Document, ref string) bool {
	if _, err := url.Parse(ref); err != nil {
		return true
	}
	u, err := url.Parse(doc.Address(ref))
	if err != nil || u.Host == "" {
		return err != nil
	}
	own := append(slices.Clone(m.public), m.Origins...)
	return !slices.ContainsFunc(own, func(o string) bool {
		p, err := url.Parse(o)
		return err == nil && p.Scheme == u.Scheme && p.Host == u.Host
	})
}
