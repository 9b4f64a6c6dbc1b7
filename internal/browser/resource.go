package browser

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Kind is the use of a resource.
type Kind string

const (
	Script    Kind = "script"    // executed, classic or module
	Style     Kind = "style"     // a style sheet, linked or inline
	Hint      Kind = "hint"      // link rel=preload, modulepreload or prefetch
	ImportMap Kind = "importmap" // script type=importmap
	Data      Kind = "data"      // a script element that is not executed
)

// Resource is a script, style or hint element of the page, as the DOM had it
// when it was inserted.
type Resource struct {
	Kind   Kind   `json:"kind"`
	Module bool   `json:"module,omitempty"` // script type=module
	Rel    string `json:"rel,omitempty"`    // of a link

	// URL is absolute, without fragment; empty for an inline one, whose content
	// is in Text.
	URL  string `json:"url,omitempty"`
	Text string `json:"text,omitempty"`

	Integrity   string `json:"integrity,omitempty"`
	CrossOrigin string `json:"crossOrigin,omitempty"` // "", "anonymous" or "use-credentials"
	Nonce       string `json:"nonce,omitempty"`

	// Dynamic: inserted by a script, not by the HTML. For a linked one the
	// browser's account of what started the request decides, for an inline one
	// whether the document's bytes contain it.
	Dynamic bool `json:"dynamic,omitempty"`

	// Present: still in the document. Loaders like webpack's remove a script
	// element once it ran.
	Present bool `json:"present"`

	// State is "loaded", "failed" (error event: network, CORS, integrity, CSP)
	// or "" while neither is known; inline ones stay "".
	State string `json:"state,omitempty"`
}

// world names the isolated world the observer lives in: it sees the page's
// DOM, the page's scripts see nothing of it.
const world = "checkout-deploy"

//go:embed observer.js
var observer string

// seen is what observer.js reports for an element.
type seen struct {
	Resource
	Parsing bool `json:"parsing"`
}

// Resources returns the script, style and hint elements that the top document
// has or had since it was opened, in the order of their insertion.
func (p *Page) Resources(ctx context.Context) ([]Resource, error) {
	list, err := run(ctx, p, p.observed)
	if err != nil {
		return nil, fmt.Errorf("reading the page's scripts and styles: %w", err)
	}
	initiators, document := p.origins()
	var html []byte
	resources := make([]Resource, len(list))
	for i, s := range list {
		r := s.Resource
		r.URL, _, _ = strings.Cut(r.URL, "#")
		switch {
		case r.URL != "":
			r.Dynamic = !s.Parsing || initiators[r.URL] == "script"
		case !s.Parsing:
			r.Dynamic = true
		case r.Text != "":
			if html == nil && document.ID != "" {
				if html, err = p.Body(ctx, document); err != nil {
					return nil, err
				}
			}
			r.Dynamic = !bytes.Contains(html, []byte(strings.TrimSpace(r.Text)))
		}
		resources[i] = r
	}
	return resources, nil
}

// observed reads the observer's list in its own world.
func (p *Page) observed(ctx context.Context, _ *chromedp.Target) ([]seen, error) {
	frame := p.topFrame()
	if frame == "" {
		return nil, nil // nothing was opened yet
	}
	// An isolated world is made once for a name and document; asking again
	// gives the one the observer runs in.
	made, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: cdp.FrameID(frame), WorldName: world})
	if err != nil {
		return nil, err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[[]seen]("checkoutDeployResources()", func(e *runtime.EvaluateParams) {
		e.ContextID = made.ExecutionContextID
	}))
}

// origins returns what started each script and style request, by address, and
// the request of the last document.
func (r *record) origins() (initiators map[string]string, document Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	initiators = map[string]string{}
	for _, q := range r.requests {
		switch q.Type {
		case "Document":
			// Frames have documents too; theirs are started by an element.
			if q.Initiator == "other" {
				document = q
			}
		case "Script", "Stylesheet":
			if _, known := initiators[q.URL]; !known {
				initiators[q.URL] = q.Initiator
			}
		}
	}
	return initiators, document
}
