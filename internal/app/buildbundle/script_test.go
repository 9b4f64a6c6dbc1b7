package buildbundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"github.com/org/checkout-deploy/internal/action"
)

// The test binary is also the program: scripts, and tests that send signals, run
// it as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"build-bundle": func() { action.Main("test", Action()) }})
}

// program is a process of build-bundle in dir, with a bare environment and what
// is given.
func program(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Args = append([]string{"build-bundle"}, args...)
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

const updateScripts = "UPDATE_SCRIPTS" // any value writes what is said into the scripts

// TestBadInput makes one mistake a script, in a project that has been built. Each
// script has what a terminal and a workflow's log show, and its exit code. Whatever
// the mistake, the folder of the release is what it was, to the byte, and nothing
// lies beside it.
//
//	shop                    writes the project, builds it, and puts the script's bad/ over it
//	link TARGET NAME        makes a link in the project
//	fails CODE [argument…]  runs build-bundle twice, and writes laptop and actions
func TestBadInput(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DART_SASS", os.Getenv("DART_SASS"))
			return nil
		},
		UpdateScripts: os.Getenv(updateScripts) != "",
		Condition: func(name string) (bool, error) {
			if name == "sass" && os.Getenv("DART_SASS") == "" && os.Getenv("CI") == "true" {
				return false, errors.New("needs Dart Sass: set DART_SASS to its executable")
			}
			return name == "sass" && os.Getenv("DART_SASS") != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"shop": shopCommand, "fails": failsCommand, "link": linkCommand,
		},
	})
}

const goodShop = `
-- package.json --
{"name": "shop", "dependencies": {"react": "18"}}
-- src/index.ts --
import "./base.css";
export const start = () => import("./checkout");
-- src/base.css --
body { color: red }
-- src/checkout.ts --
export const pay = (sum: number) => sum;
`

func shopCommand(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.MkAbs("shop")
	for _, f := range txtar.Parse([]byte(goodShop)).Files {
		path := filepath.Join(dir, f.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
		ts.Check(os.WriteFile(path, f.Data, 0o666))
	}
	out, err := program(context.Background(), dir, nil).CombinedOutput()
	if err != nil {
		ts.Fatalf("the good project: %v\n%s", err, out)
	}
	if bad := ts.MkAbs("bad"); exists(bad) {
		ts.Check(filepath.WalkDir(bad, func(path string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(bad, path)
			if err != nil || d.IsDir() {
				return errors.Join(err, os.MkdirAll(filepath.Join(dir, rel), 0o777))
			}
			return os.Rename(path, filepath.Join(dir, rel))
		}))
	}
}

func linkCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.Symlink(args[0], filepath.Join(ts.MkAbs("shop"), args[1])))
}

func failsCommand(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	dir := ts.MkAbs("shop")
	before := snapshot(ts, dir)
	for name, env := range map[string][]string{"laptop": nil, "actions": workflow(ts.MkAbs("runner"), dir)} {
		ts.Check(os.MkdirAll(ts.MkAbs("runner"), 0o777))
		cmd := program(context.Background(), dir, append(env, "DART_SASS="+ts.Getenv("DART_SASS")), args[1:]...)
		var text bytes.Buffer
		cmd.Stdout, cmd.Stderr = &text, &text
		err := cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != want {
			ts.Fatalf("%s: got %v, want exit code %d\n%s", name, err, want, &text)
		}
		said := strings.ReplaceAll(text.String(), ts.Getenv("WORK"), "$WORK")
		said = strings.ReplaceAll(said, runtime.GOOS+"/"+runtime.GOARCH, "linux/amd64")
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(said), 0o666))
		if after := snapshot(ts, dir); !maps.Equal(before, after) {
			ts.Fatalf("%s: got other files than before: %v, want %v", name, after, before)
		}
	}
}

// workflow is the environment of a step whose workspace is dir.
func workflow(files, dir string) []string {
	return []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir,
		"GITHUB_OUTPUT=" + filepath.Join(files, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(files, "summary"),
	}
}

// snapshot is the project's every file, hidden ones too, with its mode and hash.
func snapshot(tb interface{ Fatalf(string, ...any) }, dir string) map[string]string {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		says := info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			says += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		files[path] = says
		return nil
	})
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return files
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// The table in docs/build-bundle.md is made of the scripts.
func TestBadInputIsDocumented(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d scripts, %v", len(files), err)
	}
	table := "| what is wrong | what is said | exit code |\n| --- | --- | --- |\n"
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(a.Comment), "# "), "\n")
		code := regexp.MustCompile(`(?m)^fails (\d+)`).FindStringSubmatch(string(a.Comment))
		if code == nil {
			t.Fatalf("%s: got no line with fails", file)
		}
		for _, f := range a.Files {
			if f.Name == "laptop.want" {
				table += fmt.Sprintf("| %s | %s | %s |\n", title, cell(string(f.Data)), code[1])
			}
		}
	}
	const page, begin, end = "../../../docs/build-bundle.md", "<!-- checked: bad input -->\n", "<!-- end -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: got no part %q", page, begin)
	}
	if os.Getenv(updateScripts) != "" {
		if err := os.WriteFile(page, []byte(before+begin+table+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if got != table {
		t.Errorf("%s differs from the scripts: %s=1 writes it anew", page, updateScripts)
	}
}

var severityLine = regexp.MustCompile(`^(error|warning): (.*)$`)

// cell is a message's first line and its last, which says what to try.
func cell(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	first := strings.ReplaceAll(severityLine.ReplaceAllString(lines[0], "$2"), "$WORK/shop/", "")
	text := "`" + strings.ReplaceAll(first, "|", `\|`) + "`"
	for _, line := range lines[1:] {
		if severityLine.MatchString(line) {
			break
		}
		if line = strings.TrimSpace(line); !excerptLine.MatchString(line) {
			return text + "<br>" + strings.ReplaceAll(line, "|", `\|`)
		}
	}
	return text
}

var excerptLine = regexp.MustCompile(`^\d* ?\|`)

// skipOnLaptop leaves out a test for want of a tool that .ci/run brings.
func skipOnLaptop(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
