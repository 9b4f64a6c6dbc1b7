package scanimage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/report"
	"github.com/org/checkout-deploy/internal/scan/advice"
	"github.com/org/checkout-deploy/internal/scan/policy"
	"github.com/org/checkout-deploy/internal/scan/result"
)

const (
	maxAdvice  = 6     // that are open; the others are behind a click
	maxTable   = 1_000 // rows of a table in a page: browsers become slow
	maxReasons = 5
)

// view is what a page is drawn from.
type view struct {
	j     *policy.Judgement
	r     *result.Result
	p     policy.Policy
	trivy string
}

// pageOf tells people of a scan: how it ended, what to do first, what was found, what
// does not count, and what the scan is worth. version is scan-image's, trivy the
// engine's.
func pageOf(j *policy.Judgement, r *result.Result, p policy.Policy, steps []advice.Advice, version, trivy string) report.Page {
	return view{j, r, p, trivy}.page(steps, version)
}

func (v view) page(steps []advice.Advice, version string) report.Page {
	p := report.Page{
		Title: "Scan of " + v.r.Artifact, Tool: "scan-image",
		Status: statuses[v.j.Verdict], Verdict: v.verdict(),
		Facts: v.facts(), Foot: "scan-image " + version,
		Sections: []report.Section{{Title: "Findings by severity", Blocks: []report.Block{v.figures(), v.notScanned()}}},
	}
	add := func(title, intro string, blocks ...report.Block) {
		blocks = slices.DeleteFunc(blocks, func(b report.Block) bool { return b == nil })
		if len(blocks) > 0 {
			p.Sections = append(p.Sections, report.Section{Title: title, Intro: intro, Blocks: blocks})
		}
	}
	add("What to do first", "What mends the most is first.", adviceBlocks(steps)...)
	add("About the scan", "What is to be known of the scan itself.", v.about())
	for _, kind := range result.Kinds {
		add(titles[kind], "", v.found(kind))
	}
	add("Not shown", "", v.hidden())
	add("What does not count", "Somebody answers for it, it is not new, or nobody has fixed it.", v.aside())
	add("What the scan is worth", "Nothing is known of what a database does not have, or not yet.", v.databases(), v.platforms(), v.digests())
	return p
}

var statuses = map[policy.Verdict]report.Status{policy.Passed: report.Passed, policy.Warned: report.Warning, policy.Failed: report.Failed}

var titles = map[result.Kind]string{
	result.Vulnerability: "Vulnerable packages", result.Secret: "Secrets",
	result.Misconfiguration: "Misconfigurations", result.License: "Licences",
}

// verdict is one sentence or a few. What was not scanned is never called clean.
func (v view) verdict() string {
	j := v.j
	if j.Verdict == policy.Failed {
		why := j.Why[:min(len(j.Why), maxReasons)]
		text := strings.Join(why, "; ")
		if more := len(j.Why) - len(why); more > 0 {
			text += fmt.Sprintf("; and %d more", more)
		}
		return "It fails: " + text + "."
	}
	text := "Nothing that counts was found"
	switch n := len(j.Found); {
	case n > 0:
		text = fmt.Sprintf("%s, and none fails the scan", count(n, "finding"))
	case j.Verdict == policy.Warned:
		text = "Nothing that counts was found in what was scanned, but see what the scan is worth"
	}
	if v.p.Fail == "" {
		text += " (nothing is to fail it)"
	}
	return text + "."
}

func (v view) facts() []report.Fact {
	facts := []report.Fact{{Label: "Artifact", Value: report.Code(v.r.Artifact)}}
	if v.r.Digest != "" {
		facts = append(facts, report.Fact{Label: "Digest", Value: report.Code(v.r.Digest)})
	}
	facts = append(facts,
		report.Fact{Label: "Scanned", Value: moment(v.p.Now)},
		report.Fact{Label: "Engine", Value: report.Text("Trivy " + v.trivy)},
		report.Fact{Label: "Fails from", Value: report.Text(cmp.Or(string(v.p.Fail), "never"))},
		report.Fact{Label: "Shown from", Value: report.Text(cmp.Or(string(v.p.Report), "what fails"))},
	)
	if v.p.Known != nil {
		facts = append(facts, report.Fact{Label: "Only new against", Value: report.Text(v.p.KnownFrom)})
	}
	return facts
}

func moment(t time.Time) report.Value {
	if t.IsZero() {
		return report.Mark{Status: report.Unknown, Text: "not known"}
	}
	return report.Text(t.UTC().Format("2006-01-02 15:04 UTC"))
}

func (v view) figures() report.Figures {
	var out report.Figures
	for _, severity := range slices.Backward(finding.Severities) {
		n := v.j.Count(severity)
		f := report.Fact{Label: strings.ToUpper(string(severity[:1])) + string(severity[1:]), Value: report.Count(n)}
		if severity == finding.Info {
			f.Label = "Unrated"
		}
		if n > 0 && v.p.Fail != "" && severity.Rank() >= v.p.Fail.Rank() {
			f.Status = report.Failed
		}
		if v.p.Known != nil {
			f.Note = "new"
		}
		out = append(out, f)
	}
	return append(out, report.Fact{Label: "Do not count", Value: report.Count(len(v.j.Aside)), Note: v.whys()})
}

// whys says why the findings aside do not count.
func (v view) whys() string {
	var all []string
	for _, why := range policy.Whys {
		n := 0
		for _, a := range v.j.Aside {
			if a.Why == why {
				n++
			}
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, whyWords[why]))
		}
	}
	return strings.Join(all, ", ")
}

var whyWords = map[policy.Why]string{
	policy.Ignored: "ignored", policy.Excused: "excused by VEX", policy.Known: "not new", policy.Unfixed: "without a fix",
}

func (v view) notScanned() report.Block {
	var all report.Paragraph
	for _, r := range v.r.Reports {
		for _, text := range r.Unscanned {
			if r.Platform != "" && len(v.r.Reports) > 1 {
				text = r.Platform + ": " + text
			}
			all = append(all, report.Text(stopped(text)))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return report.Callout{Status: report.Unknown, Title: "Not all of it was scanned", Text: all[:min(len(all), maxReasons)]}
}

func stopped(s string) string { return strings.TrimSuffix(s, ".") + "." }

// adviceBlocks are the first ones, and the others closed.
func adviceBlocks(all []advice.Advice) (out []report.Block) {
	for _, a := range all[:min(len(all), maxAdvice)] {
		mark := mends(a)
		out = append(out, report.Callout{Status: mark.Status, Title: a.Sentence, Text: report.Paragraph{
			report.Text(does[a.Kind == advice.Wait] + mark.Text + ". " + known(a)),
		}})
		if len(a.Below) > 0 {
			title := fmt.Sprintf("The %s of the base image one by one", count(len(a.Below), "package"))
			out = append(out, report.Details{Summary: title, Blocks: []report.Block{adviceTable("In place of a newer base image", a.Below)}})
		}
	}
	if more := len(all) - maxAdvice; more > 0 {
		out = append(out, report.Details{Summary: fmt.Sprintf("And %d more", more), Blocks: []report.Block{adviceTable("After those", all[maxAdvice:])}})
	}
	return out
}

// does says what an advice does about its findings: nothing mends those that wait.
var does = map[bool]string{false: "Mends ", true: "About "}

func adviceTable(caption string, all []advice.Advice) report.Table {
	t := report.Table{Caption: caption, Columns: []string{"What to do", "Mends", "Known of it"}}
	for _, a := range all {
		t.Rows = append(t.Rows, []report.Value{report.Text(a.Sentence), mends(a), report.Text(known(a))})
	}
	return bounded(t)
}

// known is what there is to say of an advice.
func known(a advice.Advice) string {
	details := slices.Clone(a.Details)
	if slices.Contains([]advice.Kind{advice.Raise, advice.Rebase, advice.Wait}, a.Kind) { // the others' say it
		of := "Findings: " + strings.Join(a.IDs, ", ")
		if a.Total() > len(a.IDs) {
			of += " and others"
		}
		details = append(details, of+".")
	}
	return strings.Join(details, " ")
}

func mends(a advice.Advice) report.Mark {
	mark := report.Mark{Status: report.Info}
	if a.Fails {
		mark.Status = report.Failed
	}
	var counts []string
	left := a.Total()
	for _, s := range slices.Backward(finding.Severities) {
		if n := a.Counts[s]; n > 0 && len(counts) < 2 {
			counts = append(counts, fmt.Sprintf("%d %s", n, word(s)))
			left -= n
		}
	}
	if left > 0 {
		counts = append(counts, fmt.Sprintf("%d more", left))
	}
	mark.Text = strings.Join(counts, ", ")
	return mark
}

func (v view) about() report.Block {
	if len(v.j.About) == 0 {
		return nil
	}
	return report.Findings(v.j.About)
}

// hidden says what is milder than what is shown one by one.
func (v view) hidden() report.Block {
	n := len(v.j.Found) - len(v.j.Shown(v.p))
	if n == 0 {
		return nil
	}
	return report.Paragraph{report.Text(count(n, "milder finding") + " that count are in result.json and in the SARIF file.")}
}

// headline is a scan in one line.
func headline(j *policy.Judgement, r *result.Result) string {
	var counts []string
	for _, s := range slices.Backward(finding.Severities) {
		if n := j.Count(s); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, word(s)))
		}
	}
	packages, missed := 0, 0
	for _, one := range r.Reports {
		packages += one.Packages
		missed += len(one.Unscanned)
	}
	text := fmt.Sprintf("%s: %s; %s", j.Verdict, cmp.Or(strings.Join(counts, ", "), "nothing that counts"), count(packages, "package"))
	if missed > 0 {
		text += ", and not all was scanned"
	}
	if n := len(j.Aside); n > 0 {
		text += fmt.Sprintf("; %d more do not count", n)
	}
	return text
}
