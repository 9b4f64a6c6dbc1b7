package header

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// page adds the rules of a page: a server gives an index for its folder too.
func (m *maker) page(file string, doc *page.Document) {
	fields := append(m.policies(doc),
		Field{"Permissions-Policy", m.permissions()},
		Field{"Referrer-Policy", "strict-origin-when-cross-origin"},
		Field{"Cross-Origin-Opener-Policy", "same-origin-allow-popups"},
		Field{"X-Content-Type-Options", "nosniff"},
		Field{"Cache-Control", "no-cache"},
	)
	m.set.Rules = append(m.set.Rules, Rule{Path: "/" + file, Fields: fields})
	if dir, name := path.Split(file); name == "index.html" {
		m.set.Rules = append(m.set.Rules, Rule{Path: "/" + dir, Fields: fields})
	}
	m.blocked(file, doc)
}

// blocked tells the tags that the policy blocks.
func (m *maker) blocked(file string, doc *page.Document) {
	if m.CSP == None {
		return
	}
	for _, a := range slices.Concat(doc.Handlers, doc.Styles) {
		at := finding.Location{Path: m.Prefix + file, Line: a.Line, Column: a.Column}
		m.add(ruleInline, at, "the policy blocks the attribute %s of %s", quote(a.Name), quote(a.Element))
	}
	for i := range doc.Elements {
		e := &doc.Elements[i]
		if e.URL == "" || e.Kind != page.Script && e.Kind != page.Module && e.Kind != page.Style || isLocal(e.URL) {
			continue
		}
		foreign := m.isForeign(doc, e.URL)
		hashes, _ := integrity.Parse(e.Integrity)
		switch nonce := e.Nonce != "" && m.Nonce != ""; {
		case foreign && !m.listed(doc, e.URL):
			m.add(ruleUnlisted, m.at(file, e), "the policy blocks %s, which the inventory does not have", quote(e.URL))
		case e.Kind == page.Style || nonce || len(hashes) > 0:
		case foreign && m.Scripts == StrictDynamic:
			m.add(ruleTag, m.at(file, e), "strict-dynamic blocks the tag of %s, which has no integrity", quote(e.URL))
		case !foreign && (e.Kind == page.Script || !m.mapped(file, e.URL)):
			m.add(ruleTag, m.at(file, e), "the policy blocks the tag of %s, which has no integrity", quote(e.URL))
		}
	}
}

func (m *maker) add(rule string, at finding.Location, format string, args ...any) {
	i := slices.IndexFunc(rules, func(r finding.Rule) bool { return r.ID == rule })
	m.set.Findings = append(m.set.Findings, finding.Finding{
		Rule: rule, Severity: rules[i].Severity, Message: fmt.Sprintf(format, args...), Hint: hints[rule], Location: at,
	})
}

// Names that change with the bytes, as build-bundle and webpack write them, and
// Vite in assets/. A name that is taken for one of these by mistake would be kept
// for a year, so a doubtful one is not.
var (
	hexName  = regexp.MustCompile(`[-.~][0-9a-f]*[0-9][0-9a-f]*(\.chunk|\.bundle)?\.[a-z0-9.]+$`)
	viteName = regexp.MustCompile(`(^|/)assets/[^/]*-([A-Za-z0-9_-]{8})\.[a-z0-9.]+$`)
	noWord   = regexp.MustCompile(`[0-9_-]|[A-Z]{2}`)
)

func isHashed(file string) bool {
	if at := hexName.FindString(file); at != "" {
		digits, _, _ := strings.Cut(at[1:], ".")
		return len(digits) >= 8
	}
	m := viteName.FindStringSubmatch(file)
	return m != nil && noWord.MatchString(m[2])
}

// files adds the rules of all other files, one for a folder whose files have the
// same headers.
func (m *maker) files() {
	folders := map[string]map[string][]string{} // folder → headers as text → files
	fields := map[string][]Field{}
	for i := range m.Release.Files {
		f := &m.Release.Files[i]
		if f.Role == release.HTML || f.Role == release.Compressed {
			continue
		}
		all := fileFields(f)
		key := fmt.Sprint(all)
		fields[key] = all
		dir := path.Dir(f.Path)
		if folders[dir] == nil {
			folders[dir] = map[string][]string{}
		}
		folders[dir][key] = append(folders[dir][key], f.Path)
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		if len(folders[dir]) == 1 && m.isAlone(dir, folders) {
			for key := range folders[dir] {
				m.set.Rules = append(m.set.Rules, Rule{Path: "/" + dir + "/*", Fields: fields[key]})
			}
			continue
		}
		for key, files := range folders[dir] {
			for _, f := range files {
				m.set.Rules = append(m.set.Rules, Rule{Path: "/" + f, Fields: fields[key]})
			}
		}
	}
}

// isAlone: a folder without folders and pages in it, and not the release's.
func (m *maker) isAlone(dir string, folders map[string]map[string][]string) bool {
	if dir == "." {
		return false
	}
	for other := range folders {
		if strings.HasPrefix(other, dir+"/") {
			return false
		}
	}
	return !slices.ContainsFunc(m.Release.Files, func(f release.File) bool {
		return f.Role == release.HTML && strings.HasPrefix(f.Path, dir+"/")
	})
}

// fileFields are the headers of a file that is no page. no-transform keeps servers
// on the way from changing bytes that have a hash.
func fileFields(f *release.File) []Field {
	cache := "no-cache"
	if isHashed(f.Path) {
		cache = "public, max-age=31536000, immutable, no-transform"
	}
	out := []Field{{"Cache-Control", cache}, {"X-Content-Type-Options", "nosniff"}}
	if f.Role == release.Script || f.Role == release.Style || f.Role == release.Asset {
		out = append(out, Field{"Access-Control-Allow-Origin", "*"}, Field{"Cross-Origin-Resource-Policy", "cross-origin"})
	}
	return out
}

// What servers and services take.
const (
	maxLength         = 8 << 10 // bytes of all headers of a response
	maxCloudflareLine = 2000    // characters of a line of _headers
	maxCloudflare     = 100     // rules of _headers
)

// judge tells what is worth a look.
func (m *maker) judge() {
	longest, line := 0, 0
	for _, r := range m.set.Rules {
		n := 0
		for _, f := range r.Fields {
			n += len(f.Name) + len(f.Value) + len(": \r\n")
			line = max(line, len(f.Name)+len(f.Value)+len("  : "))
		}
		if n > maxLength {
			if longest == 0 {
				m.add(ruleLong, finding.Location{}, "the headers of %s have %d bytes, and many servers take %d", quote(r.Path), n, maxLength)
			}
			longest = max(longest, n)
		}
	}
	if line > maxCloudflareLine || len(m.set.Rules) > maxCloudflare {
		m.add(ruleHeadersFile, finding.Location{}, "_headers has %d rules and a line of %d characters; Cloudflare takes %d and %d", len(m.set.Rules), line, maxCloudflare, maxCloudflareLine)
	}
	if m.TrustedTypes == Enforce && slices.ContainsFunc(m.Release.Passes, func(p release.Pass) bool { return p.Format != release.IIFE && len(p.Chunks) > 0 }) {
		m.add(ruleTrustedTypes, finding.Location{}, "Trusted Types are enforced, and the release loads chunks by URLs that are text")
	}
	finding.Sort(m.set.Findings)
}
