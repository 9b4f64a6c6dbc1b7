package handover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/org/checkout-deploy/internal/finding"
	"github.com/org/checkout-deploy/internal/release"
)

// DifferentError says that a folder is not the release it should be.
type DifferentError struct {
	ID         release.Digest
	Mismatches []release.Mismatch
}

func (e *DifferentError) Error() string {
	const most = 20
	var b strings.Builder
	fmt.Fprintf(&b, "got other files than those of release %s:", e.ID)
	for i, m := range e.Mismatches {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Mismatches)-most)
			break
		}
		b.WriteString("\n  " + m.String())
	}
	return b.String()
}

// Findings makes DifferentError a finding.Reporter; paths are relative to the
// folder.
func (e *DifferentError) Findings() []finding.Finding {
	all := make([]finding.Finding, len(e.Mismatches))
	for i, m := range e.Mismatches {
		all[i] = finding.Finding{
			Rule: "release/" + string(m.Fault), Severity: finding.Critical, Location: finding.Location{Path: m.Path},
			Message: fmt.Sprintf("not the file of release %s: %s", e.ID, m),
		}
	}
	return all
}

// Check reads the release in dir and compares every byte with its record. Unless
// id is zero the record must be that release's.
func Check(ctx context.Context, dir string, id release.Digest) (_ *release.Release, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the release: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	rel, err := release.Open(root.FS())
	if err != nil {
		return nil, err
	}
	got, err := rel.ID()
	if err != nil {
		return nil, err
	}
	if !id.IsZero() && got != id {
		return nil, fmt.Errorf("got the release %s, want %s", got, id)
	}
	mismatches, err := release.Verify(ctx, root.FS(), rel)
	if err != nil {
		return nil, err
	}
	if len(mismatches) > 0 {
		return nil, &DifferentError{got, mismatches}
	}
	return rel, nil
}
