// Package reproduce lays a project somewhere else, so that it can be built there
// once more, and explains why two builds are not the same.
package reproduce

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Project is what a build was made of.
type Project struct {
	// Base is the folder that the project's paths may lead into, the repository's
	// as a rule; Dir is the project's. Both absolute and without links.
	Base, Dir string
	// Skip are folders in Dir that are no sources, such as the build's own output.
	Skip []string
	// Files were read, Packages are folders of packages that were asked for; both
	// absolute. Packages may be links.
	Files, Packages []string
}

// BaseOf is the Base of a project: bound where there is one, else the repository
// that dir lies in, else the nearest folder that says to hold workspaces, else
// dir itself.
func BaseOf(dir, bound string) string {
	if bound != "" {
		return bound
	}
	for _, holds := range []func(folder string) bool{isRepository, hasWorkspaces} {
		for at := dir; ; at = filepath.Dir(at) {
			if holds(at) {
				return at
			}
			if filepath.Dir(at) == at {
				break
			}
		}
	}
	return dir
}

func isRepository(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, ".git")) // a folder, or in a worktree a file
	return err == nil
}

var workspaces = regexp.MustCompile(`"workspaces"\s*:`)

func hasWorkspaces(folder string) bool {
	if isFile(filepath.Join(folder, "pnpm-workspace.yaml")) {
		return true
	}
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	return err == nil && workspaces.Match(text)
}

// Outside lists the files read that no copy of Base has.
func (p *Project) Outside() []string {
	return slices.DeleteFunc(slices.Clone(p.Files), func(f string) bool { return inside(f, p.Base) })
}

// Inputs are the files of Base that decide what is built: those read, and those
// that say what the others mean. Absolute and sorted.
func (p *Project) Inputs() []string {
	found := map[string]bool{}
	folders := map[string]bool{}
	for _, file := range append(p.Files, filepath.Join(p.Dir, "package.json")) {
		if !inside(file, p.Base) {
			continue
		}
		if isFile(file) {
			found[file] = true
		}
		for at := filepath.Dir(file); inside(at, p.Base) && !folders[at]; at = filepath.Dir(at) {
			folders[at] = true
			p.describing(at, found)
		}
	}
	return keys(found)
}

// describing adds a folder's files that say what others mean.
func (p *Project) describing(folder string, found map[string]bool) {
	names := []string{"package.json"}
	if !inPackage(folder) {
		names = append(names, "tsconfig.json", "jsconfig.json")
	}
	if folder == p.Dir {
		names = append(names, ".browserslistrc", "browserslist")
	}
	for _, name := range names {
		path := filepath.Join(folder, name)
		switch {
		case !isFile(path):
		case strings.HasSuffix(name, "config.json"):
			p.extended(path, found)
		default:
			found[path] = true
		}
	}
}

var (
	extends = regexp.MustCompile(`"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")`)
	quoted  = regexp.MustCompile(`"([^"]*)"`)
)

// extended adds a tsconfig.json and those it extends.
func (p *Project) extended(path string, found map[string]bool) {
	text, err := os.ReadFile(path)
	if err != nil || found[path] || !inside(path, p.Base) {
		return
	}
	found[path] = true
	for _, list := range extends.FindAllSubmatch(text, -1) {
		for _, name := range quoted.FindAllSubmatch(list[1], -1) {
			for _, at := range candidates(filepath.Dir(path), string(name[1])) {
				if isFile(at) {
					p.extended(at, found)
					break
				}
			}
		}
	}
}

// candidates are where a tsconfig.json may find the one that it extends,
// https://www.typescriptlang.org/tsconfig/#extends.
func candidates(folder, name string) (all []string) {
	name = filepath.FromSlash(name)
	if strings.HasPrefix(name, ".") || filepath.IsAbs(name) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		return []string{name, name + ".json"}
	}
	for at := folder; ; at = filepath.Dir(at) {
		path := filepath.Join(at, "node_modules", name)
		all = append(all, path, path+".json", filepath.Join(path, "tsconfig.json"))
		if filepath.Dir(at) == at {
			return all
		}
	}
}

// inPackage reports a path in an installed package.
func inPackage(path string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(path), "/"), "node_modules")
}

// packageOf is the folder of the installed package that a file is in.
func packageOf(file string) string {
	parts := strings.Split(filepath.ToSlash(file), "/")
	at := len(parts) - 1
	for at >= 0 && parts[at] != "node_modules" {
		at--
	}
	end := at + 2
	if at+1 < len(parts) && strings.HasPrefix(parts[at+1], "@") {
		end++
	}
	return filepath.FromSlash(strings.Join(parts[:min(end, len(parts))], "/"))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func inside(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

func keys(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for key := range set {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
