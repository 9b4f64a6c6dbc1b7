package report

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/browser"
)

func evaluated[T any](t testing.TB, p *browser.Page, expression string) T {
	t.Helper()
	v, err := browser.Evaluate[T](t.Context(), p, expression)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// calm says that a page made one request, its own, and nobody complained.
func calm(t *testing.T, p *browser.Page) {
	t.Helper()
	if all := p.Requests(); len(all) != 1 {
		t.Errorf("got %d requests, want the page's own: %+v", len(all), all)
	}
	if all := p.Console(); len(all) > 0 {
		t.Errorf("the console says %+v", all)
	}
	if all := p.Exceptions(); len(all) > 0 {
		t.Errorf("got exceptions: %+v", all)
	}
}

// contrasts gives every text whose contrast with what is behind it is under
// 4.5 (WCAG 2.2, 1.4.3), the closed details among them.
const contrasts = `(() => {
	document.querySelectorAll('details').forEach(d => d.open = true);
	const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	const channels = s => { const m = s.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), alpha: m[3] ?? 1 }; };
	const light = rgb => { const [r, g, b] = rgb.map(part); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = e => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.alpha === 1) return c.rgb; if (c.alpha) throw new Error('half transparent: ' + e.className); } return null; };
	const bad = []; let seen = 0;
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; n = walk.nextNode();) {
		const e = n.parentElement;
		if (!n.data.trim() || !e.getClientRects().length || e.closest('script, style')) continue;
		seen++;
		const back = behind(e);
		if (!back) { bad.push('nothing behind ' + n.data); continue; }
		const a = light(channels(getComputedStyle(e).color).rgb), b = light(back);
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) bad.push(ratio.toFixed(2) + ': ' + n.data);
	}
	if (seen < 50) bad.push('only ' + seen + ' texts');
	return bad;
})()`

// wide gives the elements that make a page wider than its screen.
const wide = `[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll *, pre *') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 20)).slice(0, 9)`

func TestInBrowser(t *testing.T) {
	page, err := sample().HTML()
	if err != nil {
		t.Fatal(err)
	}
	b, ctx := started(t)

	t.Run("contrast", func(t *testing.T) {
		rough, err := everywhere("word").HTML() // has the statuses that the sample lacks
		if err != nil {
			t.Fatal(err)
		}
		backgrounds := map[bool]string{}
		for _, dark := range []bool{false, true} {
			other := opened(t, ctx, b, rough, browser.Reader{Width: 1280, Height: 900, Dark: dark})
			drawn(t, other)
			for _, bad := range evaluated[[]string](t, other, contrasts) {
				t.Errorf("every block, dark %v: contrast %s", dark, bad)
			}
			p := opened(t, ctx, b, page, browser.Reader{Width: 1280, Height: 900, Dark: dark})
			drawn(t, p)
			for _, bad := range evaluated[[]string](t, p, contrasts) {
				t.Errorf("dark %v: contrast %s", dark, bad)
			}
			backgrounds[dark] = evaluated[string](t, p, "getComputedStyle(document.body).backgroundColor")
			calm(t, p)
		}
		if backgrounds[false] == backgrounds[true] {
			t.Errorf("dark and light are both %s", backgrounds[true])
		}
		p := opened(t, ctx, b, page, browser.Reader{Width: 1280, Height: 900, Dark: true, Print: true})
		if got := evaluated[string](t, p, "getComputedStyle(document.body).backgroundColor"); got != "rgb(255, 255, 255)" {
			t.Errorf("paper is %s", got)
		}
	})

	t.Run("narrow", func(t *testing.T) {
		rough, err := everywhere(strings.Repeat("wide", 200)).HTML()
		if err != nil {
			t.Fatal(err)
		}
		for name, html := range map[string][]byte{"sample": page, "long words": rough} {
			for _, width := range []int{320, 768} {
				p := opened(t, ctx, b, html, browser.Reader{Width: width, Height: 800})
				drawn(t, p)
				evaluated[any](t, p, "document.querySelectorAll('details').forEach(d => d.open = true)")
				if got := evaluated[int](t, p, "document.documentElement.scrollWidth"); got > width {
					t.Errorf("%s: the page is %d wide on a screen of %d, for %q", name, got, width, evaluated[[]string](t, p, wide))
				}
			}
		}
	})

	t.Run("keyboard", func(t *testing.T) {
		p := opened(t, ctx, b, page, browser.Reader{Width: 1280, Height: 900})
		keyboard(t, p)
		calm(t, p)
	})

	t.Run("without script", func(t *testing.T) {
		with := opened(t, ctx, b, page, browser.Reader{Width: 1280, Height: 900})
		without := opened(t, ctx, b, page, browser.Reader{Width: 1280, Height: 900, NoScript: true})
		drawn(t, with)
		evaluated[any](t, with, "document.querySelectorAll('[data-added]').forEach(e => e.remove())")
		const text = "document.querySelector('main').innerText.replace(/\\s+/g, ' ').replace(/Filter/, '').trim()"
		if a, b := evaluated[string](t, with, text), evaluated[string](t, without, text); strings.ReplaceAll(a, " ", "") != strings.ReplaceAll(b, " ", "") {
			t.Errorf("without a script the page says something else:\n%s\n%s", a, b)
		}
		if got := evaluated[int](t, without, "document.querySelectorAll('button, input, output').length"); got != 0 {
			t.Errorf("got %d controls that do nothing", got)
		}
		calm(t, without)
	})

	t.Run("hostile", func(t *testing.T) {
		html, err := everywhere(hostile).HTML()
		if err != nil {
			t.Fatal(err)
		}
		p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900})
		drawn(t, p)
		calm(t, p)
		if got := evaluated[int](t, p, "document.querySelectorAll('img, script:not(:last-child, [type*=json]), [onerror]').length"); got != 0 {
			t.Errorf("got %d elements of the hostile text", got)
		}
	})

	t.Run("paper", func(t *testing.T) {
		p := opened(t, ctx, b, page, browser.Reader{Width: 700, Height: 900, Print: true})
		const hidden = `[...document.querySelectorAll('.scroll, pre')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 40))`
		if got := evaluated[[]string](t, p, hidden); len(got) > 0 {
			t.Errorf("on paper these are cut off: %q", got)
		}
		if got := evaluated[float64](t, p, "document.querySelector('details .inside').getBoundingClientRect().height"); got < 100 {
			t.Errorf("closed details are %v high on paper", got)
		}
	})

	t.Run("axe", func(t *testing.T) {
		axe, err := os.ReadFile("testdata/axe/node_modules/axe-core/axe.min.js")
		if err != nil {
			missing(t, "axe-core is not installed: npm --prefix internal/report/testdata/axe ci --ignore-scripts")
		}
		rough, err := everywhere("word").HTML()
		if err != nil {
			t.Fatal(err)
		}
		for _, html := range [][]byte{page, rough} {
			for _, dark := range []bool{false, true} {
				p := opened(t, ctx, b, html, browser.Reader{Width: 1280, Height: 900, Dark: dark})
				drawn(t, p)
				evaluated[any](t, p, string(axe)+";document.querySelectorAll('details').forEach(d => d.open = true);null")
				const violations = `axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3).join(' ; ')))`
				for _, v := range evaluated[[]string](t, p, violations) {
					t.Errorf("dark %v: %s", dark, v)
				}
			}
		}
	})
}

// keyboard goes through the page by Tab alone, and sorts, filters and opens.
func keyboard(t *testing.T, p *browser.Page) {
	press := func(keys string) {
		t.Helper()
		if err := p.Press(t.Context(), keys); err != nil {
			t.Fatal(err)
		}
	}
	// until presses Tab until the expression about the focused element f holds.
	until := func(expression string) {
		t.Helper()
		for range 60 {
			press("\t")
			if evaluated[bool](t, p, "(f => !!("+expression+"))(document.activeElement)") {
				if got := evaluated[string](t, p, "getComputedStyle(document.activeElement).outlineStyle"); got == "none" {
					t.Errorf("no focus is seen where %s", expression)
				}
				return
			}
		}
		t.Fatalf("Tab does not lead to where %s", expression)
	}
	until("f.matches('.skip') && f.getBoundingClientRect().top >= 0")
	press("\r")
	if got := evaluated[string](t, p, "document.activeElement.id"); got != "content" {
		t.Errorf("the skip link leads to %q", got)
	}
	until("f.type === 'search'")
	press("payment css")
	const rows = "[...document.querySelectorAll('[data-sortable]:not(.drawing *) tbody tr')].filter(r => r.getClientRects().length).map(r => r.cells[0].textContent)"
	if got := evaluated[[]string](t, p, rows); !slices.Equal(got, []string{"payment-2d94c8f7.css"}) {
		t.Errorf("filtered: got %q", got)
	}
	if got := evaluated[string](t, p, "document.querySelector('output').textContent"); got != "1 of 9 rows" {
		t.Errorf("got %q", got)
	}
	evaluated[any](t, p, "document.activeElement.select()")
	press("\b")
	until("f.matches('th button') && f.textContent === 'Size'")
	press("\r")
	sorted := func(order, first string) {
		t.Helper()
		if got := evaluated[string](t, p, "document.activeElement.parentElement.ariaSort"); got != order {
			t.Errorf("got %q, want %q", got, order)
		}
		if got := evaluated[[]string](t, p, rows); len(got) != 9 || got[0] != first {
			t.Errorf("%s: got %q, want %q first", order, got, first)
		}
	}
	sorted("descending", "checkout-4f1d2c9a.js")
	press(" ")
	sorted("ascending", "payment-2d94c8f7.css")
	until("f.matches('summary')")
	press("\r")
	if !evaluated[bool](t, p, "document.activeElement.parentElement.open") {
		t.Error("Enter does not open the details")
	}
	until("f.closest('details .scroll')")
}
