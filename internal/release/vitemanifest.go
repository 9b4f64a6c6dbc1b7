package release

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// ViteManifest returns a pass's files as Vite writes them to
// .vite/manifest.json, by the path of the source:
// https://vite.dev/guide/backend-integration.html. Each file also has its
// "integrity", as with vite-plugin-manifest-sri, which Laravel puts into tags.
// The bytes are canonical JSON.
//
// Vite's imports tell what one chunk needs; here they are all other scripts of
// an entry or chunk, in load order, each an item without imports of its own, and
// an entry's dynamicImports are all chunks that it can reach. Who follows imports,
// once or to their end, comes to the same files. Vite's "assets" of chunks are
// not in the record.
func (r *Release) ViteManifest(pass string) ([]byte, error) {
	p, err := r.passOf("Vite manifest", pass)
	if err != nil {
		return nil, err
	}
	v := vite{release: r, pass: p, items: map[string]viteItem{}, owned: map[string]bool{}, imported: map[string]bool{}}
	for _, e := range p.Entries {
		v.entry(e)
	}
	for _, c := range p.Chunks {
		v.chunk(c)
	}
	for _, f := range r.Files {
		if slices.Contains(f.Passes, pass) {
			v.file(f)
		}
	}
	out := value{kind: isObject}
	for key, item := range v.items {
		f, ok := r.File(item.file)
		if !ok {
			return nil, fmt.Errorf("Vite manifest of pass %s: no integrity of %s", quote(pass), quote(item.file)) //nolint:staticcheck // a name
		}
		out.members = append(out.members, member{key, item.value(f.Integrity)})
	}
	return encode(out)
}

type vite struct {
	release *Release
	pass    Pass
	items   map[string]viteItem
	// Scripts that are an entry's or chunk's own, and those that any imports.
	owned, imported map[string]bool
}

// viteItem is Vite's ManifestChunk,
// https://github.com/vitejs/vite/blob/main/packages/vite/src/node/plugins/manifest.ts.
type viteItem struct {
	file, name, src              string
	isEntry, isDynamicEntry      bool
	imports, dynamicImports, css []string
}

func (v *vite) entry(e Entry) {
	item := viteItem{file: own(e.Name, e.JS), name: e.Name, isEntry: true, css: e.CSS}
	if item.file == "" { // a sheet as an entry
		item.file, item.css = own(e.Name, e.CSS), without(e.CSS, []string{own(e.Name, e.CSS)})
	}
	item.imports = v.imports(e.JS, item.file)
	key := viteFile(item.file)
	if n := len(e.Sources); n > 0 {
		key = e.Sources[n-1] // the one whose exports are the entry's
		item.src = key
	}
	for _, name := range e.Chunks {
		c, _ := v.pass.Chunk(name)
		item.dynamicImports = append(item.dynamicImports, viteKeys(c)...)
	}
	item.dynamicImports = without(item.dynamicImports, []string{key})
	v.add(key, item)
}

func (v *vite) chunk(c Chunk) {
	for _, key := range viteKeys(c) {
		file := own(c.Name, c.JS)
		item := viteItem{file: file, name: c.Name, isDynamicEntry: true, imports: v.imports(c.JS, file), css: c.CSS}
		if len(c.Sources) > 0 {
			item.src = key
		}
		v.add(key, item)
	}
}

// file adds what is no entry's or chunk's own, or is imported as well: a file of
// several chunks. That has no name then, which is its owner's.
func (v *vite) file(f File) {
	switch key := viteFile(f.Path); {
	case f.Role == Style:
		v.add(key, viteItem{file: f.Path, src: key})
	case f.Role == Script && !v.owned[f.Path]:
		v.add(key, viteItem{file: f.Path, name: strings.TrimSuffix(path.Base(unhashed(f.Path)), path.Ext(f.Path))})
	case f.Role == Script && v.imported[f.Path]:
		v.add(key, viteItem{file: f.Path})
	case f.Role == Asset:
		for _, source := range f.Sources {
			v.add(source, viteItem{file: f.Path, src: source})
		}
	}
}

// add keeps the first item of a key; an entry may be a chunk too.
func (v *vite) add(key string, item viteItem) {
	if have, ok := v.items[key]; ok {
		have.isDynamicEntry = have.isDynamicEntry || item.isDynamicEntry
		item = have
	}
	v.items[key] = item
	v.owned[item.file] = true
}

// viteKeys are the keys of a chunk: its sources. A chunk without a script has
// none, as its modules are in an entry's.
func viteKeys(c Chunk) []string {
	switch {
	case len(c.JS) == 0:
		return nil
	case len(c.Sources) == 0:
		return []string{viteFile(own(c.Name, c.JS))}
	}
	return c.Sources
}

// viteFile is the key of a file that stands for no source.
func viteFile(file string) string { return "_" + file }

// imports are an entry's or chunk's scripts besides its own.
func (v *vite) imports(scripts []string, own string) []string {
	var keys []string
	for _, script := range scripts {
		if script != own {
			v.imported[script] = true
			keys = append(keys, viteFile(script))
		}
	}
	return keys
}

func (i viteItem) value(integrity Integrity) value {
	flag := func(b bool) value {
		if !b {
			return value{kind: absent}
		}
		return value{kind: isBool, bool: true}
	}
	return objectOf(
		"file", stringOf(i.file),
		"name", optional(i.name),
		"src", optional(i.src),
		"isEntry", flag(i.isEntry),
		"isDynamicEntry", flag(i.isDynamicEntry),
		"imports", optionalArray(i.imports),
		"dynamicImports", optionalArray(i.dynamicImports),
		"css", optionalArray(i.css),
		"integrity", stringOf(integrity.String()),
	)
}
