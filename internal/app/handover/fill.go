package handover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/release"
)

// ParseID reads the input release; "" is the zero Digest, any release.
func ParseID(text string) (release.Digest, error) {
	if text == "" {
		return release.Digest{}, nil
	}
	id, err := release.ParseDigest(text)
	if err != nil {
		return id, fmt.Errorf("release: %w", err)
	}
	if id.IsZero() { // stands for "any": an id that was given is never any
		return id, errors.New("release: got nothing but zeros, want the id of a release")
	}
	return id, nil
}

// Fill sees to it that dir holds something: where it is missing or empty, the
// workflow's artifact of the release is put there.
func Fill(ctx context.Context, r *action.Run, id release.Digest, dir string) error {
	there, err := holdsSomething(dir)
	if err != nil {
		return fmt.Errorf("looking for the release: %w", err)
	}
	if there {
		return nil
	}
	if id.IsZero() {
		return action.Misuse(fmt.Errorf("got neither files in %s nor the id of a release, want one of them: build it, or give the input release", r.Shown(dir)))
	}
	err = Receive(ctx, r, id, dir)
	if errors.Is(err, ErrNoArtifacts) {
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
