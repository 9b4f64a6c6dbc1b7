package scanimage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// found is a table of the findings of a kind that are shown.
func (v view) found(kind result.Kind) report.Block {
	t := report.Table{Caption: "The worst first"}
	for _, f := range v.j.Shown(v.p) {
		if f.Kind == kind {
			t.Rows = append(t.Rows, v.row(f))
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Columns = []string{"Where", "Severity", "Finding", "What"}
	if kind == result.Vulnerability {
		t.Columns = []string{"Package", "Severity", "Finding", "Installed", "Fixed in", "What"}
	}
	if v.isImage() {
		t.Columns = append(t.Columns, "Brought by")
	}
	if len(v.r.Reports) > 1 {
		t.Columns = append(t.Columns, "Platforms")
	}
	return bounded(t)
}

// isImage says whether there are layers that may have brought something.
func (v view) isImage() bool { return v.r.Digest != "" }

// bounded keeps a table to what a browser can draw.
func bounded(t report.Table) report.Table {
	if more := len(t.Rows) - maxTable; more > 0 {
		t.Caption = fmt.Sprintf("%s; the first %d, and %d more are in result.json", t.Caption, maxTable, more)
		t.Rows = t.Rows[:maxTable]
	}
	return t
}

func (v view) row(f policy.One) []report.Value {
	row := []report.Value{report.Code(what(f.Finding)), severityMark(f), identifier(f.Finding)}
	if f.Kind == result.Vulnerability {
		row = append(row, report.Code(f.Version), fixedIn(f.Finding))
	}
	row = append(row, report.Text(described(f.Finding)))
	if v.isImage() {
		row = append(row, broughtBy(f.Finding))
	}
	if len(v.r.Reports) > 1 {
		row = append(row, v.on(f))
	}
	return row
}

func described(f result.Finding) string {
	text := f.Title
	if f.Kind == result.Misconfiguration {
		all := slices.DeleteFunc([]string{f.Title, f.Message, f.Resolution}, func(s string) bool { return s == "" })
		text = strings.Join(slices.Compact(all), ". ")
	}
	if f.Kind == result.Vulnerability && f.Path != "" {
		text = strings.TrimSpace(text + " (in " + f.Path + ")")
	}
	return text
}

func severityMark(f policy.One) report.Mark {
	status := report.Info
	switch {
	case f.Fails:
		status = report.Failed
	case f.Unrated:
		status = report.Unknown
	case f.Severity.Rank() >= finding.Medium.Rank():
		status = report.Warning
	}
	return report.Mark{Status: status, Text: word(f.Severity)}
}

func identifier(f result.Finding) report.Value {
	if f.URL == "" {
		return report.Code(f.ID)
	}
	return report.Link{Text: f.ID, URL: f.URL}
}

func fixedIn(f result.Finding) report.Value {
	if f.Fixed == "" {
		return report.Text(cmp.Or(unfixed[f.Status], "no fix yet"))
	}
	return report.Code(f.Fixed)
}

// unfixed has Trivy's words for why there is no fix, those that say more than that.
var unfixed = map[string]string{
	"will_not_fix": "will not be fixed", "fix_deferred": "fix deferred", "end_of_life": "gets no updates", "under_investigation": "being looked at",
}

func broughtBy(f result.Finding) report.Value {
	switch {
	case f.FromBase:
		return report.Text("base image")
	case f.Layer != "":
		return report.Text("own layer")
	}
	return nil
}

func (v view) on(f policy.One) report.Value {
	if len(f.Platforms) == len(v.r.Reports) {
		return report.Text("all")
	}
	return report.Text(strings.Join(f.Platforms, ", "))
}

// aside is a table of what does not count, closed: it is long where a base image is
// what findings are compared with.
func (v view) aside() report.Block {
	t := report.Table{Caption: "With the reason", Columns: []string{"Finding", "In", "Severity", "Why", "Who says so", "Reason", "Until"}}
	for _, a := range v.j.Aside {
		until := report.Value(nil)
		if !a.Until.IsZero() {
			until = report.Text(a.Until.UTC().AddDate(0, 0, -1).Format(time.DateOnly))
		}
		t.Rows = append(t.Rows, []report.Value{
			identifier(a.Finding), report.Code(what(a.Finding)), report.Text(word(a.Severity)), report.Text(whyWords[a.Why]),
			report.Text(a.Owner), report.Text(a.Reason), until,
		})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return report.Details{Summary: count(len(t.Rows), "finding"), Blocks: []report.Block{bounded(t)}}
}

func (v view) databases() report.Block {
	t := report.Table{Caption: "Databases", Columns: []string{"Database", "Made", "Age", "From"}}
	for _, d := range v.r.Databases {
		age := report.Value(report.Text(""))
		if !d.Updated.IsZero() && !v.p.Now.IsZero() {
			age = report.Text(policy.Days(max(0, v.p.Now.Sub(d.Updated))))
		}
		if d.Stale != "" {
			age = report.Mark{Status: report.Warning, Text: "an older one was used: " + d.Stale}
		}
		t.Rows = append(t.Rows, []report.Value{report.Text(d.Name), moment(d.Updated), age, report.Code(d.Source)})
	}
	if len(t.Rows) == 0 {
		return report.Callout{Status: report.Info, Title: "No database was used", Text: report.Paragraph{report.Text("No package was looked up: vulnerabilities were not looked for.")}}
	}
	return t
}

func (v view) platforms() report.Block {
	t := report.Table{Caption: "Scanned", Columns: []string{"Platform", "Packages", "System", "Base image", "Base made"}}
	for _, r := range v.r.Reports {
		made := report.Value(report.Text("not known"))
		if !r.Base.Created.IsZero() {
			made = report.Text(fmt.Sprintf("%s ago", policy.Days(max(0, v.p.Now.Sub(r.Base.Created)))))
		}
		t.Rows = append(t.Rows, []report.Value{
			report.Text(cmp.Or(r.Platform, "folder")), report.Count(r.Packages), systemOf(r.OS),
			report.Text(cmp.Or(r.Base.Name, "not known")), made,
		})
	}
	return t
}

// digests name what was looked at and looked up, for ever.
func (v view) digests() report.Block {
	t := report.Table{Caption: "Digests", Columns: []string{"Of", "Digest"}}
	add := func(of, digest string) {
		if digest != "" {
			t.Rows = append(t.Rows, []report.Value{report.Text(of), report.Code(digest)})
		}
	}
	for _, r := range v.r.Reports {
		add(r.Platform, r.Digest)
	}
	for _, r := range v.r.Reports {
		add(strings.TrimSpace("base image of "+r.Platform), r.Base.Digest)
	}
	for _, d := range v.r.Databases {
		add("database of "+d.Name, d.Digest)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

func systemOf(os result.OS) report.Value {
	switch {
	case os.Family == "":
		return report.Text("none found")
	case os.EndOfLife:
		return report.Mark{Status: report.Warning, Text: os.Family + " " + os.Version + ", without updates"}
	}
	return report.Text(os.Family + " " + os.Version)
}
