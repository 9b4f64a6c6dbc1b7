// Package report makes what people look at: one Page is an HTML file with one
// look, and a Markdown summary with one look. A capability fills in a Page from
// blocks and values; it needs no CSS and escapes nothing: all text is taken as
// hostile and shown as text.
//
// A new kind of block is one file here: its type with the methods of Block, a
// template of its name in page.html, its styles in style.css. The template may
// hold inline SVG; the data of a drawing goes into a script element of type
// application/json, which html/template escapes, and what draws it into a
// script of its own, which only pages with such a block carry. The page's policy
// allows these styles and scripts and nothing else, no style attribute either.
package report

import "github.com/org/checkout-deploy/internal/finding"

// Status is how something stands. The empty Status says nothing.
type Status string

const (
	Passed  Status = "passed"
	Warning Status = "warning"
	Failed  Status = "failed"
	Unknown Status = "unknown" // not done, or not known: never shown like Passed
	Info    Status = "info"
)

// Word is the status as people read it.
func (s Status) Word() string {
	return map[Status]string{
		Passed: "Passed", Warning: "Warning", Failed: "Failed", Unknown: "Unknown", Info: "Note",
	}[s]
}

// emoji is the status's sign in Markdown, where there are no colours.
func (s Status) emoji() string {
	return map[Status]string{Passed: "✅", Warning: "⚠️", Failed: "❌", Unknown: "❔", Info: "ℹ️"}[s]
}

// of is the status under which findings of a severity are shown.
func of(s finding.Severity) Status {
	switch s {
	case finding.Critical, finding.High:
		return Failed
	case finding.Medium:
		return Warning
	case finding.Low, finding.Info:
		return Info
	}
	return Unknown
}

// Page is one report.
type Page struct {
	Title string // "Release of checkout"
	Tool  string // what made it, above the title: "build-bundle"

	Status  Status
	Verdict string // one sentence: why the status is what it is

	// Facts say what the page is about: the release's id, its profile, …
	Facts    []Fact
	Sections []Section

	// Source is the address that a file's path is appended to, such as
	// "https://github.com/org/shop/blob/<commit>/"; "" for no links.
	Source string
	Foot   string // the last line: the tool and its version
}

// Fact is a labelled value.
type Fact struct {
	Label  string
	Value  Value
	Note   string // a few words below it; may be empty
	Status Status // may be empty
}

// Section is a part of a page under a heading.
type Section struct {
	Title  string
	Intro  string // a sentence or two; may be empty
	Blocks []Block
}

// Block is a part of a section: Figures, Table, Findings, Bars, Shares, Treemap,
// Graph, Timeline, Paragraph, List, Callout, Listing, Details.
type Block interface {
	// template is the name of the block's template in page.html.
	template() string
	// markdown is the block in GitHub's Markdown, without blank lines around.
	markdown(source string) string
	// measure says in what the block is counted where it is left out.
	measure() (n int, noun string)
}
