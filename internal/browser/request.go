package browser

import (
	"fmt"

	"github.com/chromedp/cdproto/network"
)

// Request is one request of a page and how it ended.
type Request struct {
	ID     string // the browser's own name for it; redirect hops share it
	URL    string // without fragment
	Method string
	Type   string // "Document", "Script", "Stylesheet", "Fetch", "Prefetch", …: CDP's Network.ResourceType

	// Initiator says what started the request: "parser" for an element of the
	// HTML, "script" for one made by a script, "other" for the rest.
	Initiator string

	Status    int               // HTTP status; 0 without a response
	MIME      string            // as the browser determined it
	Headers   map[string]string // of the response as received, names as sent
	Bytes     int64             // over the network, headers included; 0 from the cache
	FromCache bool
	Done      bool // finished or failed

	// Failed is the network error ("net::ERR_…"), empty when a response came.
	Failed string
	// Blocked says why the browser refused the request or its response: "csp",
	// "mixed-content", "origin", … (CDP's Network.BlockedReason), "cors: …", or
	// "integrity", which is ours: CDP reports such a request as finished.
	Blocked string
}

func (r *record) sent(ev *network.EventRequestWillBeSent) {
	if i, known := r.latest[ev.RequestID]; known && ev.RedirectResponse != nil {
		hop := &r.requests[i]
		hop.response(ev.RedirectResponse)
		hop.Done = true
	}
	r.latest[ev.RequestID] = len(r.requests)
	q := Request{
		ID: string(ev.RequestID), URL: ev.Request.URL, Method: ev.Request.Method,
		Type: string(ev.Type),
	}
	if ev.Initiator != nil {
		q.Initiator = string(ev.Initiator.Type)
	}
	r.requests = append(r.requests, q)
}

// change edits the last hop of a request. An event for an unknown request, one
// that started before the page was attached, is dropped.
func (r *record) change(id network.RequestID, edit func(*Request)) {
	if i, known := r.latest[id]; known {
		edit(&r.requests[i])
	}
}

func (q *Request) received(ev *network.EventResponseReceived) {
	q.Type = string(ev.Type)
	q.response(ev.Response)
}

func (q *Request) response(res *network.Response) {
	q.Status, q.MIME = int(res.Status), res.MimeType
	q.FromCache = q.FromCache || res.FromDiskCache || res.FromPrefetchCache
	q.Headers = make(map[string]string, len(res.Headers))
	for name, value := range res.Headers {
		q.Headers[name] = fmt.Sprint(value)
	}
}

func (q *Request) failed(ev *network.EventLoadingFailed) {
	q.Done, q.Failed = true, ev.ErrorText
	if q.Blocked == "" {
		q.Blocked = string(ev.BlockedReason)
	}
	if c := ev.CorsErrorStatus; c != nil && q.Blocked == "" {
		q.Blocked = "cors: " + string(c.CorsError)
	}
}
