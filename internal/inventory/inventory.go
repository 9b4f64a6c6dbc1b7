// Package inventory knows the scripts that a payment page may run: a YAML file
// that people review in a pull request says of each where it comes from, who
// answers for it, why it is there, who approved it and which bytes. Check
// compares that with what was seen, and Propose writes the lines that are
// missing, as a diff.
//
// An approval is of bytes. Somebody else's script is bound to its pin: other
// bytes are not approved. One that can't be pinned needs an exception with a
// control in the pin's place and an end. A script of the release has a place in
// it, an entry or a chunk, and its bytes are approved with the release: by the
// review of its commit, and by the signature of its record, which has the
// hashes. A chunk that no line names is not approved.
package inventory

import (
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Version is the one version of the file that this package reads.
const Version = 1

// Inventory is a file that was read.
type Inventory struct {
	// File is its path, for messages.
	File  string
	Pages []Page
	// Entries are in the file's order.
	Entries []Entry

	source []byte
	list   place // of the list of entries; its line is 0 where there is none
}

// Page says which pages the inventory is of.
type Page struct {
	URL     Pattern
	Purpose string // what is a payment page about it; may be empty
}

// Entry is a line of the inventory: of one of Own, Files, URL and Inline.
type Entry struct {
	// ID is its short name, for people; may be empty.
	ID string
	// Own names entries and chunks of the release, "<pass>/<name>", where the name
	// may be "*" for all.
	Own []string
	// Files are globs of the release's paths: "*" is within a folder, "**" any
	// folders. For releases of other bundlers, which know no entries.
	Files []string
	// URL is of somebody else's script.
	URL Pattern
	// Inline is of the pages whose inline scripts the entry is of.
	Inline Pattern
	// Kind is release.Script or release.Style; of Own and Files it is both, and "".
	Kind release.Role

	Source, Owner, Purpose string
	Justification          Justification
	Approved               Approval
	// Pin is what the bytes must be: hashes of one algorithm, any of which will do.
	Pin       []string
	Exception *Exception

	Line, Column int
	url, inline  matcher
	places       map[string]place // of its keys' values
}

// Justification is why a script is needed, in the words of PCI DSS 6.4.3: for
// the business or for technical reasons. Both may be given.
type Justification struct{ Business, Technical string }

// Approval is who approved an entry. What is not there, or is TODO, is empty.
type Approval struct {
	By, Reference string
	On, Expires   Day
}

// Exception is why a script has no pin, what is done in its place, and how long
// that is accepted.
type Exception struct {
	Reason, Control string
	Expires         Day
}

// Day is a day of UTC as "2026-11-25"; "" for none. It orders as text.
type Day string

// DayOf is the day of a time.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Observed is what was seen: in a release, in HTML or live.
type Observed struct {
	// Own is nil where no release was looked at.
	Own    []Own
	Loaded []Loaded
	// Live says that the pages were run in a browser: a script that Loaded has not
	// was not there.
	Live bool
}

// Own is a script or style of the release, as its record has it.
type Own struct {
	Path      string
	Role      release.Role // Script or Style
	Integrity string
	Entries   []string // "<pass>/<name>" of the entries that load it
	Chunks    []string // the same of chunks
}

// OwnOf takes the scripts and styles of a release.
func OwnOf(r *release.Release) []Own {
	out := []Own{}
	for _, f := range r.Files {
		if f.Role == release.Script || f.Role == release.Style {
			out = append(out, Own{f.Path, f.Role, f.Integrity.String(), f.Entries, f.Chunks})
		}
	}
	return out
}

// Loaded is a script or style that is none of the release.
type Loaded struct {
	// URL is absolute. "" is an inline one; so are data: and blob: addresses.
	URL  string
	Page string       // the URL or the file of the page that has it
	Kind release.Role // Script or Style
	// Integrity is the attribute that the page asks for it with; "" for none.
	Integrity string
	// Hashes are those of the bytes as they were received or stand in the page,
	// "sha384-…": one, or one an algorithm. None where the bytes were not seen.
	Hashes []string
	// By is the script that added it, where a browser told; may be empty.
	By string
}

// State is how a script stands with the inventory.
type State string

const (
	Approved   State = "approved"
	Excepted   State = "exception"  // approved without a pin
	Incomplete State = "incomplete" // a line names it, with something missing
	Expired    State = "expired"
	Changed    State = "changed" // other bytes than those approved
	New        State = "new"     // no line names it
	Unknown    State = "unknown" // a line pins it, and its bytes were not seen
)

// Script is something seen, and what the inventory says of it. Of Own and Loaded
// one is set.
type Script struct {
	Own    *Own
	Loaded *Loaded
	Entry  *Entry // nil where no line names it
	State  State
}
