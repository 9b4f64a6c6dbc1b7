package browser

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Click waits until the first element matching the CSS selector is visible, has
// stopped moving and is not covered at its middle, for at most the given time,
// and clicks there with the mouse.
func (p *Page) Click(ctx context.Context, selector string, within time.Duration) error {
	at, err := p.steady(ctx, selector, within)
	if err == nil {
		err = p.do(ctx, chromedp.MouseClickXY(at.X, at.Y))
	}
	if err != nil {
		return fmt.Errorf("clicking %q: %w", selector, err)
	}
	return nil
}

// point is a place in the viewport, in CSS pixels. Hit: the element itself or
// something inside it is on top there.
type point struct {
	X, Y float64
	Hit  bool
}

// steady waits until two looks in a row find the element's middle in the same
// place. A page that is still loading moves things between look and click.
func (p *Page) steady(ctx context.Context, selector string, within time.Duration) (point, error) {
	const middle = `(e => {
		if (!e) return null;
		e.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
		const r = e.getBoundingClientRect(), X = r.x + r.width / 2, Y = r.y + r.height / 2;
		return { X, Y, Hit: e.contains(document.elementFromPoint(X, Y)) };
	})(document.querySelector(%s))`
	if err := p.Visible(ctx, selector, within); err != nil {
		return point{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last *point
	for {
		now, err := run(bounded, p, chromedp.Evaluate[*point](fmt.Sprintf(middle, quote(selector))))
		if err == nil && now != nil && now.Hit && last != nil && *now == *last {
			return *now, nil
		}
		last = now
		if !pause(bounded, 2*pollEvery) {
			if ctx.Err() != nil {
				return point{}, context.Cause(ctx)
			}
			return point{}, fmt.Errorf("%w at rest and uncovered within %s", ErrNotSeen, within)
		}
	}
}

// Fill waits for a visible text field like Click does, and replaces its content
// as typing would: the field's own input events fire.
func (p *Page) Fill(ctx context.Context, selector, text string, within time.Duration) error {
	if err := p.Visible(ctx, selector, within); err != nil {
		return fmt.Errorf("filling %q: %w", selector, err)
	}
	focus := "(e => { e.focus(); e.select(); })(document.querySelector(" + quote(selector) + "))"
	if err := p.do(ctx, chromedp.Evaluate[chromedp.Void](focus)); err != nil {
		return fmt.Errorf("filling %q: %w", selector, err)
	}
	err := p.do(ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return chromedp.Void{}, err
	})
	if err != nil {
		return fmt.Errorf("filling %q: %w", selector, err)
	}
	return nil
}

// Select waits for a visible select element that has an option of the value,
// for at most the given time, and chooses it as a user would.
func (p *Page) Select(ctx context.Context, selector, value string, within time.Duration) error {
	const find = "(e => e && [...e.options].find(o => o.value === %s))(document.querySelector(%s))"
	if err := p.Wait(ctx, fmt.Sprintf(find, quote(value), quote(selector)), within); err != nil {
		return fmt.Errorf("choosing %q in %q: %w", value, selector, err)
	}
	// Frameworks watch the value property of the element itself: the
	// prototype's setter goes past their watch, the events then tell them.
	const choose = `(e => {
		Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(e, %s);
		for (const type of ['input', 'change']) e.dispatchEvent(new Event(type, { bubbles: true }));
	})(document.querySelector(%s))`
	if err := p.do(ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(choose, quote(value), quote(selector)))); err != nil {
		return fmt.Errorf("choosing %q in %q: %w", value, selector, err)
	}
	return nil
}
