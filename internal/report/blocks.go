package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// Figures are the few numbers that matter, shown large.
type Figures []Fact

// Table is rows of values. With a script it sorts by any column and filters.
type Table struct {
	Caption string
	Columns []string
	// Rows have a value a column; the first is the row's name. A row that is
	// shorter has empty cells, a longer one loses the rest.
	Rows [][]Value
	// Total is the row below the others; may be nil.
	Total []Value
}

// Findings is a list of findings, the worst first. Its order is not taken from
// the slice.
type Findings []finding.Finding

// Bars compares amounts by length.
type Bars struct {
	Caption string
	Bars    []Bar
}

// Bar is one amount: Bytes, Duration, Count or Percent.
type Bar struct {
	Label  string
	Value  Value
	Limit  Value // what it is allowed; may be nil
	Status Status
}

// Shares shows what a whole is made of. The largest are shown one by one, the
// others as one.
type Shares struct {
	Caption string
	Parts   []Part
}

// Part is a part of a whole: its Value is Bytes, Duration or Count.
type Part struct {
	Label string
	Value Value
}

// Paragraph is text and values in a row.
type Paragraph []Value

// List is paragraphs with a bullet each.
type List []Paragraph

// Callout is what must not be overlooked.
type Callout struct {
	Status Status
	Title  string
	Text   Paragraph // may be empty
}

// Listing is text as a program wrote it: a log, a diff, a configuration.
type Listing struct {
	Caption  string
	Language string // for GitHub's colours, such as "diff"; may be empty
	Text     string
}

// Details are blocks that are closed at first. They are open on paper.
type Details struct {
	Summary string
	Blocks  []Block
}

func (Figures) template() string   { return "figures" }
func (Table) template() string     { return "table" }
func (Findings) template() string  { return "findings" }
func (Bars) template() string      { return "bars" }
func (Shares) template() string    { return "shares" }
func (Paragraph) template() string { return "paragraph" }
func (List) template() string      { return "list" }
func (Callout) template() string   { return "callout" }
func (Listing) template() string   { return "listing" }
func (Details) template() string   { return "details" }

func (b Figures) measure() (int, string)  { return len(b), "figure" }
func (Table) measure() (int, string)      { return 1, "table" }
func (b Findings) measure() (int, string) { return len(b), "finding" }
func (Bars) measure() (int, string)       { return 1, "chart" }
func (Shares) measure() (int, string)     { return 1, "chart" }
func (Paragraph) measure() (int, string)  { return 1, "paragraph" }
func (List) measure() (int, string)       { return 1, "list" }
func (Callout) measure() (int, string)    { return 1, "note" }
func (Listing) measure() (int, string)    { return 1, "listing" }
func (Details) measure() (int, string)    { return 1, "closed part" }

// row gives a row's cells, one a column.
func (b Table) row(values []Value, source string) []shown {
	out := make([]shown, len(b.Columns))
	for i := range out {
		out[i] = shown{Kind: "text"}
		if i < len(values) {
			out[i] = show(values[i], source)
		}
	}
	return out
}

// numeric says which columns hold numbers only: they are set to the right.
func (b Table) numeric() []bool {
	out := make([]bool, len(b.Columns))
	for i := range out {
		for _, row := range b.Rows {
			if i < len(row) && row[i] != nil {
				if out[i] = row[i].show("").Kind == "number"; !out[i] {
					break
				}
			}
		}
	}
	return out
}

// sorted returns the findings, the worst first, the same for every order.
func (b Findings) sorted() []finding.Finding {
	all := slices.Clone(b)
	slices.SortFunc(all, func(x, y finding.Finding) int { return strings.Compare(x.Message+x.Hint, y.Message+y.Hint) })
	finding.Sort(all)
	return all
}

// counts says how many there are of each severity, the worst first.
func (b Findings) counts() []Mark {
	var out []Mark
	for _, s := range slices.Backward(finding.Severities) {
		n := 0
		for _, f := range b {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			out = append(out, Mark{Status: of(s), Text: FormatCount(int64(n)) + " " + string(s)})
		}
	}
	return out
}

// bar is a Bar with its lengths, in thousandths of the longest.
type bar struct {
	Label        string
	Value, Limit shown
	Status       Status
	Length, Mark int
}

func (b Bars) bars() []bar {
	longest := 0.0
	out := make([]bar, 0, len(b.Bars))
	for _, in := range b.Bars {
		one := bar{Label: line(in.Label), Value: show(in.Value, ""), Status: in.Status}
		if in.Limit != nil {
			one.Limit = in.Limit.show("")
		}
		longest = max(longest, one.Value.Amount, one.Limit.Amount)
		out = append(out, one)
	}
	for i := range out {
		out[i].Length = thousandths(out[i].Value.Amount, longest)
		out[i].Mark = min(998, thousandths(out[i].Limit.Amount, longest)) // its line is within the bar
	}
	return out
}

// limited says whether any bar has a limit.
func (b Bars) limited() bool {
	return slices.ContainsFunc(b.Bars, func(one Bar) bool { return one.Limit != nil })
}

func thousandths(amount, of float64) int {
	if !(amount > 0 && of > 0 && amount <= of) { // NaN and infinities too
		return 0
	}
	return max(1, int(amount/of*1000))
}

// part is a Part with its place in the whole, in thousandths.
type part struct {
	Label       string
	Value       shown
	Share       string
	From, Width int
	Colour      int // 1 for the largest
	Rest        bool
}

// maxParts is how many parts can be told apart by colour.
const maxParts = 6

func (b Shares) parts() []part {
	all := make([]part, 0, len(b.Parts))
	total := 0.0
	for _, in := range b.Parts {
		one := part{Label: line(in.Label), Value: show(in.Value, "")}
		total += max(0, one.Value.Amount)
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(x, y part) int { return cmp.Compare(y.Value.Amount, x.Value.Amount) })
	if len(all) > maxParts {
		all = append(all[:maxParts-1:maxParts-1], b.rest(all[maxParts-1:]))
	}
	from := 0.0
	for i := range all {
		one := &all[i]
		one.From = thousandths(from, total)
		one.Width = thousandths(one.Value.Amount, total)
		one.Colour = i + 1
		if total > 0 {
			one.Share = FormatPercent(max(0, one.Value.Amount) / total)
			from += max(0, one.Value.Amount)
		}
	}
	return all
}

func (b Shares) rest(parts []part) part {
	sum := 0.0
	for _, p := range parts {
		sum += p.Value.Amount
	}
	out := part{Label: FormatCount(int64(len(parts))) + " others", Rest: true}
	switch b.Parts[0].Value.(type) {
	case Duration:
		out.Value = Duration(sum * 1e9).show("")
	case Count:
		out.Value = Count(sum).show("")
	default:
		out.Value = Bytes(sum).show("")
	}
	return out
}
