package action

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/org/checkout-deploy/internal/finding"
)

func TestAnnotationsAreCounted(t *testing.T) {
	for _, row := range []struct{ findings, annotations, more int }{{3, 3, 0}, {9, 9, 0}, {10, 10, 0}, {11, 10, 2}, {50, 10, 41}} {
		t.Run(fmt.Sprint(row.findings), func(t *testing.T) {
			tr := runner(t)
			tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
				for i := range row.findings {
					r.Report(finding.Finding{Rule: "x", Severity: finding.Medium, Message: fmt.Sprintf("number %d.", i)})
					r.Report(finding.Finding{Rule: "y", Severity: finding.Info, Message: "beside"})
				}
				return nil
			}))
			log := tr.out.String()
			if got := strings.Count(log, "::warning "); got+strings.Count(log, "::warning::") != row.annotations {
				t.Errorf("got %d annotations, want %d\n%s", got, row.annotations, log)
			}
			if said := fmt.Sprintf("::warning::and %d more", row.more); strings.Contains(log, said) != (row.more > 0) {
				t.Errorf("want %q only if there are more\n%s", said, log)
			}
			for i := range row.findings {
				if !strings.Contains(log, fmt.Sprintf("number %d.", i)) {
					t.Errorf("got nothing of number %d", i)
				}
			}
		})
	}
}

func TestMessagesAreCut(t *testing.T) {
	tr := runner(t)
	tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		r.Report(finding.Finding{Rule: "x", Message: strings.Repeat("é", 5000)})
		return nil
	}))
	if got := strings.Count(tr.out.String(), "é"); got != maxMessage-1 || !strings.Contains(tr.out.String(), "é…\n") {
		t.Errorf("got %d characters, want %d and an ellipsis", got, maxMessage-1)
	}
}

func TestSummaryStaysBelowTheLimit(t *testing.T) {
	tr := runner(t)
	tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		r.Summarise("# First")
		for range 3 {
			r.Summarise(strings.Repeat("a row of a table\n", 1<<15)) // 544 KiB
		}
		return nil
	}))
	got := tr.file("summary")
	if len(got) > maxSummary || !strings.HasPrefix(got, "# First\n") || !strings.HasSuffix(got, "\n_1088 KiB of this summary are left out: GitHub shows at most 1 MiB a step._\n") {
		t.Errorf("got %d bytes, ending %q", len(got), got[max(0, len(got)-100):])
	}
}

// Without the runner's files an output can't be given, which is no success.
func TestOutputsNeedTheirFile(t *testing.T) {
	tr := runner(t)
	tr.command.Env = []string{"GITHUB_ACTIONS=true"}
	code := tr.run((&sample{}).action(func(_ context.Context, r *Run) error { r.SetOutput("one", "1"); return nil }))
	if code != 1 || !strings.Contains(tr.out.String(), "got no GITHUB_OUTPUT") {
		t.Errorf("got exit code %d, %q", code, &tr.out)
	}
}

func TestOutputsOfWhatFailed(t *testing.T) {
	tr := runner(t)
	code := tr.run((&sample{}).action(func(_ context.Context, r *Run) error {
		r.SetOutput("one", "unknown")
		return fmt.Errorf("no")
	}))
	if all := outputs(t, tr.file("output")); code != 1 || all["one"] != "unknown" {
		t.Errorf("got exit code %d, %q", code, all)
	}
}
