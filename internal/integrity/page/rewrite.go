package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/checkout-deploy/internal/integrity"
)

// Options say what Rewrite knows of the release.
type Options struct {
	// Path is the document's in the release, such as "checkout/index.html".
	Path string
	// PublicURL is where the release's folder is served, ending in "/": absolute, or
	// a path such as "/checkout/". "" is where its pages are; a URL that begins
	// with "/" is then taken for one of the folder.
	PublicURL string
	// Integrity returns what a file of the release is to be pinned by, nil for one
	// that is not there. It has to be set.
	Integrity func(path string) integrity.Metadata
	// Modules are the release's ES modules: a page that has a module gets an import
	// map that pins them, or they are added to its own.
	Modules []string
	// Guard are the release's scripts and styles that scripts load by inserting
	// elements, as bundlers do for lazy chunks: an inline script at the start of
	// the page then sets their integrity. Empty for none.
	Guard []string
}

// Rewritten is a document with integrity.
type Rewritten struct {
	HTML     []byte
	Edits    []Edit // in the order of the file: all that differs
	Pinned   []Pinned
	Unpinned []Unpinned
	// Inline are the inline scripts that were added or changed, and the guard also as
	// it was. A
	// Content-Security-Policy has to allow those without a nonce by their hash,
	// else the page works, and without integrity.
	Inline []Inline
}

// Edit is a change: Old at Offset in the document became New.
type Edit struct {
	Offset   int
	Old, New string
}

// Pinned is an own file that the document now loads by its hash.
type Pinned struct {
	Kind Kind // of the element; ImportMap for an entry of an import map; Guard for one of the guard
	Path string
	URL  string // as Element has it
	// Already says that the document had it right, and the tag is as it was.
	Already bool
	// Line and Column are those of the element in the document that was given; 0 for
	// one that was added.
	Line, Column int
}

// Guard is the Kind of what Options.Guard adds.
const Guard Kind = "guard"

// Reason is why something is not pinned.
type Reason string

const (
	ThirdParty   Reason = "third-party"    // of another place than the release
	NotInRelease Reason = "not-in-release" // of the release's place, and no file of it
	Template     Reason = "template"       // a template's expression in the tag, or around it
	Opaque       Reason = "opaque"         // a data:, blob: or other URL without a server
	InlineText   Reason = "inline"         // no file: a Content-Security-Policy's hash or nonce is its pin
	Imported     Reason = "import"         // @import: there is no place for a hash
	Embedded     Reason = "document"       // a document in the document: it has to pin what it loads
	Unchecked    Reason = "unchecked"      // browsers compare no hash there, or need not
	Broken       Reason = "broken"         // what is there can't be changed, such as an import map that is no JSON
)

// ExpressionMessage is that of Template where it is the address.
const ExpressionMessage = "its address is a template's expression, known when the page is served"

// Unpinned is something that the page loads, and that Rewrite left without a hash.
type Unpinned struct {
	Reason Reason
	Kind   Kind   // "" where it is no Element
	URL    string // as Element has it, "" for inline
	Path   string // of the release, where it is one
	// Message says why, in a sentence.
	Message      string
	Line, Column int // in the document that was given
}

// Inline is an inline script that Rewrite wrote, now or before.
type Inline struct {
	Kind    Kind // ImportMap or Guard
	Text    string
	Nonce   bool // it has the page's nonce
	Changed bool // it was there before, with another text
}

// Hash is the inline script's for a Content-Security-Policy.
func (i Inline) Hash(a integrity.Algorithm) integrity.Hash {
	return integrity.Sum(a, []byte(i.Text))
}

// Rewrite puts integrity and crossorigin on the scripts, styles and preloads of the
// release that a document loads, and leaves all else byte for byte. What is
// right already stays as it is, so rewriting twice is rewriting once.
//
// An error says that it is no document that Scan reads, or that Options
// contradict themselves.
func Rewrite(html []byte, o Options) (*Rewritten, error) {
	s, err := scan(html)
	if err != nil {
		return nil, err
	}
	o.PublicURL = Normal(o.PublicURL)
	at, err := newPlace(o, s.doc.Base)
	if err != nil {
		return nil, fmt.Errorf("the public URL: %w", err)
	}
	w := &writer{html: html, o: o, doc: &s.doc, place: at, blocks: blocks(html), out: &Rewritten{}}
	for _, list := range [][]Element{s.doc.Elements, s.doc.Inert} {
		for i := range list {
			w.element(&list[i])
		}
	}
	w.attributes()
	w.importMap()
	w.guard()
	w.apply()
	return w.out, nil
}

// writer collects the edits of a document.
type writer struct {
	html   []byte
	o      Options
	doc    *Document
	place  place
	blocks [][]int
	out    *Rewritten
}

func (w *writer) edit(offset int, old, text string) {
	w.out.Edits = append(w.out.Edits, Edit{offset, old, text})
}

func (w *writer) unpinned(e *Element, path string, why Reason, message string) {
	w.out.Unpinned = append(w.out.Unpinned, Unpinned{why, e.Kind, e.URL, path, message, e.Line, e.Column})
}

// element pins an element, or says why not.
func (w *writer) element(e *Element) {
	if e.URL == "" {
		if e.Kind != ImportMap && !w.ours(e) {
			w.unpinned(e, "", InlineText, "it is inline: a Content-Security-Policy pins it, by its hash or a nonce")
		}
		return
	}
	path, why := w.place.find(e.URL)
	pins := w.o.Integrity(path)
	switch {
	case why == ThirdParty:
		w.unpinned(e, "", why, "it is not of this release: its bytes are in another's hands")
	case why == Template:
		w.unpinned(e, "", why, ExpressionMessage)
	case why == Opaque:
		w.unpinned(e, "", why, "its address is one of no server: a Content-Security-Policy has to allow it, or better not")
	case pins == nil:
		w.unpinned(e, path, NotInRelease, fmt.Sprintf("the release has no file %q", path))
	case e.SVG, e.Kind == Prefetch:
		message := "browsers compare no hash of what is prefetched; the tag that uses it has one"
		if e.SVG {
			message = "no standard has integrity for scripts of SVG, and not every browser compares it: use a script of HTML"
		}
		w.unpinned(e, path, Unchecked, message)
	case w.code(e):
		w.unpinned(e, path, Template, "a template's code is around the end of its tag, or writes its integrity")
	default:
		w.pin(e, path, pins)
	}
}

// code says that a tag can't be edited, as the template could read it otherwise.
func (w *writer) code(e *Element) bool {
	a := e.tag.find("integrity")
	return within(w.blocks, e.tag.start) || within(w.blocks, e.tag.end-1) || within(w.blocks, e.tag.end) || a != nil && templated.MatchString(a.value)
}

// pin writes the attributes that are missing, at the tag's end, and corrects the
// integrity that is wrong. crossorigin goes with it, on own origins too: pages and
// files move apart, a page's origin is nothing that HTML can know, and without it
// a browser blocks what is of another origin and has integrity. On the
// page's own origin it changes nothing, cookies are sent.
func (w *writer) pin(e *Element, path string, pins integrity.Metadata) {
	before, text := len(w.out.Edits), ""
	switch a := e.tag.find("integrity"); {
	case a == nil:
		text = ` integrity="` + pins.String() + `"`
	case same(a.value, pins):
	default:
		w.edit(a.start, string(w.html[a.start:a.end]), `integrity="`+pins.String()+`"`)
		if next := w.html[a.end]; !strings.ContainsRune(whitespace+"/>", rune(next)) {
			w.out.Edits[before].New += " "
		}
	}
	if !e.HasCrossOrigin {
		text += ` crossorigin="anonymous"`
	}
	if text != "" {
		w.edit(w.tail(&e.tag), "", text)
	}
	w.out.Pinned = append(w.out.Pinned, Pinned{e.Kind, path, e.URL, len(w.out.Edits) == before, e.Line, e.Column})
}

// tail is where attributes are added to a tag: before its ">" or "/>", and the white
// space before that.
func (w *writer) tail(t *tag) int {
	at := t.end - 1
	last := t.start + 1 + len(t.name)
	for _, a := range t.attrs {
		last = max(last, a.end)
	}
	if at > last && w.html[at-1] == '/' {
		at--
	}
	for at > last && strings.IndexByte(whitespace, w.html[at-1]) >= 0 {
		at--
	}
	return at
}

// attributes tells what loads something, and has no place for integrity.
func (w *writer) attributes() {
	for _, list := range []struct {
		why     Reason
		message string
		of      []Attribute
	}{
		{Imported, "@import has no place for a hash: link the style sheet, or bundle it", w.doc.Imports},
		{Embedded, "it is a document of its own, which has to pin what it loads", w.doc.Frames},
		{Unchecked, "browsers compare no hash of it", w.doc.Others},
		{InlineText, "code in an attribute has no hash that a page can have in it: add a listener in a script", w.doc.Handlers},
	} {
		for _, a := range list.of {
			url := a.Value
			if list.why == InlineText || a.Name == "srcdoc" {
				url = ""
			}
			w.out.Unpinned = append(w.out.Unpinned, Unpinned{list.why, "", url, "", a.Name + " of " + a.Element + ": " + list.message, a.Line, a.Column})
		}
	}
}

// first is the first element in the file that f takes.
func (w *writer) first(f func(*Element) bool) *Element {
	for i := range w.doc.Elements {
		if f(&w.doc.Elements[i]) {
			return &w.doc.Elements[i]
		}
	}
	return nil
}

// nonce is the attribute of a page's nonce, as it is written there, "" for none.
func (w *writer) nonce() string {
	e := w.first(func(e *Element) bool { return e.Nonce != "" })
	if e == nil {
		return ""
	}
	a := e.tag.find("nonce")
	return " " + string(w.html[a.start:a.end])
}

// insert adds an inline script before all scripts and hints of the page: a later
// one would come too late.
func (w *writer) insert(kind Kind, attributes, text string) {
	at := w.first(func(e *Element) bool { return e.Kind != Style || e.URL != "" })
	if at == nil {
		return
	}
	if at.SVG || within(w.blocks, at.tag.start) {
		w.unpinned(at, "", Broken, "a script for integrity has to go before it, and can't in SVG or a template's code: put a script of HTML's first")
		return
	}
	nonce := w.nonce()
	space, alone := indent(w.html, at.tag.start)
	tail := ""
	if alone {
		tail = "\n" + string(space)
	}
	w.edit(at.tag.start, "", "<script"+attributes+nonce+">"+text+"</script>"+tail)
	w.out.Inline = append(w.out.Inline, Inline{Kind: kind, Text: text, Nonce: nonce != ""})
}

// guard adds the guard, or brings its table up to date.
func (w *writer) guard() {
	table := w.table()
	if len(table) == 0 {
		return
	}
	folder := w.o.PublicURL
	if folder == "" {
		folder = w.place.relative(w.place.document)
	}
	text := guardText(table, folder)
	if e := w.first(w.ours); e == nil {
		w.insert(Guard, "", text)
	} else {
		if e.Text != text {
			w.edit(e.tag.end, e.Text, text)
		}
		w.out.Inline = append(w.out.Inline, Inline{Guard, text, e.Nonce != "", e.Text != text})
	}
	for path := range table {
		w.out.Pinned = append(w.out.Pinned, Pinned{Kind: Guard, Path: path[1:], URL: folder + path[1:]})
	}
}

// ours says that an element is the guard of an earlier run.
func (w *writer) ours(e *Element) bool {
	return e.Kind == Script && strings.HasPrefix(e.Text, strings.TrimSpace(guardCode)+"(")
}

// apply makes the new document.
func (w *writer) apply() {
	slices.SortStableFunc(w.out.Edits, func(a, b Edit) int { return a.Offset - b.Offset })
	at := 0
	for _, e := range w.out.Edits {
		w.out.HTML = append(w.out.HTML, w.html[at:e.Offset]...)
		w.out.HTML = append(w.out.HTML, e.New...)
		at = e.Offset + len(e.Old)
	}
	w.out.HTML = append(w.out.HTML, w.html[at:]...)
	slices.SortStableFunc(w.out.Unpinned, func(a, b Unpinned) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	slices.SortStableFunc(w.out.Pinned, func(a, b Pinned) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Path, b.Path))
	})
}
