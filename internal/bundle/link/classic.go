package link

import (
	"bytes"
	"context"
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed runtime_classic.js
var runtimeClassic string

//go:embed runtime_apart.js
var runtimeApart string

// runtimeOfModules is the run time of modules that are kept apart: they ask for
// each other, and a CommonJS one may put something else in its exports' place.
var runtimeOfModules = strings.NewReplacer(
	"f(R, m.e)", "f(R, m.e, m)",
	"root[2].forEach(R);", "",
	"m.x = [x];", "if (m.c) { delete done[id]; units[id] = f; throw x; } m.x = [x];",
	"  R.u = ", runtimeApart+"  R.u = ",
).Replace(runtimeClassic)

// scripts writes the files of format classic: lazy ones first, since the
// entry's file holds the table of their names and hashes. No file names
// another that names it, so there is no cycle of hashes to break.
func (l *linker) scripts(ctx context.Context) (*Output, error) {
	out := &Output{}
	styles, err := l.styleFiles(ctx, out)
	if err != nil {
		return nil, err
	}
	files := l.layFiles()
	t := &table{files: map[string]int{}}
	for _, s := range styles.lazy {
		t.add(s.file)
	}
	fileOf := map[string]int{}
	for _, g := range files[1:] {
		f, m, err := l.script(g, nil)
		if err != nil {
			return nil, err
		}
		out.Files = append(out.Files, *f)
		out.Files = append(out.Files, m...)
		if g.initial {
			out.InitialJS = append(out.InitialJS, f.Path)
			continue
		}
		i := t.add(f)
		for _, u := range g.units {
			fileOf[u.id] = i
		}
	}
	prelude, err := l.runtime(t, fileOf, styles, out.InitialJS)
	if err != nil {
		return nil, err
	}
	f, m, err := l.script(files[0], prelude)
	if err != nil {
		return nil, err
	}
	out.Files = append(out.Files, *f)
	out.Files = append(out.Files, m...)
	out.InitialJS = append(out.InitialJS, f.Path)
	l.describeLazy(out, t, fileOf, styles)
	return out, nil
}

// key is the global name of the registry.
func (l *linker) key() string { return "checkout-deploy:" + l.Pass }

// script writes one file: an optional prelude, then the registration of its units.
func (l *linker) script(g *unitFile, prelude []byte) (*File, []File, error) {
	if l.Apart != nil {
		return l.scriptApart(g, prelude)
	}
	var b bytes.Buffer
	var maps *mapWriter
	if l.Maps {
		maps = newMapWriter()
	}
	literal := func(text string) {
		b.WriteString(text)
		if maps != nil {
			maps.advance([]byte(text))
		}
	}
	literal(string(prelude))
	key := quoteJS(l.key())
	literal("(self[" + key + "]=self[" + key + "]||[]).push({")
	for i, u := range g.units {
		if i > 0 {
			literal(",\n")
		}
		literal(u.id + ":")
		u.sourceAt = nil
		u.rope.write(&b, maps, u)
	}
	literal("});\n")
	return l.finish(g, b.Bytes(), maps.encoder())
}

// finish names, pins and maps a script; encode makes the map of a file of that
// name, nil for none.
func (l *linker) finish(g *unitFile, content []byte, encode func(path string) ([]byte, error)) (*File, []File, error) {
	hash := sha512.New384() // of what is hashed twice, once
	_, _ = hash.Write(content)
	path := g.name + "-" + contentHash(hash.Sum(nil)) + ".js"
	var extra []File
	if encode != nil {
		text, err := encode(path)
		if err != nil {
			return nil, nil, err
		}
		if l.Link {
			end := fmt.Sprintf("//# sourceMappingURL=%s.map\n", path)
			content = append(content, end...)
			_, _ = hash.Write([]byte(end))
		}
		extra = append(extra, File{Path: path + ".map", Content: text, Integrity: Integrity(text), Role: SourceMap})
	}
	var modules []string
	var parts []Part
	for _, u := range g.units {
		modules = append(modules, u.chunk.Modules...)
		parts = append(parts, u.parts...)
	}
	return &File{Path: path, Content: content, Integrity: integrity(hash.Sum(nil)), Role: Script, Units: modules, Parts: parts}, extra, nil
}

// table is what the run time knows of the lazy files.
type table struct {
	rows  [][2]string
	files map[string]int
}

func (t *table) add(f *File) int {
	if i, ok := t.files[f.Path]; ok {
		return i
	}
	i := len(t.rows)
	t.rows = append(t.rows, [2]string{f.Path, f.Integrity})
	t.files[f.Path] = i
	return i
}

// runtime is the run time with this entry's table, minified.
func (l *linker) runtime(t *table, fileOf map[string]int, styles *styleFiles, initial []string) ([]byte, error) {
	roots := map[string]any{}
	for i := range l.Roots {
		r := &l.Roots[i]
		ns, err := l.namespaceOf(r)
		if err != nil {
			return nil, err
		}
		css := []int{}
		for _, f := range styles.ofRoot[r.ID] {
			css = append(css, t.files[f.Path])
		}
		roots[l.rootIDs[r.ID]] = []any{ns.unit.id, ns.unit.short[ns.name], unitIDs(l.needs[r.ID]), l.shortIDs(r.Prefetch), l.shortIDs(r.Preload), css}
	}
	data, err := json.Marshal(map[string]any{
		"f": t.rows, "u": fileOf, "r": roots, "e": l.rootIDs[l.Entry], "l": l.Library, "n": len(initial) + 1, "i": orEmpty(initial), "p": l.PublicPath,
	})
	if err != nil {
		return nil, fmt.Errorf("writing the table of %q: %w", l.Name, err)
	}
	data = append(data[:len(data)-1], `,"h":"`+ContentHash(data)+`"}`...)
	text := runtimeClassic
	if l.Apart != nil {
		text = runtimeOfModules
	}
	code, err := withTable(text, data, false)
	code = bytes.Replace(code, []byte(`"__KEY__"`), []byte(quoteJS(l.key())), 1)
	return append([]byte(l.Banner), code...), err
}

// withTable minifies a run time and puts a table into it. They are minified
// apart: a name is chosen by how often letters occur, and a hash that changes in
// the table would change names everywhere.
func withTable(text string, table []byte, module bool) ([]byte, error) {
	code, err := minify(text, module)
	if err != nil {
		return nil, err
	}
	if table, err = minify("t="+string(table), false); err != nil {
		return nil, err
	}
	table = bytes.TrimSuffix(bytes.TrimPrefix(table, []byte("t=")), []byte(";\n"))
	return bytes.Replace(code, []byte(`"__TABLE__"`), table, 1), nil
}

func minify(text string, module bool) ([]byte, error) {
	opts := api.TransformOptions{
		MinifyIdentifiers: true, MinifySyntax: true, MinifyWhitespace: true,
		Target: api.ES2017, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone,
	}
	if module {
		opts.Target, opts.Format = api.ES2020, api.FormatESModule
	}
	res := api.Transform(text, opts)
	if len(res.Errors) > 0 {
		return nil, fmt.Errorf("minifying the run time: %s", res.Errors[0].Text)
	}
	return res.Code, nil
}

func unitIDs(units []*unit) []string {
	out := []string{}
	for _, u := range units {
		out = append(out, u.id)
	}
	return out
}

func (l *linker) shortIDs(roots []string) []string {
	out := []string{}
	for _, id := range roots {
		out = append(out, l.rootIDs[id])
	}
	return out
}

// describeLazy tells which files each lazy root loads, and each file its roots.
func (l *linker) describeLazy(out *Output, t *table, fileOf map[string]int, styles *styleFiles) {
	users := map[string][]string{}
	hinted := l.hinted()
	for i := range l.Roots {
		r := &l.Roots[i]
		if r.Initial {
			continue
		}
		lazy := LazyRoot{ID: r.ID, Name: r.Name, Prefetch: hinted[r.ID].prefetch, Preload: hinted[r.ID].preload}
		for _, f := range styles.ofRoot[r.ID] {
			lazy.CSS = append(lazy.CSS, f.Path)
		}
		for _, id := range unitIDs(l.needs[r.ID]) {
			i, ok := fileOf[id]
			if ok && !slices.Contains(lazy.JS, t.rows[i][0]) {
				lazy.JS = append(lazy.JS, t.rows[i][0])
			}
		}
		for _, p := range append(slices.Clone(lazy.CSS), lazy.JS...) {
			users[p] = append(users[p], r.ID)
		}
		out.Lazy = append(out.Lazy, lazy)
	}
	for i := range out.Files {
		out.Files[i].Roots = users[out.Files[i].Path]
	}
}

type hint struct{ prefetch, preload bool }

func (l *linker) hinted() map[string]hint {
	out := map[string]hint{}
	for i := range l.Roots {
		for _, id := range l.Roots[i].Prefetch {
			h := out[id]
			h.prefetch = true
			out[id] = h
		}
		for _, id := range l.Roots[i].Preload {
			h := out[id]
			h.preload = true
			out[id] = h
		}
	}
	return out
}

// Integrity is the SRI string of a file's bytes (W3C SRI: sha384, padded base64).
func Integrity(content []byte) string {
	sum := sha512.Sum384(content)
	return integrity(sum[:])
}

func integrity(sum []byte) string { return "sha384-" + base64.StdEncoding.EncodeToString(sum) }

// ContentHash is the part of a file's name that changes with its bytes: 40 bits
// of SHA-384, hexadecimal.
func ContentHash(content []byte) string {
	sum := sha512.Sum384(content)
	return contentHash(sum[:])
}

func contentHash(sum []byte) string { return hex.EncodeToString(sum[:5]) }

func quoteJS(s string) string {
	b, _ := json.Marshal(s) // a string always encodes
	return string(b)
}
