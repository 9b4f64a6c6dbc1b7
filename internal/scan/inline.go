//go:build goexperiment.jsonv2

package scan

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy/pkg/fanal/analyzer"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/iac/detection"
	"github.com/aquasecurity/trivy/pkg/iac/ignore"
	"github.com/aquasecurity/trivy/pkg/types"
)

// Trivy leaves out what a comment "trivy:ignore:…" in the file says, without an owner,
// a reason or an end, and nothing of it is in the report. It can't be turned off, so
// each such comment is a finding of its own.
const inlineIgnore = "inline-ignore"

func init() {
	analyzer.RegisterPostAnalyzer(inlineIgnore, func(analyzer.AnalyzerOptions) (analyzer.PostAnalyzer, error) {
		return inlineComments{}, nil
	})
}

// inlineComments is analyzer.PostAnalyzer. It finds the lines, as custom resources:
// Trivy keeps one list of misconfigurations a file.
type inlineComments struct{}

func (inlineComments) Type() analyzer.Type { return inlineIgnore }
func (inlineComments) Version() int        { return 1 }

// Required takes what may be of a kind in which Trivy heeds comments.
func (inlineComments) Required(name string, _ os.FileInfo) bool {
	return detection.IsTerraformFile(name) || detection.IsType(name, nil, detection.FileTypeDockerfile) ||
		slices.Contains([]string{".yaml", ".yml", ".json", ".tpl"}, path.Ext(name))
}

func (inlineComments) PostAnalyze(_ context.Context, input analyzer.PostAnalysisInput) (*analyzer.AnalysisResult, error) {
	all := &analyzer.AnalysisResult{}
	var charts []string // folders; a walk meets Chart.yaml before what is beside and below it in templates/
	err := fs.WalkDir(input.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if path.Base(name) == "Chart.yaml" {
			charts = append(charts, path.Dir(name))
		}
		text, err := fs.ReadFile(input.FS, name)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte("ignore:")) || !heeded(name, text, charts) {
			return nil
		}
		all.CustomResources = append(all.CustomResources, ftypes.CustomResource{Type: inlineIgnore, FilePath: name, Data: commentsIn(name, text)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for comments that leave out findings: %w", err)
	}
	return all, nil
}

// heeded says whether a file is of a kind in which Trivy heeds comments.
func heeded(name string, text []byte, charts []string) bool {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if slices.Contains(charts, dir) {
			return true
		}
		if dir == "." {
			break
		}
	}
	return slices.ContainsFunc([]detection.FileType{detection.FileTypeTerraform, detection.FileTypeDockerfile, detection.FileTypeCloudFormation}, func(kind detection.FileType) bool {
		return detection.IsType(name, bytes.NewReader(text), kind)
	})
}

// commentsIn are the numbers of the lines with a comment that Trivy heeds.
func commentsIn(name string, text []byte) (lines []int) {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if strings.Contains(line, "ignore:") && len(ignore.Parse(line, name, "")) > 0 {
			lines = append(lines, n)
		}
	}
	return lines
}

// tellComments makes findings of the comments that were found.
func tellComments(r *types.Report) {
	var all []types.Result
	for _, one := range r.Results {
		if one.Class != types.ClassCustom {
			all = append(all, one)
			continue
		}
		for _, c := range one.CustomResources {
			if lines, ok := c.Data.([]int); ok && c.Type == inlineIgnore && len(lines) > 0 {
				all = append(all, comments(c, lines))
			}
		}
	}
	r.Results = all
}

func comments(c ftypes.CustomResource, lines []int) types.Result {
	r := types.Result{Target: c.FilePath, Class: types.ClassConfig, Type: inlineIgnore}
	for _, line := range lines {
		r.Misconfigurations = append(r.Misconfigurations, types.DetectedMisconfiguration{
			Type: "comment", ID: inlineIgnore, Title: "A comment leaves out findings", Severity: "HIGH", Status: types.MisconfStatusFailure, Layer: c.Layer,
			Message:       "what it names is not looked for here, and nobody answers for that",
			Resolution:    "take the comment out, and accept the finding where an exception has an owner, a reason and an end",
			CauseMetadata: ftypes.CauseMetadata{StartLine: line, EndLine: line},
		})
	}
	return r
}
