package srimanifest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/live"
)

// shop is a page with a third party of its own origin, whose script loads another
// after 2 s. Answers change on the server alone.
type shop struct {
	site, third *httptest.Server
	injected    atomic.Value // of the third party's late script
	policy      atomic.Value
	login       atomic.Bool
	inline      atomic.Value // more of the page
}

const ownScript = "window.own = 1;\n"

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{}
	s.injected.Store("window.late = 1;")
	s.inline.Store("")
	s.policy.Store("script-src 'self' 'unsafe-inline' http:; object-src 'none'")
	s.third = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		if r.URL.Path == "/late.js" {
			fmt.Fprint(w, s.injected.Load())
			return
		}
		fmt.Fprint(w, "setTimeout(() => { const s = document.createElement('script'); s.src = new URL('/late.js?session=' + Math.random(), document.querySelector('#third').src); document.head.append(s); }, 2000);")
	}))
	t.Cleanup(s.third.Close)
	s.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own.js" {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, ownScript)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", s.policy.Load().(string))
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "hunter2", HttpOnly: true})
		if s.login.Load() {
			fmt.Fprint(w, "<!doctype html><title>Log in</title><form></form>")
			return
		}
		fmt.Fprintf(w, "<!doctype html><title>Pay</title><style>p{margin:0}</style><script>window.inline = 1;</script><script src='/own.js' integrity='%s'></script><script id=third src='%s/third.js'></script>%s", live.Pin([]byte(ownScript)), s.third.URL, s.inline.Load())
	}))
	t.Cleanup(s.site.Close)
	return s
}

func (s *shop) options(b live.Browser) live.Options {
	return live.Options{
		Pages: []string{s.site.URL + "/checkout"}, Browser: b, Scan: scanLive, Allow: []string{"127.0.0.0/8"},
		Settle: live.Settle{Stay: 2500 * time.Millisecond, Quiet: 300 * time.Millisecond, Within: 15 * time.Second},
	}
}

func (s *shop) seen(t *testing.T, ctx context.Context, b live.Browser) *live.Observation {
	t.Helper()
	o, err := live.Observe(ctx, s.options(b))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// alarms are the differences from a baseline, without those of a site on http.
func alarms(b *live.Baseline, o *live.Observation) []live.Difference {
	return slices.DeleteFunc(live.Compare(b, live.Against{}, o), func(d live.Difference) bool {
		return d.Rule == "live/not-https" || d.Rule == "live/unpinned"
	})
}

func liveStarted(t *testing.T) (live.Browser, context.Context) {
	t.Helper()
	if _, err := browser.Find(""); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	b, end, err := liveBrowser(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return b, ctx
}

func TestLive(t *testing.T) {
	b, ctx := liveStarted(t)
	s := newShop(t)
	baseline, err := live.NewBaseline(s.seen(t, ctx, b), nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := baseline.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "session=0"} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the baseline has %q", secret)
		}
	}
	if baseline, err = live.ReadBaseline(data); err != nil {
		t.Fatal(err)
	}
	late := s.third.URL + "/late.js?session"
	for _, test := range []struct {
		name  string
		alter func()
		want  []string // rule and URL
		by    string
	}{
		{"nothing changed", func() {}, nil, ""},
		{
			"the bytes of a script that a third party's injects after 2 s", func() { s.injected.Store("window.late = 2;") },
			[]string{"live/changed-script " + late},
			s.third.URL + "/third.js",
		},
		{
			"the injected script injects another", func() {
				s.injected.Store("const s = document.createElement('script'); s.src = '/skim.js'; document.head.append(s);")
			},
			[]string{"live/changed-script " + late, "live/new-script " + s.site.URL + "/skim.js"},
			s.third.URL + "/third.js",
		},
		{"a weaker policy", func() { s.policy.Store("script-src 'self' 'unsafe-inline' 'unsafe-eval' http:; object-src 'none'") }, []string{"live/header-weakened " + s.site.URL + "/checkout Content-Security-Policy"}, ""},
		{
			"an inline script that the page's own policy blocks", func() {
				s.inline.Store(`<meta http-equiv=Content-Security-Policy content="script-src http:"><script>window.skim = 1;</script><script nomodule>old()</script><script type=application/json>{}</script>`)
			},
			[]string{"live/new-script inline:" + s.site.URL + "/checkout"},
			s.site.URL + "/checkout",
		},
		{"a login page", func() { s.login.Store(true) }, []string{"live/another-page " + s.site.URL + "/checkout"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.injected.Store("window.late = 1;")
			s.policy.Store("script-src 'self' 'unsafe-inline' http:; object-src 'none'")
			s.login.Store(false)
			s.inline.Store("")
			test.alter()
			var got []string
			all := alarms(baseline, s.seen(t, ctx, b))
			for _, d := range all {
				if d.Rule != "live/mime" { // of skim.js, for which the shop answers HTML
					got = append(got, d.Rule+" "+d.URL)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Fatalf("got %q, want %q\n%+v", got, test.want, all)
			}
			if test.by != "" && !slices.ContainsFunc(all, func(d live.Difference) bool { return d.By == test.by && strings.Contains(d.Message, test.by) }) {
				t.Errorf("%s is not named: %+v", test.by, all)
			}
		})
	}
}

func TestLiveWithoutBrowser(t *testing.T) {
	s := newShop(t)
	o := s.seen(t, t.Context(), nil)
	var rules []string
	for _, d := range alarms(nil, o) {
		rules = append(rules, d.Rule)
	}
	if !slices.Equal(rules, []string{"live/not-executed"}) || len(o.Pages[0].Resources) != 4 {
		t.Errorf("got %q, %+v", rules, o.Pages[0].Resources)
	}
	if _, err := live.NewBaseline(o, nil); err == nil {
		t.Error("a baseline was made of what no browser saw")
	}
}

func TestLiveDrill(t *testing.T) {
	b, ctx := liveStarted(t)
	s := newShop(t)
	baseline, err := live.NewBaseline(s.seen(t, ctx, b), nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := live.Drill(ctx, s.options(b), baseline, live.Against{}, finding.High)
	if err != nil {
		t.Fatal(err)
	}
	if !result.Passed() || len(result.Alarms) != 3 {
		t.Errorf("got %+v", result.Alarms)
	}
	// An alarm that rings anyway proves nothing.
	s.policy.Store("")
	result, err = live.Drill(ctx, s.options(b), baseline, live.Against{}, finding.High)
	if err != nil {
		t.Fatal(err)
	}
	if result.Passed() || result.Alarms[2].Fired || !result.Alarms[0].Fired {
		t.Errorf("without a policy: got %+v", result.Alarms)
	}
}
