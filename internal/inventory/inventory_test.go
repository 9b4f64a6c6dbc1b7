package inventory

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

const (
	pinned = "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"
	other1 = "sha384-ZZZuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"
)

var day = time.Date(2026, 11, 25, 23, 59, 0, 0, time.UTC)

// example is the one of the documentation.
func example(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/inventory.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("got no example in docs/inventory.md")
	}
	return text
}

func parsed(t *testing.T, text string) *Inventory {
	t.Helper()
	inv, err := Parse("checkout-scripts.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func script(url string, hashes ...string) Loaded {
	return Loaded{URL: url, Page: "https://shop.example.com/checkout", Kind: release.Script, Hashes: hashes}
}

func seenAll() Observed {
	return Observed{
		Own: []Own{
			{Path: "checkout-1.js", Role: release.Script, Entries: []string{"app/checkout"}},
			{Path: "shared-1.js", Role: release.Script, Chunks: []string{"app/address", "app/gift"}},
		},
		Loaded: []Loaded{script("https://js.stripe.com/v3/", other1), script("https://cdn.example.net/polyfill/3/core.js", pinned)},
		Live:   true,
	}
}

func rules(all []finding.Finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, f.Rule)
	}
	return out
}

func TestExampleApproves(t *testing.T) {
	scripts, findings := parsed(t, example(t)).Check(seenAll(), day)
	if len(findings) > 0 {
		t.Errorf("got %v, want no finding", findings)
	}
	var states []State
	for _, s := range scripts {
		states = append(states, s.State)
	}
	if want := []State{Approved, Approved, Excepted, Approved}; !slices.Equal(states, want) {
		t.Errorf("got %v, want %v", states, want)
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name       string
		old, new   string // in the example
		see        func(*Observed)
		now        time.Time
		rule, says string
	}{
		{name: "a new script", see: load(script("https://evil.example/x.js", other1)), rule: ruleNew, says: "https://evil.example/x.js"},
		{name: "a user in the address", see: load(script("https://js.stripe.com@evil.example/v3/")), rule: ruleNew, says: "evil.example"},
		{name: "another folder by dots", see: load(script("https://cdn.example.net/polyfill/%2e%2E/core.js", pinned)), rule: ruleNew, says: "%2e%2E"},
		{name: "a star ends at a folder", see: load(script("https://cdn.example.net/polyfill/a/b/core.js", pinned)), rule: ruleNew, says: "a/b"},
		{name: "a query", see: load(script("https://js.stripe.com/v3/?x=1")), rule: ruleNew, says: "?x=1"},
		{name: "another port", see: load(script("https://js.stripe.com:8443/v3/")), rule: ruleNew, says: "8443"},
		{name: "a script as style", see: load(Loaded{URL: "https://js.stripe.com/v3/", Kind: release.Style}), rule: ruleNew, says: "style"},
		{name: "an inline script", see: load(Loaded{Page: "index.html", Kind: release.Script, Hashes: []string{other1}}), rule: ruleNew, says: "inline sha384-ZZZ"},
		{name: "a new chunk", see: func(o *Observed) {
			o.Own = append(o.Own, Own{Path: "n.js", Role: release.Script, Chunks: []string{"app/novel"}})
		}, rule: ruleNew, says: "app/novel"},
		{name: "other bytes", see: load(script("https://cdn.example.net/polyfill/4/core.js", other1)), rule: ruleChanged, says: other1},
		{name: "another hash in the page", see: load(Loaded{URL: "https://cdn.example.net/polyfill/4/core.js", Kind: release.Script, Integrity: other1}), rule: ruleChanged, says: other1},
		{name: "bytes not seen", see: load(script("https://cdn.example.net/polyfill/4/core.js")), rule: ruleUnseen, says: "no sha384"},
		{name: "no owner", old: "    owner: team-payments\n", rule: ruleMissing, says: "owner"},
		{name: "an owner to be named", old: "owner: team-payments", new: "owner: TODO name a team", rule: ruleMissing, says: "owner"},
		{name: "nobody approved", old: "by: Ada Moreau, reference: SEC-103, ", rule: ruleMissing, says: "approved.by, approved.reference"},
		{name: "no pin", old: "    pin: " + pinned, rule: ruleUnpinned, says: "polyfill"},
		{name: "the last day counts", old: "on: 2026-11-02, expires: 2027-11-02 }\n  - id: stripe", new: "on: 2026-11-02, expires: 2026-11-25 }\n  - id: stripe", rule: ruleExpiring, says: "2026-11-25"},
		{name: "the day after does not", old: "on: 2026-11-02, expires: 2027-11-02 }\n  - id: stripe", new: "on: 2026-11-02, expires: 2026-11-25 }\n  - id: stripe", now: day.Add(time.Minute), rule: ruleExpired, says: "2026-11-25"},
		{name: "an exception that ended", old: "      expires: 2027-05-02", new: "      expires: 2026-01-01", rule: ruleExpired, says: "the exception"},
		{name: "approved tomorrow", old: "SEC-101, on: 2026-11-02", new: "SEC-101, on: 2026-11-26", rule: ruleFuture, says: "2026-11-26"},
		{name: "a script that is gone", see: func(o *Observed) { o.Loaded = o.Loaded[:1] }, rule: ruleStale, says: "polyfill"},
		{name: "a host's root", old: "https://js.stripe.com/v3/", new: "https://js.stripe.com/*/", rule: ruleBroad, says: "stripe"},
		{name: "all of a pass", old: "[app/checkout, app/address, app/payment]", new: "app/*", rule: ruleBroad, says: "checkout"},
		{name: "no pages", old: "pages:\n  - url: https://shop.example.com/checkout\n    purpose: The one page that takes card data.\n", rule: ruleMissing, says: "pages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := example(t)
			if !strings.Contains(text, test.old) {
				t.Fatalf("got an example without %q", test.old)
			}
			seen, now := seenAll(), test.now
			if test.see != nil {
				test.see(&seen)
			}
			if now.IsZero() {
				now = day
			}
			if test.old != "" {
				text = strings.Replace(text, test.old, test.new, 1)
			}
			_, findings := parsed(t, text).Check(seen, now)
			if len(findings) != 1 || findings[0].Rule != test.rule || !strings.Contains(findings[0].Message, test.says) {
				t.Errorf("got %v %v, want one of %s that says %q", rules(findings), findings, test.rule, test.says)
			}
		})
	}
}

func load(l Loaded) func(*Observed) { return func(o *Observed) { o.Loaded = append(o.Loaded, l) } }

func TestParseRefuses(t *testing.T) {
	entry := func(s string) string { return "version: 1\nscripts:\n  - " + s + "\n" }
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "got an empty file"},
		{"no version", "pages: []\n", ":1:1: version: got nothing"},
		{"a later version", "version: 2\n", ":1:10: version: got \"2\""},
		{"an unknown key", entry("url: https://a.example/\n    ownerr: x"), `:4:5: scripts[0]: got the unknown key "ownerr", did you mean owner?`},
		{"a key twice", entry("url: https://a.example/\n    owner: x\n    owner: y"), `:5:5: scripts[0]: got the key "owner" twice, first in line 4`},
		{"an entry of nothing", entry("owner: x"), "want one of own, files, url, inline"},
		{"an entry of two", entry("own: app/a\n    url: https://a.example/"), "got own and url, want one of them"},
		{"a pin of the release's", entry("own: app/a\n    pin: " + pinned), "their hashes are in its record"},
		{"a pin unpadded", entry("url: https://a.example/\n    pin: sha256-" + strings.Repeat("A", 43)), "padded standard base64"},
		{"two algorithms", entry("url: https://a.example/\n    pin: [" + pinned + ", sha256-" + strings.Repeat("A", 43) + "=]"), "want one algorithm"},
		{"an alias", "version: 1\nscripts:\n  - &a { own: app/a }\n  - *a\n", ":3:5: scripts[0]: got an anchor or an alias"},
		{"no day", entry("own: app/a\n    approved: { on: 2026-02-30 }"), "want a day such as 2026-11-25"},
		{"ended before it began", entry("own: app/a\n    approved: { on: 2026-02-03, expires: 2026-02-02 }"), "want the end after it"},
		{"a number", entry("own: app/a\n    owner: 12"), "put it in quotes"},
		{"a name that turns", entry("own: app/a\n    owner: \"a\\u202Eb\""), "can't be seen"},
		{"all of a domain", entry("url: https://*.com/x.js"), "at least two labels"},
		{"all hosts", entry("url: https://*/x.js"), "want a URL"},
		{"no scheme", entry("url: //a.example/x.js"), "want a URL"},
		{"the same twice", "version: 1\nscripts:\n  - own: app/a\n  - own: app/a\n", `got "own app/a" again, first in line 3`},
		{"deep nesting", entry("url: " + strings.Repeat("[", 20_000)), "not YAML"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("inv.yml", []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestPropose(t *testing.T) {
	inv := parsed(t, example(t))
	if diff, err := inv.Propose(seenAll()); diff != "" || err != nil {
		t.Errorf("got %q, %v for what is all there", diff, err)
	}
	for _, test := range []struct {
		name, text string
		see        []Loaded
		want       []string
	}{
		{"a new script", example(t), []Loaded{script("https://www.googletagmanager.com/gtm.js?id=GTM-1", other1)}, []string{"+    pin: " + other1, "+  - url: https://www.googletagmanager.com/gtm.js?id=GTM-1"}},
		{"changed bytes", example(t), []Loaded{script("https://cdn.example.net/polyfill/4/core.js", other1)}, []string{"-    pin: " + pinned, "+    pin: " + other1, "+    approved: { by: TODO, reference: TODO, on: TODO, expires: TODO }"}},
		{"no file", "", []Loaded{script("https://a.example/x.js")}, []string{"--- /dev/null", "+version: 1", "+    pin: TODO"}},
		{"an empty list", "version: 1\nscripts: []", []Loaded{script("https://a.example/x.js")}, []string{"-scripts: []", "+scripts:", "\\ No newline"}},
		{"no list, windows lines", "version: 1\r\n", []Loaded{script("https://a.example/x.js")}, []string{"+scripts:\r\n"}},
		{"hostile names", example(t), []Loaded{
			{URL: "https://a.example/\"\n- x: {#'.js", Page: "p\n  owner: me", Kind: release.Script},
			{URL: "https://a.example/*", Page: "p\n  owner: me\u2028", Kind: release.Script, Hashes: []string{"sha384-\nx"}},
		}, []string{`# seen on "p\n  owner: me\u2028"`, "+  - url: https://a.example/%2A"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := Empty("checkout-scripts.yml")
			if test.text != "" {
				inv = parsed(t, test.text)
			}
			diff, err := inv.Propose(Observed{Loaded: test.see})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(diff, want) {
					t.Errorf("got\n%s\nwant %q in it", diff, want)
				}
			}
			after := parsed(t, applied(t, test.text, diff))
			scripts, findings := after.Check(Observed{Loaded: test.see}, day)
			for _, s := range scripts {
				if s.State == Approved || s.State == Excepted {
					t.Errorf("got %s approved by a proposal", s.Loaded.Name())
				}
			}
			if slices.Contains(rules(findings), ruleChanged) {
				t.Errorf("got %v after the proposal", findings)
			}
		})
	}
}

// applied is a text with a diff that git takes.
func applied(t *testing.T, text, diff string) string {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "checkout-scripts.yml")
	if text != "" {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), git, "apply", "--whitespace=nowarn", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v %s\n%s", err, out, diff)
	}
	out, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Whatever is read: a proposal for a script that is new can be read, approves
// nothing, and what it does not touch stays.
func FuzzPropose(f *testing.F) {
	f.Add([]byte("version: 1\nscripts:\n  - own: app/a\n"), "https://a.example/x.js")
	f.Add([]byte("version: 1\nscripts: [] # none\n"), "https://a.example/'\"#: x")
	f.Add([]byte("{version: 1, scripts: [{own: app/a}]}"), "https://a.example/*")
	f.Add([]byte("version: 1\nscripts:\n- url: https://a.example/x.js\n  pin: '"+pinned+"'\n  approved:\n    by: \"a\"\n"), "https://a.example/x.js")
	f.Fuzz(func(t *testing.T, data []byte, url string) {
		inv, err := Parse("i.yml", data)
		if err != nil {
			return
		}
		seen := Observed{Loaded: []Loaded{script(url, other1)}}
		e, err := newEditor(inv.source)
		if err != nil || len(inv.proposals(seen)) == 0 {
			return
		}
		if diff, err := inv.Propose(seen); err != nil || diff == "" {
			return // said, not shown
		}
		if err := e.insert(inv.proposals(seen)); err != nil {
			t.Fatal(err)
		}
		after, err := Parse("i.yml", []byte(e.text()))
		if err != nil {
			t.Fatal(err)
		}
		if len(e.inLine) == 0 && len(strings.ReplaceAll(e.text(), "\n", "")) < len(strings.ReplaceAll(string(data), "\n", "")) {
			t.Errorf("got %q, want nothing of %q lost", e.text(), data)
		}
		scripts, _ := after.Check(seen, day)
		if scripts[0].State != Incomplete {
			t.Errorf("got %s, want it incomplete", fmt.Sprint(scripts[0].State))
		}
	})
}

// Editors take the document's example, and see what the reader refuses.
func TestSchema(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", content); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		example(t): true,
		"version: 1\nscripts: [{ url: 'https://a.example/a.js', ownre: me }]\n": false,
		"version: 1\nscripts: [{ url: a.js }]\n":                                false,
	} {
		var file any
		if err := yaml.Load([]byte(text), &file); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(jsonOf(file)); (err == nil) != ok {
			t.Errorf("got %v, want %t of\n%s", err, ok, text)
		}
	}
}

// jsonOf makes of YAML's values those of JSON.
func jsonOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = jsonOf(v[k])
		}
	case []any:
		for i := range v {
			v[i] = jsonOf(v[i])
		}
	case int:
		return float64(v)
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return v
}
