package buildbundle

import (
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
	p := report.Page{
		Title: "Release", Tool: "build-bundle", Status: report.Passed,
		Verdict: "It is built, and its record has the hash of every file.",
		Facts: []report.Fact{
			{Label: "Release", Value: report.Code(out.ID.String())},
			{Label: "Profile", Value: report.Text(out.Release.Profile)},
			{Label: "Files", Value: report.Count(len(out.Release.Files))},
			{Label: "Size", Value: report.Bytes(out.Release.Size())},
			{Label: "Folder", Value: report.Code(r.Shown(out.OutDir))},
		},
		Sections: []report.Section{{Title: "What a page loads", Blocks: []report.Block{entries(out.Release), chunks(out.Release)}}},
		Foot:     "build-bundle " + r.Version,
	}
	if len(warnings) > 0 {
		p.Status, p.Verdict = report.Warning, p.Verdict+" The build has warnings."
		p.Sections = append(p.Sections, report.Section{Title: "Warnings", Blocks: []report.Block{report.Findings(warnings)}})
	}
	return p
}

// entries is a row an entry: what is loaded before anything can be seen.
func entries(rel *release.Release) report.Table {
	t := report.Table{Caption: "First load of each entry", Columns: []string{"Entry", "Format", "Scripts", "Styles", "Size"}}
	for _, p := range rel.Passes {
		for _, e := range p.Entries {
			t.Rows = append(t.Rows, []report.Value{
				report.Text(p.Name + "/" + e.Name), report.Text(p.Format), report.Count(len(e.JS)), report.Count(len(e.CSS)),
				report.Bytes(size(rel, slices.Concat(e.JS, e.CSS))),
			})
		}
	}
	return t
}

// maxChunks are listed; the others are in release.json.
const maxChunks = 50

// chunks is the lazy ones, the largest first, closed at first.
func chunks(rel *release.Release) report.Details {
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
	slices.SortFunc(all, func(a, b chunk) int {
		if a.size != b.size {
			return int(b.size - a.size)
		}
		return strings.Compare(a.name, b.name)
	})
	t := report.Table{Caption: "Loaded on demand, with what they share", Columns: []string{"Chunk", "Files", "Size"}}
	for _, c := range all[:min(len(all), maxChunks)] {
		t.Rows = append(t.Rows, []report.Value{report.Text(c.name), report.Count(c.files), report.Bytes(c.size)})
	}
	details := report.Details{Summary: report.FormatCount(int64(len(all))) + " chunks are loaded on demand", Blocks: []report.Block{t}}
	if len(all) > maxChunks {
		details.Summary += "; the largest " + report.FormatCount(maxChunks)
	}
	return details
}

// size adds up files; Outcome's release is sealed, so they are all in it.
func size(rel *release.Release, paths []string) (sum int64) {
	for _, path := range paths {
		f, _ := rel.File(path)
		sum += f.Size
	}
	return sum
}
