package buildbundle

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// needs skips on a developer's machine, and fails where everything has to be.
func needs(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("needs %s: %v", what, err)
	}
	t.Skipf("needs %s: %v", what, err)
}

// disk mounts a file system of size bytes at dir, which is new.
func disk(t *testing.T, dir string, size int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	needs(t, "root, and a small file system", syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)))
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// A disk that is full in the middle of the release, or of the report, leaves both
// as they were, and nothing beside them.
func TestFullDisk(t *testing.T) {
	for _, row := range []struct {
		name, input, says string
		size              int
		code              int
	}{
		{"in the release", "--outdir=small/dist", "the disk is full", 128 << 10, 1},
		{"in the report", "--report=small/report.html", "the disk is full", 16 << 10, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t)
			mustBuild(t, dir)
			small := filepath.Join(dir, "small")
			disk(t, small, row.size)
			if err := os.WriteFile(filepath.Join(dir, "src/pay.ts"), []byte("export const text = '"+strings.Repeat("pay ", 50_000)+"'"), 0o666); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(row.input, "--report") {
				if err := os.WriteFile(filepath.Join(small, "report.html"), []byte("old"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			before := snapshot(t, dir)
			cmd := program(t.Context(), dir, nil, row.input)
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != row.code || !strings.Contains(string(out), row.says) {
				t.Errorf("got exit code %d, want %d and %q in\n%s", got, row.code, row.says, out)
			}
			if after := snapshot(t, dir); !maps.Equal(before, after) {
				t.Errorf("got other files than before: %v, want %v", after, before)
			}
		})
	}
}

// A source, or an output folder's parent, that the user may not touch. Root may
// touch all, so that a user of no rights runs it.
func TestForbidden(t *testing.T) {
	const nobody = 65534
	for _, row := range []struct {
		name, path string
		mode       os.FileMode
		says       []string
		code       int
	}{
		{"a source", "src/pay.ts", 0, []string{`src/index.ts:10:86: `, `could not read "src/pay.ts"`, "look at the file's owner and mode"}, 1},
		{"a style", "src/base.css", 0, []string{"src/base.css", "permission denied"}, 1},
		{"the project's folder", ".", 0o555, []string{"permission denied", "the file's owner or mode keeps it from who runs this"}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := project(t)
			mustBuild(t, dir)
			if err := os.WriteFile(filepath.Join(dir, "src/shared.ts"), []byte("export const shared = () => 2"), 0o666); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, row.path)
			before := snapshot(t, filepath.Join(dir, "dist"))
			if err := os.Chmod(path, row.mode); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(path, 0o777) })
			cmd := program(t.Context(), dir, []string{"TMPDIR=/tmp"})
			if os.Getuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
				reachable(t, dir)
				reachable(t, cmd.Path)
			}
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != row.code {
				t.Errorf("got exit code %d, want %d\n%s", got, row.code, out)
			}
			for _, want := range row.says {
				if !strings.Contains(string(out), want) {
					t.Errorf("got no %q in\n%s", want, out)
				}
			}
			if after := snapshot(t, filepath.Join(dir, "dist")); !maps.Equal(before, after) {
				t.Errorf("got another dist: %v, want %v", after, before)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".dist*")); len(left) > 0 {
				t.Errorf("got %q left behind", left)
			}
		})
	}
}

// reachable lets everybody through the folders above a path in the test's own.
func reachable(t *testing.T, path string) {
	t.Helper()
	for at := filepath.Dir(path); at != filepath.Dir(os.TempDir()) && at != "/"; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o005 != 0o005 {
			if err := os.Chmod(at, info.Mode()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
}
