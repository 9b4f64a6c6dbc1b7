// Package evidence makes the pack that somebody who assesses a payment page is
// given: what was there, who approved it, what was looked at and what was found,
// and what none of this shows. A pack supports PCI DSS 6.4.3 and 11.6.1; it says
// of nothing that it complies.
//
// A pack's bytes are its canonical JSON (RFC 8785). Each holds its number and
// the SHA-256 of the one before it, so that none can be left out or exchanged
// unseen.
package evidence

import (
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// PredicateType is of a pack that is made a release's statement.
const PredicateType = "https://github.com/org/checkout-deploy/attestations/evidence/v1"

// Version is the one version of a pack that this package writes and reads.
const Version = 1

// Pack is the content of a pack. Fill it, then Seal it: Sequence, Previous,
// Controls and Changes are Seal's.
type Pack struct {
	Version  int            `json:"version"`
	Sequence int            `json:"sequence"` // from 1
	Previous release.Digest `json:"previous"` // zero for the first
	Made     time.Time      `json:"made"`     // in whole seconds of UTC
	Tool     Tool           `json:"tool"`
	Subject  Subject        `json:"subject"`
	Origin   Origin         `json:"origin"`
	// Method says what was looked at.
	Method   Method    `json:"method"`
	Scripts  []Script  `json:"scripts"`
	Headers  []Header  `json:"headers"`
	Coverage *Coverage `json:"coverage"` // nil where it was not measured
	Findings []Finding `json:"findings"`
	Controls []Control `json:"controls"`
	Changes  []Change  `json:"changes"` // since the previous pack
	Notes    []string  `json:"notes"`   // what a reader has to know; may be empty
}

// Tool made the pack.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Subject is what the pack is about.
type Subject struct {
	Name    string         `json:"name"`    // of the project; may be empty
	Release release.Digest `json:"release"` // zero where none is known
	Pages   []Page         `json:"pages"`
}

// Page is a payment page: its URL or a pattern of it, or a file of the release.
type Page struct {
	URL     string `json:"url"`
	Purpose string `json:"purpose"`
}

// Origin is where and for whom the pack was made. What is not known is empty.
type Origin struct {
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	Run        string `json:"run"` // URL
	Actor      string `json:"actor"`
	Trigger    string `json:"trigger"` // the event: "schedule", "push"
}

// Outcome is whether something was done. The empty Outcome is not one.
type Outcome string

const (
	Done    Outcome = "done"
	Partial Outcome = "partial" // such as a page that was fetched and not run
	NotDone Outcome = "not-done"
)

// Method says what was looked at; Note says why something was not.
type Method struct {
	Release   Step `json:"release"`   // the release's bytes were compared with its record
	Inventory Step `json:"inventory"` // an inventory was read and compared
	Fetched   Step `json:"fetched"`   // the live pages were fetched, with their headers
	Executed  Step `json:"executed"`  // and run in a browser
	Alert     Step `json:"alert"`     // an alert was raised, or proved to be by a drill
}

// Step is one thing looked at.
type Step struct {
	Outcome Outcome `json:"outcome"`
	Note    string  `json:"note"`
}

// Script is a script or style that was seen, or that the inventory names and
// nobody saw (State "unseen").
type Script struct {
	// Name is a path of the release, a URL, or "inline" with a hash.
	Name   string `json:"name"`
	Kind   string `json:"kind"`  // "script" or "style"
	Party  string `json:"party"` // "own" or "third"
	Page   string `json:"page"`  // where it was seen; empty for the release
	Entry  string `json:"entry"` // the inventory's line: its id or what it matches
	Source string `json:"source"`
	Owner  string `json:"owner"`

	Purpose       string   `json:"purpose"`
	Justification string   `json:"justification"`
	Approval      Approval `json:"approval"`
	State         string   `json:"state"` // as the inventory has it: "approved", "new", …
	// Hash is of the bytes; empty where they were not seen.
	Hash string   `json:"hash"`
	Pin  []string `json:"pin"` // what was approved, of a third party's
	// Exception stands for a pin.
	Exception *Exception `json:"exception"`
}

// Approval is who approved a script; what is missing is empty.
type Approval struct {
	By        string `json:"by"`
	Reference string `json:"reference"`
	On        string `json:"on"`
	Expires   string `json:"expires"`
}

// Exception is why a script has no pin, and what is done in its place.
type Exception struct {
	Reason  string `json:"reason"`
	Control string `json:"control"`
	Expires string `json:"expires"`
}

// Header is a security header of a page.
type Header struct {
	Page   string `json:"page"` // path or URL
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // "generated" or "received"
}

// Coverage is how many of the scripts and styles that the pages can load have a
// hash that browsers enforce.
type Coverage struct {
	Covered int `json:"covered"`
	Total   int `json:"total"`
}

// Finding is a finding.Finding as a pack keeps it.
type Finding struct {
	Rule     string           `json:"rule"`
	Severity finding.Severity `json:"severity"`
	Message  string           `json:"message"`
	Hint     string           `json:"hint"`
	Path     string           `json:"path"`
	Line     int              `json:"line"`
}

// Control is a requirement, and what the pack has for it.
type Control struct {
	ID       string `json:"id"`       // "6.4.3 a"
	Asks     string `json:"asks"`     // the requirement in short
	Evidence string `json:"evidence"` // which part of the pack supports it
	Here     string `json:"here"`     // what this pack has of it
	Missing  string `json:"missing"`  // what it doesn't show, and who must
}

// Change is what differs from the previous pack.
type Change struct {
	What   string `json:"what"` // "script", "pin", "approval", "header", "page", "release"
	Kind   string `json:"kind"` // "added", "removed", "changed"
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
	// Unapproved says that the pin changed while the approval stayed as it was.
	Unapproved bool `json:"unapproved"`
}
