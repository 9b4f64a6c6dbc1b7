package devserver

import (
	"io/fs"
	"strings"
	"unicode/utf16"

	"github.com/org/checkout-deploy/internal/finding"
)

// Bounds of what a page shows of a failed build.
const (
	maxShown  = 50      // findings
	maxSource = 4 << 20 // bytes of a file that is quoted
	around    = 2       // lines before and after
	maxWidth  = 200     // UTF-16 units of a line
)

// failure is what was found in a build that failed.
type failure struct {
	Found []problem `json:"found"`
	More  int       `json:"more"` // that are not in Found
}

// problem is a finding as the page shows it. It holds text of unknown origin.
type problem struct {
	Place   string `json:"place"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Code    []line `json:"code"`
}

// line is one of a source's. From and To are what is marked in it, in UTF-16
// units from 0, equal where nothing is.
type line struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
	From   int    `json:"from"`
	To     int    `json:"to"`
}

func (s *Server) failureOf(found []finding.Finding) *failure {
	shown := found[:min(len(found), maxShown)]
	f := &failure{Found: make([]problem, len(shown)), More: len(found) - len(shown)}
	for i, one := range shown {
		f.Found[i] = problem{one.Location.String(), one.Message, one.Hint, s.excerpt(one.Location)}
	}
	return f
}

// excerpt quotes a place and the lines around it; nil where it can't be read.
func (s *Server) excerpt(at finding.Location) []line {
	if s.Sources == nil || at.Line <= 0 || !fs.ValidPath(at.Path) {
		return nil
	}
	info, err := fs.Stat(s.Sources, at.Path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource { // opening a pipe would wait
		return nil
	}
	data, err := fs.ReadFile(s.Sources, at.Path)
	if err != nil {
		return nil
	}
	lines := strings.Split(string(data), "\n")
	if at.Line > len(lines) {
		return nil
	}
	var out []line
	for n := max(1, at.Line-around); n <= min(len(lines), at.Line+around); n++ {
		l := line{Number: n, Text: strings.TrimSuffix(lines[n-1], "\r")}
		if n == at.Line && at.Column > 0 {
			l.From, l.To = at.Column-1, at.Column
			if at.EndLine == at.Line && at.EndColumn > at.Column {
				l.To = at.EndColumn - 1
			}
		}
		out = append(out, l)
	}
	return clip(out, max(0, at.Column-1))
}

// clip cuts long lines to the same window, which has the column in it.
func clip(lines []line, column int) []line {
	start := 0
	if column > maxWidth*3/4 {
		start = column - maxWidth/2
	}
	for i, l := range lines {
		units := utf16.Encode([]rune(l.Text))
		end := min(len(units), start+maxWidth)
		text := string(utf16.Decode(units[min(start, end):end]))
		if end < len(units) {
			text += "…"
		}
		lines[i].Text = text
		lines[i].From = min(max(0, l.From-start), end-min(start, end))
		lines[i].To = min(max(0, l.To-start), end-min(start, end))
	}
	return lines
}

// text is the findings for who has no script running.
func (f *failure) text() string {
	all := make([]string, len(f.Found))
	for i, p := range f.Found {
		all[i] = strings.TrimPrefix(p.Place+": "+p.Message, ": ")
	}
	return strings.Join(all, "\n")
}
