package trial

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/org/checkout-deploy/internal/browser"
	"github.com/org/checkout-deploy/internal/bundle"
	"github.com/org/checkout-deploy/internal/bundle/style"
	"github.com/org/checkout-deploy/internal/integrity"
	"github.com/org/checkout-deploy/internal/integrity/page"
)

const npmFolder = "testdata/npm"

// site is a built page: its files by path, index.html among them.
type site map[string][]byte

func (s site) pin(path string) integrity.Metadata {
	content, ok := s[path]
	if !ok {
		return nil
	}
	return integrity.Metadata{integrity.Sum(integrity.Default, content)}
}

// of lists the files with one of the extensions.
func (s site) of(extensions ...string) []string {
	var list []string
	for name := range s {
		if slices.Contains(extensions, path.Ext(name)) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// Each page loads, and with one byte of any script or style changed that file is
// blocked, but for those that the row names: HTML alone does not reach them.
func TestChangedByte(t *testing.T) {
	b := started(t)
	builds := map[string]site{}
	for _, test := range []struct {
		name, bundler string
		modules       bool   // the page gets an import map
		guard         bool   // and the guard
		open          string // kinds of lazy files that nothing pins
	}{
		{"classic of build-bundle", "classic", false, false, ""},
		{"esm of build-bundle", "esm", true, false, ""},
		{"webpack, tags alone", "webpack", false, false, ".css .js"},
		{"webpack, with the guard", "webpack", false, true, ""},
		{"Vite, tags alone", "vite", false, false, ".css .js"},
		{"Vite, with an import map", "vite", true, false, ".css"},
		{"Vite, with an import map and the guard", "vite", true, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			built := builds[test.bundler]
			if built == nil {
				built = build(t, test.bundler)
				builds[test.bundler] = built
			}
			o := page.Options{Path: "index.html", Integrity: built.pin}
			if test.modules {
				o.Modules = built.of(".js")
			}
			if test.guard {
				o.Guard = built.of(".js", ".css")
			}
			out, err := page.Rewrite(built["index.html"], o)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range out.Unpinned {
				if u.Reason != page.InlineText {
					t.Errorf("%d:%d: %s is not pinned: %s", u.Line, u.Column, u.URL, u.Message)
				}
			}
			loaded := visit(t, b, built, out, "none")
			if !loaded.whole() || len(loaded.blocked) > 0 {
				t.Fatalf("unchanged, the page shows %q, and %q are blocked", loaded.marks, loaded.blocked)
			}
			if len(loaded.files) < 6 {
				t.Fatalf("the page loads %q only", loaded.files)
			}
			initial := string(built["index.html"])
			for _, file := range loaded.files {
				seen := visit(t, b, built, out, file)
				want := strings.Contains(initial, file) || !strings.Contains(" "+test.open+" ", " "+path.Ext(file)+" ")
				if got := slices.Contains(seen.blocked, file); got != want {
					t.Errorf("%s changed: blocked %t, want %t; the page shows %q", file, got, want, seen.marks)
				}
				if ran := strings.Contains(seen.marks, changed); ran == want && marked(built[file]) {
					t.Errorf("%s changed: its bytes had an effect %t, want %t", file, ran, !want)
				}
			}
		})
	}
}

const (
	mark    = "mark-"
	changed = "mask-"
)

func marked(content []byte) bool { return bytes.Contains(content, []byte(mark)) }

// flip changes a byte: a mark's, so that the page shows whether it had an effect.
func flip(content []byte) []byte {
	if marked(content) {
		return bytes.Replace(content, []byte(mark), []byte(changed), 1)
	}
	content = bytes.Clone(content)
	content[len(content)-1] = ' '
	return content
}

// sight is what a visit saw.
type sight struct {
	marks   string
	files   []string // scripts and styles that were asked for
	blocked []string // by integrity
}

func (s *sight) whole() bool {
	for _, want := range []string{"index", "first", "second", "shared"} {
		if !strings.Contains(s.marks, mark+want) {
			return false
		}
	}
	return strings.Count(s.marks, mark) == 7 // four scripts, three styles
}

// visit opens the page with a policy that allows its inline scripts by their
// hashes alone, and one file changed.
func visit(t *testing.T, b *browser.Browser, s site, out *page.Rewritten, flipped string) *sight {
	t.Helper()
	policy := "script-src 'self'"
	doc, err := page.Scan(out.HTML)
	if err != nil {
		t.Fatal(err)
	}
	for i := range doc.Elements {
		if e := &doc.Elements[i]; e.URL == "" {
			policy += fmt.Sprintf(" '%s'", integrity.Sum(integrity.SHA256, []byte(e.Text)))
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/checkout/")
		content, ok := s[name]
		switch name {
		case "":
			content, ok = out.HTML, true
			w.Header().Set("Content-Security-Policy", policy)
		case flipped:
			content = flip(content)
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", cmp.Or(mime.TypeByExtension(path.Ext(name)), "text/html; charset=utf-8"))
		_, _ = w.Write(content)
	}))
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := b.Page(ctx, browser.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	folder := server.URL + "/checkout/"
	if err := errors.Join(p.Open(ctx, folder), p.Quiet(ctx, 100*time.Millisecond, 20*time.Second)); err != nil {
		t.Fatal(err)
	}
	marks, err := browser.Evaluate[[]string](ctx, p, `[...(window.marks || []), ...['index', 'first', 'second'].map((n) => getComputedStyle(document.documentElement).getPropertyValue('--' + n))]`)
	if err != nil {
		t.Fatal(err)
	}
	seen := &sight{marks: strings.Join(marks, " ")}
	add := func(list []string, url string) []string {
		name, ok := strings.CutPrefix(url, folder)
		if !ok || slices.Contains(list, name) {
			return list
		}
		return append(list, name)
	}
	for _, q := range p.Requests() {
		if ext := path.Ext(q.URL); ext == ".js" || ext == ".css" {
			seen.files = add(seen.files, q.URL)
		}
	}
	for _, v := range p.Violations() {
		seen.blocked = add(seen.blocked, v.URL)
	}
	return seen
}

func started(t *testing.T) *browser.Browser {
	t.Helper()
	b, err := browser.Start(context.Background(), browser.Options{Binary: os.Getenv("CHROMIUM")})
	if errors.Is(err, browser.ErrNoBrowser) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// build makes the page of testdata with a bundler.
func build(t *testing.T, bundler string) site {
	t.Helper()
	if bundler == "classic" || bundler == "esm" {
		return ours(t, bundle.Format(bundler))
	}
	if _, err := os.Stat(filepath.Join(npmFolder, "node_modules")); err != nil {
		t.Skip("webpack and Vite are not installed: make npm")
	}
	folder := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "node", "build.mjs", bundler, folder)
	cmd.Dir = npmFolder
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	s := site{}
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		s[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ours is the page as a project of build-bundle's writes it.
func ours(t *testing.T, format bundle.Format) site {
	t.Helper()
	root, err := filepath.Abs(filepath.Join(npmFolder, "src"))
	if err != nil {
		t.Fatal(err)
	}
	styles, err := style.New(style.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = styles.Close() }()
	res, err := bundle.Build(context.Background(), bundle.Options{
		Root: root, Pass: "app", Format: format, Target: api.ES2022, Minify: true, Maps: bundle.MapsNone, Styles: styles,
		Entries: []bundle.Entry{{Name: "shop", Modules: []string{"index.js"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := site{}
	for _, f := range res.Files {
		s[f.Path] = f.Content
	}
	html, kind := "<!doctype html>\n<head>\n", ""
	entry := res.Entries[0]
	if format == bundle.ESM {
		kind = ` type="module"`
		html += `<script type="importmap">` + string(entry.ImportMap) + "</script>\n"
	}
	for _, name := range entry.CSS {
		html += `<link rel="stylesheet" href="` + name + "\">\n"
	}
	html += "</head>\n<body>\n"
	for _, name := range entry.JS {
		html += "<script" + kind + ` src="` + name + "\"></script>\n"
	}
	s["index.html"] = []byte(html)
	return s
}
