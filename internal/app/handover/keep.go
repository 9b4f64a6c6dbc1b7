package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/org/checkout-deploy/internal/artifact"
	"github.com/org/checkout-deploy/internal/evidence"
	"github.com/org/checkout-deploy/internal/release"
)

// store is an *artifact.Client.
type store interface {
	Upload(ctx context.Context, name string, dir fs.FS) (artifact.Artifact, error)
	Download(ctx context.Context, name, dir string) (artifact.Artifact, error)
}

// keep uploads a folder. An artifact of that name that says the same will do: an
// earlier attempt of the job sent it, and clocks and signatures differ each time.
func keep(ctx context.Context, s store, name string, dir fs.FS) (err error) {
	_, taken := s.Upload(ctx, name, dir)
	if !errors.Is(taken, artifact.ErrTaken) {
		return taken
	}
	temp, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return errors.Join(taken, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	earlier := filepath.Join(temp, "earlier")
	if _, err := s.Download(ctx, name, earlier); err != nil {
		return taken // by an upload that is not finished, say
	}
	same, err := sameFolder(os.DirFS(earlier), dir)
	if err != nil {
		return fmt.Errorf("comparing with the artifact that has the name: %w", err)
	}
	if !same {
		return taken
	}
	return nil
}

// sameFolder reports whether two folders have the same files, saying the same.
func sameFolder(a, b fs.FS) (bool, error) {
	mine, err := files(a)
	if err != nil {
		return false, err
	}
	theirs, err := files(b)
	if err != nil || !maps.Equal(mine, theirs) {
		return false, err
	}
	for name := range mine {
		x, err := fs.ReadFile(a, name)
		if err != nil {
			return false, err
		}
		y, err := fs.ReadFile(b, name)
		if err != nil || !sameFile(name, x, y) {
			return false, err
		}
	}
	return true, nil
}

func files(dir fs.FS) (map[string]bool, error) {
	all := map[string]bool{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[name] = true
		}
		return err
	})
	return all, err
}

func sameFile(name string, a, b []byte) bool {
	switch {
	case strings.HasSuffix(name, release.SignatureExtension): // of what is compared itself
		return true
	case name == EvidenceFolder+"/evidence.html": // drawn of the pack
		return true
	case name == EvidenceFolder+"/evidence.json":
		return samePack(a, b)
	}
	return bytes.Equal(a, b)
}

// samePack compares packs without their clocks.
func samePack(a, b []byte) bool {
	mine, err := evidence.Read(a)
	if err != nil {
		return false
	}
	theirs, err := evidence.Read(b)
	if err != nil {
		return false
	}
	mine.Made, mine.Controls = theirs.Made, theirs.Controls // these say when, and follow from the rest
	a, err = mine.Encode()
	return err == nil && bytes.Equal(a, b)
}
