package verify

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/release"
)

// sample writes a release of two files and returns its id.
func sample(t *testing.T, dir string) string {
	t.Helper()
	rel := &release.Release{Profile: release.Production, Tool: release.Tool{Name: "test", Version: "1"}}
	stage, err := release.NewStage(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.txt": "one", "b/c.txt": "two"} {
		if err := stage.Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		rel.Files = append(rel.Files, release.File{Path: name, Size: 3, Integrity: release.IntegrityOf([]byte(text)), Role: release.Other})
	}
	if err := rel.Seal(); err != nil {
		t.Fatal(err)
	}
	id, err := stage.Commit(rel)
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func TestVerify(t *testing.T) {
	write := func(name, text string) func(t *testing.T, dist string) {
		return func(t *testing.T, dist string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dist, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := []struct {
		name string
		harm func(t *testing.T, dist string)
		args []string
		code int
		says string
	}{
		{"untouched", nil, nil, 0, "all 2 files are those of release"},
		{"a byte", write("a.txt", "onE"), nil, 1, "error: dist/a.txt: not the file of release"},
		{"a file too many", write("d.txt", ""), nil, 1, "error: dist/d.txt: not the file of release"},
		{"a file too few", func(_ *testing.T, dist string) { _ = os.Remove(filepath.Join(dist, "a.txt")) }, nil, 1, `"a.txt": missing`},
		{"a link out of the folder", func(t *testing.T, dist string) {
			path := filepath.Join(dist, "a.txt")
			if err := os.Rename(path, filepath.Join(filepath.Dir(dist), "elsewhere")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../elsewhere", path); err != nil {
				t.Fatal(err)
			}
		}, nil, 1, "want a regular file"},
		{"another record", write(release.RecordName, "{}"), nil, 1, "release record"},
		{"another release", nil, []string{"--release", strings.Repeat("0", 63) + "1"}, 1, "want " + strings.Repeat("0", 63) + "1"},
		{"an id of zeros is not any release", nil, []string{"--release", strings.Repeat("0", 64)}, 2, "nothing but zeros"},
		{"a link to nothing", func(t *testing.T, dist string) {
			if err := errors.Join(os.RemoveAll(dist), os.Symlink("gone", dist)); err != nil {
				t.Fatal(err)
			}
		}, nil, 1, "a link that leads nowhere"},
		{"a pipe for a record", func(t *testing.T, dist string) {
			record := filepath.Join(dist, release.RecordName)
			if err := errors.Join(os.Remove(record), syscall.Mkfifo(record, 0o644)); err != nil {
				t.Fatal(err)
			}
		}, nil, 1, "want a file"},
		{"a blank id", nil, []string{"--release", " "}, 2, "got blank text"},
		{"no id", nil, []string{"--release", "latest"}, 2, "lower-case hexadecimal"},
		{"nothing there", nil, []string{"--dist", "nowhere"}, 2, "got neither files in nowhere nor the id of a release"},
		{"nothing there, and no workflow", nil, []string{"--dist", "nowhere", "--release", strings.Repeat("0", 63) + "1"}, 1, "the folder itself is the hand-over"},
		{"a file, not a folder", nil, []string{"--dist", "dist/a.txt"}, 1, "not a directory"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			dist := filepath.Join(dir, "dist")
			id := sample(t, dist)
			if row.harm != nil {
				row.harm(t, dist)
			}
			var out, log bytes.Buffer
			c := &action.Command{Args: row.args, Dir: dir, Stdout: &out, Stderr: &log, LookPath: exec.LookPath}
			if code := c.Run(t.Context(), Action()); code != row.code || !strings.Contains(log.String(), row.says) {
				t.Errorf("got exit code %d, want %d and %q in\n%s", code, row.code, row.says, &log)
			}
			if want := "release=" + id + "\ndist=dist\n"; (out.String() == want) != (row.code == 0) {
				t.Errorf("got the outputs %q", &out)
			}
			if _, err := os.Lstat(filepath.Join(dir, "nowhere")); err == nil {
				t.Error("got the folder nowhere, want none")
			}
		})
	}
}

// In a workflow an empty id is an output's name misspelled.
func TestAWorkflowNamesTheRelease(t *testing.T) {
	dir := t.TempDir()
	sample(t, filepath.Join(dir, "dist"))
	var out bytes.Buffer
	c := &action.Command{
		Stdout: &out, LookPath: exec.LookPath,
		Env: []string{"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir, "GITHUB_OUTPUT=" + dir + "/output", "INPUT_RELEASE=", "INPUT_DIST=dist"},
	}
	if code := c.Run(t.Context(), Action()); code != 2 || !strings.Contains(out.String(), "release: got nothing") {
		t.Errorf("got exit code %d\n%s", code, &out)
	}
}
