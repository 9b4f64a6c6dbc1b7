package difftest

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var (
	seedFlag    = flag.Uint64("seed", 1, "the first seed of the random graphs")
	countFlag   = flag.Int("n", 0, "how many random graphs; 0 means 60, with CI=true 1,000")
	builderFlag = flag.String("builder", "", "bare: compare bare esbuild, to see what this harness finds there")
)

// start gives a harness for the builder. A machine without Node or Chromium skips the test, unless it is CI.
func start(t *testing.T, builder Builder, formats ...Format) *Harness {
	t.Helper()
	h := &Harness{Builder: builder, Formats: formats, Scratch: t.TempDir()}
	node, err := StartNode(program(t, "node"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close() })
	browser, err := StartBrowser(program(t, "chromium", "chromium-browser", "google-chrome"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { browser.Close() })
	h.Node, h.Browser = node, browser
	return h
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

// TestBareEsbuild keeps the harness honest: it must find the differences that bare esbuild is known to have, and none
// where it has none. Each case says which.
func TestBareEsbuild(t *testing.T) {
	h := start(t, Bare{}, ESM)
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
