package live

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/org/checkout-deploy/internal/release"
)

// MaxBaseline is the most bytes of a baseline's file.
const MaxBaseline = 16 << 20

// Baseline is what is kept of an observation, to compare later ones with. It has no
// values of cookies and of queries.
type Baseline struct {
	Version int            `json:"version"`
	Pages   []BaselinePage `json:"pages"`
}

// BaselinePage is one page of a baseline.
type BaselinePage struct {
	URL       string              `json:"url"` // as asked for
	Final     string              `json:"final"`
	Redirects []Hop               `json:"redirects"`
	Fetched   map[string][]string `json:"fetched"` // headers by HTTP
	Loaded    map[string][]string `json:"loaded"`  // and by the browser
	Resources []BaselineResource  `json:"resources"`
}

// BaselineResource is a script or style, with every hash that it was seen with.
type BaselineResource struct {
	Kind   Kind     `json:"kind"`
	Via    Via      `json:"via"`
	URL    string   `json:"url"`
	By     string   `json:"by"`
	SHA384 []string `json:"sha384"`
	// Own: the bytes were the release's, whose later ones may have other names.
	Own bool `json:"own"`
}

const baselineVersion = 1

// NewBaseline reduces an observation. own are the files of the release it shows. An
// observation with a page that failed, or without a browser, is none to compare with.
func NewBaseline(o *Observation, own map[string]string) (*Baseline, error) {
	var problems []error
	if o.Browser == "" {
		problems = append(problems, errors.New("scripts were not executed; want a browser"))
	}
	known := hashes(own)
	b := &Baseline{Version: baselineVersion, Pages: []BaselinePage{}}
	for _, p := range o.Pages {
		if p.Failed != "" || p.Fetched.Status != 200 {
			problems = append(problems, fmt.Errorf("%s: status %d %s; want a page of status 200", shown(p.URL), p.Fetched.Status, p.Failed))
			continue
		}
		page := BaselinePage{URL: shown(p.URL), Final: shown(p.Fetched.URL), Redirects: []Hop{}, Fetched: p.Fetched.Header, Loaded: map[string][]string{}}
		for _, h := range p.Redirects {
			page.Redirects = append(page.Redirects, Hop{shown(h.URL), h.Status})
		}
		if p.Loaded != nil {
			page.Loaded = p.Loaded.Document.Header
		}
		for _, r := range p.Resources {
			if r.SHA384 == "" && r.Blocked == "" {
				problems = append(problems, fmt.Errorf("%s: %s", shown(r.URL), r.Problem))
			}
		}
		page.Resources = reduced(p.Resources, ownIn(p, known))
		b.Pages = append(b.Pages, page)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("no baseline: %w", errors.Join(problems...))
	}
	return b, nil
}

func hashes(own map[string]string) map[string]bool {
	known := map[string]bool{}
	for _, h := range own {
		known[h] = true
	}
	return known
}

// Right are the bytes that are a release's on a page, by their integrity: those of its
// files own, and where the page's document is one of them, the scripts and styles in it.
func Right(p Page, own map[string]string) map[string]bool { return ownIn(p, hashes(own)) }

func ownIn(p Page, own map[string]bool) map[string]bool {
	if !own[p.SHA384] {
		return own
	}
	all := maps.Clone(own)
	for _, h := range p.Inline {
		all[h] = true
	}
	return all
}

// identity is what makes two resources the same one.
type identity struct {
	kind Kind
	via  Via
	url  string
}

func identify(r Resource) identity {
	key, _ := urlKey(r.URL)
	return identity{r.Kind, r.Via, key}
}

// Own says whether the baseline has what a page loads as a release's, by its address:
// what became of its bytes is told by Compare.
func (b *Baseline) Own(page string, r Resource) bool {
	if b == nil || r.Via != Linked {
		return false
	}
	id := identify(r)
	for _, p := range b.Pages {
		if p.URL == shown(page) && slices.ContainsFunc(p.Resources, func(r BaselineResource) bool { return r.Own && identity{r.Kind, r.Via, r.URL} == id }) {
			return true
		}
	}
	return false
}

// reduced keeps what is the release's apart from what is not: a later release has
// other inline scripts at the same address.
func reduced(all []Resource, own map[string]bool) []BaselineResource {
	type key struct {
		identity
		own bool
	}
	index := map[key]int{}
	list := []BaselineResource{}
	for _, r := range all {
		if r.SHA384 == "" || r.Blocked != "" {
			continue
		}
		id := key{identify(r), own[r.SHA384]}
		i, seen := index[id]
		if !seen {
			i = len(list)
			index[id] = i
			by, _ := urlKey(r.By)
			list = append(list, BaselineResource{Kind: id.kind, Via: id.via, URL: id.url, By: by, Own: id.own})
		}
		if !slices.Contains(list[i].SHA384, r.SHA384) {
			list[i].SHA384 = append(list[i].SHA384, r.SHA384)
		}
	}
	for i := range list {
		slices.Sort(list[i].SHA384)
	}
	slices.SortFunc(list, func(a, b BaselineResource) int {
		return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Via, b.Via), slices.Compare(a.SHA384, b.SHA384))
	})
	return list
}

// Encode writes canonical JSON.
func (b *Baseline) Encode() ([]byte, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("writing a baseline: %w", err)
	}
	return release.Canonical(data)
}

// ReadBaseline reads strictly what Encode wrote: no unknown, doubled or missing key,
// nothing after the end, and the canonical form of JSON.
func ReadBaseline(data []byte) (*Baseline, error) {
	if len(data) > MaxBaseline {
		return nil, fmt.Errorf("reading a baseline: got %d bytes, want at most %d", len(data), MaxBaseline)
	}
	canonical, err := release.Canonical(data)
	if err != nil {
		return nil, fmt.Errorf("reading a baseline: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(canonical))
	d.DisallowUnknownFields()
	b := &Baseline{}
	if err := d.Decode(b); err != nil {
		return nil, fmt.Errorf("reading a baseline: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("reading a baseline: got more than one value")
	}
	if b.Version != baselineVersion {
		return nil, fmt.Errorf("reading a baseline: got version %d, want %d", b.Version, baselineVersion)
	}
	if len(b.Pages) == 0 || len(b.Pages) > MaxPages {
		return nil, fmt.Errorf("reading a baseline: got %d pages, want 1 to %d", len(b.Pages), MaxPages)
	}
	again, err := b.Encode()
	if err != nil || !bytes.Equal(again, canonical) {
		return nil, errors.New("reading a baseline: a key is missing or written in other letters; want a file that the mode baseline wrote")
	}
	return b, nil
}
