package action

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/golden"
)

// asAction makes the test binary an action, so that signals and exit codes are
// those of a real process.
const asAction = "CHECKOUT_DEPLOY_TEST_ACTION"

func TestMain(m *testing.M) {
	how := os.Getenv(asAction)
	if how == "" {
		golden.Main(m)
	}
	Main("test", (&sample{}).action(func(ctx context.Context, r *Run) error {
		r.Logf("ready")
		switch how {
		case "stubborn":
			time.Sleep(time.Minute) // a second signal has to end this
		case "orderly":
			<-ctx.Done()
			r.Logf("put in order")
			return ctx.Err()
		}
		return errors.New("no")
	}))
}

// process starts one and waits until it works.
func start(t *testing.T, how string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), asAction+"="+how)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewReader(pipe)
	if line, err := log.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("got %q, %v, want the process ready", line, err)
	}
	return cmd, log
}

func TestSignals(t *testing.T) {
	for _, row := range []struct {
		how     string
		signals []syscall.Signal
		code    int
	}{
		{"orderly", []syscall.Signal{syscall.SIGINT}, 130},
		{"orderly", []syscall.Signal{syscall.SIGTERM}, 143},
		{"stubborn", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, 143},
		{"wrong", nil, 1},
	} {
		t.Run(row.how, func(t *testing.T) {
			cmd, log := start(t, row.how)
			for i, s := range row.signals {
				if i > 0 {
					time.Sleep(100 * time.Millisecond) // signals of one moment may arrive in any order
				}
				if err := cmd.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
			}
			var rest strings.Builder
			_, _ = log.WriteTo(&rest)
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != row.code {
				t.Errorf("got exit code %d, want %d\n%s", got, row.code, &rest)
			}
			if row.how == "orderly" && rest.String() != "put in order\nsample: cancelled\n" {
				t.Errorf("got %q, want it put in order", &rest)
			}
		})
	}
}

// What a container's root writes is its workspace owner's in the end, and what a
// link points to is not touched.
func TestWorkspaceOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	tr := runner(t)
	const owner = 1001
	outside := filepath.Join(t.TempDir(), "outside")
	for _, path := range []string{outside, filepath.Join(tr.dir, "output")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(tr.dir, owner, owner); err != nil {
		t.Fatal(err)
	}
	code := tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		dist := r.Path("dist")
		r.Wrote(dist)
		r.Wrote(r.Path("never-made"))
		named := r.Path("named")
		r.Wrote(named)
		return errors.Join(r.MkdirAll(r.Path("a/b")), os.Mkdir(r.Path("real"), 0o755), os.WriteFile(r.Path("real/b.js"), nil, 0o644), os.Symlink("real", named), os.Mkdir(dist, 0o755), os.WriteFile(filepath.Join(dist, "a.js"), nil, 0o644), os.Symlink(outside, filepath.Join(dist, "link")))
	}))
	if code != 0 {
		t.Fatal(code, &tr.out)
	}
	for path, want := range map[string]uint32{"dist": owner, "dist/a.js": owner, "dist/link": owner, outside: 0, "real/b.js": owner, "a": owner, "a/b": owner} {
		if !filepath.IsAbs(path) {
			path = filepath.Join(tr.dir, path)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s: got owner %d, want %d", path, got, want)
		}
	}
}
