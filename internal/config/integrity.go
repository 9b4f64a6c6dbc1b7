package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

func init() {
	addSection(section{
		name:   "integrity",
		doc:    "How sri-manifest pins a page's scripts and styles, what it says of them, and what it looks at live.",
		schema: ref("integrity"),
		read: func(r *reader, n *node, c *Config) {
			integrityTable.defaults(&c.Integrity)
			headersTable.defaults(&c.Integrity.Headers)
			liveTable.defaults(&c.Integrity.Live)
			integrityTable.object(r, n, "integrity", &c.Integrity)
		},
	})
	addObject("integrity", "How a page's scripts and styles are pinned.", integrityTable.entries())
	addObject("headers", "The security headers that are written for a page. Each list adds to what the release and the inventory say.", headersTable.entries())
	addObject("live", "What the live check looks at.", liveTable.entries())
	addObject("sigstore", "A deployment of Sigstore of one's own.", sigstoreTable.entries())
	addObject("signed-by", "Who must have signed: a key, or an identity and its issuer.", signedByTable.entries())
	addShape("origin", schema{"type": "string", "pattern": `^(https?|wss?)://[^/?#\s]+$|\$\{`})
	addShape("route", schema{"type": "string", "pattern": `^/|\$\{`})
	addShape("web-address", schema{"type": "string", "pattern": `^https?://\S+$|\$\{`})
}

// Integrity says how a page's scripts and styles are pinned.
type Integrity struct {
	Inventory string   // path of the file, "" for none
	Pages     []string // globs of HTML files in the release
	Algorithm string   // "sha256", "sha384" or "sha512", of HTML and manifests
	// PublicURL is where the release's folder is served, ending in "/"; "" for where
	// its pages are.
	PublicURL string
	Guard     Guard
	Headers   Headers
	Live      Live
	SignedBy  SignedBy
	Sigstore  Sigstore
}

// Sigstore is a deployment of one's own; empty fields are the public good instance's.
type Sigstore struct {
	Fulcio, Rekor, TSA string // addresses
	TrustedRoot        string // path
}

// Guard says which pages get the guard.
type Guard string

const (
	GuardAuto   Guard = "auto" // those of other bundlers
	GuardAlways Guard = "always"
	GuardNone   Guard = "none"
)

var guards = []Guard{GuardAuto, GuardAlways, GuardNone}

// Policy says what becomes of a header that can break a page.
type Policy string

const (
	NoPolicy   Policy = "none"
	ReportOnly Policy = "report-only"
	Enforce    Policy = "enforce"
)

var policies = []Policy{NoPolicy, ReportOnly, Enforce}

// ScriptPolicy is how a Content-Security-Policy names scripts.
type ScriptPolicy string

const (
	ScriptHashes        ScriptPolicy = "hashes"
	ScriptStrictDynamic ScriptPolicy = "strict-dynamic"
)

var scriptPolicies = []ScriptPolicy{ScriptHashes, ScriptStrictDynamic}

// Headers are those that sri-manifest writes. Lists hold origins, but for Routes.
type Headers struct {
	CSP             Policy
	Scripts         ScriptPolicy
	IntegrityPolicy Policy
	TrustedTypes    Policy
	ReportTo        string // URL, "" for none
	Connect, Images, Fonts, Styles, Frames,
	Workers, Forms, FrameAncestors, Payment []string
	Routes []string // paths where a page is served too, from "/"; "/*" ends one that stands for all below
}

// Live is what the live check looks at.
type Live struct {
	Pages    []string      // URLs
	Baseline string        // path
	Stay     time.Duration // that a page is looked at, at least
	Allow    []string      // hosts and networks that may be private
}

// SignedBy says whose signature counts; Key, or Identity and Issuer.
type SignedBy struct {
	Key              string // path of a public key, or a reference to one
	Identity, Issuer string
}

// Empty says that nobody is named.
func (s SignedBy) Empty() bool { return s == SignedBy{} }

// GitHubIssuer issues the identities of workflows on github.com.
const GitHubIssuer = "https://token.actions.githubusercontent.com"

var integrityTable = table[Integrity]{
	key("inventory", filePath(), func(i *Integrity) *string { return &i.Inventory },
		"The [inventory](inventory.md) of every script of the payment page.", instead("none, and no page of evidence names owners"), example("checkout-scripts.yml")),
	keyOr("pages", globs(), []string{"**/*.html", "**/*.htm"}, func(i *Integrity) *[]string { return &i.Pages },
		"Globs of the release's HTML files that are pinned and judged. `.HTML` is `.html`."),
	keyOr("algorithm", oneOfThe([]string{"sha256", "sha384", "sha512"}), "sha384", func(i *Integrity) *string { return &i.Algorithm },
		"The hash in HTML and manifests. The record has sha384 in any case."),
	key("public-url", checkedText("URL or path that ends in /", "public-path", checkPublicPath), func(i *Integrity) *string { return &i.PublicURL },
		"Where the release's folder is served, if its pages name files by another URL than their own place.",
		instead("the pages' own folder"), example("https://cdn.example.com/checkout/")),
	keyOr("guard", oneOfThe(guards), GuardAuto, func(i *Integrity) *Guard { return &i.Guard },
		"Which pages get a short inline script that pins what other scripts add later: with `auto` those of other bundlers, whose lazy files carry no integrity. [html.md](html.md) has it."),
	custom("headers", shape{"[headers](#headers)", ref("headers")}, func(r *reader, n *node, at string, i *Integrity) {
		headersTable.object(r, n, at, &i.Headers)
	}, "The security headers to write."),
	custom("live", shape{"[live](#live)", ref("live")}, func(r *reader, n *node, at string, i *Integrity) {
		liveTable.object(r, n, at, &i.Live)
	}, "What the [live check](live-check.md) looks at."),
	custom("sigstore", shape{"[sigstore](#sigstore)", ref("sigstore")}, func(r *reader, n *node, at string, i *Integrity) {
		sigstoreTable.object(r, n, at, &i.Sigstore)
	}, "Where keyless signatures are made and what they are verified by.", instead("the public good instance")),
	custom("signed-by", shape{"[signed-by](#signed-by)", ref("signed-by")}, (*reader).integritySignedBy,
		"Whose signature the baseline and the previous pack of evidence must have.", instead("nobody's: then they are not believed, only compared"),
		example(schema{"identity": "https://github.com/org/shop/.github/workflows/*"})),
}

func origins(name string, field func(*Headers) *[]string, doc string, options ...option) row[Headers] {
	return key(name, originList(), field, doc, options...)
}

var headersTable = table[Headers]{
	keyOr("csp", oneOfThe(policies), Enforce, func(h *Headers) *Policy { return &h.CSP }, "`Content-Security-Policy`."),
	keyOr("scripts", oneOfThe(scriptPolicies), ScriptHashes, func(h *Headers) *ScriptPolicy { return &h.Scripts },
		"How that policy names scripts: each by its hash, or those that start the page, which may load others."),
	keyOr("integrity-policy", oneOfThe(policies), ReportOnly, func(h *Headers) *Policy { return &h.IntegrityPolicy },
		"`Integrity-Policy`. To enforce it is refused while the inventory holds a script that can't be pinned."),
	keyOr("trusted-types", oneOfThe(policies), NoPolicy, func(h *Headers) *Policy { return &h.TrustedTypes }, "Trusted Types for scripts."),
	key("report-to", checkedText("URL", "web-address", checkWebAddress), func(h *Headers) *string { return &h.ReportTo },
		"Where browsers send what they blocked.", example("https://reports.example.com/csp")),
	origins("connect", func(h *Headers) *[]string { return &h.Connect }, "Origins that scripts may ask.", example([]string{"https://api.example.com"})),
	origins("images", func(h *Headers) *[]string { return &h.Images }, "Origins of images."),
	origins("fonts", func(h *Headers) *[]string { return &h.Fonts }, "Origins of fonts."),
	origins("styles", func(h *Headers) *[]string { return &h.Styles }, "Origins of style sheets that can't be pinned."),
	origins("frames", func(h *Headers) *[]string { return &h.Frames }, "Origins of frames, such as a payment provider's fields."),
	origins("workers", func(h *Headers) *[]string { return &h.Workers }, "Origins of workers."),
	origins("forms", func(h *Headers) *[]string { return &h.Forms }, "Origins that forms may be sent to."),
	origins("frame-ancestors", func(h *Headers) *[]string { return &h.FrameAncestors }, "Origins of pages that may show this one in a frame.", instead("none")),
	origins("payment", func(h *Headers) *[]string { return &h.Payment }, "Origins of frames that may ask the browser for payment, besides the page.", example([]string{"https://pay.example.com"})),
	key("routes", routes(), func(h *Headers) *[]string { return &h.Routes },
		"Paths below the release's folder at which a server gives the `index.html` above them, as for an application with routes. `/*` stands for all below.",
		instead("the pages' own paths"), example([]string{"/checkout", "/checkout/*"})),
}

var liveTable = table[Live]{
	key("pages", webAddresses(), func(l *Live) *[]string { return &l.Pages }, "The addresses to look at.", example([]string{"https://shop.example.com/checkout"})),
	keyOr("baseline", filePath(), "checkout-baseline.json", func(l *Live) *string { return &l.Baseline },
		"What the pages should be: a file that the mode `baseline` writes."),
	keyOr("stay", duration(time.Second, 5*time.Minute), 10*time.Second, func(l *Live) *time.Duration { return &l.Stay },
		"How long a page is looked at, at least: what is added later is not seen.", defaultJSON("10s")),
	key("allow", hosts(), func(l *Live) *[]string { return &l.Allow },
		"Hosts and networks that may be private, which are refused otherwise.", instead("none"), example([]string{"staging.internal", "10.1.0.0/16"})),
}

var signedByTable = table[SignedBy]{
	key("key", text(), func(s *SignedBy) *string { return &s.Key }, "A public key: a path, `env://NAME` or a key service's address.", example("checkout.pub")),
	key("identity", text(), func(s *SignedBy) *string { return &s.Identity }, "An identity as certificates have it; `*` stands for anything.",
		example("https://github.com/org/shop/.github/workflows/*")),
	keyOr("issuer", text(), GitHubIssuer, func(s *SignedBy) *string { return &s.Issuer }, "Who vouches for the identity."),
}

var sigstoreTable = table[Sigstore]{
	key("fulcio", checkedText("URL", "web-address", checkWebAddress), func(s *Sigstore) *string { return &s.Fulcio }, "The certificate authority."),
	key("rekor", checkedText("URL", "web-address", checkWebAddress), func(s *Sigstore) *string { return &s.Rekor }, "The transparency log."),
	key("timestamp", checkedText("URL", "web-address", checkWebAddress), func(s *Sigstore) *string { return &s.TSA }, "The timestamp authority, its whole address.", instead("none")),
	key("trusted-root", filePath(), func(s *Sigstore) *string { return &s.TrustedRoot }, "The file `trusted_root.json` that signatures are verified by.", example("ci/trusted_root.json")),
}

func (r *reader) integritySignedBy(n *node, at string, i *Integrity) {
	signedByTable.object(r, n, at, &i.SignedBy)
	switch s := &i.SignedBy; {
	case s.Key != "" && s.Identity != "":
		r.report(ruleConflict, n, "%s: got both a key and an identity, want one of them", at)
	case s.Key == "" && s.Identity == "" && n.kind == isMap:
		r.report(ruleMissing, n, "%s: got neither key nor identity, want one of them", at)
	case s.Identity != "" && s.Issuer == "":
		s.Issuer = GitHubIssuer
	}
}

// eachOf makes a list's kind of the check of an item.
func eachOf(words, item string, check func(string) error) kindOf[[]string] {
	s := schema{"anyOf": []any{ref(item), schema{"type": "array", "items": ref(item), "minItems": 1, "uniqueItems": true}}}
	return kindOf[[]string]{shape{words, s}, func(r *reader, n *node, at string) ([]string, bool) {
		all, ok := texts().read(r, n, at)
		for _, s := range all {
			if err := check(s); s != "" && err != nil {
				r.at(n, "%s: %v", at, err)
				ok = false
			}
		}
		return all, ok
	}}
}

func originList() kindOf[[]string] { return eachOf("origin or list of origins", "origin", checkOrigin) }

func routes() kindOf[[]string] { return eachOf("path or list of paths", "route", checkRoute) }

func webAddresses() kindOf[[]string] {
	return eachOf("URL or list of URLs", "web-address", checkWebAddress)
}

func hosts() kindOf[[]string] {
	return eachOf("host, network, or list of them", "text", checkHost)
}

func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Path+u.RawQuery+u.Fragment != "" || strings.ContainsAny(s, " ;,'\"\t\r\n") {
		return errors.New("got " + quote(s) + ", want an origin without a path, such as https://api.example.com")
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss":
		return nil
	}
	return errors.New("got " + quote(s) + ", want an origin of https or wss")
}

// checkRoute wants letters that mean the same to every server.
func checkRoute(s string) error {
	path, _ := strings.CutSuffix(s, "/*")
	below, ok := strings.CutPrefix(path+"/", "/")
	below = strings.TrimSuffix(strings.TrimSuffix(below, "/"), "/")
	if !ok || strings.ContainsAny(path, "*?#:\\\"'$%;{} ") || below != "" && !fs.ValidPath(below) || strings.ContainsFunc(path, unicode.IsControl) {
		return errors.New("got " + quote(s) + ", want a path from / on without a query, such as /checkout or /checkout/*")
	}
	return nil
}

func checkWebAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return errors.New("got " + quote(s) + ", want a URL with https://")
	}
	return nil
}

func checkHost(s string) error {
	if strings.Contains(s, "/") {
		if _, err := netip.ParsePrefix(s); err != nil {
			return errors.New("got " + quote(s) + ", want a host, or a network such as 10.1.0.0/16")
		}
		return nil
	}
	if strings.ContainsAny(s, " :*") {
		if _, err := netip.ParseAddr(s); err != nil {
			return errors.New("got " + quote(s) + ", want a host without scheme, port or *")
		}
	}
	return nil
}
