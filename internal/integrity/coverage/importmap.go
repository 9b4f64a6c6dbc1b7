package coverage

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
)

// importMaps reads the page's import maps. What counts is what every browser
// takes: the first one, before the first module, not blocked.
func (v *visit) importMaps() {
	module, several := false, false
	for i := range v.doc.Elements {
		e := &v.doc.Elements[i]
		switch {
		case e.Kind == page.Module || e.Kind == page.ModulePreload:
			module = true
		case e.Kind != page.ImportMap:
		case several:
			v.add(ruleMapSeveral, v.place(e), "got another import map, want one in a page")
		default:
			several = true
			v.importMap(e, module)
		}
	}
}

func (v *visit) importMap(e *page.Element, late bool) {
	at := v.place(e)
	blocked := v.blocked(e)
	pins, problem := readImportMap(e)
	switch {
	case problem != "":
		v.add(ruleMapInvalid, at, "import map: %s", problem)
		return
	case late:
		v.add(ruleMapLate, at, "got the import map behind a module, want it before the first")
	case blocked:
		v.add(ruleMapBlocked, at, "the page's Content-Security-Policy has neither a hash of the import map nor its nonce")
	}
	for _, url := range slices.Sorted(maps.Keys(pins)) {
		what := "the import map's hash of " + quote(url)
		if !v.metadata(pins[url], what, func(int) location { return at }) {
			continue
		}
		hashes := integrity.Effective(pins[url])
		file, elsewhere := v.within(path.Dir(v.page), v.doc.Base, url)
		u := v.units[file]
		switch {
		case elsewhere:
		case u == nil:
			v.add(ruleUnknownFile, at, "got %s, which is no file of the release", what)
		case u.there && !u.is(hashes):
			v.add(ruleWrongHash, at, "%s is %s, and the file's is %s", what, quote(hashes.String()), u.sums[hashes.Strongest()])
		case !late && !blocked:
			for _, h := range hashes {
				if u.sums[h.Algorithm] == h {
					v.imports[file] = append(v.imports[file], Cover{ByImportMap, v.page, at.line, at.column, h})
				}
			}
		}
	}
}

// readImportMap gives the integrity of an import map (HTML, "parse an import map
// string"), or says why a browser refuses it.
func readImportMap(e *page.Element) (pins map[string]string, problem string) {
	if e.URL != "" {
		return nil, "got one with src, want an inline one: browsers know no other"
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.Text), &all); err != nil || all == nil {
		return nil, "got no JSON object"
	}
	if all["integrity"] == nil {
		return nil, ""
	}
	var values map[string]any
	if err := json.Unmarshal(all["integrity"], &values); err != nil || values == nil {
		return nil, "got an integrity that is no object"
	}
	pins = map[string]string{}
	for url, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, "got a hash of " + quote(url) + " that is no text"
		}
		pins[url] = text
	}
	return pins, ""
}

// blocked reports whether a policy in the page's HTML refuses an inline script
// (CSP3, section 6.7.3). What headers say is not known here.
func (v *visit) blocked(e *page.Element) bool {
	return slices.ContainsFunc(v.doc.Policy, func(policy string) bool { return refuses(policy, e) })
}

func refuses(policy string, e *page.Element) bool {
	sources, ok := scriptSources(policy)
	if !ok {
		return false
	}
	inline, strict := false, false
	for _, s := range sources {
		lower := strings.ToLower(s)
		value := strings.Trim(s, "'")
		switch {
		case lower == "'unsafe-inline'":
			inline = true
		case strings.HasPrefix(lower, "'nonce-"):
			if strict = true; e.Nonce != "" && value[len("nonce-"):] == e.Nonce {
				return false
			}
		case strings.HasPrefix(lower, "'sha"):
			if strict = true; integrity.Effective(value).Match([]byte(e.Text)) {
				return false
			}
		case lower == "'strict-dynamic'":
			strict = true
		}
	}
	return !inline || strict
}

// scriptSources are those of the directive that rules inline scripts.
func scriptSources(policy string) (sources []string, ok bool) {
	directives := map[string][]string{}
	for d := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(d)
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if _, twice := directives[name]; !twice {
			directives[name] = words[1:]
		}
	}
	for _, name := range []string{"script-src-elem", "script-src", "default-src"} {
		if sources, ok = directives[name]; ok {
			return sources, true
		}
	}
	return nil, false
}
