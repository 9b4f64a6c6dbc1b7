package srimanifest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

const hostile = `</script><script>alert(1)</script>`

// samplePack is as large as a hosted checkout's: 140 files and 6 third parties.
func samplePack(t *testing.T) *evidence.Pack {
	t.Helper()
	done := evidence.Step{Outcome: evidence.Done}
	p := &evidence.Pack{
		Made: time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC),
		Tool: evidence.Tool{Name: "checkout-deploy/sri-manifest", Version: "1.0.0"},
		Subject: evidence.Subject{
			Name: "shop-checkout", Release: release.DigestOf([]byte("release")),
			Pages: []evidence.Page{{URL: "https://shop.example.com/checkout", Purpose: "The one page that takes card data."}},
		},
		Origin:   evidence.Origin{Repository: "org/shop", Commit: strings.Repeat("4f383b4", 6)[:40], Run: "https://github.com/org/shop/actions/runs/1234567890", Actor: "github-actions[bot]", Trigger: "schedule"},
		Method:   evidence.Method{Release: done, Inventory: done, Fetched: done, Executed: done, Alert: evidence.Step{Outcome: evidence.NotDone, Note: "nothing to alert of; the last drill was of 2026-11-02"}},
		Coverage: &evidence.Coverage{Covered: 139, Total: 140},
		Headers: []evidence.Header{
			{Page: "https://shop.example.com/checkout", Name: "Content-Security-Policy", Value: "default-src 'none'; script-src 'sha384-" + strings.Repeat("A", 64) + "' https://js.stripe.com https://www.paypal.com; style-src 'self' 'sha384-" + strings.Repeat("B", 64) + "'; connect-src 'self' https://api.stripe.com", Source: "received"},
			{Page: "https://shop.example.com/checkout", Name: "Permissions-Policy", Value: "payment=(self \"https://js.stripe.com\")", Source: "received"},
		},
		Findings: []evidence.Finding{{Rule: "inventory/new", Severity: finding.High, Message: `no line of the inventory names the script "https://www.googletagmanager.com/gtag/js?id=G-12345&l=dataLayer&cx=c" of https://shop.example.com/checkout: it is not approved`, Hint: "The proposed diff has a line for it."}},
	}
	p.Scripts = append(ownScripts(140), providers()...)
	if err := p.Seal(nil); err != nil {
		t.Fatal(err)
	}
	first, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p.Made = p.Made.AddDate(0, 0, 7)
	p.Scripts[3].Hash = release.IntegrityOf([]byte("other")).String()
	if err := p.Seal(first); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEvidencePage(t *testing.T) {
	p := samplePack(t)
	p.Scripts[0].Owner, p.Scripts[141].Name, p.Headers[0].Value, p.Subject.Name = hostile, hostile, hostile, "shop | `x` [y](https://evil.example)"
	page := evidencePage(p)
	html, err := page.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Evidence supporting PCI DSS v4.0.1", "6.4.3 a", "11.6.1 c", "https://js.stripe.com/v3/", "Not done", p.Scripts[9].Hash, p.Previous.String(), "script changed: "} {
		if !strings.Contains(string(html), want) {
			t.Errorf("got a page without %q", want)
		}
	}
	for _, bad := range []string{hostile, "compliant", "Compliant"} {
		if strings.Contains(string(html), bad) {
			t.Errorf("got %q in the page", bad)
		}
	}
	if page.Status == "passed" {
		t.Error("got a page that passes judgement")
	}
	if out := os.Getenv("EVIDENCE_PAGE"); out != "" {
		good, err := evidencePage(samplePack(t)).HTML()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(out, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func ownScripts(n int) (all []evidence.Script) {
	for i := range n {
		name := fmt.Sprintf("checkout-%d.%08x.js", i, i*2654435761)
		all = append(all, evidence.Script{
			Name: name, Kind: "script", Party: "own", Entry: "checkout", Source: "this repository", Owner: "team-checkout", Purpose: "The checkout itself.",
			Justification: "Business: it takes the order and the payment.", State: "approved", Hash: release.IntegrityOf([]byte(name)).String(),
			Approval: evidence.Approval{By: "Ada Moreau", Reference: "SEC-101", On: "2026-11-02", Expires: "2027-11-02"},
		})
	}
	return all
}

var thirdParties = []string{
	"https://js.stripe.com/v3/",
	"https://www.paypal.com/sdk/js?client-id=AbCdEfGhIjKlMnOpQrStUvWxYz0123456789&components=buttons,funding-eligibility&currency=EUR",
	"https://www.googletagmanager.com/gtm.js?id=GTM-ABC123",
	"https://x.klarnacdn.net/kp/lib/v1/api.js",
	"https://pay.google.com/gp/p/js/pay.js",
	"https://www.googletagmanager.com/gtag/js?id=G-12345&l=dataLayer&cx=c",
}

// providers are all excepted but the last, which nobody knows.
func providers() (all []evidence.Script) {
	for i, url := range thirdParties {
		s := evidence.Script{Name: url, Kind: "script", Party: "third", Page: "https://shop.example.com/checkout", State: "new", Hash: release.IntegrityOf([]byte(url)).String()}
		if i < 5 {
			s.State, s.Entry, s.Source, s.Owner = "exception", "provider", "Provider, Inc.", "team-payments"
			s.Purpose, s.Justification = "Card fields in frames of the provider.", "Technical: the provider supports no copy on other hosts."
			s.Approval = evidence.Approval{By: "Ada Moreau", Reference: "https://tickets.example.com/browse/SEC-102", On: "2026-11-02", Expires: "2027-05-02"}
			s.Exception = &evidence.Exception{Reason: "Its bytes change without a new address.", Control: "The live check compares the bytes each week.", Expires: "2027-05-02"}
		}
		all = append(all, s)
	}
	return all
}
