package coverage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/release"
)

// readElsewhere follows the entries that no page of the release loads: a
// platform's page has their tags. A loader comes before what it loads.
func (r *reader) readElsewhere() {
	named := r.namedByOthers()
	for _, loaded := range []bool{false, true} {
		for i := range r.Release.Passes {
			p := &r.Release.Passes[i]
			for j := range p.Entries {
				e := &p.Entries[j]
				if len(e.JS) == 0 || r.isSeen(e.JS[len(e.JS)-1]) || !loaded && named[e.JS[len(e.JS)-1]] {
					continue
				}
				r.readEntry(p, e)
			}
		}
	}
}

func (r *reader) isSeen(path string) bool { return r.seen[path+"\x00"] != nil }

func (r *reader) readEntry(p *release.Pass, e *release.Entry) {
	v := r.visit("", nil)
	for _, f := range slices.Concat(e.JS, e.CSS) {
		to := v.reach(f, release.Initial, p.Format == release.ESM && roleOf(f) == release.Script, at(f))
		to.tagged = true
	}
	v.follow()
	v.judge()
	r.add(ruleElsewhere, at(e.JS[len(e.JS)-1]), "no page of the release has the tags of the entry %s: where they are written, each needs the integrity that the record has", quote(p.Name+"/"+e.Name))
}

// namedByOthers are the files that scripts of another pass name.
func (r *reader) namedByOthers() map[string]bool {
	named := map[string]bool{}
	for _, u := range r.units {
		if u.role != release.Script {
			continue
		}
		for _, n := range u.names {
			if of, _ := r.file(u.path, n.value); of != nil && of.pass != nil && (u.pass == nil || of.pass.Name != u.pass.Name) {
				named[of.path] = true
			}
		}
	}
	return named
}

// readUnlisted tells the scripts and styles that nothing was seen to load.
func (r *reader) readUnlisted() {
	for _, path := range slices.Sorted(maps.Keys(r.units)) {
		u := r.units[path]
		if u.role != release.Script && u.role != release.Style || r.isSeen(path) {
			continue
		}
		s := r.seenAs(path, "", u.role)
		s.Status, s.Reason = Unknown, "no page, script or table that was read names it or has its hash"
		if r.meant[path] { // told where a page means it
			continue
		}
		r.add(ruleUnlisted, at(path), "%s: %s", quote(path), s.Reason)
	}
}

// conclude sorts what was seen.
func (r *reader) conclude() {
	for _, key := range slices.Sorted(maps.Keys(r.seen)) {
		s := r.seen[key]
		slices.Sort(s.Pages)
		slices.SortFunc(s.By, compareCovers)
		s.By = slices.Compact(s.By)
		for _, c := range s.By {
			if s.Path == "" || s.Role != release.Script {
				break
			}
			r.report.Hashes = append(r.report.Hashes, c.Hash)
		}
		r.report.Resources = append(r.report.Resources, *s)
	}
	slices.SortStableFunc(r.report.Resources, func(a, b Resource) int { return strings.Compare(a.Name(), b.Name()) })
	slices.SortFunc(r.report.Hashes, func(a, b integrity.Hash) int { return strings.Compare(a.String(), b.String()) })
	r.report.Hashes = slices.Compact(r.report.Hashes)
	slices.SortFunc(r.report.Findings, func(a, b finding.Finding) int {
		return cmp.Or(
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), strings.Compare(a.Location.Path, b.Location.Path),
			cmp.Compare(a.Location.Line, b.Location.Line), cmp.Compare(a.Location.Column, b.Location.Column),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message),
		)
	})
	r.report.Findings = slices.CompactFunc(r.report.Findings, func(a, b finding.Finding) bool {
		return a.Rule == b.Rule && a.Location == b.Location && a.Message == b.Message
	})
}

func compareCovers(a, b Cover) int {
	return cmp.Or(
		strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		strings.Compare(string(a.Means), string(b.Means)), strings.Compare(a.Hash.String(), b.Hash.String()),
	)
}
