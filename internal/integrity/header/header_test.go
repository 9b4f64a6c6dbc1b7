package header

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

func TestMain(m *testing.M) { golden.Main(m) }

// sample has a bit of everything.
func sample(t *testing.T) Input {
	t.Helper()
	pinned := func(path string, role release.Role) release.File {
		return release.File{Path: path, Size: int64(len(path)), Integrity: release.IntegrityOf([]byte(path)), Role: role}
	}
	r := &release.Release{
		Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"},
		Passes: []release.Pass{{
			Name: "app", Format: release.Classic, Library: "checkout",
			Entries: []release.Entry{{Name: "checkout", JS: []string{"checkout-1a2b3c4d5e.js"}, CSS: []string{"checkout-5e4d3c2b1a.css"}, Chunks: []string{"pay"}}},
			Chunks:  []release.Chunk{{Name: "pay", JS: []string{"pay-00aa11bb22.js"}}},
		}},
		Files: []release.File{
			pinned("checkout-1a2b3c4d5e.js", release.Script), pinned("checkout-5e4d3c2b1a.css", release.Style), pinned("pay-00aa11bb22.js", release.Script),
			pinned("index.html", release.HTML), pinned("manifest.json", release.Manifest), pinned("loader.js", release.Script),
			pinned("static/logo-12345678.svg", release.Asset), pinned("static/Über-87654321.woff2", release.Asset), pinned("mixed/a-12345678.png", release.Asset), pinned("mixed/b.png", release.Asset),
		},
	}
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	entry := page.Element{Kind: page.Script, URL: "checkout-1a2b3c4d5e.js", Integrity: r.Files[0].Integrity.String(), HasIntegrity: true, HasCrossOrigin: true, CrossOrigin: "anonymous", Line: 4, Column: 1}
	return Input{
		Release: r, Pages: map[string]*page.Document{"index.html": {Elements: []page.Element{
			{Kind: page.Script, Text: "start()\r\nmore()", Line: 2, Column: 1}, {Kind: page.Style, Text: "p{}", Line: 3, Column: 1}, entry,
		}}},
		CSP: Enforce, Scripts: Hashes, IntegrityPolicy: ReportOnly, TrustedTypes: ReportOnly, ReportTo: "https://reports.example.com/csp?key=a;b&c=\"",
		ThirdParty: []Resource{
			{URL: "https://js.pay.example/v3/?lang=de", Kind: release.Script, Reason: "it changes without notice", Page: "index.html"},
			{URL: "https://cdn.example/lib.js", Kind: release.Script, Integrity: integrity.Metadata{integrity.Sum(integrity.SHA384, []byte("lib"))}},
			{URL: "https://fonts.example/f.css", Kind: release.Style, Integrity: integrity.Metadata{integrity.Sum(integrity.SHA384, []byte("f"))}},
		},
		Connect: []string{"https://api.example.com"}, Frames: []string{"https://pay.example"}, Payment: []string{"https://pay.example"},
		Fonts: []string{"https://fonts.example"},
	}
}

func made2(t *testing.T, in Input) *Set {
	t.Helper()
	set, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestFormats(t *testing.T) {
	set := made2(t, sample(t))
	if len(set.Findings) > 0 {
		t.Errorf("findings: %v", set.Findings)
	}
	nginx, err := set.Nginx("/shop/")
	if err != nil {
		t.Fatal(err)
	}
	headers, err := set.Netlify("/")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("json", func(t *testing.T) { golden.Compare(t, ".json", set.JSON()) })
	t.Run("nginx", func(t *testing.T) { golden.Compare(t, ".conf", nginx) })
	t.Run("headers", func(t *testing.T) { golden.Compare(t, ".txt", headers) })
}

// value is a header of the page.
func value(t *testing.T, set *Set, name string) string {
	t.Helper()
	i := slices.IndexFunc(set.Rules, func(r Rule) bool { return r.Path == "/index.html" })
	for _, f := range set.Rules[i].Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func TestPolicies(t *testing.T) {
	const csp, integrityPolicy, report = "Content-Security-Policy", "Integrity-Policy", "-Report-Only"
	for _, row := range []struct {
		name, header string
		change       func(*Input)
		has, hasNot  []string
	}{
		{"strict-dynamic names the first load alone", csp, func(in *Input) { in.Scripts = StrictDynamic }, []string{"'strict-dynamic'", integrity.Sum(integrity.SHA384, []byte("checkout-1a2b3c4d5e.js")).String()}, []string{integrity.Sum(integrity.SHA384, []byte("pay-00aa11bb22.js")).String(), "unsafe"}},
		{"hashes name all", csp, func(*Input) {}, []string{integrity.Sum(integrity.SHA384, []byte("pay-00aa11bb22.js")).String(), integrity.Sum(integrity.SHA384, []byte("start()\nmore()")).String()}, []string{"strict-dynamic", "unsafe", "'nonce-"}},
		{"reported", csp + report, func(in *Input) { in.CSP = ReportOnly }, []string{"script-src", "require-trusted-types-for 'script'; report-uri"}, nil},
		{"no policy", csp, func(in *Input) { in.CSP = None }, []string{""}, []string{"script-src"}},
		{"Trusted Types beside another mode", csp + report, func(*Input) {}, []string{"require-trusted-types-for 'script'"}, []string{"script-src"}},
		{"a set of hashes in the tag", csp, func(in *Input) {
			in.Pages["index.html"].Elements[2].Integrity += " " + integrity.Sum(integrity.SHA384, []byte("next")).String()
		}, []string{integrity.Sum(integrity.SHA384, []byte("next")).String()}, nil},
		{"hashes of a run time", csp, func(in *Input) {
			in.Hashes = []integrity.Hash{integrity.Sum(integrity.SHA256, []byte("x")), {Algorithm: "sha384", Base64: "x'; script-src *"}}
		}, []string{integrity.Sum(integrity.SHA256, []byte("x")).String()}, []string{"*"}},
		{"a server's nonce", csp, func(in *Input) { in.Nonce = "$request_id" }, []string{"script-src 'nonce-$request_id'", "'nonce-$request_id'; img-src"}, nil},
		{"a public URL", csp, func(in *Input) { in.PublicURL = "https://CDN.example/a b;c/" }, []string{"default-src 'self' https://cdn.example/a%20b%3Bc/"}, nil},
		{"a base element", csp, func(in *Input) { in.Pages["index.html"].Base = "https://cdn.example/x/" }, []string{"base-uri https://cdn.example;"}, nil},
		{"no base element", csp, func(*Input) {}, []string{"base-uri 'none'; object-src 'none'"}, nil},
		{"a deploy's base element", csp, func(in *Input) { in.Deployed = true }, []string{"base-uri 'self'; object-src 'none'"}, nil},
		{"integrity", integrityPolicy + report, func(*Input) {}, []string{"blocked-destinations=(script style), endpoints=(checkout)"}, nil},
		{"integrity without reports", integrityPolicy + report, func(in *Input) { in.ReportTo = "" }, []string{"blocked-destinations=(script style)"}, []string{"endpoints"}},
		{"integrity enforced", integrityPolicy, func(in *Input) { in.IntegrityPolicy, in.ThirdParty = Enforce, in.ThirdParty[1:] }, []string{"blocked-destinations=(script style)"}, nil},
		{"endpoints", "Reporting-Endpoints", func(*Input) {}, []string{`checkout="https://reports.example.com/csp?key=a%3Bb&c=%22"`}, nil},
		{"permissions", "Permissions-Policy", func(*Input) {}, []string{`payment=(self "https://pay.example"), `, "camera=()"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := sample(t)
			row.change(&in)
			got := value(t, made2(t, in), row.header)
			for _, s := range row.has {
				if !strings.Contains(got, s) || s == "" && got != "" {
					t.Errorf("got %s\nwant %s in it", got, s)
				}
			}
			for _, s := range row.hasNot {
				if strings.Contains(got, s) {
					t.Errorf("got %s\nwant no %s in it", got, s)
				}
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	in := sample(t)
	in.IntegrityPolicy = Enforce
	in.Pages["index.html"].Elements = append(in.Pages["index.html"].Elements, page.Element{Kind: page.Style, URL: "checkout-5e4d3c2b1a.css", Line: 9, Column: 3})
	_, err := Make(in)
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a refusal", err)
	}
	const want = `an enforcing Integrity-Policy would block "https://js.pay.example/v3/?lang=de" (index.html: it changes without notice), "checkout-5e4d3c2b1a.css" (index.html: its tag has no integrity); use report-only until each has a pin`
	if err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	got := r.Findings()
	if len(got) != 2 || got[1].Location != (finding.Location{Path: "index.html", Line: 9, Column: 3}) || got[0].Rule != ruleUnpinned {
		t.Errorf("got %v", got)
	}
	in.IntegrityPolicy = ReportOnly
	if _, err := Make(in); err != nil {
		t.Errorf("report-only is refused too: %v", err)
	}
}

func TestFindings(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Input)
		want   []string
	}{
		{"nothing", func(*Input) {}, nil},
		{"a tag without integrity", func(in *Input) { in.Pages["index.html"].Elements[2].Integrity = "undefined" }, []string{"header/tag-blocked index.html:4:1"}},
		{"a tag that nobody listed", func(in *Input) {
			in.Pages["index.html"].Elements = append(in.Pages["index.html"].Elements, page.Element{Kind: page.Script, URL: "//evil.example/x.js", Line: 7, Column: 2})
		}, []string{"header/not-in-inventory index.html:7:2"}},
		{"a listed tag under strict-dynamic", func(in *Input) {
			in.Scripts = StrictDynamic
			in.Pages["index.html"].Elements = append(in.Pages["index.html"].Elements, page.Element{Kind: page.Script, URL: in.ThirdParty[0].URL, Line: 7, Column: 2})
		}, []string{"header/tag-blocked index.html:7:2"}},
		{"attributes", func(in *Input) {
			in.Pages["index.html"].Handlers = []page.Attribute{{Element: "a", Name: "onclick", Line: 5, Column: 6}}
		}, []string{"header/attribute-blocked index.html:5:6"}},
		{"too long", func(in *Input) {
			for i := range 200 {
				in.Hashes = append(in.Hashes, integrity.Sum(integrity.SHA384, []byte{byte(i)}))
			}
		}, []string{"header/too-long", "header/headers-file-limits"}},
		{"Trusted Types enforced", func(in *Input) { in.TrustedTypes = Enforce }, []string{"header/trusted-types"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := sample(t)
			row.change(&in)
			var got []string
			for _, f := range made2(t, in).Findings {
				got = append(got, strings.TrimSpace(f.Rule+" "+f.Location.String()))
				if f.Hint == "" {
					t.Errorf("%s has no hint", f.Rule)
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// What is not a URL, an origin or a path is refused, all of it at once.
func TestRefusedInput(t *testing.T) {
	in := sample(t)
	in.CSP, in.Scripts, in.Nonce = "on", "all", "x'; script-src *"
	in.Connect = []string{"https://a.example\r\nSet-Cookie: x", "javascript:1", "*", "https://bücher.example", "https://u:p@a.example"}
	in.ReportTo = "//x"
	in.Pages["a\"\nb.html"] = &page.Document{}
	_, err := Make(in)
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{`"on"`, `"all"`, `"x'; script-src *"`, `Set-Cookie`, `"javascript:1"`, `"*"`, `bücher`, `u:p@`, `"//x"`, `U+000A`} {
		if !strings.Contains(err.Error(), want) && !(want == "U+000A" && strings.Contains(err.Error(), `a\"\nb.html`)) {
			t.Errorf("got %v\nwant %s in it", err, want)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 10 {
		t.Errorf("got %d problems, want 10:\n%v", n, err)
	}
}

// Whatever a third party's URL or a document holds, no header ends early, and no
// directive, quoted string or server's block begins in it.
func FuzzInjection(f *testing.F) {
	for _, s := range []string{"https://a.example/x;y", "https://a.example/\"; add_header X y;", "https://a.example/$uri'", "https://a.example/\r\nX: y", "https://a.example/%0d%0a é*:"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, url, base string) {
		in := sample2()
		in.ThirdParty = []Resource{{URL: url, Kind: release.Script}, {URL: url, Kind: release.Style}}
		in.PublicURL, in.ReportTo = "https://cdn.example/"+strings.ReplaceAll(url, "/", "")+"/", url
		in.Pages = map[string]*page.Document{"index.html": {Base: base, Elements: []page.Element{{Kind: page.Script, URL: url, Integrity: url}, {Kind: page.ImportMap, Text: url}}}}
		set, err := Make(in)
		if err != nil {
			return
		}
		for _, r := range set.Rules {
			for _, h := range r.Fields {
				if strings.Trim(h.Value, printable) != "" {
					t.Errorf("%s: %q", h.Name, h.Value)
				}
				if h.Name == "Content-Security-Policy" && strings.Count(h.Value, ";") != 14 {
					t.Errorf("directives: %s", h.Value)
				}
				if h.Name == "Reporting-Endpoints" && strings.Count(h.Value, `"`) != 2 {
					t.Errorf("endpoints: %s", h.Value)
				}
			}
		}
	})
}

const printable = " !\"'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz%&#~"

func sample2() Input {
	return Input{Release: &release.Release{}, CSP: Enforce, TrustedTypes: Enforce, IntegrityPolicy: ReportOnly}
}

func TestIsHashed(t *testing.T) {
	for path, want := range map[string]bool{
		"a-0123456789.js": true, "a.0123abcd.css": true, "main.1a2b3c4d.chunk.js": true, "assets/index-BsX2kQ9a.js": true, "assets/index-aI-KMijL.css": true, "assets/pay-BNnkEQBv.js": true, "a-0123456789.js.map": true,
		"a.js": false, "release-20.js": false, "app-checkout.js": false, "a-deadbeef.js": false, "index-BsX2kQ9a.js": false, "assets/app-checkout.js": false, "assets/app-CardForm.js": false,
	} {
		if got := isHashed(path); got != want {
			t.Errorf("%s: got %t", path, got)
		}
	}
}

func TestRules(t *testing.T) {
	known := map[string]bool{}
	for _, r := range Rules() {
		known[r.ID] = true
		if r.Short == "" || r.Help == "" || r.Severity == "" || hints[r.ID] == "" {
			t.Errorf("%s says too little", r.ID)
		}
	}
	for id := range maps.Keys(hints) {
		if !known[id] {
			t.Errorf("a hint of no rule: %s", id)
		}
	}
}
