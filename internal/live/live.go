// Package live looks at pages as shoppers get them, and says what is not as it
// was: scripts and styles whose bytes changed, that are new or gone, headers that
// became weaker, an error page in the place of the real one.
//
// A page is fetched by HTTP, and loaded by a Browser if there is one. Only a
// browser sees what scripts load in turn; without one a page is never found right.
package live

import (
	"context"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// Bounds on what servers send and pages do.
const (
	MaxPages     = 100
	MaxBody      = 32 << 20 // bytes of a response, decoded
	MaxRedirects = 10
	MaxResources = 5000     // of a page
	MaxText      = 2048     // bytes of a URL or a text that are kept
	MaxHeader    = 32 << 10 // bytes of a header's value that are kept: policies list hashes
)

// Options are what is looked at and how.
type Options struct {
	// Pages are http and https URLs, at most MaxPages.
	Pages []string
	// Browser loads the pages; nil says that there is none.
	Browser Browser
	// Settle is how long a page is looked at. Zero values have defaults.
	Settle Settle
	// Scan reads the scripts and styles of a document, for what HTTP alone can see.
	Scan func(html []byte) ([]Element, error)
	// Own gives of a page's bytes those of the release that it is of, where a deploy
	// has inserted something; nil takes all as they are.
	Own func(html []byte) []byte
	// Allow are host names, addresses and networks (CIDR) that may be private;
	// all others of loopback, link-local, private and reserved networks are refused.
	Allow []string
	// Client's fields; the zero value is a client for the internet.
	Client Client
}

// Settle bounds a stay on a page: at least Stay, then until the network was quiet
// for Quiet, at most Within in all.
type Settle struct{ Stay, Quiet, Within time.Duration }

// Defaults of Settle. A skimmer that waits longer than the stay is not seen.
const (
	DefaultStay   = 10 * time.Second
	DefaultQuiet  = 500 * time.Millisecond
	DefaultWithin = time.Minute
)

// Browser loads pages. It is a capability that app passes in.
type Browser interface {
	// Version names the browser.
	Version() string
	// Load opens a page with an empty profile, stays as settle says, and tells what
	// was run and applied. Alterations are made between the server and the page.
	Load(ctx context.Context, url string, settle Settle, alter []Alteration) (*Load, error)
}

// Load is what a browser saw of a page.
type Load struct {
	// Document is the response that the page came to be from, its last redirect's.
	Document Response
	// Redirects are the addresses before it, in order.
	Redirects []Hop
	// Resources are the scripts and styles of the page, its frames and workers that
	// were run or applied, or were to be.
	Resources []Resource
	// Elements are those of the top document, with what was inserted.
	Elements []Element
	// Unseen names what ran and could not be looked into, such as a shared worker.
	Unseen []string
}

// Response is an answer without its body.
type Response struct {
	URL    string
	Status int
	MIME   string // as the browser took it, or as the server said
	// Header has those of SecurityHeaders that were sent, by their names as there,
	// one string for each line.
	Header map[string][]string
}

// Hop is one redirect.
type Hop struct {
	URL    string `json:"url"`
	Status int    `json:"status"`
}

// Kind is the use of a resource.
type Kind string

const (
	Script Kind = "script"
	Style  Kind = "style"
)

// Via is how code came into the page.
type Via string

const (
	Linked Via = "linked" // its own request: an element's, an import, a worker's
	Inline Via = "inline" // in a document, or inserted by a script
	Eval   Via = "eval"   // from a string: eval, new Function, a timer
	Blob   Via = "blob"   // a blob: URL
	Data   Via = "data"   // a data: URL
)

// Resource is a script or style as the browser got it.
type Resource struct {
	Kind Kind
	Via  Via
	// URL is where it was loaded from; of an inline one the document's or the
	// script's that has it.
	URL string
	// In is where it ran: "page", or the kind of frame or worker and its URL.
	In string
	// By is what loaded it: the document or script.
	By string
	// SHA384 is of the bytes as decoded, "sha384-…"; "" if they could not be had, and
	// Problem says why.
	SHA384 string
	// Hashes are of the same bytes by integrity's other algorithms, sha256 and sha512:
	// what an inventory may pin them by.
	Hashes  []string
	Size    int64
	Problem string
	Status  int
	MIME    string
	CORS    string // Access-Control-Allow-Origin
	Cache   string // Cache-Control
	// Blocked says why the browser did not run it: "csp", "integrity", "cors: …".
	Blocked string
	// Executed: a browser ran or applied it. HTTP alone can't say that.
	Executed bool
	// Integrity and CrossOrigin are the element's that loaded it; Element says that
	// there was one. An import of a module has none.
	Integrity, CrossOrigin string
	Element                bool
}

// Element is a script or style element of a document.
type Element struct {
	Kind        Kind
	URL         string // absolute, or relative to the document; "" for an inline one
	Text        string // of an inline one
	NoModule    bool   // for browsers that know no modules
	Integrity   string
	CrossOrigin string
}

// Alteration changes an answer on its way to the page, or the page itself: what an
// attacker would do, for a drill.
type Alteration struct {
	URL  string // of the answer
	Flip bool   // changes one bit of the last byte
	Drop string // a header that is taken out
	// Insert is the URL of a script that is inserted into the page After some time;
	// Body is what its server answers.
	Insert string
	After  time.Duration
	Body   string
}

// Observation is what was seen of all pages.
type Observation struct {
	Browser string // its version; "" says that no scripts were executed
	Pages   []Page
}

// Page is what was seen of one page.
type Page struct {
	URL string // as asked for
	// Fetched is what HTTP got, and Redirects how it came there.
	Fetched   Response
	Redirects []Hop
	// SHA384 is of the document that HTTP got, and Inline of the scripts and styles in
	// it: of a document that is a file of a release they are the release's too.
	SHA384 string
	Inline []string
	// Loaded is the same as the browser saw it; nil without one.
	Loaded    *Load
	Resources []Resource
	// Failed says why HTTP or the browser got no page; "" if they did.
	Failed string
}

// Difference is one thing that is not as it should be.
type Difference struct {
	Rule     string // "live/…"
	Severity finding.Severity
	Page     string // URL as asked for
	URL      string // of the script, style or page; "" for none
	By       string // what loaded it
	Old, New string // hashes, or a header's values
	Message  string
	Hint     string
}

// Finding is the difference as all actions tell it. The page and the resource are
// its fingerprint, not the bytes: a script that changes twice is one finding.
func (d Difference) Finding() finding.Finding {
	return finding.Finding{
		Rule: d.Rule, Severity: d.Severity, Message: d.Message, Hint: d.Hint,
		Fingerprint: d.Rule + " " + d.Page + " " + d.URL,
	}
}

// Against is what an observation is compared with besides its baseline.
type Against struct {
	// Own are the files of the signed release, path to "sha384-…". What has the
	// bytes of one is right, whatever the baseline says.
	Own map[string]string
	// Evergreen says of what a page loads whether its bytes change without notice and
	// the inventory excepts it: its changes are of severity low, and cost the script its
	// approval. nil excepts nothing.
	Evergreen func(page string, r Resource) bool
}
