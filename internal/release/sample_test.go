package release

import (
	"slices"
	"testing"
)

// sample is a release with one of everything: two passes, a shared asset, a
// shared lazy style, hints, a source map, compressed copies, a page.
func sample(t testing.TB) *Release {
	t.Helper()
	r := unsealedSample()
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	return r
}

func unsealedSample() *Release {
	file := func(path string, role Role, passes ...string) File {
		data := sampleContent(path)
		return File{Path: path, Size: int64(len(data)), Integrity: IntegrityOf(data), Role: role, Passes: passes}
	}
	mapOf := func(path, of string) File {
		f := file(path, Map, "app")
		f.Of = of
		return f
	}
	logo := file("static/logo-7a.svg", Asset, "loader", "app")
	logo.Sources = []string{"src/logo.svg", "src/brand/logo.svg"}
	copyOf := func(path string, e Encoding) File {
		f := file(path+e.Extension(), Compressed, "app")
		f.Of, f.Encoding = path, e
		return f
	}
	return &Release{
		Name:    "@shop/checkout",
		Profile: Production,
		Tool:    Tool{Name: "checkout-deploy/build-bundle", Version: "1.2.0"},
		Passes: []Pass{
			{
				Name: "app", Format: Classic, Library: "checkout", AppVersion: "1.672.0",
				Target: []string{"safari13", "chrome61"},
				Entries: []Entry{{
					Name: "checkout", JS: []string{"vendor-1f.js", "checkout-2a.js"}, CSS: []string{"checkout-3b.css"},
					Chunks: []string{"payment", "billing"}, Sources: []string{"src/polyfill.ts", "src/index.ts"},
				}},
				Chunks: []Chunk{
					{Name: "payment", JS: []string{"shared-9c.js", "payment-4d.js"}, CSS: []string{"card-5e.css"}, Hint: Prefetch, Sources: []string{"src/payment/index.tsx", "src/card.ts"}},
					{Name: "billing", JS: []string{"shared-9c.js", "vendor-1f.js", "billing-6f.js"}, CSS: []string{"card-5e.css"}, Hint: Preload, Sources: []string{"src/billing.tsx"}},
				},
			},
			{
				Name: "loader", Format: IIFE, Library: "checkoutLoader",
				Entries: []Entry{
					{Name: "loader", JS: []string{"loader-1.js"}},
					{Name: "auto-loader", JS: []string{"auto-loader-1.js"}},
				},
			},
		},
		Files: []File{
			file("vendor-1f.js", Script),
			file("checkout-2a.js", Script),
			file("checkout-3b.css", Style),
			file("shared-9c.js", Script),
			file("payment-4d.js", Script),
			file("billing-6f.js", Script),
			file("card-5e.css", Style),
			mapOf("checkout-2a.js.map", "checkout-2a.js"),
			copyOf("card-5e.css", Gzip),
			copyOf("card-5e.css", Brotli),
			logo,
			file("loader-1.js", Script),
			file("auto-loader-1.js", Script),
			file("manifest.json", Manifest),
			file("index.html", HTML),
		},
	}
}

func sampleContent(path string) []byte { return []byte("content of " + path + "\n") }

func sampleClone(t testing.TB) *Release {
	r := sample(t)
	r.Files = slices.Clone(r.Files)
	return r
}
