package srimanifest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/live"
)

// liveBrowser starts the installed browser, or the program of that name, or attaches
// to the one at a DevTools address, for live checks. The error wraps
// browser.ErrNoBrowser where none is installed. end ends what was started.
func liveBrowser(ctx context.Context, address string) (b live.Browser, end func() error, err error) {
	var found *browser.Browser
	if strings.Contains(address, "://") {
		found, err = browser.Connect(ctx, address)
	} else {
		found, err = browser.Start(ctx, browser.Options{Binary: address, Watched: true})
	}
	if err != nil {
		return nil, nil, err
	}
	return watching{found, browser.Settings{}}, found.Close, nil
}

// watching is live.Browser by internal/browser.
type watching struct {
	*browser.Browser
	settings browser.Settings
}

// toAnswer is what a browser gets to answer in besides the stay: one that hangs fails
// the page, and not the job, which would tell nobody.
const toAnswer = 30 * time.Second

func (b watching) Load(ctx context.Context, url string, settle live.Settle, alter []live.Alteration) (*live.Load, error) {
	ctx, cancel := context.WithTimeout(ctx, settle.Within+toAnswer)
	defer cancel()
	p, err := b.Page(ctx, b.settings)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	w, err := p.Watch(ctx, rules(alter)...)
	if err != nil {
		return nil, err
	}
	if err := insert(ctx, p, alter); err != nil {
		return nil, err
	}
	bounded, cancelOpening := context.WithTimeout(ctx, settle.Within)
	defer cancelOpening()
	if err := p.Open(bounded, url); err != nil {
		return nil, err
	}
	open, err := w.Quiet(ctx, settle.Stay, settle.Quiet, settle.Within)
	if err != nil {
		return nil, err
	}
	elements, err := p.Resources(ctx)
	if err != nil {
		return nil, err
	}
	sources, unseen := w.Sources()
	for _, u := range open {
		unseen = append(unseen, u+" (still loading)")
	}
	load := &live.Load{Unseen: unseen, Elements: liveElements(elements)}
	loaded(load, sources, p.Requests())
	for _, r := range elements {
		if r.Kind == browser.Style && r.URL == "" {
			style := live.Resource{Kind: live.Style, Via: live.Inline, URL: load.Document.URL, In: "page", By: load.Document.URL, Executed: true}
			style.Hold([]byte(r.Text))
			load.Resources = append(load.Resources, style)
		}
	}
	return load, nil
}

// loaded sorts what was watched into documents and resources.
func loaded(load *live.Load, sources []browser.Source, requests []browser.Request) {
	blocked := map[string]string{}
	for _, q := range requests {
		if q.Blocked != "" {
			blocked[q.ID] = q.Blocked
		}
	}
	top := ""
	for _, s := range sources {
		if s.Type == "Document" {
			// The first document and its redirects, and where scripts took the page then.
			if s.Target == "page" && (top == "" || top == s.ID || s.By == load.Document.URL && s.Initiator == "other") {
				if top == s.ID {
					load.Redirects = append(load.Redirects, live.Hop{URL: load.Document.URL, Status: load.Document.Status})
				}
				top = s.ID
				load.Document = live.Response{URL: s.URL, Status: s.Status, MIME: s.MIME, Header: live.KeepHeaders(s.Headers)}
			}
			continue
		}
		if s.Status/100 == 3 && s.SHA384 == "" {
			continue // a hop; the request goes on under its id
		}
		load.Resources = append(load.Resources, liveResource(s, blocked[s.ID]))
	}
}

func liveResource(s browser.Source, blocked string) live.Resource {
	r := live.Resource{
		Kind: live.Script, Via: live.Via(s.Via), URL: s.URL, In: s.Target, By: s.By, SHA384: s.SHA384, Hashes: s.Hashes, Size: s.Size, Problem: s.Problem,
		Status: s.Status, MIME: s.MIME, CORS: receivedHeader(s.Headers, "Access-Control-Allow-Origin"), Cache: receivedHeader(s.Headers, "Cache-Control"),
		Blocked: s.Blocked, Executed: s.Parsed,
	}
	if s.ID != "" && blocked != "" {
		r.Blocked = blocked
	}
	if s.Type == "Stylesheet" {
		r.Kind = live.Style
	}
	return r
}

func receivedHeader(h map[string]string, name string) string {
	for k, v := range h {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

func liveElements(all []browser.Resource) []live.Element {
	var out []live.Element
	for _, r := range all {
		if r.Kind == browser.Script || r.Kind == browser.Style {
			out = append(out, live.Element{Kind: live.Kind(r.Kind), URL: r.URL, Text: r.Text, Integrity: r.Integrity, CrossOrigin: r.CrossOrigin})
		}
	}
	return out
}

// rules are a drill's alterations as the browser makes them.
func rules(alter []live.Alteration) []browser.Rule {
	var out []browser.Rule
	for _, a := range alter {
		switch {
		case a.Insert != "":
			out = append(out, browser.Rule{URL: a.Insert, Make: a.Body})
		case a.Flip:
			out = append(out, browser.Rule{URL: a.URL, Body: func(b []byte) []byte {
				b = slices.Clone(b)
				if len(b) > 0 {
					b[len(b)-1] ^= 1
				}
				return b
			}})
		default:
			out = append(out, browser.Rule{URL: a.URL, Drop: a.Drop})
		}
	}
	return out
}

func insert(ctx context.Context, p *browser.Page, alter []live.Alteration) error {
	for _, a := range alter {
		if a.Insert == "" {
			continue
		}
		code := fmt.Sprintf("window === top && setTimeout(() => { const s = document.createElement('script'); s.src = %s; document.head.append(s); }, %d);",
			strconv.Quote(a.Insert), a.After/time.Millisecond)
		if err := p.Before(ctx, code); err != nil {
			return err
		}
	}
	return nil
}

// scanLive is live.Options.Scan by internal/integrity/page.
func scanLive(html []byte) ([]live.Element, error) {
	doc, err := page.Scan(html)
	if err != nil {
		return nil, err
	}
	var out []live.Element
	for _, e := range doc.Elements {
		kind := live.Script
		switch e.Kind {
		case page.Script, page.Module:
		case page.Style:
			kind = live.Style
		default:
			continue
		}
		url := e.URL
		if url != "" && doc.Base != "" {
			url = live.Absolute(doc.Base, url)
		}
		out = append(out, live.Element{Kind: kind, URL: url, Text: e.Text, NoModule: e.NoModule, Integrity: e.Integrity, CrossOrigin: e.CrossOrigin})
	}
	return out, nil
}
