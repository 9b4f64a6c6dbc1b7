package reproduce

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-sourcemap/sourcemap"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// difference is a file of both builds, and the first byte that is not the same.
type difference struct {
	first, second *Build
	pair          pair
	a, b          string
	at            int
}

// finding tells the difference; false where it may well follow from another: names
// of variables go by how often letters are used, tables by the names of files.
func (d *difference) finding() (_ finding.Finding, known bool) {
	cause, hint, known := d.cause()
	name := d.pair.first.Path
	if place := d.place(); name != release.RecordName {
		name += fmt.Sprintf(":%d:%d", place.Line, place.Column)
	}
	return finding.Finding{
		Rule: rule, Severity: finding.High, Location: d.source(), Hint: hint,
		Message: fmt.Sprintf("%s %s: the first build has %q, the second %q", name, cause, excerpt(d.a, d.at), excerpt(d.b, d.at)),
	}, known
}

// place counts lines from 1 and columns, in UTF-16 units, too.
func (d *difference) place() finding.Location { return placeOf(d.a, d.at) }

func placeOf(text string, at int) finding.Location {
	before := text[:at]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return finding.Location{Line: strings.Count(before, "\n") + 1, Column: len(utf16.Encode([]rune(line))) + 1}
}

// source is where the text comes from: by the map of a script or style, or in a
// map by the source's text in it.
func (d *difference) source() finding.Location {
	if d.pair.first.Role == release.Map {
		return d.mapped()
	}
	for _, f := range d.first.Release.Files {
		if f.Role != release.Map || f.Of != d.pair.first.Path {
			continue
		}
		consumer, err := sourcemap.Parse("", d.first.Contents[f.Path])
		if err != nil {
			return finding.Location{}
		}
		at := d.place()
		for from := at.Column - 1; from >= 0; from-- { // the library knows nothing of what follows the last mapping
			if source, _, line, column, ok := consumer.Source(at.Line, from); ok {
				return finding.Location{Path: source, Line: line, Column: column + 1}
			}
		}
	}
	return finding.Location{}
}

// mapped is the first source that two maps have another text of.
func (d *difference) mapped() finding.Location {
	var one, two struct{ Sources, SourcesContent []string }
	if json.Unmarshal([]byte(d.a), &one) != nil || json.Unmarshal([]byte(d.b), &two) != nil {
		return finding.Location{}
	}
	for i, text := range one.SourcesContent {
		if i >= len(one.Sources) || i >= len(two.SourcesContent) {
			break
		}
		if other := two.SourcesContent[i]; one.Sources[i] == two.Sources[i] && text != other {
			at := placeOf(text, common(text, other))
			at.Path = one.Sources[i]
			return at
		}
	}
	return finding.Location{}
}

// excerpt is some text around a place.
func excerpt(text string, at int) string {
	const before, after = 30, 50
	from, to := max(at-before, 0), min(at+after, len(text))
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return text[from:to]
}

// cause is what the two texts look like, and what to do about it.
func (d *difference) cause() (is, hint string, known bool) {
	one, two := word(d.a, d.at), word(d.b, d.at)
	switch {
	case holds(d.a, d.at, d.first.Base) || holds(d.b, d.at, d.second.Base):
		return "holds the path of the project's folder", "name files by paths relative to the project", true
	case date.MatchString(one) && date.MatchString(two):
		return "holds a date or a time", "take it from what is committed, or from the release's record, and not from the clock", true
	case reordered(d.a[d.at:], d.b[d.at:]):
		return "has the same parts in another order", "this looks like a mistake of build-bundle's: please report it", false
	case min(len(one), len(two)) > minified && (digit.MatchString(one) || digit.MatchString(two)):
		return "holds a value that is another in each build", "such values are made by Sass's random() and unique-id(): write them out", true
	}
	return "differs", "the cause is not known; where no source explains it, please report it", false
}

// minified is how long a name is that only stands for another.
const minified = 4

// holds reports that the place is in a mention of the folder.
func holds(text string, at int, folder string) bool {
	from := max(at-len(folder), 0)
	i := strings.Index(text[from:min(at+len(folder), len(text))], folder)
	return i >= 0 && from+i <= at
}

// word is the run of letters, digits and what dates have between, around a place.
func word(text string, at int) string {
	in := func(c byte) bool {
		return c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'z' || strings.IndexByte(".:-+_", c) >= 0
	}
	from, to := at, at
	for from > 0 && at-from < 80 && in(text[from-1]) {
		from--
	}
	for to < len(text) && to-at < 80 && in(text[to]) {
		to++
	}
	return text[from:to]
}

var (
	date = regexp.MustCompile(`\d{4}-\d\d-\d\d|\b\d\d:\d\d:\d\d\b|\b1[6-9]\d{8}(\d{3})?\b`)
	// digit is in what is counted, drawn or hashed: words differ for other reasons.
	digit = regexp.MustCompile(`\d`)
)

// reordered reports that two texts have the same bytes.
func reordered(a, b string) bool {
	if a == "" || len(a) != len(b) {
		return false
	}
	one, two := []byte(a), []byte(b)
	slices.Sort(one)
	slices.Sort(two)
	return string(one) == string(two)
}
