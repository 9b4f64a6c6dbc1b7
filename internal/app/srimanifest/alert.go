package srimanifest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/gh"
	"github.com/org/checkout-deploy/internal/release"
	"github.com/org/checkout-deploy/internal/report"
)

// alert opens, updates or closes the issue about what a live check found, and says
// for the evidence what became of it.
func (j *job) alert(ctx context.Context, l *looked) (evidence.Step, error) {
	if j.in.fail == noThreshold {
		// Nothing is judged: an open issue is neither right nor wrong.
		return evidence.Step{Outcome: evidence.NotDone, Note: "fail-severity is none: no finding raises an alert"}, nil
	}
	issues, why, err := j.issues()
	if issues == nil || err != nil {
		return evidence.Step{Outcome: evidence.NotDone, Note: why}, err
	}
	key := "live/" + issueKey(j.cfg.Integrity.Live.Baseline)
	worst := j.worst()
	if len(worst) == 0 && j.incomplete == "" {
		closed, err := issues.Resolve(ctx, key, "A live check found nothing of severity "+string(j.in.fail)+" or worse any more."+j.runLine())
		if err != nil {
			return evidence.Step{}, ghError("closing the issue", err)
		}
		for _, i := range closed {
			j.r.Logf("closed the issue %s", i.URL)
		}
		return evidence.Step{Outcome: evidence.Done, Note: "nothing to raise an alert for"}, nil
	}
	return j.raise(ctx, issues, gh.AlertIssue{
		Key: key, Title: alertTitle(len(worst), j.incomplete != ""), State: alertState(j), Body: j.liveSummary(l).Markdown(report.CommentLimit-1000) + j.runLine(),
	})
}

// raise opens or updates an issue.
func (j *job) raise(ctx context.Context, issues *gh.Issues, a gh.AlertIssue) (evidence.Step, error) {
	issue, err := issues.Alert(ctx, a)
	if err != nil {
		return evidence.Step{}, ghError("opening the issue", err)
	}
	j.r.Logf("%s the issue %s", issue.Change, issue.URL)
	return evidence.Step{Outcome: evidence.Done, Note: fmt.Sprintf("%s: %s", issue.Change, issue.URL)}, nil
}

func alertTitle(worst int, incomplete bool) string {
	switch {
	case worst == 0:
		return "Live check: not all was looked at"
	case incomplete:
		return "Live check: " + count(worst, "finding") + ", and not all was looked at"
	}
	return "Live check: " + count(worst, "finding") + " on the payment page"
}

// alertState is what the alert is about, without times: while it stays, the issue
// gets no new comment.
func alertState(j *job) string {
	var b strings.Builder
	b.WriteString(j.incomplete)
	for _, f := range j.worst() {
		fmt.Fprintf(&b, "\n%s %s %s", f.Rule, f.Fingerprint, f.Message)
	}
	return b.String()
}

// runLine leads to the run.
func (j *job) runLine() string {
	if run := j.origin().Run; run != "" {
		return "\n\nFound by " + run + "\n"
	}
	return "\n"
}

// issueKey makes a key of a path: what gh.AlertIssue takes.
func issueKey(path string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(path) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '/' {
			b.WriteRune(c)
		} else {
			b.WriteByte('_')
		}
	}
	// The sum keeps two paths apart that are alike in these letters.
	readable := strings.Trim(b.String(), "._/")
	return strings.Trim(readable[:min(len(readable), 60)], "._/") + "-" + release.DigestOf([]byte(path)).String()[:8]
}

// issues is where alerts go; nil and why, where there is no such place.
func (j *job) issues() (*gh.Issues, string, error) {
	repository, _ := j.r.Lookup("GITHUB_REPOSITORY")
	switch {
	case !j.in.issue:
		return nil, "the input issue is false", nil
	case !j.r.OnRunner() || repository == "":
		return nil, "this is no workflow: nobody was told but who ran it", nil
	case j.in.token == "":
		return nil, "there is no token", action.Misuse(errors.New("token: got nothing, want a token with issues: write, or issue: false"))
	}
	base, _ := j.r.Lookup("GITHUB_API_URL")
	client, err := gh.New(gh.Options{
		BaseURL: base, Repository: repository, Token: j.in.token, Now: j.r.Now, UserAgent: "checkout-deploy/" + j.r.Version,
		Waiting: func(w gh.Wait) { j.r.Logf("waiting %v for %s: %s", w.For, w.Request, w.Why) },
	})
	if err != nil {
		return nil, "", action.Misuse(err)
	}
	issues, err := client.Issues(gh.IssueOptions{})
	return issues, "", err
}

// ghError says who has to do something about an error of GitHub's.
func ghError(doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, err)
	switch {
	case errors.Is(err, gh.ErrRefused), errors.Is(err, gh.ErrNotFound):
		return &action.Error{Kind: action.Refused, Err: err, Hint: "give the job `permissions: { issues: write }`, or the input issue: false"}
	case errors.Is(err, gh.ErrUnavailable):
		return &action.Error{Kind: action.Unavailable, Err: err}
	}
	return err
}
