//go:build goexperiment.jsonv2

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/buildbundle"
	"github.com/org/checkout-deploy/internal/app/scanimage"
	"github.com/org/checkout-deploy/internal/app/scanimage/engine"
)

// planted is put together here, so that no scanner takes this file for a leak.
var planted = "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc"

func release(t *testing.T) (workspace string) {
	t.Helper()
	workspace = t.TempDir()
	example, err := filepath.Abs("../../examples/checkout-vanilla")
	if err != nil {
		t.Fatal(err)
	}
	_, err = buildbundle.Run(t.Context(), buildbundle.Request{
		Dir: example, OutDir: filepath.Join(workspace, "dist"), LookPath: exec.LookPath, Version: "test",
		Env: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		t.Fatal(err)
	}
	return workspace
}

func scanIn(t *testing.T, workspace string, args ...string) (code int, out, log string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--scanners", "secret", "--out", filepath.Join(t.TempDir(), "scan"))
	c := &action.Command{Args: args, Dir: workspace, Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	return c.Run(t.Context(), scanimage.Action(&engine.Tools{Version: "test", Now: time.Now, Sleep: action.Sleep})), stdout.String(), stderr.String()
}

const clean = "critical=0\nhigh=0\nmedium=0\nlow=0\n"

// A real release, and our own sources, hold none: false alarms teach people to
// look away.
func TestNoFalseAlarms(t *testing.T) {
	dist := release(t)
	rows := []struct{ name, workspace, path string }{
		{"a release", dist, "dist"},
		{"the example's sources", "../../examples/checkout-vanilla", "src"},
		{"our sources", "../..", "internal"},
		{"our commands", "../..", "cmd"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			workspace, err := filepath.Abs(row.workspace)
			if err != nil {
				t.Fatal(err)
			}
			code, out, log := scanIn(t, workspace, "--path", row.path, "--fail-severity", "low")
			if code != 0 || !strings.Contains(out, clean) || !strings.Contains(log, "no secrets in the ") {
				t.Errorf("got exit code %d, %q\n%s", code, out, log)
			}
		})
	}
}

// A release that was scanned has the verdict beside its record; one that has a file
// more is none.
func TestARelease(t *testing.T) {
	workspace := release(t)
	if code, out, log := scanIn(t, workspace); code != 0 || !strings.Contains(out, "verdict=passed") {
		t.Fatalf("got exit code %d, %q\n%s", code, out, log)
	}
	statement, err := os.ReadFile(filepath.Join(workspace, "dist", "attestations", "scan.json"))
	if err != nil || !strings.Contains(string(statement), `"result":"PASSED"`) || !strings.Contains(string(statement), "test-result/v0.1") {
		t.Errorf("got %s, %v", statement, err)
	}
	if err := os.WriteFile(filepath.Join(workspace, "dist", "more.js"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out, log := scanIn(t, workspace); code != 1 || out != "" || !strings.Contains(log, `"more.js": extra`) {
		t.Errorf("got exit code %d, %q\n%s", code, out, log)
	}
}

// The program itself: what it shows, and what of its surroundings it does not
// read. Trivy's own command takes trivy-secret.yaml from the current folder.
func TestProgram(t *testing.T) {
	program := build(t, "jsonv2")
	workspace := release(t)
	file := filepath.Join(workspace, "dist", "pay.js")
	if err := os.Remove(filepath.Join(workspace, "dist", "release.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		file: "\n  pay('" + planted + "') // \xff\n",
		filepath.Join(workspace, "trivy-secret.yaml"): "disable-rules: [stripe-secret-token]\n",
		filepath.Join(workspace, "trivy.yaml"):        "debug: true\nsecret: { config: trivy-secret.yaml }\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, onRunner := range []string{"", "true"} {
		c := exec.CommandContext(t.Context(), program)
		if onRunner == "" {
			c.Args = append(c.Args, "--scanners", "secret")
		}
		c.Dir = workspace
		c.Env = []string{
			"HOME=" + workspace, "XDG_CONFIG_HOME=" + workspace, "TRIVY_DEBUG=true", "TRIVY_SECRET_CONFIG=trivy-secret.yaml", "INPUT_SCANNERS=secret",
			"GITHUB_ACTIONS=" + onRunner, "GITHUB_OUTPUT=" + filepath.Join(workspace, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(workspace, "summary"),
		}
		var all bytes.Buffer
		c.Stdout, c.Stderr = &all, &all
		code := exitCode(t, c)
		for _, want := range []string{"dist/pay.js", "got what looks like a secret: Stripe Secret Key", "dist: got 1 secret of severity high or worse, want none"} {
			if code != 1 || !strings.Contains(all.String(), want) {
				t.Errorf("got exit code %d, want 1 and %q in\n%s", code, want, &all)
			}
		}
		for _, name := range []string{"output", "summary"} {
			text, err := os.ReadFile(filepath.Join(workspace, name))
			if err != nil && onRunner != "" {
				t.Error(err)
			}
			all.Write(text)
		}
		for i := range len(planted) - 6 {
			if piece := planted[i : i+6]; piece != "_live_" && strings.Contains(all.String(), piece) {
				t.Fatalf("got the piece %q of the secret in\n%s", piece, &all)
			}
		}
	}
}
