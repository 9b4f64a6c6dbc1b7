package style

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// read returns the content of file i, reading it once a compilation.
func (j *job) read(i int) (string, error) {
	f := j.file(i)
	if f.loaded {
		return f.content, nil
	}
	if err := j.compiler.origin.Check(f.real); err != nil {
		return "", err
	}
	content, err := j.compiler.readFile(f.real)
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", j.compiler.display(f.real), err)
	}
	f.sum, f.loaded = sha256.Sum256(content), true
	f.content = string(bytes.TrimPrefix(content, byteOrderMark))
	for _, match := range moduleRule.FindAllStringSubmatch(f.content, -1) {
		f.used = append(f.used, filepath.Clean(match[1]))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.files[i] = f
	return f.content, nil
}

var moduleRule = regexp.MustCompile(`@(?:use|forward)\s+["']([^"']+)["']`)

// isImport says whether f names spec in @import and not in @use or @forward:
// import-only files (x.import.scss) count for @import alone, and the client does
// not pass on which it was.
func (f file) isImport(spec string) bool {
	return !slices.Contains(f.used, filepath.Clean(spec))
}

// find returns the file an import means, "" when there is none: relative to the
// importing file, then what Options.Resolve says, then the load paths, then
// packages. "~x" and "pkg:x" mean packages (or aliases) alone.
func (j *job) find(spec string, from file, forImport bool) (string, error) {
	if filepath.IsAbs(spec) {
		return j.locate(spec, forImport)
	}
	spec, packagesOnly := cutPackagePrefix(spec)
	var tries []func() (string, error)
	if !packagesOnly {
		for _, folder := range folders(from) {
			tries = append(tries, func() (string, error) { return j.locate(filepath.Join(folder, spec), forImport) })
		}
	}
	tries = append(tries, func() (string, error) { return j.findAlias(spec, from, forImport) })
	if !packagesOnly {
		for _, folder := range j.compiler.options.LoadPaths {
			tries = append(tries, func() (string, error) { return j.locate(filepath.Join(folder, spec), forImport) })
		}
	}
	if !strings.HasPrefix(spec, "./") && !strings.HasPrefix(spec, "../") {
		tries = append(tries, func() (string, error) { return j.findInPackages(spec, from, forImport) })
	}
	for _, try := range tries {
		if found, err := try(); found != "" || err != nil {
			return found, err
		}
	}
	return "", nil
}

// cutPackagePrefix takes the mark of a package import off spec.
func cutPackagePrefix(spec string) (rest string, packagesOnly bool) {
	if rest, ok := strings.CutPrefix(spec, "pkg:"); ok {
		return rest, true
	}
	if rest, ok := strings.CutPrefix(spec, "~"); ok {
		return rest, true
	}
	return spec, false
}

// folders are those a file's relative imports start from: its content's own,
// as bundlers have it, then that of the link it was reached by, as Sass has it.
func folders(f file) []string {
	real, seen := filepath.Dir(f.real), filepath.Dir(f.seen)
	if real == seen {
		return []string{real}
	}
	return []string{real, seen}
}

func (j *job) findAlias(spec string, from file, forImport bool) (string, error) {
	resolve := j.compiler.options.Resolve
	if resolve == nil {
		return "", nil
	}
	path, ok := resolve(spec, j.compiler.present(from.real))
	if !ok {
		return "", nil
	}
	return j.locate(path, forImport)
}

// findInPackages looks in the node_modules at and above the importing file, by
// its content's place first (that is where pnpm puts what a package needs),
// and at and above the root.
func (j *job) findInPackages(spec string, from file, forImport bool) (string, error) {
	name, rest := splitPackage(spec)
	if name == "" {
		return "", nil
	}
	for folder := range j.compiler.packageFolders(name, from) {
		found, err := j.locateInPackage(folder, rest, forImport)
		if found != "" || err != nil {
			return found, err
		}
	}
	return "", nil
}

// packageFolders yields the existing folders of a package, nearest first.
func (c *Compiler) packageFolders(name string, from file) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		tried := map[string]bool{}
		for _, start := range append(folders(from), c.root) {
			for folder := range upwards(start) {
				if tried[folder] {
					break // and so are those above it
				}
				tried[folder] = true
				at := filepath.Join(folder, "node_modules", name)
				if info, err := os.Stat(at); err == nil && info.IsDir() && !yield(at) {
					return
				}
			}
		}
	}
}

// splitPackage parts "@scope/name/x/y" into "@scope/name" and "x/y".
func splitPackage(spec string) (name, rest string) {
	parts := strings.SplitN(spec, "/", 3)
	if strings.HasPrefix(spec, "@") {
		if len(parts) < 2 || parts[1] == "" {
			return "", ""
		}
		return strings.Join(parts[:2], "/"), strings.Join(parts[2:], "/")
	}
	return parts[0], strings.Join(parts[1:], "/")
}

func (f *folderNames) locateInPackage(folder, rest string, forImport bool) (string, error) {
	if rest != "" {
		if found, err := f.locate(filepath.Join(folder, rest), forImport); found != "" || err != nil {
			return found, err
		}
	}
	manifest := readManifest(folder)
	for _, entry := range manifest.entries(rest) {
		path := filepath.Join(folder, entry)
		if kindOf(path) == unknownKind {
			continue
		}
		if found, err := f.locate(path, forImport); found != "" || err != nil {
			return found, err
		}
	}
	if rest == "" {
		return f.locate(filepath.Join(folder, "index"), forImport)
	}
	return "", nil
}

// manifest is the part of a package.json that says where its styles are.
type manifest struct {
	Sass    string          `json:"sass"`
	Style   string          `json:"style"`
	Main    string          `json:"main"`
	Exports json.RawMessage `json:"exports"`
}

// readManifest is empty when there is none or it does not parse.
func readManifest(folder string) (m manifest) {
	if content, err := os.ReadFile(filepath.Join(folder, "package.json")); err == nil {
		_ = json.Unmarshal(content, &m)
	}
	return m
}

// entries are the files a package offers for the subpath rest, best first.
func (m manifest) entries(rest string) []string {
	entries := exported(m.Exports, rest)
	if rest == "" {
		entries = append(entries, m.Sass, m.Style, m.Main)
	}
	return entries
}

// exported reads "exports" for the conditions sass, style and default.
func exported(exports json.RawMessage, rest string) []string {
	var byPath map[string]json.RawMessage
	if json.Unmarshal(exports, &byPath) != nil {
		byPath = map[string]json.RawMessage{".": exports} // a string, or nothing
	}
	subpath := "."
	if rest != "" {
		subpath = "./" + rest
	}
	for _, key := range []string{subpath, subpath + ".scss", subpath + ".sass", subpath + ".css"} {
		if value, ok := byPath[key]; ok {
			return conditions(value, 0)
		}
	}
	if rest == "" && !strings.HasPrefix(firstKey(byPath), ".") {
		return conditions(exports, 0)
	}
	for _, pattern := range longestFirst(byPath) {
		before, after, ok := strings.Cut(pattern, "*")
		if !ok || !strings.HasPrefix(subpath, before) || !strings.HasSuffix(subpath, after) || len(subpath) < len(before)+len(after) {
			continue
		}
		star := subpath[len(before) : len(subpath)-len(after)]
		var out []string
		for _, target := range conditions(byPath[pattern], 0) {
			out = append(out, strings.ReplaceAll(target, "*", star))
		}
		return out
	}
	return nil
}

// longestFirst orders patterns as Node does: the more precise one counts.
func longestFirst(byPath map[string]json.RawMessage) []string {
	return slices.SortedFunc(maps.Keys(byPath), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
}

func firstKey(m map[string]json.RawMessage) string {
	for key := range m {
		return key
	}
	return ""
}

func conditions(value json.RawMessage, depth int) []string {
	var target string
	if json.Unmarshal(value, &target) == nil && target != "" {
		return []string{target}
	}
	var byCondition map[string]json.RawMessage
	if depth > 8 || json.Unmarshal(value, &byCondition) != nil {
		return nil
	}
	var out []string
	for _, condition := range []string{"sass", "style", "default"} {
		if inner, ok := byCondition[condition]; ok {
			out = append(out, conditions(inner, depth+1)...)
		}
	}
	return out
}
