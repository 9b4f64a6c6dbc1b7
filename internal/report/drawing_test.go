package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// drawn starts every drawing of a page, also those far below the window.
func drawn(t testing.TB, p *browser.Page) {
	t.Helper()
	evaluated[any](t, p, "drawing.everything()")
}

// press gives the page keys, by the names of those that print nothing.
func press(t testing.TB, p *browser.Page, keys ...string) {
	t.Helper()
	codes := map[string]string{"Down": "\u0301", "Left": "\u0302", "Right": "\u0303", "Up": "\u0304", "Escape": "\u001b", "Enter": "\r", "Home": "\u0306", "End": "\u0305"}
	for _, k := range keys {
		if code, ok := codes[k]; ok {
			k = code
		}
		if err := p.Press(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
}

// manyLeaves is a release of 5,000 modules.
func manyLeaves() Treemap {
	b := Treemap{Caption: "Many", Kinds: []string{"Own code", "Packages"}, Origins: []Origin{{Name: "index.ts", From: -1}}}
	for i := range 5000 {
		b.Origins = append(b.Origins, Origin{Name: fmt.Sprintf("src/module-%d.ts", i), From: i / 2, How: "import"})
		b.Leaves = append(b.Leaves, Leaf{
			Path:  []string{fmt.Sprintf("chunk-%d.js", i%60), fmt.Sprintf("folder-%d", i%7), fmt.Sprintf("part-%d", i%11), fmt.Sprintf("module-%d.ts", i)},
			Value: Bytes(200 + i*i%30_011), Original: Bytes(i * 7), Kind: i % 2, Origin: i + 1,
		})
	}
	return b
}

// What the script writes is what Go writes.
func TestUnitsInScript(t *testing.T) {
	html, err := Page{Sections: []Section{{Blocks: []Block{Treemap{}}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)
	p := opened(t, ctx, b, html, browser.Reader{})
	for _, n := range []int64{0, 1, 999, 1000, 1023, 1024, 1152, 1027, 10_234, 10_235, 102_349, 1_022_976, 1_023 * 1024, 2_395_150, 1 << 40} {
		if got, want := evaluated[string](t, p, fmt.Sprintf("drawing.bytes(%d)", n)), FormatBytes(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
		d := n * 997
		if got, want := evaluated[string](t, p, fmt.Sprintf("drawing.duration(%d)", d)), FormatDuration(time.Duration(d)); got != want {
			t.Errorf("%d ns: got %q, want %q", d, got, want)
		}
		if got, want := evaluated[string](t, p, fmt.Sprintf("drawing.count(%d)", n)), FormatCount(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		share := float64(n) / (1 << 21)
		if got, want := evaluated[string](t, p, fmt.Sprintf("drawing.percent(%v)", min(1, share))), FormatPercent(min(1, share)); got != want {
			t.Errorf("share %v: got %q, want %q", share, got, want)
		}
	}
}

func TestTreemapByKeyboard(t *testing.T) {
	html, err := Page{Sections: []Section{{Blocks: []Block{sampleTreemap()}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)
	p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900})
	drawn(t, p)
	text := func(selector, want string) {
		t.Helper()
		if got := evaluated[string](t, p, "document.querySelector('"+selector+"').textContent"); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", selector, got, want)
		}
	}
	text(".crumbs", "All files990 KiB in 12 modules")
	text(".legend", "Packages665 KiB")

	evaluated[any](t, p, "document.querySelector('.canvas').focus()")
	press(t, p, "Right") // the largest
	text("output.hidden", "checkout-4f1d2c9a.js, 552 KiB, 55.7% of all files, 6 modules")
	press(t, p, "Right", "Left")
	text("output.hidden", "checkout-4f1d2c9a.js")
	press(t, p, "Enter", "Enter", "Enter")
	text(".crumbs", "All filescheckout-4f1d2c9a.js@bigcommerce/checkout-sdk")
	text(".panel", "dist/checkout-sdk.js")
	if got := evaluated[[]string](t, p, "[...document.querySelectorAll('.route li')].map(e => e.innerText.replace(/\\s+/g, ' '))"); !slices.Equal(got, []string{
		"entry packages/core/src/app/index.ts", "import packages/core/src/app/checkout/renderCheckout.tsx", "require packages/core/src/app/checkout/CheckoutApp.tsx",
	}) {
		t.Errorf("the way from the entry is %q", got)
	}
	press(t, p, "Escape", "Escape", "Escape", "Escape")
	text(".crumbs", "All files990 KiB")
	text(".panel", "Choose an area")

	evaluated[any](t, p, "document.querySelector('.controls input').focus()")
	press(t, p, "lodash payment")
	text(".controls output", "1 module, 69.6 KiB, 7.0%")
	press(t, p, "\t", "\t", "Enter") // over the map to the match
	text(".panel", "Also inshipping-e60f1b84.js")

	evaluated[any](t, p, "(s => { s.value = 'v0'; s.dispatchEvent(new Event('change')); })(document.querySelector('.controls select'))")
	text(".crumbs", "First load of checkout759 KiB in 7 modules")
	text(".controls output", "0 modules, 0 B, 0%")
	calm(t, p)
}

// However many modules there are, they are one canvas and a few elements.
func TestTreemapOfMany(t *testing.T) {
	html, err := Page{Sections: []Section{{Blocks: []Block{manyLeaves()}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	if len(html) > 1<<20 {
		t.Errorf("the page has %d bytes", len(html))
	}
	b, ctx := started(t)
	p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900})
	drawn(t, p)
	if got := evaluated[int](t, p, "document.querySelectorAll('canvas').length"); got != 1 {
		t.Errorf("got %d canvases", got)
	}
	if got := evaluated[int](t, p, "document.querySelectorAll('*').length"); got > 500 {
		t.Errorf("got %d elements", got)
	}
	evaluated[any](t, p, "document.querySelector('.controls input').focus()")
	press(t, p, "module-49")
	if got, want := evaluated[string](t, p, "document.querySelector('.controls output').textContent"), "111 modules, "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	calm(t, p)
}

// Leaves beyond the bound are one a file, and no byte is lost.
func TestTreemapIsBounded(t *testing.T) {
	var b Treemap
	total := Bytes(0)
	for i := range treemapLeaves + 7 {
		b.Leaves = append(b.Leaves, Leaf{Path: []string{fmt.Sprintf("%d.js", i%3), fmt.Sprint(i)}, Value: Bytes(i + 1), Origin: -1})
		total += Bytes(i + 1)
	}
	kept := b.bounded()
	sum := Bytes(0)
	for _, l := range kept {
		sum += l.Value
	}
	if len(kept) != treemapLeaves+3 || sum != total {
		t.Errorf("got %d leaves of %d bytes, want %d of %d", len(kept), sum, treemapLeaves+3, total)
	}
}

// Only what brought a leaf in is kept, and a ring of imports ends.
func TestTreemapOrigins(t *testing.T) {
	b := Treemap{
		Leaves:  []Leaf{{Path: []string{"a.js", "x"}, Value: 1, Origin: 3}, {Path: []string{"a.js", "y"}, Value: 1, Origin: 5}, {Path: []string{"a.js", "z"}, Value: 1, Origin: 99}},
		Origins: []Origin{{Name: "entry", From: -1}, {Name: "unused", From: 0}, {Name: "b", From: 0}, {Name: "x", From: 2}, {Name: "ring", From: 5}, {Name: "y", From: 4}, {Name: "lost", From: 77}},
	}
	d := b.data()
	if got, want := fmt.Sprint(d.Tree, d.Origins), "[[a.js [[x 1 B 0 0 B 0] [y 1 B 3 0 B 0] [z 1 B -1 0 B 0]]]] [[x 1 ] [b 2 ] [entry -1 ] [y 4 ] [ring 3 ]]"; got != want && strings.ReplaceAll(got, " B", "") != strings.ReplaceAll(want, " B", "") {
		t.Errorf("got %s, want %s", got, want)
	}
}

// BenchmarkTreemap says how long the longest task of a page with 5,000 modules
// is, while it opens and while one zooms.
func BenchmarkTreemap(b *testing.B) {
	html, err := Page{Sections: []Section{{Blocks: []Block{manyLeaves()}}}}.HTML()
	if err != nil {
		b.Fatal(err)
	}
	chromium, ctx := started(b)
	for b.Loop() {
		p := opened(b, ctx, chromium, html, browser.Reader{Width: 1280, Height: 900})
		if err := p.Wait(ctx, "document.querySelector('.canvas')", time.Minute); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(longest(b, p), "ms/first")
		evaluated[any](b, p, "document.querySelector('.canvas').focus()")
		press(b, p, "Right", "Enter")
		b.ReportMetric(longest(b, p), "ms/zoom")
	}
}

// longest is the longest task since it was last asked, in milliseconds; one
// under 50 is none.
func longest(t testing.TB, p *browser.Page) float64 {
	t.Helper()
	return evaluated[float64](t, p, `new Promise((done) => {
		const tasks = [];
		new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({ type: 'longtask', buffered: true });
		setTimeout(() => {
			const since = globalThis.asked ?? 0;
			globalThis.asked = performance.now();
			done(Math.max(0, ...tasks.filter((e) => e.startTime >= since).map((e) => e.duration)));
		}, 400);
	})`)
}
