package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/release"
)

// Propose returns a unified diff of the inventory's file, which "git apply"
// takes: a line for each script that no line names, and the new hash, without
// the old approval, for each that has changed. What a person has to write is
// TODO, so that nothing is approved by applying it. "" where nothing is new.
// Every other byte of the file stays.
//
// A URL that is no safe pattern, such as one with a user, has no proposal: it is
// not to be approved.
func (inv *Inventory) Propose(seen Observed) (string, error) {
	entries := inv.proposals(seen)
	changed := inv.changed(seen)
	if len(entries)+len(changed) == 0 {
		return "", nil
	}
	e, err := newEditor(inv.source)
	if err == nil {
		for _, line := range slices.Sorted(maps.Keys(changed)) {
			e.repin(line, changed[line])
		}
		err = e.insert(entries)
	}
	if err == nil {
		err = inv.proved(e.text(), len(entries), changed)
	}
	if err != nil {
		return "", fmt.Errorf("proposing lines for %s: %w", inv.File, err)
	}
	return e.diff(inv.File), nil
}

// proved reads the edited file: an edit that means another thing than it should
// is not shown.
func (inv *Inventory) proved(text string, added int, changed map[int][]string) error {
	after, err := Parse(inv.File, []byte(text))
	if err != nil {
		return fmt.Errorf("the lines don't fit this file's layout; write them by hand: %w", err)
	}
	if len(after.Entries) != len(inv.Entries)+added {
		return fmt.Errorf("the lines don't fit this file's layout, got %d entries, want %d; write them by hand", len(after.Entries), len(inv.Entries)+added)
	}
	for i, before := range inv.Entries {
		now := after.Entries[added+i]
		pins, repinned := changed[before.Line]
		switch {
		case now.Name() != before.Name():
		case repinned && slices.Contains(now.Pin, pins[0]) && now.Approved != before.Approved:
			continue
		case !repinned && slices.Equal(now.Pin, before.Pin) && now.Approved == before.Approved && now.Owner == before.Owner:
			continue
		}
		return fmt.Errorf("line %d can't be edited in its layout; write it by hand", before.Line)
	}
	return nil
}

// changed are the hashes of what has other bytes than its line pins, by that
// line.
func (inv *Inventory) changed(seen Observed) map[int][]string {
	out := map[int][]string{}
	for _, l := range seen.Loaded {
		e := inv.find(l)
		if e == nil || e.fit(l) != other {
			continue
		}
		for _, hash := range l.hashes() {
			if algorithm(hash) == algorithm(e.Pin[0]) && !slices.Contains(e.Pin, hash) && !slices.Contains(out[e.Line], hash) {
				out[e.Line] = append(out[e.Line], hash)
			}
		}
	}
	for _, hashes := range out {
		slices.Sort(hashes)
	}
	return out
}

// proposal is an entry to be written.
type proposal struct {
	key    string   // "own", "files", "url", "inline"
	values []string // of the key
	kind   release.Role
	seen   string
	pins   []string
}

// proposals are the entries that are missing, in an order of their own.
func (inv *Inventory) proposals(seen Observed) []proposal {
	var unnamed []Own
	for _, o := range seen.Own {
		if !slices.ContainsFunc(inv.Entries, func(e Entry) bool { return e.names(o) }) {
			unnamed = append(unnamed, o)
		}
	}
	out := ofRelease(unnamed)
	third := map[string]*proposal{}
	for _, l := range seen.Loaded {
		p, ok := ofLoaded(l)
		if !ok || inv.find(l) != nil {
			continue
		}
		key := p.key + " " + string(p.kind) + " " + p.values[0]
		if third[key] == nil {
			third[key] = &p
			continue
		}
		third[key].pins = append(third[key].pins, p.pins...)
		third[key].seen = min(third[key].seen, p.seen)
	}
	for _, key := range slices.Sorted(maps.Keys(third)) {
		p := *third[key]
		slices.Sort(p.pins)
		p.pins = slices.Compact(p.pins)
		p.pins = slices.DeleteFunc(p.pins, func(hash string) bool { return algorithm(hash) != algorithm(p.pins[0]) })
		out = append(out, p)
	}
	return out
}

// ofRelease proposes an entry a pass, and one for the files that no pass made.
func ofRelease(unnamed []Own) []proposal {
	passes := map[string][]string{}
	paths := map[string]bool{}
	for _, o := range unnamed {
		paths[o.Path] = len(o.Entries)+len(o.Chunks) == 0
	}
	for _, name := range groupsOf(unnamed) {
		if paths[name] {
			passes[""] = append(passes[""], strings.Map(func(c rune) rune {
				if strings.ContainsRune(`\?[]{}`, c) {
					return '*'
				}
				return c
			}, name))
			continue
		}
		pass, _, _ := strings.Cut(name, "/")
		passes[pass] = append(passes[pass], name)
	}
	var out []proposal
	for _, pass := range slices.Sorted(maps.Keys(passes)) {
		key := "own"
		if pass == "" {
			key = "files"
		}
		out = append(out, proposal{key: key, values: slices.Compact(passes[pass])})
	}
	return out
}

func ofLoaded(l Loaded) (proposal, bool) {
	p := proposal{key: "url", values: []string{l.URL}, kind: l.Kind, seen: l.Page, pins: l.best()}
	if l.Inline() {
		p.key, p.values[0] = "inline", withoutQuery(l.Page)
		if !strings.Contains(l.Page, "://") {
			return p, checkGlob(l.Page) == nil && l.Page != ""
		}
	}
	var ok bool
	if p.values[0], ok = normal(p.values[0]); !ok || len(p.values[0]) > maxText {
		return p, false
	}
	_, err := webMatcher(p.values[0])
	return p, err == nil
}

// best are the hashes to pin: sha384 if it is there.
func (l Loaded) best() []string {
	all := slices.DeleteFunc(l.hashes(), func(hash string) bool { return checkPin(hash) != nil })
	if len(all) == 0 {
		return nil
	}
	best := slices.MaxFunc(all, func(a, b string) int {
		rank := map[string]int{"sha384": 2, "sha512": 1}
		return cmp.Compare(rank[algorithm(a)], rank[algorithm(b)])
	})
	return slices.DeleteFunc(all, func(hash string) bool { return algorithm(hash) != algorithm(best) })
}

// lines are the entry as YAML.
func (p proposal) lines() []string {
	var out []string
	if p.seen != "" {
		out = append(out, "# seen on "+strconv.QuoteToASCII(p.seen))
	}
	if p.key == "own" || p.key == "files" {
		out = append(out, "- "+p.key+":")
		for _, v := range p.values {
			out = append(out, "    - "+scalar(v))
		}
	} else {
		out = append(out, "- "+p.key+": "+scalar(p.values[0]))
	}
	if p.kind == release.Style {
		out = append(out, "  kind: style")
	}
	for _, key := range []string{"source", "owner", "purpose"} {
		out = append(out, "  "+key+": "+Todo)
	}
	out = append(out, "  justification: { business: "+Todo+" }",
		"  approved: { by: "+Todo+", reference: "+Todo+", on: "+Todo+", expires: "+Todo+" }")
	switch {
	case p.kind == "":
	case len(p.pins) == 0:
		out = append(out, "  pin: "+Todo)
	case len(p.pins) == 1:
		out = append(out, "  pin: "+p.pins[0])
	default:
		out = append(out, "  pin:")
		for _, hash := range p.pins {
			out = append(out, "    - "+hash)
		}
	}
	return out
}

// scalar writes text as YAML, which reads it as that text and nothing else.
func scalar(s string) string {
	if plain(s) {
		return s
	}
	return strconv.QuoteToASCII(strings.ToValidUTF8(s, "\ufffd")) // Go's escapes are YAML's
}

// plain says that YAML can have no other opinion of a text: a URL or a path.
func plain(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return s != "" && strings.ContainsRune(letters, rune(s[0])) && strings.Contains(s, "/") &&
		strings.Trim(s, letters+"0123456789-._~/%=&?+@:") == "" && !strings.Contains(s, ": ") && !strings.HasSuffix(s, ":")
}

// repin puts hashes into the pin of the entry in a line, and takes its approval
// back.
func (e *editor) repin(line int, hashes []string) {
	list := child(e.doc, "scripts")
	for _, item := range list.Content {
		if item.Line != line {
			continue
		}
		pin := child(item, "pin")
		text := hashes[0]
		if pin.Kind == yaml.SequenceNode {
			pin = pin.Content[0]
		} else if len(hashes) > 1 {
			text = "[" + strings.Join(hashes, ", ") + "]"
		}
		e.replace(pin, text)
		if approved := child(item, "approved"); approved != nil {
			for i := 1; i < len(approved.Content); i += 2 {
				e.replace(approved.Content[i], Todo)
			}
		}
	}
}
