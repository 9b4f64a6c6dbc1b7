package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed style.css
	styleCSS string
	//go:embed page.js
	pageJS string
)

var pages = template.Must(template.New("page").Parse(pageHTML))

// maxFindings bounds a list of findings: a page with more helps nobody, and
// browsers become slow.
const maxFindings = 1000

// HTML returns the page as one file that asks for no other: its policy allows
// the style and the script inside it and nothing else. Equal pages give equal
// bytes.
func (p Page) HTML() ([]byte, error) {
	v := &view{Page: p, next: new(int)}
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, "page", v); err != nil {
		return nil, fmt.Errorf("writing the page %q: %w", p.Title, err)
	}
	return out.Bytes(), nil
}

// view is what the templates see: the page, and for a block's template the
// block and its number on the page.
type view struct {
	Page
	next  *int
	ID    int
	Block Block
}

func (v *view) CSS() template.CSS { return template.CSS(styleCSS) } //nolint:gosec // ours, not a user's
func (v *view) JS() template.JS   { return template.JS(pageJS) }    //nolint:gosec // ours, not a user's

// Policy is the page's Content-Security-Policy.
func (v *view) Policy() string {
	return "default-src 'none'; style-src " + hash(styleCSS) + "; script-src " + hash(pageJS) +
		"; img-src data:; base-uri 'none'; form-action 'none'"
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Render returns a block's HTML: its own template escapes it.
func (v *view) Render(b Block) (template.HTML, error) {
	if b == nil {
		return "", nil
	}
	*v.next++
	var out bytes.Buffer
	err := pages.ExecuteTemplate(&out, b.template(), &view{Page: v.Page, next: v.next, ID: *v.next, Block: b})
	return template.HTML(out.String()), err //nolint:gosec // html/template made it
}

// Show is how templates see a value.
func (v *view) Show(x Value) shown { return show(x, v.Source) }

// Sentence is how templates see a paragraph.
func (v *view) Sentence(p Paragraph) []word { return p.sentence(v.Source) }

// Line is how templates write text of unknown origin on one line.
func (v *view) Line(s string) string { return line(s) }

// Lines keeps line ends, and every space.
func (v *view) Lines(s string) string { return strings.TrimRight(visible(s), "\n") }

// Add counts for people, from 1.
func (v *view) Add(a, b int) int { return a + b }

// Of gives the status of a severity.
func (v *view) Of(s finding.Severity) Status { return of(s) }

// Severity writes a severity, which may come from anywhere.
func (v *view) Severity(s finding.Severity) string { return line(string(s)) }

// Worst gives the findings to list, and how many are not.
func (v *view) Worst(b Findings) []finding.Finding {
	all := b.sorted()
	return all[:min(len(all), maxFindings)]
}

// More says what a list leaves out; "" for nothing.
func (v *view) More(b Findings) string {
	if len(b) <= maxFindings {
		return ""
	}
	return counted(len(b)-maxFindings, "more finding") + ", none worse than these"
}

// Place gives a finding's place.
func (v *view) Place(at finding.Location) shown { return Place(at).show(v.Source) }

// Cells gives a row's cells.
func (v *view) Cells(t Table, row []Value) []shown { return t.row(row, v.Source) }

// The exported names below are for templates, which see no others.

// Numeric is numeric.
func (b Table) Numeric() []bool { return b.numeric() }

// Counts is counts.
func (b Findings) Counts() []Mark { return b.counts() }

// Rows is bars.
func (b Bars) Rows() []bar { return b.bars() }

// Limited is limited.
func (b Bars) Limited() bool { return b.limited() }

// Legend is parts.
func (b Shares) Legend() []part { return b.parts() }

// counted writes a number with its noun: "1 table", "3 tables".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return FormatCount(int64(n)) + " " + noun
}
