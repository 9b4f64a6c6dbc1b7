package buildbundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/compress"
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
			{Title: "First load", Intro: "What is loaded before an entry runs: its scripts and styles. " + levelsText, Blocks: firstLoads(out)},
			{Title: "On demand", Intro: "What import() loads later.", Blocks: []report.Block{chunks(out)}},
		},
		Foot: "build-bundle " + r.Version,
	}
	if out.baseline != nil {
		p.Sections = slices.Insert(p.Sections, 0, compareSection(out.baseline, out))
	}
	if c := out.Composition; c != nil && len(c.Passes) > 0 {
		made := report.Section{Title: "Modules", Intro: "What the scripts and styles are made of, and who brought it in.", Blocks: []report.Block{treemap(rel, c), fileGraph(rel, c)}}
		p.Sections = append(p.Sections, made, packageSection(c), cycleSection(c, out.circular))
	}
	if out.Timings.Length > 0 {
		p.Sections = append(p.Sections, timeSection(out.Timings))
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

var levelsText = fmt.Sprintf("The figures for gzip and Brotli are of servers that compress on the fly, at the levels %d and %d.", compress.GzipOnTheFly, compress.BrotliOnTheFly)

func figures(rel *release.Release, warnings int) report.Figures {
	lazy := 0
	for _, p := range rel.Passes {
		lazy += len(p.Chunks)
	}
	copies := bytesOf(rel, release.Compressed)
	f := report.Figures{
		{Label: "Files", Value: report.Count(len(rel.Files))},
		{Label: "Size", Value: report.Bytes(rel.Size() - copies)},
		{Label: "Chunks on demand", Value: report.Count(lazy)},
		{Label: "Warnings", Value: report.Count(warnings)},
	}
	if copies > 0 {
		f = slices.Insert(f, 2, report.Fact{Label: "Precompressed copies", Value: report.Bytes(copies)})
	}
	return f
}

func bytesOf(rel *release.Release, role release.Role) (sum int64) {
	for _, f := range rel.Files {
		if f.Role == role {
			sum += f.Size
		}
	}
	return sum
}

// firstLoads is a bar an entry, and a row for each of its kinds of files.
func firstLoads(out *Outcome) []report.Block {
	b := report.Bars{Caption: "First load of each entry, gzip"}
	t := report.Table{Caption: "The same in figures", Columns: append([]string{"Entry", "Kind", "Files"}, sizeColumns...)}
	for _, p := range out.Release.Passes {
		for _, e := range p.Entries {
			name := p.Name + "/" + e.Name
			b.Bars = append(b.Bars, report.Bar{Label: name, Value: report.Bytes(sum(out.Sizes, slices.Concat(e.JS, e.CSS)).Gzip)})
			for _, kind := range []struct {
				name  string
				files []string
			}{{"scripts", e.JS}, {"styles", e.CSS}} {
				if len(kind.files) > 0 {
					row := []report.Value{report.Text(name), report.Text(kind.name), report.Count(len(kind.files))}
					t.Rows = append(t.Rows, append(row, sizeCells(sum(out.Sizes, kind.files))...))
				}
			}
		}
	}
	return []report.Block{b, t}
}

var sizeColumns = []string{"Size", "gzip", "Brotli"}

func sizeCells(s compress.Sizes) []report.Value {
	return []report.Value{report.Bytes(s.Raw), report.Bytes(s.Gzip), report.Bytes(s.Brotli)}
}

// kinds is what the release's bytes are.
func kinds(rel *release.Release) report.Shares {
	s := report.Shares{Caption: "What its bytes are"}
	for _, role := range release.Roles {
		if n := bytesOf(rel, role); n > 0 && role != release.Compressed {
			s.Parts = append(s.Parts, report.Part{Label: labels[role], Value: report.Bytes(n)})
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
func chunks(out *Outcome) report.Block {
	type chunk struct {
		name  string
		files int
		sizes compress.Sizes
	}
	var all []chunk
	for _, p := range out.Release.Passes {
		for _, c := range p.Chunks {
			files := slices.Concat(c.JS, c.CSS)
			all = append(all, chunk{p.Name + "/" + c.Name, len(files), sum(out.Sizes, files)})
		}
	}
	if len(all) == 0 {
		return report.Paragraph{report.Text("Nothing: all of it is in the first load.")}
	}
	slices.SortFunc(all, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(b.sizes.Gzip, a.sizes.Gzip), strings.Compare(a.name, b.name))
	})
	t := report.Table{Caption: "Chunks, with the files they share", Columns: append([]string{"Chunk", "Files"}, sizeColumns...)}
	for _, c := range all[:min(len(all), maxChunks)] {
		t.Rows = append(t.Rows, append([]report.Value{report.Text(c.name), report.Count(c.files)}, sizeCells(c.sizes)...))
	}
	if len(all) > maxChunks {
		t.Caption += fmt.Sprintf("; the largest %d of %d", maxChunks, len(all))
	}
	return t
}
