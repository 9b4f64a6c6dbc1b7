// Package database gets the databases that Trivy looks things up in, keeps them where
// Trivy expects them, and judges whether they can be used: Trivy is then run without
// its own updates. It needs nothing of Trivy.
package database

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/org/checkout-deploy/internal/scan/result"
)

// Options say where a database is to be had. Kind, Cache, Now and Sleep are needed,
// all else has a default.
type Options struct {
	Kind Kind
	// Cache is Trivy's cache folder, in which each kind has its own.
	Cache string
	// Repositories are asked in this order until one has it; nil for Trivy's own.
	Repositories []string
	// Insecure lets them speak plain HTTP, which else this machine alone may.
	Insecure bool
	// Remote has the credentials. Attempts and waits are not its to set.
	Remote []remote.Option
	// Transport is below all requests; nil for remote.DefaultTransport.
	Transport http.RoundTripper
	// Archive is a file or folder that it is taken from, with no network: an OCI
	// layout, a tar of one, of an image as docker saves it, or the layer itself.
	Archive string
	// Offline takes what Cache has, and asks nobody.
	Offline bool
	// MaxAge is how old one may be, by the time at which it was built; 0 for the
	// kind's own.
	MaxAge time.Duration
	// Silence is how long a registry may send nothing; 0 for half a minute.
	Silence time.Duration
	// Timeout is how long one repository may take, with all attempts and waits; 0
	// for a quarter of an hour.
	Timeout time.Duration
	Now     func() time.Time
	// Sleep waits between two attempts, and while another process writes to Cache.
	Sleep func(context.Context, time.Duration) error
}

// Database is one that can be used.
type Database struct {
	result.Database
	// Folder has the kind's files: Cache's db, java-db or policy.
	Folder string
}

// Get returns the newest database that is to be had, and has it put into the cache
// folder. That is left as it was where nothing new is to be had, and is then used
// while it is not too old; Stale says so. Any error means that nothing can be
// scanned. Where a try later may help it is ErrUnavailable, where a registry wants
// other credentials ErrRefused; what is wrong with the options is ErrMisused.
func Get(ctx context.Context, o Options) (Database, error) {
	g := &getter{Options: o, folder: filepath.Join(o.Cache, o.Kind.folder), jitter: rand.Float64}
	if g.MaxAge == 0 {
		g.MaxAge = o.Kind.maxAge
	}
	if g.Silence == 0 {
		g.Silence = 30 * time.Second
	}
	if g.Timeout == 0 {
		g.Timeout = 15 * time.Minute
	}
	refs, err := g.references()
	if err != nil {
		return Database{}, &Error{Kind: o.Kind.name, Tried: []error{err}}
	}
	if o.Offline && o.Archive == "" {
		return g.offline()
	}
	unlock, err := g.lock(ctx)
	if err != nil {
		return Database{}, g.failed(err)
	}
	defer unlock()
	if err := g.sweep(); err != nil {
		return Database{}, g.failed(err)
	}
	if o.Archive != "" {
		return g.archive(ctx)
	}
	return g.online(ctx, refs)
}

type getter struct {
	Options
	folder string
	jitter func() float64 // in [0, 1)
	newest time.Time      // when the one that is kept and sound was built
	limit  int64          // of what is unpacked; 0 for maxUnpacked
}

func (g *getter) references() ([]name.Reference, error) {
	repositories := g.Repositories
	if repositories == nil {
		repositories = g.Kind.repositories
	}
	options := []name.Option{name.WithDefaultTag(g.Kind.tag)}
	if g.Insecure {
		options = append(options, name.Insecure)
	}
	var refs []name.Reference
	var problems []error
	for _, r := range repositories {
		ref, err := name.ParseReference(r, options...)
		if err != nil {
			problems = append(problems, &failure{ErrMisused, fmt.Sprintf("repository %q: %v; want one like %q", r, err, g.Kind.repositories[0])})
		}
		refs = append(refs, ref)
	}
	if len(refs) == 0 && !g.Offline && g.Archive == "" {
		problems = append(problems, &failure{ErrMisused, fmt.Sprintf("no repository is named; want one like %q", g.Kind.repositories[0])})
	}
	return refs, errors.Join(problems...)
}

// offline takes what is there.
func (g *getter) offline() (Database, error) {
	kept, err := g.kept()
	if err == nil {
		err = g.age(kept)
	}
	if err != nil {
		return Database{}, g.failed(g.ofCache(err))
	}
	if kept.NextUpdate.Before(g.Now()) && !kept.NextUpdate.IsZero() {
		kept.Stale = fmt.Sprintf("offline: a newer one was due at %s", stamp(kept.NextUpdate))
	}
	return kept.Database, nil
}

func (g *getter) online(ctx context.Context, refs []name.Reference) (Database, error) {
	kept, keptErr := g.kept()
	if keptErr == nil {
		keptErr = g.age(kept)
	}
	known := ""
	if keptErr == nil {
		known, g.newest = kept.Digest, kept.Updated
	}
	var tried []error
	for _, ref := range refs {
		got, err := g.repository(ctx, ref, known)
		if err == nil && got == nil { // what is kept is what it has
			got = kept
		}
		if err == nil {
			return got.Database, nil
		}
		if ctx.Err() != nil {
			return Database{}, g.failed(context.Cause(ctx))
		}
		tried = append(tried, fmt.Errorf("%s: %w", ref.Name(), err))
		if errors.Is(err, errLocal) { // the next would fail as this one did, 70 MB later
			break
		}
	}
	if keptErr != nil {
		return Database{}, g.failed(append(tried, g.ofCache(keptErr))...)
	}
	kept.Stale = fmt.Sprintf("none newer than that of %s could be had: %s", stamp(kept.Updated), list(tried))
	return kept.Database, nil
}

func (g *getter) ofCache(err error) error { return fmt.Errorf("cache %q: %w", g.folder, err) }

func (g *getter) failed(tried ...error) error { return &Error{Kind: g.Kind.name, Tried: tried} }

// age refuses a database that is too old, and one of the future, whose age nobody
// knows.
func (g *getter) age(d *candidate) error {
	const skew = time.Hour // between two machines' clocks
	old := g.Now().Sub(d.Updated)
	switch {
	case old < -skew:
		return fmt.Errorf("was built at %s, and here it is %s: one of the two clocks is wrong", stamp(d.Updated), stamp(g.Now()))
	case old > g.MaxAge:
		return fmt.Errorf("was built at %s, %s ago; want at most %s", stamp(d.Updated), span(old), span(g.MaxAge))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span is a time as people say it: days where there are some, else hours, else less.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return d.Round(time.Second).String()
}

// kept is what the cache folder has.
func (g *getter) kept() (*candidate, error) {
	if _, err := os.Stat(g.folder); errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("has none")
	}
	return g.judge(g.folder)
}
