package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// Alarm is one alteration of a drill and what came of it.
type Alarm struct {
	Name    string   // what was altered, in words
	Want    []string // the rules, one of which has to tell it
	URL     string
	Fired   bool
	Message string // of the difference, or why there was none
}

// DrillResult is what a drill showed.
type DrillResult struct{ Alarms []Alarm }

// Passed says that every alarm fired, and that there was one.
func (d *DrillResult) Passed() bool {
	return len(d.Alarms) > 0 && !slices.ContainsFunc(d.Alarms, func(a Alarm) bool { return !a.Fired })
}

// drillScript is what the injected script does: nothing.
const (
	drillPath  = "/checkout-deploy-drill.js"
	drillBody  = "/* a drill: this script was injected to see whether it is noticed */\n"
	drillDelay = 2 * time.Second
)

// drilledHeaders are those that a drill drops, the first that the page has: what
// keeps scripts out before the rest.
var drilledHeaders = []string{
	"Content-Security-Policy", "Strict-Transport-Security", "Integrity-Policy", "Permissions-Policy", "X-Frame-Options", "X-Content-Type-Options",
	"Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy",
}

// Drill looks at the first page twice, once as it is and once altered between the
// servers and the browser, and says which alarms the alterations raised that the page
// as it is does not. A difference milder than least alarms nobody, and is no alarm.
// Nobody else gets the altered page.
func Drill(ctx context.Context, o Options, b *Baseline, a Against, least finding.Severity) (*DrillResult, error) {
	if b == nil {
		return nil, errors.New("a drill: got no baseline, want one to alter the page against")
	}
	if o.Browser == nil {
		return &DrillResult{Alarms: []Alarm{{Name: "any alteration", Want: []string{"live/changed-script"}, Message: "there is no browser to load an altered page"}}}, nil
	}
	if len(o.Pages) == 0 {
		return nil, errors.New("a drill: got no page")
	}
	o.Pages = o.Pages[:1]
	if o.Settle = o.Settle.withDefaults(); o.Settle.Stay < drillDelay+time.Second {
		o.Settle.Stay = drillDelay + time.Second
	}
	asIs, err := Observe(ctx, o)
	if err != nil {
		return nil, err
	}
	if f := asIs.Pages[0].Failed; f != "" {
		return nil, fmt.Errorf("a drill: the page as it is: %s", f)
	}
	alarms, alterations := planned(b, a, asIs.Pages[0])
	page := observe(ctx, newFetcher(o.Client, o.Allow), o, o.Pages[0], alterations)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if page.Failed != "" {
		return nil, fmt.Errorf("a drill: the altered page: %s", page.Failed)
	}
	quiet := Compare(b, a, asIs)
	loud := Compare(b, a, &Observation{Browser: asIs.Browser, Pages: []Page{page}})
	for i := range alarms {
		alarms[i].judge(quiet, loud, least)
	}
	return &DrillResult{Alarms: alarms}, nil
}

// judge looks for the alarm among the differences of the altered page. One that the
// page raises as it is shows nothing.
func (a *Alarm) judge(quiet, loud []Difference, least finding.Severity) {
	match := func(d Difference) bool { return slices.Contains(a.Want, d.Rule) && d.URL == a.URL }
	switch i := slices.IndexFunc(loud, match); { // the worst is the first
	case a.URL == "": // planned says why
	case slices.ContainsFunc(quiet, match):
		a.Message = "the page raises this alarm without being altered; put that right first"
	case i < 0:
		a.Message = "nothing was noticed"
	case loud[i].Severity.Rank() < least.Rank():
		a.Message = fmt.Sprintf("it was noticed with the severity %s, which alarms nobody: %s", loud[i].Severity, loud[i].Message)
	default:
		a.Fired, a.Message = true, loud[i].Message
	}
}

// planned are the alarms that should go off, and what is altered for each.
func planned(b *Baseline, a Against, page Page) ([]Alarm, []Alteration) {
	changed := Alarm{Name: "a byte of a script is another", Want: []string{"live/changed-script", "live/integrity-mismatch", "live/new-script"}, Message: "the page has no linked script of the baseline or a release to change"}
	injected := Alarm{Name: "a script is injected after 2 s", Want: []string{"live/new-script"}, URL: origin(page.Loaded.Document.URL) + drillPath}
	dropped := Alarm{Name: "a security header is dropped", Want: []string{"live/header-missing"}, Message: "the baseline has no security header that could be dropped"}
	alter := []Alteration{{Insert: injected.URL, After: drillDelay, Body: drillBody}}
	var was BaselinePage
	for _, p := range b.Pages {
		if p.URL == shown(page.URL) {
			was = p
		}
	}
	if r, ok := flippable(was, a, page); ok {
		changed.URL = named(r)
		alter = append(alter, Alteration{URL: r.URL, Flip: true})
	}
	for _, name := range drilledHeaders {
		if len(was.Loaded[name]) > 0 {
			dropped.URL, dropped.Name = shown(page.URL)+" "+name, "the header "+name+" is dropped"
			alter = append(alter, Alteration{URL: strings.SplitN(page.Loaded.Document.URL, "#", 2)[0], Drop: name})
			break
		}
	}
	return []Alarm{changed, injected, dropped}, alter
}

// flippable is a script whose change should alarm: of the baseline or a later release,
// and one that nothing excepts, if there is one.
func flippable(was BaselinePage, a Against, page Page) (found Resource, ok bool) {
	known, own := map[string]bool{}, hashes(a.Own)
	for _, r := range was.Resources {
		known[r.URL] = known[r.URL] || r.Kind == Script && r.Via == Linked
	}
	for _, r := range page.Resources {
		if r.Kind != Script || r.Via != Linked || r.In != "page" || r.Blocked != "" || !known[shown(r.URL)] && !own[r.SHA384] {
			continue
		}
		if excepted := a.evergreen(page.URL, r); !excepted {
			return r, true
		} else if !ok {
			found, ok = r, true
		}
	}
	return found, ok
}
