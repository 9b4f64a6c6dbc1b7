package header

import "github.com/org/checkout-deploy/internal/finding"

// The rules of this package's findings.
const (
	ruleUnpinned     = "header/unpinned"
	ruleTag          = "header/tag-blocked"
	ruleInline       = "header/attribute-blocked"
	ruleUnlisted     = "header/not-in-inventory"
	ruleLong         = "header/too-long"
	ruleHeadersFile  = "header/headers-file-limits"
	ruleTrustedTypes = "header/trusted-types"
	ruleRoutes       = "header/routes"
	ruleSharedRoute  = "header/route-with-files"
)

var rules = []finding.Rule{
	{
		ID: ruleUnpinned, Severity: finding.High,
		Short: "An enforcing Integrity-Policy would block a script or style that has no hash.",
		Help:  "Integrity-Policy blocks what has no integrity, or is not requested with CORS. Scripts that change without notice, as payment providers' do, can't have one. Use report-only, or load such scripts in a frame of their own.",
	},
	{
		ID: ruleTag, Severity: finding.High,
		Short: "The policy blocks a tag of the page.",
		Help:  "The policy allows scripts by their hashes, which browsers compare with the tag's integrity: a tag without one is blocked. Let sri-manifest write integrity.",
	},
	{
		ID: ruleInline, Severity: finding.Medium,
		Short: "The policy blocks an event handler, a javascript: URL or a style attribute.",
		Help:  "They have no place for a hash that is not 'unsafe-hashes'. Use addEventListener in a script, and a class in a style sheet.",
	},
	{
		ID: ruleUnlisted, Severity: finding.High,
		Short: "The policy blocks a script or style that the page names and nobody has listed.",
		Help:  "What is of another origin is allowed by an entry of the inventory. Add it there, or remove the tag.",
	},
	{
		ID: ruleLong, Severity: finding.Medium,
		Short: "The headers of a page are longer than many servers and proxies take.",
		Help:  "Apache and nginx as a proxy take 8 KiB of headers or less unless they are told otherwise. Use scripts: strict-dynamic, which needs the hashes of the first load alone; or raise the limit (proxy_buffer_size in nginx).",
	},
	{
		ID: ruleHeadersFile, Severity: finding.Low,
		Short: "The _headers file is more than Cloudflare reads.",
		Help:  "Cloudflare reads 100 rules and 2,000 characters of a line, and ignores the rest. Netlify has no such limit. On Cloudflare set the headers by a rule of the zone or in a Worker, from the JSON.",
	},
	{
		ID: ruleTrustedTypes, Severity: finding.Medium,
		Short: "Trusted Types are enforced, and the release's run time sets scripts' URLs as text.",
		Help:  "Browsers refuse that unless the page has a default policy. Write one that allows the release's own folder, before the first script; or use report-only.",
	},
	{
		ID: ruleRoutes, Severity: finding.Info,
		Short: "A page may be served at paths whose headers nobody asked for.",
		Help:  "An application with routes is one page at many paths, and headers.json and _headers know those that integrity.headers.routes names. The snippet for nginx needs none: its fallback takes the page's own headers.",
	},
	{
		ID: ruleSharedRoute, Severity: finding.Medium,
		Short: "The _headers file has no rule for a route that has others below it.",
		Help:  "Netlify and Cloudflare join the values of all rules of a path, so what is below would get the page's headers as well. Name the routes that have no files below them, such as /checkout/* in place of /*.",
	},
}

// Rules describes every kind of finding of this package.
func Rules() []finding.Rule { return rules }

var hints = map[string]string{
	ruleUnpinned:     "use integrity-policy: report-only, pin it, or load it in a frame of its own",
	ruleTag:          "write integrity and crossorigin on the tag, or let sri-manifest do it",
	ruleInline:       "use addEventListener in a script, and a class in a style sheet",
	ruleUnlisted:     "add it to the inventory, or remove the tag",
	ruleLong:         "use scripts: strict-dynamic, or raise the servers' limit of response headers",
	ruleHeadersFile:  "on Cloudflare, set the headers from the JSON by a rule or in a Worker",
	ruleRoutes:       "name them by integrity.headers.routes: [/checkout/*], or [/] if there are none",
	ruleSharedRoute:  "name routes that have no files below them, such as /checkout/*, or take the headers from the JSON",
	ruleTrustedTypes: "use trusted-types: report-only, or write a default policy into the page",
}
