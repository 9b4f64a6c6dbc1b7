package report

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// Value is something in a cell, a figure or a sentence: Text, Code, Bytes,
// Change, Duration, Count, Percent, Mark, Link or Place. A nil Value is an empty
// cell.
type Value interface{ show(source string) shown }

// shown is a value as both looks need it.
type shown struct {
	Kind   string // "text", "code", "number", "mark"
	Text   string
	Status Status
	URL    string
	Key    string // what a table sorts by; "" sorts by the text
	Amount float64
}

// Text is a few words.
type Text string

// Code is text in a fixed-width font: a name, a path, a digest.
type Code string

// Bytes is a size.
type Bytes int64

// Change is by how many bytes a size differs from an earlier one.
type Change int64

// Duration is a time.
type Duration time.Duration

// Count is a number of things.
type Count int64

// Percent is a share, 1 for all.
type Percent float64

// Mark is a status; its own word is shown where Text is empty.
type Mark struct {
	Status Status
	Text   string
}

// Link is text that leads to a web address. Any other address leaves the text.
type Link struct{ Text, URL string }

// Place is a place in a file, a link where the page has a Source.
type Place finding.Location

func (v Text) show(string) shown { return shown{Kind: "text", Text: line(string(v))} }
func (v Code) show(string) shown { return shown{Kind: "code", Text: line(string(v))} }

func (v Bytes) show(string) shown { return number(FormatBytes(int64(v)), float64(v)) }
func (v Count) show(string) shown { return number(FormatCount(int64(v)), float64(v)) }
func (v Duration) show(string) shown {
	return number(FormatDuration(time.Duration(v)), time.Duration(v).Seconds())
}
func (v Percent) show(string) shown { return number(FormatPercent(float64(v)), float64(v)) }

func (v Change) show(string) shown {
	s := FormatBytes(int64(v))
	switch {
	case v == 0:
		s = "±0"
	case v > 0:
		s = "+" + s
	}
	return number(s, float64(v))
}

func (v Mark) show(string) shown {
	text := line(v.Text)
	if text == "" {
		text = v.Status.Word()
	}
	return shown{Kind: "mark", Text: text, Status: v.Status}
}

func (v Link) show(string) shown {
	return shown{Kind: "text", Text: line(v.Text), URL: address(v.URL)}
}

func (v Place) show(source string) shown {
	at := finding.Location(v)
	out := shown{Kind: "code", Text: line(at.String())}
	out.Key = fmt.Sprintf("%s\x00%09d%09d", line(at.Path), at.Line, at.Column)
	out.Key = strings.ReplaceAll(out.Key, "\x00", " ")
	if source == "" || at.Path == "" || strings.HasPrefix(path.Clean("/"+at.Path), "/..") || path.IsAbs(at.Path) {
		return out
	}
	anchor := ""
	if at.Line > 0 {
		anchor = "#L" + strconv.Itoa(at.Line)
	}
	escaped := (&url.URL{Path: path.Clean("/" + at.Path)}).EscapedPath()
	out.URL = address(strings.TrimSuffix(source, "/") + escaped + anchor)
	return out
}

func number(text string, amount float64) shown {
	return shown{Kind: "number", Text: text, Amount: amount, Key: strconv.FormatFloat(amount, 'g', -1, 64)}
}

func show(v Value, source string) shown {
	if v == nil {
		return shown{Kind: "text"}
	}
	return v.show(source)
}

// word is a value in a sentence.
type word struct {
	shown
	Space string // before it
}

// sentence sets a paragraph's values apart with a space, but for one before
// punctuation and after an opening bracket.
func (b Paragraph) sentence(source string) []word {
	var out []word
	for _, v := range b {
		next := word{shown: show(v, source)}
		if next.Text == "" {
			continue
		}
		if len(out) > 0 && !strings.ContainsAny(next.Text[:1], ".,;:!?)") && !strings.HasSuffix(out[len(out)-1].Text, "(") {
			next.Space = " "
		}
		out = append(out, next)
	}
	return out
}
