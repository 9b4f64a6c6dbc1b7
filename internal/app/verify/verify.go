// Package verify is the use case "is this the release?": it takes a release from
// the workflow's artifacts, or a folder, and compares every byte with its record.
package verify

import (
	"context"
	"errors"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/app/handover"
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
	id, err := handover.ParseID(in.release)
	if err == nil && id.IsZero() && r.OnRunner() {
		// An output's name that is misspelled is empty too, and would make any
		// release right.
		err = errors.New("release: got nothing, want the id of a release, such as the output release of the job that made it")
	}
	if err != nil {
		return action.Misuse(err)
	}
	if err := handover.Fill(ctx, r, id, dir); err != nil {
		return err
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
