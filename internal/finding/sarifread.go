package finding

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ReadSARIF reads a SARIF 2.1.0 file of any tool. root is the repository's
// absolute path where the tool ran, with "/", or ""; absolute paths below it
// become relative, and a place outside it is kept in the message only. Columns
// are taken as they are, also where the tool counts other units.
//
// A run whose tool failed, or that keeps its results elsewhere, is Incomplete.
// Results that passed, are gone since the baseline, or were suppressed are no
// findings; the last are counted. A file over 64 MiB, or over MaxRuns or
// MaxResults, is refused.
func ReadSARIF(r io.Reader, root string) ([]Run, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxRead+1))
	if err != nil {
		return nil, fmt.Errorf("reading SARIF: %w", err)
	}
	if len(data) > maxRead {
		return nil, fmt.Errorf("reading SARIF: got more than %d bytes", maxRead)
	}
	var file sarifLog
	// The byte order mark is against RFC 8259, and some tools write it.
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &file); err != nil {
		return nil, fmt.Errorf("reading SARIF: %w", err)
	}
	if file.Version != sarifVersion {
		return nil, fmt.Errorf("reading SARIF: got version %q, want %q", clip(file.Version, 40), sarifVersion)
	}
	if len(file.Runs) > MaxRuns {
		return nil, fmt.Errorf("reading SARIF: got %d runs, want at most %d", len(file.Runs), MaxRuns)
	}
	var runs []Run
	for i := range file.Runs {
		run, err := (&runReader{sarifRun: &file.Runs[i], root: root}).read()
		if err != nil {
			return nil, fmt.Errorf("reading SARIF: run %d: %w", i+1, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

type runReader struct {
	*sarifRun
	root string
	ids  map[*sarifComponent]map[string]int // where a component's rules are
}

// maxParts bounds how far chains are followed: the parts of a rule's id, bases
// of bases. Those of tools have one or two.
const maxParts = 8

func (r *runReader) read() (Run, error) {
	d := r.Tool.Driver
	out := Run{
		Tool:       Tool{Name: d.Name, Version: cmp.Or(d.SemanticVersion, d.Version), URI: d.URI},
		Incomplete: r.incomplete(),
	}
	if d.Name == "" {
		return out, fmt.Errorf("the tool has no name")
	}
	if len(r.Results) > MaxResults {
		return out, fmt.Errorf("got %d results, want at most %d", len(r.Results), MaxResults)
	}
	for _, c := range append([]sarifComponent{d}, r.Tool.Extensions...) {
		for _, rule := range c.Rules {
			out.Rules = append(out.Rules, rule.read())
		}
	}
	if len(out.Rules) > MaxResults {
		return out, fmt.Errorf("got %d rules, want at most %d", len(out.Rules), MaxResults)
	}
	if r.Automation != nil { // section 3.17.3: what is after the last slash names one run
		out.Category = r.Automation.ID[:max(0, strings.LastIndex(r.Automation.ID, "/"))]
	}
	if r.Properties != nil {
		out.LeftOut, out.Suppressed = max(0, r.Properties.LeftOut), max(0, r.Properties.Suppressed)
	}
	for _, result := range r.Results {
		switch {
		case result.Kind == "pass", result.Kind == "notApplicable", result.Baseline == "absent":
		case suppressed(result.Suppressions):
			out.Suppressed++
		default:
			out.Findings = append(out.Findings, r.finding(result))
		}
	}
	return out, nil
}

// incomplete says why having no results means nothing.
func (r *runReader) incomplete() string {
	for _, call := range r.Invocations {
		if call.Successful == nil || *call.Successful {
			continue
		}
		for _, n := range call.Notifications {
			if n.Level == "error" && n.Message.Text != "" {
				return clip(n.Message.Text, maxText)
			}
		}
		return "the tool says that it failed"
	}
	if r.External != nil && len(r.External.Results) > 0 {
		return "the results are in other files"
	}
	if r.Results == nil {
		return "the file holds no list of results: the tool did not come so far"
	}
	return ""
}

// suppressed follows section 3.27.23: accepted is the default, and one that is
// under review or rejected keeps the result alive.
func suppressed(all []sarifSuppression) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(s sarifSuppression) bool {
		return s.Status != "" && s.Status != "accepted"
	})
}

func (r sarifRule) read() Rule {
	out := Rule{ID: r.ID, Short: text(r.Short, r.Full), Help: text(r.Help, r.Full), URI: r.URI, Severity: Medium}
	if r.Config != nil && r.Config.Level != "" {
		out.Severity = fromLevel(r.Config.Level)
	}
	if r.Bag != nil {
		out.Tags = r.Bag.Tags
		if s := r.Bag.Score.float(); s > 0 {
			out.Score, out.Security, out.Severity = s, true, fromScore(s)
		}
	}
	return out
}

func text(all ...*sarifMessage) string {
	for _, m := range all {
		if m != nil && cmp.Or(m.Text, m.Markdown) != "" {
			return cmp.Or(m.Text, m.Markdown)
		}
	}
	return ""
}

func (s score) float() float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64)
	if err != nil || !(f > 0 && f <= 10) { // NaN too
		return 0
	}
	return f
}

// fromScore has GitHub's bands.
func fromScore(s float64) Severity {
	switch {
	case s > 9:
		return Critical
	case s >= 7:
		return High
	case s >= 4:
		return Medium
	}
	return Low
}

func fromLevel(level string) Severity {
	switch level {
	case "error":
		return High
	case "note":
		return Low
	case "none":
		return Info
	}
	return Medium
}

func (r *runReader) finding(result sarifResult) Finding {
	rule := r.rule(result)
	f := Finding{Rule: cmp.Or(result.RuleID, rule.ID), Severity: severity(result, rule), Message: message(result.Message, rule)}
	if bag := result.Bag; bag != nil {
		f.Hint, f.Fingerprint = bag.Hint, bag.Mark
		if f.Hint != "" {
			f.Message = strings.TrimSuffix(f.Message, "\n\n"+f.Hint)
		}
	}
	if f.Fingerprint == "" && (result.Bag == nil || result.Bag.Severity == "") { // another tool's
		f.Fingerprint = result.Fingerprints["primaryLocationLineHash"]
	}
	if len(result.Locations) > 0 && result.Locations[0].Physical != nil {
		at, outside := r.location(*result.Locations[0].Physical)
		f.Location = at
		if outside != "" {
			f.Message = outside + ": " + f.Message
		}
	}
	return f
}

// rule finds a result's rule (sections 3.27.5 to 3.27.7 and 3.52.4): by index
// in the driver or an extension, else by its id, or by the id's beginning where
// the id has parts.
func (r *runReader) rule(result sarifResult) sarifRule {
	id, index, component := result.RuleID, result.RuleIndex, &r.Tool.Driver
	if ref := result.Rule; ref != nil {
		id = cmp.Or(id, ref.ID)
		if ref.Index != nil {
			index = ref.Index
		}
		if ref.Component != nil && ref.Component.Index != nil {
			if i := *ref.Component.Index; i >= 0 && i < len(r.Tool.Extensions) {
				component = &r.Tool.Extensions[i]
			}
		}
	}
	if index != nil && *index >= 0 && *index < len(component.Rules) {
		return component.Rules[*index]
	}
	ids := r.index(component)
	for range maxParts {
		if i, known := ids[id]; known {
			return component.Rules[i]
		}
		id = id[:max(0, strings.LastIndex(id, "/"))]
	}
	return sarifRule{}
}

func (r *runReader) index(c *sarifComponent) map[string]int {
	if ids, known := r.ids[c]; known {
		return ids
	}
	ids := map[string]int{}
	for i := range c.Rules {
		ids[c.Rules[i].ID] = i
	}
	if r.ids == nil {
		r.ids = map[*sarifComponent]map[string]int{}
	}
	r.ids[c] = ids
	return ids
}

// severity takes the most exact of what the tool says: our own word, a score,
// the result's level, the rule's.
func severity(result sarifResult, rule sarifRule) Severity {
	if bag := result.Bag; bag != nil {
		if bag.Severity.Rank() >= 0 {
			return bag.Severity
		}
		if s := bag.Score.float(); s > 0 {
			return fromScore(s)
		}
	}
	if result.Kind != "" && result.Kind != "fail" {
		return Info // section 3.27.9: the level is none then
	}
	if rule.Bag != nil {
		if s := rule.Bag.Score.float(); s > 0 {
			return fromScore(s)
		}
	}
	if result.Level == "" && rule.Config != nil {
		return fromLevel(rule.Config.Level)
	}
	return fromLevel(result.Level)
}

var placeholder = regexp.MustCompile(`\{\{|\}\}|\{[0-9]{1,3}\}`)

// message finds the text (section 3.11.7) and fills its placeholders.
func message(m sarifMessage, rule sarifRule) string {
	s := cmp.Or(m.Text, m.Markdown)
	if s == "" && m.ID != "" {
		known := rule.Messages[m.ID]
		s = cmp.Or(known.Text, known.Markdown)
	}
	if len(m.Arguments) > 0 {
		s = placeholder.ReplaceAllStringFunc(s, func(p string) string {
			if p == "{{" || p == "}}" {
				return p[:1]
			}
			if i, err := strconv.Atoi(p[1 : len(p)-1]); err == nil && i < len(m.Arguments) {
				return m.Arguments[i]
			}
			return p
		})
	}
	return clip(strings.ToValidUTF8(s, "\ufffd"), 2*maxText+2) // a message and a hint
}

// location gives a place in the repository, or the path of one outside it.
func (r *runReader) location(p sarifPhysical) (at Location, outside string) {
	a := p.Artifact
	if a.URI == "" && a.Index != nil && *a.Index >= 0 && *a.Index < len(r.Artifacts) {
		if known := r.Artifacts[*a.Index].Location; known != nil {
			a = *known
		}
	}
	name := r.resolve(a)
	if name == "" {
		return Location{}, ""
	}
	if !inside(name) {
		return Location{}, name
	}
	at.Path = path.Clean(name)
	if g := p.Region; g != nil && g.StartLine > 0 {
		at.Line, at.Column = g.StartLine, max(0, g.StartColumn)
		at.EndLine, at.EndColumn = max(0, g.EndLine), max(0, g.EndColumn)
	}
	return at, ""
}

// resolve gives the path of a file, relative to the repository where it can.
// Bases may name bases (section 3.14.14).
func (r *runReader) resolve(a sarifArtifact) string {
	name := unescape(a.URI)
	for range maxParts {
		base, known := r.Bases[a.Base]
		if a.Base == sourceRoot || !known || name == "" || path.IsAbs(name) {
			break
		}
		name, a = unescape(base.URI)+name, base
	}
	if root := strings.TrimSuffix(r.root, "/"); root != "" {
		if below, is := strings.CutPrefix(name, root+"/"); is {
			return below
		}
	}
	if base := unescape(r.Bases[sourceRoot].URI); path.IsAbs(base) && base != "/" {
		if below, is := strings.CutPrefix(name, strings.TrimSuffix(base, "/")+"/"); is {
			return below
		}
	}
	return name
}

// unescape gives the path that a file's URI means. Another scheme's stays as it
// is, behind a slash: it is no file of the repository.
func unescape(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "/" + s
	case u.Scheme == "" && u.Host == "", u.Scheme == "file":
		return u.Path
	}
	return "/" + s
}
