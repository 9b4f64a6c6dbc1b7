package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// Day is what is counted in.
const Day = 24 * time.Hour

// ignores are findings about ignores: one that has run out and is still wanted, and
// one that covers nothing any more.
func (p Policy) ignores(used []bool) (all []finding.Finding) {
	for i, ignore := range p.Ignores {
		what := ignore.ID
		if ignore.Package != "" {
			what += " in " + ignore.Package
		}
		switch expired := !p.Now.Before(ignore.Expires); {
		case expired:
			f := finding.Finding{
				Rule: "scan/expired-ignore", Severity: finding.Medium, Location: ignore.At,
				Message: fmt.Sprintf("the ignore of %s ran out after %s, and does not count any more; %s answered for it: %s", what, ignore.Expires.AddDate(0, 0, -1).Format(time.DateOnly), ignore.Owner, ignore.Reason),
				Hint:    "fix what it covers, or have its owner look at it again and give a later day",
			}
			if !used[i] {
				f.Severity, f.Hint = finding.Low, "nothing is left that it covers: remove it"
			}
			all = append(all, f)
		case !used[i]:
			all = append(all, finding.Finding{
				Rule: "scan/unused-ignore", Severity: finding.Info, Location: ignore.At,
				Message: fmt.Sprintf("the ignore of %s covers nothing that was found", what), Hint: "remove it",
			})
		}
	}
	return all
}

// about are findings about what the scan is worth.
func (p Policy) about(r *result.Result) (all []finding.Finding) {
	for _, report := range r.Reports {
		on := ""
		if report.Platform != "" && len(r.Reports) > 1 {
			on = report.Platform + ": "
		}
		for _, what := range report.Unscanned {
			all = append(all, finding.Finding{
				Rule: "scan/not-scanned", Severity: finding.High, Message: on + what,
				Hint: "what was not looked at is not clean: leave the list of packages in the image, build on a release that has advisories, mend the file, or bring Terraform's modules by terraform init",
			})
		}
		if report.OS.EndOfLife {
			all = append(all, finding.Finding{
				Rule: "scan/end-of-life", Severity: finding.High,
				Message: fmt.Sprintf("%s%s %s gets no security updates any more: that nothing is known against a package means little", on, report.OS.Family, report.OS.Version),
				Hint:    "build on a version that is maintained",
			})
		}
		if age := p.Now.Sub(report.Base.Created); p.MaxBaseAge > 0 && !report.Base.Created.IsZero() && age > p.MaxBaseAge {
			all = append(all, finding.Finding{
				Rule: "scan/old-base", Severity: finding.Medium,
				Message: fmt.Sprintf("%sthe base image%s was made %s ago, want at most %s", on, named(report.Base), Days(age), Days(p.MaxBaseAge)),
				Hint:    "build again on a newer one",
			})
		}
	}
	for _, db := range r.Databases {
		if db.Stale != "" {
			all = append(all, finding.Finding{
				Rule: "scan/stale-database", Severity: finding.Low,
				Message: fmt.Sprintf("the database of %s is of %s: %s", db.Name, db.Updated.Format(time.DateTime), db.Stale),
				Hint:    "what became known since then was not looked for",
			})
		}
	}
	return all
}

func named(b result.Base) string {
	if b.Name == "" {
		return ""
	}
	return " " + strconv.Quote(b.Name)
}

// Days is a duration in whole days, or in hours below two.
func Days(d time.Duration) string {
	if d < 2*Day {
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/Day), "day")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && noun != "day" {
		return strconv.Itoa(n) + " " + stem + "ies"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// conclude says the verdict. What was not scanned fails it whatever counts, but
// where nothing is to fail.
func (p Policy) conclude(j *Judgement, r *result.Result) {
	failing := map[result.Kind]int{}
	for _, f := range j.Found {
		if f.Fails {
			failing[f.Kind]++
		}
	}
	for _, kind := range result.Kinds {
		if n := failing[kind]; n > 0 {
			j.Why = append(j.Why, fmt.Sprintf("got %s of severity %s or worse, want none", plural(n, nouns[kind]), p.Fail))
		}
	}
	about := slices.ContainsFunc(j.About, func(f finding.Finding) bool { return f.Severity != finding.Info })
	for _, f := range j.About {
		if p.Fatal(f) {
			j.Why = append(j.Why, f.Message)
		}
	}
	switch {
	case len(j.Why) > 0:
		j.Verdict = Failed
	case len(j.Found) > 0 || about || slices.ContainsFunc(r.Reports, func(r result.Report) bool { return len(r.Unscanned) > 0 }):
		j.Verdict = Warned
	}
}

// Fatal says whether a finding about the scan itself fails it.
func (p Policy) Fatal(f finding.Finding) bool {
	return p.fails(f.Severity) || p.Fail != "" && f.Rule == "scan/not-scanned"
}

var nouns = map[result.Kind]string{
	result.Vulnerability: "vulnerability", result.Secret: "secret", result.Misconfiguration: "misconfiguration", result.License: "licence",
}

func position(f result.Finding) string { return strconv.Itoa(f.Line) + "-" + strconv.Itoa(f.EndLine) }

// String is a finding in one line.
func (o One) String() string {
	var b strings.Builder
	b.WriteString(o.Sentence())
	if len(o.Platforms) > 0 && o.Platforms[0] != "" {
		fmt.Fprintf(&b, " (%s)", strings.Join(o.Platforms, ", "))
	}
	return b.String()
}
