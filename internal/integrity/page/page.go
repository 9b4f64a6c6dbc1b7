// Package page reads and rewrites HTML documents: what a page loads, with which
// integrity, and where in the file it says so.
package page

import "bytes"

// MaxSize is the most bytes of a document that are read.
const MaxSize = 16 << 20

// Kind is what an element brings into the page.
type Kind string

const (
	Script        Kind = "script"        // a classic script, linked or inline
	Module        Kind = "module"        // a module script, linked or inline
	Style         Kind = "style"         // a style sheet, linked or inline
	Preload       Kind = "preload"       // link rel=preload; As says of what
	ModulePreload Kind = "modulepreload" // link rel=modulepreload
	Prefetch      Kind = "prefetch"      // link rel=prefetch
	ImportMap     Kind = "importmap"     // an inline import map
)

// Element is a script, style or hint of a document. Scripts that are not executed
// (JSON and other data blocks) are no elements.
type Element struct {
	Kind Kind
	// URL is as Normal has it; "" for an inline one,
	// whose content is Text, as the document's tree has it: a
	// Content-Security-Policy's hash is of these bytes.
	URL  string
	Text string
	As   string // of a preload, in lower case
	// Integrity is the attribute as written; HasIntegrity says whether there is one.
	Integrity    string
	HasIntegrity bool
	// CrossOrigin is "", "anonymous" or "use-credentials" as the browser takes it;
	// HasCrossOrigin says whether the attribute is there.
	CrossOrigin    string
	HasCrossOrigin bool
	Nonce          string
	Async, Defer   bool
	NoModule       bool
	Media          string // of a style sheet
	Alternate      bool   // a style sheet that is loaded, and not applied
	SVG            bool   // a script or style of SVG's: no standard has integrity there
	// Line and Column are those of the element's "<", from 1; columns in UTF-16
	// code units.
	Line, Column int
	// TextLine and TextColumn are where Text begins; 0 for a linked one.
	TextLine, TextColumn int

	tag tag
}

// Document is what a page loads by its HTML alone.
type Document struct {
	// Base is the href of the first base element, "" for none.
	Base     string
	Elements []Element // in the order of the file
	// Inert are elements in a template, which load where a script inserts them, or
	// in a noscript, which load where scripts are off.
	Inert []Element
	// Policy is the content of each meta http-equiv=Content-Security-Policy.
	Policy []string
	// Handlers are event handler attributes and javascript: URLs, and Styles are style
	// attributes: what a Content-Security-Policy blocks unless it has
	// 'unsafe-inline' or 'unsafe-hashes'.
	Handlers, Styles []Attribute
	// Imports are the @import rules of inline style sheets: nothing pins what they load.
	Imports []Attribute
	// Frames are the documents in the document: the src of an iframe, frame or embed,
	// the data of an object, and srcdoc. What they load is not the page's.
	Frames []Attribute
	// Others are links and scripts that no browser compares with a hash or that it
	// ignores: icons, manifests, data blocks with a src.
	Others []Attribute
}

// Attribute is something that a document says beside its elements.
type Attribute struct {
	Element string // the tag's name
	Name    string // the attribute's, "@import" for a rule of a style sheet
	Value   string
	// Line and Column are those of the element's "<", of a rule its "@".
	Line, Column int
}

// Scan reads a document as a browser with scripts does, in UTF-8. An error says
// that it is no such document: UTF-16, or larger than MaxSize.
func Scan(html []byte) (*Document, error) {
	s, err := scan(html)
	if err != nil {
		return nil, err
	}
	return &s.doc, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func withoutMark(html []byte) int {
	if bytes.HasPrefix(html, byteOrderMark) {
		return len(byteOrderMark)
	}
	return 0
}
