package buildbundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// page tells people of a release: what a page loads at first, what later, and
// what the build warned of.
func page(r *action.Run, out *Outcome, warnings []finding.Finding) report.Page {
	rel := out.Release
	p := report.Page{
		Title: "Release", Tool: "build-bundle", Status: report.Passed,
		Verdict: "It is built, and its record has the hash of every file.",
		Facts: []report.Fact{
			{Label: "Release", Value: report.Code(out.ID.String())},
			{Label: "Profile", Value: report.Text(rel.Profile)},
			{Label: "Folder", Value: report.Code(r.Shown(out.OutDir))},
		},
		Sections: []report.Section{
			{Title: "Contents", Intro: "What the release holds. Sizes are those of the files, not compressed.", Blocks: []report.Block{figures(rel, len(warnings)), kinds(rel)}},
			{Title: "First load", Intro: "What is loaded before an entry runs: its scripts and styles.", Blocks: []report.Block{firstLoads(rel)}},
			{Title: "On demand", Intro: "What import() loads later.", Blocks: []report.Block{chunks(rel)}},
		},
		Foot: "build-bundle " + r.Version,
	}
	if out.Reproduced {
		p.Facts = append(p.Facts, report.Fact{Label: "Reproducible", Value: report.Text("built twice, equal"), Status: report.Passed})
	}
	if n := len(warnings); n > 0 {
		p.Status, p.Verdict = report.Warning, "It is built, with warnings."
		p.Sections = slices.Insert(p.Sections, 0, report.Section{Title: "Warnings", Blocks: []report.Block{report.Findings(warnings)}})
	}
	return p
}

func figures(rel *release.Release, warnings int) report.Figures {
	lazy := 0
	for _, p := range rel.Passes {
		lazy += len(p.Chunks)
	}
	return report.Figures{
		{Label: "Files", Value: report.Count(len(rel.Files))},
		{Label: "Size", Value: report.Bytes(rel.Size())},
		{Label: "Chunks on demand", Value: report.Count(lazy)},
		{Label: "Warnings", Value: report.Count(warnings)},
	}
}

// firstLoads is a bar an entry.
func firstLoads(rel *release.Release) report.Bars {
	b := report.Bars{Caption: "First load of each entry"}
	for _, p := range rel.Passes {
		for _, e := range p.Entries {
			b.Bars = append(b.Bars, report.Bar{Label: p.Name + "/" + e.Name, Value: report.Bytes(size(rel, slices.Concat(e.JS, e.CSS)))})
		}
	}
	return b
}

// kinds is what the release's bytes are.
func kinds(rel *release.Release) report.Shares {
	s := report.Shares{Caption: "What its bytes are"}
	for _, role := range release.Roles {
		var sum int64
		for _, f := range rel.Files {
			if f.Role == role {
				sum += f.Size
			}
		}
		if sum > 0 {
			s.Parts = append(s.Parts, report.Part{Label: labels[role], Value: report.Bytes(sum)})
		}
	}
	return s
}

var labels = map[release.Role]string{
	release.Script: "scripts", release.Style: "styles", release.Asset: "images, fonts and the like", release.Map: "source maps",
	release.Manifest: "manifests", release.HTML: "pages", release.Other: "other",
}

// maxChunks are listed; the others are in release.json.
const maxChunks = 50

// chunks is a row a lazy chunk, the largest first.
func chunks(rel *release.Release) report.Block {
	type chunk struct {
		name  string
		files int
		size  int64
	}
	var all []chunk
	for _, p := range rel.Passes {
		for _, c := range p.Chunks {
			files := slices.Concat(c.JS, c.CSS)
			all = append(all, chunk{p.Name + "/" + c.Name, len(files), size(rel, files)})
		}
	}
	if len(all) == 0 {
		return report.Paragraph{report.Text("Nothing: all of it is in the first load.")}
	}
	slices.SortFunc(all, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(b.size, a.size), strings.Compare(a.name, b.name))
	})
	t := report.Table{Caption: "Chunks, with the files they share", Columns: []string{"Chunk", "Files", "Size"}}
	for _, c := range all[:min(len(all), maxChunks)] {
		t.Rows = append(t.Rows, []report.Value{report.Text(c.name), report.Count(c.files), report.Bytes(c.size)})
	}
	if len(all) > maxChunks {
		t.Caption += fmt.Sprintf("; the largest %d of %d", maxChunks, len(all))
	}
	return t
}

// size adds up files; Outcome's release is sealed, so they are all in it.
func size(rel *release.Release, paths []string) (sum int64) {
	for _, path := range paths {
		f, _ := rel.File(path)
		sum += f.Size
	}
	return sum
}
