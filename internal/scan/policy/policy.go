// Package policy decides what of a scan counts: what is shown, what fails it, what
// somebody answers for, and what the scan itself is worth. It does no I/O.
package policy

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// Policy says what counts.
type Policy struct {
	// Fail is the mildest severity that fails the scan, Report the mildest that is
	// shown one by one; "" for none. The two do not touch each other.
	Fail, Report finding.Severity
	// IgnoreUnfixed leaves out vulnerabilities that no version fixes yet.
	IgnoreUnfixed bool
	// Known are the findings of an earlier result, or of the base image, by KnownKey:
	// they do not fail the scan. nil for all are new.
	Known map[string]bool
	// KnownFrom says in a few words where Known is from.
	KnownFrom string
	// Scanners are what was looked for, SkipDirs what was passed over, and VEX the
	// files of statements: they decide nothing here, and belong to what a verdict
	// means.
	Scanners, SkipDirs, VEX []string
	Ignores                 []Ignore
	// MaxBaseAge is how old the base image may be; 0 for as old as it likes.
	MaxBaseAge time.Duration
	Now        time.Time
}

// Ignore is what somebody answers for, until a day.
type Ignore struct {
	// ID is a finding's, whole; Package and Path narrow it down, "" for any. Path
	// may have stars, as path.Match has them.
	ID, Package, Path string
	Owner, Reason     string
	// Expires is the first moment at which it does not count any more.
	Expires time.Time
	At      finding.Location // where it is written
}

// Why says why a finding does not fail the scan.
type Why string

// The reasons.
const (
	Ignored Why = "ignored" // by an Ignore
	Excused Why = "vex"     // by a VEX statement
	Known   Why = "known"   // it is not new
	Unfixed Why = "unfixed" // no version fixes it
)

// Whys lists every Why.
var Whys = []Why{Ignored, Excused, Known, Unfixed}

// One is a finding and where it is: in how many platforms the same.
type One struct {
	result.Finding
	Platforms []string // that have it; of a folder one, ""
	Fails     bool
}

// Aside is a finding that does not count.
type Aside struct {
	One
	Why    Why
	Owner  string
	Reason string
	Until  time.Time // zero for no end
}

// Verdict is in-toto's word for a test result.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "PASSED"
	Warned Verdict = "WARNED" // what was found does not fail it
	Failed Verdict = "FAILED"
)

// Judgement is what a policy makes of a result.
type Judgement struct {
	Verdict Verdict
	// Found are the findings that count, in result.Sort's order, one for all
	// platforms that have it. Counts, by severity, is of these.
	Found []One
	Aside []Aside
	// About are findings about the scan itself: an ignore that has run out, a
	// distribution without updates, what was not scanned. They are never left out.
	About []finding.Finding
	// Why are the reasons for a Failed, a sentence each.
	Why []string
}

// Count counts the findings that count, of a severity.
func (j *Judgement) Count(s finding.Severity) (n int) {
	for _, f := range j.Found {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Shown are the findings that are shown one by one.
func (j *Judgement) Shown(p Policy) (all []One) {
	for _, f := range j.Found {
		if f.Fails || p.Report != "" && f.Severity.Rank() >= p.Report.Rank() {
			all = append(all, f)
		}
	}
	return all
}

// Judge judges a result.
func Judge(r *result.Result, p Policy) *Judgement {
	j := &Judgement{Verdict: Passed}
	used := make([]bool, len(p.Ignores))
	for _, one := range merged(r) {
		if aside, ok := p.aside(one, used); ok {
			j.Aside = append(j.Aside, aside)
			continue
		}
		one.Fails = p.fails(one.Severity)
		j.Found = append(j.Found, one)
	}
	for _, report := range r.Reports {
		for _, e := range report.Excused {
			j.Aside = append(j.Aside, Aside{
				One: One{Finding: e.Finding, Platforms: []string{report.Platform}},
				Why: Excused, Owner: e.File, Reason: cmp.Or(e.Reason, e.Status),
			})
		}
	}
	j.About = append(p.ignores(used), p.about(r)...)
	finding.Sort(j.About)
	p.conclude(j, r)
	return j
}

func (p Policy) fails(s finding.Severity) bool { return p.Fail != "" && s.Rank() >= p.Fail.Rank() }

// aside says why a finding does not count. An ignore comes first: it names who
// answers.
func (p Policy) aside(one One, used []bool) (a Aside, ok bool) {
	for i, ignore := range p.Ignores {
		if !ignore.covers(one.Finding) {
			continue
		}
		used[i] = true
		if !p.Now.Before(ignore.Expires) {
			continue // which is a finding of its own
		}
		return Aside{One: one, Why: Ignored, Owner: ignore.Owner, Reason: ignore.Reason, Until: ignore.Expires}, true
	}
	switch {
	case p.Known[one.KnownKey()]:
		return Aside{One: one, Why: Known, Reason: p.KnownFrom}, true
	case p.IgnoreUnfixed && one.Kind == result.Vulnerability && one.Fixed == "":
		return Aside{One: one, Why: Unfixed, Reason: cmp.Or(one.Status, "affected")}, true
	}
	return a, false
}

func (i Ignore) covers(f result.Finding) bool {
	if i.ID != f.ID || i.Package != "" && i.Package != f.Package && i.Package != f.Source {
		return false
	}
	if i.Path == "" || i.Path == f.Path {
		return true
	}
	ok, err := path.Match(i.Path, f.Path)
	return ok && err == nil
}

// merged makes one of what several platforms have alike.
func merged(r *result.Result) []One {
	type same struct{ key, version, layer string }
	var all []One
	at := map[same]int{}
	for _, report := range r.Reports {
		for _, f := range report.Findings {
			k := same{f.Key() + "\x00" + f.Fixed, f.Version, ""}
			if f.Line > 0 {
				k.layer = strings.Join([]string{f.Layer, f.Title, position(f)}, "\x00")
			}
			if i, ok := at[k]; ok && !slices.Contains(all[i].Platforms, report.Platform) {
				all[i].Platforms = append(all[i].Platforms, report.Platform)
				continue
			}
			at[k] = len(all)
			all = append(all, One{Finding: f, Platforms: []string{report.Platform}})
		}
	}
	slices.SortStableFunc(all, func(a, b One) int { return result.Compare(a.Finding, b.Finding) })
	return all
}
