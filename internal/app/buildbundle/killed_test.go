//go:build unix

package buildbundle

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/release"
)

// heavy is a project whose build takes a moment: many files to read, and to write.
func heavy(t *testing.T) string {
	t.Helper()
	files := map[string]string{"package.json": "{}", "checkout-deploy.yml": "version: 1\n"}
	index := ""
	for i := range 12 {
		files[fmt.Sprintf("src/m%d.ts", i)] = fmt.Sprintf("import './m%d.css';\nexport const text = %q;", i, strings.Repeat(fmt.Sprint("text of ", i), 8000))
		files[fmt.Sprintf("src/m%d.css", i)] = strings.Repeat(fmt.Sprintf(".m%d { color: red }\n", i), 200)
		index += fmt.Sprintf("export const m%d = () => import(/* webpackChunkName: \"m%[1]d\" */ './m%[1]d');\n", i)
	}
	files["src/index.ts"] = index
	return writeFiles(t, "shop", files)
}

// whole checks that dist is a release, every byte of it, and gives its id.
func whole(t *testing.T, dir string) release.Digest {
	t.Helper()
	dist := os.DirFS(filepath.Join(dir, "dist"))
	rel, err := release.Open(dist)
	if err != nil {
		t.Fatal(err)
	}
	if bad, err := release.Verify(t.Context(), dist, rel); err != nil || len(bad) > 0 {
		t.Fatalf("got a dist that is no release: %v %v", bad, err)
	}
	id, err := rel.ID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func litter(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// A build that is killed at any moment leaves the old release or the new one, and
// the next build leaves nothing of it. The moments are spread over a build's time.
func TestKilled(t *testing.T) {
	dir := heavy(t)
	source := filepath.Join(dir, "src/m0.ts")
	began := time.Now()
	run(t, dir)
	took := time.Since(began)
	const kills = 20
	left := 0
	for i := range kills {
		old := whole(t, dir)
		if err := os.WriteFile(source, fmt.Appendf(nil, "export const text = 'kill %d'", i), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := program(t.Context(), dir, nil)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			time.Sleep(took * time.Duration(i+1) / kills)
		} else {
			waitForWrites(dir, 2*took)
			time.Sleep(time.Duration(i) * time.Millisecond / 4)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		got := whole(t, dir)
		left += len(litter(t, dir))
		run(t, dir)
		if fresh := whole(t, dir); got != old && got != fresh {
			t.Errorf("kill %d: got release %s, want %s or %s", i, got, old, fresh)
		}
		if left := litter(t, dir); len(left) > 0 {
			t.Errorf("kill %d: got %q after the next build", i, left)
		}
	}
	t.Logf("%d of %d kills left something to clean up", left, kills)
}

// waitForWrites waits until a build has begun to write its files.
func waitForWrites(dir string, most time.Duration) {
	for began := time.Now(); time.Since(began) < most; time.Sleep(100 * time.Microsecond) {
		if left, _ := filepath.Glob(filepath.Join(dir, ".dist.*")); len(left) > 0 {
			return
		}
	}
}

func run(t *testing.T, dir string) {
	t.Helper()
	if out, err := program(t.Context(), dir, nil).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A build that is asked to stop does, with nothing changed and no process left.
func TestInterrupted(t *testing.T) {
	sass := os.Getenv("DART_SASS")
	if sass == "" {
		skipOnLaptop(t, "needs Dart Sass: set DART_SASS to its executable")
	}
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := heavy(t)
			run(t, dir)
			own := filepath.Join(t.TempDir(), "sass") // tells its process
			begun := filepath.Join(t.TempDir(), "begun")
			script := fmt.Sprintf("#!/bin/sh\necho $$ > %q\nexec %q \"$@\"\n", begun, sass)
			style := filepath.Join(dir, "src/m0.css")
			slow := "@use 'sass:math';\n@for $i from 1 through 40000000 { $x: math.div($i, 3); }\na { b: c }"
			for file, text := range map[string]string{own: script, style[:len(style)-3] + "scss": slow, filepath.Join(dir, "src/m0.ts"): "import './m0.scss'"} {
				if err := os.WriteFile(file, []byte(text), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			before := snapshot(t, dir)
			cmd := program(t.Context(), dir, []string{"DART_SASS=" + own})
			var out bytes.Buffer
			cmd.Stderr = &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			child := waitFor(t, begun)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(out.String(), "cancelled") {
				t.Errorf("got exit code %d, want %d\n%s", got, code, &out)
			}
			if after := snapshot(t, dir); !maps.Equal(before, after) {
				t.Errorf("got other files than before")
			}
			if !gone(t, child) {
				t.Errorf("process %s of Dart Sass is still there", child)
			}
		})
	}
}

// waitFor is a file's text, as soon as it is there.
func waitFor(t *testing.T, file string) string {
	t.Helper()
	for range 600 {
		if data, _ := os.ReadFile(file); bytes.HasSuffix(data, []byte("\n")) {
			return strings.TrimSpace(string(data))
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Dart Sass was not started")
	return ""
}

// gone waits a while for a process to end.
func gone(t *testing.T, pid string) bool {
	t.Helper()
	for range 100 {
		if exec.CommandContext(t.Context(), "kill", "-0", pid).Run() != nil {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}
