package srimanifest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/header"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/inventory"
	"github.com/org/checkout-deploy/internal/release"
)

const maxInventory = 4 << 20 // bytes

// listed is the inventory, and how what was seen stands with it.
type listed struct {
	file    *inventory.Inventory // nil for none
	scripts []inventory.Script
	diff    string // what is missing in the file
}

// readInventory reads the file that the configuration names; nil for none. One that
// is not there yet is empty: what is missing in it is told, and proposed.
func (j *job) readInventory() (*inventory.Inventory, error) {
	name := j.cfg.Integrity.Inventory
	if name == "" {
		return nil, nil //nolint:nilnil // none is named
	}
	data, err := j.file(name, maxInventory)
	if errors.Is(err, fs.ErrNotExist) {
		j.noInventory = true
		j.found(finding.Finding{
			Rule: "inventory/missing", Severity: finding.High, Location: finding.Location{Path: name},
			Message: fmt.Sprintf("got no inventory %s, want every script of the payment page in it", name),
			Hint:    fmt.Sprintf("git apply %s/inventory.diff makes it, with TODO for what people have to fill in", j.in.out),
		})
		return inventory.Empty(name), nil
	}
	if err != nil {
		return nil, action.Misuse(fmt.Errorf("integrity.inventory: %w", err))
	}
	inv, err := inventory.Parse(name, data)
	if err != nil {
		return nil, action.Misuse(j.r.In(j.dir, err))
	}
	return inv, nil
}

// compareInventory holds what was seen against the inventory, nil for none.
func (j *job) compareInventory(inv *inventory.Inventory, seen inventory.Observed) (l listed, err error) {
	l.file = inv
	if inv == nil {
		l.scripts, _ = inventory.Empty("").Check(seen, j.r.Now())
		return l, nil
	}
	var found []finding.Finding
	if l.scripts, found = inv.Check(seen, j.r.Now()); !j.noInventory { // else all are missing, for one cause
		j.found(found...)
	}
	if l.diff, err = inv.Propose(seen); l.diff != "" {
		l.diff = header.Mark + l.diff // git apply passes it over
	}
	return l, err
}

// observed is what the release has, and what its pages load besides.
func observed(p *pinned) inventory.Observed {
	seen := inventory.Observed{Own: inventory.OwnOf(p.release)}
	for _, name := range sortedKeys(p.wired.pages) {
		guards := map[string]bool{}
		for _, inline := range p.wired.contents[name].Inline {
			guards[inline.Text] = true
		}
		for _, e := range p.wired.pages[name].Elements {
			if l, ok := loadedBy(name, p.wired.pages[name], e); ok && !guards[e.Text] {
				seen.Loaded = append(seen.Loaded, l)
			}
		}
	}
	return seen
}

// loadedBy is an element that brings in what is none of the release.
func loadedBy(name string, doc *page.Document, e page.Element) (inventory.Loaded, bool) {
	l := inventory.Loaded{Page: name, Integrity: e.Integrity, Kind: release.Script}
	switch e.Kind {
	case page.Style:
		l.Kind = release.Style
	case page.Script, page.Module:
	default:
		return l, false
	}
	if e.URL == "" {
		for _, a := range []integrity.Algorithm{integrity.SHA384, integrity.SHA256, integrity.SHA512} {
			l.Hashes = append(l.Hashes, integrity.Sum(a, []byte(e.Text)).String())
		}
		return l, strings.TrimSpace(e.Text) != ""
	}
	l.URL = doc.Address(e.URL)
	return l, l.URL != ""
}

// resources are the scripts and styles of others that headers have to allow.
func (l listed) resources() (all []header.Resource) {
	named := map[string]bool{} // those that are no pattern
	if l.file != nil {
		for _, e := range l.file.Entries {
			if e.URL == "" {
				continue
			}
			r := header.Resource{URL: string(e.URL), Kind: e.Kind, Page: fmt.Sprintf("%s:%d", l.file.File, e.Line)}
			if r.Integrity = metadata(strings.Join(e.Pin, " ")); r.Integrity == nil {
				r.Reason = "it has no pin"
				if e.Exception != nil {
					r.Reason = e.Exception.Reason
				}
			}
			all = append(all, r)
			named[r.URL] = true
		}
	}
	for _, s := range l.scripts {
		if s.Loaded == nil || s.Loaded.URL == "" || named[s.Loaded.URL] {
			continue
		}
		named[s.Loaded.URL] = true
		r := header.Resource{URL: s.Loaded.URL, Kind: s.Loaded.Kind, Integrity: metadata(s.Loaded.Integrity), Reason: "the inventory does not name it", Page: s.Loaded.Page}
		if s.Entry != nil && s.Entry.URL != "" { // its pattern names it
			r.Reason = "it has no pin"
			if s.Entry.Exception != nil {
				r.Reason = s.Entry.Exception.Reason
			}
		}
		all = append(all, r)
	}
	return all
}

// excepted says whether the inventory accepts a URL without a pin.
func (l listed) excepted(url string) bool {
	return slices.ContainsFunc(l.scripts, func(s inventory.Script) bool {
		return s.Loaded != nil && s.Loaded.URL == url && s.State == inventory.Excepted
	})
}

// metadata is an attribute's value where nothing is wrong with it, else nil.
func metadata(attribute string) integrity.Metadata {
	m, problems := integrity.Parse(attribute)
	if len(problems) > 0 {
		return nil
	}
	return m
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
