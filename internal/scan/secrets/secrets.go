// Package secrets is what a scan for secrets is asked and what it answers, apart
// from the engine: whoever only names the scan need not link it.
package secrets

import (
	"cmp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// Options say how a folder is scanned.
type Options struct {
	// Everything scans also what Trivy exempts by its path: tests, examples, vendor
	// and locale folders, Markdown, SVG, lock files, node_modules. In a source tree
	// they hold keys that are meant to be seen; in a release nobody may see any.
	Everything bool
	// SkipDirs are folders, relative to the scanned one, that are passed over.
	SkipDirs []string
	// MaxFileSize in bytes; a larger file is left out. 0 for DefaultMaxFileSize.
	MaxFileSize int64
}

// DefaultMaxFileSize keeps a file at about ten seconds of one core.
const DefaultMaxFileSize = 64 << 20

// Limit is the largest size of a file that is scanned.
func (o Options) Limit() int64 { return cmp.Or(o.MaxFileSize, DefaultMaxFileSize) }

// Why says why something in the folder was not scanned.
type Why string

const (
	// TooLarge is a text above the size limit. It may hold a secret.
	TooLarge Why = "larger than the limit"
	// TooMany is a file with more than a thousand secrets. The first thousand are
	// findings; the rest of the file may hold others, and worse.
	TooMany Why = "too full of secrets to go on"
	// Irregular is a symbolic link, a device, a pipe or a socket. Links are not
	// followed; a file of the folder that one points to is scanned by its own name.
	Irregular Why = "not a regular file"
	// Binary is a file with control characters in its first 300 bytes.
	Binary Why = "binary"
	// Skipped is a folder that SkipDirs has.
	Skipped Why = "skipped as asked"
	// Exempt is a file, or a whole folder, that Trivy exempts by its path.
	Exempt Why = "exempt by its path"
)

// Whys lists every Why, the gravest first.
var Whys = []Why{TooLarge, TooMany, Irregular, Binary, Skipped, Exempt}

// Unknown lists the reasons that leave open whether the file holds a secret that
// the scan was to find.
var Unknown = []Why{TooLarge, TooMany}

// LeftOut is a file that was not scanned, or not to its end, or a folder whose files were not.
type LeftOut struct {
	Path string // relative to the scanned folder, with "/"; a folder ends in "/"
	Why  Why
}

// Result is what a scan saw. Equal folders give equal results.
type Result struct {
	// Findings are in finding.Sort's order, their paths relative to the folder.
	Findings []finding.Finding
	// Files and Bytes count what was scanned to its end.
	Files int
	Bytes int64
	// LeftOut is sorted by path.
	LeftOut []LeftOut
}

// Left lists what was left out for any of some reasons.
func (r *Result) Left(whys ...Why) (all []LeftOut) {
	for _, l := range r.LeftOut {
		if slices.Contains(whys, l.Why) {
			all = append(all, l)
		}
	}
	return all
}

// Count counts the findings of a severity.
func (r *Result) Count(s finding.Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Sort puts a result into its order.
func (r *Result) Sort() {
	finding.Sort(r.Findings)
	slices.SortFunc(r.LeftOut, func(a, b LeftOut) int { return strings.Compare(a.Path, b.Path) })
}
