package handover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/org/checkout-deploy/internal/action"
	"github.com/org/checkout-deploy/internal/release"
)

// SendIntegrity keeps the statements beside a release and the folder of evidence for
// later jobs, as one artifact: attestations/ and evidence/. A folder that is "" is
// left out.
func SendIntegrity(ctx context.Context, r *action.Run, name, statements, evidence string) (err error) {
	client, err := client(r)
	if err != nil {
		return err
	}
	both, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return fmt.Errorf("handing over the evidence: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(both)) }()
	for place, folder := range map[string]string{release.StatementDir: statements, "evidence": evidence} {
		if folder == "" {
			continue
		}
		if err := os.CopyFS(filepath.Join(both, place), os.DirFS(folder)); err != nil {
			return fmt.Errorf("handing over %s: %w", place, err)
		}
	}
	_, err = client.Upload(ctx, name, os.DirFS(both))
	return kind(err)
}
