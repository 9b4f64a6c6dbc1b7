package imports

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

// entry gives the declaration file of a specifier that leads to file; "" when
// file is not in node_modules or has none.
func (e *Enums) entry(specifier, file string) string {
	folder, rest, ok := inNodeModules(file)
	if !ok {
		return ""
	}
	name, _ := packageName(rest)
	key := [2]string{specifier, file}
	if hit, ok := e.entries.Load(key); ok {
		return hit.(string)
	}
	entry := ""
	if spec, subpath := packageName(specifier); spec == name {
		entry = e.packageEntry(folder, name, subpath)
	}
	if entry == "" {
		entry = e.exists(besideScript(file))
	}
	if entry == "" {
		entry = e.packageEntry(folder, name, ".")
	}
	e.entries.Store(key, entry)
	return entry
}

// packageName splits "name/sub/path" into the package's name and "./sub/path", or
// "." for the package itself.
func packageName(specifier string) (name, subpath string) {
	parts := strings.SplitN(specifier, "/", 2)
	if strings.HasPrefix(specifier, "@") {
		parts = strings.SplitN(specifier, "/", 3)
		if len(parts) > 1 {
			parts = append([]string{parts[0] + "/" + parts[1]}, parts[2:]...)
		}
	}
	if len(parts) == 1 || parts[1] == "" {
		return parts[0], "."
	}
	return parts[0], "./" + parts[1]
}

// packageEntry looks in the package and then in @types.
func (e *Enums) packageEntry(folder, name, subpath string) string {
	if entry := e.typings(path.Join(folder, name), subpath); entry != "" {
		return entry
	}
	if strings.HasPrefix(name, "@types/") {
		return ""
	}
	typed := path.Join("@types", strings.Replace(strings.TrimPrefix(name, "@"), "/", "__", 1))
	for {
		if entry := e.typings(path.Join(folder, typed), subpath); entry != "" {
			return entry
		}
		// A package nested in another's node_modules may have its types hoisted.
		up, _, ok := inNodeModules(path.Dir(folder) + "/")
		if !ok {
			return ""
		}
		folder = up
	}
}

// typings finds the declaration file of a subpath of the package in dir as
// TypeScript does: package.json's `exports` first, then `types` or `typings`, then
// what lies beside the scripts.
func (e *Enums) typings(dir, subpath string) string {
	var pkg struct {
		Types, Typings, Main string
		Exports              json.RawMessage
	}
	text, err := e.Read(path.Join(dir, "package.json"))
	if err != nil {
		return ""
	}
	_ = json.Unmarshal(text, &pkg) // of a package.json that is no JSON nothing is known
	if to := exported(pkg.Exports, subpath); to != "" {
		if entry := e.exists(declarationNames(path.Join(dir, to))); entry != "" {
			return entry
		}
	}
	if subpath != "." {
		to := path.Join(dir, subpath)
		if entry := e.exists(declarationNames(to)); entry != "" {
			return entry
		}
		return e.typings(to, ".") // a folder with a package.json of its own
	}
	for _, field := range []string{pkg.Types, pkg.Typings, pkg.Main, "index"} {
		if field == "" {
			continue
		}
		if entry := e.exists(declarationNames(path.Join(dir, field))); entry != "" {
			return entry
		}
	}
	return ""
}

// exported gives the declaration file, or the script to look beside, that the
// `exports` field has for a subpath.
func exported(field json.RawMessage, subpath string) string {
	var byPath map[string]json.RawMessage
	if json.Unmarshal(field, &byPath) != nil {
		if subpath == "." {
			return condition(field)
		}
		return ""
	}
	if to, ok := byPath[subpath]; ok {
		return condition(to)
	}
	patterns := slices.Sorted(maps.Keys(byPath))
	slices.Reverse(patterns) // of two patterns that share a start the longer wins
	for _, pattern := range patterns {
		to := byPath[pattern]
		if !strings.HasPrefix(pattern, ".") {
			if subpath == "." {
				return condition(field) // conditions without paths
			}
			return ""
		}
		before, after, ok := strings.Cut(pattern, "*")
		if ok && strings.HasPrefix(subpath, before) && strings.HasSuffix(subpath, after) && len(subpath) >= len(pattern) {
			star := subpath[len(before) : len(subpath)-len(after)]
			return strings.ReplaceAll(condition(to), "*", star)
		}
	}
	return ""
}

// condition picks the file of a value of `exports`.
func condition(value json.RawMessage) string {
	var file string
	if json.Unmarshal(value, &file) == nil {
		return file
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && len(list) > 0 {
		return condition(list[0])
	}
	var conditions map[string]json.RawMessage
	if json.Unmarshal(value, &conditions) != nil {
		return ""
	}
	for _, name := range []string{"types", "browser", "import", "module", "default", "require", "node"} {
		if to, ok := conditions[name]; ok {
			if file := condition(to); file != "" {
				return file
			}
		}
	}
	return ""
}

// candidates gives the declaration files a specifier in a declaration file may
// mean, those that exist; at most one today.
func (e *Enums) candidates(file, specifier string) []string {
	if specifier == "." || specifier == ".." || strings.HasPrefix(specifier, "./") || strings.HasPrefix(specifier, "../") {
		if entry := e.exists(declarationNames(path.Join(path.Dir(file), specifier))); entry != "" {
			return []string{entry}
		}
		return nil
	}
	name, subpath := packageName(specifier)
	for folder, _, ok := inNodeModules(file); ok; folder, _, ok = inNodeModules(path.Dir(folder) + "/") {
		if entry := e.packageEntry(folder, name, subpath); entry != "" {
			return []string{entry}
		}
	}
	return nil
}

var declarationOf = map[string]string{
	".js": ".d.ts", ".jsx": ".d.ts", ".mjs": ".d.mts", ".cjs": ".d.cts",
}

// declarationNames lists the files that a path in a package.json or declaration
// file may mean.
func declarationNames(file string) []string {
	var names []string
	if isDeclaration(file) {
		names = append(names, file)
	}
	return append(append(names, besideScript(file)...), file+".d.ts", file+"/index.d.ts", file+".d.mts")
}

// besideScript lists the declaration files of a script.
func besideScript(file string) []string {
	ext := path.Ext(file)
	if to, ok := declarationOf[ext]; ok {
		base := strings.TrimSuffix(file, ext)
		return []string{base + to, base + ".d.ts"}
	}
	return nil
}

func isDeclaration(file string) bool {
	return strings.HasSuffix(file, ".d.ts") || strings.HasSuffix(file, ".d.mts") || strings.HasSuffix(file, ".d.cts")
}

// exists gives the first of the files that can be read, "" for none.
func (e *Enums) exists(files []string) string {
	for _, file := range files {
		if e.file(file) != nil {
			return file
		}
	}
	return ""
}
