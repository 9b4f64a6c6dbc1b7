package difftest

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag    = flag.Uint64("seed", 1, "the first seed of the random graphs")
	countFlag   = flag.Int("n", 0, "how many random graphs; 0 means 60, with CI=true 1,000")
	builderFlag = flag.String("builder", "", "bare: compare bare esbuild, to see what this harness finds there")
	formatsFlag = flag.String("formats", "esm,classic,apart", "the formats to compare")
	triesFlag   = flag.Int("tries", 300, "how many runs shrinking a graph may take")
	showFlag    = flag.Int("show", 3, "how many differences of each kind are shrunk and shown whole")
	withoutFlag = flag.String("without", "", "comma-separated parts to leave out of the graphs, to look behind a known difference")
)

// start gives a harness for the builder. A machine without Node or Chromium skips the test, unless it is CI.
func start(t *testing.T, builder Builder) *Harness {
	t.Helper()
	h := &Harness{Builder: builder, Scratch: scratch(t)}
	for name := range strings.SplitSeq(*formatsFlag, ",") {
		h.Formats = append(h.Formats, Format(name))
	}
	node, err := StartNode(context.Background(), program(t, "node"), h.Scratch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	browser, err := StartBrowser(context.Background(), program(t, "chromium", "chromium-browser", "google-chrome"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = browser.Close() })
	h.Node, h.Browser = node, browser
	return h
}

// scratch is a folder in memory where there is one: a run writes and removes some 40 small files per graph.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "module-graphs-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	complain := t.Skipf
	if os.Getenv("CI") == "true" {
		complain = t.Fatalf
	}
	complain("looking for %s in PATH: none is there, and the comparison needs one", strings.Join(names, " or "))
	return ""
}

func cases(t *testing.T) []*Case {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("looking for cases: got %d, %v", len(names), err)
	}
	var out []*Case
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ReadCase(strings.TrimSuffix(filepath.Base(name), ".txtar"), data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// TestCases runs the hand-written graphs through the bundler, without chunk groups and with them.
func TestCases(t *testing.T) {
	h := start(t, nil)
	for _, c := range cases(t) {
		for name, builder := range map[string]ours{"": {}, "/grouped": {grouped: true}} {
			h.Builder = builder
			t.Run(c.Name+name, func(t *testing.T) {
				r, err := h.Run(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range r.Differences {
					t.Errorf("%s, %s:\n%s", d.Format, d.Kind, d.Detail)
				}
			})
		}
	}
}

// TestBareEsbuild keeps the harness honest: it must find the differences that bare esbuild is known to have, and none
// where it has none. Each case says which.
func TestBareEsbuild(t *testing.T) {
	h := start(t, Bare{})
	for _, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			var differs bool
			switch {
			case strings.Contains(c.Comment, "bare: differs"):
				differs = true
			case !strings.Contains(c.Comment, "bare: same"):
				t.Fatal(`the case says neither "bare: same" nor "bare: differs"`)
			}
			r, err := h.Run(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if differs != (len(r.Differences) > 0) {
				t.Errorf("differs: got %t, want %t\nplain: %s", !differs, differs, strings.Join(r.Want, "\n"))
			}
			for _, d := range r.Differences {
				t.Logf("%s, %s:\n%s", d.Format, d.Kind, d.Detail)
			}
		})
	}
}

// TestRandomGraphs compares random graphs, 60 of them, or 1,000 with CI=true. Others:
//
//	go test ./internal/bundle/difftest -run RandomGraphs -v -args -seed 17 -n 1
func TestRandomGraphs(t *testing.T) {
	builder := Builder(ours{})
	if *builderFlag == "bare" {
		builder = Bare{}
	}
	h := start(t, builder)
	n := *countFlag
	switch {
	case n > 0:
	case os.Getenv("CI") == "true":
		n = 1000
	default:
		n = 60
	}
	f := &findings{seeds: map[string][]uint64{}}
	began := time.Now()
	seeds := make(chan uint64)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for seed := range seeds {
				compareSeed(t, h, seed, f)
			}
		})
	}
	for seed := *seedFlag; seed < *seedFlag+uint64(n); seed++ {
		seeds <- seed
	}
	close(seeds)
	workers.Wait()
	for _, kind := range slices.Sorted(maps.Keys(f.seeds)) {
		t.Errorf("%s: seeds %v", kind, f.seeds[kind])
	}
	t.Logf("%d graphs, %v: %.1f a second; %d kinds of differences", n, h.Formats, float64(n)/time.Since(began).Seconds(), len(f.seeds))
}

// findings counts differences by kind. Only the first of each kind are shrunk and shown whole: they tend to be one.
type findings struct {
	mu    sync.Mutex
	seeds map[string][]uint64
}

func (f *findings) add(seed uint64, d Difference) (show bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := fmt.Sprintf("%s: %s", d.Format, d.Kind)
	f.seeds[kind] = append(f.seeds[kind], seed)
	return len(f.seeds[kind]) <= *showFlag
}

func compareSeed(t *testing.T, h *Harness, seed uint64, f *findings) {
	if _, ok := h.Builder.(ours); ok {
		varied := *h
		varied.Builder = oursFor(seed)
		if seed%3 != 0 { // it is for laptops, and a third finds what there is
			varied.Formats = slices.DeleteFunc(slices.Clone(h.Formats), func(f Format) bool { return f == Apart })
		}
		h = &varied
	}
	g := Generate(seed)
	for name := range strings.SplitSeq(*withoutFlag, ",") {
		if err := g.Without(name); name != "" && err != nil {
			t.Error(err)
			return
		}
	}
	r, err := h.Run(t.Context(), g.Case())
	if err != nil {
		t.Errorf("seed %d: the graph itself is wrong: %v\n%s", seed, err, g.Case().Txtar())
		return
	}
	for _, d := range r.Differences {
		if !f.add(seed, d) {
			continue
		}
		small, d := h.Shrink(t.Context(), g, d, *triesFlag)
		t.Errorf("seed %d, %s, %+v: %s\n- plain, + bundled\n%s\nShrunk to:\n\n%s", seed, d.Format, h.Builder, d.Kind, d.Detail, small.Case().Txtar())
	}
}
