package report

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Timeline shows what was done when, as spans in lanes. With a script it zooms,
// pans and searches; without one and on paper it is the table of the slowest.
type Timeline struct {
	Caption string
	Spans   []Span   // in any order
	Kinds   []string // what a colour means; may be empty
}

// Span is something that took time.
type Span struct {
	Lane   []string // from the outermost: "compile", "sass"
	Name   string   // a file, a step
	Detail string   // a few words more; may be empty
	Start  time.Duration
	Length time.Duration
	Kind   int // index in Kinds
}

// How much of a timeline is shown.
const (
	timelineSpans = 20_000 // the longest
	timelineLanes = 60
	timelineRows  = 15
	laneRows      = 12 // spans at one time that are drawn below each other
)

func (Timeline) template() string       { return "timeline" }
func (Timeline) script() string         { return timelineJS }
func (Timeline) measure() (int, string) { return 1, "chart" }

func (b Timeline) markdown(source string) string {
	return b.slowest(summaryRows).markdown(source)
}

// bounds gives the first start and the last end.
func (b Timeline) bounds() (from, to time.Duration) {
	for i, s := range b.Spans {
		if i == 0 {
			from, to = s.Start, s.Start
		}
		from, to = min(from, s.Start), max(to, s.Start+max(0, s.Length))
	}
	return from, to
}

// longest gives the spans, those that took the most time first.
func (b Timeline) longest() []Span {
	out := slices.Clone(b.Spans)
	slices.SortStableFunc(out, func(x, y Span) int {
		return cmp.Or(cmp.Compare(y.Length, x.Length), cmp.Compare(x.Start, y.Start), strings.Compare(x.Name, y.Name))
	})
	return out
}

// slowest is the table of the n spans that took the most time.
func (b Timeline) slowest(n int) Table {
	all := b.longest()
	from, to := b.bounds()
	t := Table{Caption: cmp.Or(b.Caption, "Time"), Columns: []string{"What", "In", "After", "Took", "Share"}}
	if len(all) > n {
		t.Caption += ": the " + FormatCount(int64(n)) + " slowest of " + counted(len(all), "step")
	}
	for _, s := range all[:min(n, len(all))] {
		row := []Value{Code(s.Name), Text(strings.Join(s.Lane, " › ")), Duration(s.Start - from), Duration(max(0, s.Length)), nil}
		if to > from {
			row[4] = Percent(float64(max(0, s.Length)) / float64(to-from))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// timelineData is what the script draws. Times are in microseconds after the
// first start.
type timelineData struct {
	Kinds []string `json:"kinds"`
	Texts []string `json:"texts"` // names and details, each once
	Lanes []lane   `json:"lanes"`
	Whole int64    `json:"whole"`
}

// lane is a lane with its spans: [row, start, length, kind, name, detail].
type lane struct {
	Path  []string   `json:"path"`
	Rows  int        `json:"rows"`
	Spans [][6]int64 `json:"spans"`
	all   []Span
}

func (b Timeline) data() timelineData {
	from, to := b.bounds()
	out := timelineData{Texts: []string{}, Whole: (to - from).Microseconds(), Lanes: b.lanes()}
	for _, k := range b.Kinds {
		out.Kinds = append(out.Kinds, clip(line(k), treemapText))
	}
	at := map[string]int64{}
	text := func(s string) int64 {
		s = clip(line(s), treemapText)
		i, ok := at[s]
		if !ok {
			i = int64(len(out.Texts))
			at[s] = i
			out.Texts = append(out.Texts, s)
		}
		return i
	}
	for i := range out.Lanes {
		l := &out.Lanes[i]
		rows := l.stack()
		for j, s := range l.all {
			l.Spans = append(l.Spans, [6]int64{int64(rows[j]), (s.Start - from).Microseconds(), max(0, s.Length).Microseconds(), int64(max(0, s.Kind)), text(s.Name), text(s.Detail)})
		}
	}
	return out
}

// lanes sorts the spans into lanes: in the order in which the first of each
// begins, and those in one lane together.
func (b Timeline) lanes() []lane {
	spans := b.longest()
	spans = spans[:min(len(spans), timelineSpans)]
	slices.SortStableFunc(spans, func(x, y Span) int { return cmp.Compare(x.Start, y.Start) }) // the longest of one start first
	first := map[string]int{}                                                                  // of a lane and of those around it
	for i, s := range spans {
		for n := range s.Lane {
			key := strings.Join(s.Lane[:n+1], "\x00")
			if _, ok := first[key]; !ok {
				first[key] = i
			}
		}
	}
	at := map[string]int{}
	out := []lane{}
	for _, s := range spans {
		key := strings.Join(s.Lane, "\x00")
		i, ok := at[key]
		if !ok {
			i = min(len(out), timelineLanes-1)
			if at[key] = i; i == len(out) {
				out = append(out, lane{Path: []string{}})
				for _, name := range s.Lane {
					out[i].Path = append(out[i].Path, clip(line(name), treemapText))
				}
			}
		}
		out[i].all = append(out[i].all, s)
	}
	slices.SortStableFunc(out, func(x, y lane) int {
		a, b := x.all[0].Lane, y.all[0].Lane
		for n := range min(len(a), len(b)) {
			if c := cmp.Compare(first[strings.Join(a[:n+1], "\x00")], first[strings.Join(b[:n+1], "\x00")]); a[n] != b[n] && c != 0 {
				return c
			}
		}
		return cmp.Compare(len(a), len(b))
	})
	return out
}

// stack gives every span, by start, the first row that is free: what is done
// at one time is drawn below each other.
func (l *lane) stack() []int {
	var ends []time.Duration
	rows := make([]int, len(l.all))
	for i, s := range l.all {
		row := slices.IndexFunc(ends, func(end time.Duration) bool { return end <= s.Start })
		switch {
		case row < 0 && len(ends) < laneRows:
			row = len(ends)
			ends = append(ends, 0)
		case row < 0: // over the one that ends first
			row = slices.Index(ends, slices.Min(ends))
		}
		ends[row] = max(ends[row], s.Start+max(0, s.Length))
		rows[i] = row
	}
	l.Rows = len(ends)
	return rows
}
