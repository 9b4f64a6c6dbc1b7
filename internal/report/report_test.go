package report

import (
	"bytes"
	"html/template"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/golden"
)

func TestPage(t *testing.T) {
	html, err := sample().HTML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := sample().HTML()
	if err != nil || !bytes.Equal(html, again) {
		t.Errorf("a page gives other bytes the second time: %v", err)
	}
	// Style and script are compared by what they are, not by a copy of them.
	text := string(html)
	for _, part := range []string{styleCSS, sample().script()} {
		if escaped := template.HTMLEscapeString(hash(part)); !strings.Contains(text, ">"+part+"</") || !strings.Contains(text, strings.ReplaceAll(escaped, "+", "&#43;")) {
			t.Error("the page holds a style or script that its policy does not allow")
		}
		text = strings.Replace(text, part, "…", 1)
		text = strings.Replace(text, strings.ReplaceAll(template.HTMLEscapeString(hash(part)), "+", "&#43;"), "…", 1)
	}
	golden.Compare(t, ".html", []byte(text))
	golden.Compare(t, ".md", []byte(sample().Markdown(SummaryLimit)))
}

const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)> @org/team #12 `|` [a](javascript:alert(1)) <!-- -->\n\x00\u202e :smile: https://evil.example www.evil.example a@evil.example $x$ ' \" &amp; \xff"

// everywhere puts a text in every place of a page that takes one.
func everywhere(s string) Page {
	at := finding.Location{Path: s, Line: 1}
	values := []Value{Text(s), Code(s), Mark{Status: Failed, Text: s}, Link{Text: s, URL: s}, Link{Text: s, URL: "https://example.com/" + s}, Place(at)}
	return Page{
		Title: s, Tool: s, Status: Failed, Verdict: s, Source: "https://example.com/", Foot: s,
		Facts: []Fact{{Label: s, Value: Text(s), Note: s}},
		Sections: []Section{{Title: s, Intro: s, Blocks: []Block{
			Figures{{Label: s, Value: Code(s), Note: s, Status: Warning}},
			Table{Caption: s, Columns: []string{s, s, s, s, s, s}, Rows: [][]Value{values, values}, Total: values},
			Findings{{Rule: s, Severity: finding.Severity(s), Message: s, Hint: s, Location: at}, {Rule: s, Severity: finding.High, Message: s, Hint: s, Location: at}},
			Bars{Caption: s, Bars: []Bar{{Label: s, Value: Text(s), Limit: Count(1), Status: Passed}}},
			Shares{Caption: s, Parts: []Part{{Label: s, Value: Count(1)}, {Label: s, Value: Text(s)}}},
			Treemap{
				Caption: s, Leaves: []Leaf{{Path: []string{s, s, s}, Value: 3, Original: 5, Origin: 1}, {Path: []string{s}, Value: 2, Origin: -1}},
				Kinds: []string{s}, Origins: []Origin{{Name: s, From: -1}, {Name: s, From: 0, How: s}}, Views: []View{{Label: s, Areas: []string{s}}},
			},
			Timeline{Caption: s, Kinds: []string{s}, Spans: []Span{{Lane: []string{s, s}, Name: s, Detail: s, Length: 5}, {Name: s, Start: 2, Length: -1, Kind: 9}}},
			Graph{Caption: s, Nodes: []Node{{Label: s, Kind: EntryNode, Group: s}, {Label: s, Kind: NodeKind(s), Group: s}, {Label: s, Kind: NodeKind(s), Group: s}, {Label: s, Kind: NodeKind(s), Group: s}, {Label: s, Kind: NodeKind(s), Group: s}}, Edges: []Edge{{From: 0, To: 1}, {From: 1, To: 7}}},
			Paragraph(values),
			List{values},
			Callout{Status: Info, Title: s, Text: values},
			Listing{Caption: s, Language: s, Text: s},
			Details{Summary: s, Blocks: []Block{Paragraph{Text(s)}}},
			nil,
			Figures{},
			Table{},
			Findings{},
			Bars{},
			Shares{},
			Treemap{},
			Timeline{},
			Graph{},
			Paragraph{},
			List{},
			Details{},
		}}, {Title: s}, {Title: s}},
	}
}

// The page of hostile text has the elements of the page of a plain word.
func TestHTMLOfHostileText(t *testing.T) {
	plain, err := everywhere("word").HTML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := everywhere(hostile).HTML()
	if err != nil {
		t.Fatal(err)
	}
	// The plain word is a path and so a link in three more places, and the
	// hostile one has a fragment; elements are what counts.
	for _, element := range []string{"<script", "<style", "<img", "<!--", "<table", "<tr", "<td", "<li", "<p", "<svg", "onerror=alert(1)>"} {
		if a, b := bytes.Count(plain, []byte(element)), bytes.Count(got, []byte(element)); a != b {
			t.Errorf("got %d %s, want %d", b, element, a)
		}
	}
	for _, never := range []string{"\u202e", "\x00", "href=\"javascript", "evil.example\""} {
		if bytes.Contains(got, []byte(never)) {
			t.Errorf("got %q in the page", never)
		}
	}
	if !bytes.Contains(got, []byte("‹U&#43;202E›")) {
		t.Error("a character that turns the reading direction is not written out")
	}
}

func TestUnits(t *testing.T) {
	tests := []struct{ got, want string }{
		{FormatBytes(0), "0 B"},
		{FormatBytes(1023), "1023 B"},
		{FormatBytes(1024), "1.00 KiB"},
		{FormatBytes(531745), "519 KiB"},
		{FormatBytes(1023*1024 + 600), "1.00 MiB"},
		{FormatBytes(2395150), "2.28 MiB"},
		{FormatBytes(-2048), "−2.00 KiB"},
		{FormatBytes(-1 << 63), "−8388608 TiB"},
		{FormatDuration(0), "0 µs"},
		{FormatDuration(412 * time.Microsecond), "412 µs"},
		{FormatDuration(38 * time.Millisecond), "38 ms"},
		{FormatDuration(999600 * time.Microsecond), "1.00 s"},
		{FormatDuration(1670 * time.Millisecond), "1.67 s"},
		{FormatDuration(59960 * time.Millisecond), "1 min 0 s"},
		{FormatDuration(134 * time.Second), "2 min 14 s"},
		{FormatDuration(time.Hour - time.Millisecond), "1 h 0 min"},
		{FormatDuration(185 * time.Minute), "3 h 5 min"},
		{FormatDuration(-time.Second), "−1.00 s"},
		{FormatCount(0), "0"},
		{FormatCount(999), "999"},
		{FormatCount(24412), "24,412"},
		{FormatCount(-1234567), "−1,234,567"},
		{FormatPercent(1), "100%"},
		{FormatPercent(0.9999), "99.9%"},
		{FormatPercent(0.985), "98.5%"},
		{FormatPercent(0.0001), "<0.1%"},
		{FormatPercent(0), "0%"},
		{FormatPercent(1.2), "120%"},
		{FormatPercent(-0.02), "−2.0%"},
		{Change(0).show("").Text, "±0"},
		{Change(2048).show("").Text, "+2.00 KiB"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestPlace(t *testing.T) {
	tests := []struct{ name, path, want string }{
		{"plain", "src/a.ts", "https://example.com/o/r/blob/c/src/a.ts#L3"},
		{"signs", "a b/ü#?%)|.ts", "https://example.com/o/r/blob/c/a%20b/%C3%BC%23%3F%25%29%7C.ts#L3"},
		{"climbing stays below", "../../../settings", "https://example.com/o/r/blob/c/settings#L3"},
		{"absolute", "/etc/passwd", ""},
		{"no file", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (Place{Path: tt.path, Line: 3}).show("https://example.com/o/r/blob/c/").URL; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.com/a?b=c": "https://example.com/a?b=c", "http://example.com": "http://example.com",
		"javascript:alert(1)": "", "//example.com": "", "data:text/html,x": "", "https://user@example.com": "", "https:///x": "",
		"https://example.com/a)b": "https://example.com/a%29b", "https://example.com/ a": "https://example.com/%20a", "https://example.com/\n": "",
	} {
		if got := address(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFindingsAreBounded(t *testing.T) {
	var many Findings
	for i := range maxFindings + 5 {
		many = append(many, finding.Finding{Severity: finding.Low, Message: FormatCount(int64(i))})
	}
	many = append(many, finding.Finding{Severity: finding.Critical, Message: "the worst"})
	html, err := Page{Sections: []Section{{Blocks: []Block{many}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(html, []byte("<p class=\"message\">")); n != maxFindings || !bytes.Contains(html, []byte("the worst")) ||
		!bytes.Contains(html, []byte("6 more findings, none worse than these")) {
		t.Errorf("got %d findings", n)
	}
}
