//go:build goexperiment.jsonv2

package scan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy/pkg/fanal/image"
	ftypes "github.com/aquasecurity/trivy/pkg/fanal/types"
	"github.com/aquasecurity/trivy/pkg/types"

	"github.com/org/checkout-deploy/internal/scan/result"
)

// newScan is a report, read into what it says. lookedUp says that packages were
// looked up in the vulnerability database.
func newScan(raw types.Report, lookedUp bool, said heard) (*Scan, error) {
	s := &Scan{raw: raw, Report: convert(raw), Warnings: slices.DeleteFunc(said.warnings, func(w string) bool {
		return strings.HasPrefix(w, "This OS version is no longer") || strings.HasPrefix(w, "The vulnerability detection may be insufficient") // OS.EndOfLife
	})}
	if lookedUp {
		s.Report.Unscanned = unscanned(raw, inDatabase)
	}
	s.Report.Unscanned = append(s.Report.Unscanned, said.unread.sentences()...)
	var err error
	s.Report.JSON, err = s.json()
	return s, err
}

// Read reads a report that Trivy, or an earlier scan, wrote as JSON.
func Read(data []byte) (result.Report, error) {
	var raw types.Report
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&raw); err != nil {
		return result.Report{}, fmt.Errorf("reading a report: %w", err)
	}
	if raw.SchemaVersion != 2 {
		return result.Report{}, fmt.Errorf("reading a report: got the schema version %d, want 2: the JSON of trivy, or of an earlier scan", raw.SchemaVersion)
	}
	r := convert(raw)
	r.JSON = data
	return r, nil
}

func convert(raw types.Report) result.Report {
	c := converter{base: baseLayers(raw)}
	r := result.Report{Base: baseOf(raw, len(c.base))}
	if os := raw.Metadata.OS; os != nil {
		r.OS = result.OS{Family: string(os.Family), Version: os.Name, EndOfLife: os.Eosl}
	}
	for _, one := range raw.Results {
		r.Packages += len(one.Packages)
		r.Findings = append(r.Findings, c.findings(one)...)
		for _, m := range one.ModifiedFindings {
			if v, ok := m.Finding.(types.DetectedVulnerability); ok {
				f := c.vulnerability(one, packagesOf(one), v)
				r.Excused = append(r.Excused, result.Excused{Finding: f, Status: string(m.Status), Reason: m.Statement, File: m.Source})
			}
		}
	}
	result.Sort(r.Findings)
	return r
}

// converter knows which layers are the base image's.
type converter struct{ base []string }

func (c converter) findings(r types.Result) (all []result.Finding) {
	packages := packagesOf(r)
	for _, v := range r.Vulnerabilities {
		all = append(all, c.vulnerability(r, packages, v))
	}
	for _, s := range r.Secrets {
		all = append(all, c.layer(result.Finding{
			Kind: result.Secret, ID: s.RuleID, Title: s.Title, Path: r.Target, Line: s.StartLine, EndLine: s.EndLine,
		}.Rated(s.Severity), s.Layer.DiffID))
	}
	for _, m := range r.Misconfigurations {
		if m.Status != types.MisconfStatusFailure {
			continue
		}
		all = append(all, c.layer(result.Finding{
			Kind: result.Misconfiguration, ID: m.ID, Title: m.Title, Message: m.Message, URL: m.PrimaryURL, Resolution: m.Resolution,
			Path: r.Target, Line: m.CauseMetadata.StartLine, EndLine: m.CauseMetadata.EndLine, Ecosystem: m.Type,
		}.Rated(m.Severity), m.Layer.DiffID))
	}
	for _, l := range r.Licenses {
		f := result.Finding{
			Kind: result.License, ID: l.Name, Package: l.PkgName, Source: l.PkgName, Path: l.FilePath, URL: l.Link, Category: string(l.Category),
			Title: fmt.Sprintf("%s is a licence of the category %s", l.Name, l.Category),
		}.Rated(l.Severity)
		all = append(all, f)
	}
	return all
}

func (c converter) vulnerability(r types.Result, packages map[string]ftypes.Package, v types.DetectedVulnerability) result.Finding {
	f := result.Finding{
		Kind: result.Vulnerability, ID: v.VulnerabilityID, Title: cmp.Or(v.Title, firstSentence(v.Description)), URL: v.PrimaryURL, Score: score(v),
		Package: v.PkgName, Source: v.PkgName, Version: v.InstalledVersion, Fixed: v.FixedVersion, Status: v.Status.String(),
		Ecosystem: string(r.Type), Path: v.PkgPath, OfSystem: r.Class == types.ClassOSPkg,
	}.Rated(v.Severity) //nolint:staticcheck // its successor is by source, and this is the one that Trivy chose
	if p := v.PkgIdentifier.PURL; p != nil {
		f.PURL = p.String()
	}
	if p, ok := packages[cmp.Or(v.PkgIdentifier.UID, v.PkgID)]; ok {
		f.Source = cmp.Or(p.SrcName, f.Source)
		f.Direct = p.Relationship == ftypes.RelationshipDirect
		if len(p.Locations) > 0 {
			f.Line, f.EndLine = p.Locations[0].StartLine, p.Locations[0].EndLine
		}
	}
	if f.Path == "" && r.Class == types.ClassLangPkg {
		f.Path = r.Target
	}
	return c.layer(f, v.Layer.DiffID)
}

func packagesOf(r types.Result) map[string]ftypes.Package {
	packages := make(map[string]ftypes.Package, len(r.Packages))
	for _, p := range r.Packages {
		packages[cmp.Or(p.Identifier.UID, p.ID)] = p
	}
	return packages
}

func (c converter) layer(f result.Finding, diffID string) result.Finding {
	f.Layer, f.FromBase = diffID, slices.Contains(c.base, diffID)
	return f
}

// score is the highest that anybody gave, of the newest version of CVSS.
func score(v types.DetectedVulnerability) (highest float64) {
	for _, c := range v.CVSS {
		highest = max(highest, cmp.Or(c.V40Score, c.V3Score, c.V2Score))
	}
	return highest
}

// firstSentence stands for a title that nobody gave.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i]
	}
	if runes := []rune(text); len(runes) > 120 {
		text = string(runes[:120]) + "…"
	}
	return text
}

// baseLayers are those that the history says the base image brought.
func baseLayers(raw types.Report) []string {
	history := raw.Metadata.ImageConfig.History
	last := image.GuessBaseImageIndex(history)
	n := 0
	for i, h := range history {
		if i > last {
			break
		}
		if !h.EmptyLayer {
			n++
		}
	}
	if n > len(raw.Metadata.DiffIDs) {
		return nil
	}
	return raw.Metadata.DiffIDs[:n]
}

// baseOf is the base image, as far as the image says.
func baseOf(raw types.Report, layers int) result.Base {
	config := raw.Metadata.ImageConfig
	b := result.Base{Layers: layers, Name: config.Config.Labels["org.opencontainers.image.base.name"], Digest: config.Config.Labels["org.opencontainers.image.base.digest"]}
	if last := image.GuessBaseImageIndex(config.History); last >= 0 {
		b.Created = config.History[last].Created.Time
	}
	return b
}
