package buildbundle

import (
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/timing"
)

// How many rows the tables of times have.
const (
	slowSteps = 12
	slowFiles = 15
)

// timeSection is where the time went.
func timeSection(t timing.Timings) report.Section {
	stages := report.Bars{Caption: "Stages"}
	for _, s := range timing.Stages {
		stages.Bars = append(stages.Bars, report.Bar{Label: s.String(), Value: report.Duration(t.Stage(s))})
	}
	steps := report.Table{Caption: "The longest steps", Columns: []string{"Step", "Stage", "Time"}}
	for _, s := range first(t.Steps(), slowSteps) {
		steps.Rows = append(steps.Rows, []report.Value{report.Text(stepName(s.Work)), report.Text(s.Work.Stage.String()), report.Duration(s.Length)})
	}
	blocks := []report.Block{stages, timeline(t), steps}
	if len(t.Totals) > 0 {
		blocks = append(blocks, fileWork(t))
	}
	if slow := t.Files(slowFiles); len(slow) > 0 {
		files := report.Table{Caption: "The slowest files", Columns: []string{"File", "Longest step", "Time"}}
		for _, s := range slow {
			files.Rows = append(files.Rows, []report.Value{report.Code(s.File), report.Text(s.Step), report.Duration(s.Length)})
		}
		blocks = append(blocks, files)
	}
	return report.Section{
		Title: "Time", Intro: "The build took " + report.FormatDuration(t.Length) + ". Passes and stages run side by side, so their times add up to more.",
		Blocks: blocks,
	}
}

// fileWork is the work for each file, by what does it.
func fileWork(t timing.Timings) report.Block {
	out := report.Table{Caption: "Work on single files, by what does it", Columns: []string{"Step", "Files", "Time of all"}}
	byStep := map[string]int{}
	for _, sum := range t.Totals {
		i, ok := byStep[sum.Step]
		if !ok {
			i = len(out.Rows)
			byStep[sum.Step] = i
			out.Rows = append(out.Rows, []report.Value{report.Text(sum.Step), report.Count(0), report.Duration(0)})
		}
		row := out.Rows[i]
		files, _ := row[1].(report.Count)
		length, _ := row[2].(report.Duration)
		row[1], row[2] = files+report.Count(sum.Files), length+report.Duration(sum.Length)
	}
	return out
}
