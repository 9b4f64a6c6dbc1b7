package deploy_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/deploy"
	"github.com/org/checkout-deploy/internal/release"
)

// shop is a project with one environment, and what its address serves.
type shop struct {
	t      *testing.T
	dir    string
	folder string // that is served
	broken string // a title: the public address breaks when it is live
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir(), folder: "served"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		page, _ := os.ReadFile(filepath.Join(s.dir, s.folder, "index.html"))
		if r.URL.Path == "/health" {
			if s.broken != "" && strings.Contains(string(page), s.broken) {
				http.Error(w, "no", http.StatusInternalServerError)
			}
			return
		}
		http.FileServer(http.Dir(filepath.Join(s.dir, s.folder))).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.write("checkout-deploy.yml", fmt.Sprintf(`version: 1
build: { passes: [{ name: app, entries: { checkout: src/index.ts } }] }
environments:
  test:
    url: %s/
    store: served
    strategy: { watch: 200ms, every: 100ms }
    checks: [{ name: health, path: /health }]
`, server.URL))
	return s
}

func (s *shop) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// release makes dist of a page.
func (s *shop) release(title string) string {
	s.t.Helper()
	stage, err := release.NewStage(filepath.Join(s.dir, "dist"))
	if err != nil {
		s.t.Fatal(err)
	}
	page := []byte("<!doctype html><head><title>" + title + "</title></head>")
	r := &release.Release{Name: title, Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}}
	if err := stage.Write("index.html", page); err != nil {
		s.t.Fatal(err)
	}
	r.Files = []release.File{{Path: "index.html", Size: int64(len(page)), Integrity: release.IntegrityOf(page), Role: release.Asset}}
	if err := r.Seal(); err != nil {
		s.t.Fatal(err)
	}
	id, err := stage.Commit(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return id.String()
}

// deploys runs the action, on a laptop or in a job, and returns what people and later
// steps read: the log, the outputs, the summary.
func (s *shop) deploys(inJob bool, inputs ...string) (code int, told string) {
	s.t.Helper()
	runner := s.t.TempDir()
	var out bytes.Buffer
	c := &action.Command{Dir: s.dir, Version: "test", Stdout: &out, Stderr: &out, Now: time.Now, Env: []string{"PATH=" + os.Getenv("PATH")}}
	for _, input := range inputs {
		if !inJob {
			c.Args = append(c.Args, "--"+input)
			continue
		}
		name, value, _ := strings.Cut(input, "=")
		c.Env = append(c.Env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	if inJob {
		c.Env = append(c.Env, "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+s.dir, "INPUT_RECORD=false",
			"GITHUB_OUTPUT="+filepath.Join(runner, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(runner, "summary"))
	}
	code = c.Run(context.Background(), deploy.Action())
	summary, _ := os.ReadFile(filepath.Join(runner, "summary"))
	return code, out.String() + string(summary)
}

func (s *shop) wants(code int, told string, want int, texts ...string) {
	s.t.Helper()
	if code != want {
		s.t.Errorf("got the exit code %d, want %d", code, want)
	}
	for _, text := range texts {
		if !strings.Contains(told, text) {
			s.t.Errorf("want %q in\n%s", text, told)
		}
	}
}

// TestToldInTheEnd: whatever it came to, later steps get a state, and people what to
// do next.
func TestToldInTheEnd(t *testing.T) {
	s := newShop(t)
	s.release("first")
	code, told := s.deploys(false, "dry-run")
	s.wants(code, told, 0, "dry run: deploy to test, http", "state=unchanged")
	s.folder = "elsewhere"
	code, told = s.deploys(false)
	s.wants(code, told, 1, "environments.test.url has to be where that store is served", "state=unchanged", "shoppers saw nothing of it")
	s.folder = "served"
	code, told = s.deploys(false)
	s.wants(code, told, 0, "… preview: http", "… watch: http", "state=live")

	s.release("second")
	s.broken = "second"
	code, told = s.deploys(false)
	s.wants(code, told, 1, "state=reverted", "deploys are on hold", "--clear-hold")
	code, told = s.deploys(false, "dry-run")
	s.wants(code, told, 1, "state=holding", "--clear-hold")
	s.write("dist/more.js", "steal()")
	code, told = s.deploys(false)
	s.wants(code, told, 1, "state=unchanged")
}

// TestSummary: what failed comes first, and there is no heading or table of nothing,
// nor Markdown in words.
func TestSummary(t *testing.T) {
	s := newShop(t)
	for _, test := range []struct {
		name, release, broken string
		inputs                []string
		code                  int
		want                  []string
	}{
		{name: "a dry run", release: "first", inputs: []string{"dry-run=true"}, want: []string{"| stage |"}},
		{name: "the first", release: "first", want: []string{"| ✅&nbsp;publish |"}},
		{name: "the same again", release: "first", want: []string{"live and healthy already"}},
		{
			name: "one that fails", release: "second", broken: "second", code: 1,
			want: []string{"### What failed\n\n- watch: it is unhealthy", "### What to do next\n\nWhat was live", "| ❌&nbsp;watch | failed, as told above |"},
		},
		{name: "on hold", release: "third", code: 1, want: []string{"### What to do next\n\nLook at what was rolled back"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := s.release(test.release)
			s.broken = test.broken
			code, told := s.deploys(true, append(test.inputs, "release="+id)...)
			s.wants(code, told, test.code, test.want...)
			for _, wrong := range []string{"### \n", "\n.\n", "| :-- | :-- |\n\n", "| :-- |\n\n", "&#96;", "`release "} {
				if strings.Contains(told, wrong) {
					t.Errorf("got %q in\n%s", wrong, told)
				}
			}
		})
	}
}
