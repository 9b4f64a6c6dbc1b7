package site

import (
	"errors"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/report"
)

// Failed is a summary's section of what failed, an item a line of the error.
func Failed(err error) report.Section {
	var all report.List
	for line := range strings.Lines(err.Error()) {
		all = append(all, report.Paragraph{report.Text(strings.TrimSpace(line))})
	}
	return report.Section{Title: "What failed", Blocks: []report.Block{all}}
}

// Next is the section of what to do about an error: its hint, or else what is given.
func Next(err error, otherwise string) report.Section {
	if known := (*action.Error)(nil); errors.As(err, &known) && known.Hint != "" {
		otherwise = known.Hint
	}
	text := strings.ToUpper(otherwise[:1]) + otherwise[1:] + "."
	return report.Section{Title: "What to do next", Blocks: []report.Block{report.Paragraph{report.Text(text)}}}
}
