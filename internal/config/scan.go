package config

import (
	"errors"
	"path"
	"time"
)

func init() {
	addSection(section{
		name:   "scan",
		doc:    "What scan-image does not count, and what it wants of an image before it is deployed.",
		schema: ref("scan"),
		read: func(r *reader, n *node, c *Config) {
			scanTable.defaults(&c.Scan)
			imageTable.defaults(&c.Scan.Image)
			scanTable.object(r, n, "scan", &c.Scan)
		},
	})
	addObject("scan", "What scan-image does not count, and what it wants of an image.", scanTable.entries())
	addObject("ignore", "A finding that somebody answers for, until a day. After it, it counts again, and the ignore itself is a finding.", ignoreTable.entries())
	addObject("image", "What the mode `verify` of scan-image wants of an image.", imageTable.entries())
	addShape("date", schema{"type": "string", "pattern": `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$|\$\{`})
}

// Scan is what scan-image does not count, and what it wants of an image.
type Scan struct {
	Ignore []Ignore
	Image  Image
}

// Ignore is a finding that Owner answers for until Expires.
type Ignore struct {
	ID, Package, Path, Owner, Reason string
	Expires                          time.Time // the first moment after the day, UTC
	Line, Column                     int       // where it stands in the file
}

// Attestation is a statement that is attached to an image.
type Attestation string

// The attestations.
const (
	OfSBOM       Attestation = "sbom"
	OfScan       Attestation = "scan"
	OfProvenance Attestation = "provenance"
)

var attestations = []Attestation{OfSBOM, OfScan, OfProvenance}

// Image is what an image has to have proved.
type Image struct {
	SignedBy     SignedBy
	Attestations []Attestation
	Repository   string        // that the provenance names, "" for any
	Worst        Verdict       // that its scan may have said
	MaxAge       time.Duration // of its scan; 0 for any
}

var scanTable = table[Scan]{
	custom("ignore", shape{"list of [ignores](#ignore)", schema{"type": "array", "items": ref("ignore"), "maxItems": maxIgnores}}, (*reader).ignores,
		"Findings that somebody answers for, until a day.", instead("all count"),
		example([]schema{{"id": "CVE-2026-0001", "package": "libexpat1", "owner": "@org/platform", "reason": "no XML is parsed", "expires": "2027-01-31"}})),
	custom("image", shape{"[image](#image)", ref("image")}, func(r *reader, n *node, at string, s *Scan) {
		imageTable.object(r, n, at, &s.Image)
	}, "What the mode `verify` wants of an image."),
}

const maxIgnores = 1000

var ignoreTable = table[Ignore]{
	key("id", text(), func(i *Ignore) *string { return &i.ID }, "What is ignored, as the finding calls it.", required("the finding's id, such as CVE-2026-0001"), example("CVE-2026-0001")),
	key("package", text(), func(i *Ignore) *string { return &i.Package }, "The package, or its source package.", instead("any"), example("libexpat1")),
	key("path", checkedText("path, may have stars", "text", checkMatch), func(i *Ignore) *string { return &i.Path }, "The file, from the image's root or the folder.", instead("any"), example("app/package-lock.json")),
	key("owner", text(), func(i *Ignore) *string { return &i.Owner }, "Who answers for it: a person or a team.", required("who answers for it"), example("@org/platform")),
	key("reason", text(), func(i *Ignore) *string { return &i.Reason }, "Why it does no harm here.", required("why it does no harm here")),
	key("expires", date(), func(i *Ignore) *time.Time { return &i.Expires }, "The last day on which it counts, in UTC.", required("the last day on which it counts, such as 2027-01-31"), example("2027-01-31")),
}

var imageTable = table[Image]{
	custom("signed-by", shape{"[signed-by](#signed-by), or an identity", schema{"anyOf": []any{ref("text"), schema{"allOf": []any{ref("signed-by"), schema{"minProperties": 1}}}}}}, func(r *reader, n *node, at string, i *Image) {
		var q Require
		r.requireSignedBy(n, at, &q)
		i.SignedBy = q.SignedBy
	}, "Who must have signed the image and its attestations.", instead("nobody, and then the mode `verify` is refused"), example("https://github.com/org/shop/.github/workflows/*")),
	key("attestations", severalOf(attestations), func(i *Image) *[]Attestation { return &i.Attestations }, "Which attestations it must have.", instead("none"), example([]string{"sbom", "scan", "provenance"})),
	key("repository", checkedText("URL", "web-address", checkWebAddress), func(i *Image) *string { return &i.Repository }, "The repository that its provenance must name.", instead("any"), example("https://github.com/org/shop")),
	keyOr("scan", oneOfThe(verdicts), VerdictWarn, func(i *Image) *Verdict { return &i.Worst }, "The worst that its scan may have said: `pass`, or `warn` for what did not fail it. It counts where `attestations` has `scan`."),
	key("max-age", duration(time.Hour, 366*24*time.Hour), func(i *Image) *time.Duration { return &i.MaxAge }, "How old its scan may be.", instead("as old as it is"), example("168h")),
}

func (r *reader) ignores(n *node, at string, s *Scan) {
	if n.kind != isList || len(n.items) > maxIgnores {
		r.at(n, "%s: got %s, want a list of at most %d ignores", at, n.describe(), maxIgnores)
		return
	}
	for i, item := range n.items {
		one := Ignore{Line: item.line, Column: item.column}
		ignoreTable.object(r, item, itemPath(n, at, i), &one)
		s.Ignore = append(s.Ignore, one)
	}
}

func checkMatch(s string) error {
	if _, err := path.Match(s, ""); err != nil {
		return errors.New("got " + quote(s) + ", want a path whose brackets are closed")
	}
	return nil
}

// date is a day as ISO 8601 writes it; it is read as the moment after it, in UTC.
func date() kindOf[time.Time] {
	return kindOf[time.Time]{shape{"day such as `2027-01-31`", ref("date")}, func(r *reader, n *node, at string) (time.Time, bool) {
		text, ok := r.text(n, at)
		if !ok {
			return time.Time{}, false
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			r.at(n, "%s: got %s, want a day such as 2027-01-31", at, quote(text))
			return time.Time{}, false
		}
		return day.AddDate(0, 0, 1), true
	}}
}
