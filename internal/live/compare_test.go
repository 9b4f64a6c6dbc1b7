package live

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
)

func script(url, text string) Resource {
	return Resource{Kind: Script, Via: Linked, URL: url, In: "page", By: shopPage, SHA384: Pin([]byte(text)), Status: 200, MIME: "text/javascript", Executed: true, CORS: "*", Element: true, Integrity: Pin([]byte(text)), CrossOrigin: "anonymous"}
}

const (
	shopPage = "https://shop.example/checkout"
	third    = "https://third.example/tag.js"
	csp      = "Content-Security-Policy"
)

// excepted excepts what begins so.
func excepted(prefix string) func(string, Resource) bool {
	return func(_ string, r Resource) bool { return strings.HasPrefix(r.URL, prefix) }
}

// seen is a page without fault.
func seen() *Observation {
	header := func() map[string][]string {
		return map[string][]string{csp: {"script-src 'self' '" + Pin([]byte("app")) + "'; object-src 'none'"}, "Strict-Transport-Security": {"max-age=31536000; includeSubDomains"}, "Permissions-Policy": {"payment=(self), camera=()"}, "Set-Cookie": {"sid; httponly; secure"}}
	}
	document := func() Response { return Response{URL: shopPage, Status: 200, MIME: "text/html", Header: header()} }
	inline := Resource{Kind: Script, Via: Inline, URL: shopPage, In: "page", By: shopPage, SHA384: Pin([]byte("inline")), Executed: true}
	return &Observation{Browser: "Chrome/1", Pages: []Page{{
		URL: shopPage, Fetched: document(), Loaded: &Load{Document: document()}, SHA384: Pin([]byte("page")), Inline: []string{inline.SHA384},
		Resources: []Resource{script("https://shop.example/app.js", "app"), script(third+"?v=1", "third"), inline},
	}}}
}

func TestCompare(t *testing.T) {
	both := func(p *Page, name string, values ...string) {
		p.Fetched.Header[name], p.Loaded.Document.Header[name] = values, values
	}
	for _, test := range []struct {
		name     string
		alter    func(*Observation, *Page)
		against  Against
		want     []string
		severity finding.Severity
		says     string
	}{
		{name: "nothing", alter: func(*Observation, *Page) {}},
		{"changed bytes", func(_ *Observation, p *Page) { p.Resources[1] = script(third+"?v=1", "evil") }, Against{}, []string{"live/changed-script"}, finding.High, Pin([]byte("evil")) + ", was " + Pin([]byte("third"))},
		{"changed bytes that its integrity forbids", func(_ *Observation, p *Page) { p.Resources[1].SHA384 = Pin([]byte("evil")) }, Against{}, []string{"live/changed-script"}, finding.High, "loaded it; its integrity forbids them"},
		{"changed bytes that the browser blocked", func(_ *Observation, p *Page) {
			p.Resources[1].SHA384, p.Resources[1].Blocked = Pin([]byte("evil")), "integrity"
		}, Against{}, []string{"live/changed-script"}, finding.High, "the browser blocked it: integrity"},
		{name: "another value of the query", alter: func(_ *Observation, p *Page) { p.Resources[1] = script(third+"?v=2", "third") }},
		{"another key of the query", func(_ *Observation, p *Page) { p.Resources[1] = script(third+"?w=2", "third") }, Against{}, []string{"live/new-script", "live/missing-script"}, finding.High, "tag.js?w is new"},
		{"changed bytes of an evergreen", func(_ *Observation, p *Page) { p.Resources[1] = script(third+"?v=1", "evil") }, Against{Evergreen: excepted("https://third.example/")}, []string{"live/changed-script"}, finding.Low, third},
		{name: "a deploy", alter: func(_ *Observation, p *Page) { p.Resources[0] = script("https://shop.example/app2.js", "new") }, against: Against{Own: map[string]string{"app2.js": Pin([]byte("new")), "app.js": Pin([]byte("app"))}}},
		{
			name: "a deploy since a baseline that knew no release", alter: func(_ *Observation, p *Page) {
				p.Resources[1] = script("https://shop.example/app2.js", "new")
			}, against: Against{Own: map[string]string{"2/app2.js": Pin([]byte("new")), "1/tag.js": Pin([]byte("third"))}},
		},
		{name: "a deploy of a page with other inline scripts", alter: func(_ *Observation, p *Page) {
			p.SHA384, p.Inline = Pin([]byte("page 2")), []string{Pin([]byte("inline 2"))}
			p.Resources[2].SHA384 = Pin([]byte("inline 2"))
		}, against: Against{Own: map[string]string{"1/pay.html": Pin([]byte("page")), "2/pay.html": Pin([]byte("page 2")), "1/app.js": Pin([]byte("app"))}}},
		{"an inline script that a release's page has not", func(_ *Observation, p *Page) {
			p.Resources[2].SHA384 = Pin([]byte("skim"))
		}, Against{Own: map[string]string{"pay.html": Pin([]byte("page"))}}, []string{"live/new-script"}, finding.High, "inline script inline:" + shopPage},
		{name: "a policy with the hashes of a later release", alter: func(_ *Observation, p *Page) {
			both(p, csp, "script-src 'self' '"+Pin([]byte("app2"))+"'; object-src 'none'")
		}, against: Against{Own: map[string]string{"app.js": Pin([]byte("app2"))}}},
		{"a policy with a hash that no release has", func(_ *Observation, p *Page) {
			both(p, csp, "script-src 'self' '"+Pin([]byte("skim"))+"'; object-src 'none'")
		}, Against{}, []string{"live/header-weakened"}, finding.High, "script-src now has 'sha384-"},
		{"a policy without any hash", func(_ *Observation, p *Page) { both(p, csp, "script-src 'self'; object-src 'none'") }, Against{}, []string{"live/header-changed"}, finding.Medium, "no longer has 'sha384-"},
		{"a deploy with one byte more", func(_ *Observation, p *Page) { p.Resources[0] = script("https://shop.example/app.js", "new!") }, Against{Own: map[string]string{"app.js": Pin([]byte("new"))}}, []string{"live/changed-script"}, finding.High, "app.js"},
		{"new script", func(_ *Observation, p *Page) {
			r := script("https://evil.example/skim.js", "skim")
			r.By = third
			p.Resources = append(p.Resources, r)
		}, Against{}, []string{"live/new-script"}, finding.High, "https://evil.example/skim.js is new, loaded by " + third},
		{"new script that a policy blocked", func(_ *Observation, p *Page) {
			p.Resources = append(p.Resources, Resource{Kind: Script, Via: Linked, URL: "https://evil.example/s.js", By: third, Blocked: "csp"})
		}, Against{}, []string{"live/new-script"}, finding.High, "the browser blocked it: csp"},
		{"what an evergreen evaluates", func(_ *Observation, p *Page) {
			p.Resources = append(p.Resources, Resource{Kind: Script, Via: Eval, URL: third, By: third, SHA384: Pin([]byte("e"))})
		}, Against{Evergreen: excepted("")}, []string{"live/new-script"}, finding.High, "The eval script " + third},
		{"unread bytes", func(_ *Observation, p *Page) { p.Resources[1].SHA384, p.Resources[1].Problem = "", "gone" }, Against{}, []string{"live/unread"}, finding.High, "gone"},
		{"missing script", func(_ *Observation, p *Page) { p.Resources = slices.Delete(p.Resources, 1, 2) }, Against{}, []string{"live/missing-script"}, finding.Medium, third},
		{"inline changed", func(_ *Observation, p *Page) { p.Resources[2].SHA384 = Pin([]byte("other")) }, Against{}, []string{"live/new-script"}, finding.High, "inline script inline:" + shopPage},
		{"eval", func(_ *Observation, p *Page) {
			p.Resources = append(p.Resources, Resource{Kind: Script, Via: Eval, By: third, SHA384: Pin([]byte("e"))})
		}, Against{}, []string{"live/new-script"}, finding.High, "eval:" + third},
		{"header missing", func(_ *Observation, p *Page) { delete(p.Fetched.Header, csp); delete(p.Loaded.Document.Header, csp) }, Against{}, []string{"live/header-missing"}, finding.High, csp},
		{"header missing for browsers alone", func(_ *Observation, p *Page) { delete(p.Loaded.Document.Header, csp) }, Against{}, []string{"live/header-missing"}, finding.High, csp},
		{"policy weakened", func(_ *Observation, p *Page) { both(p, csp, "script-src 'self' 'unsafe-eval'; object-src 'none'") }, Against{}, []string{"live/header-weakened"}, finding.High, "script-src now has 'unsafe-eval'"},
		{"directive that opens what script-src keeps out", func(_ *Observation, p *Page) {
			both(p, csp, "script-src 'self' '"+Pin([]byte("app"))+"'; object-src 'none'; script-src-elem *")
		}, Against{}, []string{"live/header-weakened"}, finding.High, "script-src-elem was added with *, which script-src has not"},
		{"directive that keeps more out", func(_ *Observation, p *Page) {
			both(p, csp, "script-src 'self' '"+Pin([]byte("app"))+"'; object-src 'none'; worker-src 'none'; img-src 'self'")
		}, Against{}, []string{"live/header-changed"}, finding.Medium, "worker-src was added"},
		{"a second policy", func(_ *Observation, p *Page) {
			both(p, csp, "script-src 'self' '"+Pin([]byte("app"))+"'; object-src 'none', script-src *")
		}, Against{}, []string{"live/header-changed"}, finding.Medium, "policy 2: script-src was added"},
		{"directive removed", func(_ *Observation, p *Page) { both(p, csp, "script-src 'self'") }, Against{}, []string{"live/header-weakened"}, finding.High, "object-src was removed"},
		{"policy stricter", func(_ *Observation, p *Page) { both(p, csp, "script-src; object-src 'none'") }, Against{}, []string{"live/header-changed"}, finding.Medium, "script-src no longer has 'self'"},
		{name: "policy in another order", alter: func(_ *Observation, p *Page) {
			both(p, csp, "object-src 'none';  script-src '"+Pin([]byte("app"))+"' 'self'")
		}},
		{"payment for every frame", func(_ *Observation, p *Page) {
			both(p, "Permissions-Policy", "payment=*, camera=()")
		}, Against{}, []string{"live/header-weakened"}, finding.High, "payment=*"},
		{"the camera is given back", func(_ *Observation, p *Page) { both(p, "Permissions-Policy", "payment=(self)") }, Against{}, []string{"live/header-weakened"}, finding.High, "camera"},
		{"payment for nobody", func(_ *Observation, p *Page) {
			both(p, "Permissions-Policy", "payment=(), camera=(), usb=()")
		}, Against{}, []string{"live/header-changed"}, finding.Medium, "usb=()"},
		{"HSTS shorter", func(_ *Observation, p *Page) {
			both(p, "Strict-Transport-Security", "max-age=60; includeSubDomains")
		}, Against{}, []string{"live/header-weakened"}, finding.High, "max-age=60"},
		{"header added", func(_ *Observation, p *Page) { both(p, "Referrer-Policy", "no-referrer") }, Against{}, []string{"live/header-added"}, finding.Low, "no-referrer"},
		{"cookie without a flag", func(_ *Observation, p *Page) { both(p, "Set-Cookie", "sid; secure") }, Against{}, []string{"live/cookie-weakened"}, finding.Medium, "sid is without httponly"},
		{"wrong type", func(_ *Observation, p *Page) { p.Resources[0].MIME = "text/html" }, Against{}, []string{"live/mime"}, finding.High, "text/html"},
		{"no CORS", func(_ *Observation, p *Page) { p.Resources[1].CORS = "" }, Against{}, []string{"live/no-cors"}, finding.High, third},
		{"no integrity", func(_ *Observation, p *Page) { p.Resources[1].Integrity = "" }, Against{}, []string{"live/unpinned"}, finding.Medium, third},
		{"other integrity", func(_ *Observation, p *Page) { p.Resources[1].Integrity = Pin([]byte("x")) }, Against{}, []string{"live/integrity-mismatch"}, finding.High, third},
		{"long cache", func(_ *Observation, p *Page) { p.Resources[1].Cache = "public, max-age=86400" }, Against{}, []string{"live/long-cache"}, finding.Medium, third},
		{name: "long cache under a hash", alter: func(_ *Observation, p *Page) {
			p.Resources[0] = script("https://shop.example/app-1f2e3d4c.js", "app2")
			p.Resources[0].Cache = "max-age=31536000, immutable"
		}, against: Against{Own: map[string]string{"a": Pin([]byte("app2")), "b": Pin([]byte("app"))}}},
		{"not https", func(_ *Observation, p *Page) {
			p.Resources = append(p.Resources, script("http://third.example/x.js", "x"))
		}, Against{Own: map[string]string{"x": Pin([]byte("x"))}}, []string{"live/not-https"}, finding.High, "http://third.example/x.js"},
		{"another way", func(_ *Observation, p *Page) { p.Redirects = []Hop{{"https://other.example/", 302}} }, Against{}, []string{"live/redirects-changed"}, finding.High, "https://other.example/ → (302)"},
		{"an error", func(_ *Observation, p *Page) { p.Fetched.Status = 500 }, Against{}, []string{"live/status"}, finding.High, "500"},
		{"an error page served as 200", func(_ *Observation, p *Page) { p.Resources = nil }, Against{}, []string{"live/another-page"}, finding.High, "not the page"},
		{"an answer of JSON served as 200", func(_ *Observation, p *Page) { p.Fetched.MIME, p.Resources = "application/json", nil }, Against{}, []string{"live/another-page", "live/mime"}, finding.High, "not the page"},
		{"not loaded", func(_ *Observation, p *Page) { p.Failed = "no such host" }, Against{}, []string{"live/not-loaded"}, finding.High, "no such host"},
		{"no browser", func(o *Observation, p *Page) { o.Browser, p.Loaded = "", nil }, Against{}, []string{"live/not-executed"}, finding.High, "not executed"},
		{"a shared worker", func(_ *Observation, p *Page) { p.Loaded.Unseen = []string{"shared_worker https://a.example/w.js"} }, Against{}, []string{"live/unseen"}, finding.High, "shared_worker"},
		{"a page of the baseline is not looked at", func(o *Observation, _ *Page) { o.Pages = nil }, Against{}, []string{"live/page-not-seen"}, finding.High, shopPage},
		{"a page the baseline has not", func(o *Observation, _ *Page) {
			n := seen().Pages[0]
			n.URL += "/2"
			o.Pages = append(o.Pages, n)
		}, Against{}, []string{"live/new-page"}, finding.High, "does not have this page"},
	} {
		t.Run(test.name, func(t *testing.T) {
			was, err := NewBaseline(seen(), map[string]string{"app.js": Pin([]byte("app")), "pay.html": Pin([]byte("page"))})
			if err != nil {
				t.Fatal(err)
			}
			now := seen()
			test.alter(now, &now.Pages[0])
			got := Compare(was, test.against, now)
			var rules []string
			for _, d := range got {
				rules = append(rules, d.Rule)
			}
			if !slices.Equal(rules, test.want) {
				t.Fatalf("got %q, want %q: %+v", rules, test.want, got)
			}
			if len(got) > 0 && (got[0].Severity != test.severity || !strings.Contains(got[0].Message, test.says)) {
				t.Errorf("got %s %q, want %s and %q", got[0].Severity, got[0].Message, test.severity, test.says)
			}
		})
	}
}

// A value that keeps less out weakens its header, and what a browser does not know
// counts as if it were not there.
func TestWeakened(t *testing.T) {
	for _, test := range []struct {
		name, header, before, after string
		want                        bool
	}{
		{"the whole address for others", "Referrer-Policy", "strict-origin-when-cross-origin", "unsafe-url", true},
		{"nothing for others", "Referrer-Policy", "unsafe-url", "no-referrer", false},
		{"a fallback for old browsers", "Referrer-Policy", "strict-origin", "no-referrer, strict-origin", false},
		{"a list whose last value is lax", "Referrer-Policy", "no-referrer", "no-referrer, unsafe-url", true},
		{"a slip", "Referrer-Policy", "no-referrer", "noreferrer", true},
		{"a slip where the default is stricter", "Referrer-Policy", "unsafe-url", "noreferrer", false},
		{"a slip for what is the default", "Referrer-Policy", "strict-origin-when-cross-origin", "noreferrer", false},
		{"windows may keep their opener", "Cross-Origin-Opener-Policy", "same-origin", "same-origin-allow-popups", true},
		{"an opener for nobody", "Cross-Origin-Opener-Policy", "unsafe-none", "same-origin", false},
		{"where to report", "Cross-Origin-Opener-Policy", `same-origin; report-to="a"`, "same-origin", false},
		{"two openers, which browsers don't read", "Cross-Origin-Opener-Policy", "same-origin", "same-origin, same-origin", true},
		{"others without a header", "Cross-Origin-Embedder-Policy", "require-corp", "credentialless", true},
		{"others with one", "Cross-Origin-Embedder-Policy", "credentialless", "require-corp", false},
		{"any site may load it", "Cross-Origin-Resource-Policy", "same-site", "cross-origin", true},
		{"its own origin alone", "Cross-Origin-Resource-Policy", "same-site", "same-origin", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			was := seen()
			was.Pages[0].Fetched.Header[test.header], was.Pages[0].Loaded.Document.Header[test.header] = []string{test.before}, []string{test.before}
			b, err := NewBaseline(was, nil)
			if err != nil {
				t.Fatal(err)
			}
			now := seen()
			now.Pages[0].Fetched.Header[test.header], now.Pages[0].Loaded.Document.Header[test.header] = []string{test.after}, []string{test.after}
			rule, severity := "live/header-changed", finding.Medium
			if test.want {
				rule, severity = "live/header-weakened", finding.High
			}
			if got := Compare(b, Against{}, now); len(got) != 1 || got[0].Rule != rule || got[0].Severity != severity {
				t.Errorf("got %+v, want %s", got, rule)
			}
		})
	}
}

// 'unsafe-inline' counts where nothing beside it restricts.
func TestPolicyChanges(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		weaker              bool
	}{
		{"a nonce went", "script-src 'unsafe-inline' 'nonce-*'", "script-src 'unsafe-inline'", true},
		{"hashes went", "script-src 'unsafe-inline' 'sha384-a' 'sha384-b'", "script-src 'unsafe-inline'", true},
		{"one of two hashes went", "script-src 'unsafe-inline' 'sha384-a' 'sha384-b'", "script-src 'unsafe-inline' 'sha384-a'", false},
		{"what the default let pass", "default-src 'self' data:", "default-src 'self' data:; img-src data:", false},
		{"more than the default", "default-src 'self'", "default-src 'self'; connect-src 'self' https://evil.example", true},
		{"no default", "script-src 'self'", "script-src 'self'; img-src https:", false},
		{"of a second policy", "script-src 'self', default-src 'self'", "script-src 'self', default-src 'self'; script-src-elem *", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if words, weaker := policyChanges([]string{test.before}, []string{test.after}, nil); weaker != test.weaker {
				t.Errorf("got %t: %q", weaker, words)
			}
		})
	}
}

// Names as bundlers write them, those of build-bundle's own example first.
func TestHashed(t *testing.T) {
	for address, want := range map[string]bool{
		"https://a.example/checkout-2eff4dbb94.js": true, "https://a.example/confirmation-45486d5b11.js": true, "https://a.example/auto-loader-9e6e9b1d6c.js": true,
		"https://a.example/main.1a2b3c4d.chunk.js": true, "https://a.example/assets/index-aI-KMijL.css": true, "https://a.example/x/pay-BNnkEQBv.js": true,
		"https://a.example/r/" + strings.Repeat("0a", 32) + "/app.js": true,
		"https://a.example/checkout.js":                               false, "https://a.example/store-12345678/app.js": false, "https://a.example/checkout2024.js": false,
		"https://a.example/app-checkout.js": false, "https://a.example/v3/": false, "https://a.example/app.js?v=1a2b3c4d5e": false,
	} {
		if got := hashed(address); got != want {
			t.Errorf("%s: got %t", address, got)
		}
	}
}

func TestNormal(t *testing.T) {
	for _, test := range []struct{ name, header, value, want string }{
		{"a cookie's value", "Set-Cookie", "sid=hunter2; Path=/; Secure; HttpOnly; SameSite=Lax", "sid; httponly; samesite=lax; secure"},
		{"a nonce", csp, "script-src 'nonce-aGVsbG8=' 'self'", "script-src 'nonce-*' 'self'"},
		{"a nonce before a semicolon", csp, "script-src 'nonce-aGVsbG8='; object-src 'none'", "script-src 'nonce-*'; object-src 'none'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := normal(test.header, test.value); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestNoBaseline(t *testing.T) {
	for _, test := range []struct {
		name  string
		alter func(*Observation)
		want  string
	}{
		{"no browser", func(o *Observation) { o.Browser = "" }, "not executed"},
		{"a failed page", func(o *Observation) { o.Pages[0].Failed = "no route" }, "no route"},
		{"an error page", func(o *Observation) { o.Pages[0].Fetched.Status = 503 }, "503"},
		{"unread bytes", func(o *Observation) { o.Pages[0].Resources[0].SHA384, o.Pages[0].Resources[0].Problem = "", "evicted" }, "evicted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := seen()
			test.alter(o)
			if _, err := NewBaseline(o, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// What is read is what Encode writes of it, to the byte but for white space.
func FuzzReadBaseline(f *testing.F) {
	b, err := NewBaseline(seen(), nil)
	if err != nil {
		f.Fatal(err)
	}
	data, err := b.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"pages":[],"pages":[]}`))
	f.Add([]byte("\ufeff{}"))
	f.Add(append(slices.Clone(data), data...))
	f.Add(bytes.Replace(data, []byte("version"), []byte("Version"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBaseline(data)
		if err != nil {
			return
		}
		once, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadBaseline(once)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("got %q, want %q (%v)", twice, once, err)
		}
	})
}

func TestReadBaselineRefuses(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"a key twice", `{"version":1,"version":1,"pages":[]}`, "version"},
		{"an unknown key", `{"version":1,"pages":[],"__proto__":{}}`, "__proto__"},
		{"a key in other letters", `{"Version":1,"pages":[]}`, "1 to 100"},
		{"another version", `{"version":2,"pages":[]}`, "got version 2"},
		{"a byte order mark", "\ufeff{}", "baseline"},
		{"deep nesting", strings.Repeat("[", 100000), "baseline"},
		{"two values", `{} {}`, "baseline"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := ReadBaseline([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// The end of a long policy counts too.
func TestLongPolicy(t *testing.T) {
	long := strings.Repeat("'"+Pin([]byte("a"))+"' ", 100)
	if a, b := normal(csp, "script-src "+long+"'self'"), normal(csp, "script-src "+long+"'unsafe-inline'"); a == b {
		t.Errorf("got %d bytes for both", len(a))
	}
}
