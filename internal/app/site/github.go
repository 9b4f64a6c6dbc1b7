package site

import (
	"context"
	"fmt"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/channel"
	"github.com/org/checkout-deploy/internal/gh"
)

// GitHub is the client of this job; nil, and why, where there is none.
func (s *Site) GitHub() (*gh.Client, string, error) {
	repository, _ := s.Lookup("GITHUB_REPOSITORY")
	switch {
	case !s.OnRunner() || repository == "":
		return nil, "this is no workflow", nil
	case s.in.Token == "":
		return nil, "there is no token", nil
	}
	base, _ := s.Lookup("GITHUB_API_URL")
	client, err := gh.New(gh.Options{
		BaseURL: base, Repository: repository, Token: s.in.Token, Now: s.Now, Sleep: action.Sleep, UserAgent: "checkout-deploy/" + s.Version,
		Waiting: func(w gh.Wait) { s.Logf("waiting %v for %s: %s", w.For, w.Request, w.Why) },
	})
	return client, "", err
}

// Reverted records that a revert was seen at the public address. Without it a page of
// before the revert that somebody puts back would not be known for an old one.
func (s *Site) Reverted(ctx context.Context, ref channel.Ref) {
	if ref.Release.IsZero() || ref.Seq%2 == 0 {
		return
	}
	if err := s.Target.Healthy(ctx, ref); err != nil {
		s.Logf("not recorded: %v", err)
	}
}

// CommitOf is the commit of what is live; "" if that is not known, or no longer ref.
func (s *Site) CommitOf(ctx context.Context, ref channel.Ref) string {
	state, err := s.Target.State(ctx)
	if err != nil || state.Ref != ref || state.Channel == nil {
		return ""
	}
	return state.Channel.Commit
}

// Record has GitHub know what was published, and what became of it. It decides
// nothing: what GitHub does not take is told, and made good by the next run.
func (s *Site) Record(ctx context.Context, task gh.Task, ref channel.Ref, commit string, status gh.Status) []error {
	what := fmt.Sprintf("release %.12s", ref.Release)
	if ref.Release.IsZero() { // nothing built it
		commit, _ = s.Lookup("GITHUB_SHA")
		what = "the page of before the first deploy"
	}
	if !s.in.Record || ref.Seq == 0 || commit == "" {
		return nil
	}
	client, _, err := s.GitHub()
	if err != nil {
		return []error{err}
	}
	if client == nil {
		return nil
	}
	status.URL, status.Log = s.URL(), s.Name
	record, err := client.Deployments().Record(ctx, gh.Deployment{
		Environment: s.Env.Name, Task: task, Commit: commit, Release: ref.Release.String(),
		Sequence: ref.Seq, Nonce: ref.Nonce.String(), Production: s.Env.Name == "production",
		Description: fmt.Sprintf("%s, sequence %d", what, ref.Seq),
	}, status)
	var pending []error
	if err != nil {
		pending = append(pending, fmt.Errorf("GitHub's record of the deployment: %w", err))
	}
	for _, p := range record.Pending {
		pending = append(pending, fmt.Errorf("GitHub: %s", p))
	}
	return pending
}
