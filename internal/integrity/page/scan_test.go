package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// brief is an element in a line.
func brief(e Element) string {
	s := fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Kind)
	for _, part := range []struct{ name, value string }{
		{"url", e.URL}, {"as", e.As}, {"text", e.Text}, {"crossorigin", e.CrossOrigin}, {"nonce", e.Nonce}, {"media", e.Media},
	} {
		if part.value != "" {
			s += fmt.Sprintf(" %s=%q", part.name, part.value)
		}
	}
	if e.HasIntegrity {
		s += fmt.Sprintf(" integrity=%q", e.Integrity)
	}
	if e.TextLine > 0 {
		s += fmt.Sprintf(" at %d:%d", e.TextLine, e.TextColumn)
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"async", e.Async}, {"defer", e.Defer}, {"nomodule", e.NoModule}, {"alternate", e.Alternate}, {"svg", e.SVG}} {
		if flag.set {
			s += " " + flag.name
		}
	}
	return s
}

func briefs(list []Element) []string {
	var all []string
	for _, e := range list {
		all = append(all, brief(e))
	}
	return all
}

func TestScanElements(t *testing.T) {
	for _, test := range []struct {
		name, html string
		want       []string
	}{
		{"nothing", "", nil},
		{"a script", `<script src="/a.js"></script>`, []string{`1:1 script url="/a.js"`}},
		{"white space around a URL", "<script src=' a.js\n'></script>", []string{`1:1 script url="a.js"`}},
		{"case", `<SCRIPT SRC=a.js TYPE=Module></ScRiPt>`, []string{`1:1 module url="a.js"`}},
		{"without quotes", `<link rel=stylesheet href=a.css>`, []string{`1:1 style url="a.css"`}},
		{"a slash for a space", `<script/src="a.js"/async></script>`, []string{`1:1 script url="a.js" async`}},
		{"a duplicate attribute", `<script src=a.js src=b.js></script>`, []string{`1:1 script url="a.js"`}},
		{"references in a value", `<script src="a.js?x=1&amp;y=2&copy=3&#x2f;"></script>`, []string{`1:1 script url="a.js?x=1&y=2&copy=3/"`}},
		{"a script closed like an image", `<script src=a.js /><script src=b.js></script>`, []string{`1:1 script url="a.js"`}},
		{"a script without an end", `<script src=a.js>`, nil},
		{"a tag without an end", `<script src=a.js`, nil},
		{"a style without an end", `<style>p{}`, []string{`1:1 style text="p{}" at 1:8`}},
		{"columns in UTF-16", "\ufeff<p>é😀</p><script src=a.js></script>", []string{`1:11 script url="a.js"`}},
		{"lines", "<p>\r\n\n  <script>\r\n1</script>", []string{`3:3 script text="\n1" at 3:11`}},
		{"NUL", "<script>a\x00</script>", []string{"1:1 script text=\"a\ufffd\" at 1:9"}},
		{"comments", `<!-- <script src=a.js></script> --><!--><script src=b.js></script>-->`, []string{`1:41 script url="b.js"`}},
		{"a conditional comment", `<!--[if IE]><script src=a.js></script><![endif]--><!--[if !IE]><!--><script src=b.js></script><!--<![endif]-->`, []string{`1:69 script url="b.js"`}},
		{"text elements", `<title><script src=a.js></script></title><textarea><script src=b.js></script></textarea><xmp><script src=c.js></script></xmp><iframe><script src=d.js></script></iframe>`, nil},
		{"a script's double escape", `<script><!--<script></script>--></script><script src=a.js></script>`, []string{`1:1 script text="<!--<script></script>-->" at 1:9`, `1:42 script url="a.js"`}},
		{"a template", `<template><script src=a.js></script><template></template><script src=b.js></script></template><script src=c.js></script>`, []string{`1:95 script url="c.js"`}},
		{"a shadow tree", `<div><template shadowrootmode=open><script src=a.js></script></template></div>`, []string{`1:36 script url="a.js"`}},
		{"a noscript", `<noscript><link rel=stylesheet href=a.css></noscript>`, nil},
		{"JavaScript by type", `<script type="">1</script><script type=" TEXT/JavaScript ">2</script><script type=application/ecmascript>3</script><script language=JavaScript1.2>4</script><script language>5</script>`, []string{
			`1:1 script text="1" at 1:17`, `1:27 script text="2" at 1:60`, `1:70 script text="3" at 1:106`, `1:116 script text="4" at 1:147`, `1:157 script text="5" at 1:174`,
		}},
		{"data by type", `<script type=application/json>1</script><script type="text/javascript; charset=utf-8">2</script><script type=text/babel>3</script><script language=vbscript>4</script><script type=speculationrules>{}</script>`, nil},
		{"for and event", `<script for=window event=onload>1</script><script for=x event=onclick>2</script>`, []string{`1:1 script text="1" at 1:33`}},
		{"an import map", `<script type="importmap" nonce=n>{}</script><script type=importmap src=m.json></script>`, []string{`1:1 importmap text="{}" nonce="n" at 1:34`}},
		{"nomodule", `<script nomodule src=a.js></script><script type=module nomodule src=b.js></script>`, []string{`1:1 script url="a.js" nomodule`, `1:36 module url="b.js"`}},
		{"an empty script", `<script></script><script src></script><script src=" "></script>`, nil},
		{"CORS", `<script src=a.js crossorigin></script><script src=b.js crossorigin=USE-Credentials></script><script src=c.js crossorigin=x></script>`, []string{
			`1:1 script url="a.js" crossorigin="anonymous"`, `1:39 script url="b.js" crossorigin="use-credentials"`, `1:93 script url="c.js" crossorigin="anonymous"`,
		}},
		{"integrity", `<script src=a.js integrity></script><script src=b.js integrity="undefined"></script>`, []string{`1:1 script url="a.js" integrity=""`, `1:37 script url="b.js" integrity="undefined"`}},
		{"links", `<link rel="preload Stylesheet" href=a.css><link rel="alternate stylesheet" href=b.css media=print><link rel=modulepreload href=c.js><link rel=preload as=Script href=d.js><link rel=prefetch href=e.js><link rel=stylesheet><link rel=stylesheet type=text/less href=f.less><link rel=icon href=g.ico>`, []string{
			`1:1 style url="a.css"`, `1:43 style url="b.css" media="print" alternate`, `1:99 modulepreload url="c.js"`,
			`1:133 preload url="d.js" as="script"`, `1:171 prefetch url="e.js"`,
		}},
		{"SVG's scripts", `<svg><script href=a.js /><script xlink:href=b.js></script><script>a&lt;b</script><link rel=stylesheet href=c.css></svg>`, []string{
			`1:6 script url="a.js" svg`, `1:26 script url="b.js" svg`, `1:59 script text="a<b" at 1:67 svg`,
		}},
		{"markup in SVG's style", `<svg><style><!--</style><script src=a.js></script>--></style></svg><script src=b.js></script>`, []string{`1:68 script url="b.js"`}},
		{"a tag that ends SVG", `<svg><g><p><style><!--</style><script src=a.js></script>`, []string{`1:12 style text="<!--" at 1:19`, `1:31 script url="a.js"`}},
		{"HTML in SVG", `<svg><foreignObject><script src=a.js></script></foreignObject><style></style></svg>`, []string{`1:21 script url="a.js"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Scan([]byte(test.html))
			if err != nil {
				t.Fatal(err)
			}
			if got := briefs(doc.Elements); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestScanDocument(t *testing.T) {
	doc, err := Scan([]byte(`<!doctype html>
<base target=x><base href=" /shop/ "><base href=b>
<meta http-equiv=Content-Security-Policy content="script-src 'self'">
<template><link rel=stylesheet href=in.css><base href=no></template>
<noscript><link rel=stylesheet href=off.css><script src=off.js></script></noscript>
<link rel=icon href=i.ico><script type=text/x src=d.js></script>
<style>/* @import "no"; */ a::before { content: "@import x" }
@import "a.css"; @IMPORT url( b.css ); @import-not x;</style>
<a href=" jav` + "\t" + `ascript:alert(1)" onclick="go()" style="color: red">x</a>
<iframe src=f.html srcdoc="<p>"></iframe><object data=o.html></object><embed src=e.svg>`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		got, want any
	}{
		{"base", doc.Base, "/shop/"},
		{"policy", doc.Policy, []string{"script-src 'self'"}},
		{"inert", briefs(doc.Inert), []string{`4:11 style url="in.css"`, `5:11 style url="off.css"`, `5:45 script url="off.js"`}},
		{"others", doc.Others, []Attribute{{"link", "href", "i.ico", 6, 1}, {"script", "src", "d.js", 6, 27}}},
		{"imports", doc.Imports, []Attribute{{"style", "@import", "a.css", 8, 1}, {"style", "@import", "b.css", 8, 18}}},
		{"handlers", doc.Handlers, []Attribute{{"a", "href", " jav\tascript:alert(1)", 9, 1}, {"a", "onclick", "go()", 9, 1}}},
		{"styles", doc.Styles, []Attribute{{"a", "style", "color: red", 9, 1}}},
		{"frames", doc.Frames, []Attribute{{"iframe", "src", "f.html", 10, 1}, {"iframe", "srcdoc", "<p>", 10, 1}, {"object", "data", "o.html", 10, 42}, {"embed", "src", "e.svg", 10, 71}}},
	} {
		if got, want := fmt.Sprint(test.got), fmt.Sprint(test.want); got != want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, want)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	for _, test := range []struct{ name, html, want string }{
		{"UTF-16", "\xff\xfe<\x00p\x00", "got UTF-16, want UTF-8"},
		{"UTF-16 without a mark", "<\x00p\x00", "got UTF-16, want UTF-8"},
		{"a large file", strings.Repeat("x", MaxSize+1), "want at most 16777216"},
		{"deep nesting", strings.Repeat("<div>", 5000), "nest no deeper"},
		{"a style across the border of SVG", `<svg><foreignObject><div></svg></div></foreignObject><style><!--</style><script src=a.js></script>--></style>`, "in two ways"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Scan([]byte(test.html)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

var seeds = []string{
	"", "<script src=a.js></script>", "<link rel=stylesheet href='a.css' integrity=x crossorigin>", "<!-- <script> -->",
	"<svg><style><!--</style><script href=a.js /></svg>", "<template><script>1</script></template>", "<noscript><link rel=preload href=a></noscript>",
	"\ufeff<base href=/x/><script type=importmap>{\"imports\":{}}</script><script type=module src=/x/a.js></script>",
	"<style>@import 'a';", "<math><mi><svg><title><script>2</script>", "<?php if ($a->b) { ?><script src=<?= $x ?>></script>", "<a =b=c d='e'f=\"g\"/h>",
	"<select><script src=a.js></script></select><table><link rel=stylesheet href=a.css>", "<frameset><script src=a></script>",
}

// A document is read without a panic, each place is in it, and the attributes
// that are found are where they are said to be.
func FuzzScan(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scan(text)
		if err != nil {
			return
		}
		if s.next != len(text) {
			t.Errorf("read %d bytes of %d", s.next, len(text))
		}
		for _, e := range slices.Concat(s.doc.Elements, s.doc.Inert) {
			if text[e.tag.start] != '<' || text[e.tag.end-1] != '>' || e.Line < 1 || e.Line > 1+strings.Count(string(text), "\n") {
				t.Errorf("%s is not at %d to %d", brief(e), e.tag.start, e.tag.end)
			}
			for _, a := range e.tag.attrs {
				if raw := string(text[a.valueStart:a.valueEnd]); !strings.ContainsAny(raw, "&\r\x00") && raw != a.value {
					t.Errorf("%s=%q is %q in the document", a.name, a.value, raw)
				}
			}
		}
	})
}
