package header

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

// endpoint is the name of the place that reports go to.
const endpoint = "checkout"

// sources are the input's URLs as policies have them.
type sources struct {
	public                                                          []string // the release's folder, where it is of another origin
	connect, images, fonts, styles, frames, workers, forms, parents []string
	payment                                                         []string
	scripts                                                         []string // somebody else's, by URL
	report                                                          string
}

func (p *problems) all(in *Input) sources {
	var public, scripts, styles []string
	if strings.Contains(in.PublicURL, "//") {
		public = []string{in.PublicURL}
	}
	for i := range in.ThirdParty {
		t := &in.ThirdParty[i]
		switch {
		case t.Kind == release.Style:
			styles = append(styles, t.URL)
		case len(t.Integrity) == 0 || in.Scripts == StrictDynamic:
			scripts = append(scripts, t.URL)
		}
	}
	s := sources{
		public: p.sources("public-url", public, source), scripts: p.sources("script of the inventory", scripts, pattern),
		connect: p.sources("connect", in.Connect, source), images: p.sources("images", in.Images, source), fonts: p.sources("fonts", in.Fonts, source),
		styles: p.sources("styles", slices.Concat(in.Styles, styles), pattern), frames: p.sources("frames", in.Frames, source),
		workers: p.sources("workers", in.Workers, source), forms: p.sources("forms", in.Forms, source),
		parents: p.sources("frame-ancestors", in.FrameAncestors, origin), payment: p.sources("payment", in.Payment, origin),
	}
	if in.ReportTo != "" {
		if r := p.sources("report-to", []string{in.ReportTo}, address); len(r) > 0 {
			s.report = r[0]
		}
	}
	return s
}

// contentSecurity is the policy's directives for one page.
func (m *maker) contentSecurity(doc *page.Document) []string {
	own := append([]string{"'self'"}, m.public...)
	list := func(name string, sources ...[]string) string {
		var all []string
		for _, s := range slices.Concat(sources...) {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		if len(all) == 0 {
			all = []string{"'none'"}
		}
		return name + " " + strings.Join(all, " ")
	}
	return []string{
		list("default-src", own),
		list("script-src", m.scriptSources(doc)),
		list("style-src", own, m.styles, m.inlineHashes(doc, page.Style), m.nonce()),
		list("img-src", own, []string{"data:"}, m.images),
		list("font-src", own, []string{"data:"}, m.fonts),
		list("connect-src", own, m.connect),
		list("worker-src", m.workers),
		list("frame-src", m.frames),
		list("form-action", []string{"'self'"}, m.forms),
		list("frame-ancestors", m.parents),
		list("base-uri", m.base(doc)),
		list("object-src"),
	}
}

func (m *maker) nonce() []string {
	if m.Nonce == "" {
		return nil
	}
	return []string{"'nonce-" + m.Nonce + "'"}
}

// base allows the page's own base element, and no other.
func (m *maker) base(doc *page.Document) []string {
	if doc.Base == "" && !m.Deployed {
		return nil
	}
	if s, err := origin(doc.Base); err == nil && doc.Base != "" {
		return []string{s}
	}
	return []string{"'self'"}
}

// scriptSources allows scripts by their hashes. Browsers compare them with the
// tag's integrity, all of them (CSP3, section 6.7.1.3), and so with that of import
// maps and of tags that scripts write.
func (m *maker) scriptSources(doc *page.Document) []string {
	var out []string
	if m.Scripts == StrictDynamic {
		out = append(out, "'strict-dynamic'")
	}
	out = append(out, m.nonce()...)
	out = append(out, m.inlineHashes(doc, page.Script, page.Module, page.ImportMap)...)
	for i := range doc.Elements {
		e := &doc.Elements[i]
		if e.URL == "" || e.Kind != page.Script && e.Kind != page.Module || m.isForeign(doc, e.URL) {
			continue
		}
		hashes, _ := integrity.Parse(e.Integrity)
		out = append(out, hashSources(hashes)...)
	}
	if m.Scripts == Hashes || m.hasModules(doc) {
		out = append(out, m.releaseHashes()...)
	}
	for i := range m.ThirdParty {
		if t := &m.ThirdParty[i]; t.Kind == release.Script {
			out = append(out, hashSources(t.Integrity)...)
		}
	}
	if m.Scripts == StrictDynamic { // for browsers that don't know it; the others pass these over
		out = append(out, append([]string{"'self'"}, m.public...)...)
	}
	return append(out, m.scripts...)
}

// releaseHashes are those of every script that the release loads.
func (m *maker) releaseHashes() []string {
	var out []string
	for i := range m.Release.Files {
		if f := &m.Release.Files[i]; f.Role == release.Script && f.Load != release.None {
			out = append(out, "'"+f.Integrity.String()+"'")
		}
	}
	return append(out, hashSources(m.Input.Hashes)...)
}

// hasModules: a module's imports are allowed by hash also under strict-dynamic, as
// Chromium takes import() for the parser's where the importing script was.
func (m *maker) hasModules(doc *page.Document) bool {
	return slices.ContainsFunc(doc.Elements, func(e page.Element) bool { return e.Kind == page.Module }) ||
		slices.ContainsFunc(m.Release.Passes, func(p release.Pass) bool { return p.Format == release.ESM })
}

func hashSources(hashes []integrity.Hash) []string {
	var out []string
	for _, h := range hashes {
		if _, problems := integrity.Parse(h.String()); len(problems) == 0 {
			out = append(out, "'"+h.String()+"'")
		}
	}
	return out
}

// inlineHashes are those of inline elements, as the parser gives their text: lines
// end in LF.
func (m *maker) inlineHashes(doc *page.Document, kinds ...page.Kind) []string {
	var out []string
	for i := range doc.Elements {
		if e := &doc.Elements[i]; e.URL == "" && slices.Contains(kinds, e.Kind) {
			text := strings.ReplaceAll(strings.ReplaceAll(e.Text, "\r\n", "\n"), "\r", "\n")
			out = append(out, "'"+integrity.Sum(integrity.SHA384, []byte(text)).String()+"'")
		}
	}
	return out
}

// policies are the headers of a page that a browser enforces or reports.
func (m *maker) policies(doc *page.Document) []Field {
	directives := map[Mode][]string{}
	if m.CSP != None {
		directives[m.CSP] = m.contentSecurity(doc)
	}
	if m.TrustedTypes != None {
		directives[m.TrustedTypes] = append(directives[m.TrustedTypes], "require-trusted-types-for 'script'")
	}
	var out []Field
	for _, mode := range []Mode{Enforce, ReportOnly} {
		all := directives[mode]
		if len(all) == 0 {
			continue
		}
		if m.report != "" {
			all = append(all, "report-uri "+m.report, "report-to "+endpoint)
		}
		out = append(out, Field{"Content-Security-Policy" + suffix(mode), strings.Join(all, "; ")})
	}
	if m.IntegrityPolicy != None {
		value := "blocked-destinations=(script style)"
		if m.report != "" {
			value += ", endpoints=(" + endpoint + ")"
		}
		out = append(out, Field{"Integrity-Policy" + suffix(m.IntegrityPolicy), value})
	}
	if m.report != "" && len(out) > 0 {
		out = append(out, Field{"Reporting-Endpoints", fmt.Sprintf("%s=%q", endpoint, m.report)})
	}
	return out
}

func suffix(m Mode) string {
	if m == ReportOnly {
		return "-Report-Only"
	}
	return ""
}

// denied are the features that a payment page has no use for.
var denied = []string{
	"accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "idle-detection",
	"local-fonts", "magnetometer", "microphone", "midi", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
}

// permissions is the Permissions-Policy: payment and passkeys for the page and the
// frames that take payments, and nothing else.
func (m *maker) permissions() string {
	allowed := "(self"
	for _, o := range m.payment {
		allowed += fmt.Sprintf(" %q", o)
	}
	out := []string{"payment=" + allowed + ")", "publickey-credentials-get=" + allowed + ")", "publickey-credentials-create=" + allowed + ")"}
	for _, d := range denied {
		out = append(out, d+"=()")
	}
	return strings.Join(out, ", ")
}
