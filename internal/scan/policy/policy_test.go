package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/result"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func flaw(id string, severity finding.Severity, change ...func(*result.Finding)) result.Finding {
	f := result.Finding{Kind: result.Vulnerability, ID: id, Severity: severity, Package: "libssl3", Source: "openssl", Version: "3.0.1", Fixed: "3.0.2", Ecosystem: "debian"}
	for _, c := range change {
		c(&f)
	}
	return f
}

func unfixed(f *result.Finding) { f.Fixed = "" }

func of(findings ...result.Finding) *result.Result {
	return &result.Result{Artifact: "shop", Reports: []result.Report{{Platform: "linux/amd64", Findings: findings}}}
}

// told is a judgement in short: what fails, what counts, what is aside, what is said
// about the scan.
func told(j *Judgement) string {
	var b strings.Builder
	fmt.Fprint(&b, j.Verdict)
	for _, f := range j.Found {
		mark := "+"
		if f.Fails {
			mark = "!"
		}
		fmt.Fprintf(&b, " %s%s", mark, f.ID)
	}
	for _, a := range j.Aside {
		fmt.Fprintf(&b, " %s=%s", a.ID, a.Why)
	}
	for _, f := range j.About {
		fmt.Fprintf(&b, " %s(%s)", strings.TrimPrefix(f.Rule, "scan/"), f.Severity)
	}
	return b.String()
}

func TestJudge(t *testing.T) {
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	by := func(id string, expires time.Time, change ...func(*Ignore)) Ignore {
		i := Ignore{ID: id, Owner: "Ada", Reason: "not reached", Expires: expires}
		for _, c := range change {
			c(&i)
		}
		return i
	}
	high := Policy{Fail: finding.High, Report: finding.Low, Now: now}
	with := func(change func(*Policy)) Policy { p := high; change(&p); return p }
	for _, row := range []struct {
		name   string
		result *result.Result
		policy Policy
		want   string
	}{
		{"clean", of(), high, "PASSED"},
		{"milder", of(flaw("A", finding.Medium)), high, "WARNED +A"},
		{"at", of(flaw("A", finding.High), flaw("B", finding.Low)), high, "FAILED !A +B"},
		{"nothing is to fail", of(flaw("A", finding.Critical)), with(func(p *Policy) { p.Fail = "" }), "WARNED +A"},
		{"unfixed", of(flaw("A", finding.High, unfixed), flaw("B", finding.High)), with(func(p *Policy) { p.IgnoreUnfixed = true }), "FAILED !B A=unfixed"},
		{"unfixed counts", of(flaw("A", finding.High, unfixed)), high, "FAILED !A"},
		{
			"a secret has no fix", of(result.Finding{Kind: result.Secret, ID: "key", Severity: finding.Critical}), with(func(p *Policy) { p.IgnoreUnfixed = true }),
			"FAILED !key",
		},
		{"ignored", of(flaw("A", finding.High)), with(func(p *Policy) { p.Ignores = []Ignore{by("A", day(1))} }), "PASSED A=ignored"},
		{"its last moment is over", of(flaw("A", finding.High)), with(func(p *Policy) { p.Ignores = []Ignore{by("A", now)} }), "FAILED !A expired-ignore(medium)"},
		{
			"one that has run out, and one that has not", of(flaw("A", finding.High)),
			with(func(p *Policy) { p.Ignores = []Ignore{by("A", day(-1)), by("A", day(1))} }), "WARNED A=ignored expired-ignore(medium)",
		},
		{"run out, and nothing left", of(), with(func(p *Policy) { p.Ignores = []Ignore{by("A", day(-1))} }), "WARNED expired-ignore(low)"},
		{"nothing to ignore", of(), with(func(p *Policy) { p.Ignores = []Ignore{by("A", day(1))} }), "PASSED unused-ignore(info)"},
		{
			"by the source package", of(flaw("A", finding.High)),
			with(func(p *Policy) { p.Ignores = []Ignore{by("A", day(1), func(i *Ignore) { i.Package = "openssl" })} }), "PASSED A=ignored",
		},
		{
			"of another package", of(flaw("A", finding.High)),
			with(func(p *Policy) { p.Ignores = []Ignore{by("A", day(1), func(i *Ignore) { i.Package = "curl" })} }), "FAILED !A unused-ignore(info)",
		},
		{
			"by a path with stars", of(flaw("A", finding.High, func(f *result.Finding) { f.Path = "app/x/package-lock.json" })),
			with(func(p *Policy) {
				p.Ignores = []Ignore{by("A", day(1), func(i *Ignore) { i.Path = "app/*/package-lock.json" })}
			}), "PASSED A=ignored",
		},
		{
			"in another folder", of(flaw("A", finding.High, func(f *result.Finding) { f.Path = "app/x/y/package-lock.json" })),
			with(func(p *Policy) {
				p.Ignores = []Ignore{by("A", day(1), func(i *Ignore) { i.Path = "app/*/package-lock.json" })}
			}), "FAILED !A unused-ignore(info)",
		},
		{"a prefix is not the id", of(flaw("CVE-1", finding.High)), with(func(p *Policy) { p.Ignores = []Ignore{by("CVE", day(1))} }), "FAILED !CVE-1 unused-ignore(info)"},
		{
			"known, in another version", of(flaw("A", finding.High), flaw("B", finding.High)),
			with(func(p *Policy) {
				p.Known = map[string]bool{flaw("A", finding.Low, func(f *result.Finding) { f.Version = "2" }).Key(): true}
			}), "FAILED !B A=known",
		},
		{"unrated", of(flaw("A", finding.Info)), high, "WARNED +A"},
		{
			"end of life", &result.Result{Reports: []result.Report{{OS: result.OS{Family: "debian", Version: "9", EndOfLife: true}}}}, high,
			"FAILED end-of-life(high)",
		},
		{"not scanned", &result.Result{Reports: []result.Report{{Unscanned: []string{"no list"}}}}, with(func(p *Policy) { p.Fail = finding.Critical }), "FAILED not-scanned(high)"},
		{"not scanned, and nothing is to fail", &result.Result{Reports: []result.Report{{Unscanned: []string{"no list"}}}}, with(func(p *Policy) { p.Fail = "" }), "WARNED not-scanned(high)"},
		{
			"an old base", &result.Result{Reports: []result.Report{{Base: result.Base{Created: day(-31)}}}}, with(func(p *Policy) { p.MaxBaseAge = 30 * Day }),
			"WARNED old-base(medium)",
		},
		{"a base whose age nobody knows", of(), with(func(p *Policy) { p.MaxBaseAge = Day }), "PASSED"},
		{"a stale database", &result.Result{Databases: []result.Database{{Name: "vulnerabilities", Stale: "nobody answered"}}}, high, "WARNED stale-database(low)"},
		{
			"excused", &result.Result{Reports: []result.Report{{Excused: []result.Excused{{Finding: flaw("A", finding.High), Status: "not_affected"}}}}}, high,
			"PASSED A=vex",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := told(Judge(row.result, row.policy)); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestPlatformsAreOne(t *testing.T) {
	both := &result.Result{Reports: []result.Report{
		{Platform: "linux/amd64", Findings: []result.Finding{flaw("A", finding.High), flaw("B", finding.Low)}},
		{Platform: "linux/arm64", Findings: []result.Finding{flaw("A", finding.High), flaw("B", finding.Low, func(f *result.Finding) { f.Version = "3.0.0" })}},
	}}
	j := Judge(both, Policy{Now: now})
	var got []string
	for _, f := range j.Found {
		got = append(got, f.ID+" "+f.Version+" "+strings.Join(f.Platforms, ","))
	}
	if want := []string{"A 3.0.1 linux/amd64,linux/arm64", "B 3.0.1 linux/amd64", "B 3.0.0 linux/arm64"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if j.Count(finding.High) != 1 || j.Count(finding.Low) != 2 {
		t.Errorf("got %d and %d", j.Count(finding.High), j.Count(finding.Low))
	}
}

// What is shown one by one and what fails do not touch each other.
func TestShown(t *testing.T) {
	all := of(flaw("A", finding.High), flaw("B", finding.Medium), flaw("C", finding.Low))
	for _, row := range []struct {
		fail, report finding.Severity
		want         string
	}{
		{finding.High, finding.Low, "ABC"},
		{finding.High, finding.Critical, "A"},
		{finding.Low, finding.High, "ABC"},
		{"", finding.Medium, "AB"},
		{"", "", ""},
	} {
		p := Policy{Fail: row.fail, Report: row.report, Now: now}
		j, got := Judge(all, p), ""
		for _, f := range j.Shown(p) {
			got += f.ID
		}
		if got != row.want || len(j.Found) != 3 {
			t.Errorf("fail %q, report %q: got %s of %d, want %s", row.fail, row.report, got, len(j.Found), row.want)
		}
	}
}

func TestWhy(t *testing.T) {
	j := Judge(of(flaw("A", finding.High), flaw("B", finding.Critical), result.Finding{Kind: result.Secret, ID: "k", Severity: finding.High}), Policy{Fail: finding.High, Now: now})
	want := []string{"got 2 vulnerabilities of severity high or worse, want none", "got 1 secret of severity high or worse, want none"}
	if !slices.Equal(j.Why, want) {
		t.Errorf("got %q", j.Why)
	}
}
