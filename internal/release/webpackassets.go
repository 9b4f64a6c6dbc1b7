package release

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// WebpackAssets returns a pass's files as the plugin webpack-assets-manifest
// writes them with the options {entrypoints: true, integrity: true,
// integrityHashes: ["sha384"]}: {"checkout.js": {"src", "integrity"}, …,
// "entrypoints": {"checkout": {"assets": {"js": […]}, "prefetch", "preload"}}},
// https://github.com/webdeveric/webpack-assets-manifest. The bytes are canonical
// JSON.
func (r *Release) WebpackAssets(pass string) ([]byte, error) {
	p, err := r.passOf("assets manifest", pass)
	if err != nil {
		return nil, err
	}
	v := value{kind: isObject}
	for key, file := range r.webpackNames(p) {
		f, ok := r.File(file)
		if !ok {
			return nil, fmt.Errorf("assets manifest of pass %s: no integrity of %s", quote(pass), quote(file))
		}
		v.members = append(v.members, member{key, objectOf("src", stringOf(file), "integrity", stringOf(f.Integrity.String()))})
	}
	entries := value{kind: isObject}
	for _, e := range p.Entries {
		entries.members = append(entries.members, member{e.Name, objectOf(
			"assets", byExtension(slices.Concat(e.JS, e.CSS)),
			"preload", p.hinted(e, Preload),
			"prefetch", p.hinted(e, Prefetch),
		)})
	}
	v.members = append(v.members, member{"entrypoints", entries})
	return encode(v)
}

func (r *Release) passOf(view, name string) (Pass, error) {
	p, ok := r.Pass(name)
	if !ok {
		return p, fmt.Errorf("%s of pass %s: no such pass, the release has %s", view, quote(name), oneOf(names(r.Passes, func(p Pass) string { return p.Name })))
	}
	return p, nil
}

// webpackNames gives the files of a pass by the names they are asked for: an
// entry's and a chunk's own file by its name, others by their path without the
// hash; and by their path, as the plugin does with files of unnamed chunks and
// with maps, where that would name several.
func (r *Release) webpackNames(p Pass) map[string]string {
	all, named := map[string]string{}, map[string]bool{}
	set := func(key, file string) {
		if _, taken := all[key]; !taken {
			all[key], named[file] = file, true
		}
	}
	setOwn := func(name string, lists ...[]string) {
		for _, files := range lists {
			if file := own(name, files); file != "" {
				set(name+path.Ext(file), file)
			}
		}
	}
	for _, e := range p.Entries {
		setOwn(e.Name, e.JS, e.CSS)
	}
	for _, c := range p.Chunks {
		setOwn(c.Name, c.JS, c.CSS)
	}
	var rest []string
	uses := map[string]int{}
	for _, f := range r.Files {
		switch {
		case named[f.Path] || !slices.Contains(f.Passes, p.Name):
		case f.Role == Map:
			set(f.Path, f.Path)
		case f.Role == Script || f.Role == Style || f.Role == Asset:
			rest = append(rest, f.Path)
			uses[unhashed(f.Path)]++
		}
	}
	for _, file := range rest {
		if key := unhashed(file); uses[key] == 1 && all[key] == "" {
			set(key, file)
		} else {
			set(file, file)
		}
	}
	return all
}

// own is the file of a list that has the entry's or chunk's own modules: the one
// of its name, else the last; "" for an empty list.
func own(name string, files []string) string {
	for _, file := range files {
		if unhashed(file) == name+path.Ext(file) {
			return file
		}
	}
	if len(files) == 0 {
		return ""
	}
	return files[len(files)-1]
}

// unhashed is a file's path without the content's hash: "a-0123456789.js" → "a.js".
func unhashed(file string) string { return hashed.ReplaceAllString(file, "$1$2") }

// hashed finds hashes in hexadecimal and, in names of what style sheets refer
// to, esbuild's.
var hashed = regexp.MustCompile(`([^/])-(?:[0-9a-f]{8,}|[A-Z2-7]{8})(\.[^./]*)$`)

// hinted is what chunks with a hint load that the entry has not.
func (p Pass) hinted(e Entry, hint Hint) value {
	var files []string
	for _, name := range e.Chunks {
		if c, _ := p.Chunk(name); c.Hint == hint {
			files = append(files, slices.Concat(c.JS, c.CSS)...)
		}
	}
	seen := map[string]bool{}
	for _, file := range slices.Concat(e.JS, e.CSS) {
		seen[file] = true
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		again := seen[file]
		seen[file] = true
		return again
	})
	if len(files) == 0 {
		return value{kind: absent}
	}
	return byExtension(files)
}

func byExtension(files []string) value {
	v := value{kind: isObject}
	for _, file := range files {
		ext := strings.ToLower(strings.TrimPrefix(path.Ext(file), "."))
		i := slices.IndexFunc(v.members, func(m member) bool { return m.name == ext })
		if i < 0 {
			i = len(v.members)
			v.members = append(v.members, member{ext, value{kind: isArray}})
		}
		list := &v.members[i].value
		list.members = append(list.members, member{value: stringOf(file)})
	}
	return v
}
