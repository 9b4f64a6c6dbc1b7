package handover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/artifact"
	"github.com/org/checkout-deploy/internal/release"
)

// proofs are what other jobs hand over about a release, beside its files.
var proofs = []string{"integrity", "verdict", "scan"}

// ProofName is the artifact of what a job proved of a release: kind is one of proofs.
func ProofName(id release.Digest, kind string) string { return "checkout-" + id.String() + "-" + kind }

// Prove lays beside the release in dir what other jobs of the workflow proved of it:
// the statements, and the signatures, of their artifacts. What lies there already
// stays. Nothing of it is believed here: who reads a statement verifies it. Without
// workflow artifacts it does nothing.
func Prove(ctx context.Context, r *action.Run, id release.Digest, dir string) error {
	client, err := client(r)
	if errors.Is(err, ErrNoArtifacts) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := prove(ctx, client, id, dir); err != nil {
		return kind(err)
	}
	r.Wrote(filepath.Join(dir, release.StatementDir))
	return nil
}

func prove(ctx context.Context, s store, id release.Digest, dir string) (err error) {
	temp, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return fmt.Errorf("receiving statements: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	for _, kind := range proofs {
		name, arrived := ProofName(id, kind), filepath.Join(temp, kind)
		if _, err := s.Download(ctx, name, arrived); errors.Is(err, artifact.ErrNotFound) {
			continue
		} else if err != nil {
			return fmt.Errorf("receiving statements: %w", err)
		}
		if err := layAll(os.DirFS(arrived), id, dir); err != nil {
			return fmt.Errorf("receiving statements: artifact %q: %w", name, err)
		}
	}
	return nil
}

// layAll lays the statements of an artifact beside the release in dir.
func layAll(from fs.FS, id release.Digest, dir string) error {
	record, err := fs.ReadFile(from, release.RecordName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // evidence alone
	case err != nil:
		return err
	case release.DigestOf(record) != id:
		return fmt.Errorf("got the record of release %s", release.DigestOf(record))
	}
	err = fs.WalkDir(from, release.StatementDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return release.Lay(dir, name, data)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SendProof keeps the record of the release in dir, and files beside it, for later
// jobs. Without workflow artifacts it is ErrNoArtifacts.
func SendProof(ctx context.Context, r *action.Run, name, dir string, files []string) (err error) {
	client, err := client(r)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return fmt.Errorf("handing over statements: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	for _, file := range append([]string{release.RecordName}, files...) {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(temp, filepath.FromSlash(file))), 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(temp, filepath.FromSlash(file)), data, 0o666)
		}
		if err != nil {
			return fmt.Errorf("handing over statements: %w", err)
		}
	}
	return kind(keep(ctx, client, name, os.DirFS(temp)))
}
