package action

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestCommands(t *testing.T) {
	root := (&sample{}).action(nil)
	one := (&sample{}).action(nil)
	one.Name = "one"
	for _, row := range []struct {
		name string
		tr   *trial
		code int
		out  string // standard output's start, unless there is nothing
		says string // on either
	}{
		{"nothing, on a laptop", laptop(t), 0, "sample shows every sort of input.\n", "sample <command> --help"},
		{"help", laptop(t, "help"), 0, "sample shows", ""},
		{"--help", laptop(t, "--help"), 0, "sample shows", ""},
		{"the version", laptop(t, "--version"), 0, "sample 1.2.3\n", ""},
		{"a command's help", laptop(t, "one", "--help"), 0, "sample one shows", "Usage: sample one [flags]"},
		{"a command's flags", laptop(t, "one", "--colour=mauve"), 2, "", "--colour: got"},
		{"the root", laptop(t, "run", "--colour=red"), 0, "", ""},
		{"nothing, on a runner", runner(t, "colour=red"), 0, "", ""},
		{"a flag of no command", laptop(t, "--colour=red"), 2, "", `unknown command "--colour=red"`},
		{"a blank one", laptop(t, ""), 2, "", `unknown command ""`},
		{"a slip", laptop(t, "oen"), 2, "", "did you mean one?"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code := row.tr.command.RunOf(t.Context(), root, one)
			out, all := row.tr.out.String(), row.tr.out.String()+row.tr.err.String()
			if code != row.code || !strings.HasPrefix(out, row.out) || !strings.Contains(all, row.says) || code == 2 && out != "" {
				t.Errorf("got exit code %d, want %d, %q and %q in\n%s", code, row.code, row.out, row.says, all)
			}
		})
	}
}

// What an action has to say when it is cancelled is said.
func TestCancelledWithMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tr := laptop(t)
	code := tr.command.Run(ctx, (&sample{}).action(func(context.Context, *Run) error { cancel(); return errors.New("the state is unknown: run status") }))
	if code != 130 || tr.err.String() != "sample: cancelled\nerror: sample: the state is unknown: run status\n" {
		t.Errorf("got exit code %d, %q", code, &tr.err)
	}
}
