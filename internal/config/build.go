package config

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// common is what a pass takes from build unless it says otherwise.
type common struct {
	format     release.Format
	library    string
	appVersion string
	target     []string
	define     []Define
	groups     []Group
	mainFields []string
}

func (r *reader) build(n *node) Build {
	f := r.object(n, "build", "format", "profile", "outdir", "target", "tsconfig", "alias", "define", "env", "side-effects",
		"public-path", "source-maps", "loaders", "main-fields", "conditions", "external", "groups", "library", "app-version", "passes")
	r.environment(f) // first: the others may use it
	b := Build{
		Profile:     enum(f, "profile", release.Production, release.Profiles),
		OutDir:      f.file("outdir", "dist"),
		TSConfig:    f.file("tsconfig", ""),
		Alias:       f.alias("alias"),
		SideEffects: f.sideEffects("side-effects"),
		PublicPath:  f.publicPath("public-path"),
		SourceMaps:  enum(f, "source-maps", MapsApart, sourceMapKinds),
		Loaders:     f.loaders("loaders"),
		Conditions:  f.texts("conditions"),
		External:    f.texts("external"),
		Passes: r.passes(f, common{
			format:     enum(f, "format", release.Classic, release.Formats),
			library:    f.library("library", ""),
			appVersion: f.text("app-version", ""),
			target:     f.texts("target"),
			define:     f.defines("define", nil, nil),
			groups:     f.groups("groups", nil),
			mainFields: f.texts("main-fields"),
		}),
	}
	r.outside(f, b)
	r.external(f, b)
	return b
}

// environment reads build.env, the variables that the file may use.
func (r *reader) environment(f fields) {
	n, path := f.get("env")
	if n == nil {
		return
	}
	for i, item := range r.list(n, path) {
		if item.kind != isText || !validVariable.MatchString(item.text) {
			r.at(item, "%s: got %s, want a variable's name of A-Z a-z 0-9 _", itemPath(n, path, i), item.describe())
			continue
		}
		r.allowed[item.text] = true
	}
}

func itemPath(n *node, path string, i int) string {
	if n.kind != isList {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

// file takes a path inside the project, and returns it clean.
func (f fields) file(name, otherwise string) string {
	n, at := f.get(name)
	if n == nil {
		return otherwise
	}
	p, _ := f.r.file(n, at)
	return p
}

func (r *reader) file(n *node, at string) (string, bool) {
	s, ok := r.text(n, at)
	if !ok {
		return "", false
	}
	switch clean := path.Clean(s); {
	case strings.Contains(s, `\`):
		r.at(n, `%s: got %s, want / between folders`, at, quote(s))
	case strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) >= 0:
		r.at(n, "%s: got %s, want a path without control characters", at, quote(s))
	case path.IsAbs(s) || len(s) > 1 && s[1] == ':':
		r.at(n, "%s: got the absolute path %s, want one relative to the project's root", at, quote(s))
	case clean == ".." || strings.HasPrefix(clean, "../"):
		r.at(n, "%s: got %s, which leads out of the project; want a path in it, or a configuration further up", at, quote(s))
	default:
		return clean, true
	}
	return "", false
}

// outside refuses an output folder that a build would replace sources with.
func (r *reader) outside(f fields, b Build) {
	n, at := f.get("outdir")
	if n == nil || b.OutDir == "" {
		return
	}
	top, _, _ := strings.Cut(b.OutDir, "/")
	if b.OutDir == "." || top == ".git" || top == "node_modules" || top == ".github" {
		r.at(n, "%s: got %s, want a folder of its own, such as dist: a build replaces it whole", at, quote(b.OutDir))
		return
	}
	for _, p := range b.Passes {
		for _, e := range p.Entries {
			for _, m := range e.Modules {
				if strings.HasPrefix(m, b.OutDir+"/") {
					r.at(n, "%s: got %s, which holds the source %s; want a folder of its own, such as dist: a build replaces it whole", at, quote(b.OutDir), quote(m))
					return
				}
			}
		}
	}
}

// external refuses externals where nothing would provide them.
func (r *reader) external(f fields, b Build) {
	n, at := f.get("external")
	if n == nil {
		return
	}
	for _, p := range b.Passes {
		if p.Format != release.ESM {
			r.at(n, "%s: got externals, but the pass %s has the format %s, whose scripts can't import; want the format esm, or an alias to a module that reads the page's global", at, quote(p.Name), p.Format)
			return
		}
	}
}

func (f fields) alias(name string) map[string]string {
	all := map[string]string{}
	f.pairs(name, func(k key, at string) {
		if strings.TrimSpace(k.name) == "" || strings.HasPrefix(k.name, ".") || strings.HasPrefix(k.name, "/") {
			f.r.add(k.line, k.column, "%s: got the alias %s, want the start of a package's import path, such as @app", join(f.path, name), quote(k.name))
		}
		if s, ok := f.r.text(k.value, at); ok {
			all[k.name] = s
		}
	})
	return all
}

func (f fields) sideEffects(name string) (all []SideEffect) {
	f.pairs(name, func(k key, at string) {
		has, ok := k.value.value.(bool)
		if !ok {
			f.r.at(k.value, "%s: got %s, want true or false", at, k.value.describe())
		}
		if err := checkGlob(k.name); err != nil {
			f.r.add(k.line, k.column, "%s: got the pattern %s: %v", join(f.path, name), quote(k.name), err)
		}
		all = append(all, SideEffect{k.name, has})
	})
	return all
}

// checkGlob looks at each part, as ** stands for any number of them.
func checkGlob(glob string) error {
	if glob == "" {
		return fmt.Errorf("want a path with * and **")
	}
	for part := range strings.SplitSeq(glob, "/") {
		if _, err := path.Match(part, ""); err != nil {
			return fmt.Errorf("want a path with *, ** and [a-z]: %w", err)
		}
	}
	return nil
}

func (f fields) publicPath(name string) string {
	n, at := f.get(name)
	if n == nil {
		return ""
	}
	s, ok := f.r.text(n, at)
	if ok && (!strings.HasSuffix(s, "/") || strings.ContainsAny(s, "?#\\ ")) {
		f.r.at(n, "%s: got %s, want a URL or path that ends in /", at, quote(s))
	}
	return s
}

var extension = regexp.MustCompile(`^(\.[A-Za-z0-9_-]+)+$`)

func (f fields) loaders(name string) map[string]Loader {
	all := map[string]Loader{}
	f.pairs(name, func(k key, at string) {
		if !extension.MatchString(k.name) {
			f.r.add(k.line, k.column, "%s: got %s, want an extension such as .svg", join(f.path, name), quote(k.name))
		}
		s, ok := f.r.text(k.value, at)
		if ok && !slices.Contains(loaders, Loader(s)) {
			f.r.at(k.value, "%s: got the loader %s, want one of %s", at, quote(s), oneOf(loaders))
		}
		all[k.name] = Loader(s)
	})
	return all
}

func (f fields) library(name, otherwise string) string {
	n, at := f.get(name)
	if n == nil {
		return otherwise
	}
	s, ok := f.r.text(n, at)
	if ok {
		if err := release.CheckLibrary(s); err != nil {
			f.r.at(n, "%s: %v", at, err)
		}
	}
	return s
}
