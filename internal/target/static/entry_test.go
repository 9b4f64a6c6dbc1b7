package static

import (
	"slices"
	"strings"
	"testing"

	scan "golang.org/x/net/html"

	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/release"
)

func refOf(page string) channel.Ref {
	return channel.Ref{Seq: 4, Nonce: channel.Nonce{1}, Release: release.DigestOf([]byte(page)), Channel: release.Digest{2}}
}

func TestEntry(t *testing.T) {
	for _, row := range []struct{ name, page, want string }{ // want has BASE; "" for an error
		{"a page", "<!doctype html><html lang=en><head><script src=a.js></script></head><body>", "<!doctype html><html lang=en><head>BASE<script src=a.js></script></head><body>"},
		{"in capitals", "<HTML><HEAD ID=h><SCRIPT SRC=a.js></SCRIPT>", "<HTML><HEAD ID=h>BASE<SCRIPT SRC=a.js></SCRIPT>"},
		{"without a head", "<!doctype html><title>a</title><img src=a.png>", "<!doctype html>BASE<title>a</title><img src=a.png>"},
		{"a body alone", "<body background=a.png>", "BASE<body background=a.png>"},
		{"a head that comes too late", "<script src=a.js></script><head>", "BASE<script src=a.js></script><head>"},
		{"a head in a comment", "<!-- <head> --><html><head><link href=a>", "<!-- <head> --><html><head>BASE<link href=a>"},
		{"a head in a title", "<title><head></title><img src=a>", "BASE<title><head></title><img src=a>"},
		{"a head in an attribute", `<html data-x="<head>"><head><img src=a>`, `<html data-x="<head>"><head>BASE<img src=a>`},
		{"an end that looks like one", `<html><head data-x="a>b"><img src=a>`, `<html><head data-x="a>b">BASE<img src=a>`},
		{"text first", "hello <img src=a>", "hello BASE<img src=a>"},
		{"a frame set", "<html><frameset><frame src=a>", "<html>BASE<frameset><frame src=a>"},
		{"a base in a script", "<head><script>'<base href=/>'</script>", "<head>BASE<script>'<base href=/>'</script>"},
		{"a base of its own", "<head><base href=/>", ""},
		{"a base in the body", "<head></head><body><base target=_top>", ""},
		{"text alone", "hello", ""},
		{"nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			ref := refOf(row.page)
			got, err := at("/a&b/").render([]byte(row.page), ref)
			if row.want == "" {
				if err == nil {
					t.Errorf("got %q", got)
				}
				return
			}
			want := strings.Replace(row.want, "BASE", `<base href="/a&amp;b/r/`+ref.Release.String()+`/">`, 1) + ref.String()
			if err != nil || string(got) != want {
				t.Errorf("got  %q, %v\nwant %q", got, err, want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	const page = "<head><img src=a>"
	served, err := at("/shop/").render([]byte(page), refOf(page))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := at("/other/").cut(served); err == nil || !strings.Contains(err.Error(), "another address") {
		t.Errorf("for another address: got %v", err)
	}
	for name, foreign := range map[string]string{"a foreign page": page, "nothing": "", "more behind it": string(served) + "<p>"} {
		if _, _, ours, err := at("/shop/").cut([]byte(foreign)); ours || err != nil {
			t.Errorf("%s: got %t, %v", name, ours, err)
		}
	}
}

// addresses are the attributes that hold one which a base element changes.
var addresses = []string{"src", "href", "srcset", "imagesrcset", "action", "formaction", "poster", "data", "background", "ping", "cite", "longdesc"}

// FuzzEntry: what a deploy inserts can be taken out again, byte for byte; and a
// browser sees it before any address.
func FuzzEntry(f *testing.F) {
	for _, page := range []string{
		"<!doctype html><html><head><script src=a.js></script>", "<title><head></title><img src=a>", "x<head><a href=b>", "</p><head><link href=a>",
		"<table><img src=a>", "<svg><head><image href=a></svg>", "<!--><head>--><img src=a>", "<![CDATA[<head>]]><img src=a>", "<html/><head/><img src=a>",
		"<noscript><head></noscript><img src=a>", "<template><head><img src=a></template>", "<frameset><frame src=a>", "<plaintext><head>",
		"<head><!--<base>--><body background=a>", "0<body background=a>", "<?php <head> ?><img src=a>", "<he\x00ad><img src=a>", "\r\n<head\r><img src=a>",
	} {
		f.Add(page)
	}
	const base = "/shop/"
	f.Fuzz(func(t *testing.T, page string) {
		_, _, _, _ = at(base).cut([]byte(page)) // no panic
		ref := refOf(page)
		served, err := at(base).render([]byte(page), ref)
		if err != nil {
			return
		}
		own, got, ours, err := at(base).cut(served)
		if string(own) != page || got != ref || !ours || err != nil {
			t.Fatalf("got %q, %v, %t, %v", own, got, ours, err)
		}
		if own := Own(served); string(own) != page {
			t.Fatalf("Own: got %q", own)
		}
		root, err := scan.Parse(strings.NewReader(string(served)))
		if err != nil {
			t.Skip(err) // nested too deeply
		}
		for n := range root.Descendants() {
			// A later tag's attributes are added to these, which may be there without a tag.
			if n.Type != scan.ElementNode || n.Data == "html" || n.Data == "head" || n.Data == "body" {
				continue
			}
			if n.Data == "base" && n.Namespace == "" && len(n.Attr) == 1 && n.Attr[0].Val == base+folderOf(ref.Release)+"/" {
				return
			}
			for _, a := range n.Attr {
				if slices.Contains(addresses, a.Key) {
					t.Fatalf("<%s %s> comes before the base element in %q", n.Data, a.Key, served)
				}
			}
		}
		t.Fatalf("no base element in %q", served)
	})
}

// TestMoved: what a base element takes elsewhere is told.
func TestMoved(t *testing.T) {
	got := Moved([]byte(`<!doctype html><base><a href="#step2">2</a><a href="/shop/#x">x</a><a href="help.html">?</a><a href="?lang=fr">fr</a>
		<form action="pay"></form><form action="/pay"></form><form action=""></form><form action="https://pay.example/x"></form>
		<button formaction="later">l</button><svg><use href="#icon"/></svg><img src="a.png">`))
	want := []string{`<a href="#step2">`, `<a href="?lang=fr">`, `<form action="pay">`, `<button formaction="later">`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
