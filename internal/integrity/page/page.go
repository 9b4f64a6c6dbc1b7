// Package page reads and rewrites HTML documents: what a page loads, with which
// integrity, and where in the file it says so.
package page

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
	// URL is as written, without white space at its ends; "" for an inline one,
	// whose content is Text.
	URL  string
	Text string
	As   string // of a preload
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
	// Line and Column are those of the element's "<", from 1; columns in UTF-16
	// code units.
	Line, Column int
	// TextLine and TextColumn are where Text begins; 0 for a linked one.
	TextLine, TextColumn int
}

// Document is what a page loads by its HTML alone.
type Document struct {
	// Base is the href of the first base element, "" for none.
	Base     string
	Elements []Element // in the order of the file
	// Policy is the content of each meta http-equiv=Content-Security-Policy.
	Policy []string
}
