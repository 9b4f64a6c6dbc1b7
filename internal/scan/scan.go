//go:build goexperiment.jsonv2

package scan

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	tdb "github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy/pkg/report"
	"github.com/aquasecurity/trivy/pkg/report/cyclonedx"
	"github.com/aquasecurity/trivy/pkg/report/spdx"
	"github.com/aquasecurity/trivy/pkg/report/table"
	trivyresult "github.com/aquasecurity/trivy/pkg/result"
	"github.com/aquasecurity/trivy/pkg/types"
	"github.com/aquasecurity/trivy/pkg/vex"

	"github.com/org/checkout-deploy/internal/scan/result"
)

type tdbSource = tdb.SourceID

// Scan is what was found, and every view of it.
type Scan struct {
	Report result.Report // of no platform and digest: who opened the image knows them
	// Warnings are the engine's own, a line each.
	Warnings []string
	raw      types.Report
}

// filter puts a report in order, and takes out what VEX says does not matter.
func (e *Engine) filter(ctx context.Context, r *types.Report) error {
	o := trivyresult.FilterOptions{}
	for _, s := range tdb.SeverityNames {
		severity, err := tdb.NewSeverity(s)
		if err != nil {
			return err
		}
		o.Severities = append(o.Severities, severity)
	}
	for _, file := range e.opts.VEX {
		o.VEXSources = append(o.VEXSources, vex.Source{Type: vex.TypeFile, FilePath: file})
	}
	if err := trivyresult.Filter(ctx, *r, o); err != nil {
		return fmt.Errorf("reading VEX statements: %w", err)
	}
	return nil
}

// Format is a view that the engine makes.
type Format string

// The views.
const (
	CycloneDX Format = "cyclonedx"
	SPDX      Format = "spdx"
	Table     Format = "table"
)

// Write writes a view.
func (s *Scan) Write(ctx context.Context, w io.Writer, format Format) (err error) {
	switch format {
	case CycloneDX:
		err = cyclonedx.NewWriter(w, TrivyVersion).Write(ctx, s.copy())
	case SPDX:
		err = spdx.NewWriter(w, TrivyVersion, types.FormatSPDXJSON).Write(ctx, s.copy())
	case Table:
		err = table.NewWriter(table.Options{
			Output: w, Severities: severitiesOfTables, TableModes: types.SupportedTableModes,
			Scanners: types.Scanners{types.VulnerabilityScanner, types.SecretScanner, types.MisconfigScanner, types.LicenseScanner},
		}).Write(ctx, s.copy())
	default:
		err = fmt.Errorf("got the format %q, want cyclonedx, spdx or table", format)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", format, err)
	}
	return nil
}

var severitiesOfTables = []tdb.Severity{tdb.SeverityUnknown, tdb.SeverityLow, tdb.SeverityMedium, tdb.SeverityHigh, tdb.SeverityCritical}

// copy is the report for a writer, which may change its results.
func (s *Scan) copy() types.Report {
	r := s.raw
	r.Results = slices.Clone(r.Results)
	return r
}

// json is the report as Trivy's command line writes it.
func (s *Scan) json() ([]byte, error) {
	var b bytes.Buffer
	err := report.JSONWriter{Output: &b, ListAllPkgs: true}.Write(context.Background(), s.copy())
	return b.Bytes(), err
}
