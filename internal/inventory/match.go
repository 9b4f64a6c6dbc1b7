package inventory

import (
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// matchers are what an entry is of, as a line each.
func (e *Entry) matchers() []string {
	var out []string
	for _, s := range e.Own {
		out = append(out, "own "+s)
	}
	for _, s := range e.Files {
		out = append(out, "files "+s)
	}
	if e.URL != "" {
		out = append(out, string(e.Kind)+" "+string(e.URL))
	}
	return out
}

// Name is what people call the entry: its id, or what it is of.
func (e *Entry) Name() string {
	switch {
	case e.ID != "":
		return e.ID
	case e.URL != "":
		return string(e.URL)
	case e.Inline != "":
		return "inline scripts of " + string(e.Inline)
	}
	return strings.Join(slices.Concat(e.Own, e.Files), ", ")
}

// ours says that the entry is of the release.
func (e *Entry) ours() bool { return len(e.Own)+len(e.Files) > 0 }

// names reports whether the entry names a file of the release. One of its chunks
// is enough: a second chunk that shares the file brings no code with it.
func (e *Entry) names(o Own) bool {
	for _, name := range e.Own {
		pass, wide := strings.CutSuffix(name, "/*")
		for _, group := range slices.Concat(o.Entries, o.Chunks) {
			if group == name || wide && strings.HasPrefix(group, pass+"/") {
				return true
			}
		}
	}
	return slices.ContainsFunc(e.Files, func(glob string) bool { return globMatcher(glob).match(o.Path) })
}

// Inline reports whether the script stands in the page itself.
func (l Loaded) Inline() bool {
	return l.URL == "" || !strings.HasPrefix(l.URL, "http:") && !strings.HasPrefix(l.URL, "https:")
}

func (e *Entry) loads(l Loaded) bool {
	kind := e.Kind
	if kind == "" {
		kind = release.Script
	}
	switch {
	case kind != l.Kind:
		return false
	case l.Inline():
		return e.inline.match(l.Page) || e.inline.match(withoutQuery(l.Page))
	}
	return e.url.match(l.URL)
}

// find returns the entry of somebody else's script: of several the one that pins
// its bytes, then the one without a pin, then the first.
func (inv *Inventory) find(l Loaded) *Entry {
	var best *Entry
	rank := 0
	for i := range inv.Entries {
		e := &inv.Entries[i]
		if !e.loads(l) {
			continue
		}
		n := map[fit]int{same: 4, noPin: 3, unseen: 2, other: 1}[e.fit(l)]
		if n > rank {
			best, rank = e, n
		}
	}
	if best != nil && l.Inline() && rank == 1 {
		return nil // other bytes are another script: an inline one has no name
	}
	return best
}

// Excepts reports whether the entry of somebody else's script has an exception, which
// has not ended at that time.
func (inv *Inventory) Excepts(l Loaded, now time.Time) bool {
	e := inv.find(l)
	return e != nil && e.Exception != nil && e.Exception.Expires >= DayOf(now)
}

// fit says how bytes stand with a pin.
type fit int

const (
	noPin  fit = iota
	same       // every hash that was seen is pinned
	other      // one is not
	unseen     // none was seen that can be compared
)

func (e *Entry) fit(l Loaded) fit {
	if len(e.Pin) == 0 {
		return noPin
	}
	found := unseen
	for _, hash := range slices.Concat(l.Hashes, enforced(l.Integrity)) {
		if algorithm(hash) != algorithm(e.Pin[0]) {
			continue
		}
		if !slices.Contains(e.Pin, hash) {
			return other
		}
		found = same
	}
	return found
}

// enforced are the hashes of an integrity attribute that browsers look at: those
// of the strongest algorithm.
func enforced(attribute string) []string {
	var out []string
	for _, hash := range strings.Fields(attribute) {
		hash, _, _ = strings.Cut(hash, "?")
		switch {
		case checkPin(hash) != nil:
		case len(out) == 0 || algorithm(hash) > algorithm(out[0]): // the names are in that order
			out = []string{hash}
		case algorithm(hash) == algorithm(out[0]):
			out = append(out, hash)
		}
	}
	return out
}

// withoutQuery is a page's address as inline scripts are named by: queries hold
// sessions and campaigns.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 && strings.Contains(url, "://") {
		return url[:i]
	}
	return url
}
