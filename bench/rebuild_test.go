//go:build linux

package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sample has what the edits look for.
func sample(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	script := "import { retry } " + utility + "class A {\n" + render + "    }\n}\n"
	files := map[string]string{}
	for _, e := range edits {
		files[e.file] = script
		if strings.HasSuffix(e.file, ".scss") {
			files[e.file] = ".checkout-steps {\n}\n\n.checkout-step {\n}\n"
		}
	}
	write(t, root, files)
	return root
}

func TestEdits(t *testing.T) {
	root := sample(t)
	before, err := snapshot(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		path := filepath.Join(root, e.file)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		linked := filepath.Join(t.TempDir(), "original")
		if err := os.Link(path, linked); err != nil {
			t.Fatal(err)
		}
		undo, err := e.apply(root, "bench-mark-001")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !strings.Contains(string(got), "bench-mark-001") || strings.Contains(string(got), "{mark}") {
			t.Errorf("%s: got %q, %v", e.kind, got, err)
		}
		if err := undo(); err != nil {
			t.Fatal(err)
		}
		for _, kept := range []string{path, linked} {
			if got, err := os.ReadFile(kept); err != nil || string(got) != string(old) {
				t.Errorf("%s, undone: got %q, %v, want %q", e.kind, got, err, old)
			}
		}
	}
	after, err := snapshot(root)
	if err != nil {
		t.Fatal(err)
	}
	for path := range after {
		if before[path] == "" {
			t.Errorf("%s was left", path)
		}
	}
}

func TestEditOfAnotherVersion(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{"none": "", "two": render + render} {
		write(t, root, map[string]string{edits[0].file: content})
		if _, err := edits[0].apply(root, "m"); err == nil || !strings.Contains(err.Error(), "want it once") {
			t.Errorf("%s: got %v", name, err)
		}
		if got, err := os.ReadFile(filepath.Join(root, edits[0].file)); err != nil || string(got) != content {
			t.Errorf("%s: the file was changed: %q, %v", name, got, err)
		}
	}
}

// gatherer is a watcher of a few lines, which may not survive a red rule.
const gatherer = `
mkdir -p "$OUT"
echo built
while read line; do
	find "$ROOT" -type f -exec cat {} + > "$OUT/all.js"
	if [ -n "$CRASH" ] && grep -q red "$OUT/all.js"; then echo crashed; exit 1; fi
	echo "built in 0.01 s"
done`

func TestWatcher(t *testing.T) {
	for name, c := range map[string]struct{ crash, failed string }{
		"all edits come through": {"", ""},
		"one does not":           {"1", "a Sass partial: it ended: built in 0.01 s; crashed"},
	} {
		t.Run(name, func(t *testing.T) {
			root, dir := sample(t), t.TempDir()
			dist := filepath.Join(dir, "dist")
			p := &watcher{
				peer: &peer{
					name: "fake", dir: dir, dist: dist, log: filepath.Join(dir, "log.txt"), runs: 2, warm: true,
					args: []string{"sh", "-c", gatherer}, env: []string{"ROOT=" + root, "OUT=" + dist, "CRASH=" + c.crash},
				},
				built: regexp.MustCompile("^built"), asked: true, pace: pace{firstLimit: time.Minute, nextLimit: time.Minute},
			}
			res := p.measure(t.Context(), root, log.New(io.Discard, "", 0))
			if got := strings.Join(res.Failed, "\n"); got != c.failed {
				t.Errorf("failed: got %q, want %q", got, c.failed)
			}
			for i, e := range res.Edits {
				want := 2
				if c.failed != "" && i >= len(res.Edits)-2 {
					want = 0
				}
				if len(e.Runs) != want {
					t.Errorf("%s: got %d runs, want %d", e.Kind, len(e.Runs), want)
				}
			}
			if res.First == 0 || res.Edits[0].Median == 0 {
				t.Errorf("got the first build in %s and the first edit in %s", res.First, res.Edits[0].Median)
			}
		})
	}
}

func TestWatcherThatEnds(t *testing.T) {
	dir := t.TempDir()
	p := &watcher{
		peer:  &peer{args: []string{"sh", "-c", "echo no such file; exit 1"}, dir: dir, dist: filepath.Join(dir, "dist"), log: filepath.Join(dir, "log.txt")},
		built: regexp.MustCompile("^built"), pace: pace{firstLimit: time.Minute},
	}
	if res := p.measure(t.Context(), dir, log.New(io.Discard, "", 0)); len(res.Failed) != 1 || res.Failed[0] != "it ended: no such file" {
		t.Errorf("got %q", res.Failed)
	}
}

// A server tells of builds by events, and has a lazy file's name in its record.
func TestServed(t *testing.T) {
	files := map[string]string{
		"/release.json": `{"path":"payment-method-0123456789.js"},{"path":"payment-abcdef0123.js"}`,
		"/checkout.js":  "code", "/payment-abcdef0123.js": "lazy bench-mark-001",
		"/__checkout-deploy/events": "retry: 500\n\nevent: release\ndata: {}\n\nevent: errors\ndata: {}\n\n",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, content)
	}))
	defer server.Close()
	w := &watching{watcher: &watcher{}, url: server.URL + "/", builds: make(chan time.Time, 10), ended: make(chan struct{})}
	for loads, want := range map[string]bool{"checkout.js": false, "payment": true} {
		if got, err := w.fetch(t.Context(), edit{loads: loads}, "bench-mark-001"); got != want || err != nil {
			t.Errorf("%s: got %t, %v, want %t", loads, got, err, want)
		}
	}
	for _, loads := range []string{"checkout.css", "shipping"} {
		if _, err := w.fetch(t.Context(), edit{loads: loads}, "bench-mark-001"); err == nil {
			t.Errorf("%s is not there, and that is no error", loads)
		}
	}
	if err := w.listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.next(t.Context(), time.Minute); err != nil {
		t.Error(err)
	}
}

func TestWritten(t *testing.T) {
	dist := t.TempDir()
	write(t, dist, map[string]string{"a.js": "bench-mark-001", "b/c.css": ".bench-mark-002", "a.js.map": "bench-mark-003"})
	for mark, want := range map[string]bool{"bench-mark-001": true, "bench-mark-002": true, "bench-mark-003": false} {
		if got, at, err := written(dist, mark); got != want || err != nil || at.IsZero() == want {
			t.Errorf("%s: got %t, %s, %v", mark, got, at, err)
		}
	}
}

func TestRebuildsMarkdown(t *testing.T) {
	watched := func(name string, ms ...time.Duration) Watched {
		w := Watched{Name: name, First: 2 * time.Second, Peak: 300 << 20}
		for i, kind := range kinds() {
			e := Edited{Kind: kind}
			if i < len(ms) {
				e.Runs, e.Median = []time.Duration{ms[i] * time.Millisecond}, ms[i]*time.Millisecond
			}
			w.Edits = append(w.Edits, e)
		}
		return w
	}
	failed := watched("rspack", 400)
	failed.Failed = []string{"a Sass partial: no build\nlong"}
	text := Rebuilds{Machine: "2 × test", Peers: []Watched{watched("bare", 200, 100), watched("ours-serve", 50, 150), failed}}.Markdown()
	for _, want := range []string{
		"| edit | bare ms | × bare | ours-serve ms | × bare | rspack ms | × bare |\n",
		"| code of the first load | 200 | 1.00 | 50 | 0.25 | 400 | 2.00 |\n",
		"| – undone | 100 | 1.00 | 150 | 1.50 | – | – |\n",
		"| rspack | 1 | 2.00 | 300 |\n",
		"- rspack failed: a Sass partial: no build\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
