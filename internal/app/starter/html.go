package starter

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/org/checkout-deploy/internal/app/starter/script"
)

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	scriptTag   = regexp.MustCompile(`(?is)<script\b((?:[^>"']|"[^"]*"|'[^']*')*)>`)
	attribute   = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))`)
)

// moduleScripts are the module scripts of a page that are files of the project,
// as paths in the file's order.
func moduleScripts(page, html string) (all []string) {
	html = htmlComment.ReplaceAllString(html, "")
	for _, tag := range scriptTag.FindAllStringSubmatch(html, -1) {
		attributes := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(tag[1], -1) {
			attributes[strings.ToLower(a[1])] = a[2] + a[3] + a[4]
		}
		src := attributes["src"]
		if attributes["type"] != "module" || src == "" || strings.Contains(src, ":") || strings.HasPrefix(src, "//") {
			continue
		}
		if rest, ok := strings.CutPrefix(src, "/"); ok { // of the project's root, as Vite serves it
			all = append(all, path.Clean(rest))
		} else {
			all = append(all, path.Join(path.Dir(page), src))
		}
	}
	return all
}

// pageEntries are the module scripts of index.html.
func (l *looker) pageEntries() pairs { return l.entriesOfPage("index.html", "") }

// entriesOfPage makes one entry of a page's scripts; name is "" for the name of
// the first script.
func (l *looker) entriesOfPage(page, name string) pairs {
	data, err := fs.ReadFile(l.root, page)
	if err != nil {
		return nil
	}
	var modules []any
	for _, m := range moduleScripts(page, string(data)) {
		if !l.isFile(m) {
			l.askf(script.Pos{File: page}, "the script %s is not a file of the project", m)
			continue
		}
		modules = append(modules, m)
		if name == "" {
			name = stem(m)
		}
	}
	switch len(modules) {
	case 0:
		return nil
	case 1:
		return pairs{{name, modules[0]}}
	}
	return pairs{{name, modules}}
}

func stem(name string) string {
	base := path.Base(name)
	return strings.TrimSuffix(base, path.Ext(base))
}
