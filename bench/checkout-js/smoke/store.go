package smoke

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// store is the shop: the checkout page and the recorded API.
type store struct {
	page []byte

	mu      sync.Mutex
	answers map[string][]entry // method and path → answers in recorded order, the last one stays
	missing map[string]int     // requests the recording has no answer for
}

// pageTemplate is what the platform puts around the application: a container,
// window.checkoutConfig and the auto-loader, pinned by its owner.
var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<title>Checkout</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
</head>
<body>
<div id="checkout-app"></div>
<script>window.checkoutConfig = {containerId: "checkout-app", checkoutId: {{.CheckoutID}}};</script>
<script src="{{.Loader}}" integrity="{{.Integrity}}" crossorigin="anonymous"></script>
</body>
</html>
`))

// newStore makes a shop whose page loads the auto-loader from the given
// address. Recorded hosts don't matter: method and path select an answer.
func newStore(r *Recording, origin, loader, integrity string) (*store, error) {
	var page strings.Builder
	err := pageTemplate.Execute(&page, struct{ CheckoutID, Loader, Integrity string }{r.CheckoutID, loader, integrity})
	if err != nil {
		return nil, fmt.Errorf("writing the checkout page: %w", err)
	}
	s := &store{page: []byte(page.String()), answers: map[string][]entry{}, missing: map[string]int{}}
	for _, e := range r.entries {
		u, err := url.Parse(e.Request.URL)
		if err != nil {
			return nil, fmt.Errorf("reading the recording %q: %w", r.Name, err)
		}
		if u.Path == "/api/storefront/checkout-settings" {
			if e.Response.Content.Text, err = currentSettings(e.Response.Content.Text, origin); err != nil {
				return nil, fmt.Errorf("reading the recording %q: %w", r.Name, err)
			}
		}
		key := e.Request.Method + " " + u.Path
		s.answers[key] = append(s.answers[key], e)
	}
	s.supplement()
	return s, nil
}

// supplement answers what the app's own end-to-end tests mock as well: newer
// endpoints than the recordings.
func (s *store) supplement() {
	s.mock("/api/storefront/checkout-extensions", "[]")
	s.mock("/internalapi/v1/store/countries", `{"data": [{"code": "US", "name": "United States", "hasPostalCodes": true,
		"requiresState": true, "subdivisions": [{"code": "CA", "name": "California"}, {"code": "NY", "name": "New York"}]}]}`)
}

func (s *store) mock(path, body string) {
	var e entry
	e.Response.Status = http.StatusOK
	e.Response.Content.MIME, e.Response.Content.Text = "application/json", body
	s.answers["GET "+path] = []entry{e}
}

// currentSettings adds the settings that older recordings lack and sends the
// payment service's frames to the shop itself, as the app's own replay does:
// nothing leaves the machine.
func currentSettings(text, origin string) (string, error) {
	var settings map[string]any
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return "", fmt.Errorf("decoding checkout-settings: %w", err)
	}
	config, _ := settings["storeConfig"].(map[string]any)
	payment, _ := config["paymentSettings"].(map[string]any)
	checkout, _ := config["checkoutSettings"].(map[string]any)
	if payment == nil || checkout == nil {
		return "", fmt.Errorf("checkout-settings has no storeConfig.paymentSettings and .checkoutSettings")
	}
	payment["bigpayBaseUrl"] = origin
	if checkout["checkoutUserExperienceSettings"] == nil {
		checkout["checkoutUserExperienceSettings"] = map[string]any{"walletButtonsOnTop": false, "floatingLabelEnabled": false}
	}
	out, err := json.Marshal(settings)
	return string(out), err
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/checkout":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(s.page)
	case strings.Contains(r.URL.Path, "/images/"):
		w.Header().Set("Content-Type", "image/svg+xml")
		io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`)
	default:
		s.replay(w, r)
	}
}

func (s *store) replay(w http.ResponseWriter, r *http.Request) {
	e, known := s.next(r.Method + " " + r.URL.Path)
	if !known {
		http.Error(w, `{"title": "not recorded"}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", e.Response.Content.MIME)
	w.WriteHeader(e.Response.Status)
	io.WriteString(w, e.Response.Content.Text)
}

func (s *store) next(key string) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.answers[key]
	if len(list) == 0 {
		s.missing[key]++
		return entry{}, false
	}
	if len(list) > 1 {
		s.answers[key] = list[1:]
	}
	return list[0], true
}

// unanswered lists the requests without a recorded answer.
func (s *store) unanswered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sortedKeys(s.missing)
}
