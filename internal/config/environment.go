package config

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

func init() {
	addSection(section{
		name:   "environments",
		doc:    "The places that releases are deployed to, and how, by their names.",
		schema: mapOf("", "name", ref("environment")).schema,
		read:   (*reader).environments,
	})
	addObject("environment", "A place that releases are deployed to.", environmentTable.entries())
	addObject("strategy", "How users are led to a release.", strategyTable.entries())
	addObject("keep", "Which releases stay in the store.", keepTable.entries())
	addObject("check", "Asks one address, by HTTP, or in a browser if it names `selector` or `global`.", checkTable.entries())
	addObject("require", "What a release has to have proved.", requireTable.entries())
	addShape("folder-address", schema{"type": "string", "pattern": `^https?://\S+/$|\$\{`})
}

var environmentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Environment is a place that releases are deployed to.
type Environment struct {
	Name  string
	URL   string // of the folder whose page shoppers ask for; ends in "/"
	Store string // a URL, or a path
	Entry string // the page's path in the release
	Adopt bool
	TTL   time.Duration // how long caches may keep the page
	// Strategy, Keep, Checks and Require are inherited.
	Strategy Strategy
	Keep     Keep
	Checks   []Check
	Require  Require
}

// Strategy is how users are led to a release.
type Strategy struct {
	Type        StrategyType
	Watch       time.Duration // that it is checked after it was published
	Every       time.Duration // between rounds of checks
	MaxFailures int           // of one check, in the whole watch
}

// StrategyType is a strategy's name.
type StrategyType string

// BlueGreen leads everybody to the release at once.
const BlueGreen StrategyType = "blue-green"

var strategies = []StrategyType{BlueGreen}

// Keep is which releases stay.
type Keep struct {
	Healthy int
	Window  time.Duration
}

// Check asks one address. With Selector or Global it is made in a browser.
type Check struct {
	Name       string
	URL        string // absolute, or relative to the environment's
	Status     int
	Contains   string
	MaxLatency time.Duration
	Selector   string // CSS
	Global     string // JavaScript
}

// Require is what a release has to have proved.
type Require struct {
	SignedBy SignedBy
	Healthy  string // the environment that it has to be live and healthy in
	Profile  string
	Gate     Verdict // of the statement gate.json
	Scan     Verdict // of the statement scan.json
	Newer    bool    // a commit that the live one comes after is refused
}

// Verdict is the worst that a statement may say.
type Verdict string

// The verdicts; "" asks for no statement.
const (
	VerdictPass Verdict = "pass"
	VerdictWarn Verdict = "warn"
)

var verdicts = []Verdict{VerdictPass, VerdictWarn}

// Proofs says whether the release needs something beside its files.
func (q Require) Proofs() bool { return !q.SignedBy.Empty() || q.Gate != "" || q.Scan != "" }

var environmentTable = table[Environment]{
	key("extends", text(), func(*Environment) *string { return new(string) },
		"Another environment, whose settings count where this one names none. `url` and `store` are not inherited: a slip would deploy to the wrong place.", example("production")),
	key("url", checkedText("URL that ends in /", "folder-address", checkFolderAddress), func(e *Environment) *string { return &e.URL },
		"Where shoppers find the store's folder.", required("the address of the folder that shoppers are served from, such as https://pay.example.com/checkout/"),
		example("https://pay.example.com/checkout/")),
	key("store", text(), func(e *Environment) *string { return &e.Store },
		"Where the files go: a folder, or a bucket's URL. [stores.md](stores.md) has them all.", required("a store, such as s3://shop-checkout?region=eu-west-1"),
		example("s3://shop-checkout?region=eu-west-1")),
	keyOr("entry", filePath(), "index.html", func(e *Environment) *string { return &e.Entry },
		"The page that shoppers ask for, a file of the release: the one object that a deploy replaces."),
	keyOr("adopt", boolean(), false, func(e *Environment) *bool { return &e.Adopt },
		"Whether the first deploy may replace a page that something else put there. That page is kept: until a second release has followed on a healthy one, a rollback leads back to it."),
	keyOr("ttl", duration(0, time.Hour), 5*time.Second, func(e *Environment) *time.Duration { return &e.TTL },
		"How long caches between the store and shoppers may keep the page.", defaultJSON("5s")),
	custom("strategy", shape{"[strategy](#strategy)", ref("strategy")}, func(r *reader, n *node, at string, e *Environment) {
		strategyTable.object(r, n, at, &e.Strategy)
	}, "How users are led to a release."),
	custom("keep", shape{"[keep](#keep)", ref("keep")}, func(r *reader, n *node, at string, e *Environment) {
		keepTable.object(r, n, at, &e.Keep)
	}, "Which releases stay in the store, besides those that may be needed."),
	custom("checks", shape{"list of [checks](#check)", schema{"type": "array", "items": ref("check"), "maxItems": maxChecks}}, (*reader).checks,
		"What is asked before the release is published, at its own address, and after it, at the public one.",
		instead("the page has status 200"), example([]schema{{"name": "pay button", "selector": "#pay"}})),
	custom("require", shape{"[require](#require)", ref("require")}, func(r *reader, n *node, at string, e *Environment) {
		requireTable.object(r, n, at, &e.Require)
	}, "What a release has to have proved before anything is written."),
}

var strategyTable = table[Strategy]{
	keyOr("type", oneOfThe(strategies), BlueGreen, func(s *Strategy) *StrategyType { return &s.Type },
		"`blue-green` leads everybody to the release at once, and back if it fails."),
	keyOr("watch", duration(100*time.Millisecond, 6*time.Hour), 2*time.Minute, func(s *Strategy) *time.Duration { return &s.Watch },
		"How long the release is checked after it was published.", defaultJSON("2m")),
	keyOr("every", duration(100*time.Millisecond, time.Hour), 10*time.Second, func(s *Strategy) *time.Duration { return &s.Every },
		"How long it is from one round of checks to the next.", defaultJSON("10s")),
	keyOr("max-failures", integer(0, 1000), 0, func(s *Strategy) *int { return &s.MaxFailures },
		"How many failures of one check are borne."),
}

var keepTable = table[Keep]{
	keyOr("healthy", integer(1, 50), 3, func(k *Keep) *int { return &k.Healthy }, "How many releases stay that were recorded healthy."),
	keyOr("window", duration(time.Hour, 366*24*time.Hour), 7*24*time.Hour, func(k *Keep) *time.Duration { return &k.Window },
		"How long a release stays that nobody needs: as long as a tab with its page may be open.", defaultJSON("168h")),
}

const maxChecks = 50

var checkTable = table[Check]{
	key("name", text(), func(c *Check) *string { return &c.Name }, "What it is called in messages.", required("a name"), example("pay button")),
	key("path", text(), func(c *Check) *string { return &c.URL }, "What to ask for: a file of the release, or an address.", instead("the page"), example("health.json")),
	keyOr("status", integer(100, 599), 200, func(c *Check) *int { return &c.Status }, "The answer's status."),
	key("contains", text(), func(c *Check) *string { return &c.Contains }, "A text in the answer."),
	key("max-latency", duration(time.Millisecond, 5*time.Minute), func(c *Check) *time.Duration { return &c.MaxLatency }, "The longest that the whole answer may take.", instead("10 s")),
	key("selector", text(), func(c *Check) *string { return &c.Selector }, "In a browser: an element that becomes visible, as a CSS selector.", example("#pay")),
	key("global", text(), func(c *Check) *string { return &c.Global }, "In a browser: a JavaScript variable that comes to be.", example("checkout")),
}

var requireTable = table[Require]{
	custom("signed-by", shape{"[signed-by](#signed-by), or an identity", schema{"anyOf": []any{ref("text"), ref("signed-by")}}}, (*reader).requireSignedBy,
		"Who must have signed the release's record.", instead("nobody"), example("https://github.com/org/shop/.github/workflows/*")),
	key("healthy", text(), func(q *Require) *string { return &q.Healthy }, "Another environment where the release has to be live and healthy.", example("staging")),
	key("profile", text(), func(q *Require) *string { return &q.Profile }, "The build profile of the release.", instead("any but development")),
	key("gate", oneOfThe(verdicts), func(q *Require) *Verdict { return &q.Gate },
		"The worst that the statement `attestations/gate.json` may say of the release: `pass`, or `warn` for warnings too. A release without the statement is refused.", instead("nothing is asked")),
	key("scan", oneOfThe(verdicts), func(q *Require) *Verdict { return &q.Scan },
		"The same of `attestations/scan.json`.", instead("nothing is asked")),
	keyOr("newer", boolean(), true, func(q *Require) *bool { return &q.Newer },
		"Whether a release is refused whose commit the live one's comes after, unless `force` is given."),
}

func (r *reader) requireSignedBy(n *node, at string, q *Require) {
	if n.kind == isMap {
		var i Integrity
		r.integritySignedBy(n, at, &i)
		q.SignedBy = i.SignedBy
		return
	}
	if s, ok := r.text(n, at); ok {
		q.SignedBy = SignedBy{Identity: s, Issuer: GitHubIssuer}
	}
}

func (r *reader) checks(n *node, at string, e *Environment) {
	e.Checks = nil // an environment's own replace those that it inherits
	if n.kind != isList || len(n.items) > maxChecks {
		r.at(n, "%s: got %s, want a list of at most %d checks, such as [{ name: pay button, selector: '#pay' }]", at, n.describe(), maxChecks)
		return
	}
	names := map[string]bool{}
	for i, item := range n.items {
		at := itemPath(n, at, i)
		var c Check
		checkTable.defaults(&c)
		checkTable.object(r, item, at, &c)
		if c.Name != "" && names[c.Name] {
			r.report(ruleConflict, item, "%s: got the name %s again, want each once", at, quote(c.Name))
		}
		if (c.Selector != "" || c.Global != "") && (c.Contains != "" || c.Status != 200) {
			r.report(ruleConflict, item, "%s: got a check in a browser with contains or status, want two checks", at)
		}
		names[c.Name] = true
		e.Checks = append(e.Checks, c)
	}
}

// environments reads each of them over the one that it extends.
func (r *reader) environments(n *node, c *Config) {
	r.pairs(n, "environments", func(k pair, at string) {
		if !environmentName.MatchString(k.name) {
			r.add(ruleValue, k.line, k.column, "%s: got the name %s, want letters, digits, - and _, such as production", at, quote(k.name))
			return
		}
		e := r.inherited(n, k, at, nil)
		e.Name, e.URL, e.Store, e.Adopt = k.name, "", "", false
		environmentTable.object(r, k.value, at, &e)
		c.Environments = append(c.Environments, e)
	})
	stores := map[string]string{}
	for _, e := range c.Environments {
		if other := stores[e.Store]; other != "" && e.Store != "" {
			r.report(ruleConflict, n.get(e.Name), "environments.%s.store: got %s, which %s has too; want a store of its own, such as another prefix: each would collect the other's releases", e.Name, quote(e.Store), other)
		}
		stores[e.Store] = e.Name
		if e.Require.Healthy != "" && !slices.ContainsFunc(c.Environments, func(o Environment) bool { return o.Name == e.Require.Healthy && o.Name != e.Name }) {
			r.report(ruleConflict, n.get(e.Name), "environments.%s.require.healthy: got %s, want the name of another environment", e.Name, quote(e.Require.Healthy))
		}
	}
}

// inherited are the settings of what k extends; problems with those are told where
// they stand.
func (r *reader) inherited(all *node, k pair, at string, below []string) (e Environment) {
	environmentTable.defaults(&e)
	strategyTable.defaults(&e.Strategy)
	keepTable.defaults(&e.Keep)
	requireTable.defaults(&e.Require)
	from := k.value.get("extends")
	if from == nil || from.kind != isText {
		return e
	}
	below = append(below, k.name)
	base := all.get(from.text)
	switch {
	case base == nil:
		r.report(ruleConflict, from, "%s.extends: got %s, want the name of another environment", at, quote(from.text))
	case slices.Contains(below, from.text):
		r.report(ruleConflict, from, "%s.extends: got %s, which extends this one in turn", at, quote(from.text))
	default:
		e = r.inherited(all, pair{name: from.text, value: base}, "environments."+from.text, below)
		quiet := &reader{env: r.env, allowed: r.allowed, root: r.root, idle: r.idle}
		environmentTable.object(quiet, base, "", &e)
	}
	return e
}

func checkFolderAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || !strings.HasSuffix(u.Path, "/") || strings.Contains(u.Path, "//") || u.RawQuery+u.Fragment != "" {
		return errors.New("got " + quote(s) + ", want a URL with https:// that ends in /, such as https://pay.example.com/checkout/")
	}
	return nil
}

// Environment is the one of that name.
func (c *Config) Environment(name string) (*Environment, bool) {
	i := slices.IndexFunc(c.Environments, func(e Environment) bool { return e.Name == name })
	if i < 0 {
		return nil, false
	}
	return &c.Environments[i], true
}
