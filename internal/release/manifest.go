package release

import (
	"fmt"
	"slices"
)

// CheckoutManifest returns the manifest of BigCommerce's checkout-js, version 2,
// for one entry of a pass: what loader.ts has inlined as MANIFEST_JSON. js and css are the
// entry's, in load order; dynamicChunks are all other scripts and styles that
// its chunks may load, sorted; integrity has every one of them. The bytes are
// canonical JSON.
func (r *Release) CheckoutManifest(pass, entry string) ([]byte, error) {
	p, ok := r.Pass(pass)
	if !ok {
		return nil, fmt.Errorf("manifest of pass %s: no such pass, the release has %s", quote(pass), oneOf(names(r.Passes, func(p Pass) string { return p.Name })))
	}
	e, ok := p.Entry(entry)
	if !ok {
		return nil, fmt.Errorf("manifest of entry %s: no such entry, pass %s has %s", quote(entry), quote(pass), oneOf(names(p.Entries, func(e Entry) string { return e.Name })))
	}
	lazyJS, lazyCSS := p.lazy(e)
	integrity, err := r.integrityOf(e.JS, e.CSS, lazyJS, lazyCSS)
	if err != nil {
		return nil, fmt.Errorf("manifest of %s: %w", quote(pass+"/"+entry), err)
	}
	return encode(objectOf(
		"version", numberOf(2),
		"appVersion", stringOf(p.AppVersion),
		"js", arrayOf(e.JS, stringOf),
		"css", arrayOf(e.CSS, stringOf),
		"dynamicChunks", objectOf("js", arrayOf(lazyJS, stringOf), "css", arrayOf(lazyCSS, stringOf)),
		"integrity", integrity,
	))
}

func names[T any](items []T, name func(T) string) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = name(item)
	}
	return out
}

// lazy returns what an entry's chunks may load and the entry itself does not, sorted.
func (p Pass) lazy(e Entry) (js, css []string) {
	for _, name := range e.Chunks {
		c, _ := p.Chunk(name)
		js = append(js, c.JS...)
		css = append(css, c.CSS...)
	}
	return without(js, e.JS), without(css, e.CSS)
}

// without returns the items that are not in initial, sorted, each once.
func without(items, initial []string) []string {
	skip := make(map[string]bool, len(initial))
	for _, path := range initial {
		skip[path] = true
	}
	rest := slices.DeleteFunc(items, func(path string) bool { return skip[path] })
	slices.Sort(rest)
	return slices.Compact(rest)
}

// integrityOf makes the object {path: integrity}. An entry of a manifest that
// is missing here would load unpinned, so a missing file is an error.
func (r *Release) integrityOf(lists ...[]string) (value, error) {
	v := value{kind: isObject}
	for _, path := range slices.Concat(lists...) {
		f, ok := r.File(path)
		if !ok || f.Integrity.IsZero() {
			return v, fmt.Errorf("no integrity of %s", quote(path))
		}
		v.members = append(v.members, member{path, stringOf(f.Integrity.String())})
	}
	return v, nil
}

// ImportMap returns the import map that pins every script of an esm pass, static
// and dynamic imports alike: {"integrity": {"<base><path>": "sha384-…"}}, as
// canonical JSON. base is the URL of the release's directory as the page has it,
// ending in "/": an import map resolves its keys against the page.
func (r *Release) ImportMap(pass, base string) ([]byte, error) {
	p, ok := r.Pass(pass)
	if !ok || p.Format != ESM {
		return nil, fmt.Errorf("import map of pass %s: no such pass with the format %q", quote(pass), ESM)
	}
	if base == "" || base[len(base)-1] != '/' {
		return nil, fmt.Errorf("import map of pass %s: got base %s, want a URL ending in %q, such as %q", quote(pass), quote(base), "/", "./")
	}
	v := value{kind: isObject}
	for _, f := range r.Files {
		if f.Role == Script && slices.Contains(f.Passes, pass) {
			v.members = append(v.members, member{base + f.Path, stringOf(f.Integrity.String())})
		}
	}
	return encode(objectOf("integrity", v))
}
