package page

import (
	"slices"
	"strings"
)

// foreign is an open element of SVG or MathML, and html says that its content is
// HTML again (HTML, section 13.2.6: integration points).
type foreign struct {
	name string
	html bool
}

// breakout are the tags that end all SVG and MathML (HTML, section 13.2.6.5).
var breakout = strings.Fields("b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing " +
	"menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var")

func (s *scanner) inForeign() bool {
	return len(s.foreign) > 0 && !s.foreign[len(s.foreign)-1].html
}

// enter follows a start tag, and says whether it is one of SVG or MathML.
func (s *scanner) enter(t *tag) bool {
	if s.inForeign() && (slices.Contains(breakout, t.name) ||
		t.name == "font" && (t.has("color") || t.has("face") || t.has("size"))) {
		for s.inForeign() {
			s.foreign = s.foreign[:len(s.foreign)-1]
		}
	}
	root := t.name == "svg" || t.name == "math"
	if !s.inForeign() && !root && !s.mathOnly(t.name) {
		return false
	}
	if html := integration(t); (root || html) && !t.selfClosed {
		s.foreign = append(s.foreign, foreign{t.name, html})
	}
	return true
}

// mathOnly says that a tag in a text of MathML is MathML's nevertheless.
func (s *scanner) mathOnly(name string) bool {
	return len(s.foreign) > 0 && slices.Contains(mathText, s.foreign[len(s.foreign)-1].name) &&
		(name == "mglyph" || name == "malignmark")
}

var mathText = strings.Fields("mi mo mn ms mtext")

func integration(t *tag) bool {
	switch t.name {
	case "foreignobject", "desc", "title":
		return true
	case "annotation-xml":
		e := lower(t.value("encoding"))
		return e == "text/html" || e == "application/xhtml+xml"
	}
	return slices.Contains(mathText, t.name)
}

func (s *scanner) leave(name string) {
	if s.inForeign() && (name == "br" || name == "p") {
		for s.inForeign() {
			s.foreign = s.foreign[:len(s.foreign)-1]
		}
	}
	for i := len(s.foreign) - 1; i >= 0; i-- {
		if s.foreign[i].name == name {
			s.foreign = s.foreign[:i]
			return
		}
	}
}
