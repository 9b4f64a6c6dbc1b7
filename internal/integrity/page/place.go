package page

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// nowhere stands for the origin of pages that don't say where they are.
const nowhere = "https://release.invalid/"

// place knows where a document and its release are served.
type place struct {
	folder, document, base *url.URL
}

func newPlace(o Options, base string) (place, error) {
	root, _ := url.Parse(nowhere)
	folder, err := root.Parse(o.PublicURL)
	if err != nil {
		return place{}, err
	}
	document := folder.JoinPath(o.Path)
	resolved, err := document.Parse(base)
	if err != nil || resolved.Opaque != "" {
		resolved = document // a browser ignores such a base too
	}
	return place{folder, document, resolved}, nil
}

// find returns the path of the release's file that a URL is of. Without one the
// reason says why.
func (p place) find(written string) (path string, why Reason) {
	if templated.MatchString(written) {
		return "", Template
	}
	u, err := p.base.Parse(written)
	switch {
	case err != nil:
		return "", ThirdParty
	case u.Scheme != "https" && u.Scheme != "http":
		return "", Opaque
	case u.Host != p.folder.Host || !strings.HasPrefix(u.Path, p.folder.Path):
		return "", ThirdParty
	}
	return u.Path[len(p.folder.Path):], ""
}

// url is the address of a file as an import map of the document can name it.
func (p place) url(file, public string) string {
	if public == "" {
		public = p.relative(p.base)
	}
	return public + escape(file)
}

// escape writes a path as browsers do: they leave more than net/url does, and an
// import map's key is compared as text (URL, section 1.3: path percent-encode set).
func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"#%<>?^`{}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// relative is the way from a document to the release's folder.
func (p place) relative(from *url.URL) string {
	inside, ok := strings.CutPrefix(from.Path, p.folder.Path)
	if !ok || from.Host != p.folder.Host {
		return p.folder.Path
	}
	if up := strings.Count(inside, "/"); up > 0 {
		return strings.Repeat("../", up)
	}
	return "./"
}

// templated finds what a template language, a server or a build puts values into.
var templated = regexp.MustCompile(`\{\{|\{%|\{#|<%|<\?|\$\{|#\{|\[\[|%%|@@|__[A-Z_]+__|\b(?:MANIFEST_JSON|LIBRARY_NAME|PRELOAD_ASSETS)\b`)

// Templated says that an address is a template's expression: what it will be is
// known when the page is served, and not from here.
func Templated(ref string) bool { return templated.MatchString(ref) }

// blocks are the parts of a document that are a template's code: what looks like
// a tag there need not be one, and quotes belong to another language.
func blocks(html []byte) [][]int { return block.FindAllIndex(html, -1) }

var block = regexp.MustCompile(`(?s)<\?(?:php|=).*?(?:\?>|$)|<%.*?%>|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}`)

// within says that an offset is inside of one of the ranges.
func within(ranges [][]int, offset int) bool {
	for _, r := range ranges {
		if r[0] < offset && offset < r[1] {
			return true
		}
	}
	return false
}
