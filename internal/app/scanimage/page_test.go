package scanimage

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/report"
)

func (s judged) page() report.Page {
	return pageOf(s.j, s.r, s.p, s.todo, "1.2.3", "0.74.0")
}

// To look at the pages:
//
//	go test ./internal/app/scanimage -run TestPages -pages <folder>
var pagesFolder = flag.String("pages", "", "an absolute `folder` for pages to look at")

func TestPages(t *testing.T) {
	for name, s := range map[string]judged{"sample": sample(), "clean": clean(), "large": large(500), "hostile": hostile()} {
		t.Run(name, func(t *testing.T) {
			html, err := s.page().HTML()
			if err != nil {
				t.Fatal(err)
			}
			if markdown := s.page().Markdown(report.SummaryLimit / 2); markdown == "" || len(markdown) > report.SummaryLimit/2 {
				t.Errorf("got a summary of %d bytes", len(markdown))
			}
			if strings.Contains(string(html), "<script>alert") || strings.Contains(string(html), `"javascript:`) {
				t.Error("got somebody's script")
			}
			if *pagesFolder != "" {
				if err := os.WriteFile(filepath.Join(*pagesFolder, name+".html"), html, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The body is what is ours: style and scripts are the report's.
func TestPage(t *testing.T) {
	html, err := sample().page().HTML()
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(html), "<body")
	if !ok {
		t.Fatal("got no body")
	}
	if i := strings.Index(body, "<script>"); i > 0 {
		body = body[:i]
	}
	golden.Compare(t, ".html", []byte("<body"+body))
	golden.Compare(t, ".md", []byte(sample().page().Markdown(report.SummaryLimit/2)))
}

func TestPageVerdict(t *testing.T) {
	nothing := sample()
	nothing.p.Fail = ""
	nothing = judgedOf(nothing.r, nothing.p)
	unscanned := clean()
	unscanned.r.Reports[0].Unscanned = []string{"a.jar could not be read"}
	unscanned.p.Fail = ""
	unscanned = judgedOf(unscanned.r, unscanned.p)
	for _, test := range []struct {
		name string
		s    judged
		want string
		line string
	}{
		{"fails", sample(), "It fails: ", "FAILED: 1 critical, 4 high, 1 medium, 1 low, 1 unrated; 822 packages, and not all was scanned; 3 more do not count"},
		{"clean", clean(), "Nothing that counts was found.", "PASSED: nothing that counts; 36 packages"},
		{"nothing is to fail", nothing, "8 findings, and none fails the scan (nothing is to fail it).", "WARNED: 1 critical, 4 high, 1 medium, 1 low, 1 unrated; 822 packages, and not all was scanned; 3 more do not count"},
		{"nothing in what was scanned", unscanned, "Nothing that counts was found in what was scanned, but see what the scan is worth (nothing is to fail it).", "WARNED: nothing that counts; 36 packages, and not all was scanned"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.s.page().Verdict; !strings.HasPrefix(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if got := headline(test.s.j, test.s.r); got != test.line {
				t.Errorf("got  %s\nwant %s", got, test.line)
			}
		})
	}
}
