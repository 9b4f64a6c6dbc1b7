// Package result is what a scan of an image or a folder answers, apart from the
// engine: whoever only reads a result need not link it. Everything that people and
// programs get of a scan is made from one Result.
package result

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// Kind is what a finding is about.
type Kind string

// The kinds of findings, in the order in which they are shown.
const (
	Vulnerability    Kind = "vulnerability"
	Secret           Kind = "secret"
	Misconfiguration Kind = "misconfiguration"
	License          Kind = "license"
)

// Kinds lists every Kind.
var Kinds = []Kind{Vulnerability, Secret, Misconfiguration, License}

// Result is one scan of one image, with all its platforms, or of one folder.
type Result struct {
	// Artifact is what was asked for: an image's reference, a path.
	Artifact string
	// Digest is the image's, of the index where it has several platforms:
	// "sha256:…"; "" for a folder.
	Digest string
	// Reports has one for each platform, in the order of their names; of a folder one.
	Reports   []Report
	Databases []Database
}

// Report is the scan of one platform's image, or of a folder.
type Report struct {
	Platform string // "linux/arm64/v8"; "" for a folder
	Digest   string // of this platform's manifest; "" for a folder
	OS       OS
	Base     Base
	// Packages counts those that were found and looked up.
	Packages int
	Findings []Finding // in Sort's order
	// Excused are findings that a VEX statement says do not matter here.
	Excused []Excused
	// Unscanned says what was to be scanned and was not, a sentence each. A report
	// that has any is not clean.
	Unscanned []string
	// JSON is the engine's own report, as stock Trivy writes it.
	JSON []byte
}

// Excused is a finding that somebody said does not matter.
type Excused struct {
	Finding
	Status string // VEX's word: not_affected, fixed
	Reason string // the statement's justification
	File   string // where it is said
}

// OS is the distribution of an image. The zero OS is none, as of a static program.
type OS struct {
	Family, Version string // "debian", "12.11"
	// EndOfLife says that the distribution makes no security updates any more, so
	// that finding none of its vulnerabilities means little.
	EndOfLife bool
}

// Base is the image that this one was built on, as far as it says. The zero Base is
// unknown.
type Base struct {
	Name, Digest string    // org.opencontainers.image.base.*
	Created      time.Time // when its last layer was made, as the history says
	Layers       int       // how many of the layers are its
}

// Database is what findings were looked up in.
type Database struct {
	Name    string // "vulnerabilities", "java", "checks"
	Source  string // where it came from: a repository, a file, "cache"
	Digest  string // of the artifact, "sha256:…"
	Updated time.Time
	// Stale says why an older one was used than could have been had; "" if it was not.
	Stale string
}

// Finding is one thing in one place of one platform.
type Finding struct {
	Kind Kind
	// ID is CVE-2026-0001, GHSA-…, a rule's or a check's id, a licence's SPDX name.
	ID string
	// Severity is Info where nobody has rated it.
	Severity finding.Severity
	Unrated  bool
	Title    string  // one sentence, of unknown origin
	URL      string  // where to read more; may be empty
	Score    float64 // CVSS; 0 for none

	// Of a vulnerability or a licence.
	Package   string // "libssl3"
	Source    string // the source package that it is built from, "openssl"; or Package
	Version   string // installed
	Fixed     string // versions that have a fix, "" for none
	Status    string // Trivy's word: affected, fixed, will_not_fix, fix_deferred, end_of_life
	Ecosystem string // "debian", "npm", "gomod", "gobinary"
	PURL      string
	Direct    bool   // a library that the project itself asks for
	OfSystem  bool   // a package of the distribution
	Category  string // of a licence: "forbidden", "restricted", "reciprocal", …

	// Path is the file it is in, relative to the image's root or the folder; ""
	// for a distribution's package. Lines count from 1.
	Path          string
	Line, EndLine int
	Column        int // in UTF-16 units; 0 for unknown
	// Layer is the diff id of the layer that brought it, "sha256:…"; FromBase says
	// that the base image did.
	Layer    string
	FromBase bool
	// Message says what is wrong here, Resolution what to do; of a misconfiguration.
	Message, Resolution string
}

// Rated gives a finding a severity by Trivy's word, which is UNKNOWN where nobody
// has rated it.
func (f Finding) Rated(word string) Finding {
	f.Severity = finding.Severity(strings.ToLower(word))
	if f.Severity.Rank() <= 0 {
		f.Severity, f.Unrated = finding.Info, true
	}
	return f
}

// Key is equal for what people take for the same finding in two scans: the version
// that is installed, the line and the layer may differ.
func (f Finding) Key() string {
	return strings.Join([]string{string(f.Kind), f.ID, f.Ecosystem, f.Package, f.Path}, "\x00")
}

// KnownKey is equal for what is known already from an earlier scan. Of secrets the line
// counts too: another one beside a known one is new.
func (f Finding) KnownKey() string {
	if f.Kind != Secret {
		return f.Key()
	}
	return f.Key() + "\x00" + strconv.Itoa(f.Line)
}

// Sort orders findings by Compare.
func Sort(all []Finding) { slices.SortStableFunc(all, Compare) }

// Compare orders two findings: the worst first, then by kind, package, id and place.
func Compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
		cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)),
		strings.Compare(a.Package, b.Package),
		strings.Compare(a.ID, b.ID),
		strings.Compare(a.Path, b.Path),
		cmp.Compare(a.Line, b.Line),
	)
}

// Sentence says what was found and what would mend it. It holds text of unknown
// origin.
func (f Finding) Sentence() string {
	switch f.Kind {
	case Vulnerability:
		fix := "no version fixes it yet"
		if f.Fixed != "" {
			fix = "fixed in " + f.Fixed
		}
		return fmt.Sprintf("%s %s has %s: %s (%s)", f.Package, f.Version, f.ID, cmp.Or(f.Title, "no title"), fix)
	case Secret:
		return "got what looks like a secret: " + f.Title
	case Misconfiguration:
		return fmt.Sprintf("%s: %s", f.Title, cmp.Or(f.Message, f.Resolution))
	case License:
		return fmt.Sprintf("%s has the licence %s, of the category %s", cmp.Or(f.Package, f.Path), f.ID, f.Category)
	}
	return f.Title
}
