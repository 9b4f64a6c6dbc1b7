package manifest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

func isCheckout(root release.JSON) bool {
	_, version := member(root, "version")
	_, js := member(root, "js")
	return version && js
}

func (r *reader) checkout(root release.JSON) {
	if v, ok := member(root, "version"); !ok || r.text[v.From:v.To] != "2" {
		at, got := root.From, "no version"
		if ok {
			at, got = v.From, "version "+r.describe(v.JSON)
		}
		r.add(at, got, `a manifest of checkout-js with "version": 2`)
	}
	r.manifest.AppVersion = r.string(root, "appVersion")
	lazy, _ := r.object(root, "dynamicChunks")
	js, css := r.array(root, "js"), r.array(root, "css")
	lazyJS, lazyCSS := r.array(lazy, "js"), r.array(lazy, "css")
	r.checkoutEntries(r.files(js), r.files(css))
	r.checkoutChunks(slices.Concat(r.files(lazyJS), r.files(lazyCSS)))
	var table *release.JSON
	if integrity, ok := r.object(root, "integrity"); ok {
		table = &integrity
	}
	r.table(root, table, r.file, slices.Concat(js, css, lazyJS, lazyCSS))
}

// checkoutEntries parts the loader's files from the application's, as the loader
// does (https://github.com/bigcommerce/checkout-js, packages/core/src/app/loader.ts).
func (r *reader) checkoutEntries(js, css []string) {
	app, loader := Entry{Name: "checkout", CSS: css}, Entry{Name: "loader"}
	for _, file := range js {
		if e := &app; strings.HasPrefix(file, "loader") {
			loader.JS = append(loader.JS, file)
		} else {
			e.JS = append(e.JS, file)
		}
	}
	for _, e := range []Entry{app, loader} {
		if len(e.JS)+len(e.CSS) > 0 {
			r.manifest.Entries = append(r.manifest.Entries, e)
		}
	}
}

// checkoutChunks makes a chunk of each lazy script, and of the style of its name:
// the manifest has lists, not which file belongs to which.
func (r *reader) checkoutChunks(files []string) {
	r.manifest.Chunks = chunksOf(files)
	for i := range r.manifest.Entries {
		if e := &r.manifest.Entries[i]; e.Name == "checkout" {
			e.Chunks = names(r.manifest.Chunks)
		}
	}
}

func names(chunks []Chunk) []string {
	var all []string
	for _, c := range chunks {
		all = append(all, c.Name)
	}
	return all
}

// chunksOf makes a chunk of each script, with the style of its name.
func chunksOf(files []string) []Chunk {
	var all []Chunk
	at := map[string]int{}
	chunk := func(name string) *Chunk {
		i, ok := at[name]
		if !ok {
			i = len(all)
			at[name] = i
			all = append(all, Chunk{Name: name})
		}
		return &all[i]
	}
	for _, file := range files {
		c := chunk(Stem(file))
		list := &c.JS
		if isStyle(file) {
			list = &c.CSS
		}
		if len(*list) > 0 { // two of one name
			c = chunk(file)
			if list = &c.JS; isStyle(file) {
				list = &c.CSS
			}
		}
		*list = append(*list, file)
	}
	return all
}

// Stem is a file's path without extension and without the hash that bundlers put
// into names: "js/payment-1a2b3c4d.js" → "js/payment".
func Stem(file string) string {
	return hashed.ReplaceAllString(strings.TrimSuffix(file, path.Ext(file)), "$1")
}

// hashed finds hexadecimal hashes, and those of Vite and Rollup (8 of base64url).
var hashed = regexp.MustCompile(`([^/])[-.](?:[0-9a-fA-F]{8,64}|[A-Za-z0-9_-]{8})$`)

func isImportMap(root release.JSON) bool {
	for _, m := range root.Members {
		switch m.Name {
		case "imports", "scopes", "integrity":
			if m.To-m.From < 2 || m.Text != "" {
				return false
			}
		default:
			return false
		}
	}
	return len(root.Members) > 0
}

func (r *reader) importMap(root release.JSON) {
	var loaded []release.JSONMember
	imports := func(v release.JSON) {
		for _, m := range v.Members {
			if r.kind(m.JSON) == '"' || r.is(m.JSON, 'n', "a URL, or null") {
				loaded = append(loaded, m)
			}
		}
	}
	if v, ok := r.object(root, "imports"); ok {
		imports(v)
	}
	if scopes, ok := r.object(root, "scopes"); ok {
		for _, m := range scopes.Members {
			if r.is(m.JSON, '{', "an object of imports") {
				imports(m.JSON)
			}
		}
	}
	var table *release.JSON
	if v, ok := r.object(root, "integrity"); ok {
		table = &v
	}
	r.table(root, table, func(_ int, name string) string { return r.url(name) }, loaded)
}

func isMap(root release.JSON) bool {
	return len(root.Members) > 0 && !slices.ContainsFunc(root.Members, func(m release.JSONMember) bool { return !metadata.MatchString(m.Text) })
}

// metadata tells integrity from a file's name.
var metadata = regexp.MustCompile(`^(?i:sha\d+|md5)-`)

func (r *reader) sidecar(root release.JSON) { r.table(root, &root, r.file, nil) }

func isWebpackAssets(root release.JSON) bool {
	for _, m := range root.Members {
		_, src := member(m.JSON, "src")
		if m.Name != "entrypoints" && !src && (m.Text == "" || path.Ext(m.Text) == "") {
			return false
		}
	}
	return len(root.Members) > 0
}

func (r *reader) webpackAssets(root release.JSON) {
	var plain, loaded []release.JSONMember
	entries := release.JSON{}
	for _, m := range root.Members {
		if m.Name == "entrypoints" {
			if r.is(m.JSON, '{', `an object as "entrypoints"`) {
				entries = m.JSON
			}
			continue
		}
		if src := r.asset(m.JSON); src.To > 0 {
			loaded = append(loaded, src)
			if r.kind(m.JSON) == '"' {
				plain = append(plain, src)
			}
		}
	}
	for _, m := range entries.Members {
		if r.is(m.JSON, '{', "an object of assets") {
			plain = append(plain, r.entrypoint(m.Name, m.JSON)...)
		}
	}
	r.rest(loaded)
	r.plain(plain)
}

// asset reads {"src", "integrity"}, pins it, and returns the src; or a plain name.
func (r *reader) asset(v release.JSON) release.JSONMember {
	if r.kind(v) == '"' {
		return release.JSONMember{JSON: v}
	}
	if !r.is(v, '{', `a file's name, or an object with "src"`) {
		return release.JSONMember{}
	}
	src, ok := member(v, "src")
	if !ok {
		r.add(v.From, "an object without it", `"src"`)
		return src
	}
	if r.is(src.JSON, '"', `a file's name as "src"`) {
		r.own(v, src, r.file(src.From, src.Text))
	}
	return src
}

// own pins a file whose integrity is a member of its object.
func (r *reader) own(v release.JSON, name release.JSONMember, file string) {
	if m, ok := member(v, "integrity"); ok {
		r.value(name.Text, file, m.JSON)
	} else if loadable(file) {
		r.pin(Pin{File: file, Name: name.Text, Missing: true}, slot{object: &v, key: `"integrity"`, place: name.From})
	}
}

// entrypoint reads an entry; older versions have no "assets" around the lists. It
// returns the items that are plain names.
func (r *reader) entrypoint(name string, v release.JSON) []release.JSONMember {
	assets := v
	if a, ok := r.object(v, "assets"); ok {
		assets = a
	}
	plain, js, css := r.lists(assets)
	e := Entry{Name: name, JS: js, CSS: css}
	for _, hint := range []Hint{Preload, Prefetch} {
		hinted, ok := r.object(v, string(hint))
		if !ok {
			continue
		}
		more, js, css := r.lists(hinted)
		plain = append(plain, more...)
		for _, c := range chunksOf(slices.Concat(js, css)) {
			c.Hint = hint
			e.Chunks = append(e.Chunks, r.chunk(c))
		}
	}
	if len(e.JS)+len(e.CSS) > 0 {
		r.manifest.Entries = append(r.manifest.Entries, e)
	}
	return plain
}

// chunk adds a chunk, once, and returns its name. Two entries may hint at different
// files of one name.
func (r *reader) chunk(c Chunk) string {
	name := c.Name
	for n := 2; ; n++ {
		i, taken := r.chunks[c.Name]
		if !taken {
			break
		}
		if have := r.manifest.Chunks[i]; slices.Equal(have.JS, c.JS) && slices.Equal(have.CSS, c.CSS) {
			return have.Name
		}
		c.Name = fmt.Sprintf("%s-%d", name, n)
	}
	r.chunks[c.Name] = len(r.manifest.Chunks)
	r.manifest.Chunks = append(r.manifest.Chunks, c)
	return c.Name
}

// lists reads {"js": […], "css": […]}.
func (r *reader) lists(v release.JSON) (plain []release.JSONMember, js, css []string) {
	read := func(name string) []string {
		var files []release.JSONMember
		for _, item := range r.array(v, name) {
			src := r.asset(item.JSON)
			if src.To > 0 {
				files = append(files, src)
			}
			if r.kind(item.JSON) == '"' {
				plain = append(plain, src)
			}
		}
		return r.files(files)
	}
	js, css = append(read("js"), read("mjs")...), read("css")
	return plain, js, css
}

// rest takes what no entry loads for chunks that every entry may load: webpack
// wrote it, and the manifest doesn't say why.
func (r *reader) rest(loaded []release.JSONMember) {
	seen := map[string]bool{}
	for _, e := range r.manifest.Entries {
		for _, file := range slices.Concat(e.JS, e.CSS) {
			seen[file] = true
		}
	}
	for _, c := range r.manifest.Chunks {
		for _, file := range slices.Concat(c.JS, c.CSS) {
			seen[file] = true
		}
	}
	var lazy []string
	for _, file := range r.files(loaded) {
		if !seen[file] && loadable(file) {
			lazy = append(lazy, file)
		}
	}
	var more []string
	for _, c := range chunksOf(lazy) {
		more = append(more, r.chunk(c))
	}
	for i := range r.manifest.Entries {
		e := &r.manifest.Entries[i]
		if r.load(0, len(more)) {
			e.Chunks = append(e.Chunks, more...)
		}
	}
}

// plain tells the files that have a name and no place for integrity.
func (r *reader) plain(names []release.JSONMember) {
	has := map[string]bool{}
	for _, p := range r.manifest.Pins {
		has[p.File] = true
	}
	for _, m := range names {
		if file := r.path(m.Text); !has[file] && loadable(file) {
			has[file] = true
			r.pin(Pin{File: file, Name: m.Text, Missing: true}, slot{place: m.From})
		}
	}
}
