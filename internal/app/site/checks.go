package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/health"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/target/static"
)

// Checks ask an environment's address. Browser is where smoke tests are made; nil
// makes each of them an error.
type Checks struct {
	*Site
	Browser health.Browser
	// Served is what is to be seen at the public address.
	Served func() *static.State
	// Release is what is about to be, and ID its.
	Release *release.Release
	ID      release.Digest
}

// Options are how the checks are made.
func (c *Checks) Options() health.Options {
	return health.Options{Now: c.Now, Sleep: action.Sleep, Browser: c.Browser}
}

// Problems are those of the configuration's checks, before anything is asked.
func (c *Checks) Problems() (errs []error) {
	for _, p := range c.at(c.URL(), "").Problems() {
		errs = append(errs, fmt.Errorf("environments.%s.checks: %s", c.Env.Name, p))
	}
	rule := health.Rule{MaxFailures: c.Env.Strategy.MaxFailures, MinSamples: 1}
	for _, p := range rule.Problems(c.Env.Strategy.Watch, c.Env.Strategy.Every) {
		errs = append(errs, fmt.Errorf("environments.%s.strategy: %s", c.Env.Name, p))
	}
	return errs
}

// at is what is asked of a page, and of the addresses that the configuration has:
// they are relative to the release's own folder.
func (c *Checks) at(page, marker string) health.Checks {
	all := health.Checks{HTTP: []health.Check{{Name: "page", URL: page, Marker: marker}}}
	for _, own := range c.Env.Checks {
		target := page
		if own.URL != "" {
			target = resolve(c.folder(), own.URL)
		}
		all = with(all, own, target)
	}
	return all
}

// folder is the address of the release's own folder.
func (c *Checks) folder() string { return c.Env.URL + "r/" + c.ID.String() + "/" }

func with(all health.Checks, own config.Check, target string) health.Checks {
	if own.Selector != "" || own.Global != "" {
		all.Smoke = append(all.Smoke, health.Smoke{Name: own.Name, URL: target, Selector: own.Selector, Global: own.Global, Within: own.MaxLatency})
		return all
	}
	check := health.Check{Name: own.Name, URL: target, Status: []int{own.Status}, MaxLatency: own.MaxLatency}
	if own.Contains != "" {
		check.Contains = []string{own.Contains}
	}
	all.HTTP = append(all.HTTP, check)
	return all
}

func resolve(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	u, err := b.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// NeedsBrowser says whether a check is made in a browser.
func (s *Site) NeedsBrowser() bool {
	return slices.ContainsFunc(s.Env.Checks, func(c config.Check) bool { return c.Selector != "" || c.Global != "" })
}

// Preview asks the release at its own address, before anybody is led there: the page,
// what the configuration asks, and every script and style.
func (c *Checks) Preview(ctx context.Context) error {
	page := c.fileURL(c.Env.Entry)
	c.Logf("%8s  … preview: %s", "", page)
	checks := c.at(page, "")
	checks.HTTP[0].Redirects = true // many servers lead from index.html to its folder
	result := health.Run(ctx, checks, c.Options())
	var errs []error
	for _, s := range result.Samples {
		if s.Check == checks.HTTP[0].Name && s.Status == http.StatusNotFound {
			return fmt.Errorf("%s: got status 404 of a page that is in the store %s; environments.%s.url has to be where that store is served", page, c.Env.Store, c.Env.Name)
		}
		if s.Outcome != health.Passed {
			errs = append(errs, failed(s))
		}
	}
	for _, p := range health.Served(ctx, c.assets(), c.Options()) {
		errs = append(errs, errors.New(p.String()))
	}
	return errors.Join(errs...)
}

// assets are the release's scripts and styles, also those that are loaded late.
func (c *Checks) assets() (all []health.Asset) {
	for _, f := range c.Release.Files {
		if f.Role == release.Script || f.Role == release.Style {
			all = append(all, health.Asset{URL: c.fileURL(f.Path), Size: f.Size, Integrity: f.Integrity})
		}
	}
	return all
}

// fileURL is the address that a file of the release has.
func (c *Checks) fileURL(name string) string {
	return c.folder() + (&url.URL{Path: name}).EscapedPath()
}

func failed(s health.Sample) error {
	var texts []string
	for _, p := range s.Problems {
		texts = append(texts, p.String())
	}
	return fmt.Errorf("check %q %s: %s", s.Check, s.Outcome, strings.Join(texts, "; "))
}

// Confirm reads the public address back until it shows what was published, byte
// for byte, or something newer.
func (c *Checks) Confirm(ctx context.Context) error {
	state := c.Served()
	want := string(c.Target.EntryOf(state))
	public, err := url.Parse(c.Env.URL)
	if err != nil {
		return err
	}
	result, err := health.ReadBack(ctx, health.Back{
		URL: c.URL(), Origin: public.Scheme + "://" + public.Host, Seq: state.Ref.Seq, TTL: c.Env.TTL,
		Judge: func(body []byte, _ http.Header) (int64, bool) {
			_, ref, ours, err := channel.CutRef(string(body))
			if err != nil || !ours || ref.Seq == state.Ref.Seq && string(body) != want {
				return 0, false
			}
			return ref.Seq, true
		},
	}, c.Options())
	if err != nil {
		return err
	}
	return result.Err()
}

// Watch asks the public address for a time.
func (c *Checks) Watch(ctx context.Context, lasting time.Duration) error {
	c.Logf("%8s  … watch: %s is asked every %s for %s", "", c.URL(), c.Env.Strategy.Every, lasting)
	checks := c.at(c.URL(), "release="+c.ID.String())
	rule := health.Rule{MaxFailures: c.Env.Strategy.MaxFailures, MinSamples: 1}
	seen := health.Watch(ctx, checks, lasting, c.Env.Strategy.Every, rule, c.Options())
	if seen.Verdict == health.Healthy {
		return nil
	}
	errs := []error{fmt.Errorf("it is %s: %s", seen.Verdict, seen.Why)}
	for _, t := range seen.Checks {
		if t.First != nil {
			errs = append(errs, failed(*t.First))
		}
	}
	return errors.Join(errs...)
}
