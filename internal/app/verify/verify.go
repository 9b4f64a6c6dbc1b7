// Package verify is the use case "is this the release?": it takes a release from
// the workflow's artifacts, or a folder, and compares every byte with its record.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
	"github.com/org/checkout-deploy/internal/release"
)

type inputs struct {
	dist, release string
}

// Action is verify.
func Action() action.Action {
	in := &inputs{}
	return action.Action{
		Spec: action.Spec{
			Name:        "verify",
			Summary:     "compares every byte of a release with its record",
			Description: "Take a release from this workflow's artifacts or a folder, and compare every byte with its record.",
			Icon:        "check-circle",
			Colour:      "green",
			Inputs: []action.Input{
				action.Release(&in.release),
				{Name: "dist", Default: "dist", Value: action.Text(&in.dist), Doc: "The release's folder, relative to the workspace. Where it is missing or empty, the workflow's artifact of `release` is put there."},
			},
			Outputs: []action.Output{
				{Name: "release", Doc: "The release's id."},
				{Name: "dist", Doc: "The folder of the release, relative to the workspace."},
			},
			Permissions: []string{"contents: read"},
		},
		Run: in.run,
	}
}

func (in *inputs) run(ctx context.Context, r *action.Run) error {
	dir := r.Path(in.dist)
	id, err := in.id()
	if err == nil && id.IsZero() && r.OnRunner() {
		// An output's name that is misspelled is empty too, and would make any
		// release right.
		err = errors.New("release: got nothing, want the id of a release, such as the output release of the job that made it")
	}
	if err != nil {
		return action.Misuse(err)
	}
	there, err := holdsSomething(dir)
	if err != nil {
		return fmt.Errorf("looking for the release: %w", err)
	}
	if !there {
		if err := receive(ctx, r, id, dir); err != nil {
			return err
		}
	}
	rel, err := handover.Check(ctx, dir, id)
	if err != nil {
		return r.In(dir, err)
	}
	given := id
	if id, err = rel.ID(); err != nil {
		return err
	}
	r.Logf("%s: all %d files are those of release %s", r.Shown(dir), len(rel.Files), id)
	if given.IsZero() {
		r.Logf("The record itself was compared with no id: give release to know that it is the one you mean.")
	}
	r.SetOutput("release", id.String())
	r.SetOutput("dist", r.Shown(dir))
	return nil
}

func (in *inputs) id() (release.Digest, error) {
	if in.release == "" {
		return release.Digest{}, nil
	}
	id, err := release.ParseDigest(in.release)
	if err != nil {
		return id, fmt.Errorf("release: %w", err)
	}
	if id.IsZero() { // stands for "any" below: an id that was given is never any
		return id, errors.New("release: got nothing but zeros, want the id of a release")
	}
	return id, nil
}

func receive(ctx context.Context, r *action.Run, id release.Digest, dir string) error {
	if id.IsZero() {
		return action.Misuse(fmt.Errorf("got neither files in %s nor the id of a release, want one of them: build it, or give the input release", r.Shown(dir)))
	}
	err := handover.Receive(ctx, r, id, dir)
	if errors.Is(err, handover.ErrNoArtifacts) {
		return action.Explain(fmt.Errorf("release %s is not in %s: %w", id, r.Shown(dir), err),
			"in a workflow an action gets it from the artifacts; elsewhere the folder itself is the hand-over: copy it here, release.json and all")
	}
	if err != nil {
		return r.In(dir, err)
	}
	r.Wrote(dir)
	return nil
}

func holdsSomething(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err == nil {
			return false, fmt.Errorf("got %q, a link that leads nowhere, want a folder or nothing", dir)
		}
		return false, nil
	}
	return len(entries) > 0, err
}
