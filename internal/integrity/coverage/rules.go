package coverage

import "github.com/org/checkout-deploy/internal/finding"

// The rules of this package's findings.
const (
	ruleUncovered     = "integrity/uncovered"
	ruleUnlisted      = "integrity/unlisted"
	ruleElsewhere     = "integrity/tag-elsewhere"
	ruleChangedFile   = "integrity/changed-file"
	ruleMissingFile   = "integrity/missing-file"
	ruleUnrecorded    = "integrity/unrecorded-file"
	ruleUnread        = "integrity/unread-file"
	ruleWrongHash     = "integrity/wrong-hash"
	ruleStaleHash     = "integrity/stale-hash"
	ruleUnknownFile   = "integrity/unknown-file"
	ruleManifestGap   = "integrity/manifest-gap"
	rulePlaceholder   = "integrity/placeholder"
	ruleEmpty         = "integrity/empty"
	ruleMalformed     = "integrity/malformed"
	ruleWeak          = "integrity/weak-algorithm"
	ruleMixed         = "integrity/mixed-algorithms"
	ruleUntidy        = "integrity/untidy"
	ruleAlgorithm     = "integrity/other-algorithm"
	ruleUnsubstituted = "integrity/unsubstituted"
	ruleNoCrossOrigin = "integrity/no-crossorigin"
	ruleNoCORS        = "integrity/no-cors"
	ruleImport        = "integrity/css-import"
	ruleWorker        = "integrity/worker"
	ruleHint          = "integrity/hint"
	ruleNoModule      = "integrity/nomodule"
	ruleMapLate       = "integrity/importmap-late"
	ruleMapSeveral    = "integrity/importmap-several"
	ruleMapBlocked    = "integrity/importmap-blocked"
	ruleMapInvalid    = "integrity/importmap-invalid"
)

// Severities: critical is bytes that are not what was built; high is a script that
// a browser runs unchecked, or a page that breaks for certain; medium is the same
// for styles, and what nobody can see from here; low costs time or order; info is
// to know.
var rules = []finding.Rule{
	{
		ID: ruleChangedFile, Severity: finding.Critical, Security: true,
		Short: "A file's bytes are not those of the record.",
		Help:  "Something changed the file after the release was made: a transform that ran too late, or somebody. Every hash of it is of other bytes, and browsers block it. Build again, and run what changes files before the hashes are taken.",
	},
	{
		ID: ruleWrongHash, Severity: finding.Critical, Security: true,
		Short: "A hash in a page, a run-time table or a manifest is not that of the file.",
		Help:  "Browsers block the file where the hash is enforced, and the page breaks; or the hash is a sign that one of the two was exchanged. Take hashes last, of the bytes that are served, and rewrite pages with sri-manifest.",
	},
	{
		ID: ruleUncovered, Severity: finding.High, Security: true,
		Short: "A page loads a script or style that no hash pins.",
		Help:  "Whoever can change the file on its server or on the way runs code in the page. Give the tag integrity and crossorigin; for files that scripts load later, use a run-time table (build-bundle's), an import map with integrity for modules, or the guard.",
	},
	{
		ID: ruleUnlisted, Severity: finding.Medium, Security: true,
		Short: "No page, script or manifest names a script or style of the release.",
		Help:  "It may be loaded by a name that is put together at run time, as webpack's runtime does with styles, and then nothing pins it; or nothing needs it. Remove it, or have its hash where it is loaded.",
	},
	{
		ID: ruleElsewhere, Severity: finding.Info,
		Short: "The tag that loads an entry is in no page of the release.",
		Help:  "A platform's settings or a server's template has the tag, and has to have the integrity as well; what it has can't be seen from here. The live check looks at it.",
	},
	{
		ID: ruleMissingFile, Severity: finding.High,
		Short: "A file that the record or a page names is not in the folder.",
		Help:  "The page asks for it and gets an error. Build again, and deploy the folder whole.",
	},
	{
		ID: ruleUnrecorded, Severity: finding.High, Security: true,
		Short: "A file is in the release's folder and not in its record.",
		Help:  "Nobody vouches for its bytes, and it would be deployed with the rest. Write what belongs to the release before the record is made, and nothing into the folder afterwards.",
	},
	{
		ID: ruleUnread, Severity: finding.Medium, Security: true,
		Short: "A file could not be read for what it loads.",
		Help:  "It is larger than the limit, or no regular file: what it loads is unknown, and nothing that only it loads counts as covered.",
	},
	{
		ID: ruleStaleHash, Severity: finding.Info,
		Short: "A script has hashes that are of no file of the release.",
		Help:  "They are of somebody else's scripts, which belong into the inventory; or of files of an earlier build, and then what they pin is blocked.",
	},
	{
		ID: ruleUnknownFile, Severity: finding.Medium,
		Short: "A manifest or table names a file that is not in the release.",
		Help:  "A loader that asks for it gets an error. Write manifests together with the files that they name.",
	},
	{
		ID: ruleManifestGap, Severity: finding.High, Security: true,
		Short: "A manifest has hashes, but none of a file that it names.",
		Help:  "Loaders that find no hash load the file without one. Have every script and style in the manifest's integrity.",
	},
	{
		ID: rulePlaceholder, Severity: finding.High, Security: true,
		Short: "Something that was to be replaced by a hash is still there.",
		Help:  "Browsers can't parse it, and what they can't parse they ignore: the file loads unchecked. The step that replaces it did not run, or ran before the file was there.",
	},
	{
		ID: ruleEmpty, Severity: finding.High, Security: true,
		Short: "An integrity attribute is empty.",
		Help:  "Browsers check nothing then. Write the hash.",
	},
	{
		ID: ruleMalformed, Severity: finding.High, Security: true,
		Short: "Integrity metadata is not as browsers want it.",
		Help:  "Depending on the browser it is ignored, so that anything loads, or matches nothing, so that the page breaks. Wanted is sha384-, and the digest in padded standard base64: not base64url, not hexadecimal, not cut.",
	},
	{
		ID: ruleWeak, Severity: finding.High, Security: true,
		Short: "Integrity metadata has an algorithm that browsers ignore.",
		Help:  "They know sha256, sha384 and sha512. With sha1 or md5 alone nothing is checked.",
	},
	{
		ID: ruleMixed, Severity: finding.Medium, Security: true,
		Short: "Integrity metadata has hashes of several algorithms.",
		Help:  "Browsers take the strongest and ignore the others: in a set for two builds, the one with the weaker hash is blocked. Use one algorithm.",
	},
	{
		ID: ruleUntidy, Severity: finding.Low,
		Short: "Integrity metadata has something that browsers ignore.",
		Help:  "A hash that is there twice, or options after a hash: they do nothing, and are likely to be a mistake.",
	},
	{
		ID: ruleAlgorithm, Severity: finding.Low,
		Short: "A tag's hash is of another algorithm than was asked for.",
		Help:  "It is checked all the same. Rewrite the page to have one algorithm everywhere.",
	},
	{
		ID: ruleUnsubstituted, Severity: finding.High,
		Short: "A script holds a name that its build was to replace.",
		Help:  "MANIFEST_JSON, LIBRARY_NAME and PRELOAD_ASSETS are no variables: the loader fails with a ReferenceError. Write them under define of the loader's pass.",
	},
	{
		ID: ruleNoCrossOrigin, Severity: finding.High,
		Short: "A tag with integrity loads from another origin and has no crossorigin.",
		Help:  "The response is opaque, nothing can be compared, and browsers block it. Write crossorigin=\"anonymous\", and have the server send Access-Control-Allow-Origin.",
	},
	{
		ID: ruleNoCORS, Severity: finding.Low,
		Short: "A pinned script has no crossorigin, which Integrity-Policy wants.",
		Help:  "Integrity is checked, but a page with an enforcing Integrity-Policy blocks requests that are not made with CORS, those to its own origin too. Write crossorigin=\"anonymous\".",
	},
	{
		ID: ruleImport, Severity: finding.Medium, Security: true,
		Short: "A style sheet loads another by @import.",
		Help:  "There is no way to pin that one. Bundle it, or give it a link of its own with integrity.",
	},
	{
		ID: ruleWorker, Severity: finding.Medium, Security: true,
		Short: "A script starts a worker, whose script can't be pinned.",
		Help:  "No browser checks integrity of workers, of importScripts, or of service workers. Keep the script on the page's own origin, name that origin alone in worker-src, and have the file in the release, where verify and the live check compare it.",
	},
	{
		ID: ruleHint, Severity: finding.Low,
		Short: "A preload is not as the tag that uses it.",
		Help:  "Where integrity or crossorigin differ, browsers fetch the file twice. Write the same on both.",
	},
	{
		ID: ruleNoModule, Severity: finding.Info,
		Short: "A script is for browsers without modules.",
		Help:  "Only browsers that know no modules run it, the last of them from 2018. Its tag needs integrity as any other.",
	},
	{
		ID: ruleMapLate, Severity: finding.Medium,
		Short: "An import map comes after a module.",
		Help:  "Firefox and older browsers ignore it then, with the integrity in it. Put it before the first module script and the first modulepreload.",
	},
	{
		ID: ruleMapSeveral, Severity: finding.Medium,
		Short: "A page has several import maps.",
		Help:  "Firefox and older browsers take the first only. Merge them.",
	},
	{
		ID: ruleMapBlocked, Severity: finding.High, Security: true,
		Short: "The page's own Content-Security-Policy blocks an import map.",
		Help:  "An inline import map needs its hash in script-src, or a nonce. Blocked, the integrity in it is gone, and the page still works.",
	},
	{
		ID: ruleMapInvalid, Severity: finding.High, Security: true,
		Short: "An import map is not as browsers want it.",
		Help:  "They ignore it, with the integrity in it. Wanted is an inline JSON object with imports, scopes and integrity, and hashes as text.",
	},
}

// Rules describes every kind of finding of this package.
func Rules() []finding.Rule { return rules }

var severities = func() map[string]finding.Severity {
	out := map[string]finding.Severity{}
	for _, r := range rules {
		out[r.ID] = r.Severity
	}
	return out
}()

// thirdPartyHint is ruleUncovered's for what is somebody else's.
const thirdPartyHint = "pin it, with crossorigin, if its maker promises that these bytes stay; else name it in the inventory with an exception, or load it in a frame of its own"

// templateHint is ruleUncovered's for an address that is put in later.
const templateHint = "write the address when the page is built, or have the template write the integrity with it, from release.json"

// hints are what to try, by rule.
var hints = map[string]string{
	ruleChangedFile:   "build again, and run what changes files before the hashes are taken",
	ruleWrongHash:     "take hashes last, of the bytes that are served, and rewrite the pages with sri-manifest",
	ruleUncovered:     "write integrity and crossorigin on the tag; for what scripts load later, have an import map, a run-time table or the guard",
	ruleUnlisted:      "remove it if nothing needs it, else have its hash where it is loaded",
	ruleElsewhere:     "the integrity is in release.json; the live check sees whether the page has it",
	ruleMissingFile:   "build again, and keep the folder whole",
	ruleUnrecorded:    "write nothing into the folder after the record is made",
	ruleUnread:        "split the file, or look at what it loads by hand",
	ruleStaleHash:     "have somebody else's scripts in the inventory; build again where they are of your own",
	ruleUnknownFile:   "write manifests together with the files that they name",
	ruleManifestGap:   "have every script and style in the manifest's integrity",
	rulePlaceholder:   "run the step that puts hashes there, after the files are written",
	ruleEmpty:         "write the hash, or let sri-manifest do it",
	ruleMalformed:     "write sha384- and the digest in padded standard base64, or let sri-manifest do it",
	ruleWeak:          "use sha384",
	ruleMixed:         "use one algorithm for all hashes of a file",
	ruleUntidy:        "remove it",
	ruleAlgorithm:     "rewrite the page with sri-manifest",
	ruleUnsubstituted: "write it under define of the loader's pass, such as MANIFEST_JSON: { manifest-of: app }",
	ruleNoCrossOrigin: "write crossorigin=\"anonymous\"",
	ruleNoCORS:        "write crossorigin=\"anonymous\"",
	ruleImport:        "bundle the style sheet, or give it a link of its own with integrity",
	ruleWorker:        "keep the worker's script on the page's own origin, and name that origin alone in worker-src",
	ruleHint:          "write the same integrity and crossorigin on both",
	ruleNoModule:      "leave it out where browsers without modules need not be served",
	ruleMapLate:       "put the import map before the first module script and modulepreload",
	ruleMapSeveral:    "merge the import maps",
	ruleMapBlocked:    "add the import map's hash to script-src",
	ruleMapInvalid:    "write an inline JSON object, with hashes as text",
}
