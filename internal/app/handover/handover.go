// Package handover carries a release from one job of a workflow to the next, as
// the artifact checkout-<release>-files. Where there is no workflow, the folder
// itself is the hand-over.
package handover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/artifact"
	"github.com/org/checkout-deploy/internal/release"
)

// ErrNoArtifacts says that this process has nothing to do with workflow
// artifacts: a laptop, a step that is no action, a server without them.
var ErrNoArtifacts = errors.New("no workflow artifacts here")

// FilesName is the artifact of a release's files.
func FilesName(id release.Digest) string { return "checkout-" + id.String() + "-files" }

// Send keeps the release in dir for later jobs. Sending the same again is no
// error. Without workflow artifacts it is ErrNoArtifacts.
func Send(ctx context.Context, r *action.Run, id release.Digest, dir string) (err error) {
	client, err := client(r)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("handing over the release: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return kind(keep(ctx, client, FilesName(id), root.FS()))
}

// Receive makes dir of the release with the given id, or leaves nothing. dir must
// not be there, or be empty. Every byte is checked before dir appears.
func Receive(ctx context.Context, r *action.Run, id release.Digest, dir string) (err error) {
	client, err := client(r)
	if err != nil {
		return err
	}
	if err := r.MkdirAll(filepath.Dir(dir)); err != nil {
		return fmt.Errorf("receiving the release: %w", err)
	}
	quarantine, err := os.MkdirTemp(filepath.Dir(dir), ".receiving-")
	if err != nil {
		return fmt.Errorf("receiving the release: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(quarantine)) }()
	arrived := filepath.Join(quarantine, "release")
	if _, err := client.Download(ctx, FilesName(id), arrived); err != nil {
		return kind(err)
	}
	if _, err := Check(ctx, arrived, id); err != nil {
		return fmt.Errorf("artifact %q: %w", FilesName(id), err)
	}
	if err := os.Rename(arrived, dir); err != nil {
		return fmt.Errorf("putting the release in place: %w", err)
	}
	return nil
}

func client(r *action.Run) (*artifact.Client, error) {
	url, _ := r.Lookup("ACTIONS_RESULTS_URL")
	token, _ := r.Lookup("ACTIONS_RUNTIME_TOKEN")
	if !r.OnRunner() || url == "" || token == "" {
		return nil, ErrNoArtifacts
	}
	r.Mask(token)
	options := artifact.Options{Now: r.Now}
	if act, _ := r.Lookup("ACT"); act == "true" {
		options.Parallel = 1 // act's server puts blocks together as they arrive
	}
	return artifact.New(artifact.Runtime{ResultsURL: url, Token: token}, options)
}

// kind says who has to do something about an error of package artifact.
func kind(err error) error {
	switch {
	case errors.Is(err, artifact.ErrUnavailable):
		return &action.Error{Kind: action.Unavailable, Err: err}
	case errors.Is(err, artifact.ErrRefused):
		return &action.Error{Kind: action.Refused, Err: err}
	}
	return err
}
