// Package header makes the security headers of a release's pages:
// Content-Security-Policy, Integrity-Policy, Permissions-Policy and the small
// ones, as JSON, for nginx and as a _headers file.
//
// What is written is of the release: equal input gives equal bytes.
package header

import (
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
	// Hashes are further ones that tags and run-time tables have of own files, as
	// coverage.Report's: the record has sha384 only, and a page may have others.
	Hashes []integrity.Hash
	// PublicURL is where the release's folder is served, ending in "/"; "" where its
	// pages are.
	PublicURL string

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
}

// Resource is a script or style of somebody else, as the inventory has it.
type Resource struct {
	URL  string
	Kind release.Role // Script or Style
	// Integrity is its pin, nil where it has none; then Reason says why it can't be
	// pinned, as the inventory has it.
	Integrity integrity.Metadata
	Reason    string
	// Page is where it was seen, for messages: a file of the release, an address, or
	// the inventory with the line.
	Page string
}

// Field is a header.
type Field struct{ Name, Value string }

// Rule is the headers of the files at a path.
type Rule struct {
	// Path is that of a URL below the release's folder, from "/": "/index.html". One
	// that ends in "*" stands for all that begin so and have no rule of their own.
	Path   string
	Fields []Field
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
func Make(in Input) (*Set, error) { return &Set{}, nil }

// Refusal is why an enforcing Integrity-Policy is not written. It is a
// finding.Reporter.
type Refusal struct{ Unpinned []Resource }

func (r *Refusal) Error() string { return "" }

// Findings has one for each script.
func (r *Refusal) Findings() []finding.Finding { return nil }

// JSON is {"rules": [{"path": …, "headers": [{"name": …, "value": …}]}]}.
func (s *Set) JSON() []byte { return nil }

// Nginx is a snippet to be included into a server block. prefix is the URL path
// of the release's folder: "/" or "/checkout/".
func (s *Set) Nginx(prefix string) ([]byte, error) { return nil, nil }

// Netlify is a _headers file, as Netlify and Cloudflare read it.
func (s *Set) Netlify(prefix string) ([]byte, error) { return nil, nil }

// Rules describes every kind of finding of this package.
func Rules() []finding.Rule { return nil }
