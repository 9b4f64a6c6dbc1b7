package finding

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SARIF returns the runs as a SARIF 2.1.0 file for code scanning. Equal runs
// give equal bytes, in whatever order their findings are. Of a run with more
// than MaxShown findings, or of one that would not fit MaxSize, the worst are
// kept and a notification counts the others.
func SARIF(runs ...Run) ([]byte, error) { return sarifWithin(MaxSize, runs...) }

func sarifWithin(size int, runs ...Run) ([]byte, error) {
	if len(runs) == 0 || len(runs) > MaxRuns {
		return nil, fmt.Errorf("writing SARIF: got %d runs, want 1 to %d", len(runs), MaxRuns)
	}
	for keep := MaxShown; ; keep /= 2 {
		data, err := encodeRuns(runs, keep)
		if err != nil {
			return nil, fmt.Errorf("writing SARIF: %w", err)
		}
		if fits(data, size) {
			return data, nil
		}
		if keep == 0 {
			return nil, fmt.Errorf("writing SARIF: the rules alone are over %d bytes, compressed", size)
		}
	}
}

func encodeRuns(runs []Run, keep int) ([]byte, error) {
	out := sarifLog{Schema: sarifSchema, Version: sarifVersion}
	for _, r := range runs {
		written, err := r.sarif(keep)
		if err != nil {
			return nil, err
		}
		out.Runs = append(out.Runs, written)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(out)
	return buf.Bytes(), err
}

// fits says whether the data is within size bytes when compressed. What is smaller
// to begin with never grows past it, but for the frame.
func fits(data []byte, size int) bool {
	if len(data) < size*9/10 {
		return true
	}
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(data) // a Buffer takes everything
	_ = w.Close()
	return buf.Len() <= size
}

func (r Run) sarif(keep int) (sarifRun, error) {
	if r.Tool.Name == "" {
		return sarifRun{}, fmt.Errorf("the tool has no name")
	}
	all := slices.Clone(r.Findings)
	// Not Sort, which leaves ties as they come: equal runs give equal bytes.
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(b.Severity.Rank()-a.Severity.Rank(), compare(a, b))
	})
	marks := fingerprints(all)
	kept := all[:min(keep, len(all))]
	rules, err := describe(r.Rules, kept)
	if err != nil {
		return sarifRun{}, err
	}
	index := map[string]int{}
	out := sarifRun{
		Tool:       sarifTool{Driver: sarifComponent{Name: r.Tool.Name, Version: r.Tool.Version, URI: r.Tool.URI}},
		ColumnKind: "utf16CodeUnits",
		Results:    []sarifResult{},
	}
	for i, rule := range rules {
		index[rule.ID] = i
		out.Tool.Driver.Rules = append(out.Tool.Driver.Rules, rule.sarif())
	}
	for i, f := range kept {
		out.Results = append(out.Results, f.sarif(index[ruleID(f)], marks[i], r.Place))
	}
	if r.Category != "" {
		out.Automation = &sarifAutomation{ID: strings.TrimSuffix(r.Category, "/") + "/"}
	}
	r.invocation(&out, all[len(kept):])
	return out, nil
}

// compare orders findings of one severity by everything else they have.
func compare(a, b Finding) int {
	return cmp.Or(
		strings.Compare(a.Location.Path, b.Location.Path),
		a.Location.Line-b.Location.Line, a.Location.Column-b.Location.Column,
		strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message),
		a.Location.EndLine-b.Location.EndLine, a.Location.EndColumn-b.Location.EndColumn,
		strings.Compare(a.Fingerprint, b.Fingerprint), strings.Compare(a.Hint, b.Hint),
	)
}

// invocation says how the run ended and what was left out of it.
func (r Run) invocation(out *sarifRun, left []Finding) {
	done := r.Incomplete == ""
	call := sarifInvocation{Successful: &done}
	if !done {
		call.Notifications = append(call.Notifications, notification("error", r.Incomplete))
	}
	if len(left) > 0 {
		call.Notifications = append(call.Notifications, notification("warning", leftOut(left, len(out.Results))))
	}
	if bag := (runBag{LeftOut: len(left), Suppressed: r.Suppressed}); bag != (runBag{}) {
		out.Properties = &bag
	}
	out.Invocations = []sarifInvocation{call}
}

func notification(level, text string) sarifNotification {
	return sarifNotification{Level: level, Message: sarifMessage{Text: plain(text)}}
}

func leftOut(left []Finding, kept int) string {
	var counts []string
	for _, s := range slices.Backward(Severities) {
		n := 0
		for _, f := range left {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return fmt.Sprintf("%d findings are left out (%s): the worst %d are here.", len(left), strings.Join(counts, ", "), kept)
}

// describe returns the rules, those of findings that nobody described among
// them, by id.
func describe(rules []Rule, findings []Finding) ([]Rule, error) {
	known := map[string]bool{}
	var out []Rule
	for _, r := range rules {
		if r.ID == "" || known[r.ID] {
			return nil, fmt.Errorf("rule %q: got no id or one twice, want each once", r.ID)
		}
		known[r.ID] = true
		out = append(out, r)
	}
	for _, f := range findings { // the worst first: it gives the severity
		if id := ruleID(f); !known[id] {
			known[id] = true
			out = append(out, Rule{ID: id, Severity: f.Severity})
		}
	}
	slices.SortFunc(out, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func ruleID(f Finding) string { return cmp.Or(f.Rule, "unnamed") }

// sarif writes a rule. Code scanning requires its descriptions and help, and
// shows at most so much of them.
func (r Rule) sarif() sarifRule {
	short := cmp.Or(plain(r.Short), r.ID)
	out := sarifRule{
		ID: r.ID, Name: clip(r.ID, 255), URI: r.URI,
		Short:  &sarifMessage{Text: clip(short, 1024)},
		Full:   &sarifMessage{Text: clip(short, 1024)},
		Help:   &sarifMessage{Text: cmp.Or(plain(r.Help), short)},
		Config: &sarifConfig{Level: r.Severity.level()},
		Bag:    &ruleBag{Tags: r.tags(), Precision: "very-high"},
	}
	if r.Security {
		out.Bag.Score = r.score()
	} else {
		out.Bag.ProblemSeverity = map[string]string{"error": "error", "warning": "warning"}[r.Severity.level()]
		out.Bag.ProblemSeverity = cmp.Or(out.Bag.ProblemSeverity, "recommendation")
	}
	return out
}

func (r Rule) tags() []string {
	tags := slices.Clone(r.Tags)
	slices.Sort(tags)
	tags = slices.DeleteFunc(slices.Compact(tags), func(t string) bool { return t == "" || t == "security" })
	if r.Security {
		tags = slices.Insert(tags, 0, "security")
	}
	return tags[:min(len(tags), maxTags)]
}

// scores are in the middle of the bands that code scanning puts words to: over
// 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low.
var scores = map[Severity]float64{Low: 2.0, Medium: 5.5, High: 8.0, Critical: 9.5}

// score is "" for none: code scanning takes 0.0 for that too.
func (r Rule) score() score {
	s := r.Score
	if s <= 0 || s > 10 {
		s = scores[r.Severity]
	}
	if s == 0 {
		return ""
	}
	return score(strconv.FormatFloat(s, 'f', 1, 64))
}

// level is SARIF's word (section 3.27.10).
func (s Severity) level() string {
	switch s {
	case Critical, High:
		return "error"
	case Medium:
		return "warning"
	case Low, Info:
		return "note"
	}
	return "warning"
}

func (f Finding) sarif(rule int, mark, place string) sarifResult {
	text, at := f.Message, f.Location
	if !inside(at.Path) {
		text, at = f.String(), Location{Path: place} // the place is kept in words
	}
	text = cmp.Or(plain(text), ruleID(f))
	hint := plain(f.Hint)
	if hint != "" {
		text += "\n\n" + hint
	}
	out := sarifResult{
		RuleID: ruleID(f), RuleIndex: &rule, Level: f.Severity.level(), Message: sarifMessage{Text: text},
		Fingerprints: map[string]string{"primaryLocationLineHash": mark},
		Bag:          &resultBag{Severity: f.Severity, Hint: hint, Mark: f.Fingerprint},
	}
	if inside(at.Path) {
		out.Locations = []sarifLocation{{Physical: at.sarif()}}
	}
	return out
}

// inside says whether a path is one of the repository.
func inside(p string) bool {
	return p != "" && !path.IsAbs(p) && p != ".." && !strings.HasPrefix(path.Clean(p), "../") && path.Clean(p) != ".."
}

func (l Location) sarif() *sarifPhysical {
	out := &sarifPhysical{Artifact: sarifArtifact{URI: uri(l.Path), Base: sourceRoot}}
	if l.Line <= 0 {
		return out
	}
	out.Region = &sarifRegion{StartLine: l.Line, StartColumn: max(l.Column, 0)}
	if l.EndLine >= l.Line {
		out.Region.EndLine = l.EndLine
	}
	// An end before its start is no region (section 3.30.2).
	if l.Column > 0 && (l.EndLine > l.Line || l.EndColumn >= l.Column) {
		out.Region.EndColumn = max(l.EndColumn, 0)
	}
	return out
}

// uri is a path as a relative reference (RFC 3986): a colon in its first
// segment would make a scheme of what is before it.
func uri(p string) string {
	first, rest, more := strings.Cut((&url.URL{Path: "/" + path.Clean(p)}).EscapedPath()[1:], "/")
	first = strings.ReplaceAll(first, ":", "%3A")
	if more {
		return first + "/" + rest
	}
	return first
}

var digits = regexp.MustCompile(`[0-9]+`)

// fingerprints gives every finding a mark that has no line in it, so that code
// scanning knows it again after the lines above it changed: rule, path and the
// message without its numbers, or the finding's own mark. Findings that are
// equal in that are counted from the top of the file. Code scanning reads the
// mark from primaryLocationLineHash and no other name.
func fingerprints(all []Finding) []string {
	out := make([]string, len(all))
	seen := map[string]int{}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(all[a], all[b]) })
	for _, i := range order {
		f := all[i]
		what := f.Fingerprint
		if what == "" {
			what = digits.ReplaceAllString(f.Message, "0")
		}
		sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.Location.Path, what}, "\x00")))
		key := hex.EncodeToString(sum[:8])
		seen[key]++
		out[i] = key + ":" + strconv.Itoa(seen[key])
	}
	return out
}

// plain makes text of unknown origin a SARIF plain text message: valid UTF-8, of
// bounded length, and without what section 3.11.6 would read as a link.
func plain(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, "\ufffd"))
	return clip(strings.ReplaceAll(s, "](", "] ("), maxText)
}

// clip shortens text to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const more = "…"
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + more
}
