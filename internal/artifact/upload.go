package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
)

// Upload makes an artifact of dir's files. Empty directories, modes and times
// are not kept. A name that the run has already is no error if its files are the
// same: that artifact is returned. Else the error is ErrTaken.
//
// The zip is in Options.TempDir until Upload returns.
func (c *Client) Upload(ctx context.Context, name string, dir fs.FS) (Artifact, error) {
	if err := CheckName(name); err != nil {
		return Artifact{}, err
	}
	a, err := c.upload(ctx, name, dir)
	if err != nil {
		return Artifact{}, fmt.Errorf("uploading artifact %q: %w", name, err)
	}
	return a, nil
}

func (c *Client) upload(ctx context.Context, name string, dir fs.FS) (_ Artifact, err error) {
	p, err := newPack(ctx, dir, c.options.TempDir, c.options.Limits)
	if err != nil {
		return Artifact{}, err
	}
	defer func() { err = errors.Join(err, p.file.Close()) }()
	to, err := c.create(ctx, name)
	if isTaken(err) {
		return c.settle(ctx, name, p)
	}
	if err != nil {
		return Artifact{}, err
	}
	if err := c.put(ctx, to, p.file, p.size); err != nil {
		return Artifact{}, err
	}
	a, err := c.finalize(ctx, name, p)
	if err != nil {
		return c.afterFinalize(ctx, name, p, err)
	}
	return a, nil
}

// isTaken recognises the answer to a name that is used: 409.
func isTaken(err error) bool {
	var r *rejection
	return errors.As(err, &r) && r.status == http.StatusConflict
}

// afterFinalize settles a failed FinalizeArtifact by looking: an attempt whose
// answer was lost may have succeeded, and the next one then fails.
func (c *Client) afterFinalize(ctx context.Context, name string, p *pack, failed error) (Artifact, error) {
	if ctx.Err() != nil {
		return Artifact{}, failed
	}
	a, err := c.find(ctx, name)
	if err != nil || a.Digest != p.digest || a.ids != c.ids {
		return Artifact{}, failed
	}
	return a, nil
}

// settle decides about a name that is used: an equal artifact is what was
// wanted, whoever made it.
func (c *Client) settle(ctx context.Context, name string, p *pack) (Artifact, error) {
	a, err := c.await(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return Artifact{}, fmt.Errorf("%w by an upload that is not finished: wait for the job that does it; if it was stopped, run the whole workflow again", ErrTaken)
	}
	if err != nil {
		return Artifact{}, fmt.Errorf("looking at the artifact that has the name: %w", err)
	}
	if a.Digest == p.digest {
		return a, nil
	}
	// Another program, or this one built with another Go, may have packed the
	// same files into other bytes.
	why, err := c.differs(ctx, a, p)
	if err != nil {
		return Artifact{}, fmt.Errorf("comparing with the artifact that has the name: %w", err)
	}
	if why != "" {
		return Artifact{}, fmt.Errorf("%w by artifact %d with other content: %s", ErrTaken, a.ID, why)
	}
	return a, nil
}

// await looks for the artifact, and gives another job that is uploading it some
// time to finish.
func (c *Client) await(ctx context.Context, name string) (Artifact, error) {
	for n := 1; ; n++ {
		a, err := c.find(ctx, name)
		if !errors.Is(err, ErrNotFound) || n == maxAttempts {
			return a, err
		}
		if err := c.options.Sleep(ctx, backoff(n)); err != nil {
			return Artifact{}, err
		}
	}
}

// differs downloads a and says in which file it differs from p, "" if in none.
func (c *Client) differs(ctx context.Context, a Artifact, p *pack) (why string, err error) {
	file, err := newScratch(c.options.TempDir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	got, err := c.fetch(ctx, a, file.File)
	if err != nil {
		return "", err
	}
	theirs, err := openArchive(file, got.Size, c.options.Limits)
	if err != nil {
		return err.Error(), nil
	}
	ours, err := openArchive(p.file, p.size, c.options.Limits)
	if err != nil {
		return "", err
	}
	return theirs.differs(ctx, ours)
}
