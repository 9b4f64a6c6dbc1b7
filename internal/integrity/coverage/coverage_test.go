package coverage

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/golden"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
	"github.com/org/checkout-deploy/internal/release"
)

func TestMain(m *testing.M) { golden.Main(m) }

// made is the release of files, and its folder. A role follows from the name.
func made(t testing.TB, files map[string]string, passes ...release.Pass) (*release.Release, fstest.MapFS) {
	t.Helper()
	r := &release.Release{Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}, Passes: passes}
	dir := fstest.MapFS{release.RecordName: {}, "attestations/sizes.json": {}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		data := []byte(files[path])
		role := roleOf(path)
		switch {
		case strings.HasSuffix(path, ".json"):
			role = release.Manifest
		case strings.HasSuffix(path, ".html"):
			role = release.HTML
		case role == "":
			role = release.Asset
		}
		r.Files = append(r.Files, release.File{Path: path, Size: int64(len(data)), Integrity: release.IntegrityOf(data), Role: role})
		dir[path] = &fstest.MapFile{Data: data}
	}
	if err := r.Seal(); err != nil {
		t.Fatal(err)
	}
	return r, dir
}

// pin is the integrity of a text.
func pin(text string) string { return integrity.Sum(integrity.SHA384, []byte(text)).String() }

// script, style and so on are elements of a page, a line each.
func script(url, pin string) page.Element {
	return page.Element{Kind: page.Script, URL: url, Integrity: pin, HasIntegrity: pin != "", CrossOrigin: "anonymous", HasCrossOrigin: true}
}

func module(url, pin string) page.Element {
	e := script(url, pin)
	e.Kind = page.Module
	return e
}

func style(url, pin string) page.Element {
	e := script(url, pin)
	e.Kind = page.Style
	return e
}

func inline(kind page.Kind, text string) page.Element { return page.Element{Kind: kind, Text: text} }

func changed(e page.Element, change func(*page.Element)) page.Element {
	change(&e)
	return e
}

func document(elements ...page.Element) *page.Document {
	for i := range elements {
		elements[i].Line, elements[i].Column = i+1, 1
		if elements[i].URL == "" {
			elements[i].TextLine, elements[i].TextColumn = i+1, 9
		}
	}
	return &page.Document{Elements: elements}
}

// said is what the report says, a line for each resource and each finding.
func said(r *Report) string {
	var b strings.Builder
	for _, s := range r.Resources {
		fmt.Fprintf(&b, "%s %s %s", s.Status, s.Load, s.Name())
		for _, c := range s.By {
			fmt.Fprintf(&b, " [%s %s:%d:%d]", c.Means, c.File, c.Line, c.Column)
		}
		b.WriteByte('\n')
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s %s\n", f.Severity, strings.TrimPrefix(f.Rule, "integrity/"), f.Location)
	}
	return b.String()
}

const (
	entryJS = "E();"
	chunkJS = "C();"
	lazyCSS = "a{}"
	worker  = `new Worker("w.js");
navigator.serviceWorker.register("/w.js"); x={MANIFEST_JSON:1};
x = MANIFEST_JSON.js;
importScripts(y)`
)

var (
	composed = `n.u=e=>e+"."+{a:"12",b:"34"}[e]+".css"`
	webpack  = `n.e={};n.sriHashes={179:{7:"` + pin(chunkJS) + `"}};n.c="7.css"`
	vite     = `const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/Pay-b.js","assets/Pay-c.css"])))=>i`
)

func TestReport(t *testing.T) {
	table := `(function(T){})({f:[["c-1.js","` + pin(chunkJS) + `"],["l-1.css","` + pin(lazyCSS) + `"]]});`
	app := release.Pass{
		Name: "app", Format: release.Classic, Library: "checkout",
		Entries: []release.Entry{{Name: "checkout", JS: []string{"e-1.js"}, CSS: []string{"e-1.css"}, Chunks: []string{"lazy"}}},
		Chunks:  []release.Chunk{{Name: "lazy", JS: []string{"c-1.js"}, CSS: []string{"l-1.css"}}},
	}
	classic := map[string]string{"e-1.js": table, "e-1.css": "b{}", "c-1.js": chunkJS, "l-1.css": lazyCSS}
	with := func(files map[string]string, more ...string) map[string]string {
		out := maps.Clone(files)
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	esm := app
	esm.Format = release.ESM
	modules := map[string]string{"e-1.js": `import("./c-1.js");f=[["l-1.css","` + pin(lazyCSS) + `"]]`, "e-1.css": "b{}", "c-1.js": chunkJS, "l-1.css": lazyCSS}
	importMap := `{"integrity":{"./c-1.js":"` + pin(chunkJS) + `","./e-1.js":"` + pin(modules["e-1.js"]) + `"}}`
	start := []page.Element{style("e-1.css", pin("b{}")), script("e-1.js", pin(table))}
	startModules := []page.Element{inline(page.ImportMap, importMap), style("e-1.css", pin("b{}")), module("e-1.js", pin(modules["e-1.js"]))}
	for _, row := range []struct {
		name  string
		files map[string]string
		pass  release.Pass
		page  []page.Element
		input func(*Input, fstest.MapFS)
		want  []string
	}{
		{
			name: "classic", files: classic, pass: app, page: start,
			want: []string{
				"covered lazy c-1.js [run-time table e-1.js:1:32]",
				"covered initial e-1.css [tag index.html:1:1]",
				"covered initial e-1.js [tag index.html:2:1]",
				"covered lazy l-1.css [run-time table e-1.js:1:118]",
			},
		},
		{
			name: "esm", files: modules, pass: esm, page: startModules,
			want: []string{
				"covered lazy c-1.js [import map index.html:1:1]",
				"covered initial e-1.css [tag index.html:2:1]",
				"covered initial e-1.js [tag index.html:3:1]",
				"covered lazy l-1.css [run-time table e-1.js:1:35]",
			},
		},
		{
			name: "nothing in the HTML has a hash", files: classic, pass: app, page: []page.Element{style("e-1.css", ""), script("e-1.js", "")},
			want: []string{
				"covered lazy c-1.js [run-time table e-1.js:1:32]", "uncovered initial e-1.css", "uncovered initial e-1.js",
				"covered lazy l-1.css [run-time table e-1.js:1:118]",
				"high uncovered index.html:2:1", "medium uncovered index.html:1:1",
			},
		},
		{
			name: "a lazy style that no table has", pass: app, page: start[:1],
			files: with(classic, "e-1.js", "x"), // the entry's tag is missing too
			want: []string{
				"uncovered lazy c-1.js", "elsewhere initial e-1.css [tag index.html:1:1]", "elsewhere initial e-1.js", "uncovered lazy l-1.css",
				"high uncovered c-1.js", "medium uncovered l-1.css", "info tag-elsewhere e-1.js",
			},
		},
		{
			name: "a byte on disk is another", files: classic, pass: app, page: start,
			input: func(_ *Input, dir fstest.MapFS) { dir["c-1.js"] = &fstest.MapFile{Data: []byte("D();")} },
			want: []string{
				"uncovered lazy c-1.js", "covered initial e-1.css [tag index.html:1:1]", "covered initial e-1.js [tag index.html:2:1]",
				"covered lazy l-1.css [run-time table e-1.js:1:118]",
				"critical changed-file c-1.js", "critical wrong-hash e-1.js:1:32", "high uncovered e-1.js:1:23",
			},
		},
		{
			name: "a table of an earlier build", pass: app, page: []page.Element{script("e-1.js", pin(strings.ReplaceAll(table, pin(chunkJS), pin("old"))))},
			files: with(classic, "e-1.js", strings.ReplaceAll(table, pin(chunkJS), pin("old"))),
			want: []string{
				"uncovered lazy c-1.js", "unknown none e-1.css", "covered initial e-1.js [tag index.html:1:1]", "covered lazy l-1.css [run-time table e-1.js:1:118]",
				"critical wrong-hash e-1.js:1:32", "high uncovered e-1.js:1:23", "medium unlisted e-1.css",
			},
		},
		{
			name: "files that only one knows", files: classic, pass: app, page: start,
			input: func(_ *Input, dir fstest.MapFS) {
				delete(dir, "l-1.css")
				dir["evil.js"], dir["note.txt"] = &fstest.MapFile{}, &fstest.MapFile{}
			},
			want: []string{
				"covered lazy c-1.js [run-time table e-1.js:1:32]", "covered initial e-1.css [tag index.html:1:1]",
				"covered initial e-1.js [tag index.html:2:1]", "uncovered lazy l-1.css",
				"high unrecorded-file evil.js", "high missing-file l-1.css", "medium uncovered e-1.js:1:108", "medium unrecorded-file note.txt",
			},
		},
		{
			name: "a pipe in a file's place", files: classic, pass: app, page: start[:1],
			input: func(_ *Input, dir fstest.MapFS) { dir["e-1.js"] = &fstest.MapFile{Mode: fs.ModeNamedPipe} },
			want: []string{
				"uncovered lazy c-1.js", "elsewhere initial e-1.css [tag index.html:1:1]", "elsewhere initial e-1.js", "uncovered lazy l-1.css",
				"high uncovered c-1.js", "medium unread-file e-1.js", "medium uncovered l-1.css", "info tag-elsewhere e-1.js",
			},
		},
		{
			name: "modules without an import map", files: modules, pass: esm, page: startModules[1:],
			want: []string{
				"uncovered lazy c-1.js", "covered initial e-1.css [tag index.html:1:1]", "covered initial e-1.js [tag index.html:2:1]", "covered lazy l-1.css [run-time table e-1.js:1:35]",
				"high uncovered e-1.js:1:9",
			},
		},
		{
			name: "an import map behind a module", files: modules, pass: esm, page: []page.Element{startModules[1], startModules[2], startModules[0]},
			want: []string{
				"uncovered lazy c-1.js", "covered initial e-1.css [tag index.html:1:1]", "covered initial e-1.js [tag index.html:2:1]", "covered lazy l-1.css [run-time table e-1.js:1:35]",
				"high uncovered e-1.js:1:9", "medium importmap-late index.html:3:1",
			},
		},
		{
			name: "a second import map", files: modules, pass: esm, page: append([]page.Element{inline(page.ImportMap, "{}")}, startModules...),
			want: []string{
				"uncovered lazy c-1.js", "covered initial e-1.css [tag index.html:3:1]", "covered initial e-1.js [tag index.html:4:1]", "covered lazy l-1.css [run-time table e-1.js:1:35]",
				"high uncovered e-1.js:1:9", "medium importmap-several index.html:2:1",
			},
		},
		{
			name: "an import map that CSP blocks", files: modules, pass: esm, page: startModules,
			input: func(in *Input, _ fstest.MapFS) {
				in.Pages["index.html"].Policy = []string{"default-src 'self'; script-src 'self' 'nonce-abc' 'unsafe-inline'"}
			},
			want: []string{
				"uncovered lazy c-1.js", "covered initial e-1.css [tag index.html:2:1]", "covered initial e-1.js [tag index.html:3:1]", "covered lazy l-1.css [run-time table e-1.js:1:35]",
				"high uncovered e-1.js:1:9", "high importmap-blocked index.html:1:1",
			},
		},
		{
			name: "an import map whose hash CSP has", files: modules, pass: esm, page: startModules,
			input: func(in *Input, _ fstest.MapFS) {
				in.Pages["index.html"].Policy = []string{"script-src 'self' '" + pin(importMap) + "'"}
			},
			want: []string{
				"covered lazy c-1.js [import map index.html:1:1]", "covered initial e-1.css [tag index.html:2:1]",
				"covered initial e-1.js [tag index.html:3:1]", "covered lazy l-1.css [run-time table e-1.js:1:35]",
			},
		},
		{
			name: "webpack's table by numbers, and styles that it lacks", page: []page.Element{script("/shop/main.js", pin(webpack))},
			files: map[string]string{"main.js": webpack, "7.js": chunkJS, "7.css": lazyCSS},
			want: []string{
				"uncovered lazy 7.css", "covered lazy 7.js [run-time table main.js:1:29]", "covered initial main.js [tag index.html:1:1]",
				"medium uncovered main.js:1:109",
			},
			input: func(in *Input, _ fstest.MapFS) { in.PublicURL = "/shop/" },
		},
		{
			name: "names that are put together at run time", page: []page.Element{script("m.js", pin(composed))},
			files: map[string]string{"m.js": composed, "a.12.css": "a", "b.34.css": "b"},
			want: []string{
				"unknown none a.12.css", "unknown none b.34.css", "covered initial m.js [tag index.html:1:1]",
				"medium unlisted a.12.css", "medium unlisted b.34.css",
			},
		},
		{
			name: "Vite's list of what to load", page: []page.Element{module("/assets/index-a.js", pin(vite))},
			files: map[string]string{"assets/index-a.js": vite, "assets/Pay-b.js": chunkJS, "assets/Pay-c.css": lazyCSS},
			want: []string{
				"uncovered lazy assets/Pay-b.js", "uncovered lazy assets/Pay-c.css", "covered initial assets/index-a.js [tag index.html:1:1]",
				"high uncovered assets/index-a.js:1:59", "medium uncovered assets/index-a.js:1:77",
			},
		},
		{
			name: "a loader and what it loads", page: []page.Element{inline(page.Script, `load("c-1.js","`+pin(chunkJS)+`");load(["l-1.css","undefined"])`)},
			files: map[string]string{"c-1.js": chunkJS, "l-1.css": lazyCSS},
			want: []string{
				"covered lazy c-1.js [guard index.html:1:24]", "uncovered lazy l-1.css",
				"high placeholder index.html:1:115", "medium uncovered index.html:1:105",
			},
		},
		{
			name: "integrity as people write it", files: map[string]string{"a.js": "a"}, page: []page.Element{
				script("a.js", "undefined"), changed(script("a.js", ""), func(e *page.Element) { e.HasIntegrity = true }),
				script("a.js", "sha1-hvfkN/qlp/zhXR3cuerq6jd2Z7g="), script("a.js", strings.TrimRight(integrity.Sum(integrity.SHA256, []byte("a")).String(), "=")),
				script("a.js", pin("a")+" "+integrity.Sum(integrity.SHA512, []byte("a")).String()), script("a.js", pin("a")+"?x"),
				script("a.js", "sha384-abc"), script("a.js", "{{ integrity }}"), script("a.js", "[object Object]"), script("a.js", "*-*-*-CHUNK-SRI-HASH-abc"),
			},
			want: []string{
				"uncovered initial a.js [tag index.html:4:1] [tag index.html:5:1] [tag index.html:6:1]",
				"high placeholder index.html:1:1", "high empty index.html:2:1", "high weak-algorithm index.html:3:1",
				"high malformed index.html:4:1", "high malformed index.html:7:1", "high placeholder index.html:8:1", "high placeholder index.html:9:1",
				"high placeholder index.html:10:1",
				"medium mixed-algorithms index.html:5:1", "low other-algorithm index.html:4:1", "low other-algorithm index.html:5:1", "low untidy index.html:6:1",
			},
		},
		{
			name: "tags of other origins", files: map[string]string{"a.js": "a"}, input: func(in *Input, _ fstest.MapFS) {
				in.PublicURL, in.Origins = "https://cdn.example/x/", []string{"https://shop.example"}
			},
			page: []page.Element{
				changed(script("https://cdn.example/x/a.js?v", pin("a")), func(e *page.Element) { e.HasCrossOrigin, e.CrossOrigin = false, "" }),
				changed(script("https://shop.example/b.js", pin("b")), func(e *page.Element) { e.HasCrossOrigin, e.CrossOrigin = false, "" }),
				script("https://js.pay.example/v3/", ""), script("data:text/javascript,1", ""),
			},
			want: []string{
				"covered initial a.js [tag index.html:1:1]", "uncovered initial https://js.pay.example/v3/", "covered initial https://shop.example/b.js [tag index.html:2:1]",
				"high no-crossorigin index.html:1:1", "high uncovered index.html:3:1", "low no-cors index.html:2:1",
			},
		},
		{
			name: "@import, in a style sheet and in the page", files: map[string]string{"a.css": "/*@import 'x'*/\n@import url(b.css);", "b.css": lazyCSS},
			page: []page.Element{style("a.css", pin("/*@import 'x'*/\n@import url(b.css);")), style("b.css", pin(lazyCSS)), inline(page.Style, "p{}\n @IMPORT \"https://fonts.example/f.css\" screen;")},
			want: []string{
				"covered initial a.css [tag index.html:1:1]", "uncovered initial b.css [tag index.html:2:1]", "uncovered initial https://fonts.example/f.css",
				"medium css-import a.css:2:1", "medium css-import index.html:4:2",
			},
		},
		{
			name: "workers, and what a loader's build left", files: map[string]string{"a.js": worker, "w.js": "w"}, page: []page.Element{script("a.js", pin(worker))},
			want: []string{
				"covered initial a.js [tag index.html:1:1]", "uncovered lazy w.js",
				"high uncovered a.js:1:13", "high unsubstituted a.js:3:5", "medium worker a.js:1:1", "medium worker a.js:2:11", "medium worker a.js:4:1",
			},
		},
		{
			name: "hints", files: map[string]string{"a.js": "a", "b.js": "b"}, page: []page.Element{
				changed(script("a.js", ""), func(e *page.Element) { e.Kind, e.As = page.Preload, "script" }),
				changed(script("a.js", pin("a")), func(e *page.Element) {
					e.Kind, e.As, e.HasCrossOrigin, e.CrossOrigin = page.Preload, "script", false, ""
				}),
				changed(script("b.js", pin("a")), func(e *page.Element) { e.Kind = page.ModulePreload }),
				script("a.js", pin("a")), changed(script("b.js", pin("b")), func(e *page.Element) { e.NoModule = true }),
			},
			want: []string{
				"covered initial a.js [tag index.html:4:1]", "covered initial b.js [tag index.html:5:1]",
				"critical wrong-hash index.html:3:1", "low hint index.html:1:1", "low hint index.html:2:1", "info nomodule index.html:5:1",
			},
		},
		{
			name: "manifests", page: []page.Element{script("a.js", pin("a"))},
			files: map[string]string{
				"a.js": "a", "b.js": "b", "m.json": `{"js":["a.js","b.js"],"integrity":{"a.js":"` + pin("a") + `"}}`,
				"n.json": `{"x":{"integrity":"` + pin("old") + `","src":"b.js"},"gone.js":"` + pin("gone") + `"}`,
			},
			want: []string{
				"covered initial a.js [tag index.html:1:1]", "unknown none b.js",
				"critical wrong-hash n.json:1:20", "high manifest-gap m.json:1:16", "medium unlisted b.js", "medium unknown-file n.json:1:118",
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var passes []release.Pass
			if row.pass.Name != "" {
				passes = append(passes, row.pass)
			}
			r, dir := made(t, with(row.files, "index.html", ""), passes...)
			in := Input{Release: r, Files: fs.FS(dir), Pages: map[string]*page.Document{"index.html": document(slices.Clone(row.page)...)}}
			if row.input != nil {
				row.input(&in, dir)
			}
			report, err := Read(in)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := said(report), strings.Join(row.want, "\n")+"\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
				for _, f := range report.Findings {
					t.Log(f)
				}
			}
		})
	}
}

func TestEncode(t *testing.T) {
	r := &Report{
		Algorithm: integrity.SHA384, Pages: []string{"index.html"},
		Resources: []Resource{
			{Path: "a.js", Role: release.Script, Load: release.Initial, Pages: []string{"index.html"}, Status: Covered, By: []Cover{{ByTag, "index.html", 3, 1, integrity.Sum(integrity.SHA384, nil)}}},
			{Path: "b.css", Role: release.Style, Load: release.Lazy, Pages: []string{"index.html"}, Status: Uncovered, Reason: "scripts load it later"},
			{URL: "https://pay.example/\xff<v3>", Role: release.Script, Load: release.Initial, Status: Elsewhere},
		},
	}
	r.add(ruleUncovered, finding.Medium)
	r.add(ruleWorker, finding.Medium)
	first, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, ".json", first)
	statement := release.Statement{Release: release.DigestOf(nil), PredicateType: PredicateType, Predicate: first}
	if _, err := statement.Encode(); err != nil {
		t.Errorf("no statement's predicate: %v", err)
	}
	if got := r.Totals().Share(); got != 0.5 {
		t.Errorf("got the share %v, want a half: what is elsewhere does not count", got)
	}
	if got := (Totals{Elsewhere: 3}).Share(); got != 1 {
		t.Errorf("got the share %v of nothing, want 1", got)
	}
}

func (r *Report) add(rule string, severity finding.Severity) {
	r.Findings = append(r.Findings, finding.Finding{Rule: rule, Severity: severity})
}

// Every rule says enough for code scanning, and every finding has a hint.
func TestRules(t *testing.T) {
	known := map[string]bool{}
	for _, r := range Rules() {
		known[r.ID] = true
		if r.Short == "" || len(r.Help) < len(r.Short)/2 || r.Severity == "" || hints[r.ID] == "" {
			t.Errorf("%s says too little", r.ID)
		}
	}
	for id := range hints {
		if !known[id] {
			t.Errorf("a hint of no rule: %s", id)
		}
	}
	for kind, id := range ruleOf {
		if !known[id] {
			t.Errorf("%s has no rule", kind)
		}
	}
	for _, kind := range integrity.Kinds {
		if ruleOf[kind] == "" {
			t.Errorf("%s has no rule", kind)
		}
	}
}

// Hostile names stay in their place: no message has a line of its own in a log.
func TestHostileNames(t *testing.T) {
	evil := "x\r\n::error::<script>\x1b[2J`|\u202e.js"
	code := `"` + strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(evil) + `":"` + pin("x") + `"`
	r, dir := made(t, map[string]string{"a.js": "({" + code + "})", "index.html": ""})
	dir[evil] = &fstest.MapFile{}
	report, err := Read(Input{Release: r, Files: dir, Pages: map[string]*page.Document{"index.html": document(
		script("a.js", evil), script("https://a.example/"+evil, ""), inline(page.ImportMap, `{"integrity":{"`+strings.Repeat("x", 10_000)+`":"sha384-"}}`),
		inline(page.Style, "@import '"+strings.Repeat("y", 10_000)+"'"),
	)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if strings.ContainsAny(f.Message, "\r\n\x1b\u202e") || len(f.Message) > 800 {
			t.Errorf("%s: %q", f.Rule, f.Message)
		}
	}
	if _, err := report.Encode(); err != nil {
		t.Error(err)
	}
}

// What people accept without a hash is uncovered, and told as information.
func TestExcepted(t *testing.T) {
	const url = "https://js.example.com/v3/"
	doc, err := page.Scan([]byte(`<script src="` + url + `"></script><script src="https://other.example.com/a.js"></script>`))
	if err != nil {
		t.Fatal(err)
	}
	rel := &release.Release{Profile: release.Production, Tool: release.Tool{Name: "t", Version: "1"}, Files: []release.File{{Path: "a.txt", Size: 1, Integrity: release.IntegrityOf([]byte("a")), Role: release.Other}}}
	if err := rel.Seal(); err != nil {
		t.Fatal(err)
	}
	got, err := Read(Input{
		Release: rel, Files: fstest.MapFS{"a.txt": {Data: []byte("a")}}, Pages: map[string]*page.Document{"index.html": doc},
		Excepted: func(u string) bool { return u == url },
	})
	if err != nil {
		t.Fatal(err)
	}
	severities := map[bool]finding.Severity{}
	for _, f := range got.Findings {
		if f.Rule == ruleUncovered {
			severities[strings.Contains(f.Message, url)] = f.Severity
		}
	}
	if severities[true] != finding.Info || severities[false] != finding.High || got.Totals().Uncovered != 2 {
		t.Errorf("got %v, %+v", severities, got.Totals())
	}
}

// A document in an attribute loads with the page, without its import map and guard.
func TestSrcdoc(t *testing.T) {
	guarded := script("", "")
	guarded.Text = `guard({"/app.js":"` + pin("app") + `"})`
	for _, test := range []struct{ name, srcdoc, want string }{
		{"a tag without a hash", "<script src=app.js></script>", "uncovered"},
		{"a module", "<script type=module src=app.js></script>", "uncovered"},
		{"a tag with its hash", "<script src=app.js integrity=" + pin("app") + " crossorigin></script>", "covered"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, dir := made(t, map[string]string{"index.html": "", "app.js": "app"})
			doc := &page.Document{Elements: []page.Element{guarded}, Frames: []page.Attribute{{Element: "iframe", Name: "srcdoc", Value: test.srcdoc, Line: 7, Column: 3}}}
			report, err := Read(Input{Release: r, Files: dir, Pages: map[string]*page.Document{"index.html": doc}})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(report.Resources[0].Status); got != test.want {
				t.Errorf("got %s, want %s: %+v", got, test.want, report.Findings)
			}
			told := slices.ContainsFunc(report.Findings, func(f finding.Finding) bool { return f.Rule == ruleUncovered && f.Location.Line == 7 })
			if told != (test.want == "uncovered") {
				t.Errorf("got %+v", report.Findings)
			}
		})
	}
}
