package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Alarm is one alteration of a drill and what came of it.
type Alarm struct {
	Name    string // what was altered, in words
	Want    string // the rule
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

// Drill looks at the first page twice, once as it is and once altered between the
// servers and the browser, and says which alarms the alterations raised that the page
// as it is does not. Nobody else gets the altered page.
func Drill(ctx context.Context, o Options, b *Baseline, a Against) (*DrillResult, error) {
	if b == nil {
		return nil, errors.New("a drill: got no baseline, want one to alter the page against")
	}
	if o.Browser == nil {
		return &DrillResult{Alarms: []Alarm{{Name: "any alteration", Want: "live/changed-script", Message: "there is no browser to load an altered page"}}}, nil
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
	alarms, alterations := planned(b, asIs.Pages[0])
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
		alarms[i].judge(quiet, loud)
	}
	return &DrillResult{Alarms: alarms}, nil
}

// judge looks for the alarm among the differences of the altered page. One that the
// page raises as it is shows nothing.
func (a *Alarm) judge(quiet, loud []Difference) {
	match := func(d Difference) bool { return d.Rule == a.Want && d.URL == a.URL }
	switch i := slices.IndexFunc(loud, match); {
	case a.URL == "": // planned says why
	case slices.ContainsFunc(quiet, match):
		a.Message = "the page raises this alarm without being altered; put that right first"
	case i < 0:
		a.Message = "nothing was noticed"
	default:
		a.Fired, a.Message = true, loud[i].Message
	}
}

func planned(b *Baseline, page Page) ([]Alarm, []Alteration) {
	changed := Alarm{Name: "a byte of a script is another", Want: "live/changed-script", Message: "the page has no linked script to change"}
	injected := Alarm{Name: "a script is injected after 2 s", Want: "live/new-script", URL: origin(page.Loaded.Document.URL) + drillPath}
	dropped := Alarm{Name: "a security header is dropped", Want: "live/header-missing", Message: "the baseline has no security header that could be dropped"}
	alter := []Alteration{{Insert: injected.URL, After: drillDelay, Body: drillBody}}

	known := map[string]bool{}
	var headers map[string][]string
	for _, p := range b.Pages {
		if p.URL == shown(page.URL) {
			headers = p.Loaded
			for _, r := range p.Resources {
				known[r.URL] = r.Kind == Script && r.Via == Linked
			}
		}
	}
	for _, r := range page.Resources {
		if r.Kind == Script && r.Via == Linked && r.In == "page" && r.Blocked == "" && known[shown(r.URL)] {
			changed.URL = named(r)
			alter = append(alter, Alteration{URL: r.URL, Flip: true})
			break
		}
	}
	for _, name := range SecurityHeaders {
		if len(headers[name]) > 0 && name != "Set-Cookie" {
			dropped.URL, dropped.Name = shown(page.URL)+" "+name, "the header "+name+" is dropped"
			alter = append(alter, Alteration{URL: strings.SplitN(page.Loaded.Document.URL, "#", 2)[0], Drop: name})
			break
		}
	}
	return []Alarm{changed, injected, dropped}, alter
}
