package origin

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestCheck(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bound := filepath.Join(dir, "workspace")
	path := func(name string) string { return filepath.Join(bound, name) }
	for _, err := range []error{
		os.MkdirAll(path("src"), 0o755), os.WriteFile(path("src/a.ts"), nil, 0o644), os.WriteFile(filepath.Join(dir, "outside"), nil, 0o644),
		os.Symlink("a.ts", path("src/link")), os.Symlink("../../outside", path("src/out")), os.Symlink("/proc/self/environ", path("src/environ")),
		os.Symlink("nowhere", path("src/dangling")), syscall.Mkfifo(path("src/pipe"), 0o644), os.MkdirAll(bound+"-2", 0o755), os.WriteFile(bound+"-2/a", nil, 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ name, file, bound, says string }{
		{"a source", path("src/a.ts"), bound, ""},
		{"a link in the workspace", path("src/link"), bound, ""},
		{"a file that is not there", path("src/none"), bound, ""},
		{"a link to nothing", path("src/dangling"), bound, ""},
		{"a link out of it", path("src/out"), bound, "outside the workspace"},
		{"a link out of it, on a laptop", path("src/out"), "", ""},
		{"a folder with the workspace's name at its start", bound + "-2/a", bound, "outside the workspace"},
		{"a pipe", path("src/pipe"), bound, "no regular file"},
		{"a folder", path("src"), bound, "no regular file"},
		{"the environment", "/proc/self/environ", "", "a file of the system"},
		{"a link to it", path("src/environ"), "", "a file of the system"},
		{"a device", "/dev/zero", "", "no regular file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := New(row.bound).Check(row.file)
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}
