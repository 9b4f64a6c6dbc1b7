package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/release"
)

// shown is what of a build depends on the profile.
func shown(b Build) string {
	s := fmt.Sprint(b.Profile, " ", b.Minify, " ", b.SourceMaps, " ", b.NodeEnv)
	if b.PublicPath != "" {
		s += " " + b.PublicPath
	}
	for _, p := range b.Passes {
		for _, q := range p.Target {
			s += " [" + q + "]"
		}
		for _, d := range p.Define {
			s += " " + d.Name + "=" + d.Expr
		}
	}
	return s
}

func TestProfileDefaults(t *testing.T) {
	for profile, want := range map[release.Profile]string{
		release.Development: "development false linked development",
		release.Testing:     "testing false linked test",
		release.Staging:     "staging true apart production",
		release.Production:  "production true apart production",
		"":                  "production true apart production",
	} {
		c, err := Overrides{Profile: string(profile)}.Find(project, "", testEnv)
		if err != nil || shown(c.Build) != want {
			t.Errorf("%q: got %v, %v, want %s", profile, c, err, want)
		}
	}
	for _, p := range release.Profiles {
		if !slices.ContainsFunc(profileDefaults, func(d profileDefault) bool { return d.profile == p && d.purpose != "" }) {
			t.Errorf("%s has no defaults, or no purpose", p)
		}
		if !strings.Contains(ProfileReference(), "\n| `"+string(p)+"` |") {
			t.Errorf("%s is not in the table", p)
		}
	}
	rows := profileRows().names()
	for _, name := range slices.Concat(profiledTable.names(), alsoProfiled) {
		if !slices.Contains(rows, name) {
			t.Errorf("a profile has no key %s", name)
		}
	}
}

// Input over profile over build over the profile's default; a pass's own stays.
func TestProfilePrecedence(t *testing.T) {
	for _, tt := range []struct {
		name, build, input, want string
	}{
		{"build over default", "profile: testing, minify: true, source-maps: none, node-env: development", "", "testing true none development"},
		{"one of them", "profile: testing, minify: true", "", "testing true linked test"},
		{"profile over build", "minify: true, source-maps: none, node-env: test, profiles: { production: { minify: false, source-maps: linked, node-env: development } }", "", "production false linked development"},
		{"whatever the order", "profiles: { staging: { minify: false } }, minify: true, profile: staging", "", "staging false apart production"},
		{"another profile", "source-maps: none, profiles: { staging: { source-maps: linked } }", "", "production true none production"},
		{"input chooses the profile", "profile: development, profiles: { staging: { source-maps: linked }, development: { minify: true } }", "staging", "staging true linked production"},
		{"public path and target", "public-path: /a/, target: a, profiles: { production: { public-path: /b/, target: [b, c] } }", "", "production true apart production /b/ [b] [c]"},
		{"defines add", "define: { A: 1, B: 1 }, profiles: { production: { define: { B: 2, C: 2 } }, staging: { define: { A: 3 } } }", "", "production true apart production A=1 B=2 C=2"},
		{"a pass's own", "define: { A: 1 }, target: a, profiles: { production: { define: { A: 2, B: 2 }, target: b } }, passes: [{ name: p, entries: { a: a.ts }, define: { B: 3 }, target: c }]", "", "production true apart production [c] A=2 B=3"},
		{"exposed", "env: SET, expose: API, define: { process.env.API: { env: SET } }", "", `production true apart production import.meta.env.API="api.example.com" process.env.API="set"`},
		{"exposed twice", "expose: [SET, SET]", "", `production true apart production import.meta.env.SET="set" process.env.SET="set"`},
		{"exposed is allowed", "expose: SET, define: { A: '${SET}!' }", "", `production true apart production A="set!" import.meta.env.SET="set" process.env.SET="set"`},
		{"a variable for another profile", "env: UNSET, profiles: { staging: { define: { A: { env: UNSET } }, public-path: 'https://${UNSET}/', target: '${UNSET}', node-env: '${UNSET}' } }", "", "production true apart production"},
		{"the profile from a variable", "env: WHICH, profile: '${WHICH}'", "", "testing false linked test"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) (string, bool) {
				if name == "WHICH" {
					return "testing", true
				}
				return testEnv(name)
			}
			c, err := Overrides{Profile: tt.input}.Parse("f.yml", []byte("version: 1\nbuild: { "+tt.build+" }\n"), project, env)
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(c.Build); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// everyText takes all strings of a JSON value; a define's expression is what it says.
func everyText(v any, take func(string)) {
	switch v := v.(type) {
	case string:
		take(v)
		take(stringOf(v))
	case []any:
		for _, item := range v {
			everyText(item, take)
		}
	case map[string]any:
		for key, value := range v {
			take(key)
			everyText(value, take)
		}
	}
}

// Whatever a file says, and whatever the environment holds: what is read of them
// has no text of a form that only secrets have.
func FuzzNoSecrets(f *testing.F) {
	for _, text := range []string{
		"a: ghp_hunter2hunter2hunter2hunter2", `{a: "$${ghp_hunter2hunter2hunter2hunter2}"}`, `{a: "${V}"}`, `{a: "gh${V}${W}"}`, `{a: {env: V}}`,
		`{a: {expr: "${V}"}}`, `{a: ["${V}", {b: "${W}x"}]}`, `{AKIAHUNTER2HUNTER2AA: 1}`, `{a: "$$${V}"}`, `{a: "${"}`,
	} {
		f.Add(text, "p_hunter2hunter2hunter2hunter2", "sk_live_hunter2hunter2")
	}
	f.Fuzz(func(t *testing.T, define, v, w string) {
		env := func(name string) (string, bool) {
			return map[string]string{"V": v, "W": w}[name], name == "V" || name == "W"
		}
		for _, file := range []string{
			"version: 1\nbuild: { env: [V, W], define: %s }\n",
			"version: 1\nbuild: { env: [V, W], profiles: { production: { define: %s } } }\n",
			"version: 1\nbuild: { env: [V, W], passes: [{ name: p, entries: { a: a.ts }, define: %s }] }\n",
			"version: 1\nbuild: { env: [V, W], alias: %s }\n",
			"version: 1\nbuild: { expose: [V, W], public-path: \"${V}/\", app-version: \"${V}${W}\", outdir: \"x${W}\" }\n",
		} {
			c, err := Parse("f.yml", []byte(strings.Replace(file, "%s", define, 1)), project, env)
			if err != nil {
				continue
			}
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			var all any
			if err := json.Unmarshal(text, &all); err != nil {
				t.Fatal(err)
			}
			everyText(all, func(s string) {
				if kind, _ := secretIn(s); kind != "" {
					t.Errorf("%s: got %q in the configuration, which looks like %s", file, s, kind)
				}
			})
		}
	})
}
