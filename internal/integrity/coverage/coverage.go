// Package coverage says which scripts and styles a release's pages can load, and
// what makes a browser compare each with its hash. It looks at bytes: what the
// record says was written is no proof that a page has it.
package coverage

import (
	"io/fs"
	"maps"
	"slices"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// Input is what a report is made of.
type Input struct {
	Release *release.Release
	Files   fs.FS // the release's folder
	// Pages are the release's HTML files by path, read. Files of the role html that
	// are not among them are not judged.
	Pages map[string]*page.Document
	// Algorithm is wanted in tags and manifests; another is a finding, as is a
	// weaker one. "" is integrity.Default.
	Algorithm integrity.Algorithm
	// PublicURL is where the release's folder is served, ending in "/"; "" where its
	// pages are.
	PublicURL string
	// Origins are those of the pages, such as "https://shop.example.com": an
	// absolute URL of any other is of another origin.
	Origins []string
	// Excepted says of a URL of somebody else's that people accept it without a hash:
	// it stays uncovered, and its finding is of severity info. May be nil.
	Excepted func(url string) bool
	// Prefix goes before a path of the release in findings, such as "dist/".
	Prefix string
}

// Status is what is known of a script or style.
type Status string

const (
	// Covered: each page that can load it has its hash.
	Covered Status = "covered"
	// Uncovered: some page loads it, or can, without a hash.
	Uncovered Status = "uncovered"
	// Unknown: nothing that was read says how it is loaded, if it is.
	Unknown Status = "unknown"
	// Elsewhere: it starts an application, or is pinned by an import map, and no page
	// of the release has the tag. A platform's settings or a server's template
	// pins it, or does not; the record has the hash that they need.
	Elsewhere Status = "elsewhere"
)

// Means is what has a file's hash.
type Means string

const (
	ByTag       Means = "tag"            // an integrity attribute in HTML
	ByImportMap Means = "import map"     // integrity of an import map in HTML
	ByGuard     Means = "guard"          // an inline script with hashes in HTML
	ByTable     Means = "run-time table" // hashes in a script: that of build-bundle or webpack, or an inlined manifest
)

// Cover is a place that has a file's hash.
type Cover struct {
	Means  Means
	File   string // of the release
	Line   int
	Column int
	Hash   integrity.Hash
}

// Resource is a script or style that a page can load.
type Resource struct {
	// Path is the file's in the release; "" for one from elsewhere, and then URL is
	// its address.
	Path, URL string
	Role      release.Role // Script or Style
	Load      release.Load // Initial or Lazy; None where nobody says
	Pages     []string     // that can load it, sorted
	Status    Status
	By        []Cover // in the order of file and place
	// Reason says why it is not Covered.
	Reason string
}

// Name is the path, else the URL.
func (s *Resource) Name() string {
	if s.Path != "" {
		return s.Path
	}
	return s.URL
}

// Report is what was seen.
type Report struct {
	Algorithm integrity.Algorithm
	Pages     []string   // that were read, sorted
	Resources []Resource // sorted by name, inline ones left out
	// Findings are sorted, the worst first.
	Findings []finding.Finding
	// Hashes are the hashes in tags, import maps and run-time tables that are of a
	// script of the release, sorted: what a Content-Security-Policy has to have.
	Hashes []integrity.Hash
}

// Totals counts resources by their Status.
type Totals struct{ Covered, Uncovered, Unknown, Elsewhere int }

// Totals counts r's resources.
func (r *Report) Totals() Totals {
	var t Totals
	for i := range r.Resources {
		switch r.Resources[i].Status {
		case Covered:
			t.Covered++
		case Uncovered:
			t.Uncovered++
		case Elsewhere:
			t.Elsewhere++
		default:
			t.Unknown++
		}
	}
	return t
}

// Share is the part that is covered, from 0 to 1, of what the release itself has
// the say on: a tag that is elsewhere does not count. Without anything to
// count it is 1, and Totals say so.
func (t Totals) Share() float64 {
	all := t.Covered + t.Uncovered + t.Unknown
	if all == 0 {
		return 1
	}
	return float64(t.Covered) / float64(all)
}

// Read makes the report. An error is one of reading; what is wrong with the
// release is a finding.
func Read(in Input) (*Report, error) {
	if in.Algorithm == "" {
		in.Algorithm = integrity.Default
	}
	in.PublicURL = page.Normal(in.PublicURL)
	in.Origins = slices.Clone(in.Origins)
	for i, o := range in.Origins {
		in.Origins[i] = page.Normal(o)
	}
	r := &reader{
		Input: in, told: map[location]bool{}, meant: map[string]bool{}, units: map[string]*unit{}, byHash: map[integrity.Hash][]string{},
		report: &Report{Algorithm: in.Algorithm}, seen: map[string]*Resource{},
	}
	if err := r.readFiles(); err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(r.units)) {
		r.connect(r.units[path])
		r.checkUnit(r.units[path])
	}
	for _, path := range slices.Sorted(maps.Keys(in.Pages)) {
		r.report.Pages = append(r.report.Pages, path)
		r.readPage(path, in.Pages[path])
	}
	r.readElsewhere()
	r.readUnlisted()
	r.conclude()
	return r.report, nil
}
