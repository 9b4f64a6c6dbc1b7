package smoke

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// step is a stage of the checkout: what shows that it is open, and how a guest
// completes it.
type step struct {
	name     string
	shown    string // CSS selector
	complete func(context.Context, *traveller) error
}

// steps in the order a shopper meets them. A recording may start at any.
var steps = []step{
	{"payment", "#checkout-payment-continue", nil},
	{"billing", "#checkout-billing-continue", completeBilling},
	{"shipping", "#checkoutShippingAddress [data-test='firstNameInput-text']", completeShipping},
	{"customer", "[data-test='checkout-customer-guest'] #email", completeCustomer},
}

// traveller walks a page through the steps.
type traveller struct {
	page   *browser.Page
	within time.Duration // bound for every single wait
}

// errStuck says that no further step appeared.
var errStuck = errors.New("the page shows no further step")

// next waits until a step other than the ones already done is open.
func (t *traveller) next(ctx context.Context, done map[string]bool) (step, error) {
	var selectors []string
	for _, s := range steps {
		if !done[s.name] {
			selectors = append(selectors, s.shown)
		}
	}
	if err := t.page.Visible(ctx, strings.Join(selectors, ", "), t.within); err != nil {
		return step{}, fmt.Errorf("%w: %w", errStuck, err)
	}
	for _, s := range steps {
		if done[s.name] {
			continue
		}
		const open = "[...document.querySelectorAll(%q)].some(e => e.getClientRects().length)"
		if seen, err := browser.Evaluate[bool](ctx, t.page, fmt.Sprintf(open, s.shown)); err != nil {
			return step{}, err
		} else if seen {
			return s, nil
		}
	}
	return step{}, fmt.Errorf("%w: one was open and closed again", errStuck)
}

func completeCustomer(ctx context.Context, t *traveller) error {
	const form = "[data-test='checkout-customer-guest'] "
	if err := t.page.Fill(ctx, form+"#email", "guest@example.com", t.within); err != nil {
		return err
	}
	return t.page.Click(ctx, "[data-test='customer-continue-as-guest-button']", t.within)
}

func completeShipping(ctx context.Context, t *traveller) error {
	if err := t.address(ctx, "#checkoutShippingAddress "); err != nil {
		return err
	}
	if err := t.page.Click(ctx, "#checkout-shipping-options .shippingOptions-container li", t.within); err != nil {
		return err
	}
	const ready = "(e => e && !e.disabled && !e.classList.contains('is-loading'))(document.querySelector('#checkout-shipping-continue'))"
	if err := t.page.Wait(ctx, ready, t.within); err != nil {
		return err
	}
	return t.page.Click(ctx, "#checkout-shipping-continue", t.within)
}

func completeBilling(ctx context.Context, t *traveller) error {
	if err := t.address(ctx, "#checkoutBillingAddress "); err != nil {
		return err
	}
	return t.page.Click(ctx, "#checkout-billing-continue", t.within)
}

// address fills an address form with what the recordings expect a guest to
// live at. The country comes before the state: it decides the list of states.
func (t *traveller) address(ctx context.Context, form string) error {
	fields := []struct{ field, value string }{
		{"firstNameInput-text", "Test"},
		{"lastNameInput-text", "Guest"},
		{"addressLine1Input-text", "1 Main Street"},
		{"cityInput-text", "New York"},
		{"countryCodeInput-select", "US"},
		{"provinceCodeInput-select", "NY"},
		{"postCodeInput-text", "10001"},
	}
	for _, f := range fields {
		selector := form + "[data-test='" + f.field + "']"
		fill := t.page.Fill
		if strings.HasSuffix(f.field, "-select") {
			fill = t.page.Select
		}
		if err := fill(ctx, selector, f.value, t.within); err != nil {
			return err
		}
	}
	return nil
}
