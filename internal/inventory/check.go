package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// The rules of what Check finds.
const (
	ruleNew      = "inventory/new"      // no line names it: not approved
	ruleChanged  = "inventory/changed"  // other bytes than those approved
	ruleUnseen   = "inventory/unseen"   // its bytes could not be compared
	ruleMissing  = "inventory/missing"  // a line without owner, justification, approval
	ruleExpired  = "inventory/expired"  // an approval or exception that ended
	ruleExpiring = "inventory/expiring" // one that soon will
	ruleFuture   = "inventory/future"   // an approval of a day to come
	ruleUnpinned = "inventory/unpinned" // neither pin nor exception
	ruleBroad    = "inventory/broad"    // a pattern that trusts much
	ruleStale    = "inventory/stale"    // a line of nothing that is there
)

// soon is how many days before its end an approval is told of.
const soon = 30

// Check compares the inventory with what was seen, on the day of now in UTC; an
// approval counts on its last day. Scripts are in the order they were given, own
// ones first; findings are sorted.
func (inv *Inventory) Check(seen Observed, now time.Time) ([]Script, []finding.Finding) {
	c := &check{inv: inv, today: DayOf(now), soon: DayOf(now.AddDate(0, 0, soon)), used: map[*Entry]bool{}, states: map[*Entry]State{}}
	if !slices.ContainsFunc(inv.Pages, func(p Page) bool { return p.URL != "" }) {
		c.add(place{}, ruleMissing, finding.Medium, "pages", "pages: the inventory names no page", "Say under pages which pages take payment data: assessors ask for the scope first.")
	}
	for i := range inv.Entries {
		c.entry(&inv.Entries[i])
	}
	var all []Script
	for i := range seen.Own {
		all = append(all, c.own(&seen.Own[i]))
	}
	c.newGroups()
	for i := range seen.Loaded {
		all = append(all, c.loaded(&seen.Loaded[i]))
	}
	c.stale(seen)
	finding.Sort(c.findings)
	return all, c.findings
}

type check struct {
	inv         *Inventory
	today, soon Day
	used        map[*Entry]bool
	states      map[*Entry]State
	unnamed     []Own
	findings    []finding.Finding
}

func (c *check) add(at place, rule string, severity finding.Severity, name, message, hint string) {
	f := finding.Finding{
		Rule: rule, Severity: severity, Message: message, Hint: hint,
		Location: finding.Location{Path: c.inv.File, Line: at.line, Column: at.column}, Fingerprint: rule + " " + name,
	}
	if !slices.ContainsFunc(c.findings, func(o finding.Finding) bool { return o.Rule == f.Rule && o.Message == f.Message }) {
		c.findings = append(c.findings, f)
	}
}

// entry judges a line by itself.
func (c *check) entry(e *Entry) {
	state := Approved
	if e.Exception != nil {
		state = Excepted
	}
	if c.missing(e) || c.unpinned(e) {
		state = Incomplete
	}
	if e.Approved.On > c.today {
		state = Incomplete
		c.add(e.at("approved"), ruleFuture, finding.High, e.Name(), fmt.Sprintf("%s: got an approval of %s, which is to come; want the day on which it was given", quote(e.Name()), e.Approved.On), "")
	}
	if c.ended(e, "approved", "the approval", e.Approved.Expires) {
		state = Expired
	}
	if e.Exception != nil && c.ended(e, "exception", "the exception", e.Exception.Expires) {
		state = Expired
	}
	c.states[e] = state
	c.broad(e)
}

// missing says what an entry lacks.
func (c *check) missing(e *Entry) bool {
	var lacks []string
	for _, need := range []struct{ name, value string }{
		{"source", e.Source},
		{"owner", e.Owner},
		{"purpose", e.Purpose},
		{"justification", e.Justification.Business + e.Justification.Technical},
		{"approved.by", e.Approved.By},
		{"approved.reference", e.Approved.Reference},
		{"approved.on", string(e.Approved.On)},
		{"approved.expires", string(e.Approved.Expires)},
	} {
		if need.value == "" {
			lacks = append(lacks, need.name)
		}
	}
	if x := e.Exception; x != nil && (x.Reason == "" || x.Control == "" || x.Expires == "") {
		lacks = append(lacks, "an exception's reason, compensating-control and expires")
	}
	if len(lacks) == 0 {
		return false
	}
	c.add(e.at(""), ruleMissing, finding.High, e.Name(), fmt.Sprintf("%s: got no %s, want them all: until then it is not approved", quote(e.Name()), strings.Join(lacks, ", ")),
		"A text that begins with "+Todo+" is none.")
	return true
}

func (c *check) unpinned(e *Entry) bool {
	if e.ours() || len(e.Pin) > 0 || e.Exception != nil {
		return false
	}
	c.add(e.at(""), ruleUnpinned, finding.High, e.Name(), fmt.Sprintf("%s: got neither pin nor exception, want one: an approval is of bytes", quote(e.Name())),
		"Pin the bytes that were looked at. If they change by design, say so under exception, with the control that stands in.")
	return true
}

// ended reports an end that has passed, or soon will have.
func (c *check) ended(e *Entry, key, what string, end Day) bool {
	switch {
	case end == "":
		return false
	case end < c.today:
		c.add(e.at(key), ruleExpired, finding.High, e.Name()+" "+key, fmt.Sprintf("%s: %s ended on %s", quote(e.Name()), what, end), "Review the script again: approve it anew, or take it off the page.")
		return true
	case end <= c.soon:
		c.add(e.at(key), ruleExpiring, finding.Info, e.Name()+" "+key, fmt.Sprintf("%s: %s ends on %s", quote(e.Name()), what, end), "")
	}
	return false
}

func (c *check) broad(e *Entry) {
	wide := slices.ContainsFunc(e.Own, func(s string) bool { return strings.HasSuffix(s, "/*") }) || slices.Contains(e.Files, "**")
	switch {
	case wide:
		c.add(e.at("own"), ruleBroad, finding.Info, e.Name(), fmt.Sprintf("%s: got a name for all of a pass; a new chunk is approved with it", quote(e.Name())), "Name entries and chunks where a new one is to be looked at.")
	case e.url.open && len(e.Pin) == 0:
		c.add(e.at("url"), ruleBroad, finding.Medium, e.Name(), fmt.Sprintf("%s: got a pattern of any host's label, or of all that lies at a host's root, without a pin", quote(e.Name())), "Write the host and the first folder or file.")
	}
}

func (c *check) own(o *Own) Script {
	for i := range c.inv.Entries {
		if e := &c.inv.Entries[i]; e.names(*o) {
			c.used[e] = true
			return Script{Own: o, Entry: e, State: c.states[e]}
		}
	}
	c.unnamed = append(c.unnamed, *o)
	return Script{Own: o, State: New}
}

// newGroups reports each entry and chunk that nobody names once.
func (c *check) newGroups() {
	for _, name := range groupsOf(c.unnamed) {
		c.add(place{}, ruleNew, finding.High, name, fmt.Sprintf("no line of the inventory names %s of the release: it is not approved", quote(name)), proposed)
	}
}

const proposed = "The proposed diff has a line for it."

// groupsOf are the entries and chunks of files, sorted, and the paths of those
// that are in none.
func groupsOf(files []Own) []string {
	var out []string
	for _, o := range files {
		groups := slices.Concat(o.Entries, o.Chunks)
		if len(groups) == 0 {
			groups = []string{o.Path}
		}
		out = append(out, groups...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *check) loaded(l *Loaded) Script {
	e := c.inv.find(*l)
	if e == nil {
		severity := finding.High
		if l.Kind == release.Style {
			severity = finding.Medium
		}
		c.add(place{}, ruleNew, severity, l.Name(), fmt.Sprintf("no line of the inventory names the %s %s of %s%s: it is not approved", l.Kind, quote(l.Name()), l.Page, l.by()), proposed)
		return Script{Loaded: l, State: New}
	}
	c.used[e] = true
	switch e.fit(*l) {
	case other:
		c.add(e.at("pin"), ruleChanged, finding.High, l.Name(), fmt.Sprintf("%s: got %s, want one of the pinned %s: other bytes are not approved", quote(l.Name()), strings.Join(l.hashesOf(algorithm(e.Pin[0])), " "), strings.Join(e.Pin, " ")),
			"Look at what has changed; then pin it, and approve it anew.")
		return Script{Loaded: l, Entry: e, State: Changed}
	case unseen:
		c.add(e.at("pin"), ruleUnseen, finding.Low, l.Name(), fmt.Sprintf("%s: no %s of its bytes was seen, so that it could not be compared with its pin", quote(l.Name()), algorithm(e.Pin[0])), "")
		if c.states[e] == Approved {
			return Script{Loaded: l, Entry: e, State: Unknown}
		}
	case noPin, same:
	}
	return Script{Loaded: l, Entry: e, State: c.states[e]}
}

func (c *check) stale(seen Observed) {
	for i := range c.inv.Entries {
		e := &c.inv.Entries[i]
		looked := seen.Live
		if e.ours() {
			looked = seen.Own != nil
		}
		if looked && !c.used[e] {
			c.add(e.at(""), ruleStale, finding.Low, e.Name(), fmt.Sprintf("%s: nothing of what was seen is this", quote(e.Name())), "Remove the line if the script is gone.")
		}
	}
}

// Name is the script's URL, or what an inline one is known by.
func (l Loaded) Name() string {
	switch {
	case !l.Inline():
		return l.URL
	case len(l.Hashes) > 0:
		return "inline " + l.Hashes[0]
	}
	return "inline"
}

func (l Loaded) by() string {
	if l.By == "" {
		return ""
	}
	return ", added by " + l.By
}

func (l Loaded) hashes() []string { return slices.Concat(l.Hashes, enforced(l.Integrity)) }

// hashesOf are those of one algorithm.
func (l Loaded) hashesOf(a string) []string {
	return slices.DeleteFunc(l.hashes(), func(hash string) bool { return algorithm(hash) != a })
}

// at is the place of a key's value, or of the entry.
func (e *Entry) at(key string) place {
	if p, ok := e.places[key]; ok {
		return p
	}
	return place{e.Line, e.Column}
}
