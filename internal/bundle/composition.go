package bundle

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/bundle/link"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/composition"
)

// collector gathers what a pass is made of, entry by entry, so that nothing
// larger has to be kept.
type collector struct {
	modules map[string]*collected // by path
	entries []collectedEntry
}

type collected struct {
	size    int
	imports map[imported]composition.Route
}

type imported struct {
	to   string
	kind composition.Kind
}

type collectedEntry struct {
	name    string
	modules []string
}

func newCollector() *collector {
	return &collector{modules: map[string]*collected{}}
}

// entry adds the entry at hand, as the sources have it and as it was built.
func (k *collector) entry(c *compilation) {
	for key, m := range c.graph.modules {
		if isFileKey(key) {
			k.module(key).size = m.bytes
			k.imports(key, c.written[key], m.imports)
		}
	}
	for key, edges := range c.written {
		if isFileKey(key) && c.graph.modules[key] == nil {
			k.imports(key, edges, nil)
		}
	}
	e := collectedEntry{name: c.entry.Name}
	for _, edge := range c.graph.modules[rootNamespace+":"+string(c.entryRoot())].imports {
		if isFileKey(edge.to) && !slices.Contains(e.modules, edge.to) {
			e.modules = append(e.modules, edge.to)
		}
	}
	k.entries = append(k.entries, e)
	for _, in := range c.sources.sheets {
		k.sheet(in)
	}
	c.sources.sheets = nil // a session links again
}

func (k *collector) module(path string) *collected {
	m := k.modules[path]
	if m == nil {
		m = &collected{imports: map[imported]composition.Route{}}
		k.modules[path] = m
	}
	return m
}

// imports adds a module's imports as they are written, and as they were built.
func (k *collector) imports(key string, written, built []edge) {
	m := k.module(key)
	source, live := importsOf(written), importsOf(built)
	for imp := range source {
		k.module(imp.to)
		if live[imp] {
			m.imports[imp] = composition.Kept
		} else if _, ok := m.imports[imp]; !ok {
			m.imports[imp] = composition.Bypassed
		}
	}
	for imp := range live {
		k.module(imp.to)
		if _, ok := m.imports[imp]; !ok {
			m.imports[imp] = composition.Direct
		} else if m.imports[imp] == composition.Bypassed {
			m.imports[imp] = composition.Kept // by another entry
		}
	}
}

// importsOf leads imports of the modules that the plugin made to the files that
// those stand for.
func importsOf(edges []edge) map[imported]bool {
	out := map[imported]bool{}
	for _, e := range edges {
		to, kind := e.to, composition.Static
		switch e.kind {
		case "dynamic-import":
			kind = composition.Dynamic
		case "require-call", "require-resolve":
			kind = composition.Require
		}
		if late, ok := strings.CutPrefix(to, lateNamespace+":"); ok {
			to, kind = strings.TrimSuffix(late, lateSuffix), composition.Require
		} else if id, ok := rootOfKey(to); ok {
			to, kind = id.file(), composition.Dynamic
		} else if eval, ok := strings.CutPrefix(to, evalNamespace+":"); ok {
			_, to, _ = strings.Cut(eval, "|")
		}
		if isFileKey(to) {
			out[imported{to, kind}] = true
		}
	}
	return out
}

// sheet adds what a style sheet imports.
func (k *collector) sheet(in style.Input) {
	m := k.module(in.Path)
	m.size = in.Size
	for _, to := range in.Imports {
		k.module(to)
		m.imports[imported{to, composition.Static}] = composition.Kept
	}
}

// pass is what was gathered. Installed modules that nothing leads to any more are
// left out: of a package's barrel the build has read hundreds.
func (k *collector) pass(c *compilation, files []link.File) *composition.Pass {
	p := &composition.Pass{Name: c.opts.Pass}
	reached := k.reached(files)
	var paths []string
	for path := range k.modules {
		if reached[path] || !composition.Installed(path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	index := make(map[string]int, len(paths))
	for i, path := range paths {
		index[path] = i
	}
	folders := map[string]int{}
	p.Packages = c.packages(paths, folders)
	for _, path := range paths {
		m := composition.Module{Path: path, Size: int64(k.modules[path].size), Package: composition.None}
		if folder, ok := composition.FolderOf(path); ok {
			m.Package = folders[folder]
		}
		for imp, route := range k.modules[path].imports {
			if to, ok := index[imp.to]; ok {
				m.Imports = append(m.Imports, composition.Import{To: to, Kind: imp.kind, Route: route})
			}
		}
		slices.SortFunc(m.Imports, func(a, b composition.Import) int {
			return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind))
		})
		p.Modules = append(p.Modules, m)
	}
	for _, e := range k.entries {
		entry := composition.Entry{Name: e.name}
		for _, path := range e.modules {
			entry.Modules = append(entry.Modules, index[path])
		}
		p.Entries = append(p.Entries, entry)
	}
	for _, f := range files {
		if f.Role == link.Script || f.Role == link.Style {
			p.Files = append(p.Files, fileOf(f, index))
		}
	}
	slices.SortFunc(p.Files, func(a, b composition.File) int { return strings.Compare(a.Path, b.Path) })
	return p
}

// reached are the modules that the entries lead to, and those that left bytes.
func (k *collector) reached(files []link.File) map[string]bool {
	out := map[string]bool{}
	var queue []string
	reach := func(path string) {
		if !out[path] {
			out[path] = true
			queue = append(queue, path)
		}
	}
	for _, e := range k.entries {
		for _, path := range e.modules {
			reach(path)
		}
	}
	for _, f := range files {
		for _, part := range f.Parts {
			if isFileKey(part.Module) && part.Bytes > 0 {
				k.module(part.Module)
				reach(part.Module)
			}
		}
	}
	for len(queue) > 0 {
		m := k.modules[queue[0]]
		queue = queue[1:]
		for imp, route := range m.imports {
			if route != composition.Bypassed {
				reach(imp.to)
			}
		}
	}
	return out
}

// fileOf adds up a file's parts by module.
func fileOf(f link.File, index map[string]int) composition.File {
	bytes := map[int]int64{}
	for _, part := range f.Parts {
		if m, ok := index[part.Module]; ok && part.Bytes > 0 {
			bytes[m] += int64(part.Bytes)
		}
	}
	out := composition.File{Path: f.Path, Size: int64(len(f.Content))}
	for _, m := range slices.Sorted(maps.Keys(bytes)) {
		out.Parts = append(out.Parts, composition.Part{Module: m, Bytes: bytes[m]})
	}
	return out
}

// packages reads the package.json of each package that the modules are of, and
// gives folders the packages' places in the list.
func (c *compilation) packages(paths []string, folders map[string]int) []composition.Package {
	for _, path := range paths {
		if folder, ok := composition.FolderOf(path); ok {
			folders[folder] = 0
		}
	}
	var out []composition.Package
	for i, folder := range sortedKeys(folders) {
		folders[folder] = i
		out = append(out, c.packageAt(folder))
	}
	return out
}

func (c *compilation) packageAt(folder string) composition.Package {
	_, name, _ := cutLast(folder, "node_modules/")
	p := composition.Package{Name: name, Folder: folder}
	file := filepath.Join(c.abs(folder), "package.json")
	if c.origin.Check(file) != nil {
		return p
	}
	var pkg struct{ Name, Version string }
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &pkg) == nil {
		p.Name, p.Version = cmp.Or(pkg.Name, name), pkg.Version
	}
	return p
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
