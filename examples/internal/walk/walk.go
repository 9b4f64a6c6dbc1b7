// Package walk goes through an example checkout in a browser as a shopper does.
package walk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// patience bounds each wait for the page.
const patience = 15 * time.Second

// Shopper walks through one page. Every step waits for what it needs.
type Shopper struct {
	Page *browser.Page
}

// ToPayment opens the page and fills in everything before the payment.
func (s Shopper) ToPayment(ctx context.Context, url string) error {
	steps := []struct {
		name string
		do   func() error
	}{
		{"opening the page", func() error { return s.Page.Open(ctx, url) }},
		{"waiting for the first step", func() error { return s.orAlert(ctx, `document.querySelector('[data-step=customer]')`) }},
		{"giving an email", func() error { return s.fill(ctx, map[string]string{"email": "ada@example.com"}) }},
		{"ending the customer's step", func() error { return s.submit(ctx, "customer") }},
		{"waiting for the shipping step", func() error { return s.orAlert(ctx, `document.querySelector('[data-step=shipping] button')`) }},
		{"giving an address", func() error {
			return s.fill(ctx, map[string]string{"name": "Ada Lovelace", "street": "Ockham Road 1", "postcode": "10115", "city": "Berlin"})
		}},
		{"ending the shipping step", func() error { return s.submit(ctx, "shipping") }},
		{"waiting for the payment step", func() error {
			return s.orAlert(ctx, `document.querySelector('[data-step=payment] input[name=method]')`)
		}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// Methods returns the payment methods that the page offers, in its order.
func (s Shopper) Methods(ctx context.Context) ([]string, error) {
	methods, err := browser.Evaluate[[]string](ctx, s.Page, `Array.from(document.querySelectorAll('input[name=method]'), (input) => input.value)`)
	if err == nil && len(methods) == 0 {
		err = fmt.Errorf("the page offers no payment method")
	}
	return methods, err
}

// Choose picks a payment method and waits until its form is there.
func (s Shopper) Choose(ctx context.Context, method string) error {
	if err := s.Page.Click(ctx, fmt.Sprintf("input[name=method][value=%q]", method), patience); err != nil {
		return fmt.Errorf("choosing %q: %w", method, err)
	}
	if err := s.orAlert(ctx, fmt.Sprintf("document.querySelector('[data-method=%q][data-ready]')", method)); err != nil {
		return fmt.Errorf("choosing %q: %w", method, err)
	}
	return nil
}

// PayByCard fills in the card's form, which must be there, and pays.
func (s Shopper) PayByCard(ctx context.Context) error {
	card := map[string]string{"cardNumber": "4111111111111111", "cardExpiry": "12/39", "cardCode": "123"}
	if err := s.fill(ctx, card); err != nil {
		return fmt.Errorf("filling in the card: %w", err)
	}
	if err := s.submit(ctx, "payment"); err != nil {
		return fmt.Errorf("paying: %w", err)
	}
	return s.ToConfirmation(ctx)
}

// ToConfirmation waits for the page of a placed order.
func (s Shopper) ToConfirmation(ctx context.Context) error {
	if err := s.orAlert(ctx, `document.querySelector('[data-step=confirmation] [data-order]')`); err != nil {
		return fmt.Errorf("waiting for the confirmation: %w", err)
	}
	return nil
}

// Alert is a problem that the page shows its shopper.
type Alert struct {
	Name    string `json:"name"`    // of the error, for example "ChunkLoadError"
	Message string `json:"message"` // of the error
	Text    string `json:"text"`    // as shown
}

func (a *Alert) Error() string {
	return fmt.Sprintf("the page says %q (%s: %s)", a.Text, a.Name, a.Message)
}

// orAlert waits for a condition, and gives up at once when the page says that
// something failed; the error is then an *Alert.
func (s Shopper) orAlert(ctx context.Context, condition string) error {
	const alert = `document.querySelector('[role=alert]')`
	if err := s.Page.Wait(ctx, condition+" || "+alert, patience); err != nil {
		return err
	}
	shown, err := browser.Evaluate[*Alert](ctx, s.Page, `(() => {
		const alert = `+alert+`;
		return alert && {name: alert.dataset.error, message: alert.title, text: alert.textContent};
	})()`)
	if err != nil {
		return err
	}
	if shown != nil {
		return shown
	}
	return nil
}

func (s Shopper) fill(ctx context.Context, values map[string]string) error {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := s.Page.Fill(ctx, fmt.Sprintf("input[name=%q]", name), values[name], patience); err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
	}
	return nil
}

func (s Shopper) submit(ctx context.Context, step string) error {
	return s.Page.Click(ctx, fmt.Sprintf("[data-step=%q] button[type=submit]", step), patience)
}
