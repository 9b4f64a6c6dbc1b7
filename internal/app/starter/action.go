package starter

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/action"
)

// Action is the command init.
func Action() action.Action {
	var dir string
	return action.Action{
		Spec: action.Spec{
			Name:        "init",
			Summary:     "writes a checkout-deploy.yml from what it finds in a project",
			Description: "Write a commented checkout-deploy.yml from what a webpack, Vite or plain project says.",
			Inputs:      []action.Input{action.WorkingDirectory(&dir)},
		},
		Run: func(ctx context.Context, r *action.Run) error { return start(ctx, r, r.Path(dir)) },
	}
}

func start(ctx context.Context, r *action.Run, dir string) error {
	made, err := Write(ctx, dir)
	if errors.Is(err, fs.ErrExist) {
		return action.Misuse(err)
	}
	if err != nil {
		return err
	}
	r.Wrote(filepath.Join(dir, made.File))
	r.Logf("Wrote %s. Found:", r.Shown(filepath.Join(dir, made.File)))
	for _, line := range made.Found {
		r.Logf("  %s", line)
	}
	if len(made.Questions) > 0 {
		r.Logf("To be looked at, also in the file's comments:")
	}
	for _, line := range made.Questions {
		r.Logf("  %s", line)
	}
	return nil
}
