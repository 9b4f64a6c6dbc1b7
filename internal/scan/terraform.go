//go:build goexperiment.jsonv2

package scan

import (
	"context"
	"fmt"
	"os"

	"github.com/aquasecurity/trivy/pkg/fanal/analyzer"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/iac/detection"
	"github.com/aquasecurity/trivy/pkg/iac/rego"
	"github.com/aquasecurity/trivy/pkg/iac/scanners/terraform"
	"github.com/aquasecurity/trivy/pkg/log"
	"github.com/aquasecurity/trivy/pkg/misconf"
)

// Trivy fetches the modules that Terraform's files name, with git too, or takes what
// an earlier run left in the machine's temporary folder. No option of its analyzer
// turns that off, so this one replaces it, with the same scanner. A module that is
// not in the folder is told by heard.unread.
const offlineTerraform analyzer.Type = "offline-terraform"

func init() {
	analyzer.RegisterPostAnalyzer(offlineTerraform, func(o analyzer.AnalyzerOptions) (analyzer.PostAnalyzer, error) {
		return &terraformFiles{rego: o.MisconfScannerOption.RegoScanner}, nil
	})
}

// terraformFiles is analyzer.PostAnalyzer.
type terraformFiles struct{ rego *rego.Scanner }

func (*terraformFiles) Type() analyzer.Type { return offlineTerraform }
func (*terraformFiles) Version() int        { return 1 }

// Required takes the files that Trivy's own takes.
func (*terraformFiles) Required(name string, _ os.FileInfo) bool {
	return detection.IsTerraformFile(name)
}

func (t *terraformFiles) PostAnalyze(ctx context.Context, input analyzer.PostAnalysisInput) (*analyzer.AnalysisResult, error) {
	ctx = log.WithContextPrefix(ctx, log.PrefixMisconfiguration)
	s := terraform.New(
		rego.WithRegoScanner(t.rego),
		terraform.ScannerWithAllDirectories(true),
		terraform.ScannerWithDownloadsAllowed(false),
		terraform.ScannerWithSkipCachedModules(true),
	)
	results, err := s.ScanFS(ctx, input.FS, ".")
	if err != nil {
		return nil, fmt.Errorf("scanning Terraform: %w", err)
	}
	return &analyzer.AnalysisResult{Misconfigurations: misconf.ResultsToMisconf(ftypes.Terraform, s.Name(), results)}, nil
}
