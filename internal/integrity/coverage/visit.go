package coverage

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// visit is one page, or one application whose page is elsewhere, and all that it
// can load.
type visit struct {
	*reader
	page    string // "" where it is elsewhere
	doc     *page.Document
	reached map[string]*reach
	queue   []string
	tables  map[integrity.Hash][]Cover // hashes in the scripts that it can load
	inline  map[integrity.Hash][]Cover // those in inline scripts
	imports map[string][]Cover         // right hashes in its import map, by file
}

// reach is how a file is loaded.
type reach struct {
	load     release.Load
	module   bool     // by a module script's tag, or by import
	tagged   bool     // by a tag
	at       location // where the first thing is that loads it
	covers   []Cover
	open     string // why some way to load it has no hash, "" for none
	unpinned bool   // no way to load it can have one: @import, a worker
}

func (r *reader) visit(page string, doc *page.Document) *visit {
	return &visit{
		reader: r, page: page, doc: doc, reached: map[string]*reach{},
		tables: map[integrity.Hash][]Cover{}, inline: map[integrity.Hash][]Cover{}, imports: map[string][]Cover{},
	}
}

// reach notes that the visit loads a file.
func (v *visit) reach(path string, load release.Load, module bool, by location) *reach {
	to := v.reached[path]
	if to == nil {
		to = &reach{load: load, module: module, at: by}
		v.reached[path] = to
		v.queue = append(v.queue, path)
	}
	if load == release.Initial {
		to.load = load
	}
	return to
}

// follow reads what is reached until nothing is added.
func (v *visit) follow() {
	for len(v.queue) > 0 {
		u := v.units[v.queue[0]]
		v.queue = v.queue[1:]
		if u == nil {
			continue
		}
		v.followScript(u, v.reached[u.path])
		for _, i := range u.imports {
			v.followImport(u.path, i, u.at(i.at))
		}
	}
}

func (v *visit) followScript(u *unit, from *reach) {
	for _, l := range u.links {
		v.followLink(l, from.module, from.load, u.at(l.at))
	}
	for _, p := range u.pins {
		v.followPin(v.tables, ByTable, p, u.at(p.at))
	}
	if u.pass == nil {
		return
	}
	for _, e := range u.pass.Entries {
		if !slices.Contains(e.JS, u.path) {
			continue
		}
		for _, name := range e.Chunks {
			c, _ := u.pass.Chunk(name)
			for _, f := range slices.Concat(c.JS, c.CSS) {
				v.reach(f, release.Lazy, v.isModule(f, from.module), at(f))
			}
		}
	}
}

// isModule says whether a script that another loads is loaded by import.
func (v *visit) isModule(path string, fromModule bool) bool {
	u := v.units[path]
	if u == nil || u.role != release.Script {
		return false
	}
	if u.pass != nil && len(u.pass.Chunks)+len(u.pass.Entries) > 0 && u.pass.Format != "" {
		return u.pass.Format == release.ESM
	}
	return fromModule
}

func (v *visit) followLink(l link, module bool, load release.Load, by location) {
	if !l.static || load != release.Initial {
		load = release.Lazy
	}
	to := v.reach(l.to.path, load, v.isModule(l.to.path, module), by)
	if l.worker {
		to.unpinned, to.open = true, "it is a worker's script, of which no browser checks integrity"
	}
}

// followPin takes a hash for a way to load the file that has it: a bundler's table
// may name files by numbers.
func (v *visit) followPin(into map[integrity.Hash][]Cover, means Means, p match, at location) {
	for _, u := range p.of {
		v.reach(u.path, release.Lazy, v.isModule(u.path, false), at)
	}
	into[p.Hash] = append(into[p.Hash], Cover{means, at.path, at.line, at.column, p.Hash})
}

func (v *visit) followImport(from string, i imported, by location) {
	base := ""
	if from == v.page && v.doc != nil { // an inline style's
		base = v.doc.Base
	}
	file, elsewhere := v.within(path.Dir(from), base, i.url)
	why := "a style sheet loads it by @import, which can't be pinned"
	if elsewhere || v.units[file] == nil {
		if i.url != "" && !strings.HasPrefix(i.url, "data:") {
			v.foreign(i.url, release.Style, release.Initial, Uncovered, why, nil, by)
		}
		return
	}
	to := v.reach(file, v.loadOf(from), false, by)
	to.at, to.unpinned, to.open = by, true, why
}

func (v *visit) loadOf(path string) release.Load {
	if to := v.reached[path]; to != nil {
		return to.load
	}
	return release.Initial // an inline style's
}

// judge says what covers each file that was reached.
func (v *visit) judge() {
	for _, path := range slices.Sorted(maps.Keys(v.reached)) {
		u, to := v.units[path], v.reached[path]
		if u == nil || u.role != release.Script && u.role != release.Style {
			continue
		}
		if !to.unpinned {
			v.judgePinned(u, to)
		}
		status := Uncovered
		switch {
		case to.open == "" && len(to.covers) > 0:
			status = Covered
		case v.page == "" && !to.unpinned && (to.tagged || to.module):
			status = Elsewhere
		}
		v.note(v.seenAs(path, "", u.role), to.load, status, to.open, to.covers, to.at)
	}
}

// judgePinned finds the hash for a file that no tag loads.
func (v *visit) judgePinned(u *unit, to *reach) {
	switch {
	case to.tagged:
		if v.page == "" {
			to.open = "the tag that loads it is in no page of the release"
		}
		return
	case to.module:
		to.covers = append(to.covers, v.imports[u.path]...)
		if to.open = ""; len(to.covers) == 0 {
			if to.open = "modules import it, and no import map in the page has its hash"; v.page == "" {
				to.open = "modules import it: an import map pins it in the page, which is not of the release"
			}
		}
		return
	}
	for _, hash := range []integrity.Hash{u.sums[integrity.SHA256], u.sums[integrity.SHA384], u.sums[integrity.SHA512]} {
		to.covers = append(to.covers, v.tables[hash]...)
		to.covers = append(to.covers, v.inline[hash]...)
	}
	if to.open = ""; len(to.covers) == 0 {
		to.open = "scripts load it later, and none that the page loads has its hash"
	}
}

// seenAs finds or makes a resource.
func (r *reader) seenAs(path, url string, role release.Role) *Resource {
	key := path + "\x00" + url
	if r.seen[key] == nil {
		r.seen[key] = &Resource{Path: path, URL: url, Role: role, Load: release.None}
	}
	return r.seen[key]
}

// note adds what one visit knows of a resource: the worst status stays.
func (v *visit) note(s *Resource, load release.Load, status Status, reason string, by []Cover, at location) {
	if v.page != "" && !slices.Contains(s.Pages, v.page) {
		s.Pages = append(s.Pages, v.page)
	}
	if s.Load != release.Initial {
		s.Load = load
	}
	if rank[status] > rank[s.Status] {
		s.Status, s.Reason = status, reason
	}
	s.By = append(s.By, by...)
	if status == Uncovered && !v.told[at] {
		v.tellUncovered(s, reason, at)
	}
}

func (v *visit) tellUncovered(s *Resource, reason string, at location) {
	severity, hint := severities[ruleUncovered], ""
	if s.Role == release.Style {
		severity = finding.Medium
	}
	if s.URL != "" {
		hint = v.foreignHint(s.URL)
	}
	if s.URL != "" && v.Excepted != nil && v.Excepted(s.URL) {
		severity, reason = finding.Info, reason+"; the inventory excepts it"
	}
	v.addAs(ruleUncovered, severity, at, "%s %s is not pinned: %s", s.Role, quote(s.Name()), reason)
	v.advise(hint)
}

// foreignHint is for what is not of the release, unless its address ends as a file
// of the release does.
func (v *visit) foreignHint(address string) string {
	u, err := url.Parse(address)
	if page.Templated(address) && (err != nil || u.Host == "") {
		return templateHint
	}
	if err != nil {
		return thirdPartyHint
	}
	for below := strings.TrimPrefix(u.Path, "/"); below != ""; {
		if of := v.units[below]; of != nil && u.Host != "" {
			v.meant[below] = true
			return fmt.Sprintf("if this release is served there, say so by integrity.public-url: %s://%s%s", u.Scheme, u.Host, strings.TrimSuffix(u.Path, below))
		}
		_, below, _ = strings.Cut(below, "/")
	}
	return thirdPartyHint
}

// rank orders statuses, the best first.
var rank = map[Status]int{Covered: 1, Elsewhere: 2, Unknown: 3, Uncovered: 4}

// foreign notes a script or style that is not of the release.
func (v *visit) foreign(url string, role release.Role, load release.Load, status Status, reason string, by []Cover, at location) {
	v.note(v.seenAs("", url, role), load, status, reason, by, at)
}
