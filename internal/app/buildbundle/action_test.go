package buildbundle

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/checkout-deploy/internal/action"
)

// step runs the action as a step of a workflow whose workspace is dir's parent.
type step struct {
	t         *testing.T
	workspace string
	code      int
	log       string
}

func runStep(t *testing.T, dir string, inputs ...string) step {
	t.Helper()
	s := step{t: t, workspace: filepath.Dir(dir)}
	c := &action.Command{Dir: "/", LookPath: exec.LookPath, Version: "test", Now: time.Now, Env: []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + s.workspace, "INPUT_WORKING-DIRECTORY=" + filepath.Base(dir),
		"GITHUB_OUTPUT=" + s.path("output"), "GITHUB_STEP_SUMMARY=" + s.path("summary"),
	}}
	for _, in := range inputs {
		name, value, _ := strings.Cut(in, "=")
		c.Env = append(c.Env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	s.code = c.Run(t.Context(), Action())
	if s.log = out.String(); log.Len() > 0 {
		t.Errorf("got %q on standard error, want one stream", &log)
	}
	return s
}

func (s step) path(name string) string { return filepath.Join(s.workspace, name) }

func (s step) file(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Error(err)
	}
	return string(data)
}

func (s step) wants(in, text string, all ...string) {
	s.t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			s.t.Errorf("got no %q in the %s\n%s", want, in, text)
		}
	}
}

func TestActionInAWorkflow(t *testing.T) {
	dir := project(t)
	s := runStep(t, dir, "report=../report.html", "profile=staging")
	if s.code != 0 {
		t.Fatalf("got exit code %d\n%s", s.code, s.log)
	}
	s.wants("outputs", s.file("output"), "\na projéct/dist\n", "\na projéct/dist/release.json\n")
	s.wants("summary", s.file("summary"), "## ✅ Passed: Release", "app/checkout", "loader/auto", "app/pay", "staging")
	s.wants("report", s.file("report.html"), "<!doctype html>", "app/checkout", "Content-Security-Policy")
	if strings.Contains(s.log, "artifact") {
		t.Errorf("without the runner's token the folder is the hand-over; got\n%s", s.log)
	}
}

// An error stands at its line in the workspace, a warning too, and the old
// release and report stay.
func TestActionTellsPlaces(t *testing.T) {
	dir := project(t)
	if s := runStep(t, dir, "report=../report.html"); s.code != 0 {
		t.Fatal(s.log)
	}
	before := runStep(t, dir).file("a projéct/dist/release.json")
	source := filepath.Join(dir, "src/pay.ts")
	if err := os.WriteFile(source, []byte("import './polyfill';\nexport const é = 'ü', x = ;"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := runStep(t, dir, "report=../report.html")
	s.wants("log", s.log, "file=a projéct/src/pay.ts,line=2,", "::error col=27,endColumn=28,", "::Unexpected \";\"\n")
	if after := s.file("a projéct/dist/release.json"); s.code != 1 || after != before {
		t.Errorf("got exit code %d, and another release", s.code)
	}
	if err := os.WriteFile(source, []byte("import './base.css';\nimport './shared';\nexport const paid = () => 1;"), 0o644); err != nil {
		t.Fatal(err)
	}
	s = runStep(t, dir)
	s.wants("log", s.log, "::warning col=8,", "file=a projéct/src/pay.ts,line=2,", "is dropped", "%0Aif this file has some")
	s.wants("summary", s.file("summary"), "⚠️ Warning", "src/pay.ts:2:8")
	if s.code != 0 {
		t.Errorf("got exit code %d", s.code)
	}
}

// Problems of inputs and of the configuration come before anything is built.
func TestActionRefusesInputs(t *testing.T) {
	for name, row := range map[string]struct{ input, says string }{
		"a report in the release":           {"report=dist/report.html", "which is in the release's folder"},
		"a report in a folder that is none": {"report=nowhere/report.html", "want a file in a folder that is there"},
		"a report that is a folder":         {"report=src", "got the folder"},
		"an outdir with sources":            {"outdir=src", "holds the source"},
		"an outdir that is the project":     {"outdir=.", "outdir"},
		"a profile":                         {"profile=prod", "want one of development, testing, staging, production"},
		"a configuration":                   {"config=other.yml", "other.yml"},
		"a configuration above":             {"config=../../../other.yml", "other.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t)
			s := runStep(t, dir, row.input)
			s.wants("log", s.log, row.says)
			if _, err := os.Stat(filepath.Join(dir, "dist")); s.code != 2 || err == nil {
				t.Errorf("got exit code %d, dist there: %t; want 2 and nothing built", s.code, err == nil)
			}
		})
	}
}
