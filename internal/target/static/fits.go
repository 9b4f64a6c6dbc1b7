package static

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	scan "golang.org/x/net/html"

	"github.com/org/checkout-deploy/internal/release"
)

// Fits tells all that keeps a release's page from being served as the entry: a base
// element of its own, a policy in it that forbids ours, and addresses that lead past
// the release's own folder.
func (t *Target) Fits(r *release.Release, page []byte) error {
	wrong := []error{}
	if len(page) > maxOwn {
		wrong = append(wrong, fmt.Errorf("%s: got %d bytes, want at most %d", t.Entry, len(page), maxOwn))
	}
	if _, err := headOf(string(page)); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: %w", t.Entry, err))
	}
	tokens := scan.NewTokenizer(strings.NewReader(string(page)))
	for kind := tokens.Next(); kind != scan.ErrorToken; kind = tokens.Next() {
		if kind != scan.StartTagToken && kind != scan.SelfClosingTagToken {
			continue
		}
		tag := tokens.Token()
		for _, a := range tag.Attr {
			if err := t.fits(r, tag, a); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: <%s %s=%q>: %w", t.Entry, tag.Data, a.Key, a.Val, err))
			}
		}
	}
	return errors.Join(wrong...)
}

// Moved are the elements of a page that a base element takes elsewhere: a link to a
// place in the page, which leads into the release's folder, and a form's address.
func Moved(page []byte) (all []string) {
	tokens := scan.NewTokenizer(strings.NewReader(string(page)))
	for kind := tokens.Next(); kind != scan.ErrorToken; kind = tokens.Next() {
		if kind != scan.StartTagToken && kind != scan.SelfClosingTagToken {
			continue
		}
		tag := tokens.Token()
		for _, a := range tag.Attr {
			if moves(tag.Data, a) {
				all = append(all, fmt.Sprintf("<%s %s=%q>", tag.Data, a.Key, a.Val))
			}
		}
	}
	return all
}

func moves(tag string, a scan.Attribute) bool {
	switch {
	case (tag == "a" || tag == "area") && a.Key == "href":
		return strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "?")
	case tag == "form" && a.Key == "action", (tag == "button" || tag == "input") && a.Key == "formaction":
		u, err := url.Parse(a.Val)
		return a.Val != "" && err == nil && u.Scheme == "" && !strings.HasPrefix(a.Val, "/")
	}
	return false
}

// maxOwn bounds a page so that with what is inserted it can be read back by anybody.
const maxOwn = 4<<20 - 4096

var (
	forbidsBase = regexp.MustCompile(`(?i)(^|;)\s*base-uri(\s|;|$)`)
	allowsOwn   = regexp.MustCompile(`(?i)(^|;)\s*base-uri\s[^;]*('self'|\*|https:(\s|;|$))`)
)

func (t *Target) fits(r *release.Release, tag scan.Token, a scan.Attribute) error {
	switch {
	case tag.Data == "meta" && a.Key == "content" && forbidsBase.MatchString(a.Val) && !allowsOwn.MatchString(a.Val):
		return errors.New("the policy forbids the base element that a deploy inserts; want base-uri 'self'")
	case a.Key != "src" && a.Key != "href" || !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//"):
		return nil
	}
	u, err := url.Parse(a.Val)
	if err != nil {
		return nil //nolint:nilerr // nothing of the release's is named so
	}
	for _, base := range []string{t.Base, "/"} {
		name := strings.TrimPrefix(path.Clean(u.Path), base)
		if f, ok := r.File(name); ok && strings.HasPrefix(u.Path, base) {
			return fmt.Errorf("it names the release's file %s by an address outside the release's folder, which is r/<id>/; build with relative addresses (Vite: base: './', webpack: publicPath: 'auto')", f.Path)
		}
	}
	return nil
}
