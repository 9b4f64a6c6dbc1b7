package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/org/checkout-deploy/internal/finding"
)

// Command is a process, as far as an action knows it. Main fills it from the real
// one, a test with what it likes.
type Command struct {
	Args           []string // without the program's name
	Env            []string // as os.Environ
	Dir            string   // the current folder, absolute; on a runner the workspace
	Stdout, Stderr io.Writer
	Version        string
	// Program is the running program's path, for what lies beside it; may be empty.
	Program  string
	LookPath func(string) (string, error)
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time // for what waits; as time.After
	// Colour says whether Stderr is a terminal that shows colours.
	Colour bool
}

// Main runs an action in this process and ends it. A first SIGINT or SIGTERM
// cancels the work, which is given the time to put things in order; a second
// ends it at once.
func Main(version string, a Action) {
	os.Exit(process(version).withSignals(func(ctx context.Context, c *Command) int { return c.Run(ctx, a) }))
}

// process is this one.
func process(version string) *Command {
	c := &Command{
		Args: os.Args[1:], Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr,
		Version: version, LookPath: exec.LookPath, Now: time.Now, After: time.After,
	}
	c.Dir, _ = os.Getwd()
	if exe, err := os.Executable(); err == nil {
		c.Program = exe
	}
	info, err := os.Stderr.Stat()
	c.Colour = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return c
}

// exitBySignal adds the signal's number, as shells report it.
const exitBySignal = 128

func (c *Command) withSignals(run func(context.Context, *Command) int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	got := make(chan syscall.Signal, 1)
	go func() {
		first, _ := (<-signals).(syscall.Signal)
		got <- first
		cancel()
		second, _ := (<-signals).(syscall.Signal)
		os.Exit(exitBySignal + int(second))
	}()
	code := run(ctx, c)
	if code == kinds[Cancelled].code {
		select {
		case s := <-got:
			return exitBySignal + int(s)
		default:
		}
	}
	return code
}

// Run runs an action to its end, and returns the exit code. Inputs are read, and
// all their problems told, before anything is done.
func (c *Command) Run(ctx context.Context, a Action) int {
	r := newRun(c, &a.Spec)
	if workspace := r.env.get("GITHUB_WORKSPACE"); r.OnRunner() && workspace != "" {
		c.Dir = workspace
	}
	var p problems
	g := a.collect(c.Args, r.env, &p)
	switch {
	case g.help:
		silent{c.Stdout}.print(a.Help())
		return 0
	case g.version:
		silent{c.Stdout}.print(a.command() + " " + c.Version + "\n")
		return 0
	}
	for _, in := range a.Inputs {
		if in.Secret {
			r.Mask(g.text[in.Name])
		}
	}
	r.given = g.text
	a.set(g, &p)
	for _, name := range g.unknown {
		r.Report(finding.Finding{Rule: "action/unknown-input", Severity: finding.Medium, Message: fmt.Sprintf("got the unknown input %s%s", quote(name), a.instead(name, ""))})
	}
	err := p.err()
	if err == nil {
		err = r.guarded(ctx, a)
	}
	return r.end(err)
}

// guarded turns a panic into an error: the log then has the stack, and what was
// written is still handed over.
func (r *Run) guarded(ctx context.Context, a Action) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Kind: Broken, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	err = a.Run(ctx, r)
	if err != nil && ctx.Err() != nil {
		return errors.Join(context.Canceled, err)
	}
	return err
}

// end writes what is left to write and says how it went.
func (r *Run) end(err error) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		err = r.problem
	}
	err = errors.Join(err, r.flushOutputs(), r.flushSummary(), r.handOver())
	if err != nil {
		r.fail(err)
	}
	r.flushAnnotations()
	return exitCode(err)
}

// fail shows an error: its findings, each at its place, or its text.
func (r *Run) fail(err error) {
	if kindOf(err) == Cancelled {
		r.print(r.spec.command() + ": cancelled")
	}
	for _, f := range r.findings(err) {
		r.annotate(f)
	}
}

// findings takes an error apart: an error made of findings gives those, joined
// errors give each its own, and what is left is told by its text.
func (r *Run) findings(err error) []finding.Finding {
	if reporter, ok := err.(finding.Reporter); ok {
		return reporter.Findings()
	}
	joined, isJoined := err.(interface{ Unwrap() []error })
	if !isJoined && errors.Is(err, context.Canceled) {
		return nil // it is said once; what came with it is told
	}
	var inner finding.Reporter
	switch e := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() []error }:
		var all []finding.Finding
		for _, one := range joined.Unwrap() {
			all = append(all, r.findings(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		if errors.As(err, &inner) {
			return hinted(r.findings(e.Unwrap()), hintOf(err))
		}
	}
	message := strings.TrimSpace(err.Error())
	if !r.OnRunner() {
		message = r.spec.command() + ": " + message
	}
	return []finding.Finding{{Rule: r.spec.Name, Severity: finding.High, Message: message, Hint: hintOf(err)}}
}

// hinted gives the last finding a hint of all.
func hinted(all []finding.Finding, hint string) []finding.Finding {
	if n := len(all); n > 0 && all[n-1].Hint == "" && hint != "" {
		all = slices.Clone(all)
		all[n-1].Hint = hint
	}
	return all
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	return kinds[kindOf(err)].code
}

// ProgramFolder is where the program lies, "" if that is not known.
func (c *Command) ProgramFolder() string {
	if c.Program == "" {
		return ""
	}
	return filepath.Dir(c.Program)
}

// silent drops write errors: a log that nobody can read is no reason to fail.
type silent struct{ io.Writer }

func (s silent) print(text string) { _, _ = io.WriteString(s.Writer, text) }

func (s silent) Write(p []byte) (int, error) {
	_, _ = s.Writer.Write(p)
	return len(p), nil
}
