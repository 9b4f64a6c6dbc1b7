//go:build goexperiment.jsonv2

package trial

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/app/scanimage/engine"
	"github.com/org/checkout-deploy/internal/scan/result"
)

// asProgram makes the test's own program scan-image, for what only a process shows:
// its memory, what a signal does to it, and what brings one down. "engine" is no
// more than a scan and its report, to know what all else costs.
const asProgram = "CHECKOUT_DEPLOY_TRIAL"

func TestMain(m *testing.M) {
	hurried := func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	with := &engine.Tools{Version: "test", Now: time.Now, Sleep: hurried}
	switch os.Getenv(asProgram) {
	case "":
		os.Exit(m.Run())
	case "engine":
		if err := scanAlone(with, os.Args[1], os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		action.Main("test", scanimage.Action(with))
	}
}

// scanAlone scans an image with the databases in cache, and writes the report.
func scanAlone(with *engine.Tools, reference, cache, file string) error {
	ctx := context.Background()
	img, err := with.Open(ctx, reference, scanimage.ImageOptions{MaxSize: 32 << 30})
	if err != nil {
		return err
	}
	e, err := with.Engine(ctx, scanimage.EngineOptions{
		Kinds: []result.Kind{result.Vulnerability, result.Secret}, Databases: scanimage.DatabaseOptions{Cache: cache, Offline: true},
	})
	if err != nil {
		return err
	}
	all, err := e.Image(ctx, img)
	if err != nil {
		return err
	}
	return os.WriteFile(file, all[0].Report.JSON, 0o600)
}

// usage is what a process took.
type usage struct {
	wall, processor time.Duration
	peak            int64 // bytes of memory
}

// program is scan-image as a process of its own, with inputs as flags.
func (s *shop) program(inputs ...string) *exec.Cmd {
	if !slices.Contains(inputs, "offline=true") {
		inputs = append(inputs, "db-repository="+s.from.Vuln)
	}
	inputs = append([]string{"java-db-repository=" + s.from.Java, "cache-dir=" + cmp.Or(s.cache, "cache")}, inputs...)
	c := exec.CommandContext(s.t.Context(), os.Args[0])
	for _, in := range inputs {
		c.Args = append(c.Args, "--"+in)
	}
	c.Dir, c.Env = s.dir, []string{asProgram + "=action", "HOME=" + s.dir, "TMPDIR=" + s.temp(), "PATH=/usr/bin:/bin"}
	return c
}

// temp is the folder for what is thrown away.
func (s *shop) temp() string {
	s.t.Helper()
	dir := filepath.Join(s.dir, "tmp")
	check(s.t, os.MkdirAll(dir, 0o755))
	return dir
}

// measured runs a process, of which an exit code is no error.
func measured(t testing.TB, c *exec.Cmd) (ran, usage) {
	t.Helper()
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	start := time.Now()
	check(t, c.Start())
	done := make(chan struct{})
	go func() {
		_ = c.Wait() // the exit code is looked at
		close(done)
	}()
	var u usage
	for {
		select {
		case <-done:
			u.wall = time.Since(start)
			u.processor = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
			return ran{c.ProcessState.ExitCode(), said.String()}, u
		case <-time.After(5 * time.Millisecond):
			u.peak = max(u.peak, highest(c.Process.Pid))
		}
	}
}

// highest is the most memory that a process has had. Its rusage says more where the
// process that started it had more.
func highest(pid int) int64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}

// left is what is in a folder, and below.
func left(t testing.TB, dir string) (all []string) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if path != dir {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	}))
	slices.Sort(all)
	return all
}
