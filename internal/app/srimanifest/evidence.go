package srimanifest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity/adopt"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/release"
)

// maxPack bounds a pack that is read.
const maxPack = 64 << 20

// newPack begins a pack with what every mode knows.
func (j *job) newPack(l listed) *evidence.Pack {
	p := &evidence.Pack{
		Version: evidence.Version, Made: j.r.Now().UTC().Truncate(time.Second),
		Tool: evidence.Tool{Name: adopt.ToolName, Version: j.r.Version}, Origin: j.origin(),
		Scripts: scriptsOf(l),
		Method: evidence.Method{
			Release:  evidence.Step{Outcome: evidence.NotDone, Note: "this run had no release to compare"},
			Fetched:  evidence.Step{Outcome: evidence.NotDone, Note: "the live check does it: mode: live"},
			Executed: evidence.Step{Outcome: evidence.NotDone, Note: "the live check does it: mode: live"},
			Alert:    evidence.Step{Outcome: evidence.NotDone, Note: "a drill proves it: mode: drill"},
		},
	}
	p.Method.Inventory = evidence.Step{Outcome: evidence.NotDone, Note: "the configuration names no inventory"}
	if l.file != nil {
		p.Method.Inventory = evidence.Step{Outcome: evidence.Done, Note: l.file.File}
		for _, page := range l.file.Pages {
			p.Subject.Pages = append(p.Subject.Pages, evidence.Page{URL: string(page.URL), Purpose: page.Purpose})
		}
	}
	return p
}

// origin says where and for whom this runs, as far as the runner tells.
func (j *job) origin() evidence.Origin {
	get := func(name string) string { value, _ := j.r.Lookup(name); return value }
	o := evidence.Origin{Repository: get("GITHUB_REPOSITORY"), Commit: get("GITHUB_SHA"), Actor: get("GITHUB_ACTOR"), Trigger: get("GITHUB_EVENT_NAME")}
	if id := get("GITHUB_RUN_ID"); id != "" {
		o.Run = get("GITHUB_SERVER_URL") + "/" + o.Repository + "/actions/runs/" + id
	}
	return o
}

// notListed is the state of a script where there is no inventory.
const notListed = "not listed"

// scriptsOf are what was seen, with what the inventory says of each, and what it
// names and nobody saw.
func scriptsOf(l listed) (all []evidence.Script) {
	seen := map[int]bool{}
	for _, s := range l.scripts {
		e := evidence.Script{State: string(s.State)}
		if l.file == nil { // nobody asked who approved it
			e.State = notListed
		}
		switch {
		case s.Own != nil:
			e.Name, e.Kind, e.Party, e.Hash = s.Own.Path, roleName(s.Own.Role), "own", s.Own.Integrity
		default:
			e.Name, e.Kind, e.Party, e.Page = s.Loaded.URL, roleName(s.Loaded.Kind), "third", s.Loaded.Page
			if len(s.Loaded.Hashes) > 0 {
				e.Hash = s.Loaded.Hashes[0] // the sha384, as of all
			}
			if e.Name == "" {
				e.Name, e.Party = "inline "+e.Hash, "own"
			}
		}
		if s.Entry != nil {
			describe(&e, s.Entry)
			seen[s.Entry.Line] = true
		}
		all = append(all, e)
	}
	if l.file == nil {
		return all
	}
	for i := range l.file.Entries {
		if entry := &l.file.Entries[i]; !seen[entry.Line] {
			e := evidence.Script{Name: nameOf(entry), Kind: roleName(entry.Kind), Party: "third", State: "unseen"}
			if len(entry.Own)+len(entry.Files) > 0 {
				e.Party, e.Kind = "own", roleName(release.Script) // the line is of both, and nothing was seen
			}
			describe(&e, entry)
			all = append(all, e)
		}
	}
	return all
}

// nameOf is what an entry matches.
func nameOf(e *inventory.Entry) string {
	switch {
	case e.URL != "":
		return string(e.URL)
	case e.Inline != "":
		return "inline of " + string(e.Inline)
	}
	return strings.Join(append(append([]string{}, e.Own...), e.Files...), " ")
}

// describe takes over what the inventory says of a script.
func describe(s *evidence.Script, e *inventory.Entry) {
	s.Entry = e.ID
	if s.Entry == "" {
		s.Entry = nameOf(e)
	}
	s.Source, s.Owner, s.Purpose, s.Pin = e.Source, e.Owner, e.Purpose, e.Pin
	s.Justification = strings.Join(nonEmpty(e.Justification.Business, e.Justification.Technical), "; ")
	s.Approval = evidence.Approval{By: e.Approved.By, Reference: e.Approved.Reference, On: string(e.Approved.On), Expires: string(e.Approved.Expires)}
	if e.Exception != nil {
		s.Exception = &evidence.Exception{Reason: e.Exception.Reason, Control: e.Exception.Control, Expires: string(e.Exception.Expires)}
	}
}

func nonEmpty(texts ...string) (all []string) {
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return all
}

// packRelease is the pack of the mode release.
func (j *job) packRelease(p *pinned) (*evidence.Pack, error) {
	pack := j.newPack(p.listed)
	pack.Subject.Name, pack.Subject.Release = p.release.Name, p.id
	if len(pack.Subject.Pages) == 0 {
		for _, name := range sortedKeys(p.wired.pages) {
			pack.Subject.Pages = append(pack.Subject.Pages, evidence.Page{URL: name})
		}
	}
	pack.Method.Release = evidence.Step{Outcome: evidence.Done, Note: count(len(p.release.Files), "file")}
	if p.foreign {
		pack.Notes = append(pack.Notes, "The release was made of another bundler's output: its record says what the files were, and not from which sources.")
	}
	totals := p.report.Totals()
	pack.Coverage = &evidence.Coverage{Covered: totals.Covered, Total: totals.Covered + totals.Uncovered + totals.Unknown}
	if totals.Elsewhere > 0 {
		pack.Notes = append(pack.Notes, fmt.Sprintf("%d scripts and styles are started by tags that are not in this release, such as a platform's settings: they need the hashes that the record has, and this pack does not show that they have them.", totals.Elsewhere))
	}
	for _, rule := range p.headers.Rules {
		for _, f := range rule.Fields {
			pack.Headers = append(pack.Headers, evidence.Header{Page: rule.Path, Name: f.Name, Value: f.Value, Source: "generated"})
		}
	}
	return pack, j.seal(pack, p.previous)
}

// seal puts the findings into the pack, and the pack after the previous one.
func (j *job) seal(pack *evidence.Pack, previous []byte) error {
	for _, f := range j.findings {
		pack.Findings = append(pack.Findings, evidence.Finding{
			Rule: f.Rule, Severity: f.Severity, Message: f.Message, Hint: f.Hint, Path: f.Location.Path, Line: f.Location.Line,
		})
	}
	err := pack.Seal(previous)
	if err != nil && previous != nil {
		return action.Misuse(fmt.Errorf("previous: %w", err))
	}
	return err
}

// previous reads the pack before this one. Where the configuration says who signs,
// it has to be signed.
func (j *job) previous(ctx context.Context) ([]byte, error) {
	if j.in.previous == "" {
		return nil, nil
	}
	data, err := j.file(j.in.previous, maxPack)
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("previous: %w", err))
	}
	if _, err := j.verify(ctx, "previous", j.in.previous, data); err != nil {
		return nil, err
	}
	if _, err := evidence.Read(data); err != nil {
		return nil, action.Misuse(fmt.Errorf("previous: %s: %w", j.in.previous, err))
	}
	return data, nil
}

// verify wants the signature beside a file to be one that the configuration names,
// and says whose it is: "" where the configuration names nobody.
func (j *job) verify(ctx context.Context, input, name string, data []byte) (signedBy string, err error) {
	return j.verifyBy(ctx, input, name, name+signed, data)
}

// verifyBy is verify for a signature that lies elsewhere.
func (j *job) verifyBy(ctx context.Context, input, name, signature string, data []byte) (signedBy string, err error) {
	v, err := j.verifier(ctx)
	if v == nil || err != nil {
		return "", err
	}
	bundle, err := j.file(signature, maxPack)
	if err != nil {
		return "", action.Misuse(fmt.Errorf("%s: integrity.signed-by wants a signature beside %s: %w", input, name, err))
	}
	who, err := v.Verify(ctx, data, bundle)
	if err != nil {
		return "", &action.Error{Kind: action.Refused, Err: fmt.Errorf("%s: %s: %w", input, name, err), Hint: "it is not believed: somebody may have changed it; take the file and its bundle from the run that made them"}
	}
	j.r.Logf("%s is signed by %s", name, who)
	return who.String(), nil
}

// addPack writes the pack in its forms.
func addPack(files outFiles, pack *evidence.Pack) error {
	data, err := pack.Encode()
	if err != nil {
		return fmt.Errorf("writing the evidence: %w", err)
	}
	html, err := evidencePage(pack).HTML()
	if err != nil {
		return fmt.Errorf("writing the evidence: %w", err)
	}
	files[evidenceFile], files["evidence.csv"], files["evidence.html"] = data, pack.CSV(), html
	return nil
}

// worst are the findings that fail the action.
func (j *job) worst() (all []finding.Finding) {
	least := finding.Severity(j.in.fail)
	for _, f := range j.findings {
		if j.in.fail != noThreshold && f.Severity.Rank() >= least.Rank() {
			all = append(all, f)
		}
	}
	return all
}
