package buildbundle

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// inputs are the action's, as given.
type inputs struct {
	dir, config, outDir string
	format              release.Format
	profile             release.Profile
	reproducible        reproducible
	artifact            bool
	report, compare     string
	laptop              laptop
}

// Action is build-bundle.
func Action() action.Action {
	in := &inputs{}
	return action.Action{
		Spec: action.Spec{
			Name:        "build-bundle",
			Summary:     "builds a checkout page's release from its sources",
			Description: "Bundle a checkout page into chunks for plain script tags, every byte of them pinned by Subresource Integrity.",
			Icon:        "package",
			Colour:      "green",
			Inputs: append([]action.Input{
				action.WorkingDirectory(&in.dir),
				action.Config(&in.config),
				{Name: "outdir", Value: action.Text(&in.outDir), Doc: "The folder that gets the release, relative to the project. It is replaced whole, at the end, and only if all went well. Without it the configuration's, else `dist`."},
				{Name: "format", Value: action.OneOf(&in.format, release.Formats), Doc: "How the scripts are to be loaded, instead of what the configuration says."},
				{Name: "profile", Value: action.OneOf(&in.profile, release.Profiles), Doc: "How files are built, instead of what the configuration says. It does not choose where they go."},
				{Name: "report", Value: action.Text(&in.report), Doc: "An HTML file for the report, relative to the project and outside `outdir`. Without it there is only the job's summary."},
				{Name: "compare", Value: action.Text(&in.compare), Doc: "Another release to compare with in the report: its folder or its `release.json`, relative to the project."},
				{Name: "reproducible", Default: string(reproducibleOff), Value: action.OneOf(&in.reproducible, []reproducible{reproducibleOff, reproducibleCheck}), Doc: "Whether the project is built twice, the second time as a copy in another folder, and every byte compared. A difference is an error that says where it comes from; without one the release gets the statement `attestations/reproducible.json`."},
				{Name: "artifact", Default: "true", Value: action.Bool(&in.artifact), Doc: "Whether a workflow keeps the release as its artifact `checkout-<release>-files`, for later jobs."},
			}, in.laptop.inputs()...),
			Outputs: []action.Output{
				{Name: "release", Doc: "The release's id: the SHA-256 of its record, in hexadecimal digits."},
				{Name: "dist", Doc: "The folder of the release, relative to the workspace."},
				{Name: "release-file", Doc: "The record, `release.json` in that folder."},
			},
			Permissions: []string{"contents: read"},
		},
		Run: in.run,
	}
}

func (in *inputs) run(ctx context.Context, r *action.Run) error {
	if _, given := r.Lookup("GOGC"); !given {
		// esbuild keeps its syntax trees between two links, so the heap is mostly
		// alive: collecting a little earlier keeps the peak in the bound that
		// docs/benchmarks.md gives.
		defer debug.SetGCPercent(debug.SetGCPercent(55))
		preferHugePages()
	}
	dir := r.Path(in.dir)
	req := Request{
		Compare: in.compare,
		Dir:     dir, Config: in.config, OutDir: in.outDir, Report: in.report, Format: in.format, Profile: in.profile,
		Workspace: r.Workspace(), MkdirAll: r.MkdirAll, Env: r.Lookup, LookPath: r.LookPath, ProgramFolder: r.ProgramFolder(), Sass: sassOf(r), Version: r.Version,
	}
	var single []string
	for _, name := range []string{"report", "compare", "reproducible"} {
		if r.Given(name) {
			single = append(single, name)
		}
	}
	if err := in.laptop.check(single); err != nil {
		return err
	}
	if in.laptop.wanted() {
		return in.laptop.work(ctx, r, req)
	}
	if in.reproducible == reproducibleCheck {
		req.Check = &Check{Group: r.Group, Logf: r.Logf, Now: r.Now}
	}
	watched, timings := follow(r)
	if req.Check != nil {
		req.Check.Group = func(title string, do func() error) error {
			watched.end() // the line that it has on a terminal
			return r.Group(title, do)
		}
	}
	req.Timings = timings
	var p report.Page
	var html place.File
	defer html.Discard()
	req.Prepare = func(out *Outcome) (err error) {
		watched.end()
		p = page(r, out, warn(r, dir, out.Warnings))
		html, err = in.stageReport(dir, p)
		return err
	}
	out, err := Run(ctx, req)
	watched.end()
	if err != nil {
		return r.In(dir, err)
	}
	r.Wrote(out.OutDir)
	r.Summarise(p.Markdown(report.SummaryLimit / 2))
	if in.report != "" {
		if err := html.Commit(); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		r.Wrote(html.Path)
		r.Logf("the report is %s", r.Shown(html.Path))
	}
	if err := tellStages(r, out.Timings); err != nil {
		return err
	}
	r.Logf("%d files, %d bytes in %s", len(out.Release.Files), out.Release.Size(), r.Shown(out.OutDir))
	r.SetOutput("release", out.ID.String())
	r.SetOutput("dist", r.Shown(out.OutDir))
	r.SetOutput("release-file", r.Shown(out.OutDir)+"/"+release.RecordName)
	if !in.artifact {
		return nil
	}
	err = handover.Send(ctx, r, out.ID, out.OutDir)
	if errors.Is(err, handover.ErrNoArtifacts) {
		return nil // the folder is the hand-over
	}
	if err == nil {
		r.Logf("kept for later jobs as the artifact %s", handover.FilesName(out.ID))
	}
	return err
}

// stageReport writes the page beside where the user wants it: a disk that is full
// is found out before the release is in place.
func (in *inputs) stageReport(dir string, p report.Page) (place.File, error) {
	if in.report == "" {
		return place.File{}, nil
	}
	html, err := p.HTML()
	if err != nil {
		return place.File{}, err
	}
	f, err := place.Stage(place.Within(dir, in.report), html)
	if err != nil {
		return place.File{}, fmt.Errorf("writing the report: %w", err)
	}
	return f, nil
}

func sassOf(r *action.Run) string {
	program, _ := r.Lookup("DART_SASS")
	return program
}

// shownDeprecations of Sass are told; projects have hundreds, and all say the same.
const shownDeprecations = 3

// warn shows warnings, their paths relative to the workspace, and returns them.
func warn(r *action.Run, dir string, warnings []finding.Finding) (shown []finding.Finding) {
	deprecations := 0
	for _, w := range warnings {
		if w.Rule == style.DeprecationRule {
			if deprecations++; deprecations > shownDeprecations {
				continue
			}
		}
		shown = append(shown, r.Within(dir, w))
	}
	r.Report(shown...)
	if more := deprecations - shownDeprecations; more > 0 {
		r.Logf("and %d more deprecations of Sass", more)
	}
	return shown
}
