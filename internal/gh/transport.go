package gh

import (
	"net/http"
	"net/url"
)

type transport struct {
	options Options
	base    *url.URL
}

func newTransport(o Options, base *url.URL) *transport { return &transport{options: o, base: base} }

func (t *transport) RoundTrip(*http.Request) (*http.Response, error) { panic("soon") }
