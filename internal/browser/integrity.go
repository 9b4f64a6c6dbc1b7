package browser

import (
	"regexp"

	"github.com/chromedp/cdproto/log"
)

// Violation is a resource that Subresource Integrity blocked.
type Violation struct {
	URL string
	// Computed is what the browser computed from the bytes it got, as an
	// integrity string. Empty when there was nothing to compare: the response
	// was opaque because the request was made without CORS.
	Computed string
	Text     string // the browser's own words
}

// The protocol has no event for this. Chromium writes one of these two lines
// (third_party/blink/renderer/platform/loader/subresource_integrity.cc) to the
// log, source "security"; the request itself ends as finished, not as blocked.
var (
	mismatch = regexp.MustCompile(`integrity' attribute for resource '([^']+)' with computed (SHA-\d+) integrity '([^']+)'`)
	opaque   = regexp.MustCompile(`^Subresource Integrity: The resource '([^']+)' has an integrity attribute, but .* has been blocked`)
)

func violation(e *log.Entry) (Violation, bool) {
	if e.Source != "security" {
		return Violation{}, false
	}
	if m := mismatch.FindStringSubmatch(e.Text); m != nil {
		return Violation{URL: m[1], Computed: algorithms[m[2]] + m[3], Text: e.Text}, true
	}
	if m := opaque.FindStringSubmatch(e.Text); m != nil {
		return Violation{URL: m[1], Text: e.Text}, true
	}
	return Violation{}, false
}

// algorithms maps Chromium's names to the prefixes of integrity strings.
var algorithms = map[string]string{"SHA-256": "sha256-", "SHA-384": "sha384-", "SHA-512": "sha512-"}

// markBlocked marks the latest request for an address. Hints are left alone:
// they fetch without checking.
func (r *record) markBlocked(url string) {
	for i := len(r.requests) - 1; i >= 0; i-- {
		if q := &r.requests[i]; q.URL == url && q.Type != "Prefetch" {
			q.Blocked = "integrity"
			return
		}
	}
}
