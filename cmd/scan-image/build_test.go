package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const trivy = "github.com/aquasecurity/trivy"

// build makes the program with an experiment of Go's, or none.
func build(t *testing.T, experiment string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "scan-image")
	c := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	c.Env = append(os.Environ(), "GOEXPERIMENT="+experiment)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// exitCode runs a program to its end.
func exitCode(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

func TestWithoutTheExperiment(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"--path", "dist"}} {
		var out, log bytes.Buffer
		c := exec.CommandContext(t.Context(), build(t, ""), args...)
		c.Stdout, c.Stderr = &out, &log
		if code := exitCode(t, c); code != 2 || out.Len() > 0 {
			t.Errorf("%q: got exit code %d and the output %q, want 2 and none", args, code, &out)
		}
		for _, want := range []string{"built without its scanner", "\n  Build it with: GOEXPERIMENT=jsonv2 go build ./cmd/scan-image\n", "make build"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q: got no %q in\n%s", args, want, &log)
			}
		}
	}
}

// What links Trivy takes minutes to build, and 18 MB: nothing else may.
func TestOnlyScanImageLinksTrivy(t *testing.T) {
	c := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}}{{range .Deps}} {{.}}{{end}}`, "./...")
	c.Dir, c.Env = "../..", append(os.Environ(), "GOEXPERIMENT=jsonv2")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var linking []string
	for line := range strings.Lines(string(out)) {
		all := strings.Fields(line)
		if slices.ContainsFunc(all, func(p string) bool { return p == trivy || strings.HasPrefix(p, trivy+"/") }) {
			linking = append(linking, strings.TrimPrefix(all[0], "github.com/org/checkout-deploy/"))
		}
	}
	if want := []string{"cmd/scan-image", "internal/app/scanimage/engine", "internal/scan"}; !slices.Equal(linking, want) {
		t.Errorf("got %q linking Trivy, want %q", linking, want)
	}
}
