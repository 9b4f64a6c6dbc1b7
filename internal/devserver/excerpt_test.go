package devserver

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/finding"
)

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 1000)
	s := &Server{Sources: fstest.MapFS{
		"a.ts":   {Data: []byte("one\r\ntwo 😀 three\nthree\nfour\nfive\n")},
		"min.js": {Data: []byte(long + "!" + long)},
	}}
	for _, test := range []struct {
		name string
		at   finding.Location
		want string
	}{
		{"a line and what is around it", finding.Location{Path: "a.ts", Line: 3}, "1 one|2 two 😀 three|3 three|4 four|5 five"},
		{"the first line", finding.Location{Path: "a.ts", Line: 1, Column: 1}, "1 one[0,1]|2 two 😀 three|3 three"},
		{"columns are UTF-16 units", finding.Location{Path: "a.ts", Line: 2, Column: 8, EndLine: 2, EndColumn: 13}, "1 one|2 two 😀 three[7,12]|3 three|4 four"},
		{"a column beyond the line", finding.Location{Path: "a.ts", Line: 1, Column: 90}, "1 one[3,3]|2 two 😀 three|3 three"},
		{"a long line", finding.Location{Path: "min.js", Line: 1, Column: 1001}, "1 " + long[:maxWidth/2] + "!" + long[:maxWidth/2-1] + "…[100,101]"},
		{"a line that is not there", finding.Location{Path: "a.ts", Line: 90}, ""},
		{"a file that is not there", finding.Location{Path: "b.ts", Line: 1}, ""},
		{"a path out of the project", finding.Location{Path: "../a.ts", Line: 1}, ""},
		{"no line", finding.Location{Path: "a.ts"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, l := range s.excerpt(test.at) {
				text := fmt.Sprintf("%d %s", l.Number, l.Text)
				if l.From != 0 || l.To != 0 {
					text += fmt.Sprintf("[%d,%d]", l.From, l.To)
				}
				got = append(got, text)
			}
			if strings.Join(got, "|") != test.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), test.want)
			}
		})
	}
}

func TestFailureIsBounded(t *testing.T) {
	f := new(Server).failureOf(make([]finding.Finding, maxShown+3))
	if len(f.Found) != maxShown || f.More != 3 {
		t.Errorf("got %d and %d more", len(f.Found), f.More)
	}
}
