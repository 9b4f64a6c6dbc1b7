package coverage

import (
	"net/url"
	"path"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity/page"
)

// within returns the path in the release of a URL that a page of the folder dir
// has; "" for one elsewhere, which is absolute then. base is the document's.
func (r *reader) within(dir, base, ref string) (file string, elsewhere bool) {
	u, err := url.Parse(page.Normal(ref))
	if err != nil {
		return "", true
	}
	if base != "" && !u.IsAbs() && u.Host == "" {
		if b, err := url.Parse(page.Normal(base)); err == nil {
			u = b.ResolveReference(u)
			if b.Scheme == "" && b.Host == "" && !strings.HasPrefix(b.Path, "/") {
				u.Path = strings.TrimPrefix(u.Path, "/") // a relative base: ResolveReference made it rooted
			}
		}
	}
	public, _ := url.Parse(r.PublicURL)
	switch {
	case u.Host != "" || u.Scheme != "":
		if public == nil || public.Host == "" || u.Host != public.Host || u.Scheme != "" && u.Scheme != public.Scheme {
			return "", true
		}
		rest, ok := strings.CutPrefix(clean(u.Path), public.Path)
		return rest, !ok
	case strings.HasPrefix(u.Path, "/"):
		if public != nil && public.Path != "" {
			if rest, ok := strings.CutPrefix(clean(u.Path), public.Path); ok {
				return rest, false
			}
		}
		return clean(u.Path)[1:], false
	}
	return strings.TrimPrefix(path.Join("/", dir, u.Path), "/"), false
}

func clean(p string) string { return path.Clean("/" + p) }

// file finds the unit that a constant in a script names: by its path in the
// release, relative to the script, or behind a base that only the bundler knew.
// exact says that it was none of the last kind.
func (r *reader) file(from, constant string) (u *unit, exact bool) {
	constant, _, _ = strings.Cut(constant, "#")
	constant, _, _ = strings.Cut(constant, "?")
	if rest, ok := strings.CutPrefix(constant, r.PublicURL); ok && r.PublicURL != "" {
		constant = rest
	} else if strings.Contains(constant, "//") {
		return nil, false
	}
	if u := r.units[strings.TrimPrefix(path.Clean("/"+constant), "/")]; u != nil && !strings.HasPrefix(constant, ".") {
		return u, true
	}
	if !strings.HasPrefix(constant, "/") {
		if u := r.units[strings.TrimPrefix(path.Join("/", path.Dir(from), constant), "/")]; u != nil {
			return u, true
		}
	}
	rest := strings.TrimLeft(constant, "./")
	for range maxBase {
		_, after, ok := strings.Cut(rest, "/")
		if !ok {
			break
		}
		if u := r.units[after]; u != nil {
			return u, false
		}
		rest = after
	}
	return nil, false
}

// maxBase is the most folders that a base unknown here may have.
const maxBase = 8

// other reports whether a URL is of another origin than the pages.
func (r *reader) other(ref string) bool {
	u, err := url.Parse(page.Normal(ref))
	if err != nil || u.Host == "" {
		return false
	}
	for _, o := range r.Origins {
		if own, err := url.Parse(o); err == nil && own.Host == u.Host && (u.Scheme == "" || u.Scheme == own.Scheme) {
			return false
		}
	}
	return true
}

// absolute reports whether a constant is a URL with a host.
func absolute(ref string) bool { return strings.Contains(ref, "//") }
