package scanimage

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

const (
	toolName = "checkout-deploy/scan-image"
	toolURI  = "https://github.com/org/checkout-deploy"
)

// sarifOf is the scan for code scanning: every finding that counts, whatever is shown
// or fails, and those about the scan. Those that do not count are a number. place is
// where findings without a file are shown: the Dockerfile, or the image's name; folder
// is where a scanned folder is in the repository.
func sarifOf(j *policy.Judgement, r *result.Result, place, folder, version string) finding.Run {
	run := finding.Run{
		Tool:       finding.Tool{Name: toolName, Version: version, URI: toolURI},
		Category:   category(r.Artifact),
		Place:      place,
		Suppressed: len(j.Aside),
		Incomplete: incomplete(r),
	}
	rules := map[string]int{}
	for _, one := range j.Found { // the worst first: it gives the severity
		f := one.Annotation()
		f.Fingerprint = keyOf(one.Finding)
		if f.Location.Path != "" && slices.Contains(one.Platforms, "") && !path.IsAbs(f.Location.Path) {
			f.Location.Path = path.Join(folder, f.Location.Path)
		}
		run.Findings = append(run.Findings, f)
		i, known := rules[f.Rule]
		if !known {
			i = len(run.Rules)
			rules[f.Rule] = i
			run.Rules = append(run.Rules, rule(one, f))
		}
		if of := &run.Rules[i]; inBand(of.Severity, one.Score) {
			of.Score = max(of.Score, one.Score)
		}
	}
	run.Findings = append(run.Findings, j.About...)
	run.Rules = append(run.Rules, rulesAbout(j.About)...)
	return run
}

// category keeps the images of a repository apart. It has no tag or digest: those are
// others at every scan, and the alerts of the one before would stay open.
func category(artifact string) string {
	name, _, _ := strings.Cut(artifact, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	return toolName + "/" + name
}

func incomplete(r *result.Result) string {
	var all []string
	for _, one := range r.Reports {
		for _, what := range one.Unscanned {
			if !slices.Contains(all, what) {
				all = append(all, what)
			}
		}
	}
	return strings.Join(all, "; ")
}

func rule(one policy.One, f finding.Finding) finding.Rule {
	title := cmp.Or(one.Title, one.Message, one.ID)
	out := finding.Rule{
		ID: f.Rule, Short: title, Severity: one.Severity, Security: one.Kind != result.License,
		URI: address(one.URL), Tags: []string{string(one.Kind), one.Ecosystem},
	}
	out.Help = title
	for _, more := range []string{f.Hint, out.URI} {
		if more != "" {
			out.Help += "\n\n" + more
		}
	}
	return out
}

// address is a web address of unknown origin, or "" if it is none.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// inBand says whether code scanning would put the same word to a score. Somebody else
// than the one who gave the severity may have given it, and the severity counts.
func inBand(s finding.Severity, score float64) bool {
	band := map[finding.Severity][2]float64{
		finding.Critical: {9.1, 10}, finding.High: {7, 9}, finding.Medium: {4, 6.9}, finding.Low: {0.1, 3.9},
	}[s]
	return score > 0 && score >= band[0] && score <= band[1]
}

// shortAbout describes the findings about the scan.
var shortAbout = map[string]string{
	"scan/not-scanned":    "Something that was to be scanned was not",
	"scan/end-of-life":    "The distribution gets no security updates any more",
	"scan/old-base":       "The base image is old",
	"scan/stale-database": "An older database was used",
	"scan/expired-ignore": "An ignore has run out",
	"scan/unused-ignore":  "An ignore covers nothing",
}

func rulesAbout(all []finding.Finding) (rules []finding.Rule) {
	for _, f := range all { // the worst first
		if slices.ContainsFunc(rules, func(r finding.Rule) bool { return r.ID == f.Rule }) {
			continue
		}
		short := cmp.Or(shortAbout[f.Rule], f.Rule)
		rules = append(rules, finding.Rule{
			ID: f.Rule, Short: short, Help: fmt.Sprintf("%s: %s.", short, f.Hint), Severity: f.Severity,
			Security: f.Severity != finding.Info, Tags: []string{"scan"},
		})
	}
	return rules
}
