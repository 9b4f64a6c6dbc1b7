package buildbundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/composition"
	"github.com/org/checkout-deploy/internal/report"
)

// How many rows the tables of modules have; all is in the statement.
const (
	shownPackages   = 25
	shownDuplicates = 25
	shownCycles     = 50
	shownBringers   = 3
)

// packageSection is which packages the files hold, and which of them twice.
func packageSection(c *composition.Composition) report.Section {
	s := report.Section{Title: "Packages", Intro: "What of the scripts and styles came of installed packages, and what of the project's own sources."}
	var total, installed int64
	for i := range c.Passes {
		p := &c.Passes[i]
		for _, f := range p.Files {
			total += f.Size
		}
	}
	sizes := c.ByPackage()
	names := make([]string, 0, len(sizes))
	for name, n := range sizes {
		names = append(names, name)
		installed += n
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), strings.Compare(a, b)) })
	var own int64
	for path, n := range c.ByModule() {
		if !composition.Installed(path) {
			own += n
		}
	}
	s.Blocks = append(s.Blocks, report.Shares{Caption: "Whose the bytes are", Parts: []report.Part{
		{Label: "packages", Value: report.Bytes(installed)},
		{Label: "own sources", Value: report.Bytes(own)},
		{Label: "run time and links", Value: report.Bytes(total - own - installed)},
	}})
	if len(names) > 0 {
		t := report.Table{Caption: "The largest packages", Columns: []string{"Package", "Size"}}
		for _, name := range first(names, shownPackages) {
			t.Rows = append(t.Rows, []report.Value{report.Text(name), report.Bytes(sizes[name])})
		}
		s.Blocks = append(s.Blocks, t)
	}
	s.Blocks = append(s.Blocks, duplicates(c))
	return s
}

// duplicates is a row a copy.
func duplicates(c *composition.Composition) report.Block {
	t := report.Table{Caption: "Packages that are there several times", Columns: []string{"Folder", "Version", "Size", "Brought by"}}
	for i := range c.Passes {
		p := &c.Passes[i]
		for _, d := range first(p.Duplicates(), shownDuplicates) {
			for _, copied := range d.Copies {
				pkg := p.Packages[copied.Package]
				brought := strings.Join(first(copied.Brought, shownBringers), ", ")
				if more := len(copied.Brought) - shownBringers; more > 0 {
					brought += fmt.Sprintf(" and %d more", more)
				}
				t.Rows = append(t.Rows, []report.Value{report.Code(pkg.Folder), report.Text(pkg.Version), report.Bytes(copied.Bytes), report.Text(brought)})
			}
		}
	}
	if len(t.Rows) == 0 {
		return report.Paragraph{report.Text("No package is there twice.")}
	}
	return t
}

// cycleSection is the circular imports, and where the entry comes into them.
func cycleSection(c *composition.Composition, globs []string) report.Section {
	s := report.Section{Title: "Circular imports", Intro: "Modules that import themselves by others: which of them runs first depends on where one comes in. Types do not count, and neither does import()."}
	t := report.Table{Caption: "A shortest way around each", Columns: []string{"Way around", "Modules in the knot"}}
	seen := map[string]bool{}
	for i := range c.Passes {
		p := &c.Passes[i]
		for _, cycle := range p.Cycles(circularScope(globs)) {
			way := p.CycleString(cycle)
			if seen[way] {
				continue // in another pass
			}
			seen[way] = true
			t.Rows = append(t.Rows, []report.Value{report.Code(way), report.Count(len(cycle.Modules))})
		}
	}
	if len(t.Rows) == 0 {
		s.Blocks = []report.Block{report.Paragraph{report.Text("There are none.")}}
		return s
	}
	if n := len(t.Rows); n > shownCycles {
		t.Caption += fmt.Sprintf("; %d of %d", shownCycles, n)
		t.Rows = t.Rows[:shownCycles]
	}
	s.Blocks = []report.Block{t}
	return s
}
