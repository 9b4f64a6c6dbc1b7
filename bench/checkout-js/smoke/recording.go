// Package smoke drives a built checkout-js in a real browser to its payment
// step, against a store that answers from the app's own end-to-end recordings.
//
// Nothing of the application is kept here: the recordings are read from an
// installed checkout at run time.
package smoke

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Two of the app's recordings. Yardstick opens at the payment step with a card
// form: webpack's build has 9 scripts and styles in the page there. GuestWalk
// goes through the customer, shipping and payment steps.
const (
	Yardstick = "CC-with-BlueSnap-in-Payment-Step"
	GuestWalk = "Shipping-with-Guest-checkout"
)

// Recording is a HAR file (HTTP Archive 1.2) of the store's API.
type Recording struct {
	Name       string // the folder's name without its hash
	CheckoutID string
	entries    []entry
}

// entry is the part of a HAR entry that a replay needs.
type entry struct {
	Request struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	} `json:"request"`
	Response struct {
		Status  int `json:"status"`
		Content struct {
			MIME string `json:"mimeType"`
			Text string `json:"text"`
		} `json:"content"`
	} `json:"response"`
}

// Recordings lists the recordings of an installed checkout-js, by name.
func Recordings(app string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(app, "packages", "*", "e2e", "__har__", "*", "recording.har"))
	if err != nil {
		return nil, fmt.Errorf("looking for recordings in %q: %w", app, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%q has no packages/*/e2e/__har__/*/recording.har: is it a checkout of checkout-js?", app)
	}
	byName := make(map[string]string, len(paths))
	for _, path := range paths {
		folder := filepath.Base(filepath.Dir(path))
		name := folder
		if i := strings.LastIndexByte(folder, '_'); i > 0 {
			name = folder[:i]
		}
		byName[name] = path
	}
	return byName, nil
}

// ReadRecording reads one of the app's recordings by its name.
func ReadRecording(app, name string) (*Recording, error) {
	all, err := Recordings(app)
	if err != nil {
		return nil, err
	}
	path, known := all[name]
	if !known {
		return nil, fmt.Errorf("no recording %q in %q: %s", name, app, strings.Join(sortedKeys(all), ", "))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the recording %q: %w", name, err)
	}
	var har struct {
		Log struct {
			Entries []entry `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(data, &har); err != nil {
		return nil, fmt.Errorf("reading the recording %q: %w", path, err)
	}
	r := &Recording{Name: name, entries: har.Log.Entries}
	if r.CheckoutID = r.checkoutID(); r.CheckoutID == "" {
		return nil, fmt.Errorf("the recording %q asks for no checkout", path)
	}
	return r, nil
}

// checkoutID finds the recorded cart: its id is in the checkout's address.
func (r *Recording) checkoutID() string {
	const before = "/api/storefront/checkout/"
	for _, e := range r.entries {
		if _, after, found := strings.Cut(e.Request.URL, before); found {
			id, _, _ := strings.Cut(after, "?")
			return id
		}
	}
	return ""
}
