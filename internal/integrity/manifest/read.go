package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/release"
)

// Read reads a manifest. base is what names in it have before a file's path: the
// bundler's public path, such as "/assets/" or "https://cdn.example.com/", or "./"
// in an import map; names without it are paths as they are. What follows "?" or "#"
// in a name is no part of the path. The error is an *Error.
//
// Every file has to be one that a release can have (release.CheckPath); only an
// import map may name others, which have no File then.
func Read(format Format, base string, data []byte) (*Manifest, error) {
	r, err := read(format, base, string(data))
	if err != nil {
		return nil, err
	}
	return r.manifest, nil
}

// Detect tells a manifest's format by its members. The error is as Read's.
func Detect(data []byte) (Format, error) {
	r := reader{text: string(data)}
	root, err := r.parse()
	if err != nil {
		return "", err
	}
	for _, form := range forms {
		if form.is(root) {
			return form.format, nil
		}
	}
	r.add(root.From, "an object of none of these forms", "a manifest: checkout-js version 2, webpack-assets-manifest's, Vite's, {file: integrity} or an import map")
	return "", r.in(r.text)
}

// form is what there is to know of a format, for Detect and Read.
type form struct {
	format Format
	is     func(root release.JSON) bool
	read   func(r *reader, root release.JSON)
}

var forms = []form{
	{Checkout, isCheckout, (*reader).checkout},
	{ImportMap, isImportMap, (*reader).importMap},
	{Vite, isVite, (*reader).vite},
	{Map, isMap, (*reader).sidecar},
	{WebpackAssets, isWebpackAssets, (*reader).webpackAssets},
}

// reader turns a text into a manifest. What it can't take it reports.
type reader struct {
	Error
	format   Format
	base     string
	text     string
	manifest *Manifest
	slots    []slot // of the manifest's pins
	loads    int
	chunks   map[string]int // of the manifest's, by name
}

// slot is where a pin's value is, or is to be added.
type slot struct {
	from, to int // of the value's token; to is 0 where there is none
	// The object to add a member to, the member's name as it is written, and the
	// name of an object to put around it, where that is lacking too.
	object *release.JSON
	key    string
	within string
	place  int // what Line and Column are of
}

func read(format Format, base, text string) (*reader, error) {
	i := slices.IndexFunc(forms, func(f form) bool { return f.format == format })
	if i < 0 {
		return nil, fmt.Errorf("reading a manifest: got the format %q, want one of %q", format, Formats)
	}
	r := &reader{format: format, base: base, text: text, manifest: &Manifest{Format: format}, chunks: map[string]int{}}
	root, err := r.parse()
	if err != nil {
		return nil, err
	}
	forms[i].read(r, root)
	r.finish()
	return r, r.in(text)
}

// parse reads the JSON and refuses what two readers could read as two things.
func (r *reader) parse() (release.JSON, error) {
	if len(r.text) > MaxSize {
		r.add(0, fmt.Sprintf("%d bytes", len(r.text)), fmt.Sprintf("at most %d", MaxSize))
		return release.JSON{}, r.in("")
	}
	if strings.HasPrefix(r.text, "\ufeff") {
		r.add(0, "a byte order mark", "JSON without one (RFC 8259, section 8.1)")
		return release.JSON{}, r.in(r.text)
	}
	root, err := release.ParseJSON(r.text)
	if syntax := (*release.JSONError)(nil); errors.As(err, &syntax) {
		r.add(syntax.Offset, syntax.Got, syntax.Want)
		return root, r.in(r.text)
	}
	r.names(root)
	if r.kind(root) != '{' {
		r.add(root.From, r.describe(root), "an object")
	}
	return root, r.in(r.text)
}

// names looks through all objects: a name twice is two values to two readers, and
// a script that copies members by these names changes what all objects inherit.
func (r *reader) names(v release.JSON) {
	if r.kind(v) == '[' {
		for _, m := range v.Members {
			r.names(m.JSON)
		}
		return
	}
	seen := map[string]bool{}
	for _, m := range v.Members {
		switch {
		case m.Name == "__proto__" || m.Name == "constructor" || m.Name == "prototype":
			r.add(m.Named, "the name "+release.Quote(m.Name)+", which every object has in JavaScript", "another name")
		case seen[m.Name]:
			r.add(m.Named, release.Quote(m.Name)+" again", "each name once in an object")
		}
		seen[m.Name] = true
		r.names(m.JSON)
	}
}

// kind is a value's first byte: { [ " t f n, - or a digit.
func (r *reader) kind(v release.JSON) byte { return r.text[v.From] }

func (r *reader) describe(v release.JSON) string {
	switch r.kind(v) {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "the string " + release.Quote(v.Text)
	}
	return release.Quote(r.text[v.From:v.To])[1 : min(v.To-v.From, 100)+1]
}

func member(v release.JSON, name string) (release.JSONMember, bool) {
	i := slices.IndexFunc(v.Members, func(m release.JSONMember) bool { return m.Name == name })
	if i < 0 {
		return release.JSONMember{}, false
	}
	return v.Members[i], true
}

// is reports whether v is of the kind, and a problem if not.
func (r *reader) is(v release.JSON, kind byte, want string) bool {
	if r.kind(v) == kind {
		return true
	}
	r.add(v.From, r.describe(v), want)
	return false
}

// object returns an optional member that is an object.
func (r *reader) object(v release.JSON, name string) (release.JSON, bool) {
	m, ok := member(v, name)
	return m.JSON, ok && r.is(m.JSON, '{', fmt.Sprintf("an object as %q", name))
}

// array returns an optional member that is an array.
func (r *reader) array(v release.JSON, name string) []release.JSONMember {
	m, ok := member(v, name)
	if !ok || !r.is(m.JSON, '[', fmt.Sprintf("an array as %q", name)) {
		return nil
	}
	return m.Members
}

// string returns an optional member that is a string.
func (r *reader) string(v release.JSON, name string) string {
	m, ok := member(v, name)
	if !ok || !r.is(m.JSON, '"', fmt.Sprintf("a string as %q", name)) {
		return ""
	}
	return m.Text
}

func (r *reader) flag(v release.JSON, name string) bool {
	m, ok := member(v, name)
	if ok && r.kind(m.JSON) != 't' && r.kind(m.JSON) != 'f' {
		r.add(m.From, r.describe(m.JSON), fmt.Sprintf("true or false as %q", name))
	}
	return ok && r.kind(m.JSON) == 't'
}

// file is the path that a name stands for, and a problem where no file can have it.
func (r *reader) file(at int, name string) string {
	file := r.path(name)
	if err := release.CheckPath(file); err != nil {
		want := "a file's path"
		if r.base == "" && strings.Contains(file, ":") || strings.HasPrefix(file, "/") {
			want += "; name what stands before it as the base (the public path)"
		}
		r.add(at, strings.TrimPrefix(err.Error(), "path "), want)
		return ""
	}
	return file
}

func (r *reader) path(name string) string {
	file := strings.TrimPrefix(name, r.base)
	if i := strings.IndexAny(file, "?#"); i >= 0 {
		file = file[:i]
	}
	return file
}

// url is the path that a URL of an import map stands for; "" for one of another folder or site.
func (r *reader) url(name string) string {
	file, err := url.PathUnescape(r.path(name))
	if err != nil || release.CheckPath(file) != nil {
		return ""
	}
	return file
}

// files reads a list of names.
func (r *reader) files(items []release.JSONMember) []string {
	var all []string
	seen := map[string]bool{}
	for _, item := range items {
		if r.is(item.JSON, '"', "a file's name") && r.load(item.From, 1) {
			if file := r.file(item.From, item.Text); file != "" && !seen[file] {
				seen[file] = true
				all = append(all, file)
			}
		}
	}
	return all
}

// load counts towards MaxLoads.
func (r *reader) load(at, n int) bool {
	before := r.loads
	r.loads += n
	if before <= MaxLoads && r.loads > MaxLoads {
		r.add(at, fmt.Sprintf("more than %d files in the lists of entries and chunks", MaxLoads), "at most that")
	}
	return r.loads <= MaxLoads
}

func (r *reader) pin(p Pin, s slot) {
	r.manifest.Pins = append(r.manifest.Pins, p)
	r.slots = append(r.slots, s)
}

// value pins a file that has a value, which null is not.
func (r *reader) value(name, file string, v release.JSON) {
	switch r.kind(v) {
	case 'n':
		r.pin(Pin{File: file, Name: name, Missing: true}, slot{from: v.From, to: v.To, place: v.From})
	case '"':
		r.pin(Pin{File: file, Name: name, Value: v.Text}, slot{from: v.From, to: v.To, place: v.From})
	default:
		r.add(v.From, r.describe(v), "a string with integrity metadata")
	}
}

// table reads the object {name: value}, and then what is missing in it of the names
// that the manifest loads.
func (r *reader) table(root release.JSON, table *release.JSON, file func(int, string) string, loaded []release.JSONMember) {
	has := map[string]bool{}
	s := slot{object: table}
	if table == nil {
		s.object, s.within = &root, "integrity"
	} else {
		for _, m := range table.Members {
			f := file(m.Named, m.Name)
			has[f] = true
			r.value(m.Name, f, m.JSON)
		}
	}
	for _, m := range loaded {
		f := r.url(m.Text)
		if r.kind(m.JSON) != '"' || f == "" || has[f] || !loadable(f) {
			continue
		}
		has[f] = true
		s.key, s.place = r.text[m.From:m.To], m.From
		r.pin(Pin{File: f, Name: m.Text, Missing: true}, s)
	}
}

// loadable reports whether a page loads the file as a script or a style.
func loadable(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".js", ".mjs", ".css":
		return true
	}
	return false
}

func isStyle(file string) bool { return strings.EqualFold(path.Ext(file), ".css") }

// finish bounds the counts and tells the pins' places.
func (r *reader) finish() {
	m := r.manifest
	for _, c := range []struct {
		n    int
		what string
	}{{len(m.Pins), "files"}, {len(m.Entries), "entries"}, {len(m.Chunks), "chunks"}} {
		if c.n > MaxFiles {
			r.add(0, fmt.Sprintf("%d %s", c.n, c.what), fmt.Sprintf("at most %d", MaxFiles))
		}
	}
	order := make([]int, len(r.slots))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.slots[a].place, r.slots[b].place) })
	l := newLocator(r.text)
	for _, i := range order {
		m.Pins[i].Line, m.Pins[i].Column = l.at(r.slots[i].place)
	}
}
