package page

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/integrity"
)

// pinOf is what a file of the tests' release is pinned by: its name's hash.
func pinOf(path string) integrity.Metadata {
	switch path {
	case "a.js", "a.css", "sub/b.js", "sp ace.js", "[id].js", "</script>.js", "constructor":
		return integrity.Metadata{integrity.Sum(integrity.SHA256, []byte(path))}
	}
	return nil
}

func attrs(path string) string { return `integrity="` + pinOf(path).String() + `"` }

const cors = ` crossorigin="anonymous"`

func TestRewrite(t *testing.T) {
	js, css := " "+attrs("a.js"), " "+attrs("a.css")
	for _, test := range []struct {
		name, html, want string
		o                Options
	}{
		{name: "a script", html: `<script src=a.js></script>`, want: `<script src=a.js` + js + cors + `></script>`},
		{name: "a style closed like an image", html: `<link rel="stylesheet" href="a.css" />`, want: `<link rel="stylesheet" href="a.css"` + css + cors + ` />`},
		{name: "an unquoted value before a slash", html: `<link rel=stylesheet href=a.css x=/>`, want: `<link rel=stylesheet href=a.css x=/` + css + cors + `>`},
		{name: "preloads", html: `<link rel=preload as=script href=a.js><link rel=modulepreload href=a.js>`, want: `<link rel=preload as=script href=a.js` + js + cors + `><link rel=modulepreload href=a.js` + js + cors + `>`},
		{name: "a query and a fragment", html: `<script src="a.js?v=1#x"></script>`, want: `<script src="a.js?v=1#x"` + js + cors + `></script>`},
		{name: "what is right stays", html: `<script   ` + attrs("a.js") + `  crossorigin src=a.js ></script>`, want: `<script   ` + attrs("a.js") + `  crossorigin src=a.js ></script>`},
		{name: "credentials stay", html: `<script src=a.js crossorigin='use-credentials'></script>`, want: `<script src=a.js crossorigin='use-credentials'` + js + `></script>`},
		{name: "undefined", html: `<script integrity=undefined src=a.js></script>`, want: `<script ` + attrs("a.js") + ` src=a.js` + cors + `></script>`},
		{name: "empty", html: `<script integrity src=a.js></script>`, want: `<script ` + attrs("a.js") + ` src=a.js` + cors + `></script>`},
		{name: "wrong, and nothing before the next", html: `<script integrity='sha256-x'src=a.js></script>`, want: `<script ` + attrs("a.js") + ` src=a.js` + cors + `></script>`},
		{name: "a base", html: `<base href="/sub/"><script src=b.js></script>`, want: `<base href="/sub/"><script src=b.js ` + attrs("sub/b.js") + cors + `></script>`},
		{name: "a page in a folder", o: Options{Path: "sub/x.html"}, html: `<script src=b.js></script><script src=../a.js></script>`, want: `<script src=b.js ` + attrs("sub/b.js") + cors + `></script><script src=../a.js` + js + cors + `></script>`},
		{name: "a public URL", o: Options{PublicURL: "https://cdn.example/x/"}, html: `<script src=//cdn.example/x/a.js></script><script src=/x/a.js></script>`, want: `<script src=//cdn.example/x/a.js` + js + cors + `></script><script src=/x/a.js` + js + cors + `></script>`},
		{name: "a public path", o: Options{PublicURL: "/x/"}, html: `<script src=/x/a.js></script>`, want: `<script src=/x/a.js` + js + cors + `></script>`},
		{name: "an escaped path", html: `<script src=sp%20ace.js></script>`, want: `<script src=sp%20ace.js ` + attrs("sp ace.js") + cors + `></script>`},
		{name: "a noscript and a template", html: `<noscript><link rel=stylesheet href=a.css></noscript><template><script src=a.js></script></template>`, want: `<noscript><link rel=stylesheet href=a.css` + css + cors + `></noscript><template><script src=a.js` + js + cors + `></script></template>`},
		{name: "templates around tags", html: "{{#if x}}\r\n<% y %><script {{nonce}} src=\"a.js\"></script><?php if ($a > 1): ?>{% z %}", want: "{{#if x}}\r\n<% y %><script {{nonce}} src=\"a.js\"" + js + cors + "></script><?php if ($a > 1): ?>{% z %}"},
		{name: "an import map is added before the first hint", o: Options{Modules: []string{"a.js", "gone.js"}}, html: "  <link rel=icon href=i>\n  <script nonce='{{n}}' type=module>1</script>", want: "  <link rel=icon href=i>\n  <script type=\"importmap\" nonce='{{n}}'>{\"integrity\":{\"./a.js\":\"" + pinOf("a.js").String() + "\"}}</script>\n  <script nonce='{{n}}' type=module>1</script>"},
		{name: "none without a module", o: Options{Modules: []string{"a.js"}}, html: `<script>1</script>`, want: `<script>1</script>`},
		{name: "an import map is completed", o: Options{Modules: []string{"a.js"}}, html: "<script type=importmap>\n{ \"imports\": {\"x\": \"./x.js\"}\n}\n</script>", want: "<script type=importmap>\n{ \"imports\": {\"x\": \"./x.js\"},\"integrity\":{\"./a.js\":\"" + pinOf("a.js").String() + "\"}\n}\n</script>"},
		{name: "its integrity is completed and corrected", o: Options{Modules: []string{"a.js", "sub/b.js"}}, html: `<script type=importmap>{"integrity": { "/a.js" : "undefined" }, "imports": {}}</script>`, want: `<script type=importmap>{"integrity": { "/a.js" : "` + pinOf("a.js").String() + `","./sub/b.js":"` + pinOf("sub/b.js").String() + `" }, "imports": {}}</script>`},
		{name: "an empty import map", o: Options{Modules: []string{"[id].js"}}, html: `<script type=importmap>{ }</script>`, want: `<script type=importmap>{"integrity":{"./[id].js":"` + pinOf("[id].js").String() + `"} }</script>`},
		{name: "a name that would end a script", o: Options{Modules: []string{"</script>.js"}}, html: `<script type=module>1</script>`, want: `<script type="importmap">{"integrity":{"./%3C/script%3E.js":"` + pinOf("</script>.js").String() + "\"}}</script>\n<script type=module>1</script>"},
		{name: "a guard", o: Options{Path: "x/y/i.html", Guard: []string{"</script>.js"}}, html: `<style>p{}</style><link rel=stylesheet href=z.css>`, want: `<style>p{}</style><script>` + strings.TrimSpace(guardCode) + `({"/\u003c/script\u003e.js":"` + pinOf("</script>.js").String() + `"},"../../",document)</script><link rel=stylesheet href=z.css>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Integrity = pinOf
			if test.o.Path == "" {
				test.o.Path = "index.html"
			}
			out, err := Rewrite([]byte(test.html), test.o)
			if err != nil {
				t.Fatal(err)
			}
			if string(out.HTML) != test.want {
				t.Errorf("got\n%s\nwant\n%s", out.HTML, test.want)
			}
			lossless(t, []byte(test.html), test.o, out)
		})
	}
}

// lossless says that undoing the edits gives the document, and that rewriting
// again changes nothing.
func lossless(t *testing.T, html []byte, o Options, out *Rewritten) {
	t.Helper()
	undone := slices.Clone(out.HTML)
	for _, e := range out.Edits {
		at := e.Offset // those before are undone
		if !bytes.HasPrefix(undone[at:], []byte(e.New)) {
			t.Fatalf("%q is not at %d of %q", e.New, at, out.HTML)
		}
		undone = slices.Concat(undone[:at], []byte(e.Old), undone[at+len(e.New):])
	}
	if !bytes.Equal(undone, html) {
		t.Errorf("without the edits it is\n%q\nwant\n%q", undone, html)
	}
	again, err := Rewrite(out.HTML, o)
	if err != nil {
		t.Fatalf("rewriting again: %v\n%s", err, out.HTML)
	}
	if len(again.Edits) > 0 || !bytes.Equal(again.HTML, out.HTML) {
		t.Errorf("rewriting again edits %v", again.Edits)
	}
}

func TestRewriteUnpinned(t *testing.T) {
	for _, test := range []struct{ name, html, want string }{
		{"third-party", `<script src=https://js.stripe.com/v3/></script>`, `third-party script "https://js.stripe.com/v3/" 1:1`},
		{"not in the release", `<script src=gone.js></script>`, `not-in-release script "gone.js" 1:1`},
		{"a traversal", `<script src=../../etc/passwd></script>`, `not-in-release script "../../etc/passwd" 1:1`},
		{"an expression", `<script src="{{ url }}/a.js"></script>`, `template script "{{ url }}/a.js" 1:1`},
		{"PHP's", `<script src="<?= $u ?>"></script>`, `template script "<?= $u ?>" 1:1`},
		{"PHP in a tag", `<script src=a.js <?php echo $a->b ?>></script>`, `template script "a.js" 1:1`},
		{"a tag in PHP", `<?php if (1 > 0) { echo "<script src=a.js></script>"; } ?>`, `template script "a.js" 1:26`},
		{"a name that a build left", `<script src="MANIFEST_JSON"></script>`, `template script "MANIFEST_JSON" 1:1`},
		{"integrity of a template", `<script src=a.js integrity="{{ hash }}"></script>`, `template script "a.js" 1:1`},
		{"data", `<script src="data:text/javascript,1"></script>`, `opaque script "data:text/javascript,1" 1:1`},
		{"inline", `<script>1</script>`, `inline script "" 1:1`},
		{"an import", `<style>@import "a.css"</style>`, "inline style \"\" 1:1\nimport  \"a.css\" 1:8"},
		{"a frame", `<iframe src=f.html></iframe>`, `document  "f.html" 1:1`},
		{"an icon", `<link rel=icon href=i.ico>`, `unchecked  "i.ico" 1:1`},
		{"a prefetch", `<link rel=prefetch href=a.js>`, `unchecked prefetch "a.js" 1:1`},
		{"SVG's script", `<svg><script href=a.js></script></svg>`, `unchecked script "a.js" 1:6`},
		{"an import map with repeated keys", `<script type=importmap>{"imports":{},"imports":{}}</script>`, `broken importmap "" 1:1`},
		{"an import map of a template", `<script type=importmap>{{ map }}</script>`, `broken importmap "" 1:1`},
		{"a handler", `<a onclick="x()">`, `inline  "" 1:1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Path: "index.html", Integrity: pinOf, Modules: []string{"a.js"}}
			out, err := Rewrite([]byte(test.html), o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range out.Unpinned {
				got = append(got, fmt.Sprintf("%s %s %q %d:%d", u.Reason, u.Kind, u.URL, u.Line, u.Column))
			}
			if strings.Join(got, "\n") != test.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
			if string(out.HTML) != test.html {
				t.Errorf("it became\n%s", out.HTML)
			}
		})
	}
}

// The edits are all that differs, and rewriting twice is rewriting once.
func FuzzRewrite(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, html []byte) {
		o := Options{Path: "x/index.html", Integrity: func(path string) integrity.Metadata {
			if strings.HasSuffix(path, "a.js") || strings.HasSuffix(path, ".css") {
				return pinOf("a.js")
			}
			return nil
		}, Modules: []string{"a.js"}, Guard: []string{"a.js"}}
		out, err := Rewrite(html, o)
		if err != nil {
			return
		}
		lossless(t, html, o, out)
	})
}
