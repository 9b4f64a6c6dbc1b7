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

// EvidenceFolder is where the artifact has the files of evidence.
const EvidenceFolder = "evidence"

// SendIntegrity keeps a release's record, the statements beside it and the files of
// evidence for later jobs, as one artifact: release.json, attestations/ and evidence/.
// Record and statements are left out where their folder is "".
func SendIntegrity(ctx context.Context, r *action.Run, name, statements string, evidence map[string][]byte) (err error) {
	client, err := client(r)
	if err != nil {
		return err
	}
	both, err := os.MkdirTemp("", "checkout-deploy-")
	if err != nil {
		return fmt.Errorf("handing over the evidence: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(both)) }()
	if err := gather(both, statements, evidence); err != nil {
		return fmt.Errorf("handing over the evidence: %w", err)
	}
	return kind(keep(ctx, client, name, os.DirFS(both)))
}

// gather puts into dir what the artifact holds.
func gather(dir, statements string, evidence map[string][]byte) error {
	if statements != "" {
		if err := os.CopyFS(filepath.Join(dir, release.StatementDir), os.DirFS(statements)); err != nil {
			return err
		}
		record, err := os.ReadFile(filepath.Join(statements, "..", release.RecordName))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, release.RecordName), record, 0o666)
		}
		if err != nil {
			return err
		}
	}
	folder := filepath.Join(dir, EvidenceFolder)
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	for name, data := range evidence {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
