//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/bench/checkout-js/smoke"
)

// TestMain lets the test binary stand in for a build: see TestMeasure.
func TestMain(m *testing.M) {
	switch os.Getenv("BENCH_TEST_ROLE") {
	case "parent":
		parent()
	case "child":
		child()
	default:
		os.Exit(m.Run())
	}
}

// parent starts a child, waits until it holds its memory, and leaves it behind
// at its end, as a bundler does with its compiler.
func parent() {
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Env = append(os.Environ(), "BENCH_TEST_ROLE=child")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 1))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	held := hold()
	time.Sleep(300 * time.Millisecond) // several looks
	fmt.Println("done", len(held))
}

// child uses memory and half a second of processor time, and stays.
func child() {
	held := hold()
	for start := time.Now(); time.Since(start) < 500*time.Millisecond; {
		held[0]++
	}
	fmt.Print("+")
	time.Sleep(time.Minute)
	fmt.Println(len(held))
}

const holding = 64 << 20

func hold() []byte {
	b := make([]byte, holding)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	p := &peer{
		args: []string{os.Args[0]}, env: []string{"BENCH_TEST_ROLE=parent"},
		dir: dir, dist: filepath.Join(dir, "dist"), log: filepath.Join(dir, "log.txt"),
	}
	c, err := measure(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if c.CPU < 200*time.Millisecond {
		t.Errorf("CPU %s: the orphan's is missing", c.CPU)
	}
	if c.Peak < 2*holding {
		t.Errorf("peak %d MiB, want that of both processes: at least %d", c.Peak>>20, 2*holding>>20)
	}
	if c.Wall < 300*time.Millisecond || c.Wall > 20*time.Second {
		t.Errorf("wall %s: the orphan was waited for", c.Wall)
	}
	if log, err := os.ReadFile(p.log); err != nil || !strings.Contains(string(log), "done") {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestMeasureFailure(t *testing.T) {
	dir := t.TempDir()
	p := &peer{args: []string{"sh", "-c", "echo broken >&2; exit 3"}, dir: dir, dist: filepath.Join(dir, "dist"), log: filepath.Join(dir, "log.txt")}
	if _, err := measure(context.Background(), p); err == nil || !strings.Contains(err.Error(), "exit status 3\nbroken") {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwin(t *testing.T) {
	app, to := t.TempDir(), filepath.Join(t.TempDir(), "twin")
	write(t, app, map[string]string{
		"package.json": "{}", "dist/old.js": "", "node_modules/a/index.js": "a", "node_modules/.cache/x": "",
		".git/index": "git", "packages/a/dist/kept.js": "kept",
	})
	if err := os.Symlink("a", filepath.Join(app, "node_modules", "b")); err != nil {
		t.Fatal(err)
	}
	before, err := snapshot(app)
	if err != nil {
		t.Fatal(err)
	}
	if err := (layout{app: app}).twin(to, ".git"); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{
		"package.json": true, "node_modules/b/index.js": true, ".git/index": true, "packages/a/dist/kept.js": true,
		"dist": false, "node_modules/.cache": false,
	} {
		if _, err := os.Stat(filepath.Join(to, name)); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %t", name, err, there)
		}
	}
	// What a build and git do in the copy must not show in the original.
	write(t, to, map[string]string{".git/index": "changed", "dist/new.js": ""})
	after, err := snapshot(app)
	if err != nil {
		t.Fatal(err)
	}
	if list := changes(before, after); len(list) > 0 {
		t.Errorf("changed in the original: %q", list)
	}
	if data, err := os.ReadFile(filepath.Join(app, ".git", "index")); err != nil || string(data) != "git" {
		t.Errorf("the original's git index: %q, %v", data, err)
	}
}

func TestChanges(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"kept": "1", "grown": "1", "gone": "1"})
	before, err := snapshot(root)
	if err != nil {
		t.Fatal(err)
	}
	write(t, root, map[string]string{"grown": "12", "new": "1"})
	if err := os.Remove(filepath.Join(root, "gone")); err != nil {
		t.Fatal(err)
	}
	after, err := snapshot(root)
	if err != nil {
		t.Fatal(err)
	}
	list := changes(before, after)
	list = slices.DeleteFunc(list, func(path string) bool { return path == root }) // the folder's own time
	want := []string{filepath.Join(root, "gone"), filepath.Join(root, "grown"), filepath.Join(root, "new")}
	if !slices.Equal(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
}

func TestSizes(t *testing.T) {
	for name, c := range map[string]struct {
		files       map[string]string
		first       []string
		scripts     int
		firstStyles int
	}{
		"a manifest, its loaders left out": {
			files: map[string]string{
				"manifest.json": `{"js": ["runtime.js", "checkout.js", "auto-loader-1.js"], "css": ["checkout.css"]}`,
				"runtime.js":    "r", "checkout.js": "c", "lazy.js": "l", "auto-loader-1.js": "a", "checkout.css": "s", "lazy.css": "s",
				"checkout.js.map": "{}",
			},
			first: []string{"runtime.js", "checkout.js"}, scripts: 4, firstStyles: 1,
		},
		"ES modules, static imports followed": {
			files: map[string]string{
				"checkout-ABCDEFGH.js":  `import{a as b}from"./chunk-1.js";import"./chunk-2.js";export*from"./chunk-4.js";import("./lazy.js");x('from"./nowhere.js"')`,
				"checkout-ABCDEFGH.css": "s", "checkout-button.js": "",
				"chunk-1.js": `import"./chunk-3.js";import"./chunk-1.js"`, "chunk-2.js": "", "chunk-3.js": "", "chunk-4.js": "", "lazy.js": "",
			},
			first: []string{"checkout-ABCDEFGH.js", "chunk-1.js", "chunk-2.js", "chunk-4.js", "chunk-3.js"}, scripts: 7, firstStyles: 1,
		},
	} {
		dist := t.TempDir()
		write(t, dist, c.files)
		scripts, styles, err := initial(dist)
		if err != nil || !slices.Equal(scripts, c.first) || len(styles) != c.firstStyles {
			t.Errorf("%s: got %q and %q (%v), want %q", name, scripts, styles, err, c.first)
		}
		s, err := measureSizes(t.Context(), dist)
		if err != nil || s.First.Files != len(c.first) || s.Scripts.Files != c.scripts || s.First.Gzip == 0 {
			t.Errorf("%s: got %+v (%v), want %d and %d files", name, s, err, len(c.first), c.scripts)
		}
	}
	if _, err := measureSizes(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no entry script") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestMedian(t *testing.T) {
	s := func(walls ...time.Duration) (runs []Cost) {
		for _, w := range walls {
			runs = append(runs, Cost{Wall: w})
		}
		return runs
	}
	for name, c := range map[string]struct {
		runs []Cost
		want time.Duration
	}{
		"none": {nil, 0}, "one": {s(7), 7}, "odd": {s(9, 1, 5), 5}, "even": {s(8, 2, 4, 100), 6},
	} {
		if got := median(c.runs).Wall; got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	reached := &smoke.Result{Recording: "R", Reached: true, Requests: 31, Marks: []smoke.Mark{{Name: "payment", At: 1500 * time.Millisecond}}}
	stuck := &smoke.Result{Recording: "R", Exceptions: []string{"TypeError: no region\n  at x"}}
	cost := func(s float64) Cost {
		return Cost{Wall: time.Duration(s * float64(time.Second)), CPU: time.Second, Peak: 100 << 20}
	}
	text := Report{Machine: "2 × test", Peers: []Result{
		{Name: "bare", Runs: []Cost{cost(2)}, Median: cost(2)},
		{Name: "ours", Runs: []Cost{cost(2.5)}, Median: cost(2.5), Sizes: Sizes{First: Load{3, 1234567, 531745}}, Boots: []*Boot{{Result: reached, InPage: 9, Loaded: 12}}},
		{Name: "rspack", Runs: []Cost{cost(4)}, Median: cost(4), Boots: []*Boot{{Result: stuck}}},
		{Name: "webpack", Failed: "exit status 1\nlong"},
	}}.Markdown()
	for _, want := range []string{
		"| ours | 1 | 2.50 | 1.25 | 1.00 | 1.00 | 100 | 1.00 |",
		"| ours | 3 | 1,234,567 | 531,745 |",
		"| ours | R | reached | 1.50 | 9 | 12 | 0 | 31 |",
		"| bare | – | not tried |",
		"- rspack does not run: TypeError: no region\n",
		"| webpack | – | not built |",
		"- webpack did not build: exit status 1\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
