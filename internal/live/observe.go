package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// Observe looks at every page. What a page did is in the Observation, also if it
// failed; an error is ctx's or that of an option.
func Observe(ctx context.Context, o Options) (*Observation, error) {
	if len(o.Pages) == 0 || len(o.Pages) > MaxPages {
		return nil, fmt.Errorf("got %d pages to look at, want 1 to %d", len(o.Pages), MaxPages)
	}
	for _, p := range o.Pages {
		if _, err := webURL(p); err != nil {
			return nil, err
		}
	}
	o.Settle = o.Settle.withDefaults()
	seen := &Observation{}
	if o.Browser != nil {
		seen.Browser = o.Browser.Version()
	}
	f := newFetcher(o.Client, o.Allow)
	for _, p := range o.Pages {
		page := observe(ctx, f, o, p, nil)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		seen.Pages = append(seen.Pages, page)
	}
	return seen, nil
}

func (s Settle) withDefaults() Settle {
	if s.Stay == 0 {
		s.Stay = DefaultStay
	}
	if s.Quiet == 0 {
		s.Quiet = DefaultQuiet
	}
	if s.Within == 0 {
		s.Within = s.Stay + DefaultWithin
	}
	return s
}

func observe(ctx context.Context, f *fetcher, o Options, address string, alter []Alteration) Page {
	page := Page{URL: address}
	got, err := f.get(ctx, address)
	if err != nil {
		page.Failed = clip(err.Error())
		return page // a browser is not led to where the check of addresses refused
	}
	page.Fetched, page.Redirects, page.SHA384, page.Inline = got.Response, got.hops, Pin(o.own(got.body)), inline(o, got.body)
	if o.Browser == nil {
		page.Resources = static(ctx, f, o, got)
		return page
	}
	load, err := o.Browser.Load(ctx, address, o.Settle, alter)
	if err != nil {
		page.Failed = "the browser: " + clip(err.Error())
		return page
	}
	page.Loaded, page.Resources = load, withElements(load.Resources, load.Elements, load.Document.URL)
	page.Resources = append(page.Resources, idle(page, inlineScripts(o, got.body))...)
	return page
}

// idle are the inline scripts of the document that the browser did not run, such as
// those that a policy blocks: somebody put them there all the same.
func idle(page Page, scripts []string) (all []Resource) {
	ran := map[string]bool{}
	for _, r := range page.Resources {
		ran[r.SHA384] = true
	}
	at := page.Loaded.Document.URL
	for _, text := range scripts {
		r := Resource{Kind: Script, Via: Inline, URL: at, In: "page", By: at}
		if r.Hold([]byte(text)); !ran[r.SHA384] {
			ran[r.SHA384] = true
			all = append(all, r)
		}
	}
	return all
}

// inline are the hashes of a document's inline scripts and styles.
func inline(o Options, html []byte) (all []string) {
	for _, text := range inlineOf(o, html, func(Element) bool { return true }) {
		all = append(all, Pin([]byte(text)))
	}
	return all
}

// inlineScripts are those of the scripts that a browser should run.
func inlineScripts(o Options, html []byte) []string {
	return inlineOf(o, html, func(e Element) bool { return e.Kind == Script && !e.NoModule && strings.TrimSpace(e.Text) != "" })
}

func inlineOf(o Options, html []byte, wanted func(Element) bool) (all []string) {
	if o.Scan == nil {
		return nil
	}
	elements, err := o.Scan(html)
	if err != nil {
		return nil
	}
	for _, e := range elements {
		if e.URL == "" && len(all) < MaxResources && wanted(e) {
			all = append(all, e.Text)
		}
	}
	return all
}

// static is what HTTP alone can see: what the HTML names.
func static(ctx context.Context, f *fetcher, o Options, page *fetched) []Resource {
	if o.Scan == nil {
		return nil
	}
	elements, err := o.Scan(page.body)
	if err != nil {
		return nil
	}
	var all []Resource
	for i, e := range elements {
		if i == MaxResources {
			break
		}
		r := Resource{Kind: e.Kind, Via: Linked, In: "page", By: page.URL, Integrity: clip(e.Integrity), CrossOrigin: e.CrossOrigin, Element: true}
		if e.URL == "" {
			r.Via, r.URL = Inline, page.URL
			r.Hold([]byte(e.Text))
			all = append(all, r)
			continue
		}
		r.URL = clip(Absolute(page.URL, e.URL))
		if got, err := f.get(ctx, r.URL); err != nil {
			r.Problem = clip(err.Error())
		} else {
			r.Hold(got.body)
			r.Status, r.MIME = got.Status, got.MIME
			r.CORS, r.Cache = strings.Join(got.Header["Access-Control-Allow-Origin"], ", "), strings.Join(got.Header["Cache-Control"], ", ")
			if htmlBody(got.body) && !strings.Contains(r.MIME, "html") {
				r.MIME = "text/html"
			}
		}
		all = append(all, r)
	}
	return all
}

func htmlBody(b []byte) bool {
	b = bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 200)]))
	return bytes.HasPrefix(b, []byte("<!doctype html")) || bytes.HasPrefix(b, []byte("<html"))
}

// withElements gives each linked resource what its element said of integrity.
func withElements(all []Resource, elements []Element, base string) []Resource {
	by := map[string]Element{}
	for _, e := range elements {
		if e.URL == "" {
			continue
		}
		at := string(e.Kind) + " " + Absolute(base, e.URL)
		if old, twice := by[at]; !twice || old.Integrity != "" {
			by[at] = e // of two elements the one that pins less
		}
	}
	for i := range all {
		if e, ok := by[string(all[i].Kind)+" "+all[i].URL]; ok && all[i].Via == Linked {
			all[i].Element, all[i].Integrity, all[i].CrossOrigin = true, clip(e.Integrity), e.CrossOrigin
		}
	}
	return all
}

// Absolute is a reference as seen from an address, without fragment.
func Absolute(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	u, err := b.Parse(ref)
	if err != nil {
		return ref
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}

func (o Options) own(html []byte) []byte {
	if o.Own == nil {
		return html
	}
	return o.Own(html)
}

// Hold takes a resource's bytes by their hashes.
func (r *Resource) Hold(data []byte) {
	text := base64.StdEncoding.EncodeToString
	sum256, sum512 := sha256.Sum256(data), sha512.Sum512(data)
	r.SHA384, r.Size = Pin(data), int64(len(data))
	r.Hashes = []string{"sha256-" + text(sum256[:]), "sha512-" + text(sum512[:])}
}

// Pin is the integrity string of bytes.
func Pin(data []byte) string {
	sum := sha512.Sum384(data)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}
