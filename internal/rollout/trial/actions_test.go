package trial

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/deploy"
	"github.com/org/checkout-deploy/internal/app/rollback"
	"github.com/org/checkout-deploy/internal/release"
)

// shop is a project with releases, and a server of its store's folder.
type shop struct {
	t      *testing.T
	dir    string
	url    string
	broken bool // the public page answers 500, as a bad release's would
	files  http.Handler
}

func newShop(t *testing.T, settings string) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir()}
	s.serve(filepath.Join(s.dir, "served"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if s.broken && r.URL.Path == "/health" {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		if r.URL.Path == "/health" {
			fmt.Fprint(w, "ok")
			return
		}
		s.files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/"
	s.write("checkout-deploy.yml", fmt.Sprintf(`version: 1
build: { passes: [{ name: app, entries: { checkout: src/index.ts } }] }
environments:
  test:
    url: %s
    store: served
    strategy: { watch: 200ms, every: 100ms }
    checks: [{ name: health, path: /health, contains: ok }]
%s`, s.url, settings))
	return s
}

func (s *shop) serve(folder string) { s.files = http.FileServer(http.Dir(folder)) }

// replace changes the configuration.
func (s *shop) replace(old, text string) {
	s.t.Helper()
	config, err := os.ReadFile(filepath.Join(s.dir, "checkout-deploy.yml"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("checkout-deploy.yml", strings.Replace(string(config), old, text, 1))
}

func (s *shop) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// page makes dist of a page alone, and a script.
func (s *shop) page(html string) {
	s.t.Helper()
	files := map[string]string{"index.html": html, "app.js": "1"}
	if html == "" {
		delete(files, "index.html")
	}
	s.releaseOf("x", files, nil)
}

// release makes dist anew.
func (s *shop) release(name string, change func(*release.Release)) string {
	s.t.Helper()
	return s.releaseOf(name, map[string]string{
		"index.html": "<!doctype html><head><title>" + name + "</title></head><script src=app.js></script>",
		"app.js":     "document.title += '" + name + "'",
	}, change)
}

func (s *shop) releaseOf(name string, files map[string]string, change func(*release.Release)) string {
	s.t.Helper()
	stage, err := release.NewStage(filepath.Join(s.dir, "dist"))
	if err != nil {
		s.t.Fatal(err)
	}
	r := &release.Release{Name: name, Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}}
	for file, text := range files {
		if err := stage.Write(file, []byte(text)); err != nil {
			s.t.Fatal(err)
		}
		role := release.Asset
		if strings.HasSuffix(file, ".js") {
			role = release.Script
		}
		r.Files = append(r.Files, release.File{Path: file, Size: int64(len(text)), Integrity: release.IntegrityOf([]byte(text)), Role: role})
	}
	if change != nil {
		change(r)
	}
	if err := r.Seal(); err != nil {
		s.t.Fatal(err)
	}
	id, err := stage.Commit(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return id.String()
}

// run runs an action as a person would.
func (s *shop) run(a action.Action, flags ...string) (code int, out string) {
	s.t.Helper()
	var text bytes.Buffer
	c := &action.Command{
		Args: flags, Dir: s.dir, Env: []string{"PATH=" + os.Getenv("PATH")}, Now: time.Now, Version: "test", Stdout: &text, Stderr: &text,
	}
	code = c.Run(context.Background(), a)
	return code, text.String()
}

func (s *shop) wants(a action.Action, code int, state string, flags ...string) string {
	s.t.Helper()
	got, out := s.run(a, flags...)
	if got != code || state != "" && !strings.Contains(out, "state="+state+"\n") {
		s.t.Fatalf("got code %d, want %d and the state %s:\n%s", got, code, state, out)
	}
	return out
}

func (s *shop) deploys(code int, state string, flags ...string) string {
	s.t.Helper()
	return s.wants(deploy.Action(), code, state, flags...)
}

// shows is the title of the page that shoppers get.
func (s *shop) shows(title string) {
	s.t.Helper()
	page, err := os.ReadFile(filepath.Join(s.dir, "served", "index.html"))
	if title == "" && os.IsNotExist(err) {
		return
	}
	if err != nil || !strings.Contains(string(page), "<title>"+title+"<") {
		s.t.Errorf("the page is not %q: %v\n%s", title, err, page)
	}
}

// stored is everything in the store but locks.
func (s *shop) stored() string {
	s.t.Helper()
	var all []string
	_ = filepath.WalkDir(filepath.Join(s.dir, "served"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.Contains(path, ".checkout-deploy") {
			data, _ := os.ReadFile(path)
			all = append(all, path+" "+release.DigestOf(data).String())
		}
		return nil
	})
	return strings.Join(all, "\n")
}

func TestDeployAndBack(t *testing.T) {
	s := newShop(t, "")
	first := s.release("first", nil)
	if out := s.deploys(0, "live"); !strings.Contains(out, "2 of 2 files are in the store, ") || !strings.Contains(out, "; 0 were there before") {
		t.Errorf("it does not say how far the upload is:\n%s", out)
	}
	s.shows("first")
	second := s.release("second", nil)
	s.deploys(0, "live")
	s.shows("second")

	before := s.stored()
	if out := s.deploys(0, "live"); !strings.Contains(out, "already") || s.stored() != before {
		t.Errorf("the same again changes something:\n%s", out)
	}
	if out := s.wants(rollback.Action(), 0, "unchanged", "--drill"); !strings.Contains(out, first) || s.stored() != before {
		t.Errorf("a drill changes something:\n%s", out)
	}
	s.wants(rollback.Action(), 0, "reverted")
	s.shows("first")
	if out := s.wants(rollback.Action(), 0, "reverted"); !strings.Contains(out, "already") {
		t.Errorf("a second rollback goes further:\n%s", out)
	}
	s.shows("first")
	if out := s.deploys(1, "holding"); !strings.Contains(out, "clear-hold") {
		t.Errorf("the hold does not say how it ends:\n%s", out)
	}
	s.deploys(0, "live", "--clear-hold")
	s.shows("second")
	s.wants(rollback.Action(), 0, "reverted", "--release", first, "--reason", "wrong prices", "--verify=full")
	s.shows("first")
	if out := s.deploys(1, "holding"); !strings.Contains(out, "wrong prices") {
		t.Errorf("the reason is not told:\n%s", out)
	}
	if out := s.wants(rollback.Action(), 1, "", "--release", strings.Repeat("1", 64)); !strings.Contains(out, second) {
		t.Errorf("the candidates are not told:\n%s", out)
	}
}

func TestBadRelease(t *testing.T) {
	s := newShop(t, "")
	s.release("good", nil)
	s.deploys(0, "live")
	s.release("bad", nil)
	s.broken = true
	if out := s.deploys(1, "unchanged"); !strings.Contains(out, `check "health" failed`) {
		t.Errorf("the preview does not say which check failed:\n%s", out)
	}
	s.shows("good")
}

// TestPutBackAfterRollback: the page that was taken back comes back whole, by somebody's
// hand, and is known for an old one.
func TestPutBackAfterRollback(t *testing.T) {
	s := newShop(t, "")
	s.release("first", nil)
	s.deploys(0, "live")
	s.release("second", nil)
	s.deploys(0, "live")
	page, err := os.ReadFile(filepath.Join(s.dir, "served", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	s.wants(rollback.Action(), 0, "reverted")
	s.write("served/index.html", string(page))
	if out := s.deploys(0, "live"); !strings.Contains(out, "altered in the store") {
		t.Errorf("got\n%s", out)
	}
}

// TestRewritten: what a CDN makes of a script is seen before anybody is led to it.
func TestRewritten(t *testing.T) {
	s := newShop(t, "")
	s.release("good", nil)
	s.deploys(0, "live")
	id := s.release("bad", nil)
	files := s.files
	s.files = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, id+"/app.js") {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, "document.title+='bad'")
			return
		}
		files.ServeHTTP(w, r)
	})
	if out := s.deploys(1, "unchanged"); !strings.Contains(out, id+"/app.js: got 21 bytes, want the 23 bytes of the release") {
		t.Errorf("got\n%s", out)
	}
	s.shows("good")
}

func TestDryRun(t *testing.T) {
	s := newShop(t, "")
	s.release("first", nil)
	out := s.deploys(0, "unchanged", "--dry-run")
	for _, want := range []string{"stage", "verify", "publish", "watch"} {
		if !strings.Contains(out, want) {
			t.Errorf("the plan has no %s:\n%s", want, out)
		}
	}
	if s.stored() != "" {
		t.Errorf("a dry run wrote\n%s", s.stored())
	}
}

// TestRefused: nothing is written where something is wrong with what was given.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name, settings string
		prepare        func(*shop)
		flags          []string
		code           int
		want           string
	}{
		{name: "a changed file", prepare: func(s *shop) { s.write("dist/app.js", "steal()") }, code: 1, want: "app.js"},
		{name: "a file too many", prepare: func(s *shop) { s.write("dist/more.js", "steal()") }, code: 1, want: "more.js"},
		{name: "a changed record", prepare: func(s *shop) { s.write("dist/release.json", "{}") }, code: 1, want: "invalid release record"},
		{name: "another release than was named", flags: []string{"--release", strings.Repeat("1", 64)}, code: 1, want: "1111"},
		{name: "a build for laptops", prepare: func(s *shop) { s.release("x", func(r *release.Release) { r.Profile = release.Development }) }, code: 1, want: "profile development"},
		{name: "nobody signed", settings: "    require: { signed-by: { key: a.pub } }\n", code: 2, want: "require.signed-by"},
		{name: "not healthy before", settings: "    require: { healthy: staging }\n  staging: { url: http://127.0.0.1:1/, store: other }\n", flags: []string{"--environment=test"}, code: 1, want: "staging serves nothing"},
		{name: "an environment that is not there", flags: []string{"--environment=prod"}, code: 2, want: "want one of test"},
		{name: "a page with a base", prepare: func(s *shop) { s.page(`<head><base href="/x/"></head>`) }, code: 1, want: "sets the base itself"},
		{name: "a page that names its files by the root", prepare: func(s *shop) { s.page(`<head></head><script src="/app.js"></script>`) }, code: 1, want: "base: './'"},
		{name: "a policy without base", prepare: func(s *shop) {
			s.page(`<head><meta http-equiv="Content-Security-Policy" content="base-uri 'none'"></head>`)
		}, code: 1, want: "base-uri 'self'"},
		{name: "a commit that is none", flags: []string{"--commit=main"}, code: 2, want: "want the 40 digits of a commit"},
		{name: "no page", prepare: func(s *shop) { s.page("") }, code: 1, want: `no file "index.html"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, test.settings)
			s.release("first", nil)
			if test.prepare != nil {
				test.prepare(s)
			}
			if out := s.deploys(test.code, "", test.flags...); !strings.Contains(out, test.want) {
				t.Errorf("want %q in\n%s", test.want, out)
			}
			if s.stored() != "" {
				t.Errorf("it wrote\n%s", s.stored())
			}
		})
	}
}

// TestNotPermitted: what the store does not allow is told before anything lasting is
// written, with all else that is wrong, and by a drill.
func TestNotPermitted(t *testing.T) {
	s := newShop(t, "    require: { profile: staging }\n")
	s.write("served/deploy/probe", "in the way of a folder")
	s.release("first", nil)
	before := s.stored()
	if out := s.deploys(1, ""); !strings.Contains(out, "creating an object") || !strings.Contains(out, "require.profile") {
		t.Errorf("got\n%s", out)
	}
	if out := s.deploys(1, "", "--dry-run"); !strings.Contains(out, "not tried, as a dry run writes nothing") || strings.Contains(out, "creating an object") {
		t.Errorf("got\n%s", out)
	}
	if s.stored() != before {
		t.Errorf("it wrote\n%s", s.stored())
	}
	s.replace("profile: staging", "profile: production")
	if err := os.Remove(filepath.Join(s.dir, "served", "deploy", "probe")); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, "live")
	s.release("second", nil)
	s.deploys(0, "live")
	if err := os.RemoveAll(filepath.Join(s.dir, "served", "deploy", "probe")); err != nil {
		t.Fatal(err)
	}
	s.write("served/deploy/probe", "in the way of a folder")
	if out := s.wants(rollback.Action(), 1, "unchanged", "--drill"); !strings.Contains(out, "creating an object") {
		t.Errorf("got\n%s", out)
	}
}

func TestForeignPage(t *testing.T) {
	s := newShop(t, "")
	s.write("served/index.html", "<title>theirs</title>")
	s.release("first", nil)
	if out := s.deploys(1, "unchanged"); !strings.Contains(out, "adopt: true") {
		t.Errorf("got\n%s", out)
	}
	s.shows("theirs")
	config, err := os.ReadFile(filepath.Join(s.dir, "checkout-deploy.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("checkout-deploy.yml", string(config)+"    adopt: true\n")
	s.deploys(0, "live")
	s.shows("first")
	if out := s.wants(rollback.Action(), 0, "unchanged", "--drill"); !strings.Contains(out, "leads to the page that was there before the first deploy") {
		t.Errorf("got\n%s", out)
	}
	s.wants(rollback.Action(), 0, "reverted")
	s.shows("theirs")
	if out := s.wants(rollback.Action(), 0, "reverted"); !strings.Contains(out, "already") {
		t.Errorf("a second rollback goes further:\n%s", out)
	}
	s.deploys(1, "holding")
	s.deploys(0, "live", "--clear-hold")
	s.shows("first")
}

// TestOneStoreIsOneTarget: two environments in one store would collect each other's
// releases.
func TestOneStoreIsOneTarget(t *testing.T) {
	s := newShop(t, "")
	s.release("first", nil)
	s.deploys(0, "live")
	s.replace("  test:", "  other:")
	if out := s.deploys(1, ""); !strings.Contains(out, "the store belongs to another environment") {
		t.Errorf("got\n%s", out)
	}
}

// TestAlteredPage: what is live and was altered in the store is not "live already".
func TestAlteredPage(t *testing.T) {
	s := newShop(t, "")
	s.release("first", nil)
	s.deploys(0, "live")
	name := filepath.Join(s.dir, "served", "index.html")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s.write("served/index.html", strings.Replace(string(page), "<title>", "<script>skim()</script><title>", 1))
	if out := s.deploys(0, "live"); !strings.Contains(out, "altered") {
		t.Errorf("got\n%s", out)
	}
	if page, _ := os.ReadFile(name); strings.Contains(string(page), "skim") {
		t.Errorf("it is still there:\n%s", page)
	}
}

// TestEntryInAFolder: relative addresses lead where they led in the release.
func TestEntryInAFolder(t *testing.T) {
	s := newShop(t, "    entry: pay/page.html\n")
	id := s.releaseOf("x", map[string]string{"pay/page.html": "<head></head><script src=../app.js></script>", "app.js": "1"}, nil)
	s.deploys(0, "live")
	page, err := get(s.url + "pay/page.html")
	if want := `<base href="/r/` + id + `/pay/">`; err != nil || !strings.Contains(string(page), want) {
		t.Errorf("want %s in\n%s", want, page)
	}
}

// TestLeftByName: what somebody left by name is nothing to go back to.
func TestLeftByName(t *testing.T) {
	s := newShop(t, "")
	first := s.release("first", nil)
	s.deploys(0, "live")
	s.release("wrong", nil)
	s.deploys(0, "live")
	s.wants(rollback.Action(), 0, "reverted", "--release", first, "--reason", "zurück")
	s.release("third", nil)
	s.deploys(0, "live", "--clear-hold")
	s.wants(rollback.Action(), 0, "reverted")
	s.shows("first")
}
