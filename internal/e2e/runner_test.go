//go:build e2e

package e2e

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// step is a container action as GitHub's runner starts it: root, the workspace
// and the command files mounted, nothing of the machine's environment.
type step struct {
	workspace, files string // on this machine
	inputs           map[string]string
	image            string   // build-bundle's, unless it is another's
	options          []string // of the engine's run, besides
}

// newStep makes a workspace of a user who is not root, as a runner's is.
func newStep(t *testing.T, project map[string]string) step {
	t.Helper()
	s := step{workspace: t.TempDir(), files: t.TempDir(), inputs: map[string]string{}}
	write(t, s.workspace, project)
	write(t, s.files, map[string]string{"output": "", "summary": "", "env": "", "path": ""})
	s.own(t)
	return s
}

// own gives the workspace to the runner's user.
func (s step) own(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(s.workspace, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || os.Getuid() != 0 {
			return err
		}
		return os.Lchown(path, runnerUser, runnerUser)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runnerUser is the user of GitHub's runners.
const runnerUser = 1001

func (s step) run(t *testing.T) ran {
	t.Helper()
	args := []string{
		"run", "--rm", "--network", "none", "--workdir", "/github/workspace",
		"-v", s.workspace + ":/github/workspace", "-v", s.files + ":/github/file_commands",
	}
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "CI": "true", "HOME": "/github/home", "GITHUB_WORKSPACE": "/github/workspace",
		"GITHUB_OUTPUT": "/github/file_commands/output", "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
		"GITHUB_ENV": "/github/file_commands/env", "GITHUB_PATH": "/github/file_commands/path",
	}
	for name, value := range s.inputs {
		env["INPUT_"+strings.ToUpper(name)] = value
	}
	for name, value := range env {
		args = append(args, "-e", name+"="+value)
	}
	return container(t, append(append(args, s.options...), cmp.Or(s.image, buildBundle))...)
}

var styled = map[string]string{
	"package.json":    `{"name":"shop"}`,
	"src/index.ts":    `import './page.scss'; document.title = 'Checkout';`,
	"src/page.scss":   `@use 'sass:color'; $pay: #036; .pay { &:hover { color: color.scale($pay, $lightness: 20%) } }`,
	"untouched/a.txt": "a",
}

// A project without npm's sass-embedded has the image's, and its release is the
// one that a laptop makes.
func TestReleaseOfTheImage(t *testing.T) {
	s := newStep(t, styled)
	if got := s.run(t); got.code != 0 {
		t.Fatalf("got code %d, %s%s", got.code, got.stdout, got.stderr)
	}
	outputs := outputsOf(t, read(t, s.files, "output"))
	if outputs["dist"] != "dist" || outputs["release-file"] != "dist/release.json" || len(outputs["release"]) != 64 {
		t.Errorf("got the outputs %q", outputs)
	}
	checkOwners(t, s.workspace)

	program := filepath.Join(t.TempDir(), "build-bundle")
	version := strings.TrimPrefix(strings.TrimSpace(container(t, "run", "--rm", buildBundle, "--version").stdout), "build-bundle ")
	command(t, repository(t), "go", "build", "-ldflags", "-X main.version="+version, "-o", program, "./cmd/build-bundle")
	t.Setenv("DART_SASS", sassForHost(t))
	here := newStep(t, styled).workspace
	out := command(t, here, program)
	if !strings.Contains(out, "release="+outputs["release"]) {
		t.Errorf("the same source is release %s in the image, and here:\n%s", outputs["release"], out)
	}
}

// sassForHost copies the compiler out of the image.
func sassForHost(t *testing.T) string {
	t.Helper()
	created := container(t, "create", buildBundle)
	id := strings.TrimSpace(created.stdout)
	if created.code != 0 {
		t.Fatal(created.stderr)
	}
	defer container(t, "rm", id)
	folder := t.TempDir()
	if got := container(t, "cp", id+":/opt/checkout-deploy/dart-sass", folder); got.code != 0 {
		t.Fatal(got.stderr)
	}
	return filepath.Join(folder, "dart-sass", "sass")
}

// checkOwners wants all of a workspace to be its owner's: the next step is not root.
func checkOwners(t *testing.T, workspace string) {
	t.Helper()
	info, err := os.Stat(workspace)
	if err != nil {
		t.Fatal(err)
	}
	want := info.Sys().(*syscall.Stat_t).Uid
	if os.Getuid() == 0 && want != runnerUser {
		t.Errorf("the workspace is now user %d's", want)
	}
	err = filepath.WalkDir(workspace, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != want {
			t.Errorf("%s is user %d's, want %d's", path, info.Sys().(*syscall.Stat_t).Uid, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A Sass source that is wrong leaves no root's files either.
func TestFailureLeavesTheWorkspace(t *testing.T) {
	project := map[string]string{"package.json": "{}", "src/index.ts": "import './page.scss'", "src/page.scss": ".a { color: $none }"}
	s := newStep(t, project)
	got := s.run(t)
	if got.code != 1 || !strings.Contains(got.stdout, "::error") || !strings.Contains(got.stdout, "page.scss") {
		t.Errorf("got code %d, %s%s", got.code, got.stdout, got.stderr)
	}
	checkOwners(t, s.workspace)
	entries, err := os.ReadDir(s.workspace)
	if err != nil || len(entries) != 2 {
		t.Errorf("got %d entries (%v), want only package.json and src", len(entries), err)
	}
}

// outputsOf reads a GITHUB_OUTPUT file as the runner does (actions/runner,
// FileCommandManager.cs).
func outputsOf(t *testing.T, text string) map[string]string {
	t.Helper()
	all := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		equals, heredoc := strings.Index(lines[i], "="), strings.Index(lines[i], "<<")
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			all[lines[i][:equals]] = lines[i][equals+1:]
		case heredoc > 0:
			name, end := lines[i][:heredoc], lines[i][heredoc+2:]
			var value []string
			for i++; i < len(lines) && lines[i] != end; i++ {
				value = append(value, lines[i])
			}
			all[name] = strings.Join(value, "\n")
		default:
			t.Fatalf("got the line %q, which is no output", lines[i])
		}
	}
	return all
}
