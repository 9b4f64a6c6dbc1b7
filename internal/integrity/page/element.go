package page

import (
	"slices"
	"strings"
)

// element has what all elements have.
func (s *scanner) element(t tag) Element {
	e := Element{Nonce: t.value("nonce"), Integrity: t.value("integrity"), HasIntegrity: t.has("integrity"), HasCrossOrigin: t.has("crossorigin"), tag: t}
	if e.HasCrossOrigin {
		e.CrossOrigin = "anonymous" // and so is any value that nobody knows
		if lower(t.value("crossorigin")) == "use-credentials" {
			e.CrossOrigin = "use-credentials"
		}
	}
	e.Line, e.Column = s.pos.of(t.start)
	return e
}

func (s *scanner) add(e Element) {
	if s.inert() {
		s.doc.Inert = append(s.doc.Inert, e)
		return
	}
	s.doc.Elements = append(s.doc.Elements, e)
}

// script is one of HTML (HTML, section 4.12.1.1, "prepare the script element").
func (s *scanner) script(t tag, text string, start int, closed bool) {
	url, linked := strings.Trim(t.value("src"), whitespace), t.has("src")
	s.seen = append(s.seen, sighting{"script", url, text})
	kind := scriptKind(&t)
	switch {
	case !closed, kind == "" && !linked, linked && url == "", !linked && text == "":
		return // nothing is executed, nothing is loaded
	case kind == "", linked && kind == ImportMap:
		s.other(t, "src")
		return
	}
	e := s.element(t)
	e.Kind, e.URL = kind, Normal(url)
	e.Async, e.Defer, e.NoModule = t.has("async"), t.has("defer"), t.has("nomodule") && kind == Script
	if !linked {
		e.Text = text
		e.TextLine, e.TextColumn = s.pos.of(start)
	}
	s.add(e)
}

// scriptKind is "" for a data block.
func scriptKind(t *tag) Kind {
	kind, given := t.value("type"), t.has("type")
	if language := t.value("language"); !given && language != "" {
		kind = "text/" + language
	} else if !given || kind == "" {
		kind = "text/javascript"
	}
	switch kind = lower(strings.Trim(kind, whitespace)); {
	case kind == "module":
		return Module
	case kind == "importmap":
		return ImportMap
	case !slices.Contains(javascript, kind):
		return ""
	case t.has("for") && t.has("event") && !onload(t):
		return ""
	}
	return Script
}

// onload is the only event that a browser still knows in a script's attributes.
func onload(t *tag) bool {
	event := lower(strings.Trim(t.value("event"), whitespace))
	return lower(strings.Trim(t.value("for"), whitespace)) == "window" && (event == "onload" || event == "onload()")
}

// javascript are the MIME types of scripts (mimesniff.spec.whatwg.org, 4.6). With
// parameters they are none.
var javascript = strings.Fields("application/ecmascript application/javascript application/x-ecmascript application/x-javascript " +
	"text/ecmascript text/javascript text/javascript1.0 text/javascript1.1 text/javascript1.2 text/javascript1.3 text/javascript1.4 " +
	"text/javascript1.5 text/jscript text/livescript text/x-ecmascript text/x-javascript")

func (s *scanner) style(t tag, text string, start, end int) {
	s.seen = append(s.seen, sighting{"style", "", text})
	if kind := lower(t.value("type")); kind != "" && kind != "text/css" {
		return
	}
	e := s.element(t)
	e.Kind, e.Text, e.Media = Style, text, t.value("media")
	e.TextLine, e.TextColumn = s.pos.of(start)
	s.add(e)
	if s.inert() {
		return
	}
	for _, at := range imports(string(s.html[start:end])) {
		line, column := s.pos.of(start + at.offset)
		s.doc.Imports = append(s.doc.Imports, Attribute{"style", "@import", at.url, line, column})
	}
}

func (s *scanner) link(t tag) {
	url := strings.Trim(t.value("href"), whitespace)
	s.seen = append(s.seen, sighting{"link", url, ""})
	if url == "" {
		return
	}
	rel := strings.Fields(lower(t.value("rel")))
	has := func(name string) bool { return slices.Contains(rel, name) }
	kind, _, _ := strings.Cut(lower(t.value("type")), ";")
	e := s.element(t)
	e.URL, e.Media, e.As = Normal(url), t.value("media"), lower(strings.Trim(t.value("as"), whitespace))
	switch kind = strings.Trim(kind, whitespace); {
	case has("stylesheet") && (kind == "" || kind == "text/css"):
		e.Kind, e.Alternate = Style, has("alternate")
	case has("modulepreload"):
		e.Kind = ModulePreload
	case has("preload"):
		e.Kind = Preload
	case has("prefetch"):
		e.Kind = Prefetch
	default:
		if has("icon") || has("apple-touch-icon") || has("manifest") {
			s.other(t, "href")
		}
		return
	}
	s.add(e)
}

// startSVG is a script or style of SVG, whose content ends later.
func (s *scanner) startSVG(t tag) {
	s.finishSVG()
	url := t.value("href")
	if !t.has("href") {
		url = t.value("xlink:href")
	}
	e := s.element(t)
	e.SVG, e.URL, e.Kind = true, Normal(url), Style
	if t.name == "script" {
		if e.Kind = scriptKind(&t); e.Kind == ImportMap {
			e.Kind = ""
		}
	} else {
		e.URL = ""
	}
	s.svg = &e
	if t.selfClosed {
		s.finishSVG()
	}
}

func (s *scanner) finishSVG() {
	e := s.svg
	if s.svg = nil; e == nil {
		return
	}
	s.seen = append(s.seen, sighting{"svg " + e.tag.name, e.URL, e.Text})
	if e.URL != "" {
		e.Text, e.TextLine, e.TextColumn = "", 0, 0
	}
	if e.Kind != "" && (e.URL != "" || e.Text != "") {
		s.add(*e)
	}
	if e.Kind == Style && !s.inert() {
		for _, at := range imports(e.Text) {
			s.doc.Imports = append(s.doc.Imports, Attribute{"style", "@import", at.url, e.Line, e.Column})
		}
	}
}

func (s *scanner) other(t tag, attribute string) {
	if s.inert() {
		return
	}
	line, column := s.pos.of(t.start)
	s.doc.Others = append(s.doc.Others, Attribute{t.name, attribute, strings.Trim(t.value(attribute), whitespace), line, column})
}

// remark notes what a tag's attributes bring: code, styles, documents.
func (s *scanner) remark(t *tag) {
	if s.inert() {
		return
	}
	line, column := s.pos.of(t.start)
	for _, a := range t.attrs {
		found := Attribute{t.name, a.name, a.value, line, column}
		switch {
		case len(a.name) > 2 && strings.HasPrefix(a.name, "on"), isJavaScript(a.value) && slices.Contains(addresses, a.name):
			s.doc.Handlers = append(s.doc.Handlers, found)
		case a.name == "style":
			s.doc.Styles = append(s.doc.Styles, found)
		case slices.Contains(frames[t.name], a.name) && strings.Trim(a.value, whitespace) != "":
			s.doc.Frames = append(s.doc.Frames, found)
		}
	}
}

var (
	addresses = []string{"href", "src", "action", "formaction", "data", "xlink:href"}
	frames    = map[string][]string{"iframe": {"src", "srcdoc"}, "frame": {"src"}, "embed": {"src"}, "object": {"data"}}
)

// isJavaScript reads a URL's scheme as browsers do, which drop tabs and line ends.
func isJavaScript(url string) bool {
	url = strings.TrimLeftFunc(url, func(r rune) bool { return r <= ' ' })
	url = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(url)
	return len(url) >= 11 && lower(url[:11]) == "javascript:"
}
