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
		"import @bigcommerce/checkout-sdk/dist/checkout-sdk.js",
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

// Paper is light, also from a dark screen, and the screen is dark again after.
func TestDrawingsOnPaper(t *testing.T) {
	html, err := Page{Sections: []Section{{Blocks: []Block{sampleTreemap(), sampleTimeline()}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)
	p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900, Dark: true})
	// The mean of what is painted, from 0 to 255.
	const light = `[...document.querySelectorAll('canvas')].map((c) => {
		const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
		let sum = 0, n = 0;
		for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255) { sum += (d[i] + d[i + 1] + d[i + 2]) / 3; n++; }
		return sum / n;
	})`
	for _, step := range []struct {
		event string
		light bool
	}{{"beforeprint", true}, {"afterprint", false}} {
		got := evaluated[[]float64](t, p, "dispatchEvent(new Event('"+step.event+"')); "+light)
		for _, mean := range got {
			if mean > 150 != step.light {
				t.Errorf("after %s a drawing's mean is %.0f", step.event, mean)
			}
		}
		if len(got) != 2 {
			t.Errorf("got %d drawings", len(got))
		}
	}
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

func TestTimelineByKeyboard(t *testing.T) {
	html, err := Page{Sections: []Section{{Blocks: []Block{sampleTimeline()}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)
	p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900})
	drawn(t, p)
	is := func(selector, want string) {
		t.Helper()
		if got := evaluated[string](t, p, "document.querySelector('"+selector+"').textContent"); got != want {
			t.Errorf("%s: got %q, want %q", selector, got, want)
		}
	}
	is(".range", "1.67 s, 10 steps")
	evaluated[any](t, p, "document.querySelector('.canvas').focus()")
	press(t, p, "Right")
	is("output.hidden", "scan, Stages, 310 ms, 18.6% of the time")
	press(t, p, "Right")
	is("output.hidden", "link, Stages, 340 ms, 20.4% of the time") // styles began before scan ended: it is below
	press(t, p, "Down")
	is("output.hidden", "styles, Stages, 920 ms, 55.1% of the time")
	press(t, p, "Enter")
	is(".range", "84 ms to 1.10 s of 1.67 s")
	press(t, p, "d", "d", "d", "d", "d", "+")
	is(".range", "756 ms to 1.26 s of 1.67 s")
	press(t, p, "Escape")
	is(".range", "1.67 s, 10 steps")
	press(t, p, "Escape")
	evaluated[any](t, p, "document.querySelector('.controls input').focus()")
	press(t, p, "sass packages")
	is(".controls output", "2 steps, 1.03 s in sum")
	calm(t, p)
}

// The lanes of a stage are together, and spans of one time are in rows.
func TestTimelineLanes(t *testing.T) {
	d := sampleTimeline().data()
	var got []string
	for _, l := range d.Lanes {
		got = append(got, fmt.Sprintf("%s %d", strings.Join(l.Path, "/"), l.Rows))
	}
	if want := []string{"Stages 2", "scan/esbuild 2", "styles/sass 2", "styles/prefixes 1", "write 1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := d.Lanes[1].Spans[1], [6]int64{1, 4000, 120_000, 2, 6, 7}; got != want {
		t.Errorf("got %v, want %v: row, start, length, kind, name, detail", got, want)
	}
	var many Timeline
	for i := range 500 {
		many.Spans = append(many.Spans, Span{Lane: []string{fmt.Sprint(i % 100)}, Length: time.Duration(i) * time.Second})
	}
	d = many.data()
	if len(d.Lanes) != timelineLanes || d.Lanes[timelineLanes-1].Rows != laneRows {
		t.Errorf("got %d lanes, the last with %d rows", len(d.Lanes), d.Lanes[len(d.Lanes)-1].Rows)
	}
}

func TestGraphLayout(t *testing.T) {
	g := sampleGraph().drawn()
	columns := map[string]int{}
	for _, n := range g.Nodes {
		columns[n.Label] = n.X / (nodeWidth + columnGap)
	}
	for label, want := range map[string]int{"checkout-4f1d2c9a.js": 0, "payment-2d94c8f7.js": 1, "4 languages": 1, "address-form-7be21c04.js": 2, "paypal-90cd1e77.js": 2, "vendor-initial-0b7e3f11.js": 3} {
		if got, ok := columns[label]; got != want || !ok {
			t.Errorf("%s is in column %d, want %d, of %v", label, got, want, columns)
		}
	}
	for i, x := range g.Nodes {
		for _, y := range g.Nodes[:i] {
			if x.X < y.X+nodeWidth && y.X < x.X+nodeWidth && x.Y < y.Y+nodeHeight && y.Y < x.Y+nodeHeight {
				t.Errorf("%s is on %s", x.Label, y.Label)
			}
		}
	}
}

// What a file loads by way of another has no line of its own; rings keep theirs.
func TestGraphLines(t *testing.T) {
	tests := []struct {
		name  string
		edges []Edge
		want  string
	}{
		{"by way of another", []Edge{{From: 0, To: 1}, {From: 1, To: 2}, {From: 0, To: 2}}, "0>1 1>2"},
		{"on demand is not at once", []Edge{{From: 0, To: 1, Later: true}, {From: 1, To: 2}, {From: 0, To: 2}}, "0>1 0>2 1>2"},
		{"ring", []Edge{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 0}, {From: 0, To: 2}}, "0>1 0>2 1>2 2>0"},
		{"twice, itself and nowhere", []Edge{{From: 0, To: 1}, {From: 0, To: 1, Later: true}, {From: 1, To: 1}, {From: 1, To: 9}, {From: -1, To: 0}}, "0>1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range (Graph{Nodes: make([]Node, 3), Edges: tt.edges}).lines() {
				got = append(got, fmt.Sprintf("%d>%d", e.From, e.To))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A tangle is a table of all its files.
func TestGraphOfMany(t *testing.T) {
	var g Graph
	for i := range graphNodes + 1 {
		g.Nodes = append(g.Nodes, Node{Label: fmt.Sprint(i), Kind: SharedNode})
		g.Edges = append(g.Edges, Edge{From: i, To: i + 1})
	}
	if d := g.drawn(); len(d.Nodes) > 0 || len(d.Rows.Rows) != graphNodes+1 {
		t.Errorf("got %d nodes and %d rows", len(d.Nodes), len(d.Rows.Rows))
	}
}

func TestGraphByKeyboard(t *testing.T) {
	html, err := Page{Sections: []Section{{Blocks: []Block{sampleGraph()}}}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)
	p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900})
	const at = "document.activeElement.dataset.label"
	const lit = "[...document.querySelectorAll('.node.lit')].map(n => n.dataset.label)"
	press(t, p, "\t", "\t", "\t", "Right", "Up", "Up", "Up", "Up")
	for got := evaluated[string](t, p, at); got != "4 languages, 205 KiB"; got = evaluated[string](t, p, at) {
		press(t, p, "Down")
		if next := evaluated[string](t, p, at); next == got {
			t.Fatalf("the languages are not below %s", got)
		}
	}
	if got, want := evaluated[[]string](t, p, lit), []string{"checkout-4f1d2c9a.js, 1.60 MiB", "4 languages, 205 KiB"}; !slices.Equal(got, want) {
		t.Errorf("lit are %q, want %q", got, want)
	}
	press(t, p, "Left")
	if got, want := evaluated[string](t, p, "document.activeElement.ariaLabel"), "checkout-4f1d2c9a.js, 1.60 MiB: loads 9 files, loaded by 0 files"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	calm(t, p)
}

// manySpans is a build of 6,000 steps.
func manySpans() Timeline {
	b := Timeline{Caption: "Many", Kinds: []string{"Stage", "File"}}
	for i := range 6000 {
		b.Spans = append(b.Spans, Span{Lane: []string{"stage", fmt.Sprint("plugin ", i%20)}, Name: fmt.Sprintf("src/module-%d.ts", i), Start: time.Duration(i/4) * time.Millisecond, Length: time.Duration(i*i%9000) * time.Microsecond, Kind: i % 2})
	}
	return b
}

// BenchmarkDrawings says how long the longest task of a page with 5,000 modules
// and of one with 6,000 spans is, while it opens and while one zooms.
func BenchmarkDrawings(b *testing.B) {
	for name, block := range map[string]Block{"treemap": manyLeaves(), "timeline": manySpans()} {
		b.Run(name, func(b *testing.B) { benchmarkDrawing(b, block) })
	}
}

func benchmarkDrawing(b *testing.B, block Block) {
	html, err := Page{Sections: []Section{{Blocks: []Block{block}}}}.HTML()
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
