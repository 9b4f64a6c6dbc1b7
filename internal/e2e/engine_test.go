//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The images under test; make image tags them so.
var (
	buildBundle    = cmp.Or(os.Getenv("IMAGE_BUILD_BUNDLE"), "localhost/checkout-deploy/build-bundle:devel")
	sriManifest    = cmp.Or(os.Getenv("IMAGE_SRI_MANIFEST"), "localhost/checkout-deploy/sri-manifest:devel")
	deployImage    = cmp.Or(os.Getenv("IMAGE_DEPLOY"), "localhost/checkout-deploy/deploy:devel")
	rollbackImage  = cmp.Or(os.Getenv("IMAGE_ROLLBACK"), "localhost/checkout-deploy/rollback:devel")
	scanImage      = cmp.Or(os.Getenv("IMAGE_SCAN_IMAGE"), "localhost/checkout-deploy/scan-image:devel")
	checkoutDeploy = cmp.Or(os.Getenv("IMAGE_CHECKOUT_DEPLOY"), "localhost/checkout-deploy/checkout-deploy:devel")
)

// engine is the command line of the container engine that has the images.
var engine = cmp.Or(os.Getenv("ENGINE"), "docker")

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

// container runs the engine's command line to its end. A container that ends
// with an exit code is no failure of the test.
func container(t *testing.T, args ...string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), engine, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %s: %v; ENGINE names the engine's command line", engine, args[0], err)
	}
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// command runs a program that has to succeed, and returns its output.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// repository is the project's root.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// write writes files, whose names may hold folders, below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
