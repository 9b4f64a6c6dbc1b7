package header

import (
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity/page"
)

// routes adds the rules of paths at which a page is served that has another one. A
// path that is a file's own keeps that file's headers.
func (m *maker) routes() {
	for _, route := range m.Routes {
		if index := above(m.Pages, route); m.rule(route) < 0 && !m.covered(route, index) {
			m.set.Rules = append(m.set.Rules, Rule{Path: route, Fields: m.set.Rules[m.rule(index)].Fields, Route: true})
		}
	}
	slices.SortFunc(m.set.Rules, func(a, b Rule) int { return strings.Compare(a.Path, b.Path) })
	if len(m.Routes) == 0 {
		m.unnamedRoutes()
	}
	for _, r := range m.set.Rules {
		if r.Route && m.set.shared(r) {
			m.add(ruleSharedRoute, finding.Location{}, "_headers has no rule for the route %s: the release has others below it", quote(r.Path))
		}
	}
}

// rule is the index of a path's rule, or -1.
func (m *maker) rule(at string) int {
	return slices.IndexFunc(m.set.Rules, func(r Rule) bool { return r.Path == at })
}

// covered reports whether a wider route stands for this one and its page too.
func (m *maker) covered(route, index string) bool {
	return slices.ContainsFunc(m.Routes, func(wider string) bool {
		below, star := strings.CutSuffix(wider, "*")
		return star && wider != route && strings.HasPrefix(route, below) && above(m.Pages, wider) == index
	})
}

// above is the path of the nearest index.html in or above a route, "" for none.
func above(pages map[string]*page.Document, route string) string {
	for dir := path.Clean("/" + strings.TrimSuffix(route, "*")); ; dir = path.Dir(dir) {
		index := path.Join(dir, "index.html")
		if _, ok := pages[index[1:]]; ok {
			return index
		}
		if dir == "/" {
			return ""
		}
	}
}

// unnamedRoutes tells of pages that are made to be served at any path, when nobody
// says at which: there they would have no headers.
func (m *maker) unnamedRoutes() {
	for file, doc := range m.Pages {
		rooted := slices.ContainsFunc(doc.Elements, func(e page.Element) bool {
			return (e.Kind == page.Script || e.Kind == page.Module) && strings.HasPrefix(e.URL, "/") && !strings.HasPrefix(e.URL, "//")
		})
		if rooted && path.Base(file) == "index.html" {
			m.add(ruleRoutes, finding.Location{Path: m.Prefix + file}, "the page names its scripts from / on, so a server may give it at other paths too; headers.json and _headers have its own alone")
		}
	}
}

// shared reports whether a rule stands for paths that have rules of their own. Then
// _headers can't have it, as services join the values of all rules of a path.
func (s *Set) shared(r Rule) bool {
	below, star := strings.CutSuffix(r.Path, "*")
	return star && slices.ContainsFunc(s.Rules, func(o Rule) bool { return o.Path != r.Path && strings.HasPrefix(o.Path, below) })
}
