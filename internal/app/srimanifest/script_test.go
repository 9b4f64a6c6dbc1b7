package srimanifest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"github.com/org/checkout-deploy/internal/action"
)

const updateScripts = "UPDATE_SCRIPTS" // any value writes what is said into the scripts

// TestScripts makes one mistake a script, in the folder of another bundler. Each has
// what a terminal and a workflow's log show, and the exit code.
//
//	shop                    writes the project, and puts the script's bad/ over it
//	link TARGET NAME        makes a link in the project
//	fifo NAME               makes a named pipe
//	put NAME TEXT           writes a file; both as Go has them in quotes
//	fails CODE [--NAME=V…]  runs sri-manifest twice, writes laptop and actions, and wants
//	                        every file to be as it was, and no other
//	finds CODE [--NAME=V…]  runs it twice as well, in two copies of the project: what it
//	                        found is told, and all is written
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, UpdateScripts: os.Getenv(updateScripts) != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"shop": shopCommand, "fails": failsCommand, "finds": findsCommand,
			"link": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.Symlink(args[0], filepath.Join(ts.MkAbs("shop"), args[1])))
			},
			"fifo": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(syscall.Mkfifo(filepath.Join(ts.MkAbs("shop"), args[0]), 0o666))
			},
			"put": func(ts *testscript.TestScript, _ bool, args []string) {
				name, err := strconv.Unquote(`"` + args[0] + `"`)
				ts.Check(err)
				text, err := strconv.Unquote(`"` + args[1] + `"`)
				ts.Check(err)
				ts.Check(os.WriteFile(filepath.Join(ts.MkAbs("shop"), name), []byte(text), 0o666))
			},
		},
	})
}

const goodShop = `
-- dist/index.html --
<!doctype html>
<title>Shop</title>
<link rel="stylesheet" href="base.css">
<script src="main.js"></script>
-- dist/base.css --
p { margin: 0 }
-- dist/main.js --
const s = document.createElement("script"); s.src = "lazy.js"; document.head.append(s);
-- dist/lazy.js --
window.lazy = 1;
`

func shopCommand(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.MkAbs("shop")
	for _, f := range txtar.Parse([]byte(goodShop)).Files {
		path := filepath.Join(dir, f.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
		ts.Check(os.WriteFile(path, f.Data, 0o666))
	}
	bad := ts.MkAbs("bad")
	if _, err := os.Stat(bad); err != nil {
		return
	}
	ts.Check(filepath.WalkDir(bad, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(bad, path)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(dir, rel), 0o777))
		}
		return os.Rename(path, filepath.Join(dir, rel))
	}))
}

func failsCommand(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs("shop")
	before := snapshot(ts, dir)
	for _, name := range []string{"laptop", "actions"} {
		runIn(ts, name, dir, args)
		if after := snapshot(ts, dir); !maps.Equal(before, after) {
			ts.Fatalf("%s: got %q, want only %q, as they were", name, slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
		}
	}
}

func findsCommand(ts *testscript.TestScript, _ bool, args []string) {
	dir, again := ts.MkAbs("shop"), ts.MkAbs("again/shop")
	ts.Check(os.CopyFS(again, os.DirFS(dir)))
	runIn(ts, "laptop", dir, args)
	runIn(ts, "actions", again, args)
}

// runIn runs the action as on a laptop or as in a workflow, and keeps what is said.
func runIn(ts *testscript.TestScript, name, dir string, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var text bytes.Buffer
	c := &action.Command{
		Args: args[1:], Dir: dir, Env: []string{"PATH=" + os.Getenv("PATH")}, Stdout: &text, Stderr: &text, Version: "test",
		LookPath: exec.LookPath, Now: func() time.Time { return today },
	}
	if name == "actions" {
		c.Args = nil
		runner := ts.MkAbs("runner")
		ts.Check(os.MkdirAll(runner, 0o777))
		c.Env = append(c.Env, "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+dir, "GITHUB_OUTPUT="+filepath.Join(runner, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(runner, "summary"))
		for _, arg := range args[1:] {
			input, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			c.Env = append(c.Env, "INPUT_"+strings.ToUpper(input)+"="+value)
		}
	}
	if code := c.Run(context.Background(), Action()); code != want {
		ts.Fatalf("%s: got exit code %d, want %d\n%s", name, code, want, &text)
	}
	said := strings.ReplaceAll(strings.ReplaceAll(text.String(), filepath.Dir(dir), "$WORK"), ts.Getenv("WORK"), "$WORK")
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(said), 0o666))
}

// snapshot is every file of a folder, hidden ones too, with its mode and bytes.
func snapshot(ts *testscript.TestScript, dir string) map[string]string {
	files := map[string]string{}
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
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
			says += " " + string(data)
		}
		files[path] = says
		return nil
	}))
	return files
}
