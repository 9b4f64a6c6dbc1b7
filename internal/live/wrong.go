package live

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
)

// scriptTypes are the types that browsers run (WHATWG MIME Sniffing, section 4.6).
var scriptTypes = []string{
	"text/javascript", "application/javascript", "application/x-javascript", "text/x-javascript", "application/ecmascript", "text/ecmascript",
	"application/wasm", "application/json", "text/json",
}

// wrong is what no page should have, whatever its baseline.
func (c *comparison) wrong() {
	for _, r := range c.page.Resources {
		if r.Via != Linked {
			continue
		}
		c.served(r)
		c.pinned(r)
	}
}

// served is how the server answered.
func (c *comparison) served(r Resource) {
	name := named(r)
	if !strings.HasPrefix(r.URL, "https:") {
		c.about(r, "live/not-https", finding.High, "", "%s is not https: whoever is on the way can change it", name)
	}
	if r.Status != 0 && r.Status != 200 && r.Status/100 != 3 {
		c.about(r, "live/status", finding.High, "", "%s has status %d, want 200", name, r.Status)
	}
	ok := r.MIME == "" || r.Kind == Style && r.MIME == "text/css" || r.Kind == Script && slices.Contains(scriptTypes, r.MIME)
	if !ok {
		c.about(r, "live/mime", finding.High, "An error page served with status 200 looks like this.", "%s is of type %q, want %s", name, r.MIME, map[Kind]string{Script: "text/javascript", Style: "text/css"}[r.Kind])
	}
	if !hashed(r.URL) && !c.evergreen(r) && (maxAge(r.Cache) > 3600 || strings.Contains(r.Cache, "immutable")) {
		c.about(r, "live/long-cache", finding.Medium, "Put a hash of the content into the name, or let it be kept for at most an hour.", "%s is kept by browsers (%s) under a name that does not change with its content", name, r.Cache)
	}
}

// pinned is what the page says of the bytes.
func (c *comparison) pinned(r Resource) {
	name, cross := named(r), origin(r.URL) != origin(c.final())
	switch {
	case r.Blocked == "integrity":
		c.about(r, ruleMismatch, finding.High, "", "The browser did not run %s: its bytes are not those of its integrity %s", name, r.Integrity)
	case r.Integrity == "":
		if r.Element && !c.evergreen(r) {
			c.about(r, "live/unpinned", finding.Medium, "Pin it, or except it in the inventory with a compensating control.", "%s has no integrity", name)
		}
		return
	case forbidden(r):
		c.about(r, ruleMismatch, finding.High, "", "The bytes of %s are %s, and its integrity is %s", name, r.SHA384, r.Integrity)
	}
	if cross && r.CORS == "" && r.Status != 0 {
		c.about(r, "live/no-cors", finding.High, "Have its server send Access-Control-Allow-Origin, and write crossorigin.", "%s is pinned and from another origin, and its server sends no Access-Control-Allow-Origin: browsers block it", name)
	}
}

const ruleMismatch = "live/integrity-mismatch"

// forbidden says that the bytes are not those of the element's integrity.
func forbidden(r Resource) bool {
	return strings.Contains(r.Integrity, "sha384-") && r.SHA384 != "" && !slices.Contains(strings.Fields(r.Integrity), r.SHA384) && !strings.Contains(r.Integrity, "sha512-")
}

func (c *comparison) final() string {
	if c.page.Loaded != nil && c.page.Loaded.Document.URL != "" {
		return c.page.Loaded.Document.URL
	}
	return c.page.Fetched.URL
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// What bundlers write into names: hex, and Vite's eight letters that are no word; and
// a folder that is named by what is in it, such as a release's id.
var (
	hexHash    = regexp.MustCompile(`^[0-9a-f]*[0-9][0-9a-f]*$`)
	viteName   = regexp.MustCompile(`-([A-Za-z0-9_-]{8})\.[a-z0-9.]+$`)
	noWord     = regexp.MustCompile(`[0-9_-]|[A-Z]{2}`)
	hashFolder = regexp.MustCompile(`/[0-9a-f]{32,}/`)
)

// hashed says whether an address changes with the bytes behind it.
func hashed(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	folder, name := path.Split(u.Path)
	parts := strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune("-._~", c) })
	if hashFolder.MatchString(folder) || slices.ContainsFunc(parts, func(p string) bool { return len(p) >= 8 && hexHash.MatchString(p) }) {
		return true
	}
	m := viteName.FindStringSubmatch(name)
	return m != nil && noWord.MatchString(m[1])
}

func maxAge(value string) int {
	for part := range strings.SplitSeq(strings.ReplaceAll(strings.ToLower(value), ";", ","), ",") {
		if age, ok := strings.CutPrefix(strings.TrimSpace(part), "max-age="); ok {
			n, err := strconv.Atoi(strings.Trim(age, `"`))
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}
