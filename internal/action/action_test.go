package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
)

// process under test: what it was given, and what it wrote.
type trial struct {
	t       *testing.T
	dir     string
	command *Command
	out     bytes.Buffer
	err     bytes.Buffer
}

func laptop(t *testing.T, args ...string) *trial {
	t.Helper()
	tr := &trial{t: t, dir: t.TempDir()}
	tr.command = &Command{Args: args, Dir: tr.dir, Stdout: &tr.out, Stderr: &tr.err, Version: "1.2.3", LookPath: exec.LookPath}
	return tr
}

// runner is a step of a workflow with inputs, each "name=value".
func runner(t *testing.T, inputs ...string) *trial {
	t.Helper()
	tr := laptop(t)
	tr.command.Env = []string{
		"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + tr.dir,
		"GITHUB_OUTPUT=" + filepath.Join(tr.dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(tr.dir, "summary"),
	}
	for _, in := range inputs {
		name, value, _ := strings.Cut(in, "=")
		tr.command.Env = append(tr.command.Env, "INPUT_"+strings.ToUpper(name)+"="+value)
	}
	return tr
}

func (tr *trial) run(a Action) int {
	tr.t.Helper()
	if err := a.Check(); err != nil {
		tr.t.Fatal(err)
	}
	return tr.command.Run(tr.t.Context(), a)
}

func (tr *trial) file(name string) string {
	data, err := os.ReadFile(filepath.Join(tr.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		tr.t.Fatal(err)
	}
	return string(data)
}

type colour string

// sample has an input of every sort.
type sample struct {
	text   string
	colour colour
	list   []colour
	yes    bool
	token  string
}

func (s *sample) action(run func(context.Context, *Run) error) Action {
	if run == nil {
		run = func(context.Context, *Run) error { return nil }
	}
	return Action{
		Spec: Spec{
			Name: "sample", Summary: "shows every sort of input", Description: "Shows every sort of input.", Icon: "box", Colour: "green",
			Inputs: []Input{
				{Name: "a-text", Flag: "t", Doc: "Any line.", Value: Text(&s.text), Default: "some `text`|"},
				{Name: "colour", Doc: "A colour.", Value: OneOf(&s.colour, []colour{"red", "green"})},
				{Name: "list", Doc: "Colours.", Value: ListOf(&s.list, []colour{"red", "green"})},
				{Name: "yes", Doc: "Whether.", Value: Bool(&s.yes)},
				{Name: "token", Doc: "A secret.", Value: Text(&s.token), Secret: true},
			},
			Outputs: []Output{{Name: "one", Doc: "The first."}, {Name: "two", Doc: "The second."}},
		},
		Run: run,
	}
}

func TestInputs(t *testing.T) {
	rows := []struct {
		name string
		tr   *trial
		want sample
	}{
		{"nothing given", laptop(t), sample{text: "some `text`|"}},
		{"flags", laptop(t, "--a-text=x y", "--colour", "red", "-list", "red,green", "--yes"), sample{"x y", "red", []colour{"red", "green"}, true, ""}},
		{"the short flag, and a boolean in words", laptop(t, "-t", "x", "--yes=False"), sample{text: "x"}},
		{"the runner's", runner(t, "a-text= x ", "colour=green", "list=red\ngreen", "yes=TRUE", "token=abc"), sample{"x", "green", []colour{"red", "green"}, true, "abc"}},
		{"the runner gives empty for absent", runner(t, "a-text=", "colour=", "yes="), sample{text: "some `text`|"}},
		{"keys of the runner itself", runner(t, "entrypoint=/x", "args=y"), sample{text: "some `text`|"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var got sample
			if code := row.tr.run(got.action(nil)); code != 0 {
				t.Fatalf("got exit code %d, want 0\n%s%s", code, &row.tr.out, &row.tr.err)
			}
			if fmt.Sprint(got) != fmt.Sprint(row.want) {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if text := row.tr.out.String() + row.tr.err.String(); strings.Contains(strings.ReplaceAll(text, "::add-mask::abc", ""), "abc") || strings.Contains(text, "warning") {
				t.Errorf("got the log %q, want no secret and no warning", text)
			}
		})
	}
}

// The environment is a laptop's own, whatever INPUT_ variables it has.
func TestInputsOfARunnerAreNotALaptops(t *testing.T) {
	tr := laptop(t)
	tr.command.Env = []string{"INPUT_COLOUR=mauve"}
	var got sample
	if code := tr.run(got.action(nil)); code != 0 || got.colour != "" {
		t.Errorf("got exit code %d, colour %q, want 0 and none", code, got.colour)
	}
}

func TestFlagsWinOverTheRunner(t *testing.T) {
	tr := runner(t, "colour=red")
	tr.command.Args = []string{"--colour=green"}
	var got sample
	if code := tr.run(got.action(nil)); code != 0 || got.colour != "green" {
		t.Errorf("got exit code %d, colour %q, want 0, green", code, got.colour)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	rows := []struct {
		name string
		tr   *trial
		want []string
	}{
		{"flags", laptop(t, "--colour", "rde", "--lits", "red", "stray", "--yes=1", "--list=red,blue", "--weather", "--a-text"), []string{
			`error: got the unknown flag "--lits", did you mean --list?`,
			`error: got "stray", which is not a flag; see sample --help`,
			`error: got the unknown flag "--weather", want one of --a-text, --colour, --list, --yes, --token`,
			"error: --a-text: got nothing, want a value after it",
			`error: --colour: got "rde", did you mean red? Allowed: red, green`,
			`error: --list: got "red,blue", with "blue" in it, want one of red, green`,
			`error: --yes: got "1", want true or false`,
		}},
		{"inputs", runner(t, "colour=mauve", "list=red red", "colr=red", "token=one-half\nother-half"), []string{
			`::error title=action/input::input colour: got "mauve", want one of red, green`,
			`::error title=action/input::input list: got "red red", with "red" twice, want each once`,
			`::warning title=action/unknown-input::got the unknown input "colr", did you mean colour?`,
			"::error title=action/input::input token: got a secret, want one line",
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			ran := false
			code := row.tr.run((&sample{}).action(func(context.Context, *Run) error { ran = true; return nil }))
			if code != 2 || ran {
				t.Errorf("got exit code %d, run %t, want 2 before anything ran", code, ran)
			}
			log := row.tr.out.String() + row.tr.err.String()
			for _, want := range row.want {
				if !strings.Contains(log, want+"\n") {
					t.Errorf("got no line %q in\n%s", want, log)
				}
			}
			if got := strings.Count(log, "\n"); got > len(row.want)+8 {
				t.Errorf("got %d lines, want %d:\n%s", got, len(row.want), log)
			}
		})
	}
}

func TestRequired(t *testing.T) {
	var text string
	tr := runner(t)
	a := Action{
		Spec: Spec{Name: "x", Summary: "s", Description: "d", Inputs: []Input{{Name: "who", Doc: "Who it is.", Required: true, Value: Text(&text)}}},
		Run:  func(context.Context, *Run) error { return nil },
	}
	if code := tr.run(a); code != 2 || !strings.Contains(tr.out.String(), "got nothing, want a value: Who it is.") {
		t.Errorf("got exit code %d, %q", code, &tr.out)
	}
}

func TestExitCodes(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	rows := []struct {
		name string
		run  func(context.Context, *Run) error
		code int
		says string
	}{
		{"well", func(context.Context, *Run) error { return nil }, 0, ""},
		{"an error", func(context.Context, *Run) error { return errors.New("no") }, 1, "error: sample: no\n"},
		{"misuse", func(context.Context, *Run) error { return fmt.Errorf("a: %w", Misuse(errors.New("b"))) }, 2, "error: sample: a: b\n"},
		{"unavailable", func(context.Context, *Run) error { return &Error{Kind: Unavailable, Err: errors.New("503")} }, 3, "the same again may work\n"},
		{"refused", func(context.Context, *Run) error {
			return &Error{Kind: Refused, Hint: "give it contents: read", Err: errors.New("403")}
		}, 4, "error: sample: 403\n  give it contents: read\n"},
		{"a deadline", func(context.Context, *Run) error { return fmt.Errorf("asking: %w", context.DeadlineExceeded) }, 3, "asking"},
		{"cancelled", func(context.Context, *Run) error { return fmt.Errorf("waiting: %w", cancelled.Err()) }, 130, "sample: cancelled\n"},
		{"a panic", func(context.Context, *Run) error { panic("oh") }, 70, "please report it"},
		{"an output nobody knows", func(_ context.Context, r *Run) error { r.SetOutput("three", "3"); return nil }, 70, `got the output "three"`},
		{"a full disk", func(context.Context, *Run) error { return fmt.Errorf("writing: %w", diskFull) }, 1, "make room"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			tr := laptop(t)
			if code := tr.run((&sample{}).action(row.run)); code != row.code {
				t.Errorf("got exit code %d, want %d\n%s", code, row.code, &tr.err)
			}
			if !strings.Contains(tr.err.String(), row.says) || row.says == "" && tr.err.Len() > 0 {
				t.Errorf("got %q, want it to say %q", &tr.err, row.says)
			}
		})
	}
}

// Nothing of several errors is lost, and each of a Reporter's is shown at its place.
func TestErrorsAreTakenApart(t *testing.T) {
	tr := runner(t)
	at := func(path string, line int, message string) finding.Finding {
		return finding.Finding{Rule: "r", Severity: finding.High, Message: message, Location: finding.Location{Path: path, Line: line, Column: 2}}
	}
	code := tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		one := fmt.Errorf("building: %w", Misuse(&InputError{[]finding.Finding{at("a.ts", 3, "no é"), at("", 0, "b")}}))
		return r.In(filepath.Join(r.Dir, "shop"), errors.Join(one, errors.New("and this")))
	}))
	want := "::error col=2,file=shop/a.ts,line=3,title=r::no é\n::error title=r::b\n::error title=sample::and this\n"
	if tr.out.String() != want || code != 2 {
		t.Errorf("got exit code %d,\n%s\nwant 2,\n%s", code, &tr.out, want)
	}
}

func TestPathsAreTheWorkspaces(t *testing.T) {
	tr := runner(t)
	tr.command.Dir = "/elsewhere"
	code := tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		for path, want := range map[string]string{
			r.Path("shop/dist"): "shop/dist", r.Path("."): ".", r.Path("../x"): filepath.ToSlash(filepath.Join(filepath.Dir(tr.dir), "x")),
			filepath.Join(tr.dir, "..y"): "..y",
		} {
			if got := r.Shown(path); got != want {
				t.Errorf("%s: got %q, want %q", path, got, want)
			}
		}
		return nil
	}))
	if code != 0 {
		t.Error(code, &tr.out)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, flag := range []string{"--help", "-h"} {
		tr := laptop(t, flag)
		a := (&sample{}).action(nil)
		if code := tr.run(a); code != 0 || tr.out.String() != a.Help() {
			t.Errorf("%s: got exit code %d, %q", flag, code, &tr.out)
		}
	}
	tr := laptop(t, "--version")
	if code := tr.run((&sample{}).action(nil)); code != 0 || tr.out.String() != "sample 1.2.3\n" {
		t.Errorf("got exit code %d, %q", code, &tr.out)
	}
}

func TestSpecIsChecked(t *testing.T) {
	var text string
	bad := Spec{Name: "Bad Name", Inputs: []Input{
		{Name: "one", Doc: "d", Value: Text(&text)},
		{Name: "one", Doc: "d", Value: Text(&text)},
		{Name: "TWO"},
		{Name: "key", Doc: "d", Value: Text(&text), Secret: true, Default: "x"},
	}, Outputs: []Output{{Name: "x\ny"}}}
	err := bad.Check()
	for _, want := range []string{`"Bad Name"`, `"one" twice`, `input "TWO"`, "default for a secret", "output"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
