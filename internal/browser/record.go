package browser

import (
	"slices"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// record keeps what the browser tells about a page. Events arrive on chromedp's
// reading goroutine, one after another; readers get copies.
type record struct {
	mu         sync.Mutex
	messages   []Message
	exceptions []Exception
	requests   []Request
	latest     map[network.RequestID]int // index into requests: the last hop of a redirected one
	violations []Violation
	frame      string // the top frame's id once its document is there
}

func newRecord() *record {
	return &record{latest: map[network.RequestID]int{}}
}

// Console returns what the page and the browser wrote to the console, in order.
func (r *record) Console() []Message { return copied(r, &r.messages) }

// Exceptions returns the uncaught exceptions and unhandled rejections, in order.
func (r *record) Exceptions() []Exception { return copied(r, &r.exceptions) }

// Requests returns every request of the page in the order of their start, each
// hop of a redirect on its own. Requests of frames from other sites and of
// workers belong to other targets and are not among them; Page.Watch has theirs.
func (r *record) Requests() []Request { return copied(r, &r.requests) }

// Violations returns what Subresource Integrity blocked, in order.
func (r *record) Violations() []Violation { return copied(r, &r.violations) }

func copied[T any](r *record, list *[]T) []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(*list)
}

// pending returns the addresses of unfinished requests.
func (r *record) pending() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var urls []string
	for _, q := range r.requests {
		if !q.Done {
			urls = append(urls, q.URL)
		}
	}
	return urls
}

// event takes one protocol event. It must be quick: it holds up the tab's
// connection while it runs.
func (r *record) event(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		r.messages = append(r.messages, consoleMessage(ev))
	case *runtime.EventExceptionThrown:
		r.exceptions = append(r.exceptions, exception(ev.ExceptionDetails))
	case *log.EventEntryAdded:
		r.entry(ev.Entry)
	case *network.EventRequestWillBeSent:
		r.sent(ev)
	case *network.EventResponseReceived:
		r.change(ev.RequestID, func(q *Request) { q.received(ev) })
	case *network.EventRequestServedFromCache:
		r.change(ev.RequestID, func(q *Request) { q.FromCache = true })
	case *network.EventLoadingFinished:
		r.change(ev.RequestID, func(q *Request) { q.Done, q.Bytes = true, int64(ev.EncodedDataLength) })
	case *network.EventLoadingFailed:
		r.change(ev.RequestID, func(q *Request) { q.failed(ev) })
	case *page.EventFrameNavigated:
		if ev.Frame.ParentID == "" {
			r.frame = string(ev.Frame.ID)
		}
	}
}

// topFrame returns the top frame's id, empty before the first document.
func (r *record) topFrame() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.frame
}
