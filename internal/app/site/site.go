// Package site is an environment as deploy and rollback see it: the settings that
// the configuration has of it, its store and target, what is asked of its address,
// and GitHub's record of what is done to it.
package site

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/place"
	"github.com/org/checkout-deploy/internal/config"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/store"
	"github.com/org/checkout-deploy/internal/target/static"
)

// Inputs are those that every action with an environment has.
type Inputs struct {
	Dir, Config, Environment string
	Token                    string
	Record                   bool
	// Peek is of a run that writes nothing: a store's folder that is not there yet is
	// an empty one, and is not made.
	Peek bool
}

// Spec describes them.
func (in *Inputs) Spec() []action.Input {
	return []action.Input{
		action.WorkingDirectory(&in.Dir),
		action.Config(&in.Config),
		{Name: "environment", Value: action.Text(&in.Environment), Doc: "Which of the configuration's environments. With one alone it need not be named."},
		{Name: "record", Default: "true", Value: action.Bool(&in.Record), Doc: "Whether GitHub gets a deployment with its states. What it did not take while it was down the next run makes good."},
		action.Token(&in.Token),
	}
}

// Site is one environment. Close it in the end.
type Site struct {
	*action.Run
	Env    config.Environment
	Target *static.Target
	// Name of the run for others to see: the address of the workflow's run.
	Name   string
	Config *config.Config
	Dir    string // the project, absolute
	in     *Inputs
	close  func() error
}

// Open finds the environment and opens its store. Nothing is written.
func (in *Inputs) Open(ctx context.Context, r *action.Run) (*Site, error) {
	dir, err := place.Project(r.Path(in.Dir), r.Workspace())
	if err != nil {
		return nil, action.Misuse(err)
	}
	cfg, err := place.Config(dir, in.Config, config.Overrides{Built: true}, r.Lookup)
	if err != nil {
		return nil, action.Misuse(r.In(dir, err))
	}
	env, err := choose(cfg, in.Environment)
	if err != nil {
		return nil, action.Misuse(err)
	}
	s := &Site{Run: r, Env: *env, Config: cfg, Dir: dir, in: in, Name: runOf(r)}
	s.Target, s.close, err = s.open(ctx, env, in.Peek)
	return s, err
}

// Beside opens another environment of the same configuration, to look at it.
func (s *Site) Beside(ctx context.Context, name string) (*static.Target, func() error, error) {
	env, ok := s.Config.Environment(name)
	if !ok {
		return nil, nil, action.Misuse(fmt.Errorf("environment: got %q, which the configuration does not have", name))
	}
	return s.open(ctx, env, true)
}

func choose(cfg *config.Config, name string) (*config.Environment, error) {
	var names []string
	for _, e := range cfg.Environments {
		names = append(names, e.Name)
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("environment: the configuration has no section environments; add one, such as environments: { production: { url: https://…/, store: … } }")
	case name == "" && len(names) == 1:
		return &cfg.Environments[0], nil
	case name == "":
		return nil, fmt.Errorf("environment: got nothing, want one of %s", strings.Join(names, ", "))
	}
	env, ok := cfg.Environment(name)
	if !ok {
		return nil, fmt.Errorf("environment: got %q, want one of %s", name, strings.Join(names, ", "))
	}
	return env, nil
}

// ClearHold is how a deploy is told that a hold has served.
const ClearHold = "clear-hold: true (on a laptop --clear-hold)"

// Attempts at a request to the store, and the first pause between them.
const (
	attempts = 5
	pause    = 500 * time.Millisecond
)

func (s *Site) open(ctx context.Context, env *config.Environment, peek bool) (*static.Target, func() error, error) {
	public, err := url.Parse(env.URL)
	if err != nil {
		return nil, nil, action.Misuse(err)
	}
	st, end, err := s.store(ctx, env.Store, peek)
	if err != nil {
		return nil, nil, err
	}
	return &static.Target{
		Store: &store.Retrying{Store: st, Attempts: attempts, First: pause, Sleep: action.Sleep},
		Name:  env.Name, Entry: env.Entry, Base: public.EscapedPath(), Now: s.Now, Random: rand.Reader,
	}, end, nil
}

// Close ends what was opened.
func (s *Site) Close() error { return s.close() }

// URL is the page's, as shoppers ask for it.
func (s *Site) URL() string {
	if s.Env.Entry == "index.html" {
		return s.Env.URL
	}
	return s.Env.URL + s.Env.Entry
}

// Served names what is served.
func Served(id release.Digest) string {
	if id.IsZero() {
		return "the page that was there before the first deploy"
	}
	return "release " + id.String()
}

// folder is a path of the project's, and in the workspace: what a container writes
// elsewhere is gone with it.
func (s *Site) folder(name string) (string, error) {
	path := place.Real(place.Within(s.Dir, filepath.FromSlash(name)))
	if w := s.Workspace(); w != "" && !place.Inside(path, w) {
		return "", fmt.Errorf("environments.%s.store: got %q, which lies outside the workspace, and would be gone with the container", s.Env.Name, name)
	}
	return path, nil
}

// runOf is the address of the workflow's run; "" on a laptop.
func runOf(r *action.Run) string {
	get := func(name string) string { value, _ := r.Lookup(name); return value }
	server, repository, id := get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY"), get("GITHUB_RUN_ID")
	if server == "" || repository == "" || id == "" {
		return ""
	}
	return server + "/" + repository + "/actions/runs/" + id
}
