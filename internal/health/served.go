package health

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// Asset is a file that never changes under its address, such as a release's script.
type Asset struct {
	URL       string
	Size      int64 // bytes, decoded
	Integrity release.Integrity
}

// Bounds of Served.
const (
	servedAttempts = 3
	servedPause    = time.Second // before the second attempt; it doubles
	servedWrong    = 10          // wrong assets after which no more are asked
	servedParallel = 16
)

// Served asks for every asset as a browser does, and says which of them did not come
// with their own bytes and a media type that browsers take. One that gives no answer,
// or a status other than 200, is asked again a few times: it may have been stored a
// moment ago. After a few that are wrong the others are not asked.
func Served(ctx context.Context, assets []Asset, o Options) []Problem {
	o = o.filled()
	if t, ok := o.HTTP.(*http.Transport); ok { // hundreds of files are of one visitor
		t = t.Clone()
		t.DisableKeepAlives, t.MaxIdleConnsPerHost = false, servedParallel
		defer t.CloseIdleConnections()
		o.HTTP = t
	}
	found := make([]*Problem, len(assets))
	places := make(chan struct{}, servedParallel)
	var wrong atomic.Int32
	var asking sync.WaitGroup
	for i, a := range assets {
		places <- struct{}{}
		if wrong.Load() >= servedWrong || ctx.Err() != nil {
			break
		}
		asking.Go(func() {
			defer func() { <-places }()
			if found[i] = a.served(ctx, o); found[i] != nil {
				wrong.Add(1)
			}
		})
	}
	asking.Wait()
	var all []Problem
	for _, p := range found {
		if p != nil {
			all = append(all, *p)
		}
	}
	if err := ctx.Err(); err != nil && len(all) == 0 {
		all = append(all, Problem{"the release's files", err.Error(), "an answer for each", ""})
	}
	return all
}

func (a Asset) served(ctx context.Context, o Options) *Problem {
	u, wrong := address(a.URL)
	if wrong != nil {
		return wrong
	}
	o.MaxBody = a.Size
	for n := 1; ; n++ {
		got, _, err := o.get(ctx, ask{method: http.MethodGet, url: u, follow: true, timeout: DefaultTimeout})
		p, final := a.judge(u, got, err)
		if final || n == servedAttempts || o.Sleep(ctx, servedPause<<(n-1)) != nil {
			return p
		}
	}
}

// judge says what is wrong with an answer, and whether another one would be no other.
func (a Asset) judge(u *url.URL, got *answer, err error) (p *Problem, final bool) {
	p = &Problem{What: shown(a.URL)}
	switch {
	case err != nil:
		p.Got, p.Want = clip(err.Error()), "an answer"
		return p, errors.Is(err, ErrMetadata)
	case got.status != http.StatusOK:
		p.Got, p.Want, p.Try = "status "+strconv.Itoa(got.status), "status 200", redirectHint(got)
		return p, false
	}
	kind, _, _ := mime.ParseMediaType(got.header.Get("Content-Type"))
	switch want := mediaTypes[path.Ext(u.Path)]; {
	case want != nil && !slices.Contains(want, kind):
		p.What += ": Content-Type"
		p.Got, p.Want, p.Try = clip(sent(got.header, "Content-Type")), strings.Join(want, " or "), "browsers refuse a script or style of another type"
	case got.cut:
		p.Got = fmt.Sprintf("more than %d bytes", a.Size)
	case int64(len(got.body)) != a.Size:
		p.Got = fmt.Sprintf("%d bytes", len(got.body))
	case release.IntegrityOf(got.body) != a.Integrity:
		p.Got = "other bytes"
	default:
		return nil, true
	}
	if p.Want == "" {
		p.Want = fmt.Sprintf("the %d bytes of the release", a.Size)
		p.Try = "something between the store and shoppers changes files; turn off what minifies, rewrites or injects scripts there, as browsers block what does not match its integrity"
	}
	return p, true
}
