package scope

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRun runs programs before and after renaming, as written and as esbuild
// prints them. Sloppy programs stay as written: with the module format esbuild
// would refuse them.
func TestRun(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	programs, err := filepath.Glob("testdata/run/*.*js")
	if err != nil || len(programs) < 2 {
		t.Fatalf("got %d programs in testdata/run (%v), want 2 at least", len(programs), err)
	}
	for _, program := range programs {
		t.Run(filepath.Base(program), func(t *testing.T) {
			src, err := os.ReadFile(program)
			if err != nil {
				t.Fatal(err)
			}
			want := runNode(t, node, filepath.Ext(program), string(src))
			versions := []string{string(src)}
			if filepath.Ext(program) == ".mjs" {
				text, err := printed(string(src))
				if err != nil {
					t.Fatal(err)
				}
				versions = append(versions, text)
			}
			for _, text := range versions {
				short, err := mangled(text)
				if err != nil {
					t.Fatal(err)
				}
				if got := runNode(t, node, filepath.Ext(program), short); got != want {
					t.Errorf("got\n%s\nwant\n%s\nfrom\n%s", got, want, short)
				}
			}
		})
	}
}

func runNode(t *testing.T, node, ext, src string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program"+ext)
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, src)
	}
	return string(out)
}
