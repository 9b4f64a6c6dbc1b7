package pipeline

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/action"
)

// stage writes what it was given into the log; its output is its input with "+".
func stage(name string, fails bool) action.Action {
	in := &struct{ dist, own string }{}
	return action.Action{
		Spec: action.Spec{
			Name: name, Summary: "s", Description: "d", Permissions: []string{"contents: read"},
			Inputs: []action.Input{
				{Name: "dist", Doc: "The folder.", Default: "dist", Value: action.Text(&in.dist)},
				{Name: name + "-own", Doc: "Its own.", Value: action.Text(&in.own)},
			},
			Outputs: []action.Output{{Name: "dist", Doc: "The folder."}},
		},
		Run: func(_ context.Context, r *action.Run) error {
			r.Logf("%s got dist=%s own=%s", name, in.dist, in.own)
			if fails {
				return errors.New("it is broken")
			}
			r.SetOutput("dist", in.dist+"+")
			return nil
		},
	}
}

func TestStages(t *testing.T) {
	rows := []struct {
		name   string
		args   []string
		code   int
		out    string
		log    []string // in this order
		silent string
	}{
		{"the first alone, by default", nil, 0, "dist=dist+\n", []string{"one got dist=dist own="}, "two got"},
		{"in the order given, outputs passed on", []string{"--stages=two,one", "--one-own=x"}, 0, "dist=dist++\n", []string{"two got dist=dist own=", "one got dist=dist+ own=x"}, ""},
		{"the user's value is every stage's", []string{"--stages", "one two", "--dist", "mine"}, 0, "dist=mine+\n", []string{"one got dist=mine", "two got dist=mine own="}, ""},
		{"the first that fails ends it", []string{"--stages=one,bad,two"}, 1, "dist=dist+\n", []string{"bad got dist=dist+", "error: checkout-deploy: stage bad: it is broken"}, "two got"},
		{"none at all", []string{"--stages", ",,"}, 2, "", []string{"want at least one of one, two, bad"}, "got dist"},
		{"an unknown one", []string{"--stages=one,tow"}, 2, "", []string{`with "tow" in it, did you mean two? Allowed: one, two, bad`}, "got dist"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var out, log bytes.Buffer
			c := &action.Command{Args: row.args, Dir: t.TempDir(), Stdout: &out, Stderr: &log, LookPath: exec.LookPath}
			a := Action(stage("one", false), stage("two", false), stage("bad", true))
			if err := a.Check(); err != nil {
				t.Fatal(err)
			}
			if code := c.Run(t.Context(), a); code != row.code || out.String() != row.out {
				t.Errorf("got exit code %d, output %q, want %d, %q\n%s", code, &out, row.code, row.out, &log)
			}
			rest := log.String()
			for _, want := range row.log {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("got no %q in\n%s", want, &log)
				}
				rest = after
			}
			if row.silent != "" && strings.Contains(log.String(), row.silent) {
				t.Errorf("got %q in\n%s", row.silent, &log)
			}
		})
	}
}

// The runner fills in defaults of action.yml: they are nobody's wish.
func TestDefaultsOfTheRunnerArePassedOver(t *testing.T) {
	var out, log bytes.Buffer
	dir := t.TempDir()
	c := &action.Command{
		Dir: dir, Stdout: &out, Stderr: &log, LookPath: exec.LookPath,
		Env: []string{"GITHUB_ACTIONS=true", "GITHUB_OUTPUT=" + dir + "/output", "INPUT_STAGES=one, two", "INPUT_DIST=dist"},
	}
	if code := c.Run(t.Context(), Action(stage("one", false), stage("two", false))); code != 0 || !strings.Contains(out.String(), "two got dist=dist+") {
		t.Errorf("got exit code %d\n%s", code, &out)
	}
	if !strings.Contains(out.String(), "::group::one\none got dist=dist own=\n::endgroup::\n::group::two\n") {
		t.Errorf("got no groups in\n%s", &out)
	}
}
