package header

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

func pin(text string) string { return integrity.Sum(integrity.SHA384, []byte(text)).String() }

// runTime is one of build-bundle's run times, with a table.
func runTime(t *testing.T, name string, table map[string]any) string {
	t.Helper()
	text, err := os.ReadFile("../../bundle/link/" + name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`"__KEY__"`, `"k"`, `"__TABLE__"`, string(data)).Replace(string(text))
}

const (
	lazyStyle  = "#lazy{color:rgb(0, 128, 0)}"
	startStyle = "#start{color:rgb(0, 0, 255)}"
)

// classic and modules are a release as build-bundle writes it, by hand: a start, and
// a lazy script and style, with a hint for another.
func classic(t *testing.T) (*release.Release, map[string]string) {
	chunk := `(self.k=self.k||[]).push({b:function(R,E){R.e(E,{x:()=>1});window.LAZY=1}});`
	hinted := `(self.k=self.k||[]).push({c:function(R,E){R.e(E,{x:()=>1})}});`
	table := map[string]any{
		"f": [][]string{{"l-00000001.css", pin(lazyStyle)}, {"c-00000001.js", pin(chunk)}, {"h-00000001.js", pin(hinted)}}, "u": map[string]int{"b": 1, "c": 2},
		"r": map[string]any{
			"e": []any{"a", "x", []string{"a"}, []string{"h"}, []string{}, []int{}},
			"l": []any{"b", "x", []string{"b"}, []string{}, []string{}, []int{0}},
			"h": []any{"c", "x", []string{"c"}, []string{}, []string{}, []int{}},
		}, "e": "e", "l": "lib", "n": 1, "i": []string{}, "h": "1",
	}
	entry := runTime(t, "runtime_classic.js", table) + `(self.k=self.k||[]).push({a:function(R,E){R.e(E,{x:()=>1});window.START=1;R.l("l").then(()=>{window.DONE=1},e=>{window.DONE=String(e)})}});`
	return made(t, release.Classic, map[string]string{"e-00000001.js": entry, "c-00000001.js": chunk, "h-00000001.js": hinted, "l-00000001.css": lazyStyle, "s-00000001.css": startStyle},
		[]string{"e-00000001.js"}, []string{"c-00000001.js", "h-00000001.js"})
}

func modules(t *testing.T) (*release.Release, map[string]string) {
	table := map[string]any{
		"f": [][]string{{"l-00000001.css", pin(lazyStyle)}},
		"r": map[string]any{"l": []any{"./c-00000001.js", []int{0}, []string{}, []string{}, []int{0}}}, "l": "lib",
	}
	return made(t, release.ESM, map[string]string{
		"r-00000001.js": runTime(t, "runtime_module.js", table), "c-00000001.js": `import "./d-00000001.js";window.LAZY=1;export const ns=1`, "d-00000001.js": "window.STATIC=1",
		"e-00000001.js":  `import R from "./r-00000001.js";window.START=1;R.l("l").then(()=>{window.DONE=1},e=>{window.DONE=String(e)})`,
		"l-00000001.css": lazyStyle, "s-00000001.css": startStyle,
	}, []string{"r-00000001.js", "e-00000001.js"}, []string{"c-00000001.js", "d-00000001.js"})
}

func made(t *testing.T, format release.Format, files map[string]string, start, lazy []string) (*release.Release, map[string]string) {
	t.Helper()
	r := &release.Release{Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}, Passes: []release.Pass{{
		Name: "app", Format: format, Library: "lib",
		Entries: []release.Entry{{Name: "e", JS: start, CSS: []string{"s-00000001.css"}, Chunks: []string{"l"}}},
		Chunks:  []release.Chunk{{Name: "l", JS: lazy, CSS: []string{"l-00000001.css"}}},
	}}}
	files["index.html"] = ""
	for path, text := range files {
		role := release.Script
		switch {
		case strings.HasSuffix(path, ".css"):
			role = release.Style
		case strings.HasSuffix(path, ".html"):
			role = release.HTML
		}
		r.Files = append(r.Files, release.File{Path: path, Size: int64(len(text)), Integrity: release.IntegrityOf([]byte(text)), Role: role})
	}
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	return r, files
}

// html is a page that loads a release from cdn, and what a scan of it gives.
func html(t *testing.T, r *release.Release, files map[string]string, cdn string) (string, *page.Document) {
	t.Helper()
	var b strings.Builder
	b.WriteString("<!doctype html><title>x</title>\n")
	kind := "script"
	if r.Passes[0].Format == release.ESM {
		kind = `script type="module"`
		m := map[string]map[string]string{"integrity": {}}
		for path, text := range files {
			if strings.HasSuffix(path, ".js") {
				m["integrity"][cdn+path] = pin(text)
			}
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "<script type=\"importmap\">%s</script>\n", data)
	}
	b.WriteString("<script>window.INLINE=1</script>\n<style>#own{color:rgb(255, 0, 0)}</style>\n<p id=start>a</p><p id=lazy>b</p><p id=own>c</p>\n")
	e := r.Passes[0].Entries[0]
	css, start := e.CSS[0], e.JS[len(e.JS)-1]
	fmt.Fprintf(&b, "<link rel=stylesheet href=\"%s\" integrity=\"%s\" crossorigin>\n", cdn+css, pin(files[css]))
	fmt.Fprintf(&b, "<%s src=\"%s\" integrity=\"%s\" crossorigin></script>\n", kind, cdn+start, pin(files[start]))
	doc, err := page.Scan([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), doc
}

func started(t *testing.T) (*browser.Browser, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx, browser.Options{Binary: os.Getenv("CHROMIUM")})
	if errors.Is(err, browser.ErrNoBrowser) {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err.Error() + ": apt-get install chromium")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, ctx
}

// served gives each file with the headers that its rule has, and notes what is
// asked for.
func served(t *testing.T, set func() *Set, files map[string]string) (base string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", release.TypeOf(r.URL.Path))
		for _, rule := range set().Rules {
			if rule.Path == r.URL.Path {
				for _, f := range rule.Fields {
					w.Header().Add(f.Name, f.Value)
				}
			}
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/"
}

const evilScript = `window.EVIL="an external script"`

// What the headers allow loads, and what was put into the page afterwards does not.
func TestHeadersInChromium(t *testing.T) {
	b, ctx := started(t)
	evil := served(t, func() *Set { return &Set{} }, map[string]string{"evil.js": evilScript})
	injected := `<script>window.EVIL="an inline script"</script>
<script src="` + evil + `evil.js"></script>
<script src="` + evil + `evil.js" integrity="` + pin(evilScript) + `" crossorigin></script>
<img src="data:," onerror="window.EVIL='a handler'">
<script type="module">window.EVIL="a module"</script>`
	for format, build := range map[release.Format]func(*testing.T) (*release.Release, map[string]string){release.Classic: classic, release.ESM: modules} {
		for _, style := range []Style{Hashes, StrictDynamic} {
			t.Run(string(format)+" "+string(style), func(t *testing.T) {
				r, files := build(t)
				var set *Set
				cdn := served(t, func() *Set { return set }, files)
				text, doc := html(t, r, files, cdn)
				var err error
				set, err = Make(Input{
					Release: r, Pages: map[string]*page.Document{"index.html": doc}, PublicURL: cdn,
					CSP: Enforce, Scripts: style, IntegrityPolicy: Enforce, TrustedTypes: ReportOnly, Payment: []string{"https://pay.example"},
				})
				if err != nil {
					t.Fatal(err)
				}
				if len(set.Findings) > 0 {
					t.Errorf("findings: %v", set.Findings)
				}
				site := served(t, func() *Set { return set }, map[string]string{"index.html": text})
				check(t, ctx, b, site+"index.html"+map[release.Format]string{release.Classic: "?hint"}[format], "", "0")
				site = served(t, func() *Set { return set }, map[string]string{"index.html": text + injected})
				check(t, ctx, b, site+"index.html", "injected", "0")
			})
		}
	}
}

// check opens a page and wants all of the release in it, and of the injected what
// evil says.
func check(t *testing.T, ctx context.Context, b *browser.Browser, url, injected, evil string) {
	t.Helper()
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := p.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(ctx, "window.DONE", time.Minute); err != nil {
		t.Fatalf("%s: %v\n%v", injected, err, p.Console())
	}
	got, err := browser.Evaluate[[]string](ctx, p, `[START, DONE, LAZY, INLINE, window.EVIL||0].concat(["start","lazy","own"].map(i=>getComputedStyle(document.getElementById(i)).color)).map(String)`)
	want := []string{"1", "1", "1", "1", evil, "rgb(0, 0, 255)", "rgb(0, 128, 0)", "rgb(255, 0, 0)"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: got %q, %v, want %q", injected, got, err, want)
	}
	for _, q := range p.Requests() {
		if injected == "" && q.Blocked != "" {
			t.Errorf("%s is blocked: %s", q.URL, q.Blocked)
		}
	}
	if asked := slices.ContainsFunc(p.Requests(), func(q browser.Request) bool { return strings.HasSuffix(q.URL, "h-00000001.js") }); !asked && strings.Contains(url, "hint") {
		t.Error("the hint is not asked for")
	}
	for _, m := range p.Console() {
		switch {
		case strings.Contains(m.Text, "'style' is not supported"): // Chromium's Integrity-Policy has scripts only
		case strings.Contains(m.Text, "Permissions-Policy"), strings.Contains(m.Text, "nrecognized"), injected == "" && m.Level == "error" && !strings.Contains(m.URL, "favicon"):
			t.Errorf("%s: the browser says: %s", injected, m.Text)
		}
	}
}

// A script without a hash, or without CORS, is blocked by the Integrity-Policy alone.
func TestIntegrityPolicyInChromium(t *testing.T) {
	b, ctx := started(t)
	r, files := classic(t)
	set := &Set{}
	cdn := served(t, func() *Set { return set }, files)
	files["loose.js"] = "window.EVIL=1"
	text, doc := html(t, r, files, cdn)
	in := Input{Release: r, Pages: map[string]*page.Document{"index.html": doc}, PublicURL: cdn}
	for _, row := range []struct {
		name, more, evil string
		mode             Mode
	}{
		{"", "", "0", Enforce},
		{"without integrity", `<script src="` + cdn + `loose.js" crossorigin></script>`, "0", Enforce},
		{"without crossorigin", `<script src="loose.js" integrity="` + pin(files["loose.js"]) + `"></script>`, "0", Enforce},
		{"reported only", `<script src="loose.js"></script>`, "1", ReportOnly},
		{"without the header", `<script src="loose.js"></script>`, "1", None},
	} {
		in.IntegrityPolicy = row.mode
		var err error
		if set, err = Make(in); err != nil {
			t.Fatal(err)
		}
		site := served(t, func() *Set { return set }, map[string]string{"index.html": text + row.more, "loose.js": files["loose.js"]})
		check(t, ctx, b, site+"index.html", row.name, row.evil)
	}
}

// Enforced Trusted Types block the run time's lazy scripts, unless the page has a
// default policy: what the finding and docs/headers.md say.
func TestTrustedTypesInChromium(t *testing.T) {
	b, ctx := started(t)
	r, files := classic(t)
	set := &Set{}
	cdn := served(t, func() *Set { return set }, files)
	text, doc := html(t, r, files, cdn)
	in := Input{Release: r, Pages: map[string]*page.Document{"index.html": doc}, PublicURL: cdn, TrustedTypes: Enforce}
	var err error
	if set, err = Make(in); err != nil {
		t.Fatal(err)
	}
	if len(set.Findings) != 1 || set.Findings[0].Rule != ruleTrustedTypes {
		t.Errorf("got %v, want the finding", set.Findings)
	}
	const policy = `<script>trustedTypes.createPolicy("default",{createScriptURL:u=>u})</script>`
	for _, row := range []struct{ name, html, want string }{
		{"as it is", text, "TypeError"},
		{"with a default policy", strings.Replace(text, "</title>", "</title>"+policy, 1), "1"},
	} {
		site := served(t, func() *Set { return set }, map[string]string{"index.html": row.html})
		p, err := b.Page(ctx, browser.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Open(ctx, site+"index.html"); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(ctx, "window.DONE", time.Minute); err != nil {
			t.Fatalf("%s: %v\n%v", row.name, err, p.Console())
		}
		got, err := browser.Evaluate[string](ctx, p, "String(DONE)")
		if err != nil || !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: got %q, %v, want %s", row.name, got, err, row.want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// All hashes of a tag's integrity have to be in the policy, and are.
func TestRotationInChromium(t *testing.T) {
	b, ctx := started(t)
	r, files := classic(t)
	set := &Set{}
	cdn := served(t, func() *Set { return set }, files)
	text, doc := html(t, r, files, cdn)
	entry := &doc.Elements[len(doc.Elements)-1]
	one := entry.Integrity
	both := one + " " + pin("the next build's")
	text = strings.Replace(text, one, both, 1)
	for _, row := range []struct{ name, integrity, want string }{
		{"the policy has both", both, "1"},
		{"the policy has one of them", one, "undefined"},
	} {
		entry.Integrity = row.integrity
		var err error
		if set, err = Make(Input{Release: r, Pages: map[string]*page.Document{"index.html": doc}, PublicURL: cdn, CSP: Enforce}); err != nil {
			t.Fatal(err)
		}
		site := served(t, func() *Set { return set }, map[string]string{"index.html": text})
		p, err := b.Page(ctx, browser.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Open(ctx, site+"index.html"); err != nil {
			t.Fatal(err)
		}
		got, err := browser.Evaluate[string](ctx, p, "String(window.START)")
		if err != nil || got != row.want {
			t.Errorf("%s: got %q, %v, want %s", row.name, got, err, row.want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
