package config

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/spell"
)

// moduleExtensions may be left out of a module's path.
var moduleExtensions = []string{".tsx", ".ts", ".jsx", ".js", ".mjs", ".css", ".json", ".scss", ".sass"}

// presentModule reports an entry's module that is not there. Packages and what
// an alias leads to are for the build to find.
func (r *reader) presentModule(n *node, at, name string) {
	first, _, below := strings.Cut(name, "/")
	_, err := fs.Stat(r.root, first)
	isPath := below && err == nil || slices.Contains(moduleExtensions, path.Ext(name))
	if !r.overrides.Present || !isPath || r.aliased(name) || r.isPackage(name) {
		return
	}
	info, err := fs.Stat(r.root, name)
	switch {
	case err == nil && !info.IsDir():
	case r.hasModule(name) || err == nil && (r.hasModule(name+"/index") || r.hasFile(name+"/package.json")):
	case err == nil:
		r.report(ruleSources, n, "%s: got the folder %s, which has no index file; want a source file", at, quote(name))
	default:
		r.absent(n, at, name, "want a source file")
	}
}

// presentFile reports a file that is not there.
func (r *reader) presentFile(n *node, at, name string) {
	info, err := fs.Stat(r.root, name)
	switch {
	case !r.overrides.Present || n == nil || name == "" || err == nil && !info.IsDir():
	case err == nil:
		r.report(ruleSources, n, "%s: got the folder %s, want a file", at, quote(name))
	default:
		r.absent(n, at, name, "want a file")
	}
}

func (r *reader) absent(n *node, at, name, want string) {
	if meant := spell.NearestPath(r.root, name); meant != "" {
		want = fmt.Sprintf("did you mean %s?", quote(meant))
	}
	r.report(ruleSources, n, "%s: got %s, which is not there; %s", at, quote(name), want)
}

// aliased says whether an alias, of the file or of tsconfig.json, may lead the
// path elsewhere.
func (r *reader) aliased(name string) bool {
	for alias := range r.aliases {
		if name == alias || strings.HasPrefix(name, alias+"/") {
			return true
		}
	}
	return strings.ContainsAny(name[:1], "@~#")
}

func (r *reader) isPackage(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	_, err := fs.Stat(r.root, "node_modules/"+first)
	return err == nil
}

func (r *reader) hasModule(name string) bool {
	return slices.ContainsFunc(moduleExtensions, func(ext string) bool { return r.hasFile(name + ext) })
}

func (r *reader) hasFile(name string) bool {
	info, err := fs.Stat(r.root, name)
	return err == nil && !info.IsDir()
}
