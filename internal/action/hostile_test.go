package action

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
)

const diskFull = syscall.ENOSPC

// hostile are texts that a branch, an input or a file can be named.
var hostile = []string{
	"::error::forged", " \t::set-output name=one::forged", "\u2003::add-mask::x", "##[error]forged", "x ##[set-output name=one;]forged",
	"a\n::error::forged", "a\r::error::forged", "a\r\n::stop-commands::x", "a%0A::error::forged", "a\u2028::error::forged", "a\u0085::error::forged",
	"one<<EOF\nforged\nEOF\ntwo=forged", "_GitHubActionsFileCommandDelimeter_\ntwo<<x\nforged\nx", "two=forged\n",
	"\x1b[2J\x1b]0;title\a", "\u202egnp.exe", "\u200b::error::forged", "\ufeff::error::forged", "\x00::error::forged", "\xff::error::forged",
	"$(id) `id` ${{ github.token }}", "<script>alert(1)</script>", "| a | b |", "file,line=1::forged",
}

// commands of a log, as the runner finds them: actions/runner, ActionCommand.cs.
func commands(log string) (all []string) {
	for _, line := range strings.FieldsFunc(log, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			all = append(all, line)
		}
	}
	return all
}

// outputs of a GITHUB_OUTPUT file, read as the runner does (FileCommandManager.cs).
func outputs(t *testing.T, file string) map[string]string {
	t.Helper()
	all := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(file, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		name, rest, heredoc := strings.Cut(lines[i], "<<")
		if key, value, ok := strings.Cut(lines[i], "="); ok && (!heredoc || len(key) < len(name)) {
			all[key] = value
			continue
		}
		if !heredoc {
			t.Fatalf("got the line %q, which is no output", lines[i])
		}
		var value []string
		for i++; i < len(lines) && lines[i] != rest; i++ {
			value = append(value, lines[i])
		}
		all[name] = strings.Join(value, "\n")
	}
	return all
}

func TestHostileTextForgesNothing(t *testing.T) {
	for _, text := range hostile {
		tr := runner(t)
		tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
			r.Logf("building %s", text)
			r.Logf("%s", text)
			_ = r.Group(text, func() error { return nil })
			r.SetOutput("one", text)
			r.SetOutput("two", "mine")
			r.Report(finding.Finding{Rule: text, Severity: finding.Low, Message: text, Hint: text, Location: finding.Location{Path: text, Line: 3}})
			return fmt.Errorf("opening %s", text)
		}))
		got := commands(tr.out.String())
		var names []string
		for _, line := range got {
			name, _, _ := strings.Cut(strings.TrimPrefix(line, "::"), "::")
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
		if want := "group endgroup warning error"; strings.Join(names, " ") != want {
			t.Errorf("%q: got the commands %q, want %s", text, got, want)
		}
		for _, r := range tr.out.String() {
			if r != '\n' && r != '\t' && hidden(r) {
				t.Errorf("%q: got the character %q in the log, want it written out", text, r)
			}
		}
		if all := outputs(t, tr.file("output")); len(all) != 2 || all["one"] != text || all["two"] != "mine" {
			t.Errorf("%q: got the outputs %q", text, all)
		}
	}
}

func TestHostileTextOnATerminal(t *testing.T) {
	for _, text := range hostile {
		tr := laptop(t)
		tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
			r.Logf("%s", text)
			r.SetOutput("one", text)
			return nil
		}))
		for _, r := range tr.out.String() + tr.err.String() {
			if r != '\n' && r != '\t' && hidden(r) {
				t.Errorf("%q: got the character %q, want it written out", text, r)
			}
		}
		if strings.Count(tr.out.String(), "\n") != 1 {
			t.Errorf("%q: got the outputs %q, want one line", text, &tr.out)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		log := plain(text, true)
		if got := commands(log); len(got) > 0 {
			t.Errorf("%q: got the commands %q", text, got)
		}
		if again := plain(log, true); again != log {
			t.Errorf("%q: got %q, and from that %q", text, log, again)
		}
	})
}

func FuzzOutput(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := outputs(t, output{"one", text}.record()+output{"two", "x"}.record())
		if len(all) != 2 || all["one"] != text || all["two"] != "x" {
			t.Errorf("%q: got %q", text, all)
		}
	})
}

// A delimiter that was seen once is of no use for the next value.
func TestDelimitersDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		record := output{"one", "x"}.record()
		if seen[record] || len(record) < len("one<<\nx\n\n")+2*26 {
			t.Fatalf("got %q again, or a short delimiter", record)
		}
		seen[record] = true
	}
}

func TestSecretsStayIn(t *testing.T) {
	const key = "s3cr3t/+ value\nsecond-line"
	tr := runner(t)
	code := tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		r.Mask(key)
		r.Logf("the key is %s", key)
		r.Summarise("| " + key + " |")
		r.Report(finding.Finding{Rule: "x", Severity: finding.Low, Message: key, Location: finding.Location{Path: "second-line"}})
		r.SetOutput("one", "url?key=s3cr3t%2F%2B+value%0Asecond-line")
		return fmt.Errorf("asking https://x/?second-line")
	}))
	for name, text := range map[string]string{"log": tr.out.String(), "summary": tr.file("summary"), "output": tr.file("output")} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "s3cr3t") && !strings.HasPrefix(line, "::add-mask::") || strings.Contains(line, "second-line") && !strings.HasPrefix(line, "::add-mask::") {
				t.Errorf("%s: got the secret in %q", name, line)
			}
		}
	}
	if code == 0 || tr.file("output") != "" || tr.file("summary") == "" {
		t.Errorf("got exit code %d, output %q", code, tr.file("output"))
	}
}
