package smoke

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
)

// Result is what a visit saw.
type Result struct {
	Recording string `json:"recording"`
	Loader    string `json:"loader"`

	Reached bool   `json:"reached"`           // the payment step is open
	Step    string `json:"step"`              // the last step that opened; empty: none
	Stopped string `json:"stopped,omitempty"` // why it went no further
	Marks   []Mark `json:"marks"`             // when each step opened

	// Scripts and styles of the page in the order of their insertion, the
	// auto-loader included, by file in dist.
	Resources []Resource `json:"resources"`

	// Requests counts the page's requests to dist, hints, images and those
	// answered by the cache included; Fetched those that reached the server,
	// and Files names what these asked for.
	Requests int      `json:"requests"`
	Fetched  int      `json:"fetched"`
	Files    []string `json:"files"`

	Errors     []string            `json:"errors"`     // the browser's lines in the console
	Reported   []string            `json:"reported"`   // the page's own console errors
	Exceptions []string            `json:"exceptions"` // uncaught
	Violations []browser.Violation `json:"violations"` // what integrity blocked
	Unanswered []string            `json:"unanswered"` // API requests without a recorded answer

	Screenshot []byte `json:"-"` // PNG

	base string // dist's address during the visit
}

// Mark is a moment of the visit.
type Mark struct {
	Name string        `json:"name"`
	At   time.Duration `json:"at"` // since the navigation started
}

// Resource is a script or style of the page.
type Resource struct {
	File      string       `json:"file"`
	Kind      browser.Kind `json:"kind"`
	Integrity string       `json:"integrity"` // empty: not pinned
	Dynamic   bool         `json:"dynamic"`
	Present   bool         `json:"present"` // still in the document at the end
	State     string       `json:"state"`
}

// InPage counts the scripts and styles in the document at the end.
func (r *Result) InPage() int { return r.count(func(e Resource) bool { return e.Present }) }

// Loaded counts the scripts and styles that were ever inserted: loaders may
// remove their elements.
func (r *Result) Loaded() int { return len(r.Resources) }

// Unpinned counts those among Loaded without integrity.
func (r *Result) Unpinned() int { return r.count(func(e Resource) bool { return e.Integrity == "" }) }

func (r *Result) count(match func(Resource) bool) (n int) {
	for _, e := range r.Resources {
		if match(e) {
			n++
		}
	}
	return n
}

// mark notes the page's own clock.
func (r *Result) mark(ctx context.Context, page *browser.Page, name string) error {
	ms, err := browser.Evaluate[float64](ctx, page, "performance.now()")
	if err != nil {
		return err
	}
	r.Marks = append(r.Marks, Mark{name, time.Duration(ms * float64(time.Millisecond)).Round(time.Millisecond)})
	return nil
}

// collect reads everything else from the page and the servers.
func (r *Result) collect(ctx context.Context, page *browser.Page, files *cdn, st *store) error {
	list, err := page.Resources(ctx)
	for _, e := range list {
		name, ours := inDist(e.URL, r.base)
		if ours && (e.Kind == browser.Script || e.Kind == browser.Style) {
			r.Resources = append(r.Resources, Resource{
				File: name, Kind: e.Kind, Integrity: e.Integrity,
				Dynamic: e.Dynamic, Present: e.Present, State: e.State,
			})
		}
	}
	for _, q := range page.Requests() {
		if _, ours := inDist(q.URL, r.base); ours {
			r.Requests++
		}
	}
	r.Fetched, r.Files = files.requests()
	for _, m := range page.Console() {
		switch {
		case m.Level != "error":
		case m.Source == "console":
			r.Reported = append(r.Reported, m.Text)
		default:
			r.Errors = append(r.Errors, strings.TrimSpace(m.Text+" "+m.URL))
		}
	}
	for _, e := range page.Exceptions() {
		r.Exceptions = append(r.Exceptions, fmt.Sprintf("%s (%s:%d:%d)", e.Text, e.URL, e.Line, e.Column))
	}
	r.Violations = page.Violations()
	r.Unanswered = st.unanswered()
	png, shotErr := page.Screenshot(ctx)
	r.Screenshot = png
	return errors.Join(err, shotErr)
}

// Summary is the result in one line.
func (r *Result) Summary() string {
	return fmt.Sprintf("payment step reached: %t; scripts and styles: %d in the page, %d loaded, %d without integrity; %d requests to dist; %d exceptions",
		r.Reached, r.InPage(), r.Loaded(), r.Unpinned(), r.Requests, len(r.Exceptions))
}
