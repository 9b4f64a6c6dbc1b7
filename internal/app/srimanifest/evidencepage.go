package srimanifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/report"
)

// evidencePage draws a pack of evidence for people who read and print it. Its
// status is never Passed: a pack says what was seen, and others judge.
func evidencePage(p *evidence.Pack) report.Page {
	page := report.Page{
		Title:  strings.TrimSpace("Evidence for the payment page of " + p.Subject.Name),
		Tool:   p.Tool.Name,
		Status: report.Info,
		Verdict: "Evidence supporting PCI DSS v4.0.1 requirements 6.4.3 and 11.6.1. It says what was seen and who approved it; " +
			"whether the requirements are met is for the assessor and the entity to say.",
		Facts: evidenceFacts(p),
		Foot:  p.Tool.Name + " " + p.Tool.Version,
	}
	if p.Subject.Name == "" {
		page.Title = "Evidence for a payment page"
	}
	page.Sections = []report.Section{
		{Title: "Scope and method", Intro: "The pages that this is about, and what was looked at.", Blocks: []report.Block{scopeTable(p), methodTable(p), notesList(p)}},
		{Title: "Control mapping", Intro: "Which part supports which requirement, and what this pack can't show.", Blocks: controlLists(p)},
		{Title: "Findings", Blocks: []report.Block{evidenceFindings(p)}},
		{Title: "Inventory and approvals", Intro: "Scripts of others first: each was looked at by itself. Scripts of the release are approved with it.", Blocks: inventoryBlocks(p)},
		{Title: "Hashes", Intro: "Of the release's files, as Subresource Integrity writes them. Those of other scripts are above.", Blocks: []report.Block{hashTable(p)}},
		{Title: "Headers", Intro: "Generated ones are those that the release brings; received ones came with the page.", Blocks: headerBlocks(p)},
		{Title: "Changes", Intro: "Since the previous pack.", Blocks: []report.Block{changeTable(p)}},
	}
	for i := range page.Sections {
		page.Sections[i].Blocks = slices.DeleteFunc(page.Sections[i].Blocks, func(b report.Block) bool { return b == nil })
	}
	return page
}

func evidenceFacts(p *evidence.Pack) []report.Fact {
	previous := report.Value(report.Text("none, this is the first"))
	if !p.Previous.IsZero() {
		previous = report.Code(p.Previous.String())
	}
	release := report.Value(report.Text("not known"))
	if !p.Subject.Release.IsZero() {
		release = report.Code(p.Subject.Release.String())
	}
	facts := []report.Fact{
		{Label: "Pack", Value: report.Text(fmt.Sprintf("number %d", p.Sequence))},
		{Label: "Made", Value: report.Text(p.Made.Format("2006-01-02 15:04 UTC"))},
		{Label: "Release", Value: release},
		{Label: "Previous pack (SHA-256)", Value: previous},
	}
	for _, f := range []struct{ label, text string }{
		{"Repository", p.Origin.Repository}, {"Commit", p.Origin.Commit}, {"Started by", p.Origin.Actor}, {"Event", p.Origin.Trigger},
	} {
		if f.text != "" {
			facts = append(facts, report.Fact{Label: f.label, Value: report.Code(f.text)})
		}
	}
	if p.Origin.Run != "" {
		facts = append(facts, report.Fact{Label: "Run", Value: report.Link{Text: p.Origin.Run, URL: p.Origin.Run}})
	}
	return facts
}

func scopeTable(p *evidence.Pack) report.Block {
	if len(p.Subject.Pages) == 0 {
		return report.Callout{Status: report.Unknown, Title: "No page is named", Text: report.Paragraph{report.Text("Without the pages nobody can tell what this evidence is of.")}}
	}
	t := report.Table{Caption: "Pages", Columns: []string{"Page", "Purpose"}}
	for _, page := range p.Subject.Pages {
		t.Rows = append(t.Rows, []report.Value{report.Code(page.URL), report.Text(page.Purpose)})
	}
	return t
}

func methodTable(p *evidence.Pack) report.Block {
	t := report.Table{Caption: "What was looked at", Columns: []string{"Step", "Outcome", "Note"}}
	for _, s := range []struct {
		name string
		step evidence.Step
	}{
		{"The release's bytes were compared with its record", p.Method.Release},
		{"The inventory was compared with what was seen", p.Method.Inventory},
		{"The live pages were fetched, with their headers", p.Method.Fetched},
		{"The live pages were run in a browser", p.Method.Executed},
		{"An alert was raised, or proved to be by a drill", p.Method.Alert},
	} {
		mark := map[evidence.Outcome]report.Mark{
			evidence.Done: {Status: report.Passed, Text: "Done"}, evidence.Partial: {Status: report.Warning, Text: "In part"},
		}[s.step.Outcome]
		if mark.Text == "" {
			mark = report.Mark{Status: report.Unknown, Text: "Not done"}
		}
		t.Rows = append(t.Rows, []report.Value{report.Text(s.name), mark, report.Text(s.step.Note)})
	}
	return t
}

func notesList(p *evidence.Pack) report.Block {
	if len(p.Notes) == 0 {
		return nil
	}
	var l report.List
	for _, n := range p.Notes {
		l = append(l, report.Paragraph{report.Text(n)})
	}
	return l
}

func controlLists(p *evidence.Pack) []report.Block {
	var out []report.Block
	for _, c := range p.Controls {
		out = append(out, described(c.ID+": "+c.Asks, [][2]string{{"Supported by", c.Evidence}, {"In this pack", c.Here}, {"Not shown", c.Missing}}))
	}
	return out
}

// described is a table of a thing's parts, which prints well with long texts.
func described(caption string, parts [][2]string) report.Table {
	t := report.Table{Caption: caption, Columns: []string{"Part", "Text"}}
	for _, part := range parts {
		t.Rows = append(t.Rows, []report.Value{report.Text(part[0]), report.Text(cmp.Or(part[1], "none"))})
	}
	return t
}

func evidenceFindings(p *evidence.Pack) report.Block {
	if len(p.Findings) == 0 {
		return report.Paragraph{report.Text("Nothing was found in what was looked at.")}
	}
	var all report.Findings
	for _, f := range p.Findings {
		all = append(all, finding.Finding{
			Rule: f.Rule, Severity: f.Severity, Message: f.Message, Hint: f.Hint,
			Location: finding.Location{Path: f.Path, Line: f.Line},
		})
	}
	return all
}

// inventoryBlocks have a table for each script of others, those that are not
// approved first, and one for all of the release's.
func inventoryBlocks(p *evidence.Pack) []report.Block {
	var out []report.Block
	third := slices.DeleteFunc(slices.Clone(p.Scripts), func(s evidence.Script) bool { return s.Party != "third" })
	slices.SortStableFunc(third, func(a, b evidence.Script) int { return cmp.Compare(stateRank(a.State), stateRank(b.State)) })
	for _, s := range third {
		out = append(out, thirdParty(s))
	}
	own := report.Table{Caption: "Scripts and styles of the release", Columns: []string{"Inventory line", "State", "Files", "Owner", "Justification", "Approval"}}
	lines := map[string]int{}
	for _, s := range p.Scripts {
		if s.Party == "third" {
			continue
		}
		key := s.Entry + "\x00" + s.State
		i, ok := lines[key]
		if !ok {
			i = len(own.Rows)
			lines[key] = i
			own.Rows = append(own.Rows, []report.Value{report.Text(cmp.Or(s.Entry, "none")), stateMark(s.State), report.Count(0), report.Text(s.Owner), joined(s.Purpose, s.Justification), approvalText(s)})
		}
		if n, ok := own.Rows[i][2].(report.Count); ok {
			own.Rows[i][2] = n + 1
		}
	}
	if len(own.Rows) > 0 {
		out = append(out, own)
	}
	if out == nil {
		out = []report.Block{report.Paragraph{report.Text("No script was seen, and the inventory names none.")}}
	}
	return out
}

func thirdParty(s evidence.Script) report.Table {
	t := described(s.Name, [][2]string{
		{"Kind, page", string(joined(s.Kind, s.Page))},
		{"Source", s.Source},
		{"Owner", s.Owner},
		{"Purpose", s.Purpose},
		{"Justification", s.Justification},
		{"Approval", string(approvalText(s))},
		{"Bytes", bytesText(s)},
	})
	t.Rows = slices.Insert(t.Rows, 0, []report.Value{report.Text("State"), stateMark(s.State)})
	t.Rows = append(t.Rows, []report.Value{report.Text("Hash"), hashValue(s)})
	for _, hash := range s.Pin {
		t.Rows = append(t.Rows, []report.Value{report.Text("Pin"), report.Code(hash)})
	}
	return t
}

// stateRank puts what is not approved first.
func stateRank(state string) int {
	return map[report.Status]int{report.Unknown: 1, report.Warning: 2, report.Passed: 3}[stateMark(state).Status]
}

func stateMark(state string) report.Mark {
	m := report.Mark{Status: report.Failed, Text: state}
	switch state {
	case "approved":
		m.Status = report.Passed
	case "exception":
		m.Status = report.Warning
	case "unknown", "unseen", notListed:
		m.Status = report.Unknown
	}
	return m
}

func joined(texts ...string) report.Text {
	return report.Text(strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "; "))
}

func approvalText(s evidence.Script) report.Text {
	a := s.Approval
	if a == (evidence.Approval{}) {
		return "none"
	}
	return joined(a.By, a.Reference, strings.Trim(a.On+" to "+a.Expires, " "))
}

func bytesText(s evidence.Script) string {
	switch {
	case s.Exception != nil:
		return fmt.Sprintf("Not pinned: %s Control in its place: %s Accepted until %s.", s.Exception.Reason, s.Exception.Control, s.Exception.Expires)
	case len(s.Pin) > 0:
		return "Pinned"
	}
	return "Neither pinned nor excepted"
}

// hashTable is of the release: what others' scripts are is said at each.
func hashTable(p *evidence.Pack) report.Block {
	t := report.Table{Caption: "Scripts and styles of the release", Columns: []string{"File", "Hash"}}
	for _, s := range p.Scripts {
		if s.Party == "own" {
			t.Rows = append(t.Rows, []report.Value{report.Code(s.Name), hashValue(s)})
		}
	}
	return t
}

func hashValue(s evidence.Script) report.Value {
	if s.Hash == "" {
		return report.Mark{Status: report.Unknown, Text: "Not seen"}
	}
	return report.Code(s.Hash)
}

func headerBlocks(p *evidence.Pack) []report.Block {
	if len(p.Headers) == 0 {
		return []report.Block{report.Paragraph{report.Text("No header was made or received.")}}
	}
	var out []report.Block
	var texts []string
	for i, h := range p.Headers {
		texts = append(texts, h.Name+": "+h.Value)
		if i+1 < len(p.Headers) && p.Headers[i+1].Page == h.Page && p.Headers[i+1].Source == h.Source {
			continue
		}
		out = append(out, report.Listing{Caption: h.Page + " (" + h.Source + ")", Text: strings.Join(texts, "\n")})
		texts = nil
	}
	return out
}

func changeTable(p *evidence.Pack) report.Block {
	switch {
	case p.Sequence == 1:
		return report.Paragraph{report.Text("This is the first pack: there is nothing to compare with.")}
	case len(p.Changes) == 0:
		return report.Paragraph{report.Text("Nothing differs from the previous pack.")}
	}
	t := report.Table{Caption: "Differences", Columns: []string{"What", "Before", "After"}}
	for _, c := range p.Changes {
		what := fmt.Sprintf("%s %s: %s", c.What, c.Kind, c.Name)
		if c.Unapproved {
			what += " (under an approval of before)"
		}
		t.Rows = append(t.Rows, []report.Value{report.Text(what), report.Code(c.Before), report.Code(c.After)})
	}
	return t
}
