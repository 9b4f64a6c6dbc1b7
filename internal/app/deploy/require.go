package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/signing"
	"github.com/org/checkout-deploy/internal/gh"
	"github.com/org/checkout-deploy/internal/release"
)

// require tells all at once what the release has not proved, before anything is
// written.
func (j *job) require(ctx context.Context) error {
	return action.Explain(errors.Join(j.profile(), j.signed(ctx), j.judged(ctx), j.healthyBefore(ctx), j.newer(ctx)),
		"the environment's section require says what a release has to have proved")
}

func (j *job) profile() error {
	want := j.Env.Require.Profile
	switch got := string(j.release.Profile); {
	case want == "" && j.release.Profile == release.Development:
		return fmt.Errorf("got a release of the profile development, which is for laptops; build it with profile: production, or say require: { profile: development }")
	case want != "" && got != want:
		return fmt.Errorf("require.profile: got a release of the profile %s, want %s", got, want)
	}
	return nil
}

func (j *job) signed(ctx context.Context) error {
	if j.Env.Require.SignedBy.Empty() {
		return nil
	}
	if j.in.sign == signing.Nobody {
		return action.Misuse(errors.New("sign: got none, but the environment requires signatures (require.signed-by), of its marker too; give sign: keyless, or a key"))
	}
	record, err := j.release.Encode()
	if err != nil {
		return err
	}
	bundle, err := os.ReadFile(filepath.Join(j.dist, release.StatementDir, release.RecordName+release.SignatureExtension))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the signature: %w", err)
	}
	return j.Signed(ctx, record, bundle)
}

// healthyBefore wants the release live and healthy in another environment.
func (j *job) healthyBefore(ctx context.Context) (err error) {
	name := j.Env.Require.Healthy
	if name == "" {
		return nil
	}
	other, end, err := j.Beside(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	state, err := other.State(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("require.healthy: %w", err)
	case state.Live() != j.id:
		return fmt.Errorf("require.healthy: %s serves %s, want this release: deploy it there first", name, orNothing(state.Live()))
	case state.Altered != nil:
		return fmt.Errorf("require.healthy: %s: %w; deploy the release there again", name, state.Altered)
	case !state.Healthy:
		return fmt.Errorf("require.healthy: %s serves this release, and has not watched it to the end", name)
	}
	return nil
}

func orNothing(id release.Digest) string {
	if id.IsZero() {
		return "nothing"
	}
	return "release " + id.String()
}

// newer refuses a release whose commit the live one's comes after: what a slow or
// repeated run of an older commit would bring back.
func (j *job) newer(ctx context.Context) error {
	if !j.Env.Require.Newer || j.in.force || j.commit == "" {
		return nil
	}
	state, err := j.Target.State(ctx)
	if err != nil || state.Channel == nil || state.Live() == j.id || state.Channel.Commit == "" || state.Channel.Commit == j.commit {
		return err
	}
	client, why, err := j.GitHub()
	if err != nil {
		return err
	}
	if client == nil {
		j.Logf("whether commit %s is newer than the live one's, %s, was not looked at: %s", j.commit, state.Channel.Commit, why)
		return nil
	}
	relation, err := client.Relate(ctx, j.commit, state.Channel.Commit)
	switch {
	case errors.Is(err, gh.ErrNotFound):
		j.Logf("whether commit %s is newer than the live one's, %s, is not known: GitHub does not have both", j.commit, state.Channel.Commit)
		return nil
	case err != nil:
		return fmt.Errorf("require.newer: comparing commits: %w; give force: true to deploy without knowing", err)
	case relation == gh.Ancestor:
		return fmt.Errorf("require.newer: got commit %s, and the live release's, %s, comes after it; run the newest commit's workflow, or give force: true", j.commit, state.Channel.Commit)
	}
	return nil
}
