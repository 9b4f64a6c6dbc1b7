package page

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// scanner reads a document token by token. What a token is depends on what is
// open: in SVG a style element has markup, in HTML text. So it follows templates,
// and elements of SVG and MathML.
type scanner struct {
	html []byte // all of it
	base int    // where the tokenizer began
	next int    // offset of the next token
	z    *html.Tokenizer
	pos  *positions
	doc  Document

	foreign   []foreign
	templates []bool // those that are open; true for one whose content is inert
	noscript  bool
	// svg is the script or style of SVG that is open.
	svg *Element
	// seen are all scripts and linked sheets, executed or not, for agree.
	seen []sighting
}

func scan(text []byte) (*scanner, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("got %d bytes, want at most %d: is it a page?", len(text), MaxSize)
	}
	for _, mark := range []string{"\xfe\xff", "\xff\xfe", "<\x00", "\x00<"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return nil, errors.New("got UTF-16, want UTF-8: save the file as UTF-8, and serve it with charset=utf-8")
		}
	}
	s := &scanner{html: text, pos: &positions{text: text}}
	if err := s.run(withoutMark(text), len(text)); err != nil {
		return nil, err
	}
	if err := s.agree(); err != nil {
		return nil, err
	}
	return s, nil
}

// run reads the part of the document from one offset to another.
func (s *scanner) run(from, to int) error {
	s.base, s.next = from, from
	s.z = html.NewTokenizer(bytes.NewReader(s.html[from:to]))
	for {
		kind, start := s.token()
		switch kind {
		case html.ErrorToken:
			if err := s.z.Err(); !errors.Is(err, io.EOF) {
				line, column := s.pos.of(start)
				return fmt.Errorf("%d:%d: %w", line, column, err)
			}
			return nil
		case html.StartTagToken, html.SelfClosingTagToken:
			if err := s.start(s.tag(start, kind)); err != nil {
				return err
			}
		case html.EndTagToken:
			name, _ := s.z.TagName()
			s.end(string(name))
		case html.TextToken:
			if s.svg != nil {
				s.text(start)
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// token reads a token and returns where it begins.
func (s *scanner) token() (html.TokenType, int) {
	kind, start := s.z.Next(), s.next
	s.next += len(s.z.Raw())
	return kind, start
}

func (s *scanner) tag(start int, kind html.TokenType) tag {
	name, more := s.z.TagName()
	t := tag{name: string(name), start: start, end: s.next, selfClosed: kind == html.SelfClosingTagToken}
	t.attrs = spans(s.html[start:s.next], len(name), start)
	for i := 0; more; i++ {
		var key, value []byte
		key, value, more = s.z.TagAttr()
		if i < len(t.attrs) {
			t.attrs[i].name, t.attrs[i].value = string(key), string(value)
		}
	}
	return t
}

// text is a part of a script or style of SVG: there it is markup's text.
func (s *scanner) text(start int) {
	if s.svg.TextLine == 0 {
		s.svg.TextLine, s.svg.TextColumn = s.pos.of(start)
	}
	s.svg.Text += string(s.z.Text())
}

// inert says that what is open keeps an element from being loaded.
func (s *scanner) inert() bool { return s.noscript || slices.Contains(s.templates, true) }

func (s *scanner) start(t tag) error {
	s.remark(&t)
	if s.enter(&t) {
		s.z.NextIsNotRawText()
		if t.name == "script" || t.name == "style" {
			s.startSVG(t)
		}
		return nil
	}
	switch t.name {
	case "script", "style":
		return s.raw(t)
	case "link":
		s.link(t)
	case "base":
		if s.doc.Base == "" && t.has("href") && !s.inert() {
			s.doc.Base = Normal(t.value("href"))
		}
	case "meta":
		if strings.EqualFold(t.value("http-equiv"), "content-security-policy") && !s.inert() {
			s.doc.Policy = append(s.doc.Policy, t.value("content"))
		}
	case "template":
		s.templates = append(s.templates, !shadow(&t))
	case "noscript":
		return s.withoutScripts()
	}
	return nil
}

// shadow says that a template is the root of a shadow tree: its content is live.
func shadow(t *tag) bool {
	mode := lower(t.value("shadowrootmode"))
	return mode == "open" || mode == "closed"
}

func (s *scanner) end(name string) {
	if name == "template" && len(s.templates) > 0 && !s.inForeign() {
		s.templates = s.templates[:len(s.templates)-1]
	}
	if s.svg != nil && (name == "script" || name == "style" || name == "svg") {
		s.finishSVG()
	}
	s.leave(name)
}

// raw reads an element whose content is text. A script without an end tag is not
// executed, a style is applied.
func (s *scanner) raw(t tag) error {
	text, start, closed := "", s.next, false
	kind, at := s.token()
	if kind == html.TextToken {
		text, start = string(s.z.Text()), at
		kind, at = s.token()
	}
	closed = kind == html.EndTagToken
	if t.name == "style" {
		s.style(t, text, start, at)
	} else {
		s.script(t, text, start, closed)
	}
	if kind == html.ErrorToken && !errors.Is(s.z.Err(), io.EOF) {
		return s.z.Err()
	}
	return nil
}

// withoutScripts reads what a noscript has, which is text where scripts are on.
func (s *scanner) withoutScripts() error {
	if s.noscript {
		return nil
	}
	kind, start := s.token()
	if kind != html.TextToken {
		return nil // its end tag, or that of the document
	}
	inner := &scanner{html: s.html, pos: s.pos, noscript: true}
	if err := inner.run(start, s.next); err != nil {
		return err
	}
	s.doc.Inert = append(s.doc.Inert, inner.doc.Inert...)
	return nil
}
