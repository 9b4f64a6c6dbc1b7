package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
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
	//go:embed drawing.js
	drawingJS string
	//go:embed treemap.js
	treemapJS string
	//go:embed timeline.js
	timelineJS string
	//go:embed graph.js
	graphJS string
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

func (v *view) CSS() template.CSS { return template.CSS(styleCSS) }  //nolint:gosec // ours, not a user's
func (v *view) JS() template.JS   { return template.JS(v.script()) } //nolint:gosec // ours, not a user's

// Policy is the page's Content-Security-Policy.
func (v *view) Policy() string {
	return "default-src 'none'; style-src " + hash(styleCSS) + "; script-src " + hash(v.script()) +
		"; img-src data:; base-uri 'none'; form-action 'none'"
}

// script is page.js, and what draws the blocks that the page has.
func (p Page) script() string {
	all := []string{pageJS}
	var add func([]Block)
	add = func(blocks []Block) {
		for _, b := range blocks {
			switch b := b.(type) {
			case Details:
				add(b.Blocks)
			case interface{ script() string }:
				if len(all) == 1 {
					all = append(all, drawingJS)
				}
				if !slices.Contains(all, b.script()) {
					all = append(all, b.script())
				}
			}
		}
	}
	for _, s := range p.Sections {
		add(s.Blocks)
	}
	return strings.Join(all, "\n")
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

// Numeric says which of a table's columns are numbers.
func (v *view) Numeric(t Table) []bool { return t.numeric() }

// Counts says how many findings there are of each severity.
func (v *view) Counts(b Findings) []Mark { return b.counts() }

// Bars gives the bars with their lengths, and Limited whether any has a limit.
func (v *view) Bars(b Bars) []bar   { return b.bars() }
func (v *view) Limited(b Bars) bool { return b.limited() }

// Parts gives the parts with their places in the whole.
func (v *view) Parts(b Shares) []part { return b.parts() }

// Map gives what a treemap's script draws, and Largest its table.
func (v *view) Map(b Treemap) treemapData { return b.data() }
func (v *view) Largest(b Treemap) Table   { return b.largest(treemapRows) }

// Spans gives what a timeline's script draws, and Slowest its table.
func (v *view) Spans(b Timeline) timelineData { return b.data() }
func (v *view) Slowest(b Timeline) Table      { return b.slowest(timelineRows) }

// Drawn lays a graph out.
func (v *view) Drawn(b Graph) drawnGraph { return b.drawn() }

// counted writes a number with its noun: "1 table", "3 tables".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return FormatCount(int64(n)) + " " + noun
}
