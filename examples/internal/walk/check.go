package walk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/examples/internal/shop"
	"github.com/org/checkout-deploy/internal/browser"
)

// Report is what a shopper's walk through an example showed.
type Report struct {
	Methods    []string // payment methods whose form was shown
	Pins       Pins
	Traps      int      // listed by the example
	Bitten     []string // what Judge said
	Unexpected []string // exceptions and integrity violations
}

// Wrong lists everything that should not be.
func (r Report) Wrong() []string {
	return slices.Concat(r.Pins.Unpinned, r.Bitten, r.Unexpected)
}

// String is a few lines for a person.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  payment methods shown: %s, and an order placed\n", strings.Join(r.Methods, ", "))
	fmt.Fprintf(&b, "  pinned: %d of %d scripts and styles\n", r.Pins.Scripts+r.Pins.Styles-len(r.Pins.Unpinned), r.Pins.Scripts+r.Pins.Styles)
	fmt.Fprintf(&b, "  traps: %d of %d fine\n", r.Traps-len(r.Bitten), r.Traps)
	for _, wrong := range r.Wrong() {
		fmt.Fprintf(&b, "  WRONG %s\n", wrong)
	}
	return b.String()
}

// Check goes through a served example: every payment method is chosen, the
// first one twice so that its style meets the others', and an order is placed.
// The error says that the walk could not be ended.
func Check(ctx context.Context, b *browser.Browser, s *shop.Shop, example string, build *shop.Build) (Report, error) {
	traps, err := ReadTraps(example)
	if err != nil {
		return Report{}, err
	}
	page, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = page.Close() }()
	shopper := Shopper{page}
	report := Report{Traps: len(traps)}
	if report.Methods, err = shopper.Buy(ctx, s.URL()); err != nil {
		return report, fmt.Errorf("%w%s", err, remarks(page))
	}
	sights, err := shopper.Sights(ctx)
	if err != nil {
		return report, err
	}
	report.Bitten = Judge(traps, sights, build.Format())
	if report.Pins, err = shopper.Pins(ctx, s.Assets(), build.Release, build.IsModule()); err != nil {
		return report, err
	}
	for _, e := range page.Exceptions() {
		report.Unexpected = append(report.Unexpected, "exception: "+e.Text)
	}
	for _, v := range page.Violations() {
		report.Unexpected = append(report.Unexpected, "blocked: "+v.Text)
	}
	return report, nil
}

// Buy walks from the first step to a placed order and returns the payment
// methods that it tried on the way.
func (s Shopper) Buy(ctx context.Context, url string) ([]string, error) {
	if err := s.ToPayment(ctx, url); err != nil {
		return nil, err
	}
	methods, err := s.Methods(ctx)
	if err != nil {
		return nil, err
	}
	for _, method := range append(methods, "card") {
		if err := s.Choose(ctx, method); err != nil {
			return nil, err
		}
		// Images and fonts report when they are there.
		if err := s.Page.Quiet(ctx, 100*time.Millisecond, patience); err != nil {
			return nil, err
		}
	}
	return methods, s.PayByCard(ctx)
}

// remarks is what the console and the engine said, for an error message.
func remarks(page *browser.Page) string {
	var b strings.Builder
	for _, m := range page.Console() {
		if m.Level == "error" {
			fmt.Fprintf(&b, "\n  console: %s", m.Text)
		}
	}
	for _, e := range page.Exceptions() {
		fmt.Fprintf(&b, "\n  exception: %s", e.Text)
	}
	return b.String()
}
