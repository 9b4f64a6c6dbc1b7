package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Reader is who looks at a page and on what. The zero value is the window as it
// is, light, with scripts.
type Reader struct {
	Width, Height int  // of the viewport, in CSS pixels; 0 for the window's
	Dark          bool // prefers a dark colour scheme
	Print         bool // media type print
	NoScript      bool // from the next address on
}

// Emulate makes the page look as it does to a reader.
func (p *Page) Emulate(ctx context.Context, r Reader) error {
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}}
	if r.Dark {
		media.Features[0].Value = "dark"
	}
	if r.Print {
		media.Media = "print"
	}
	size := emulation.SetDeviceMetricsOverrideParams{Width: int64(r.Width), Height: int64(r.Height)}
	err := p.do(ctx, func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
			return none, err
		}
		if _, err = chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, size); err != nil {
			return none, err
		}
		_, err = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: r.NoScript})
		return none, err
	})
	if err != nil {
		return fmt.Errorf("emulating a reader: %w", err)
	}
	return nil
}

// Press types keys into what has the focus: characters, "\t" for Tab, "\r" for
// Enter.
func (p *Page) Press(ctx context.Context, keys string) error {
	if err := p.do(ctx, chromedp.KeyEvent(keys)); err != nil {
		return fmt.Errorf("pressing %q: %w", keys, err)
	}
	return nil
}

// PDF returns the page as printed on the paper that its style asks for.
func (p *Page) PDF(ctx context.Context) ([]byte, error) {
	yes := true
	data, err := run(ctx, p, func(ctx context.Context, _ *chromedp.Target) ([]byte, error) {
		out, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: &yes, PreferCSSPageSize: &yes})
		if err != nil {
			return nil, err
		}
		return out.Data, nil
	})
	if err != nil {
		return nil, fmt.Errorf("printing the page: %w", err)
	}
	return data, nil
}
