package target

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// tables are caniuse-lite's files in its packed form, with made-up figures.
var tables = map[string]string{
	"browsers.js":        `module.exports={A:"ie",C:"firefox",D:"chrome",E:"safari",I:"android",H:"op_mini",S:"kaios"};`,
	"browserVersions.js": `module.exports={"0":"117","1":"20",a:"140",b:"141",c:"142",d:"18.4",e:"18.5",f:"26.0",g:"11",h:"2.5",i:"4.4.3-4.4.4",j:"all",k:"15.2-15.3",l:"TP",m:"10"};`,
	"agents.js": `module.exports={` +
		`A:{A:{m:0.1,g:0.6},B:"ms",C:["","m","g","","",""],E:"IE",F:{m:1346716800,g:1381968000}},` +
		`C:{A:{"0":0.4,a:2.5,b:0},B:"moz",C:["0","a","b","",""],E:"Firefox",F:{"0":1693267200,a:1750723200,b:null}},` +
		`D:{A:{"0":1,a:30.5,b:5,c:0},B:"webkit",C:["0","a","b","c","",""],E:"Chrome",F:{"0":1694476800,a:1756771200,b:1759190400,c:null}},` +
		`E:{A:{k:0.2,d:0.7,e:8,f:0,l:0},B:"webkit",C:["k","d","e","f","l",""],E:"Safari",F:{k:1639353600,d:1743379200,e:1747008000,f:null,l:null}},` +
		`H:{A:{j:0.9},B:"o",C:["j","","",""],E:"Opera Mini",F:{j:1426464000}},` +
		`I:{A:{i:0.1,b:3},B:"webkit",C:["i","b","","",""],E:"Android Browser",F:{i:1,b:1759190400}},` +
		`S:{A:{h:1.5},B:"webkit",C:["h","","",""],E:"KaiOS",F:{h:1}}};`,
	"regions/US.js":          `module.exports={D:{"117":5,"141":20,_:"140"},E:{"18.5":9},I:{"0":2}};`,
	"features/es6-module.js": `module.exports={A:{A:{"2":"m g"},C:{"1":"a b","2":"0"},D:{"1":"0 a b c"},E:{"1":"d e f l","1540":"k"}},B:1,C:"JavaScript modules",D:true};`,
}

// project makes a folder with files, and caniuse-lite when withUsage.
func project(t *testing.T, withUsage bool, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		write(name, text)
	}
	if withUsage {
		for name, text := range tables {
			write("node_modules/caniuse-lite/data/"+name, text)
		}
	}
	return root
}

func TestQueries(t *testing.T) {
	tests := []struct {
		name, queries, want string
	}{
		{"ray", "chrome >= 61", "chrome61"},
		{"no spaces", "chrome>=61", "chrome61"},
		{"above a whole number", "chrome > 61", "chrome62"},
		{"above a version with minors", "safari > 12", "safari12.1"},
		{"one", "chrome 61", "chrome61"},
		{"patch is dropped", "chrome 61.0.3163", "chrome61"},
		{"range", "chrome 61-70", "chrome61"},
		{"minor", "safari >= 12.1", "safari12.1"},
		{"alias", "iOS >= 12.2", "ios12.2"},
		{"caniuse's name", "ios_saf 12.2-12.5", "ios12.2"},
		{"esr", "firefox esr", "firefox128"},
		{"esr, the lower one taken away", "Firefox ESR, not firefox 128", "firefox140"},
		{"edge and opera", "edge 16, opera >= 50", "edge16,opera50"},
		{"Chrome on Android is Chrome", "and_chr 80, chrome 90", "chrome80"},
		{"Firefox on Android is Firefox", "and_ff >= 68", "firefox68"},
		{"Samsung is its Chromium", "samsung >= 10", "chrome71"},
		{"Samsung newer than the table", "samsung 99", "chrome125"},
		{"Opera Mobile is its Chromium", "op_mob >= 80", "chrome92"},
		{"old Android", "android 4.4", "chrome30"},
		{"older Android", "android >= 4.1", "safari4"},
		{"lowest of several", "chrome 80, chrome 70 or chrome 90", "chrome70"},
		{"and", "chrome >= 61 and chrome < 80", "chrome61"},
		{"and without common versions, or more", "chrome > 80 and chrome < 70 or safari 14", "safari14"},
		{"not", "chrome 60-70, not chrome <= 64", "chrome65"},
		{"not in the middle", "chrome >= 60, not chrome 61-70", "chrome60"},
		{"not dead", "ie >= 9, chrome 80, samsung 4-5, not dead", "chrome51"},
		{"not ie 11", "ie 10-11, not ie 11", "ie10"},
		{"edition", "es2017", "es2017"},
		{"editions and browsers", "es2020, es2017, chrome 80", "es2017,chrome80"},
		{"es6", "ES6", "es2015"},
		{"node", "node 18", "node18"},
		{"preview asks for nothing", "safari TP, chrome 80", "chrome80"},
		{"ignored beside others", "chrome 80, op_mini all", "chrome80"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Resolve(Options{Root: t.TempDir(), Queries: []string{tt.queries}})
			if err != nil || got.String() != tt.want {
				t.Fatalf("%q: got %v, %v, want %s", tt.queries, got, err, tt.want)
			}
			validForESBuild(t, got)
		})
	}
}

// validForESBuild: esbuild takes what we give it.
func validForESBuild(t *testing.T, targets Targets) {
	t.Helper()
	result := api.Transform("let a = 1", api.TransformOptions{Engines: targets.Engines, Target: targets.Edition})
	for _, m := range result.Errors {
		if strings.Contains(m.Text, "version") {
			t.Error(m.Text)
		}
	}
}

func TestUsageQueries(t *testing.T) {
	root := project(t, true, nil)
	tests := []struct {
		name, queries, want string
	}{
		{"last", "last 1 version", "chrome141,firefox140,ie11,safari18.5"},
		{"last 2, Android's jump", "last 2 versions", "chrome140,firefox117,ie10,safari18.4"},
		{"last of one", "last 2 safari versions", "safari18.4"},
		{"last major of one", "last 1 safari major version", "safari18.4"},
		{"last majors", "last 2 major versions and safari > 0", "safari15.2"},
		{"share above", "> 0.5%", "chrome117,firefox140,ie11,safari18.4"},
		{"share at least", ">= 0.4% and firefox > 0", "firefox117"},
		{"share below", "< 0.3% and safari > 0", "safari15.2"},
		{"share in a country", "> 4% in US", "chrome117,safari18.5"},
		{"newest of a browser with one", ">= 2% in us and android > 0", "chrome141"},
		{"cover", "cover 30%", "chrome140"},
		{"cover in a country", "cover 25% in US", "chrome141,safari18.5"},
		{"since", "since 2025-04-01", "chrome140,firefox140,safari18.5"},
		{"unreleased", "unreleased chrome versions", "chrome142"},
		{"supports", "supports es6-module", "chrome117,firefox140,safari15.2"},
		{"fully supports", "fully supports es6-module", "chrome117,firefox140,safari18.4"},
		{"defaults", "defaults", "chrome117,firefox117,safari18.4"},
		{"versions do without", "chrome >= 61", "chrome61"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Resolve(Options{Root: root, Queries: []string{tt.queries}})
			if err != nil || got.String() != tt.want {
				t.Fatalf("%q: got %v, %v, want %s", tt.queries, got, err, tt.want)
			}
		})
	}
}

func TestIgnoredIsSaid(t *testing.T) {
	got, err := Resolve(Options{Root: project(t, true, nil), Queries: []string{"> 0.5%"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"kaios (its Firefox 48 is older than what esbuild can write for)", "op_mini (it runs scripts on Opera's servers)"}
	if !slices.Equal(got.Ignored, want) {
		t.Errorf("got %q, want %q", got.Ignored, want)
	}
}

func TestQueryErrors(t *testing.T) {
	tests := []struct {
		name, queries, want string
	}{
		{"usage without data", "> 0.5%", "the project has no node_modules/caniuse-lite; install it (npm install --save-dev browserslist), or write versions: allowed are chrome >= 87"},
		{"last without data", "chrome 80, last 2 versions", `browser query "last 2 versions": it needs figures`},
		{"the clock", "last 2 years", "its answer changes with the day"},
		{"not first", "not dead", "nothing is selected yet"},
		{"unknown browser", "netscape 4", `unknown browser "netscape": allowed are and_chr, and_ff`},
		{"no version", "chrome", `which versions of chrome? write them, as in "chrome >= 14"`},
		{"unknown form", "chrome latest", "not understood; allowed are chrome >= 87"},
		{"unknown edition", "es2099", "unknown edition of ECMAScript: allowed are es5"},
		{"edition after not", "chrome 80, not es5", `can't follow "not"`},
		{"backwards", "chrome 80-70", "the range runs backwards: from 80 to 70"},
		{"bad version", "chrome 1.2.3.4.5", `version "1.2.3.4.5": want numbers`},
		{"electron", "electron >= 20", "not a browser a page is shown in"},
		{"shared config", "extends browserslist-config-acme", "reads another package"},
		{"nothing left", "op_mini all", "no browser is left to build for but op_mini (it runs"},
		{"nothing left after not", "ie 11, not dead", "no browser is left to build for; allowed are"},
		{"hole", "chrome 80,,safari 14", "an empty condition"},
		{"empty", " ", "none; allowed are"},
	}
	root := t.TempDir()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Resolve(Options{Root: root, Queries: []string{tt.queries}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%q: got %v, %v, want an error with %q", tt.queries, got, err, tt.want)
			}
		})
	}
}

func TestWhereQueriesComeFrom(t *testing.T) {
	tests := []struct {
		name         string
		files        map[string]string
		options      Options
		want, origin string
		err          string
	}{
		{"configuration first", map[string]string{"package.json": `{"browserslist":"chrome 70"}`}, Options{Queries: []string{"chrome 61"}}, "chrome61", "configuration", ""},
		{"package.json, text", map[string]string{"package.json": `{"browserslist":"chrome 70, safari 13"}`}, Options{}, "chrome70,safari13", "package.json", ""},
		{"package.json, list", map[string]string{"package.json": `{"browserslist":["chrome 70","safari 13"]}`}, Options{}, "chrome70,safari13", "package.json", ""},
		{"package.json, sections", map[string]string{"package.json": `{"browserslist":{"production":["chrome 70"],"development":"chrome 120"}}`}, Options{}, "chrome70", "package.json", ""},
		{"package.json, other section", map[string]string{"package.json": `{"browserslist":{"production":["chrome 70"],"development":"chrome 120"}}`}, Options{Environment: "development"}, "chrome120", "package.json", ""},
		{"package.json, defaults", map[string]string{"package.json": `{"browserslist":{"defaults":["chrome 70"]}}`}, Options{Environment: "staging"}, "chrome70", "package.json", ""},
		{"package.json, none of its own", map[string]string{"package.json": `{"browserslist":{"production":["chrome 70"],"development":"chrome 120"}}`}, Options{Environment: "test"}, "chrome70", "package.json", ""},
		{"package.json, no section", map[string]string{"package.json": `{"browserslist":{"modern":["chrome 70"]}}`}, Options{}, "", "", `neither a section "production" nor "defaults"`},
		{"package.json, number", map[string]string{"package.json": `{"browserslist":5}`}, Options{}, "", "", "want a query, a list of queries, or lists by environment"},
		{"file", map[string]string{"package.json": `{}`, ".browserslistrc": "# ours\nchrome 70 # old\n\nsafari 13, ios 12\n"}, Options{}, "chrome70,ios12,safari13", ".browserslistrc", ""},
		{"file, sections", map[string]string{".browserslistrc": "[production staging]\nchrome 70\n[development]\nchrome 120\n"}, Options{Environment: "staging"}, "chrome70", ".browserslistrc", ""},
		{"file, defaults above sections", map[string]string{".browserslistrc": "chrome 80\n[development]\nchrome 120\n"}, Options{}, "chrome80", ".browserslistrc", ""},
		{"file, none of its own", map[string]string{".browserslistrc": "[production]\nchrome 70\n[development]\nchrome 120\n"}, Options{Environment: "test"}, "chrome70", ".browserslistrc", ""},
		{"file, section twice", map[string]string{".browserslistrc": "[a]\nchrome 80\n[a]\nchrome 120\n"}, Options{}, "", "", `the section "a" comes twice`},
		{"file, nothing for it", map[string]string{".browserslistrc": "[a]\nchrome 80\n"}, Options{}, "", "", `no queries for the environment "production"`},
		{"older name", map[string]string{"browserslist": "chrome 75"}, Options{}, "chrome75", "browserslist", ""},
		{"two places", map[string]string{"package.json": `{"browserslist":"chrome 70"}`, ".browserslistrc": "chrome 80"}, Options{}, "", "", "both package.json and .browserslistrc have queries; keep one"},
		{"error names the place", map[string]string{".browserslistrc": "netscape 4"}, Options{}, "", "", `browser targets (.browserslistrc): browser query "netscape 4"`},
		{"default", nil, Options{}, "chrome87,edge88,firefox78,ios14,safari14", "default", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Root = project(t, false, tt.files)
			got, err := Resolve(tt.options)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, %v, want an error with %q", got, err, tt.err)
				}
				return
			}
			if err != nil || got.String() != tt.want || got.Origin != tt.origin {
				t.Fatalf("got %v from %q, %v, want %s from %q", got, got.Origin, err, tt.want, tt.origin)
			}
		})
	}
}

func TestUnknownTable(t *testing.T) {
	root := project(t, true, map[string]string{})
	path := filepath.Join(root, "node_modules/caniuse-lite/data/agents.js")
	if err := os.WriteFile(path, []byte("export const agents = new Map()"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Resolve(Options{Root: root, Queries: []string{"> 1%"}}); err == nil || !strings.Contains(err.Error(), "reading ") {
		t.Fatalf("got %v, %v, want an error on the table", got, err)
	}
	if got, err := Resolve(Options{Root: root, Queries: []string{"chrome 80"}}); err != nil || got.String() != "chrome80" {
		t.Fatalf("a query that needs no table: got %v, %v", got, err)
	}
}

// FuzzResolve: no text makes it panic, and what is accepted is valid for esbuild.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"chrome >= 61", "not dead", "safari 12.1-14 and not ios 3, es2017", "firefox esr or opera 9.5"} {
		f.Add(seed)
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Resolve(Options{Root: root, Queries: []string{text}})
		if err == nil {
			validForESBuild(t, got)
		}
	})
}

// FuzzSpans: sets of versions behave like sets of the numbers in them.
func FuzzSpans(f *testing.F) {
	f.Add([]byte{1, 5, 3, 9}, []byte{4, 6})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, y := spansOf(a), spansOf(b)
		for n := range 256 {
			v := version{n, 0}
			inX, inY := x.has(v), y.has(v)
			if x.union(y).has(v) != (inX || inY) || x.intersect(y).has(v) != (inX && inY) || x.without(y).has(v) != (inX && !inY) {
				t.Fatalf("%v and %v at %d", x, y, n)
			}
		}
		for i, sp := range x.union(y) {
			if !sp.from.less(sp.to) || i > 0 && !x.union(y)[i-1].to.less(sp.from) {
				t.Fatalf("%v: not sorted, or not apart", x.union(y))
			}
		}
	})
}

func spansOf(pairs []byte) (out spans) {
	for i := 0; i+1 < len(pairs); i += 2 {
		from, to := version{int(pairs[i]), 0}, version{int(pairs[i+1]), 0}
		if from.less(to) {
			out = out.union(spans{{from, to}})
		}
	}
	return out
}

func (s spans) has(v version) bool {
	return slices.ContainsFunc(s, func(sp span) bool { return !v.less(sp.from) && v.less(sp.to) })
}
