package composition_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/composition"
)

// passOf reads a graph, an importer a line: "a.ts: b.ts ~c.ts !d.ts" imports b.ts,
// import()s c.ts and require()s d.ts. Behind "-" is what the build goes past,
// behind "+" what it has in its stead.
func passOf(t *testing.T, text string) *composition.Pass {
	t.Helper()
	imports := map[string][]string{}
	for line := range strings.Lines(text) {
		from, to, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		imports[from] = append(imports[from], strings.Fields(to)...)
		for _, name := range strings.Fields(to) {
			name = strings.TrimLeft(name, "~!-+")
			imports[name] = append(imports[name], []string{}...)
		}
	}
	paths := slices.Sorted(maps.Keys(imports))
	p := &composition.Pass{Name: "app"}
	folders := map[string]bool{}
	for _, path := range paths {
		if folder, ok := composition.FolderOf(path); ok {
			folders[folder] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(folders))
	for _, folder := range sorted {
		name := folder[strings.LastIndex(folder, "node_modules/")+len("node_modules/"):]
		p.Packages = append(p.Packages, composition.Package{Name: name, Version: "1.0.0", Folder: folder})
	}
	for _, path := range paths {
		m := composition.Module{Path: path, Size: 100, Package: composition.None}
		if folder, ok := composition.FolderOf(path); ok {
			m.Package = slices.Index(sorted, folder)
		}
		for _, name := range imports[path] {
			imp := composition.Import{}
			for ; strings.ContainsAny(name[:1], "~!-+"); name = name[1:] {
				switch name[0] {
				case '~':
					imp.Kind = composition.Dynamic
				case '!':
					imp.Kind = composition.Require
				case '-':
					imp.Route = composition.Bypassed
				case '+':
					imp.Route = composition.Direct
				}
			}
			imp.To = slices.Index(paths, name)
			m.Imports = append(m.Imports, imp)
		}
		slices.SortFunc(m.Imports, func(a, b composition.Import) int {
			return (a.To-b.To)*3 + int(a.Kind-b.Kind)
		})
		p.Modules = append(p.Modules, m)
	}
	return p
}

func module(p *composition.Pass, path string) int {
	return slices.IndexFunc(p.Modules, func(m composition.Module) bool { return m.Path == path })
}

// holds adds a file that has so many bytes of each module, and ten of nobody's.
func holds(p *composition.Pass, path string, bytes map[string]int64) {
	f := composition.File{Path: path, Size: 10}
	for _, name := range slices.Sorted(maps.Keys(bytes)) {
		f.Parts = append(f.Parts, composition.Part{Module: module(p, name), Bytes: bytes[name]})
		f.Size += bytes[name]
	}
	p.Files = append(p.Files, f)
}

// sample is a small application.
func sample(t *testing.T) *composition.Composition {
	p := passOf(t, `
		src/index.ts: src/page.tsx ~src/lazy.ts node_modules/react/index.js
		src/page.tsx: -src/ui/index.ts +src/ui/button.tsx node_modules/react/index.js
		src/ui/index.ts: src/ui/button.tsx
		src/lazy.ts: node_modules/a/index.js !src/page.tsx
		node_modules/a/index.js: node_modules/a/node_modules/react/index.js
	`)
	p.Entries = []composition.Entry{{Name: "checkout", Modules: []int{module(p, "src/index.ts")}}}
	holds(p, "checkout-0123456789.js", map[string]int64{"src/index.ts": 40, "src/page.tsx": 60, "src/ui/button.tsx": 20, "node_modules/react/index.js": 300})
	holds(p, "lazy-abcdef0123.js", map[string]int64{"src/lazy.ts": 30, "node_modules/a/index.js": 50, "node_modules/a/node_modules/react/index.js": 200})
	return &composition.Composition{Passes: []composition.Pass{*p}}
}
