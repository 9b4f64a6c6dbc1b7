// Package advice says what to try about an import that leads nowhere: the name
// that was probably meant, or what has to be installed or written first. It is
// asked when a build has failed, and may take its time.
package advice

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/spell"
)

// Project is where imports are looked for.
type Project struct{ Root string } // absolute

// Script is what to try about spec, as the file from imports it; "" where nothing
// is known.
func (p Project) Script(spec, from string) string {
	folder := filepath.Dir(from)
	if isPath(spec) {
		return p.path(spec, from, scriptNames)
	}
	if hint := builtin(spec); hint != "" {
		return hint
	}
	return p.bare(spec, folder)
}

// Style is the same for @use, @forward, @import and url() of a style.
func (p Project) Style(spec, from string) string {
	folder := filepath.Dir(from)
	spec = strings.TrimPrefix(spec, "pkg:")
	if rest, ok := strings.CutPrefix(spec, "~"); ok && !isPath(spec) {
		return p.bare(strings.TrimPrefix(rest, "/"), folder)
	}
	if isPath(spec) {
		return p.path(spec, from, styleNames)
	}
	if hint := p.path("./"+spec, from, styleNames); strings.HasPrefix(hint, meant) {
		return strings.Replace(hint, `"./`, `"`, 1)
	}
	return p.bare(spec, folder)
}

func isPath(spec string) bool {
	return spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../") || strings.HasPrefix(spec, "/")
}

// meant begins a hint that names what was probably meant.
const meant = "did you mean "

// path looks at what is there in the place of a file: a folder, another case,
// another spelling.
func (p Project) path(spec, from string, names func([]os.DirEntry, string) []string) string {
	spec, _, _ = strings.Cut(spec, "?")
	target := filepath.Join(filepath.Dir(from), filepath.FromSlash(spec))
	if strings.HasPrefix(spec, "/") {
		target = filepath.FromSlash(spec)
	}
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		return fmt.Sprintf("%s is a folder without an index file, such as index.ts: name the file that is meant", p.shown(target))
	}
	if to, err := os.Readlink(target); err == nil {
		return fmt.Sprintf("%s is a link to %q, where nothing is", p.shown(target), to)
	}
	// The last folder that is there, and the name in it that is not.
	at, missing, rest := filepath.Dir(target), filepath.Base(target), ""
	for !isFolder(at) && at != filepath.Dir(at) {
		at, missing, rest = filepath.Dir(at), filepath.Base(at), path.Join(missing, rest)
	}
	entries, _ := os.ReadDir(at)
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return filepath.Join(at, e.Name()) == from })
	candidates := names(entries, path.Ext(missing))
	if rest != "" {
		candidates = folderNames(entries)
	}
	if found := nearest(missing, candidates); found != "" {
		kept := strings.TrimSuffix(strings.TrimSuffix(spec, rest), "/")
		return suggest(kept[:len(kept)-min(len(kept), len(missing))]+path.Join(found, rest), strings.EqualFold(found, missing))
	}
	if rest != "" {
		return fmt.Sprintf("there is no folder %s: is it committed, or made by a step that has to run first?", p.shown(filepath.Join(at, missing)))
	}
	return fmt.Sprintf("%s has no file of a name like it: is it committed, or made by a step that has to run first?", p.shown(at))
}

// suggest names what was meant. A name that differs in case works on some
// machines, which needs a word.
func suggest(name string, onlyCase bool) string {
	if onlyCase {
		return fmt.Sprintf("%s%q? Upper and lower case are told apart, on any machine", meant, name)
	}
	return fmt.Sprintf("%s%q?", meant, name)
}

// nearest is the name that was probably meant; one that differs in case, before all.
// Of two letters each is near to every other.
func nearest(got string, names []string) string {
	for _, name := range names {
		if strings.EqualFold(name, got) && name != got {
			return name
		}
	}
	if len(got) < 3 {
		return ""
	}
	return spell.Nearest(got, slices.DeleteFunc(names, func(n string) bool { return n == got }))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// scriptNames are the names that an import of a script may have: without the
// extension where it has none itself.
func scriptNames(entries []os.DirEntry, ext string) []string {
	names := folderNames(entries)
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := e.Name()
		if ext == "" && slices.Contains([]string{".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".json"}, path.Ext(name)) {
			name = strings.TrimSuffix(strings.TrimSuffix(name, path.Ext(name)), ".d")
		}
		names = append(names, name)
	}
	return slices.Compact(names)
}

// styleNames are those of Sass, whose partials begin with "_".
func styleNames(entries []os.DirEntry, ext string) []string {
	names := folderNames(entries)
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		name := e.Name()
		if kind := path.Ext(name); ext == "" && slices.Contains([]string{".scss", ".sass", ".css"}, kind) {
			name = strings.TrimSuffix(name, kind)
		}
		names = append(names, strings.TrimPrefix(name, "_"))
	}
	return slices.Compact(names)
}

func folderNames(entries []os.DirEntry) (names []string) {
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// bare is about what is no path: a package, or an alias that nobody declared.
func (p Project) bare(spec, folder string) string {
	name := packageName(spec)
	m := p.manifest(folder)
	installed, modules := p.installed(name, folder)
	switch {
	case installed != "":
		return fmt.Sprintf("%s is there, but offers no such file to a browser: look at main, module, browser and exports in its package.json", p.shown(installed))
	case m.has(name) && modules == "":
		return fmt.Sprintf("there is no node_modules: run %s first%s", p.installCommand(), inWorkflow)
	case m.has(name):
		return fmt.Sprintf("package.json has it, node_modules does not: run %s first%s", p.installCommand(), inWorkflow)
	}
	if hint := p.alias(spec); hint != "" {
		return hint
	}
	if found := nearest(name, m.names()); found != "" {
		return suggest(found+strings.TrimPrefix(spec, name), strings.EqualFold(found, name))
	}
	return fmt.Sprintf("package.json does not have it: npm install %s; or is it an alias? Then write it under paths in tsconfig.json, or under build.alias in checkout-deploy.yml", name)
}

const inWorkflow = " (in a workflow, in a step before this one: the action has no Node.js)"

// installCommand is that of the lock file.
func (p Project) installCommand() string {
	for _, lock := range []struct{ file, command string }{
		{"package-lock.json", "npm ci"},
		{"npm-shrinkwrap.json", "npm ci"},
		{"pnpm-lock.yaml", "pnpm install --frozen-lockfile"},
		{"yarn.lock", "yarn install --frozen-lockfile"},
		{"bun.lock", "bun install --frozen-lockfile"},
	} {
		if _, err := os.Stat(filepath.Join(p.Root, lock.file)); err == nil {
			return lock.command
		}
	}
	return "npm ci"
}

// alias recognises the usual aliases of a source folder, and imports that start
// in one.
func (p Project) alias(spec string) string {
	first, rest, _ := strings.Cut(spec, "/")
	for _, folder := range []string{"src", "app", "."} {
		base := filepath.Join(p.Root, folder)
		switch {
		case first == "@" || first == "~" || first == "#":
			if p.leads(filepath.Join(base, filepath.FromSlash(rest))) {
				return aliasHint(first, folder)
			}
		case strings.HasPrefix(first, "@") || strings.HasPrefix(first, "~") || strings.HasPrefix(first, "#"):
			if name := first[1:]; isFolder(filepath.Join(base, name)) {
				return aliasHint(first, path.Join(folder, name))
			}
		case isFolder(filepath.Join(base, first)) && p.leads(filepath.Join(base, filepath.FromSlash(spec))):
			return aliasHint(first, path.Join(folder, first))
		}
	}
	if first == "@" || first == "~" || first == "#" {
		return aliasHint(first, "src")
	}
	return ""
}

func aliasHint(name, folder string) string {
	return fmt.Sprintf("is %q an alias? Write alias: { %q: %s } under build in checkout-deploy.yml, or paths in tsconfig.json", name, name, folder)
}

// leads says whether a path without its extension is a file or a folder.
func (p Project) leads(target string) bool {
	if _, err := os.Stat(target); err == nil {
		return true
	}
	found, _ := filepath.Glob(escapeGlob(target) + ".*")
	return len(found) > 0
}

var escapeGlob = strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`).Replace

// installed is the package's folder that folder's files see, "" without one, and
// the nearest node_modules.
func (p Project) installed(name, folder string) (at, modules string) {
	for ; ; folder = filepath.Dir(folder) {
		if here := filepath.Join(folder, "node_modules"); isFolder(here) {
			if modules == "" {
				modules = here
			}
			if at := filepath.Join(here, filepath.FromSlash(name)); isFolder(at) {
				return at, modules
			}
		}
		if folder == filepath.Dir(folder) {
			return "", modules
		}
	}
}

// packageName is "name" or "@scope/name".
func packageName(spec string) string {
	parts := strings.SplitN(spec, "/", 3)
	if strings.HasPrefix(spec, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// manifest is a package.json's dependencies.
type manifest struct {
	Dependencies, DevDependencies, PeerDependencies, OptionalDependencies map[string]any
}

// manifest is the nearest one at or above folder.
func (p Project) manifest(folder string) (m manifest) {
	for ; ; folder = filepath.Dir(folder) {
		if data, err := os.ReadFile(filepath.Join(folder, "package.json")); err == nil {
			_ = json.Unmarshal(data, &m) // its mistakes are told elsewhere
			return m
		}
		if folder == p.Root || folder == filepath.Dir(folder) {
			return m
		}
	}
}

func (m manifest) names() (all []string) {
	for _, list := range []map[string]any{m.Dependencies, m.DevDependencies, m.PeerDependencies, m.OptionalDependencies} {
		for name := range list {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (m manifest) has(name string) bool { return slices.Contains(m.names(), name) }

// shown is a path relative to the project, quoted.
func (p Project) shown(target string) string {
	if rel, err := filepath.Rel(p.Root, target); err == nil {
		target = rel
	}
	if target == "." {
		return "the project's folder"
	}
	return fmt.Sprintf("%q", filepath.ToSlash(target))
}
