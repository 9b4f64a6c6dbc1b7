package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/spell"
)

// readPage finds what a page loads and judges it.
func (r *reader) readPage(path string, doc *page.Document) {
	v := r.visit(path, doc)
	v.importMaps()
	for i := range doc.Elements {
		v.element(&doc.Elements[i])
	}
	for i := range doc.Inert {
		v.element(&doc.Inert[i]) // where a script inserts them, or scripts are off, they load
	}
	v.documents()
	v.hints()
	v.follow()
	v.judge()
}

// documents looks at the tags of those that stand in an attribute of the page. Neither
// its import map nor its guard is in them: each tag has to have the hash.
func (v *visit) documents() {
	for _, f := range v.doc.Frames {
		if f.Name != "srcdoc" {
			continue
		}
		doc, err := page.Scan([]byte(f.Value))
		if err != nil {
			continue // larger than a page that holds it: there is none
		}
		for _, e := range slices.Concat(doc.Elements, doc.Inert) {
			if e.URL == "" {
				continue
			}
			if e.Kind == page.Module {
				e.Kind = page.Script
			}
			e.Line, e.Column = f.Line, f.Column
			v.element(&e)
		}
	}
}

func (v *visit) place(e *page.Element) location {
	return location{v.page, place{e.Line, e.Column}}
}

func (v *visit) element(e *page.Element) {
	switch e.Kind {
	case page.Script, page.Module:
		if e.NoModule {
			v.add(ruleNoModule, v.place(e), "the script %s has nomodule", quote(e.URL))
		}
		if e.URL == "" {
			v.inlineScript(e)
			return
		}
		v.tag(e, release.Script)
	case page.Style:
		if e.URL == "" {
			v.inlineStyle(e)
			return
		}
		v.tag(e, release.Style)
	case page.Preload, page.ModulePreload, page.Prefetch, page.ImportMap, page.Guard: // elsewhere
	}
}

// inlineScript looks for hashes, names and workers in an inline script.
func (v *visit) inlineScript(e *page.Element) {
	u := &unit{path: v.page, role: release.Script, facts: readScript(e.Text)}
	u.locate(e.Text)
	for offset, p := range u.places {
		u.places[offset] = p.within(e.TextLine, e.TextColumn)
	}
	v.checkUnit(u)
	v.connect(u)
	for _, l := range u.links {
		v.followLink(l, e.Kind == page.Module, release.Initial, u.at(l.at))
	}
	if v.blocked(e) {
		return
	}
	for _, p := range u.pins {
		v.followPin(v.inline, ByGuard, p, u.at(p.at))
	}
}

func (v *visit) inlineStyle(e *page.Element) {
	u := &unit{path: v.page, role: release.Style, imports: readStyle(e.Text)}
	u.locate(e.Text)
	for offset, p := range u.places {
		u.places[offset] = p.within(e.TextLine, e.TextColumn)
	}
	v.checkUnit(u)
	for _, i := range u.imports {
		v.followImport(v.page, i, u.at(i.at))
	}
}

// tag judges an element that loads a script or style.
func (v *visit) tag(e *page.Element, role release.Role) {
	if strings.HasPrefix(e.URL, "data:") || strings.HasPrefix(e.URL, "blob:") {
		return // the bytes are in the page
	}
	hashes := v.attribute(e)
	file, elsewhere := v.within(path.Dir(v.page), v.doc.Base, e.URL)
	u := v.units[file]
	open, covers := v.tagCovers(e, hashes, u)
	if elsewhere || u == nil {
		v.tagElsewhere(e, role, elsewhere, open, covers)
		return
	}
	to := v.reach(u.path, release.Initial, e.Kind == page.Module, v.place(e))
	to.tagged, to.module = true, to.module || e.Kind == page.Module
	to.covers = append(to.covers, covers...)
	if to.open == "" && open != "" {
		to.open, to.at = open, v.place(e) // the tag that has to change, and not the first
	}
}

// tagElsewhere judges a tag of what is no file of the release, though it may be
// meant to be.
func (v *visit) tagElsewhere(e *page.Element, role release.Role, elsewhere bool, open string, covers []Cover) {
	address := v.doc.Address(e.URL)
	switch {
	case page.Templated(e.URL):
		if open != "" {
			open += ", and " + page.ExpressionMessage
		}
	case !elsewhere:
		v.add(ruleMissingFile, v.place(e), "the page loads %s, which is not in the release", quote(e.URL))
		v.advise(v.didYouMean(e.URL))
	case open != "" && address != "" && !absolute(e.URL):
		open += ", and the page's base element puts it on another host"
	}
	status := Covered
	if open != "" {
		status = Uncovered
	}
	v.foreign(cmp.Or(address, e.URL), role, release.Initial, status, open, covers, v.place(e))
}

// didYouMean is a hint that names the file that an address was likely meant to be,
// "" for none.
func (v *visit) didYouMean(ref string) string {
	file, _ := v.within(path.Dir(v.page), v.doc.Base, ref)
	near := spell.NearestPath(v.Files, file)
	for _, name := range slices.Sorted(maps.Keys(v.units)) {
		if path.Base(name) == path.Base(file) {
			near = name
			break
		}
	}
	if near == "" || v.units[near] == nil {
		return ""
	}
	v.meant[near] = true
	return fmt.Sprintf("did you mean %q?", near)
}

// tagCovers says what pins a tag's file, or why nothing does.
func (v *visit) tagCovers(e *page.Element, hashes integrity.Metadata, u *unit) (open string, covers []Cover) {
	at := v.place(e)
	switch {
	case e.SVG:
		return "browsers check no integrity of SVG's elements", nil
	case e.HasIntegrity && len(hashes) == 0:
		return "its tag's integrity is none that a browser checks", nil
	case u != nil && !e.HasIntegrity && e.Kind == page.Module && len(v.imports[u.path]) > 0:
		return "", v.imports[u.path]
	case !e.HasIntegrity:
		return "its tag has no integrity", nil
	case u != nil && u.there && !u.is(hashes):
		if v.told[at] { // it is none of any bytes
			return "its tag's integrity is none that a browser checks", nil
		}
		v.add(ruleWrongHash, at, "the tag of %s has %s, and the file's is %s", quote(e.URL), quote(hashes.String()), u.sums[hashes.Strongest()])
		return "its tag has the hash of other bytes", nil
	}
	for _, h := range hashes {
		if u == nil || u.sums[h.Algorithm] == h {
			covers = append(covers, Cover{ByTag, v.page, at.line, at.column, h})
		}
	}
	return "", covers
}

// attribute checks an integrity attribute and gives what a browser enforces of it.
func (v *visit) attribute(e *page.Element) integrity.Metadata {
	if !e.HasIntegrity {
		return nil
	}
	at := v.place(e)
	v.metadata(e.Integrity, "the integrity of "+quote(e.URL), func(int) location { return at })
	hashes := integrity.Effective(e.Integrity)
	if len(hashes) == 0 {
		return nil
	}
	_, foreign := v.within(path.Dir(v.page), v.doc.Base, e.URL)
	if a := hashes.Strongest(); a != v.Algorithm && !foreign {
		v.add(ruleAlgorithm, at, "the integrity of %s is %s, want %s", quote(e.URL), a, v.Algorithm)
	}
	switch {
	case e.HasCrossOrigin || e.Kind == page.Module || e.Kind == page.ModulePreload:
	case v.other(v.doc.Address(e.URL)):
		v.add(ruleNoCrossOrigin, at, "%s is of another origin, and its tag has integrity and no crossorigin", quote(e.URL))
	case e.Kind == page.Script:
		v.add(ruleNoCORS, at, "the tag of %s has integrity and no crossorigin", quote(e.URL))
	}
	return hashes
}

// hints compares preloads with the tags that use them.
func (v *visit) hints() {
	tags := map[string]*page.Element{}
	for i := range v.doc.Elements {
		if e := &v.doc.Elements[i]; e.URL != "" && (e.Kind == page.Script || e.Kind == page.Module || e.Kind == page.Style) {
			tags[e.URL] = e
		}
	}
	for i := range v.doc.Elements {
		e := &v.doc.Elements[i]
		switch {
		case e.Kind == page.ModulePreload, e.Kind == page.Preload && (e.As == "script" || e.As == "style"):
			v.hint(e, tags[e.URL])
		case e.Kind == page.Prefetch && v.other(v.doc.Address(e.URL)) && !e.HasCrossOrigin && roleOf(e.URL) != "":
			v.add(ruleHint, v.place(e), "the prefetch of %s has no crossorigin, and what loads it does: it is fetched twice", quote(e.URL))
		}
	}
}

func (v *visit) hint(e, tag *page.Element) {
	at := v.place(e)
	hashes := v.attribute(e)
	file, elsewhere := v.within(path.Dir(v.page), v.doc.Base, e.URL)
	u := v.units[file]
	switch {
	case !elsewhere && u == nil && !page.Templated(e.URL):
		v.add(ruleMissingFile, at, "the page preloads %s, which is not in the release", quote(e.URL))
		v.advise(v.didYouMean(e.URL))
	case u != nil && u.there && len(hashes) > 0 && !u.is(hashes):
		v.add(ruleWrongHash, at, "the preload of %s has %s, and the file's is %s", quote(e.URL), quote(hashes.String()), u.sums[hashes.Strongest()])
	case tag != nil && tag.HasIntegrity != e.HasIntegrity:
		v.add(ruleHint, at, "the preload of %s and its tag in line %d don't both have integrity: it is fetched twice", quote(e.URL), tag.Line)
	case tag != nil && e.Kind == page.Preload && tag.Kind != page.Module && tag.CrossOrigin != e.CrossOrigin:
		v.add(ruleHint, at, "the preload of %s has crossorigin %q, and its tag in line %d has %q: it is fetched twice", quote(e.URL), e.CrossOrigin, tag.Line, tag.CrossOrigin)
	case !e.HasIntegrity:
		v.add(ruleHint, at, "the preload of %s has no integrity: what loads it with integrity fetches it again", quote(e.URL))
	}
}
